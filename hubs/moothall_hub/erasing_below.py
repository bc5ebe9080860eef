"""What was removed is erased at the hubs below too, before the server above is told that it is gone here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Set

from moothall.core.ids import SessionId
from moothall.core.ports import Clock
from moothall.wire.hub import Erased

LOOK_MS = 5_000
"""How often it is looked whether a hub that is waited for has gone: one without a line can't be waited for."""
MOST_SAID = 2_000
"""Erasures of which it is known who below has done them. Overflow: the oldest, which are said again on a new line."""
MOST_HELD = 500
"""Erasures that wait for those below. Overflow: the oldest is told of all the same; its hubs say it when they have."""


class ErasingBelow:
    """See the module. Keep `run` going."""

    def __init__(self, below: Callable[[SessionId], Set[str]], say: Callable[[Erased], None], clock: Clock) -> None:
        """`below`: the hubs that are linked and follow a session; `say` tells the server above."""
        self._below = below
        self._say = say
        self._clock = clock
        self._said: OrderedDict[tuple[SessionId, int], set[str]] = OrderedDict()
        self._held: OrderedDict[tuple[SessionId, int], Erased] = OrderedDict()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            self.look()

    def here(self, erased: Erased) -> None:
        """It is gone from this hub's disk."""
        self._held[erased.session, erased.offset] = erased
        self.look()
        while len(self._held) > MOST_HELD:
            self._say(self._held.popitem(last=False)[1])

    def at(self, hub: str, session: SessionId, offset: int) -> None:
        """It is gone from the disk of a hub below, and of those below that one."""
        self._said.setdefault((session, offset), set()).add(hub)
        while len(self._said) > MOST_SAID:
            self._said.popitem(last=False)
        self.look()

    def look(self) -> None:
        """Tell of what is gone everywhere that has a line."""
        for key, erased in list(self._held.items()):
            if self._below(erased.session) <= self._said.get(key, set()):
                del self._held[key]
                self._say(erased)
