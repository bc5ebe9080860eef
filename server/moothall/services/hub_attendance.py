"""Which hubs are there now: their machines have a link, or somebody looks at their page. In memory alone."""

from __future__ import annotations

from moothall.core.ports import Clock

PAGE_MS = 90_000
"""How long a hub's page that renews itself is taken to be there after it was heard of."""
STILL_MS = 600_000
"""How long one that doesn't counts for the hub's hours."""


class Attendance:
    """See the module. Bound of all that it holds: the hubs that there are, and their machines with a link."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._nodes: dict[str, set[str]] = {}
        self._pages: dict[str, int] = {}
        """Until when (monotonic ms)."""
        self._still: dict[str, int] = {}
        self._told: set[str] = set()

    def linked(self, hub: str, node: str, *, connected: bool) -> None:
        """A machine's link came or goes on, or is cut."""
        nodes = self._nodes.setdefault(hub, set())
        if connected:
            nodes.add(node)
        else:
            nodes.discard(node)

    def visited(self, hub: str, *, renews: bool) -> None:
        """Somebody looks at its page; `renews`: which will be heard of again by itself."""
        now = self._clock.monotonic()
        self._still[hub] = now + STILL_MS
        if renews:
            self._pages[hub] = now + PAGE_MS

    def here(self, hub: str) -> bool:
        """Whether it is there."""
        return bool(self._nodes.get(hub)) or self._pages.get(hub, 0) > self._clock.monotonic()

    def takes_part(self, hub: str) -> bool:
        """Whether its hours count: it is there, or somebody looked lately at a page that doesn't renew itself."""
        return self.here(hub) or self._still.get(hub, 0) > self._clock.monotonic()

    def news(self, hub: str) -> bool | None:
        """Whether it is there, where that isn't what was said the last time; else None."""
        here = self.here(hub)
        if here == (hub in self._told):
            return None
        (self._told.add if here else self._told.discard)(hub)
        return here

    def forget(self, hub: str) -> None:
        """It is no more."""
        self._nodes.pop(hub, None)
        self._pages.pop(hub, None)
        self._still.pop(hub, None)
        self._told.discard(hub)
