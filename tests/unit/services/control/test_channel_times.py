from __future__ import annotations

from moothall.core.commands import AttachEngine, CommitWords, OpenSession, SegmentStart
from moothall.core.events.lines import Word
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.signals import ChannelState, Sound
from moothall.services.control.channel_times import MOST, ChannelTimes, TextTimes
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run
from support.memory.hall import FLOOR, memory_hall


def heard(sound: Sound, lag: int = 0) -> ChannelState:
    return ChannelState(channel=FLOOR, sound=sound, lag=lag, t=0)


def test_sound_speech_and_lag_come_from_signals() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, clock = await hall.session(), LoopClock()
            times = ChannelTimes(clock)
            hall.sessions.observe(times.take)
            assert times.of(live.id) == {}
            live.writer.signal(heard(Sound.NONE, 7_000))
            assert times.of(live.id) == {FLOOR: TextTimes(lag=7_000)}
            live.writer.signal(heard(Sound.SPEECH, 300))
            spoke = clock.wall()
            await clock.sleep(2_000)
            live.writer.signal(heard(Sound.SILENCE))
            assert times.of(live.id) == {FLOOR: TextTimes(sound=spoke + 2_000, speech=spoke)}

    run(story())


def test_words_say_when_they_were_stored_and_how_late() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            times = ChannelTimes(hall.clock)
            hall.sessions.observe(times.take)
            begun = (OpenSession(), AttachEngine(channel=FLOOR, model="m"))
            assert isinstance(await live.writer.send(SYSTEM, CommandId("b"), begun), Receipt)
            await hall.clock.sleep(1_000)
            words = CommitWords(
                channel=FLOOR,
                generation=1,
                segment=SegmentId("s1"),
                first=0,
                words=(Word(" one", 0, 200),),
                start=SegmentStart(t0=0, language="en"),
            )
            assert isinstance(await live.writer.send(Actor(Role.ENGINE, "m"), CommandId("w"), words), Receipt)
            text = times.of(live.id)[FLOOR]
            assert text.words_lag == 800
            assert text.words == hall.clock.wall()

    run(story())


def test_so_many_sessions_are_remembered_and_the_oldest_goes_first() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            times = ChannelTimes(hall.clock)
            for number in range(MOST + 1):
                _named(times, live, SessionId(f"s{number}"))
            assert times.of(SessionId("s0")) == {}
            assert set(times.of(SessionId("s1"))) == {ChannelId("floor")}

    run(story())


def _named(times: ChannelTimes, live: LiveSession, name: SessionId) -> None:
    class Renamed:
        id = name
        state = live.state

    times.take(Renamed, Publication(session=name, signals=(heard(Sound.NONE),)))  # type: ignore[arg-type]
