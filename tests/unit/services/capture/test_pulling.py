"""States of a stream, and their effects on the meeting, on a clock that jumps."""

from __future__ import annotations

import logging

import pytest

from moothall.core.commands import (
    BeginNotRecorded,
    CloseSession,
    EndNotRecorded,
    OpenSession,
    PauseSession,
    ResumeSession,
)
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.core.sessions.state import Status
from moothall.core.streams.watching import StreamFault
from moothall.services.capture.pulling import PullState
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from moothall.testing.stream_memory import Fetched
from moothall.wire.audio import TakeEndReason
from support.memory.fetching import ADDRESS, SOUND, fetching
from support.memory.hall import FLOOR, SESSION, MemoryHall
from support.memory.microphone import RATE, Ears, begun, greeting, speak
from support.sound.spools import OddSpools


def test_a_stream_is_a_source_of_its_text_while_the_meeting_is_on_and_ends_with_it() -> None:
    async def story() -> None:
        ears = Ears()
        async with fetching(SOUND, ears=ears) as at:
            live = await at.hall.session()
            assert await at.streams.put(SESSION, FLOOR, ADDRESS) is None
            await at.hall.clock.sleep(5_000)
            assert (at.state, at.port.addresses) == (PullState.WAITING, [])
            await at.act(OpenSession())
            await at.hall.clock.sleep(10_000)
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.shown) == (PullState.SOUND, "https://radio.example.org")
            assert at.streams.lost_for(SESSION) < 1_000
            await at.act(CloseSession())
            await at.hall.clock.sleep(3_000)
            assert live.state.status is Status.CLOSED
            assert (at.port.open, at.state) == (0, PullState.WAITING)
            assert await at.gaps() == []
            attached, ended = await at.kinds()
            assert isinstance(attached, ev.SourceAttached)
            assert isinstance(ended, ev.SourceEnded)
            assert len(ears.heard[0][2]) // 2 == (ended.t - attached.t) * RATE // 1_000

    loop.run(story())


@pytest.mark.parametrize("how", [StreamFault.SILENT, StreamFault.ENDED, StreamFault.NOT_AUDIO])
def test_a_stream_that_is_lost_is_fetched_again_and_what_lies_between_is_a_gap(how: StreamFault) -> None:
    async def story() -> None:
        async with fetching(Fetched(ms=20_000, then=how), SOUND) as at:
            live = await at.meeting()
            await at.hall.clock.sleep(40_000)
            assert (len(at.port.addresses), at.port.open, at.state) == (2, 1, PullState.SOUND)
            first, _, second = [e for e in await at.kinds() if not isinstance(e, ev.GapNoted)]
            assert isinstance(first, ev.SourceAttached)
            assert isinstance(second, ev.SourceAttached) or isinstance(_, ev.SourceAttached)
            gaps = await at.gaps()
            if how is StreamFault.SILENT:
                ((t0, t1),) = gaps
                assert t0 == first.t + 20_000
                assert 5_000 <= t1 - t0 <= 7_000
            now = live.state.media_now(at.hall.clock.wall())
            assert abs(now - 40_000) < 500, "times stay true"

    loop.run(story())


@pytest.mark.parametrize("how", [StreamFault.SILENT, StreamFault.ENDED, None], ids=["silent", "ended", "a microphone"])
def test_a_file_that_is_lost_half_way_is_not_begun_again_and_says_why(how: StreamFault | None) -> None:
    async def story() -> None:
        book, ms = MemoryBook(), 10_000_000 if how is None else 20_000
        async with fetching(Fetched(ms=ms, then=how, once=True), SOUND, book=book) as at:
            await at.meeting()
            await at.hall.clock.sleep(10_000)
            assert at.state is PullState.SOUND
            if how is None:
                take = await begun(at.hall, SESSION, greeting())
                await speak(at.hall, take, 15 * RATE)
                await take.finish(TakeEndReason.STOPPED)
            await at.hall.clock.sleep(60_000)
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.OVER, StreamFault.CUT_SHORT)
            assert at.port.addresses == [ADDRESS], "its words would come twice"
            assert ev.SourceEnded in [type(event) for event in await at.kinds()]
        async with fetching(SOUND, hall=MemoryHall(at.hall.log), book=book) as again:
            (status,) = again.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.OVER, StreamFault.CUT_SHORT)
            assert await again.streams.put(SESSION, FLOOR, ADDRESS) is None
            (status,) = again.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.WAITING, None)

    loop.run(story())


def test_a_file_that_gave_no_sound_yet_is_fetched_again() -> None:
    async def story() -> None:
        async with fetching(Fetched(ms=0, then=StreamFault.SILENT, once=True), SOUND) as at:
            await at.meeting()
            await at.hall.clock.sleep(20_000)
            assert (at.state, len(at.port.addresses)) == (PullState.SOUND, 2)

    loop.run(story())


def test_a_recording_whose_last_piece_was_given_before_is_over() -> None:
    async def story() -> None:
        async with fetching(Fetched(ms=20_000, then=StreamFault.ENDED), Fetched(over=True)) as at:
            await at.meeting()
            await at.hall.clock.sleep(40_000)
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.trouble, len(at.port.addresses)) == (PullState.OVER, None, 2)

    loop.run(story())


def test_a_stream_that_gives_nothing_raises_an_alarm_and_is_asked_less_and_less_often_for_ever() -> None:
    async def story() -> None:
        async with fetching(Fetched(ms=0, then=StreamFault.CONNECTION)) as at:
            await at.meeting()
            await at.hall.clock.sleep(11_000)
            assert 10_000 <= at.streams.lost_for(SESSION) <= 11_000
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.LOST, StreamFault.CONNECTION)
            await at.hall.clock.sleep(589_000)
            early = len(at.port.addresses)
            assert 20 <= early <= 50
            await at.hall.clock.sleep(3_600_000)
            assert 120 <= len(at.port.addresses) - early <= 240, "every 15 to 30 s"

    loop.run(story())


def test_one_that_accepts_and_says_nothing_is_given_up_and_the_meeting_goes_on() -> None:
    async def story() -> None:
        async with fetching(Fetched(ms=0, then=StreamFault.SILENT), SOUND) as at:
            live = await at.meeting()
            await at.hall.clock.sleep(11_000)
            assert (at.port.open, at.streams.lost_for(SESSION) >= 10_000) == (1, True)
            await at.hall.clock.sleep(5_000)
            assert (at.state, at.port.open, live.state.status) == (PullState.SOUND, 1, Status.OPEN)
            assert at.streams.lost_for(SESSION) < 1_000

    loop.run(story())


@pytest.mark.parametrize("before", [0, 20_000], ids=["from its start", "after sound"])
def test_single_samples_keep_no_stream_alive(before: int) -> None:
    async def story() -> None:
        drops = [Fetched(ms=before, then=StreamFault.SILENT), Fetched(slow_ms=4_000)]
        async with fetching(*drops[before == 0 :]) as at:
            await at.meeting()
            await at.hall.clock.sleep(before + 60_000)
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.LOST, StreamFault.SILENT)
            assert len(at.port.addresses) >= 4, "it is killed and fetched again"
            assert at.streams.lost_for(SESSION) >= 55_000, "it is an alarm"

    loop.run(story())


def test_sound_that_comes_slower_than_it_is_spoken_is_sound() -> None:
    async def story() -> None:
        async with fetching(Fetched(piece_ms=200, slow_ms=900)) as at:
            await at.meeting()
            await at.hall.clock.sleep(600_000)
            assert (at.state, len(at.port.addresses)) == (PullState.SOUND, 1)
            assert at.streams.lost_for(SESSION) <= 5_000

    loop.run(story())


def test_sound_that_this_server_can_t_take_in_is_not_said_to_be_missing() -> None:
    async def story() -> None:
        log = FailingLog()
        async with fetching(SOUND, hall=MemoryHall(log)) as at:
            await at.meeting()
            log.full = True
            await at.hall.clock.sleep(20_000)
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.LOST, StreamFault.NOT_TAKEN)
            log.full = False
            await at.hall.clock.sleep(40_000)
            assert at.state is PullState.SOUND

    loop.run(story())


@pytest.mark.parametrize("who", ["the secretariat", "a microphone"])
def test_sound_that_fails_again_and_again_stays_stopped_until_somebody_tries_it_again(who: str) -> None:
    async def story() -> None:
        spools = OddSpools(MemorySpools())
        async with fetching(SOUND, hall=MemoryHall(FailingLog(), spools)) as at:
            await at.meeting()
            await at.hall.clock.sleep(5_000)
            spools.failing = {SESSION}
            await at.hall.clock.sleep(120_000)
            fetched = len(at.port.addresses)
            await at.hall.clock.sleep(600_000)
            assert at.hall.live.stopped(SESSION, FLOOR)
            assert not at.hall.live.stopped(SESSION, ChannelId("fr"))
            (status,) = at.streams.of(SESSION)
            assert (status.state, status.trouble) == (PullState.LOST, StreamFault.NOT_TAKEN)
            assert len(at.port.addresses) == fetched
            assert at.streams.lost_for(SESSION) > 600_000, "it is an alarm"
            spools.failing = set()
            if who == "a microphone":
                take = await begun(at.hall, SESSION, greeting())
                await speak(at.hall, take, 5 * RATE)
                await take.finish(TakeEndReason.STOPPED)
            else:
                assert await at.streams.put(SESSION, FLOOR, ADDRESS) is None
            await at.hall.clock.sleep(30_000)
            assert (at.state, at.hall.live.stopped(SESSION)) == (PullState.SOUND, False)

    loop.run(story())


def test_four_hours_that_come_at_once_are_heard_at_the_pace_of_speech() -> None:
    async def story() -> None:
        async with fetching(Fetched(ms=4 * 3_600_000, fast=True)) as at:
            await at.meeting()
            await at.hall.clock.sleep(60_000)
            assert 58 * RATE <= at.port.samples <= 61 * RATE, "nobody takes more than time gives"
            current = at.hall.live.current(SESSION, FLOOR)
            assert current is not None
            assert 58 * RATE <= current.received <= 60 * RATE

    loop.run(story())


def test_what_a_server_sends_at_once_at_the_beginning_may_have_been_heard_and_is_not_taken() -> None:
    async def story() -> None:
        async with fetching(Fetched(bursts=True)) as at:
            await at.meeting()
            await at.hall.clock.sleep(10_000)
            current = at.hall.live.current(SESSION, FLOOR)
            assert current is not None
            assert RATE <= at.port.samples - current.received <= 2 * RATE

    loop.run(story())


def test_a_microphone_goes_before_and_the_stream_goes_on_behind_it() -> None:
    async def story() -> None:
        async with fetching(SOUND) as at:
            await at.meeting()
            await at.hall.clock.sleep(5_000)
            take = await begun(at.hall, SESSION, greeting())
            await speak(at.hall, take, 15 * RATE)
            assert (at.state, at.port.open, at.streams.lost_for(SESSION)) == (PullState.HELD, 0, 0)
            await take.finish(TakeEndReason.STOPPED)
            await at.hall.clock.sleep(5_000)
            assert (at.state, at.port.open) == (PullState.SOUND, 1)

    loop.run(story())


def test_nothing_is_kept_of_a_break_and_of_what_is_not_recorded() -> None:
    async def story() -> None:
        async with fetching(SOUND) as at:
            live = await at.meeting()
            await at.hall.clock.sleep(5_000)
            for begin, end in ((BeginNotRecorded(), EndNotRecorded()), (PauseSession(), ResumeSession())):
                await at.act(begin)
                await at.hall.clock.sleep(5_000)
                await at.act(end)
                await at.hall.clock.sleep(5_000)
            current = at.hall.live.current(SESSION, FLOOR)
            assert current is not None
            (t0, t1), (p0, p1) = [(a, b) for a, b in live.state.unkept if b is not None]
            for a, b in ((t0, t1), (p0, p1)):
                first, last = current.audio.position(a + 100), current.audio.position(b - 100)
                assert set(await current.audio.read(first, last - first)) == {0}
            heard = await current.audio.read(current.audio.position(t1 + 1_000), RATE)
            assert set(heard) != {0}
            assert (at.state, len(at.port.addresses), await at.gaps()) == (PullState.SOUND, 1, [])

    loop.run(story())


@pytest.mark.parametrize("same_disk", [True, False], ids=["a restart", "a take-over by another node"])
def test_the_next_life_of_the_house_goes_on_by_itself_and_notes_what_is_missing(same_disk: bool) -> None:
    async def story() -> None:
        log, spools, book = FailingLog(), MemorySpools(), MemoryBook()
        async with fetching(SOUND, hall=MemoryHall(log, spools), book=book) as at:
            await at.meeting()
            await at.hall.clock.sleep(20_000)
        later = MemoryHall(log, spools if same_disk else MemorySpools(), ahead=30_000)
        async with fetching(SOUND, hall=later, book=book) as at:
            await at.hall.clock.sleep(10_000)
            assert (at.state, at.port.addresses) == (PullState.SOUND, [ADDRESS])
            (gap,) = await at.gaps()
            assert 29_000 <= gap[1] - gap[0] <= (33_000 if same_disk else 55_000)
            await at.act(CloseSession())
            await at.hall.clock.sleep(2_000)
            sources = [e for e in await at.kinds() if not isinstance(e, ev.GapNoted)]
            assert [isinstance(e, ev.SourceEnded) for e in sources].count(True) == 2

    loop.run(story())


def test_the_address_is_in_no_log_and_in_nothing_that_readers_get(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        behaviours = [Fetched(ms=3_000, then=trouble) for trouble in StreamFault if trouble is not StreamFault.ADDRESS]
        async with fetching(*behaviours) as at:
            await at.meeting()
            await at.streams.try_it(ADDRESS)
            await at.hall.clock.sleep(120_000)
            records = await at.hall.log.read(SESSION, 0, 10_000)
            assert not any(b"secret" in (record.body or b"") or b"hidden" in (record.body or b"") for record in records)
            assert "secret" not in repr(at.streams.of(SESSION))

    with caplog.at_level(logging.DEBUG):
        loop.run(story())
    assert len(caplog.records) > 10
    assert not any(word in record.getMessage() for record in caplog.records for word in ("secret", "hidden", "radio"))
