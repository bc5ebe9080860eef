"""A take whose sound the server lacks, since another machine had it: it continues as the log says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.commands import (
    AnyCommand,
    BeginNotRecorded,
    EndNotRecorded,
    PauseSession,
    ResumeSession,
    RewindChannel,
)
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SourceId
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake, source_of
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.testing.log_memory import FailingLog
from moothall.wire.audio import TakeEndReason
from support.memory.hall import FLOOR, SESSION, MemoryHall
from support.memory.microphone import RATE, begun, greeting, live_hall, sound, speak
from support.memory.scribe import Scribe

Sources = list[ev.SourceAttached | ev.SourceEnded | ev.GapNoted]


class SeamMeeting:
    """Machines that keep one log after another, each with a spool of its own."""

    def __init__(self) -> None:
        self.log = FailingLog()

    @asynccontextmanager
    async def machine(self, ears: Scribe | None, hall: MemoryHall | None = None) -> AsyncIterator[MemoryHall]:
        async with live_hall(hall or MemoryHall(self.log), ears=ears) as made:
            yield made


async def first_words(house: SeamMeeting, *, seconds: int = 6) -> None:
    """A machine that hears so many seconds, writes a word that ends at 5 s, and is lost."""
    ears = Scribe()
    async with house.machine(ears) as hall:
        live = await hall.session()
        take = await begun(hall, live.id, greeting())
        await speak(hall, take, seconds * RATE)
        await ears.word(4_000, 5_000)
        await hall.clock.sleep(1_100)
        assert (take.safe, take.done) == (seconds * RATE, 3 * RATE)


async def sources(hall: MemoryHall) -> Sources:
    kinds = (ev.SourceAttached, ev.SourceEnded, ev.GapNoted)
    return [event for event in await hall.events() if isinstance(event, kinds)]


async def found(hall: MemoryHall) -> LiveSession:
    live = await hall.sessions.find(SESSION)
    assert live is not None
    return live


def test_what_is_done_follows_words_and_silence_and_never_what_is_not_safe() -> None:
    async def story() -> None:
        ears = Scribe()
        async with SeamMeeting().machine(ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 6 * RATE)
            assert take.done == 0
            await ears.word(3_000, 4_500)
            await hall.clock.sleep(100)
            assert take.done == 2_500 * 16
            await ears.quiet(60_000)  # Of sound that isn't safe yet nothing is said.
            await speak(hall, take, 8 * RATE)
            assert take.done <= take.safe < 8 * RATE
            await hall.clock.sleep(1_100)
            assert take.done == 6 * RATE
            await take.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(2_000)
            assert take.done == 8 * RATE

    loop.run(story())


def test_a_silence_after_a_better_text_that_was_refused_is_known_as_heard() -> None:
    async def story() -> None:
        ears = Scribe()
        async with SeamMeeting().machine(ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 6 * RATE)
            await ears.word(3_000, 4_500)
            await ears.better("w1")  # It says the same.
            await ears.quiet(6_000)
            await hall.clock.sleep(1_100)
            assert take.done == 4 * RATE

    loop.run(story())


def test_words_that_could_not_be_stored_are_not_passed_over_by_a_silence_behind_them() -> None:
    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        async with house.machine(ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 6 * RATE)
            house.log.full = True
            await ears.word(3_000, 4_500)
            await ears.quiet(6_000)
            await hall.clock.sleep(1_100)
            assert take.done == 0
            house.log.full = False
            ears.said -= 1
            await ears.word(3_000, 4_500)
            await ears.quiet(6_000)
            await hall.clock.sleep(100)
            assert take.done == 4 * RATE

    loop.run(story())


def test_another_machine_asks_for_what_the_log_lacks_and_a_sample_lies_where_it_lay() -> None:
    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        await first_words(house)
        async with house.machine(ears) as hall:
            live = await found(hall)
            await hall.clock.sleep(4_000)
            take = await begun(hall, live.id, greeting(first=RATE, age=10_000), 2 * RATE)
            assert (take.received, take.audio.t) == (3 * RATE, 3_000)  # Two seconds for the seam.
            await speak(hall, take, 11 * RATE, age=100)
            await ears.word(9_000, 10_000)
            await take.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(3_000)
            assert ears.heard == [(FLOOR, 3_000, sound(3 * RATE, 8 * RATE))]
            assert (await sources(hall))[1:] == [
                ev.SourceAttached(source=SourceId("live-takeone1-48000"), channel=FLOOR, t=3_000, rate=RATE),
                ev.SourceEnded(source=SourceId("live-takeone1-0"), t=3_000),
                ev.SourceEnded(source=SourceId("live-takeone1-48000"), t=11_000),
            ]
            assert await hall.live.begin(live.id, greeting(first=11 * RATE)) is None

    loop.run(story())


def test_a_second_loss_before_any_other_word_goes_on_with_the_same_source() -> None:
    async def story() -> None:
        house = SeamMeeting()
        await first_words(house)
        for _ in range(2):
            async with house.machine(None) as hall:
                take = await begun(hall, SESSION, greeting(first=RATE, age=10_000))
                await speak(hall, take, 8 * RATE)
                assert take.audio.source == "live-takeone1-48000"
        async with house.machine(None) as hall:
            assert len(await sources(hall)) == 3

    loop.run(story())


def test_what_a_microphone_no_longer_has_is_a_gap() -> None:
    async def story() -> None:
        house = SeamMeeting()
        await first_words(house)
        async with house.machine(Scribe()) as hall:
            take = await begun(hall, SESSION, greeting(first=9 * RATE, age=1_000), 3 * RATE)
            assert (take.received, take.audio.t) == (9 * RATE, 9_000)
            await hall.clock.sleep(500)
            assert (await sources(hall))[-1] == ev.GapNoted(
                channel=FLOOR, t0=5_000, t1=9_000, reason=ev.GapReason.SOURCE_LOST
            )
            assert (await found(hall)).state.channels[FLOOR].committed_through == 9_000

    loop.run(story())


@pytest.mark.parametrize("told", [True, False])
def test_a_silence_that_a_microphone_was_told_of_is_no_gap(told: bool) -> None:
    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        async with house.machine(ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 30 * RATE)
            await ears.word(4_000, 5_000)
            await ears.quiet(30_000)
            await hall.clock.sleep(1_100)
            done = take.done
            assert done == 28 * RATE
        async with house.machine(ears) as hall:
            take = await begun(hall, SESSION, greeting(first=done, age=2_000), done if told else 0)
            assert (take.received, take.audio.t) == (28 * RATE, 28_000)
            await hall.clock.sleep(500)
            gaps = [(event.t0, event.t1) for event in await sources(hall) if isinstance(event, ev.GapNoted)]
            assert gaps == ([] if told else [(5_000, 28_000)])  # What nobody says can't be known.

    loop.run(story())


class Behind(LoopClock):
    """The clock of a machine whose time is 40 s behind the other one's."""

    def wall(self) -> int:
        return super().wall() - 40_000


def test_the_clock_of_the_other_machine_moves_no_sample() -> None:
    async def story() -> None:
        house = SeamMeeting()
        await first_words(house)
        clock = Behind()
        hall = MemoryHall(house.log, clock=clock)
        hall.live = LiveIngest(sessions=hall.sessions, spools=hall.spools, recognising=hall.recognising, clock=clock)
        async with house.machine(None, hall):
            take = await begun(hall, SESSION, greeting(first=20 * RATE, age=3_000), 20 * RATE)
            assert take.audio.t == 20_000
            assert (await found(hall)).state.media_now(clock.wall()) == 23_000

    loop.run(story())


def spooled(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("*/*/*.pcm")))


async def command(live: LiveSession, name: str, act: AnyCommand) -> None:
    assert isinstance(await live.writer.send(SYSTEM, CommandId(name), act), Receipt)


def test_what_was_not_recorded_is_sent_again_and_stays_unrecorded(tmp_path: Path) -> None:
    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        await first_words(house)
        async with house.machine(ears, MemoryHall(house.log, DiskSpools(tmp_path))) as hall:
            live = await found(hall)
            await command(live, "off", BeginNotRecorded())  # Some 7 s have passed.
            off = live.state.not_recorded[0][0]
            await hall.clock.sleep(2_000)
            await command(live, "on", EndNotRecorded())
            ((t0, t1),) = live.state.not_recorded
            assert t1 is not None
            take = await begun(hall, live.id, greeting(first=RATE, age=10_000))
            assert (t0, take.received) == (off, 3 * RATE)
            await speak(hall, take, 14 * RATE, pace=False)
            await hall.clock.sleep(2_500)
            disk = spooled(tmp_path)
            low, high = (t0 - 3_000) * 16, (t1 - 3_000) * 16
            assert disk[2 * low : 2 * high] == bytes(2 * (high - low))
            assert disk[: 2 * low] == sound(3 * RATE, low)
            assert disk[2 * high :] == sound(t1 * 16, 14 * RATE - t1 * 16)
            assert [(t, len(pcm) // 32) for _, t, pcm in ears.heard] == [(3_000, t0 - 3_000), (t1, 14_000 - t1)]

    loop.run(story())


def test_sound_of_a_span_that_lasts_is_not_kept_by_its_microphone() -> None:
    async def story() -> None:
        ears = Scribe()
        async with SeamMeeting().machine(ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 5 * RATE)
            await ears.word(4_000, 4_900)
            await command(live, "off", BeginNotRecorded())
            await speak(hall, take, 9 * RATE)
            await hall.clock.sleep(1_100)
            assert take.done == take.safe == 9 * RATE

    loop.run(story())


def test_the_end_of_a_break_that_is_set_back_wants_sound_that_was_told_done() -> None:
    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        await first_words(house)
        async with house.machine(ears) as hall:
            live = await found(hall)
            await command(live, "pause", PauseSession())
            paused = live.state.breaks[0][0]
            await hall.clock.sleep(20_000)
            await command(live, "resume", ResumeSession(back=10_000))
            since, said = live.state.set_back
            done = 16 * (said - 500)
            take = await begun(hall, live.id, greeting(first=done, age=500), done)
            assert take.missing_from == since > paused
            await hall.clock.sleep(500)
            assert (await sources(hall))[-1] == ev.GapNoted(
                channel=FLOOR, t0=since, t1=said - 500, reason=ev.GapReason.SOURCE_LOST
            )

    loop.run(story())


@pytest.mark.parametrize("again", [False, True])
def test_of_lines_that_were_to_be_recognised_once_more_the_missing_ones_are_a_gap(again: bool) -> None:
    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        await first_words(house)
        async with house.machine(ears) as hall:
            live = await found(hall)
            await command(live, "redo", RewindChannel(channel=FLOOR, t=1_000))
            if again:
                take = await begun(hall, SESSION, greeting(first=0, age=10_000))
                await speak(hall, take, 6 * RATE)
                await ears.word(4_000, 4_900)
                await hall.clock.sleep(1_100)
        async with house.machine(ears) as hall:
            take = await begun(hall, SESSION, greeting(first=6 * RATE, age=1_000), 6 * RATE)
            await hall.clock.sleep(500)
            gaps = [(event.t0, event.t1) for event in await sources(hall) if isinstance(event, ev.GapNoted)]
            assert gaps == ([] if again else [(1_000, 6_000)])

    loop.run(story())


def test_of_several_sources_that_are_not_over_the_one_goes_on_in_which_words_are_missing() -> None:
    async def story() -> None:
        house = SeamMeeting()
        await first_words(house)
        async with house.machine(None) as hall:  # It drops sound, and no engine hears what comes behind.
            await begun(hall, SESSION, greeting(first=RATE, age=10_000))
            other = await begun(hall, SESSION, greeting(first=60 * RATE, age=1_000))
            assert other.base == 60 * RATE
        async with house.machine(None) as hall:
            take = await begun(hall, SESSION, greeting(first=RATE, age=70_000))
            assert take.audio.source == source_of("takeone1", 3 * RATE)
            ended = [event.source for event in await sources(hall) if isinstance(event, ev.SourceEnded)]
            assert ended == [source_of("takeone1", 0), source_of("takeone1", 60 * RATE)]

    loop.run(story())


def test_a_take_that_comes_back_behind_another_goes_on_after_what_waits() -> None:
    async def story() -> None:
        async with SeamMeeting().machine(None) as hall:
            live = await hall.session()
            await begun(hall, live.id, greeting("takenone"))
            first = await begun(hall, live.id, greeting())
            await speak(hall, first, 4 * RATE)
            await begun(hall, live.id, greeting("taketwo2"))
            await hall.clock.sleep(2_000)
            again = await begun(hall, live.id, greeting(first=RATE, age=5_000), RATE)
            assert (again.received, again.audio.t) == (4 * RATE, 4_000)
            assert await hall.live.begin(live.id, greeting("takenone")) is None  # Nothing of it had come.

    loop.run(story())


def test_a_machine_with_an_older_spool_asks_for_no_more_than_it_lacks() -> None:
    """It kept the house before another one did, to which the microphone never came."""

    async def story() -> None:
        house, ears = SeamMeeting(), Scribe()
        hall = MemoryHall(house.log)
        async with house.machine(ears, hall):
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 6 * RATE)
            await hall.clock.sleep(1_100)
        async with house.machine(ears, MemoryHall(house.log, hall.spools)) as again:
            take = await begun(again, SESSION, greeting(first=9 * RATE, age=500), 9 * RATE)
            assert isinstance(take, LiveTake)
            assert (take.received, take.audio.t, take.missing_from) == (9 * RATE, 9_000, 9_000)
            await again.clock.sleep(1_000)
            assert not any(isinstance(event, ev.GapNoted) for event in await again.events())

    loop.run(story())
