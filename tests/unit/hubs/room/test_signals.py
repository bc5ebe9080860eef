from __future__ import annotations

import asyncio
from collections.abc import Sequence

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.signals import AnySignal, ChannelState, LastWords, Sound
from moothall.services.hubs.signals import HubSignals
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall_hub.room.signals import AGAIN_MS, RepeatedSignals

SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
LATE = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=60_000, t=5)
USUAL = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=5)
LAST = LastWords(channel=FLOOR, awaited=True)


class Room:
    def __init__(self) -> None:
        self.signals = HubSignals()
        self.up = True
        self.said: list[AnySignal] = []
        self.shown = RepeatedSignals(self.signals, self._show, up=lambda: self.up, clock=LoopClock())

    def _show(self, session: SessionId, signals: Sequence[AnySignal]) -> None:
        assert session == SESSION
        self.said += signals

    def uplink(self, *, up: bool) -> None:
        self.up = up
        self.shown.way()


def test_readers_are_told_at_once_and_again_for_as_long_as_it_is_so() -> None:
    async def story() -> None:
        room = Room()
        task = asyncio.ensure_future(room.shown.run())
        room.signals.put(SESSION, LATE)
        room.signals.put(SESSION, LAST)
        assert room.said == [LATE, LAST]
        assert room.shown.now(SESSION) == (LATE, LAST)
        await asyncio.sleep(AGAIN_MS / 1_000 + 1)
        assert room.said[2:] == [LATE, LAST], "pages forget it in 15 s"
        room.signals.put(SESSION, USUAL)
        assert room.said[4:] == [USUAL]
        room.signals.forget(SESSION)
        await asyncio.sleep(60)
        assert room.said[5:] == [LastWords(channel=FLOOR, awaited=False)], "what is usual is said once"
        assert room.shown.now(SESSION) == ()
        task.cancel()

    loop.run(story())


def test_nothing_is_said_of_the_sound_while_the_link_is_dead() -> None:
    room = Room()
    room.signals.put(SESSION, LATE)
    room.uplink(up=False)
    assert room.said == [LATE, USUAL]
    room.signals.put(SESSION, LAST)
    room.uplink(up=False)
    assert room.said[2:] == []
    room.uplink(up=True)  # It was quiet, and the server above has told nothing else meanwhile.
    assert room.said[2:] == [LATE, LAST]
