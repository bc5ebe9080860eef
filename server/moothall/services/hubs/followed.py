"""Tells of what connected hubs follow: their links know it, and sessions say who takes part."""

from __future__ import annotations

from collections.abc import Callable

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.services.hubs.links import Connected

LOOK_MS = 1_000

Follows = Callable[[str, str, SessionId, bool], None]
"""Is told by name and title of a hub that it follows a session from now on, or doesn't any more."""


class HubFollowed:
    """Reports to the presence of hubs which sessions each connected hub follows. `run` must be running."""

    def __init__(
        self,
        connected: Callable[[], tuple[Connected, ...]],
        tell: Follows,
        clock: Clock,
        *,
        relinked: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`relinked` is told of a hub whose link is another one than before, though it may never have been away."""
        self._connected = connected
        self._tell = tell
        self._relinked = relinked
        self._clock = clock
        self._known: dict[str, tuple[int, frozenset[SessionId]]] = {}
        """Of each hub that is linked: since when, and what it follows."""

    async def run(self) -> None:
        """Look each second, until cancelled."""
        while True:
            self.look()
            await self._clock.sleep(LOOK_MS)

    def look(self) -> None:
        """Tell of what has changed. A link that ended is no wish: nothing is told of it; a new one says all again."""
        now = {each.hub: each for each in self._connected()}
        for hub, each in now.items():
            since, before = self._known.get(hub, (each.since, frozenset()))
            if since != each.since:
                before = frozenset()
                self._relinked(hub)
            follows = frozenset(each.sessions)
            for session in sorted(follows ^ before):
                self._tell(hub, each.title, session, session in follows)
            self._known[hub] = (each.since, follows)
        self._known = {hub: known for hub, known in self._known.items() if hub in now}
