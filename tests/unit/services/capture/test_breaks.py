"""Breaks in every situation: docs/why/architecture.md, "Breaks", has the table of these cells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.commands import AnyCommand
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound
from moothall.services.control.control_room import BreakSpeech
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake
from moothall.services.supervision.pulses import Stalls
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine as wire
from moothall.wire.audio import Piece, TakeEndReason
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, decode
from support.memory.hall import FLOOR, MemoryHall, attached, hello, shown
from support.memory.microphone import RATE, STEP, Ears, begun, greeting, live_hall, sound, speak

FRENCH = ChannelId("fr")
FILE = SourceId("file")
Heard = list[tuple[ChannelId, int, bytes]]


async def say(hall: MemoryHall, live: LiveSession, *commands: AnyCommand) -> None:
    name = CommandId(f"c{hall.clock.monotonic()}-{live.writer.offset}")
    assert isinstance(await live.writer.send(SYSTEM, name, commands), Receipt)


async def talk(hall: MemoryHall, *takes: LiveTake, seconds: int) -> None:
    """Let so much time pass, in which all of these microphones send."""
    ends = [take.received + seconds * RATE for take in takes]
    for _ in range(0, seconds * RATE, STEP):
        await hall.clock.sleep(100)
        for take, end in zip(takes, ends, strict=True):
            await speak(hall, take, min(end, take.received + STEP), pace=False)
    for _ in range(20):  # What was sent last is taken in.
        await asyncio.sleep(0)


def span(t0: int, t1: int, channel: ChannelId = FLOOR, *, first: int = 0) -> tuple[ChannelId, int, bytes]:
    """What an engine heard of a microphone that began at media ms `first`."""
    return channel, t0, sound((t0 - first) * 16, (t1 - t0) * 16)


def unheard(live: LiveSession, heard: Heard) -> None:
    """No engine was given a sample of a time of which nothing is kept."""
    for _, t, pcm in heard:
        assert all(t + len(pcm) // 32 <= t0 or (10**9 if t1 is None else t1) <= t for t0, t1 in live.state.unkept), (
            t,
            len(pcm) // 32,
        )


async def feed(hall: MemoryHall, take: LiveTake, pcm: bytes) -> None:
    assert await take.feed(Piece(first=take.received, age=0, pcm=pcm), hall.clock.monotonic())


async def ignore(engine: EngineEnd) -> None:
    while await engine.receive() is not None:
        pass


class Played:
    """A file of half a minute."""

    def __init__(self, at: int) -> None:
        self.at = at

    async def __aenter__(self) -> Played:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self, samples: int) -> bytes:
        count = min(samples, 30 * RATE - self.at)
        self.at += count
        return sound(self.at - count, count)


async def finished(hall: MemoryHall, live: LiveSession, *takes: LiveTake) -> None:
    for take in takes:
        await take.finish(TakeEndReason.STOPPED)
    await hall.clock.sleep(3_000)
    assert not hall.live.awaits(live.id)


def test_nothing_is_heard_in_a_break_and_the_text_goes_on_after_it() -> None:
    async def story() -> None:
        ears, outlet = Ears(), MemoryOutlet()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            before = len(shown(outlet))
            await talk(hall, take, seconds=90)
            assert ears.heard == [span(0, 5_000)], "what was said before it is heard to its end, and no more"
            states = [signal for signal in shown(outlet)[before:] if isinstance(signal, ChannelState)]
            assert {signal.lag for signal in states} == {0}, "a break is no delay"
            await say(hall, live, do.ResumeSession())
            await talk(hall, take, seconds=5)
            await finished(hall, live, take)
            assert ears.heard == [span(0, 5_000), span(95_000, 100_000)]

    loop.run(story())


def test_while_what_was_said_before_it_waits_for_an_engine_the_sound_of_the_break_is_told() -> None:
    async def story() -> None:
        outlet = MemoryOutlet()
        async with live_hall() as hall:
            speech = BreakSpeech(hall.sessions, hall.clock, Stalls())
            live = await hall.session()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=20)
            await say(hall, live, do.PauseSession())
            before = len(shown(outlet))
            for _ in range(200):
                await feed(hall, take, bytes(2 * RATE // 10))
                await hall.clock.sleep(100)
            states = [signal for signal in shown(outlet)[before:] if isinstance(signal, ChannelState)]
            assert len(states) > 10
            assert {(signal.sound, signal.lag) for signal in states} == {(Sound.SILENCE, 20_000)}
            assert speech.lasts(live.id) == 0

    loop.run(story())


def test_what_waits_of_before_one_and_of_after_it_is_told_together() -> None:
    async def story() -> None:
        outlet = MemoryOutlet()

        def delay() -> int:
            return next(each.lag for each in reversed(shown(outlet)) if isinstance(each, ChannelState))

        async with live_hall() as hall:
            live = await hall.session()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=20)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=30)
            assert delay() == 20_000
            await say(hall, live, do.ResumeSession())
            await talk(hall, take, seconds=40)
            assert 59_000 <= delay() <= 60_000
            engine = hall.connect()
            await hello(engine)
            stream = (await attached(engine)).attachment
            assert hall.group is not None
            hall.group.create_task(ignore(engine))
            await hall.clock.sleep(10)
            state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=5_000, t=20_000)
            await engine.send(wire.Tell(attachment=stream, signal=state))
            await hall.clock.sleep(10)
            assert delay() == 45_000, "it has all from before the break and nothing from after it"

    loop.run(story())


def test_its_sound_is_in_memory_for_a_minute_and_then_nowhere() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=80)
            everything = await take.audio.read(0, 85 * RATE)
            assert everything[: 2 * 5 * RATE] == sound(0, 5 * RATE)
            assert not any(everything[2 * 5 * RATE : 2 * 25 * RATE])
            assert everything[2 * 30 * RATE :] == sound(30 * RATE, 55 * RATE)
            await hall.clock.sleep(61_000)  # The microphone is cut off: what it has sent ages all the same.
            assert not any(await take.audio.read(5 * RATE, 80 * RATE))

    loop.run(story())


def test_it_may_end_a_little_while_ago_and_what_was_said_since_is_recognised_at_its_time() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=60)
            await say(hall, live, do.ResumeSession(back=20_000))
            await talk(hall, take, seconds=2)
            assert live.state.breaks == ((5_000, 45_000),)
            everything = await take.audio.read(0, 67 * RATE)
            await finished(hall, live, take)
            assert ears.heard == [span(0, 5_000), span(45_000, 67_000)]
            assert everything == sound(0, 5 * RATE) + bytes(2 * 40 * RATE) + sound(45 * RATE, 22 * RATE)
            ended = next(event for event in await hall.events() if isinstance(event, ev.SessionResumed))
            assert (ended.t, ended.t1) == (65_000, 45_000)

    loop.run(story())


def test_what_is_caught_up_of_one_that_ended_a_while_ago_is_no_delay_and_what_is_late_is() -> None:
    async def story() -> None:
        outlet = MemoryOutlet()

        def delay() -> int:
            return next(each.lag for each in reversed(shown(outlet)) if isinstance(each, ChannelState))

        async with live_hall() as hall:
            live = await hall.session()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            take = await begun(hall, live.id, greeting())
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=40)
            await say(hall, live, do.ResumeSession(back=20_000))
            await talk(hall, take, seconds=4)
            assert delay() < 5_000
            await talk(hall, take, seconds=4)
            assert 5_000 < delay() < 9_000, "no engine is there"
            engine = hall.connect()
            await hello(engine)
            stream = (await attached(engine)).attachment
            assert hall.group is not None
            hall.group.create_task(ignore(engine))

            async def hears(lag: int) -> None:
                state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=lag, t=take.audio.end_ms - lag)
                await engine.send(wire.Tell(attachment=stream, signal=state))
                await hall.clock.sleep(10)

            await hears(12_000)
            assert delay() == 0
            await talk(hall, take, seconds=15)
            await hears(12_000)
            assert delay() == 12_000, "there was time to catch up"

    loop.run(story())


def test_one_that_ends_where_it_began_was_none() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=3)
            await say(hall, live, do.ResumeSession(back=20_000))
            await talk(hall, take, seconds=2)
            assert live.state.breaks == live.state.unkept == ()
            assert await take.audio.read(0, 10 * RATE) == sound(0, 10 * RATE)
            await finished(hall, live, take)
            # The seam is found as after a crash: with a little of what came before.
            assert ears.heard == [span(0, 5_000), span(3_000, 10_000)]

    loop.run(story())


def test_break_within_what_is_not_recorded_and_the_other_way_round() -> None:
    """The stricter one wins: of a break nothing is heard at all, and what is not recorded stays so after it."""

    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.BeginNotRecorded())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.ResumeSession())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.EndNotRecorded())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.BeginNotRecorded())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.ResumeSession(back=10_000))
            await talk(hall, take, seconds=5)
            await say(hall, live, do.EndNotRecorded())
            await talk(hall, take, seconds=5)
            assert live.state.not_recorded == ((5_000, 25_000), (30_000, 40_000))
            assert live.state.breaks == ((10_000, 15_000), (20_000, 25_000))
            everything = await take.audio.read(0, 45 * RATE)
            await finished(hall, live, take)
            kept = [(0, 5_000), (25_000, 30_000), (40_000, 45_000)]
            for t, pcm in ((t, pcm) for _, t, pcm in ears.heard):
                end = t + len(pcm) // 32
                assert pcm == sound(t * 16, (end - t) * 16)
                assert end <= 10_000 or t >= 15_000, "nobody hears the first break"
                assert end <= 20_000 or t >= 25_000, "nor what was left of the second"
            begins = [t for _, t, _ in ears.heard]
            assert {0, 5_000, 15_000, 25_000, 40_000} <= set(begins)
            silence = bytearray(2 * 45 * RATE)
            for t0, t1 in kept:
                silence[32 * t0 : 32 * t1] = sound(t0 * 16, (t1 - t0) * 16)
            assert everything == bytes(silence)

    loop.run(story())


def test_not_recorded_set_back_before_a_break_takes_what_comes_before_it_too() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=20)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.BeginNotRecorded(back=15_000))
            await talk(hall, take, seconds=5)
            await say(hall, live, do.EndNotRecorded())
            await say(hall, live, do.ResumeSession())
            await talk(hall, take, seconds=1)
            assert live.state.unkept == ((10_000, 30_000),)
            everything = await take.audio.read(0, 31 * RATE)
            assert everything == sound(0, 10 * RATE) + bytes(2 * 20 * RATE) + sound(30 * RATE, RATE)

    loop.run(story())


def test_a_break_does_not_pass_on_to_the_next_meeting_of_the_room() -> None:
    async def story() -> None:
        ears, second = Ears(), SessionId("t")
        async with live_hall(ears=ears) as hall:
            live, after = await hall.session(), await hall.session(second)
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=20)
            answer = await hall.closing.send(live.writer, SYSTEM, CommandId("bye"), do.CloseSession())
            assert isinstance(answer, Receipt)
            assert (live.state.status, live.state.in_break) == (Status.CLOSED, False)
            assert list(await hall.spools.kept()) == [], "its sound is gone"
            took = await begun(hall, second, greeting("taketwo22"))
            assert (after.state.status, after.state.keeps) == (Status.OPEN, True)
            await talk(hall, took, seconds=5)
            await finished(hall, after, took)
            assert ears.heard == [span(0, 5_000), span(0, 5_000)]

    loop.run(story())


def test_closed_in_a_break_it_ends_and_opened_again_there_is_none() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=5)
            before = hall.clock.monotonic()
            await hall.closing.send(live.writer, SYSTEM, CommandId("bye"), do.CloseSession())
            assert hall.clock.monotonic() - before < 5_000, "nothing of the break is waited for"
            ((t0, t1),) = live.state.breaks
            assert (t0, live.state.closed_at) == (5_000, t1)
            assert not [event for event in await hall.events() if isinstance(event, ev.GapNoted)]
            await say(hall, live, do.ReopenSession())
            again = await begun(hall, live.id, greeting("taketwo22"))
            await talk(hall, again, seconds=5)
            await finished(hall, live, again)
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, 5 * RATE), sound(0, 5 * RATE)]
            unheard(live, ears.heard)

    loop.run(story())


def test_a_microphone_that_comes_in_a_break_is_not_heard_before_it_is_over() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            await say(hall, live, do.AddChannel(channel=FRENCH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)))
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=5)
            booth = await begun(hall, live.id, greeting("booth1234", channel=FRENCH))
            await talk(hall, take, booth, seconds=5)
            await say(hall, live, do.ResumeSession())
            await talk(hall, take, booth, seconds=5)
            await finished(hall, live, take, booth)
            assert sorted(ears.heard) == [
                span(0, 5_000),
                span(15_000, 20_000),
                span(15_000, 20_000, FRENCH, first=booth.audio.t),
            ]

    loop.run(story())


def test_an_interpreter_beside_the_floor_is_heard_as_the_floor_is_in_a_break_set_back_at_either_end() -> None:
    async def story(back: int, since: int) -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            await say(hall, live, do.AddChannel(channel=FRENCH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)))
            take = await begun(hall, live.id, greeting())
            booth = await begun(hall, live.id, greeting("booth1234", channel=FRENCH))
            await talk(hall, take, booth, seconds=30)
            await say(hall, live, do.PauseSession(back=back))
            await talk(hall, take, booth, seconds=40)
            await say(hall, live, do.ResumeSession(back=since))
            await talk(hall, take, booth, seconds=5)
            t0, t1 = 30_000 - back, 70_000 - since
            assert live.state.breaks == ((t0, t1),)
            for each in (take, booth):
                everything = await each.audio.read(0, 75 * RATE)
                kept = sound(0, t0 * 16) + bytes(32 * (t1 - t0)) + sound(t1 * 16, (75_000 - t1) * 16)
                assert everything == kept, "the spool has silence there, and no more"
            await finished(hall, live, take, booth)
            for channel in (FLOOR, FRENCH):
                of_channel = [each for each in ears.heard if each[0] == channel]
                assert of_channel[-1] == span(t1, 75_000, channel)
                assert of_channel[0][:2] == (channel, 0)
                assert of_channel[0][2].startswith(sound(0, t0 * 16)), "what was said before it is heard"
            for channel in (FLOOR, FRENCH):
                outlet = MemoryOutlet()
                await live.fanout.subscribe(outlet, Feed(channel), Format.SSE, None)
                await hall.clock.sleep(10)
                first = next(
                    frame for event in EventStream().feed(outlet.sent) if (frame := decode(event.data)).snapshot
                )
                assert first.snapshot is not None
                gaps = [(gap.t0, gap.t1, gap.reason) for gap in first.snapshot.session.gaps]
                assert gaps == [(t0, t1, "break-set-back" if since else "break")], "in every text"

    for back, since in ((0, 0), (0, 20_000), (25_000, 0), (25_000, 20_000)):
        loop.run(story(back, since))


def test_a_microphone_that_stops_in_a_break_takes_its_sound_along_and_leaves_no_gap() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=5)
            await take.finish(TakeEndReason.LOST)
            await hall.clock.sleep(2_000)
            assert not hall.live.awaits(live.id)
            assert list(await hall.spools.kept()) == []
            again = await begun(hall, live.id, greeting("taketwo22"))
            await talk(hall, again, seconds=5)
            await say(hall, live, do.ResumeSession())
            await talk(hall, again, seconds=5)
            await finished(hall, live, again)
            unheard(live, ears.heard)
            assert not [event for event in await hall.events() if isinstance(event, ev.GapNoted)]

    loop.run(story())


def test_after_a_restart_in_a_break_there_is_silence_and_the_break_goes_on() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        async with live_hall(MemoryHall(log, spools)) as hall:  # No engine is there.
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=10)
        ears = Ears()
        async with live_hall(MemoryHall(log, spools), ears=ears) as hall:
            await hall.clock.sleep(5_000)
            live = await hall.sessions.open(live.id)
            assert (live.state.status, live.state.in_break) == (Status.PAUSED, True)
            assert ears.heard == [span(0, 5_000)]
            take = await begun(hall, live.id, greeting(first=15 * RATE, age=1_000))
            assert not any(await take.audio.read(5 * RATE, 10 * RATE))
            await say(hall, live, do.ResumeSession(back=20_000))
            await talk(hall, take, seconds=5)
            await finished(hall, live, take)
            unheard(live, ears.heard)
            *_, (_, _, last) = ears.heard
            assert last.endswith(sound(15 * RATE, 5 * RATE)), "what came since is heard; what was in memory is gone"

    loop.run(story())


def test_an_engine_that_goes_in_a_break_is_missed_only_for_what_came_before() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=5)
            await say(hall, live, do.PauseSession())
            await talk(hall, take, seconds=20)
            ears = Ears()
            assert hall.group is not None
            hall.group.create_task(ears.listen(hall.connect()))
            await talk(hall, take, seconds=5)
            hall.links[-1].cut()
            late = Ears()
            hall.group.create_task(late.listen(hall.connect("late")))
            await talk(hall, take, seconds=5)
            assert (ears.heard, late.heard) == ([span(0, 5_000)], [])
            assert hall.recognising.crowded_out(live.id) == hall.recognising.unheard(live.id) == ()
            await say(hall, live, do.ResumeSession())
            await talk(hall, take, seconds=5)
            await finished(hall, live, take)
            assert late.heard == [span(35_000, 40_000)]

    loop.run(story())


def test_a_file_that_plays_plays_on_and_its_break_is_in_no_text() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            assert hall.group is not None
            playing = hall.group.create_task(hall.ingest.play(live.writer, FILE, FLOOR, Played, as_live=True))
            await hall.clock.sleep(5_050)
            await say(hall, live, do.PauseSession())
            await hall.clock.sleep(10_000)
            await say(hall, live, do.ResumeSession())
            await hall.clock.sleep(5_000)
            await say(hall, live, do.PauseSession())
            await playing
            assert live.state.status is Status.CLOSED
            unheard(live, ears.heard)
            ((_, t1), (t0, _)) = live.state.breaks
            assert t1 is not None
            assert [t for _, t, _ in ears.heard] == [0, t1]
            assert t1 + len(ears.heard[1][2]) // 32 == t0

    loop.run(story())


def test_it_is_told_who_seems_to_speak_in_a_break() -> None:
    async def story() -> None:
        outlet = MemoryOutlet()
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await talk(hall, take, seconds=2)
            await say(hall, live, do.PauseSession())
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)

            async def told(loud: Sequence[bool], times: int) -> Sound:
                for _ in range(times):
                    for each in loud:
                        await hall.clock.sleep(100)
                        pcm = b"\x00\x10" * STEP if each else bytes(2 * STEP)
                        await feed(hall, take, pcm)
                (last,) = [each for each in shown(outlet) if isinstance(each, ChannelState)][-1:]
                return last.sound

            assert await told([False] * 10, 7) is Sound.SILENCE
            assert await told([True, True, False, True, True, True, False, False], 10) is Sound.SPEECH
            assert await told([True] * 10, 7) is Sound.SILENCE, "a hum is no speech"
            await hall.clock.sleep(5_000)
            (last,) = [each for each in shown(outlet) if isinstance(each, ChannelState)][-1:]
            assert last.sound is Sound.NONE

    loop.run(story())
