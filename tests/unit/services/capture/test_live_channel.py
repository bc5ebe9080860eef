from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.chain import LogRecord
from moothall.core.commands import AddChannel, BeginNotRecorded, CloseSession, EndNotRecorded, MapClock, OpenSession
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Spool
from moothall.core.signals import ChannelState
from moothall.services.capture.ingest import MAP_MS
from moothall.services.capture.live_channel import APART_FOR_MS, APART_MS, MOST_TAKES
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.testing.log_memory import FailingLog, MemoryLog
from moothall.testing.outlets import MemoryOutlet
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine as wire
from moothall.wire.audio import Piece, TakeEndReason
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MemoryHall, attached, hello, next_attached, shown
from support.memory.microphone import RATE, Ears, begun, greeting, live_hall, sound, speak
from support.sound.spools import OddSpools

BOOTH = ChannelId("booth")


def test_takes_wait_for_an_engine_and_are_heard_in_their_order() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall() as hall:
            live = await hall.session()
            for number in range(3):
                take = await begun(hall, live.id, greeting(f"takeno0{number}"))
                await speak(hall, take, RATE, mark=number)
                await take.finish(TakeEndReason.STOPPED)
                await hall.clock.sleep(1_000)
            assert hall.group is not None
            hall.group.create_task(ears.listen(hall.connect()))
            await hall.clock.sleep(1_000)
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, RATE, number) for number in range(3)]

    loop.run(story())


def test_readers_are_told_of_all_takes_that_wait() -> None:
    async def story() -> None:
        outlet = MemoryOutlet()
        async with live_hall() as hall:
            live = await hall.session()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            await speak(hall, await begun(hall, live.id, greeting("takeno01")), 10 * RATE)
            await speak(hall, await begun(hall, live.id, greeting("takeno02")), 30 * RATE)
            (*_, state) = [each for each in shown(outlet) if isinstance(each, ChannelState)]
            assert 38_000 <= state.lag <= 40_000

    loop.run(story())


@pytest.mark.parametrize("heard", [False, True])
def test_a_room_whose_microphone_is_replaced_keeps_its_engine_while_others_wait(heard: bool) -> None:
    async def story() -> None:
        other = SessionId("other")
        async with live_hall() as hall:
            live, _ = await hall.session(), await hall.session(other)
            engine = hall.connect()
            await hello(engine)
            first = await begun(hall, live.id, greeting("takeno01"))
            attach = await attached(engine)
            if heard:
                await hello(hall.connect("gone"))
            waits = await begun(hall, other, greeting("takeno09"))
            if heard:
                await hall.clock.sleep(1_000)
                hall.links[-1].cut()
            await speak(hall, first, RATE)
            await speak(hall, waits, RATE)
            second = await begun(hall, live.id, greeting("takeno02"))
            await speak(hall, second, RATE)
            while not isinstance(await engine.receive(), wire.EndOfAudio):
                pass
            await engine.send(wire.Drained(attachment=attach.attachment))
            again = await next_attached(engine)
            assert (again.session, again.generation) == (live.id, 2)
            while not isinstance(await engine.receive(), wire.Audio):
                pass
            await second.finish(TakeEndReason.STOPPED)
            await engine.send(wire.Drained(attachment=again.attachment))
            assert (await next_attached(engine)).session == other, "now nothing of it waits"

    loop.run(story())


def test_too_many_takes_that_wait_are_refused_as_busy() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            for number in range(MOST_TAKES):
                await speak(hall, await begun(hall, live.id, greeting(f"takeno{number:02}")), RATE, pace=False)
            refusal = await hall.live.begin(live.id, greeting("onemore1"))
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.BUSY

    loop.run(story())


def test_the_first_sample_lies_where_it_was_heard_however_late_the_hello() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            first = await begun(hall, live.id, greeting(age=5_000))
            assert first.audio.t == 0
            assert live.state.media_now(hall.clock.wall()) == 5_000  # the session began before it was opened
            await hall.clock.sleep(10_000)
            second = await begun(hall, live.id, greeting("taketwo2", age=2_000))
            assert second.audio.t == 13_000

    loop.run(story())


async def open_late(hall: MemoryHall, after_ms: int, name: str = "next") -> LiveSession:
    """A session that a desk opened so long ago: its microphone comes from another one, or only now."""
    live = await hall.session(SessionId(name))
    assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
    await hall.clock.sleep(after_ms)
    return live


@pytest.mark.parametrize("age", [0, 300, 40_000, 5_400_000])
def test_a_microphone_that_joins_never_moves_the_clock_however_long_it_says_that_it_has_been_on(age: int) -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await open_late(hall, 400)
            take = await begun(hall, live.id, greeting(age=age))
            assert take.audio.t == max(0, 400 - age)
            assert live.state.media_now(hall.clock.wall()) == 400
            await hall.clock.sleep(16_000)
            off = await live.writer.send(SYSTEM, CommandId("off"), BeginNotRecorded())
            assert isinstance(off, Receipt)
            assert live.state.not_recorded == ((16_400, None),)

    loop.run(story())


def test_what_was_heard_before_a_session_was_opened_is_not_of_it() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await open_late(hall, 10_000)  # The line was cut for half a minute, over the end of another session.
            take = await begun(hall, live.id, greeting(first=RATE, age=30_000))
            assert (take.audio.t, take.received) == (0, 21 * RATE)  # `go` says so to the microphone.
            await speak(hall, take, 32 * RATE, pace=False)
            await take.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(1_000)
            assert ears.heard == [(FLOOR, 0, sound(21 * RATE, 11 * RATE))]

    loop.run(story())


def test_a_disk_that_opens_the_spool_slowly_does_not_move_the_clock() -> None:
    class SlowSpools(MemorySpools):
        async def open(self, session: SessionId, source: SourceId) -> Spool:
            await LoopClock().sleep(1_500)
            return await super().open(session, source)

    async def story() -> None:
        async with live_hall(MemoryHall(FailingLog(), SlowSpools())) as hall:
            live = await open_late(hall, 5_000)
            take = await begun(hall, live.id, greeting())
            assert take.audio.t == 5_000
            assert live.state.media_now(hall.clock.wall()) == 6_500

    loop.run(story())


class SlowLog(MemoryLog):
    """A log whose disk takes its time."""

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        await LoopClock().sleep(300)
        await super().append(session, term, expected_offset, events)


def test_the_sound_that_opens_a_session_is_at_its_beginning_however_slow_the_log_and_another_joins_it() -> None:
    async def story() -> None:
        async with live_hall(MemoryHall(SlowLog())) as hall:
            live = await hall.session()
            booth = AddChannel(channel=BOOTH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            assert isinstance(await live.writer.send(SYSTEM, CommandId("booth"), booth), Receipt)
            first, second = await asyncio.gather(
                begun(hall, live.id, greeting(age=5_000)),
                begun(hall, live.id, greeting("taketwo2", age=2_000, channel=BOOTH)),
            )
            assert (first.audio.t, second.audio.t) == (0, 3_000)
            (opened,) = [event for event in await hall.events() if isinstance(event, ev.SessionOpened)]
            assert live.state.media_now(hall.clock.wall()) == hall.clock.wall() - opened.wall

    loop.run(story())


class RefusingSpools(MemorySpools):
    """A disk that refuses for a while."""

    refuses = True

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        if self.refuses:
            raise StorageUnavailable("The disk is full.")
        return await super().open(session, source)


def test_what_can_not_be_spooled_is_refused_and_comes_again() -> None:
    async def story() -> None:
        spools = RefusingSpools()
        async with live_hall(MemoryHall(FailingLog(), spools), ears=Ears()) as hall:
            live = await hall.session()
            refusal = await hall.live.begin(live.id, greeting())
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.UNAVAILABLE
            spools.refuses = False
            await speak(hall, await begun(hall, live.id, greeting()), RATE)

    loop.run(story())


async def come_back(hall: MemoryHall, session: SessionId, take: str) -> LiveTake:
    """As a microphone does that was sent away: with all that it still has, until it is taken."""
    while not isinstance(begun := await hall.live.begin(session, greeting(take)), LiveTake):
        assert isinstance(begun, Refusal)
        assert begun.code is RefusalCode.UNAVAILABLE
        await hall.clock.sleep(500)
    return begun


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_sound_that_fails_is_begun_again_from_its_spool_and_no_other_text_notices(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        ears = Ears()
        spools = OddSpools(DiskSpools(tmp_path, file_samples=RATE) if kind == "disk" else MemorySpools())
        async with live_hall(MemoryHall(FailingLog(), spools), ears=ears) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            take, beside = await begun(hall, live.id, greeting()), await begun(hall, other.id, greeting("takezwei"))
            await speak(hall, take, 3 * RATE)
            await speak(hall, beside, 2 * RATE, mark=5)
            spools.failing = {live.id}
            await hall.clock.sleep(1_100)
            assert take.broken
            assert not beside.broken
            spools.failing = set()
            again = await come_back(hall, live.id, take.name)
            assert again is not take
            assert again.received == 3 * RATE
            await speak(hall, again, 5 * RATE)
            await again.finish(TakeEndReason.STOPPED)
            await speak(hall, beside, 4 * RATE, mark=5)
            await beside.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(3_000)
            assert [pcm for _, t, pcm in ears.heard if t == 0][-1] == sound(0, 5 * RATE)
            assert sound(0, 4 * RATE, 5) in [pcm for _, _, pcm in ears.heard]
            ended = [event for event in await hall.events() if isinstance(event, ev.SourceEnded)]
            assert [event.source for event in ended] == ["live-takeone1-0"]
            assert hall.live.begun_again(live.id) == 1
            assert not hall.live.begun_again(other.id)

    loop.run(story())
    assert "session s: the live sound of channel floor failed and restarts: KeyError" in caplog.text
    assert "what was said" not in caplog.text


def test_sound_that_fails_again_and_again_stops_until_another_take_begins(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        spools = OddSpools(MemorySpools())
        async with live_hall(MemoryHall(FailingLog(), spools), ears=Ears()) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            beside = await begun(hall, other.id, greeting("takezwei"))
            await speak(hall, await begun(hall, live.id, greeting()), RATE)
            spools.failing = {live.id}
            await hall.clock.sleep(120_000)
            assert hall.live.stopped(live.id)
            refused = await hall.live.begin(live.id, greeting())
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNAVAILABLE
            await speak(hall, beside, 2 * RATE)
            assert not hall.live.stopped(other.id)
            spools.failing = set()
            fresh = await begun(hall, live.id, greeting("taketwo2"))
            assert not hall.live.stopped(live.id)
            await speak(hall, fresh, 2 * RATE)
            await fresh.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(3_000)
            assert fresh.whole

    loop.run(story())
    assert "session s: the sound of channel floor failed too often; it stays in the spool" in caplog.text


def test_a_disk_that_does_not_say_what_it_has_spooled_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        ears, spools = Ears(), OddSpools(MemorySpools())
        async with live_hall(MemoryHall(FailingLog(), spools), ears=ears) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            take, beside = await begun(hall, live.id, greeting()), await begun(hall, other.id, greeting("takezwei"))
            await speak(hall, take, 3 * RATE)
            spools.failing, spools.silent = {live.id}, True
            await hall.clock.sleep(2_500)
            spools.failing, spools.silent = set(), False
            again = await come_back(hall, live.id, take.name)
            assert again.received == 3 * RATE
            assert hall.live.begun_again(live.id) == 2
            await again.finish(TakeEndReason.STOPPED)
            await speak(hall, beside, RATE)
            await hall.clock.sleep(3_000)
            assert [pcm for _, _, pcm in ears.heard][-1] == sound(0, 3 * RATE)
            spools.failing, spools.silent = {other.id}, True
            await hall.clock.sleep(120_000)
            assert hall.live.stopped(other.id)
            assert not hall.live.stopped(live.id)

    loop.run(story())
    assert "session s: the spooled sound of channel floor can't be found: StorageUnavailable" in caplog.text
    assert "session other: the sound of channel floor failed too often; it stays in the spool" in caplog.text


def test_a_channel_that_can_not_be_ended_properly_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        spools = OddSpools(MemorySpools())
        async with live_hall(MemoryHall(FailingLog(), spools)) as hall:  # no engine: its take is given up
            live = await hall.session()
            await speak(hall, await begun(hall, live.id, greeting()), RATE)
            spools.failing = {live.id}
            await live.writer.send(SYSTEM, CommandId("close"), CloseSession())
            await hall.clock.sleep(60_000)
            assert not hall.live.growing(live.id)
            other = await hall.session(SessionId("other"))
            await speak(hall, await begun(hall, other.id, greeting()), RATE)

    loop.run(story())


@pytest.mark.parametrize("opened", [False, True])
def test_what_can_not_be_logged_is_refused_and_comes_again(opened: bool) -> None:
    async def story() -> None:
        log = FailingLog()
        async with live_hall(MemoryHall(log), ears=Ears()) as hall:
            live = await hall.session()
            if opened:
                await speak(hall, await begun(hall, live.id, greeting()), RATE)
            log.full = True
            refusal = await hall.live.begin(live.id, greeting("taketwo2"))
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.UNAVAILABLE
            log.full = False
            await speak(hall, await begun(hall, live.id, greeting("taketwo2")), RATE)

    loop.run(story())


def test_what_is_not_recorded_is_taken_back_from_the_spool_also_after_the_take_is_over() -> None:
    async def story() -> None:
        async with live_hall() as hall:  # no engine: it waits to be heard
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 4 * RATE)
            await take.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(2_000)
            assert take.whole
            await live.writer.send(SYSTEM, CommandId("off"), BeginNotRecorded(back=4_000))
            await hall.clock.sleep(1_000)
            await live.writer.send(SYSTEM, CommandId("on"), EndNotRecorded())
            await hall.clock.sleep(1_000)
            assert await take.audio.read(0, RATE) == sound(0, RATE)
            assert await take.audio.read(3 * RATE, RATE) == bytes(2 * RATE)

    loop.run(story())


def test_one_microphone_of_a_session_sets_its_clock() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, RATE)
            await hall.clock.sleep(300)  # its clock is slower by as much
            await speak(hall, take, 130 * RATE)
            mapped = [event for event in await hall.events() if isinstance(event, ev.ClockMapped)]
            behind = [event.wall - mapped[0].wall - event.t for event in mapped]
            assert behind[0] == 0
            assert behind[-1] == pytest.approx(300, abs=100)
            assert 3 <= len(mapped) <= 5  # at the attachment, the drift, and each minute
            assert FLOOR in live.state.channels

    loop.run(story())


async def follow_apart(hall: MemoryHall, session: SessionId, take: LiveTake) -> LiveTake:
    """What a microphone does that is sent away: it comes back with what isn't safe, and sends on."""
    first = take.safe - 1_600
    held = take.received - first
    again = await begun(hall, session, greeting(take.name, first=first, age=held * 1000 // RATE, channel=BOOTH))
    assert again is not take
    assert again.received == take.received  # Nothing is left out, and nothing comes twice.
    return again


@pytest.mark.parametrize(("every", "step"), [(1_576, 890), (1_624, -590)])
def test_a_second_microphone_whose_seconds_differ_goes_on_where_it_is_heard(every: int, step: int) -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            booth = AddChannel(channel=BOOTH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            assert isinstance(await live.writer.send(SYSTEM, CommandId("booth"), booth), Receipt)
            floor = await begun(hall, live.id, greeting())
            second = await begun(hall, live.id, greeting("takezwei", channel=BOOTH))
            ends: list[int] = []
            while hall.clock.monotonic() < 110_000:
                await speak(hall, floor, floor.received + 1_600)
                piece = Piece(first=second.received, age=0, pcm=sound(second.received, every))
                if not await second.feed(piece, hall.clock.monotonic()):
                    assert second.apart
                    ends.append(second.t(second.received))
                    second = await follow_apart(hall, live.id, second)
                off = second.t(second.received) - live.state.media_now(hall.clock.wall())
                assert (
                    abs(off) <= APART_MS + 2 * APART_FOR_MS * 3 // 200 + 150
                )  # of a card that is as much as 1.5 % off
            logged = await hall.events()
            begins = [each.t for each in logged if isinstance(each, ev.SourceAttached) and each.channel == BOOTH]
            steps = [t - end for t, end in zip(begins[1:], ends, strict=True)]
            assert len(steps) >= 2
            assert steps == [pytest.approx(step, abs=60)] * len(steps)
            assert not any(isinstance(each, ev.GapNoted) for each in logged)

    loop.run(story())


def test_the_clock_goes_on_while_nothing_can_be_stored_and_when_it_can_again() -> None:
    async def story() -> None:
        log = FailingLog()
        async with live_hall(MemoryHall(log), ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            began = hall.clock.monotonic()
            for second in range(MAP_MS // 1_000 + 20):
                log.full = MAP_MS - 2_000 < 1_000 * second < MAP_MS + 13_000  # The clock is to be mapped meanwhile.
                await speak(hall, take, take.received + RATE)
                now = live.state.media_now(hall.clock.wall())
                assert now == pytest.approx(hall.clock.monotonic() - began, abs=200), second
            mappings = [event for event in await hall.events() if isinstance(event, ev.ClockMapped)]
            assert mappings[-1].t >= MAP_MS + 12_000, "one was stored after the log was away"

    loop.run(story())


def test_a_take_that_would_set_the_clock_back_goes_on_where_it_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await open_late(hall, 60_000)
            await live.writer.send(SYSTEM, CommandId("map"), MapClock(t=60_000))
            take = await begun(hall, live.id, greeting(age=45_000))  # It says so, and has just been switched on.
            assert take.audio.t == 15_000
            piece = Piece(first=0, age=0, pcm=sound(0, RATE // 10))
            while await take.feed(piece, hall.clock.monotonic()):
                await hall.clock.sleep(100)
                piece = Piece(first=take.received, age=0, pcm=sound(take.received, RATE // 10))
            assert take.apart
            again = await begun(hall, live.id, greeting(first=take.received))
            assert again.audio.t == pytest.approx(live.state.media_now(hall.clock.wall()), abs=100)
            assert live.state.media_now(hall.clock.wall()) == pytest.approx(70_000, abs=500)

    loop.run(story())
    assert "take takeone1 differs from the session's clock by 44900 ms" in caplog.text
