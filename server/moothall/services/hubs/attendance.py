"""Tracks which hubs are present: their machine has a link, or somebody has their page open. Kept in memory only."""

from __future__ import annotations

from collections.abc import Iterable

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock

PAGE_MS = 90_000
"""How long a hub counts as present after a request of its page that refreshes itself."""
STILL_MS = 600_000
"""How long a request of a page that does not refresh itself counts for the hub's hours of presence."""


class Attendance:
    """The hubs that are present. Its size is bounded by the number of hubs and of their connected machines."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._nodes: dict[str, set[str]] = {}
        self._pages: dict[str, int] = {}
        """Until when each hub counts as present by its page, in monotonic ms."""
        self._parts: dict[str, dict[SessionId, int]] = {}
        """Until when, in monotonic ms, each hub's page of a session counts. Bound: sessions opened in the last ten
        minutes.
        """
        self._told: set[str] = set()

    def linked(self, hub: str, node: str, *, connected: bool) -> None:
        """Note that a machine's link has been established or is still up, or that it was cut (`connected` False)."""
        nodes = self._nodes.setdefault(hub, set())
        if connected:
            nodes.add(node)
        else:
            nodes.discard(node)

    def visited(self, hub: str, session: SessionId | None, *, renews: bool) -> None:
        """Note that somebody opened a hub's page, of a session or of none. `renews`: the page refreshes itself, so
        another request will follow.
        """
        now = self._clock.monotonic()
        if renews:
            self._pages[hub] = now + PAGE_MS
        if session is not None:
            parts = {each: until for each, until in self._parts.get(hub, {}).items() if until > now}
            until = now + (PAGE_MS if renews else STILL_MS)
            self._parts[hub] = {**parts, session: until}

    def here(self, hub: str) -> bool:
        """Whether a hub is present: one of its machines has a link, or its page was refreshed lately."""
        return bool(self._nodes.get(hub)) or self._pages.get(hub, 0) > self._clock.monotonic()

    def takes_part(self, hub: str, followed: Iterable[SessionId]) -> frozenset[SessionId]:
        """The sessions for which a hub's hours of presence count: those of its page views that are still valid, and,
        while its machine has a link, the sessions in `followed`.
        """
        now = self._clock.monotonic()
        looked = {session for session, until in self._parts.get(hub, {}).items() if until > now}
        return frozenset(looked.union(followed) if self._nodes.get(hub) else looked)

    def news(self, hub: str, *, machine: bool) -> bool | None:
        """Whether a hub is present, when that differs from the last answer; None when it is unchanged.

        For a hub with a `machine` only the link counts: its room is cut off even if somebody opens its page elsewhere.
        """
        here = bool(self._nodes.get(hub)) if machine else self.here(hub)
        if here == (hub in self._told):
            return None
        (self._told.add if here else self._told.discard)(hub)
        return here

    def forget(self, hub: str) -> None:
        """Drop everything about a hub that was removed."""
        self._nodes.pop(hub, None)
        self._pages.pop(hub, None)
        self._parts.pop(hub, None)
        self._told.discard(hub)
