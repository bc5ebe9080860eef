"""The last words of a session that is being closed: how long they are awaited, who is informed,
and what a kill leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core import commands as do
from moothall.core import signals
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.services.capture.closing import WITHIN_MS
from moothall.services.capture.live_ingest import ON_ITS_WAY_MS
from moothall.services.engines.recognising import AWAY_MS
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine as wire
from moothall.wire.audio import TakeEndReason
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MIC, MemoryHall, Sound, attached, hello, memory_hall, shown
from support.memory.late_engine import slow_engine
from support.memory.microphone import RATE, begun, greeting, live_hall, speak

DESK = Actor(Role.TECHNICIAN, "l1")
BYE = CommandId("bye")


def start(hall: MemoryHall, takes_ms: int, *, says: bool = True) -> None:
    assert hall.group is not None
    hall.group.create_task(slow_engine(hall.connect(), hall.clock, takes_ms, says=says))


async def speaking(hall: MemoryHall, seconds: int = 3) -> LiveSession:
    live = await hall.session()
    await speak(hall, await begun(hall, live.id, greeting()), seconds * RATE)
    return live


async def close(hall: MemoryHall, live: LiveSession) -> Receipt | Refusal:
    return await hall.closing.send(live.writer, DESK, BYE, do.CloseSession())


def told(events: Sequence[object]) -> list[object]:
    """The words, the gaps, and what was said of the close, in order."""
    kinds = (le.WordsCommitted, ev.GapNoted, ev.CloseRequested, ev.SessionClosed)
    found = [event for event in events if isinstance(event, kinds)]
    return [event.words[0].text if isinstance(event, le.WordsCommitted) else type(event).__name__ for event in found]


def gaps(events: Sequence[object]) -> list[tuple[int, int, ev.GapReason]]:
    return [(event.t0, event.t1, event.reason) for event in events if isinstance(event, ev.GapNoted)]


def test_words_that_come_half_a_minute_after_the_press_are_in_the_record_and_readers_are_told() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            start(hall, 30_000)
            live = await speaking(hall)
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            pressed = asyncio.ensure_future(close(hall, live))
            await hall.clock.sleep(20_000)
            assert hall.closing.last_words(live.id)
            assert live.state.closing == ev.CloseRequested(act=BYE, by="l1")
            late = MemoryOutlet()  # whoever comes meanwhile is told as well
            await live.fanout.subscribe(late, Feed(FLOOR, live=False), Format.SSE, None)
            assert signals.LastWords(channel=FLOOR, awaited=True) in shown(late)
            assert isinstance(await pressed, Receipt)
            assert told(await hall.events()) == ["CloseRequested", "goodbye", "SessionClosed"]
            assert (hall.sessions.loaded(live.id) or live).state.closing is None
            assert not hall.closing.last_words(live.id)
            await hall.clock.sleep(1_000)
            notices = [signal for signal in shown(outlet) if isinstance(signal, signals.LastWords)]
            assert [notice.awaited for notice in notices] == [True, False]

    loop.run(story())


@pytest.mark.parametrize("says", [True, False])
def test_after_a_minute_it_is_closed_and_the_log_says_where_words_are_missing(says: bool) -> None:
    async def story() -> None:
        async with live_hall() as hall:
            start(hall, WITHIN_MS + 500, says=says)  # They come when it is closed already, and are refused.
            live = await speaking(hall)
            began = hall.clock.monotonic()
            assert isinstance(await close(hall, live), Receipt)
            assert WITHIN_MS <= hall.clock.monotonic() - began < WITHIN_MS + 1_000
            await hall.clock.sleep(3_000)
            events = await hall.events()
            assert told(events) == ["CloseRequested", "SessionClosed", "GapNoted"]
            assert gaps(events) == [(0, 3_000, ev.GapReason.OVERLOAD)]
            assert list(await hall.spools.kept()) == []

    loop.run(story())


def test_what_no_engine_is_there_to_hear_is_a_gap_too() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await speaking(hall, AWAY_MS // 1_000)
            assert isinstance(await close(hall, live), Receipt)
            await hall.clock.sleep(3_000)
            assert gaps(await hall.events()) == [(0, AWAY_MS, ev.GapReason.ENGINE_LOST)]

    loop.run(story())


def test_an_engine_that_went_when_it_had_heard_everything_is_not_waited_for() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            engine = hall.connect()
            await hello(engine)
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 3 * RATE)
            await hall.clock.sleep(100)
            stream = (await attached(engine)).attachment
            late = signals.ChannelState(channel=FLOOR, sound=signals.Sound.SILENCE, lag=5, t=3_000)
            for state in (late, signals.ChannelState(channel=FLOOR, sound=signals.Sound.SILENCE, lag=0, t=3_000)):
                assert take.audio.unheard(live.state, FLOOR) == (0, 3_000)
                await engine.send(wire.Tell(attachment=stream, signal=state))
                await hall.clock.sleep(10)
            assert take.audio.unheard(live.state, FLOOR) is None
            hall.links[-1].cut()
            await hall.clock.sleep(10)
            began = hall.clock.monotonic()
            assert isinstance(await close(hall, live), Receipt)
            assert hall.clock.monotonic() - began < ON_ITS_WAY_MS + 500
            await hall.clock.sleep(3_000)
            assert gaps(await hall.events()) == []

    loop.run(story())


def test_a_server_that_is_killed_meanwhile_closes_it_afterwards_with_its_last_words() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        async with live_hall(MemoryHall(log, spools)) as hall:
            start(hall, 30_000)
            live = await speaking(hall)
            pressed = asyncio.ensure_future(close(hall, live))
            await hall.clock.sleep(10_000)
            pressed.cancel()
        async with live_hall(MemoryHall(log, spools)) as hall:
            live = await hall.sessions.open(live.id)
            assert live.state.status is Status.OPEN
            await hall.clock.sleep(100)
            again = asyncio.ensure_future(close(hall, live))  # The desk has come back, and sends it once more.
            start(hall, 1_000)
            answer = await again
            assert isinstance(answer, Receipt)
            assert told(await hall.events()) == ["CloseRequested", "goodbye", "SessionClosed"]
            closed = (await hall.log.read(live.id, answer.first - 1, 1))[0].header
            assert (closed.cause, closed.actor, closed.role) == (BYE, "l1", Role.SYSTEM)
            assert list(await hall.spools.kept()) == []

    loop.run(story())


def test_a_server_that_is_killed_between_the_last_word_and_the_close_closes_what_is_loaded_again() -> None:
    async def story() -> None:
        log = FailingLog()
        async with live_hall(MemoryHall(log)) as hall:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), do.OpenSession())
            await live.writer.send(SYSTEM, CommandId("a"), do.RequestClose(act=BYE, by="l1"))
        async with live_hall(MemoryHall(log)) as hall:
            live = await hall.sessions.open(live.id)
            await hall.clock.sleep(1_000)
            assert live.state.status is Status.CLOSED

    loop.run(story())


def test_one_that_can_not_be_closed_after_a_restart_stays_open_and_the_others_are_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        log, names = FailingLog(), (SessionId("bad"), SessionId("good"))
        async with live_hall(MemoryHall(log)) as hall:
            for name in names:
                live = await hall.session(name)
                await live.writer.send(SYSTEM, CommandId("o"), do.OpenSession())
                await live.writer.send(SYSTEM, CommandId("a"), do.RequestClose(act=BYE, by="l1"))

        async def fail(session: SessionId, _: int) -> bool:
            if session == "bad":
                raise KeyError("what was said")
            return True

        async with live_hall(MemoryHall(log)) as hall:
            hall.closing.first(fail, lambda _: False)
            bad, good = [await hall.sessions.open(name) for name in names]
            await hall.clock.sleep(1_000)
            assert (bad.state.status, good.state.status) == (Status.OPEN, Status.CLOSED)
            assert bad.state.closing is None

    loop.run(story())
    assert "session bad: the requested close failed; the session stays open: KeyError" in caplog.text
    assert "what was said" not in caplog.text


def test_a_server_that_is_killed_between_the_close_and_the_gap_notes_it_afterwards() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        async with live_hall(MemoryHall(log, spools)) as hall:
            live = await speaking(hall)
            await live.writer.send(SYSTEM, BYE, do.CloseSession())
        log.full = True
        async with live_hall(MemoryHall(log, spools)) as hall:
            assert len(list(await spools.kept())) == 1  # It can't be noted: the next start has it still.
        log.full = False
        async with live_hall(MemoryHall(log, spools)) as hall:
            assert gaps(await hall.events()) == [(0, 3_000, ev.GapReason.ENGINE_LOST)]
            assert list(await spools.kept()) == []

    loop.run(story())


def test_a_close_that_fails_is_called_off_and_a_restart_closes_nothing() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            start(hall, 1_000)
            live = await speaking(hall)
            for name in ("left", "failed"):
                try:
                    async with hall.closing.at_rest(live.writer):
                        assert live.state.closing is not None
                        if name == "failed":
                            raise KeyError(name)
                except KeyError:
                    pass
                assert live.state.closing is None
                assert live.state.status is Status.OPEN
                await speak(hall, await begun(hall, live.id, greeting(f"take{name}")), RATE)

    loop.run(story())


def test_a_file_goes_on_to_where_it_was_when_the_close_was_asked_for() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        async with live_hall(MemoryHall(log, spools)) as hall:
            start(hall, 30_000)
            live = await hall.session()
            playing = asyncio.ensure_future(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(90 * RATE - first), as_live=True)
            )
            await hall.clock.sleep(10_000)
            pressed = asyncio.ensure_future(close(hall, live))
            await hall.clock.sleep(5_000)
            pressed.cancel()
            playing.cancel()
            await asyncio.gather(playing, pressed, return_exceptions=True)
        async with live_hall(MemoryHall(log, spools)) as hall:
            start(hall, 1_000)
            live = await hall.sessions.open(live.id)
            await hall.clock.sleep(1_000)
            assert live.state.status is Status.OPEN  # Who plays it closes.
            await hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(90 * RATE - first), as_live=True)
            assert told(await hall.events()) == ["CloseRequested", "goodbye", "SessionClosed"]
            assert live.state.channels[FLOOR].committed_through < 11_000

    loop.run(story())


def test_a_files_last_words_that_come_too_late_are_a_gap() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            start(hall, WITHIN_MS + 5_000)
            live = await hall.session()
            playing = asyncio.ensure_future(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(90 * RATE), as_live=True)
            )
            await hall.clock.sleep(10_000)
            assert isinstance(await close(hall, live), Receipt)
            await playing
            assert [reason for _, _, reason in gaps(await hall.events())] == [ev.GapReason.OVERLOAD]

    loop.run(story())


def test_what_is_not_recorded_is_no_gap() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 2 * RATE)
            await live.writer.send(SYSTEM, CommandId("off"), do.BeginNotRecorded(back=1_000))
            await speak(hall, take, 4 * RATE)
            await hall.clock.sleep(100)
            began = live.state.not_recorded[0][0]
            assert take.audio.unheard(live.state, FLOOR) == (0, began)
            await live.writer.send(SYSTEM, CommandId("gap"), _gap(began))
            assert take.audio.unheard(live.state, FLOOR) is None
            await live.writer.send(SYSTEM, CommandId("on"), do.EndNotRecorded())
            await speak(hall, take, 6 * RATE)
            await hall.clock.sleep(100)
            assert take.audio.unheard(live.state, FLOOR) == (live.state.not_recorded[0][1], 6_000)
            await take.finish(TakeEndReason.STOPPED)

    loop.run(story())


def _gap(t1: int) -> do.NoteGap:
    return do.NoteGap(channel=FLOOR, t0=0, t1=t1, reason=ev.GapReason.OVERLOAD)
