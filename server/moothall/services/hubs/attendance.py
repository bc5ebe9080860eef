"""Which hubs are there now: their machines have a link, or somebody looks at their page. In memory alone."""

from __future__ import annotations

from collections.abc import Iterable

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock

PAGE_MS = 90_000
"""How long a hub's page that renews itself is taken to be there after it was heard of."""
STILL_MS = 600_000
"""How long one that doesn't counts for the hub's hours."""


class Attendance:
    """The hubs that are present. Its size is bounded by the number of hubs and of their connected machines."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._nodes: dict[str, set[str]] = {}
        self._pages: dict[str, int] = {}
        """Until when (monotonic ms)."""
        self._parts: dict[str, dict[SessionId, int]] = {}
        """Of which meetings it is looked at, likewise. Bound: those that a hub looked at in the last ten minutes."""
        self._told: set[str] = set()

    def linked(self, hub: str, node: str, *, connected: bool) -> None:
        """A machine's link came or goes on, or is cut."""
        nodes = self._nodes.setdefault(hub, set())
        if connected:
            nodes.add(node)
        else:
            nodes.discard(node)

    def visited(self, hub: str, session: SessionId | None, *, renews: bool) -> None:
        """Somebody looks at its page, of a session or of none; `renews`: which will be heard of again by itself."""
        now = self._clock.monotonic()
        if renews:
            self._pages[hub] = now + PAGE_MS
        if session is not None:
            parts = {each: until for each, until in self._parts.get(hub, {}).items() if until > now}
            until = now + (PAGE_MS if renews else STILL_MS)
            self._parts[hub] = {**parts, session: until}

    def here(self, hub: str) -> bool:
        """Whether it is there."""
        return bool(self._nodes.get(hub)) or self._pages.get(hub, 0) > self._clock.monotonic()

    def takes_part(self, hub: str, followed: Iterable[SessionId]) -> frozenset[SessionId]:
        """For which meetings its hours count: those that its machine, which has a link, has `followed`, and those
        whose page somebody looks at, or did lately where it doesn't renew itself.
        """
        now = self._clock.monotonic()
        looked = {session for session, until in self._parts.get(hub, {}).items() if until > now}
        return frozenset(looked.union(followed) if self._nodes.get(hub) else looked)

    def news(self, hub: str, *, machine: bool) -> bool | None:
        """Whether it is there, where that isn't what was said the last time; else None.

        Of one with a `machine` only that counts: its room is cut off though somebody looks at its page elsewhere.
        """
        here = bool(self._nodes.get(hub)) if machine else self.here(hub)
        if here == (hub in self._told):
            return None
        (self._told.add if here else self._told.discard)(hub)
        return here

    def forget(self, hub: str) -> None:
        """It is no more."""
        self._nodes.pop(hub, None)
        self._pages.pop(hub, None)
        self._parts.pop(hub, None)
        self._told.discard(hub)
