"""How the texts are doing at the centre, as a hub's readers are told: as if they read there, while the line is good.

Pages forget within 15 s how the sound is. So it is said to them again as long as the line stands, and as soon as it
doesn't, nothing is said of it any more: the hub's strip says since when.
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
        """`show`: to the readers of a session; `up`: whether the line is good."""
        self._signals = signals
        self._show = show
        self._up = up
        self._clock = clock
        # Bound: the channels of sessions that are on. What readers were told that isn't usual.
        self._shown: dict[SessionId, dict[str, Summary]] = {}
        signals.observe(self._changed)

    async def run(self) -> None:
        """Say it again, until cancelled."""
        while True:
            await self._clock.sleep(AGAIN_MS)
            self.way()
            for session, shown in self._shown.items():
                self._show(session, tuple(shown.values()))

    def way(self) -> None:
        """The line may have come or gone."""
        for session in {*self._shown, *self._signals.sessions}:
            self._changed(session)

    def now(self, session: SessionId) -> Sequence[Summary]:
        """What is unusual in a session, as its readers are told."""
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
