"""Repeat the centre's signals about its texts to a hub's readers, as if they read at the centre, while the uplink is
good.

Pages forget a state of the sound within 15 s. So the hub repeats it while the uplink is up. Once it is down, the hub
sends nothing about it: the status bar says since when it is down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.signals import AnySignal, Summary
from moothall.services.hubs.signals import HubSignals, usual

AGAIN_MS = 5_000

Show = Callable[[SessionId, Sequence[AnySignal]], None]


class RepeatedSignals:
    """Repeats the centre's signals to the hub's readers while the uplink is good. `run` must be running."""

    def __init__(self, signals: HubSignals, show: Show, *, up: Callable[[], bool], clock: Clock) -> None:
        """`show` sends signals to the readers of a session; `up` says whether the uplink is good."""
        self._signals = signals
        self._show = show
        self._up = up
        self._clock = clock
        # Unusual signals that readers were sent. Bounded by the channels of sessions that are on.
        self._shown: dict[SessionId, dict[str, Summary]] = {}
        signals.observe(self._changed)

    async def run(self) -> None:
        """Repeat the unusual signals every AGAIN_MS, until cancelled."""
        while True:
            await self._clock.sleep(AGAIN_MS)
            self.way()
            for session, shown in self._shown.items():
                self._show(session, tuple(shown.values()))

    def way(self) -> None:
        """Update readers, since the uplink may have come up or gone down."""
        for session in {*self._shown, *self._signals.sessions}:
            self._changed(session)

    def now(self, session: SessionId) -> Sequence[Summary]:
        """The unusual signals of a session that its readers were sent."""
        return tuple(self._shown.get(session, {}).values())

    def _changed(self, session: SessionId) -> None:
        unusual = dict(self._signals.of(session)) if self._up() else {}
        before = self._shown.get(session, {})
        over = [usual(each) for key, each in before.items() if key not in unusual]
        fresh = [each for key, each in unusual.items() if before.get(key) != each]
        if unusual:
            self._shown[session] = unusual
        else:
            self._shown.pop(session, None)
        if over or fresh:
            self._show(session, (*over, *fresh))
