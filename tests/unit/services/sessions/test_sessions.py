from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.commands import CloseSession, CreateSession, OpenSession, ReopenSession, SealRecord
from moothall.core.events.types import SealVersion
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import LogHead
from moothall.core.removal.selection import SpokenSpan
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.reading.feed import Subscription
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import BROKEN_MS, LOOK_MS, UNUSED_MS, Sessions
from moothall.testing import loop
from moothall.testing.clock import SeededRandomness, SeededSigner
from moothall.testing.log_memory import FailingLog, MemoryLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import PULSE_MS, Format, Freshness
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall


def test_a_session_is_loaded_once_however_many_ask() -> None:
    async def story() -> None:
        log = FailingLog()
        async with memory_hall(MemoryHall(log)) as hall:
            await hall.session()
        async with memory_hall(MemoryHall(log)) as hall:
            assert hall.sessions.loaded(SESSION) is None
            first, second = await asyncio.gather(hall.sessions.find(SESSION), hall.sessions.find(SESSION))
            assert first is second
            assert first is not None
            assert first.state.title == "Open hall"
            assert hall.sessions.loaded(SESSION) is first
            assert await hall.sessions.names() == [SESSION]

    loop.run(story())


def test_readers_are_told_how_old_it_is_what_a_node_shows() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            age = 0
            hall.sessions.date_by(lambda: Freshness(age=age))
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            age = 4_321
            await hall.clock.sleep(PULSE_MS + 1)
            assert b'"age":4321' in outlet.sent

    loop.run(story())


def test_what_does_not_exist_is_not_found_and_not_made() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            assert await hall.sessions.find(SessionId("nothing")) is None
            assert await hall.sessions.find(SessionId("../etc")) is None
            assert await hall.sessions.names() == []

    loop.run(story())


def test_nothing_is_opened_before_it_runs() -> None:
    async def story() -> None:
        with pytest.raises(RuntimeError, match="while `run` is running"):
            await MemoryHall().sessions.open(SESSION)

    loop.run(story())


def test_a_session_that_another_server_took_over_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        log = FailingLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            await log.acquire(SESSION, Epoch("x"))
            again = CreateSession(title="x", languages=("en",))
            refused = await live.writer.send(SYSTEM, CommandId("x"), again)
            assert isinstance(refused, Refusal)
            assert isinstance(await other.writer.send(SYSTEM, CommandId("x"), again), Refusal)
            assert other.state.title == "Open hall"

    loop.run(story())


async def finished(hall: MemoryHall) -> LiveSession:
    """A session that is over."""
    live = await hall.session()
    assert isinstance(await live.writer.send(SYSTEM, CommandId("over"), [OpenSession(), CloseSession()]), Receipt)
    return live


def test_a_closed_session_that_nobody_needs_is_unloaded_and_loaded_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def story() -> None:
        async with memory_hall() as hall:
            live = await finished(hall)
            records = await hall.log.read(SESSION, 0, 100)
            assert hall.sessions.status_of(SESSION) is Status.CLOSED
            await hall.clock.sleep(UNUSED_MS + LOOK_MS)
            assert hall.sessions.loaded(SESSION) is None
            assert hall.sessions.status_of(SESSION) is Status.CLOSED
            assert hall.sessions.status_of(SessionId("other")) is None
            late = await live.writer.send(SYSTEM, CommandId("late"), CreateSession(title="x", languages=("en",)))
            assert isinstance(late, Refusal)
            assert late.code is RefusalCode.UNAVAILABLE
            again = await hall.sessions.find(SESSION)
            assert again is not None
            assert again is not live
            assert again.state == live.state
            assert await hall.log.read(SESSION, 0, 100) == records
            reopened = await again.writer.send(SYSTEM, CommandId("again"), ReopenSession())
            assert isinstance(reopened, Receipt)
            assert hall.sessions.status_of(SESSION) is Status.OPEN

    loop.run(story())
    assert [record.levelname for record in caplog.records if record.levelname != "INFO"] == []
    assert "session s: it is unloaded at offset" in caplog.text


def test_what_is_read_asked_for_changed_or_not_closed_stays() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, going_on = await finished(hall), await hall.session(SessionId("other"))
            assert isinstance(await going_on.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
            minutes = UNUSED_MS // LOOK_MS
            for _ in range(minutes + 2):  # Somebody asks for it now and then.
                await hall.clock.sleep(LOOK_MS)
                assert await hall.sessions.find(SESSION) is live
            outlet = MemoryOutlet()
            reading = await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            assert isinstance(reading, Subscription)
            await hall.clock.sleep(3 * UNUSED_MS)
            live.fanout.unsubscribe(reading)
            await hall.clock.sleep(UNUSED_MS // 2)
            assert isinstance(
                await live.writer.send(SYSTEM, CommandId("s"), SealRecord(version=SealVersion.RAW)), Receipt
            )
            await hall.clock.sleep(UNUSED_MS - LOOK_MS)
            assert hall.sessions.loaded(SESSION) is live
            await hall.clock.sleep(3 * LOOK_MS)
            assert hall.sessions.loaded(SESSION) is None
            assert not outlet.aborted
            assert hall.sessions.loaded(going_on.id) is going_on

    loop.run(story())


def test_who_asks_while_it_is_being_unloaded_gets_it_loaded_again() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await finished(hall)
            live.used = -UNUSED_MS

            async def ask() -> LiveSession | None:
                await hall.clock.sleep(LOOK_MS)
                # The server looks in the same moment, in either order, and tells nobody of it.
                while hall.sessions.loaded(SESSION) is live:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                return await hall.sessions.find(SESSION)

            first, *others = await asyncio.gather(ask(), ask(), ask())
            assert first is hall.sessions.loaded(SESSION)
            assert all(other is first for other in others)

    loop.run(story())


def test_an_observer_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            told: list[SessionId] = []

            def fail(*_: object) -> None:
                raise KeyError("what was said")

            hall.sessions.observe(fail)
            hall.sessions.observe(lambda live, _: told.append(live.id))
            live = await hall.session()
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
            assert told == [SESSION, SESSION]

    loop.run(story())
    assert "session s: an observer failed: KeyError" in caplog.text
    assert "what was said" not in caplog.text


class Damaged(FailingLog):
    """A log whose disk gives back other bytes from some time on."""

    damaged = False

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.damaged and session == SESSION:
            raise RecordBroken("Offset 4 can't be read.")
        return await super().read(session, after, limit, lanes)


def test_a_session_whose_log_is_damaged_refuses_alone_until_it_can_be_read_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        log = Damaged()
        async with memory_hall(MemoryHall(log)) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            log.damaged = True
            technician = Actor(Role.TECHNICIAN, "t")
            for _ in range(2):
                refused = await live.writer.remove(technician, CommandId("gone"), SpokenSpan(t0=0, t1=1_000))
                assert isinstance(refused, Refusal)
                assert refused.code is RefusalCode.UNAVAILABLE
            assert isinstance(await other.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
            log.damaged = False
            offset = live.writer.offset
            removed = await live.writer.remove(technician, CommandId("gone"), SpokenSpan(t0=0, t1=1_000))
            assert removed == Receipt(offset + 1, offset + 1)  # the first try had done it
            assert live.fanout.position.offset == live.writer.offset == offset + 1

    loop.run(story())
    assert "session s: 1 commands can't be stored (RecordBroken)" in caplog.text
    assert "Offset 4" not in caplog.text


def test_a_damaged_log_is_not_read_again_for_each_who_asks() -> None:
    class Counted(MemoryLog):
        reads = 0

        async def read(
            self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
        ) -> Sequence[LogRecord]:
            self.reads += 1
            raise RecordBroken("Offset 4 can't be read.")

    async def story() -> None:
        log = Counted()
        await log.acquire(SESSION, Epoch("e"))
        async with memory_hall(MemoryHall(log)) as hall:
            for tries in (1, 1, 2):
                with pytest.raises(RecordBroken, match="Offset 4"):
                    await hall.sessions.find(SESSION)
                assert log.reads == tries
                if tries == 1:
                    await hall.clock.sleep(BROKEN_MS // 2)

    loop.run(story())


def test_a_session_in_which_something_unforeseen_fails_is_begun_again(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(FailingLog):
        async def append(
            self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]
        ) -> None:
            if session == SESSION and self.full:
                raise KeyError("what was said")
            await super().append(session, term, expected_offset, events)

    async def story() -> None:
        log = Odd()
        async with memory_hall(MemoryHall(log)) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            log.full = True
            refused = await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNAVAILABLE
            log.full = False
            await hall.clock.sleep(2_000)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
            assert isinstance(await other.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)

    loop.run(story())
    assert "session s: it failed and restarts: KeyError" in caplog.text
    assert "what was said" not in caplog.text


def test_imported_sessions_leave_the_memory_and_come_back_whole_for_whoever_asks() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            names = [SessionId(f"s{number}") for number in range(230)]
            for name in names:
                await hall.session(name)
            assert len(hall.sessions.all_loaded) == 230
            held = hall.sessions.loaded(names[0])
            assert held is not None
            with held.held():  # A microphone is there.
                await hall.clock.sleep(UNUSED_MS + 2 * LOOK_MS)
                assert hall.sessions.all_loaded == (held,)
                assert hall.sessions.status_of(names[7]) is Status.CREATED
                back = await asyncio.gather(*(hall.sessions.find(names[7]) for _ in range(20)))
                assert len({id(each) for each in back}) == 1
                assert back[0] is not None
                outlet = MemoryOutlet()
                assert isinstance(await back[0].fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None), Subscription)
                assert b"Open hall" in outlet.sent
                assert isinstance(await back[0].writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
            await hall.clock.sleep(UNUSED_MS + 2 * LOOK_MS)
            assert hall.sessions.all_loaded == (back[0],)

    loop.run(story())


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["find", "write", "read", "look"])), max_size=30))
@settings(deadline=None, max_examples=60)
def test_however_loading_and_unloading_meet_there_is_one_writer_and_nothing_is_lost(
    steps: list[tuple[int, str]],
) -> None:
    """The unused time is so short that each look unloads what it can."""

    class Slow(FailingLog):
        """Lets others have their turns between a question and its answer."""

        async def acquire(
            self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True
        ) -> LogHead:
            await asyncio.sleep(0)
            return await super().acquire(session, epoch, term, new=new)

        async def head(self, session: SessionId) -> LogHead | None:
            await asyncio.sleep(0)
            return await super().head(session)

    async def story() -> None:
        hall = MemoryHall(Slow())
        hall.sessions = Sessions(
            log=hall.log, clock=hall.clock, randomness=SeededRandomness(), signer=SeededSigner(), unused_ms=1
        )
        async with memory_hall(hall):
            await hall.session()
            stored: set[str] = set()

            async def step(number: int, turns: int, what: str) -> None:
                for _ in range(turns):
                    await asyncio.sleep(0)
                if what == "look":
                    await hall.clock.sleep(LOOK_MS)
                    return
                live = await hall.sessions.find(SESSION)
                assert live is not None
                if what == "write":
                    title = do.DescribeSession(title=f"t{number}")
                    answer = await live.writer.send(SYSTEM, CommandId(f"c{number}"), title)
                    assert isinstance(answer, Receipt)
                    stored.add(f"c{number}")
                elif what == "read":
                    outlet = MemoryOutlet()
                    reading = await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
                    assert isinstance(reading, Subscription)
                    await hall.clock.sleep(LOOK_MS)
                    assert not outlet.aborted
                    live.fanout.unsubscribe(reading)

            await asyncio.gather(*(step(number, turns, what) for number, (turns, what) in enumerate(steps)))
            causes = {record.header.cause for record in await hall.log.read(SESSION, 0, 1_000)}
            assert stored <= causes
            again = await hall.sessions.find(SESSION)
            assert again is not None
            assert again.begun_again == 0  # nobody else has taken over its log

    loop.run(story())


def test_a_session_is_let_go_at_once_unless_somebody_uses_it() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), [OpenSession(), CloseSession()])
            with live.held():
                await hall.sessions.let_go(SESSION)
                assert hall.sessions.loaded(SESSION) is live
            await hall.sessions.let_go(SESSION)
            assert hall.sessions.loaded(SESSION) is None
            await hall.sessions.let_go(SESSION)

    loop.run(story())
