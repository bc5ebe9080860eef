"""A session that fails is restarted from its log, and its users notice no more than a pause."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core import commands as do
from moothall.core.commands import CreateSession, OpenSession
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import LogHead
from moothall.core.views.captions import CaptionsView
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.reading.feed import Subscription
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.supervising import BACKOFF, MOST_TIMES, STEADY_MS
from moothall.testing import loop
from moothall.testing.clock import SeededRandomness, SeededSigner
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, decode
from moothall.wire.reader import Reader
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

LIVE = Feed(FLOOR)
CAPTIONER = Actor(Role.CAPTIONER, "c")


async def write(live: LiveSession, number: int) -> Receipt | Refusal:
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"p{number}"), text=f"Line {number}.", language="en")
    return await live.writer.send(CAPTIONER, CommandId(f"line-{number}"), line)


async def follow(live: LiveSession) -> MemoryOutlet:
    outlet = MemoryOutlet()
    assert isinstance(await live.fanout.subscribe(outlet, LIVE, Format.SSE, None), Subscription)
    return outlet


def seen(outlet: MemoryOutlet) -> Reader:
    """What a reader has; a frame that doesn't follow on what it has would be refused."""
    reader = Reader(feed=LIVE)
    for event in EventStream().feed(outlet.sent):
        reader, _ = reader.take(decode(event.data))
    return reader


def lines(view: CaptionsView | Refusal | None) -> list[str]:
    assert isinstance(view, CaptionsView)
    return [line.text for line in view.snapshot().lines]


def test_a_session_whose_log_was_taken_over_is_begun_again_and_its_readers_miss_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        log = await SqliteLog.open(tmp_path / "log.sqlite")
        hall = MemoryHall()
        hall.sessions = Sessions(log=log, clock=hall.clock, randomness=SeededRandomness(), signer=SeededSigner())
        async with memory_hall(hall):
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            reading = await follow(live)
            assert isinstance(await write(live, 1), Receipt)
            for number in (2, 3):  # Again and again, and not too often.
                await log.acquire(SESSION, Epoch("x"))
                refused = await write(live, number)
                assert isinstance(refused, Refusal)
                assert refused.code is RefusalCode.UNAVAILABLE
                late = await follow(live)  # Comes while it is down.
                while not isinstance(await write(live, number), Receipt):
                    await hall.clock.sleep(BACKOFF.first_ms)
                await hall.clock.sleep(1_000)
                for outlet in (reading, late):
                    assert not outlet.aborted
                    assert seen(outlet).view == await live.fanout.view(LIVE)
            assert lines(seen(reading).view) == ["Line 1.", "Line 2.", "Line 3."]
            assert not live.stopped
            assert hall.sessions.loaded(SESSION) is live
        await log.close()

    loop.run(story())


def test_a_hole_in_what_was_published_is_filled_from_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            reading = await follow(live)
            await write(live, 1)
            await hall.clock.sleep(100)
            (first,) = await hall.log.read(SESSION, 0, 1)
            far = msgspec.structs.replace(first.header, offset=live.writer.offset + 5)
            live.fanout.publish(  # One that is in no log, and far ahead.
                Publication(
                    session=SESSION,
                    records=(msgspec.structs.replace(first, header=far),),
                    events=(decode_event(first.body),),  # type: ignore[arg-type]
                )
            )
            await hall.clock.sleep(BACKOFF.first_ms + 1_000)
            assert isinstance(await write(live, 2), Receipt)
            await hall.clock.sleep(100)
            assert lines(seen(reading).view) == ["Line 1.", "Line 2."]
            assert live.fanout.position.offset == live.writer.offset
            assert live.begun_again == 1
            await hall.clock.sleep(STEADY_MS)
            assert live.begun_again == 0

    loop.run(story())
    assert "session s: it failed and restarts: RecordBroken" in caplog.text


def test_what_was_stored_and_not_handed_on_is_told_to_whoever_listens() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, heard = await hall.session(), list[int]()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            reading = await follow(live)

            def fail(publication: Publication) -> None:
                end()
                live.writer.listen(lambda each: heard.extend(record.header.offset for record in each.records))
                raise KeyError("what was said")

            end = live.writer.listen(fail)
            await write(live, 1)
            await hall.clock.sleep(BACKOFF.first_ms + 1_000)
            await write(live, 2)
            await hall.clock.sleep(100)
            assert lines(seen(reading).view) == ["Line 1.", "Line 2."]
            assert heard[-1] == live.writer.offset

    loop.run(story())


def test_one_that_fails_again_and_again_stops_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        log = FailingLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            reading = await follow(live)
            for number in range(MOST_TIMES + 1):
                assert not live.stopped
                await log.acquire(SESSION, Epoch("x"))
                assert isinstance(await write(live, number), Refusal)
                await hall.clock.sleep(BACKOFF.wait_ms(number) + 100)
            assert live.stopped
            assert reading.aborted
            assert isinstance(await write(live, 9), Refusal)
            again = CreateSession(title="x", languages=("en",))
            answer = await other.writer.send(SYSTEM, CommandId("x"), again)
            assert isinstance(answer, Refusal)
            assert answer.code is RefusalCode.CONFLICT  # decided, and so alive

    loop.run(story())
    assert "session s: it failed too often and accepts nothing until it is loaded again" in caplog.text


def test_a_log_that_is_away_while_it_is_begun_again_is_waited_for() -> None:
    class Away(FailingLog):
        away = False

        async def acquire(
            self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True
        ) -> LogHead:
            self._refuse_when_full(self.away)
            return await super().acquire(session, epoch, term, new=new)

    async def story() -> None:
        log = Away()
        async with memory_hall(MemoryHall(log)) as hall:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            await log.acquire(SESSION, Epoch("x"))
            log.away = True
            await write(live, 1)
            await hall.clock.sleep(STEADY_MS)
            assert not live.stopped
            assert live.busy
            log.away = False
            await hall.clock.sleep(2_000)
            assert isinstance(await write(live, 1), Receipt)
            assert not live.busy

    loop.run(story())
