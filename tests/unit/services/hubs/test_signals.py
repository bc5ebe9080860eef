from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.commands import CloseSession, OpenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.signals import AnySignal, ChannelState, LastWords, Partial, Sound, StandIn, Summary
from moothall.services.hubs.signals import HubSignals, SoundWatch, usual
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from moothall.wire.hubs import messages as wire
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

HOUR_S = 3_600


class Watched:
    def __init__(self, hall: MemoryHall, live: LiveSession, signals: HubSignals) -> None:
        self.hall = hall
        self.live = live
        self.signals = signals
        self.told: list[Summary] = []
        """What a hub would have been told."""
        self._was: dict[str, Summary] = {}
        signals.observe(lambda _: self._note())

    def _note(self) -> None:
        known = self.signals.of(SESSION)
        for key in {*self._was, *known}:
            now = known.get(key) or usual(self._was[key])
            if self._was.get(key, usual(now)) != now:
                self.told.append(now)
        self._was = dict(known)

    async def hears(self, sound: Sound = Sound.SPEECH, lag: int = 0, seconds: float = 1) -> None:
        self.live.writer.signal(ChannelState(channel=FLOOR, sound=sound, lag=lag, t=0))
        await self.hall.clock.sleep(round(1_000 * seconds))


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    async with memory_hall() as hall:
        signals = HubSignals()
        task = asyncio.ensure_future(SoundWatch(signals, hall.sessions, hall.clock).run())
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        try:
            yield Watched(hall, live, signals)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def in_it(story: Callable[[Watched], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with watched() as it:
            await story(it)

    loop.run(whole())


def state(sound: Sound = Sound.SPEECH, lag: int = 0) -> ChannelState:
    return ChannelState(channel=FLOOR, sound=sound, lag=lag, t=0)


def test_a_delay_is_told_when_it_is_noticed_and_when_it_has_changed_by_as_much() -> None:
    async def story(it: Watched) -> None:
        for second in range(70):
            await it.hears(lag=1_000 * second)
        told = [each.lag // 1_000 for each in it.told if isinstance(each, ChannelState)]
        assert told == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 61, 68]
        await it.hears(lag=400)
        assert it.told[-1] == state()
        assert not it.signals.of(SESSION)

    in_it(story)


def test_a_silence_is_told_once_it_lasts_and_its_end_at_once() -> None:
    async def story(it: Watched) -> None:
        for _ in range(20):  # Somebody who pauses between sentences.
            await it.hears()
            await it.hears(Sound.SILENCE, seconds=2)
        assert it.told == []
        for _ in range(5):
            await it.hears(Sound.SILENCE)
        assert it.told == [state(Sound.SILENCE)]
        await it.hears()
        assert it.told[1:] == [state()]
        await it.hears(Sound.NONE)
        assert it.told[2:] == [state(Sound.NONE)]

    in_it(story)


def test_what_nobody_says_any_more_is_forgotten_as_pages_forget_it() -> None:
    async def story(it: Watched) -> None:
        await it.hears(Sound.NONE, lag=60_000, seconds=14)
        assert it.signals.of(SESSION)
        await it.hall.clock.sleep(7_000)
        assert not it.signals.of(SESSION)
        assert it.told[-1] == state()
        await it.hears(lag=60_000)
        assert it.signals.of(SESSION), "it is heard of again"

    in_it(story)


def test_last_words_and_stand_ins_are_told_and_words_are_not() -> None:
    async def story(it: Watched) -> None:
        told: list[AnySignal] = [
            StandIn(channel=FLOOR, instead=ChannelId("mt-es")),
            Partial(channel=FLOOR, segment=SegmentId("floor-1-1"), first=0, text="Nobody hears this", language="en"),
            LastWords(channel=FLOOR, awaited=True),
        ]
        for signal in told:
            it.live.writer.signal(signal)
        assert set(it.signals.of(SESSION)) == {"stand-in:floor", "last-words:floor"}
        it.live.writer.signal(LastWords(channel=FLOOR, awaited=False))
        assert set(it.signals.of(SESSION)) == {"stand-in:floor"}
        await it.live.writer.send(SYSTEM, CommandId("close"), CloseSession())
        assert it.signals.sessions == (), "a session that is over has no moment"

    in_it(story)


def test_all_is_forgotten_at_once() -> None:
    signals, told = HubSignals(), list[SessionId]()
    signals.observe(told.append)
    signals.put(SESSION, state(lag=9_000))
    signals.put(SESSION, state(lag=9_000))
    signals.put(SESSION, state())
    signals.put(SESSION, state())
    assert (told, signals.sessions) == ([SESSION, SESSION], ())
    signals.put(SESSION, state(Sound.NONE))
    signals.forget_all()
    signals.forget_all()
    assert (len(told), signals.of(SESSION)) == (4, {})


@given(st.lists(st.tuples(st.sampled_from(Sound), st.integers(0, 200_000), st.integers(100, 20_000)), max_size=60))
def test_a_hub_knows_what_readers_at_the_centre_are_told(heard: list[tuple[Sound, int, int]]) -> None:
    """But for what pages say of it: no delay of less than 5 s, a delay to within 5 s or a tenth, no short silence."""

    async def story(it: Watched) -> None:
        for sound, lag, ms in heard:
            await it.hears(sound, lag, ms / 1_000)
            known = it.signals.of(SESSION).get("state:floor", state())
            assert isinstance(known, ChannelState)
            if ms < 14_000:
                assert (known.sound is Sound.NONE) == (sound is Sound.NONE)
                assert (known.lag > 0) == (lag >= 5_000)
                assert abs(known.lag - (lag if lag >= 5_000 else 0)) <= max(5_000, known.lag / 10)

    in_it(story)


def test_an_hour_takes_few_bytes_of_a_hubs_link() -> None:
    """With silences of 4 s three times a minute, and an engine that is away for ten minutes.

    An hour of finished lines has 130,000 bytes and more; each frame has 30 more of WebSocket and TLS.
    """

    async def story(it: Watched) -> None:
        for second in range(HOUR_S):
            away = second - HOUR_S // 2
            lag = 1_000 * away if 0 <= away < 600 else 0
            await it.hears(Sound.SILENCE if second % 20 < 8 and not lag else Sound.SPEECH, lag)
        frames = [wire.encode(wire.Signalled(session=SESSION, signal=each)) for each in it.told]
        assert sum(len(frame) + 30 for frame in frames) < 20_000, len(frames)

    in_it(story)
