"""The contract of every EventLog. Promises of the log on disk alone are in
`tests/unit/adapters/store/test_log_sqlite.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import DuplicateCause, LogMissing, OffsetConflict, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import STAFF, Feed
from moothall.core.ports import EventLog
from moothall.testing.log_memory import MemoryLog
from support.cluster.process import PROGRAMS, RedisProcesses
from support.sessions.recorder import EPOCH, SESSION, Recorder

ENGINE = Actor(Role.ENGINE, "engine-1")
WORDS = le.WordsCommitted(
    channel=ChannelId("floor"), segment=SegmentId("s1"), first=0, words=(le.Word(" Welcome", 0, 400),)
)
ENDED = le.SegmentEnded(
    channel=ChannelId("floor"), segment=SegmentId("s1"), t1=400, reason=le.EndReason.PAUSE, text=" Welcome"
)
PAUSED = ev.SessionPaused(t=1)
REMOVED = ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1")


@pytest.fixture(params=["memory", "sqlite", *PROGRAMS])
async def log(
    request: pytest.FixtureRequest, tmp_path: Path, redis_processes: RedisProcesses
) -> AsyncIterator[EventLog]:
    log: EventLog
    if request.param in PROGRAMS:
        server = redis_processes.empty(request.param).reached()
        log = RedisLog(server, "node-a")
        yield log
        await server.close()
        return
    log = MemoryLog() if request.param == "memory" else await SqliteLog.open(tmp_path / "log.sqlite")
    yield log
    await log.close()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def filled(log: EventLog, recorder: Recorder, n: int) -> list[LogRecord]:
    """A log with `n` events in turn of the lanes session, w:floor and ch:floor, held by term 1."""
    await log.acquire(recorder.session, recorder.epoch)
    records = [recorder.record((PAUSED, WORDS, ENDED)[number % 3], ENGINE) for number in range(n)]
    await log.append(recorder.session, 1, 0, records)
    return records


async def test_a_new_log_takes_the_epoch_and_starts_at_nothing(log: EventLog) -> None:
    head = await log.acquire(SESSION, EPOCH)
    assert (head.epoch, head.term, head.offset, head.lanes) == (EPOCH, 1, 0, {})


async def test_taking_over_raises_the_term_and_keeps_the_epoch(log: EventLog, recorder: Recorder) -> None:
    await filled(log, recorder, 4)
    head = await log.acquire(SESSION, Epoch("other"))
    assert (head.epoch, head.term, head.offset) == (EPOCH, 2, 4)


async def test_a_log_is_taken_over_with_a_term_above_its_own_and_with_no_other(
    log: EventLog, recorder: Recorder
) -> None:
    await filled(log, recorder, 2)
    assert (await log.acquire(SESSION, EPOCH, 7)).term == 7
    for late in (1, 6, 7):
        with pytest.raises(StaleWriter, match=f"with term {late}: its term is 7"):
            await log.acquire(SESSION, EPOCH, late)
    with pytest.raises(StaleWriter):
        await log.append(SESSION, 1, 2, [recorder.record(PAUSED)])
    assert (await log.acquire(SESSION, EPOCH)).term == 8
    assert (await log.acquire(SessionId("other"), EPOCH, 40)).term == 40


async def test_a_log_that_is_not_there_is_made_only_where_it_may_be_new(log: EventLog, recorder: Recorder) -> None:
    with pytest.raises(LogMissing, match="isn't a new one"):
        await log.acquire(SESSION, EPOCH, new=False)
    assert await log.head(SESSION) is None
    await filled(log, recorder, 2)
    assert (await log.acquire(SESSION, EPOCH, new=False)).offset == 2


async def test_what_was_appended_comes_back_byte_for_byte(log: EventLog, recorder: Recorder) -> None:
    records = await filled(log, recorder, 5)
    assert list(await log.read(SESSION, 0, 100)) == records


async def test_appends_go_on_where_the_one_before_ended(log: EventLog, recorder: Recorder) -> None:
    first = await filled(log, recorder, 2)
    second = [recorder.record(WORDS, ENGINE), recorder.record(PAUSED)]
    await log.append(SESSION, 1, 2, second)
    assert [record.header.offset for record in await log.read(SESSION, 0, 100)] == [1, 2, 3, 4]
    assert list(await log.read(SESSION, 0, 100)) == first + second


async def test_an_append_of_nothing_is_checked_and_stores_nothing(log: EventLog, recorder: Recorder) -> None:
    await filled(log, recorder, 1)
    await log.append(SESSION, 1, 1, [])
    with pytest.raises(OffsetConflict):
        await log.append(SESSION, 1, 0, [])
    assert len(await log.read(SESSION, 0, 100)) == 1


async def test_a_writer_whose_log_was_taken_over_stores_nothing(log: EventLog, recorder: Recorder) -> None:
    records = await filled(log, recorder, 2)
    await log.acquire(SESSION, EPOCH)
    late = recorder.record(WORDS, ENGINE)
    with pytest.raises(StaleWriter, match="taken over"):
        await log.append(SESSION, 1, 2, [late])
    assert list(await log.read(SESSION, 0, 100)) == records
    await log.append(SESSION, 2, 2, [late])
    assert list(await log.read(SESSION, 0, 100)) == [*records, late]


async def test_nobody_appends_to_a_log_that_nobody_holds(log: EventLog, recorder: Recorder) -> None:
    with pytest.raises(LogMissing):
        await log.append(SESSION, 1, 0, [recorder.record(PAUSED)])
    assert await log.head(SESSION) is None


@pytest.mark.parametrize("expected", [0, 1, 3, 9])
async def test_an_append_elsewhere_than_at_the_head_stores_nothing(
    log: EventLog, recorder: Recorder, expected: int
) -> None:
    records = await filled(log, recorder, 2)
    recorder.offset = expected
    with pytest.raises(OffsetConflict, match=f"ends at 2, not at {expected}"):
        await log.append(SESSION, 1, expected, [recorder.record(WORDS, ENGINE)])
    assert list(await log.read(SESSION, 0, 100)) == records


async def test_events_that_do_not_follow_one_another_are_a_mistake(log: EventLog, recorder: Recorder) -> None:
    await log.acquire(SESSION, EPOCH)
    first, second = recorder.record(PAUSED), recorder.record(PAUSED)
    with pytest.raises(ValueError, match="can't be event 1"):
        await log.append(SESSION, 1, 0, [second, first])
    with pytest.raises(ValueError, match="can't be event 1 of other"):
        await log.append(SessionId("other"), 1, 0, [first])
    assert list(await log.read(SESSION, 0, 100)) == []


async def test_a_command_is_stored_once(log: EventLog, recorder: Recorder) -> None:
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(WORDS, ENGINE, cause="c-1")])
    before = list(await log.read(SESSION, 0, 100))
    with pytest.raises(DuplicateCause):
        await log.append(SESSION, 1, 1, [recorder.record(PAUSED), recorder.record(WORDS, ENGINE, cause="c-1")])
    assert list(await log.read(SESSION, 0, 100)) == before


async def test_a_command_stands_once_within_an_append_too(log: EventLog, recorder: Recorder) -> None:
    await log.acquire(SESSION, EPOCH)
    with pytest.raises(DuplicateCause):
        await log.append(SESSION, 1, 0, [recorder.record(PAUSED, cause="c-1"), recorder.record(PAUSED, cause="c-1")])
    assert list(await log.read(SESSION, 0, 100)) == []


async def test_one_command_may_have_several_events_and_each_session_its_own(log: EventLog, recorder: Recorder) -> None:
    other = Recorder(SessionId("other"))
    for each in (recorder, other):
        await log.acquire(each.session, EPOCH)
        await log.append(each.session, 1, 0, [each.record(WORDS, cause="c-1"), each.record(ENDED, cause="c-1", n=1)])
    assert len(await log.read(SESSION, 0, 100)) == len(await log.read(other.session, 0, 100)) == 2


async def test_reading_begins_after_a_position_and_stops_at_the_limit(log: EventLog, recorder: Recorder) -> None:
    records = await filled(log, recorder, 7)
    assert list(await log.read(SESSION, 2, 3)) == records[2:5]
    assert list(await log.read(SESSION, 5, 3)) == records[5:]
    assert list(await log.read(SESSION, 7, 3)) == []
    assert list(await log.read(SESSION, 99, 3)) == []
    assert list(await log.read(SESSION, 0, 0)) == []


async def test_reading_some_lanes_passes_over_the_others(log: EventLog, recorder: Recorder) -> None:
    records = await filled(log, recorder, 9)
    held = recorder.record(PAUSED, lane=STAFF)
    await log.append(SESSION, 1, 9, [held])
    lines = Feed(ChannelId("floor"), live=False).lanes
    wanted = [record for record in records if record.header.lane != "w:floor"]
    assert list(await log.read(SESSION, 0, 100, lines)) == wanted
    assert [record.header.offset for record in await log.read(SESSION, 1, 3, lines)] == [3, 4, 6]
    assert list(await log.read(SESSION, 0, 100, frozenset({STAFF}))) == [held]
    assert list(await log.read(SESSION, 0, 100, frozenset({Lane("ch:nobody")}))) == []
    assert list(await log.read(SESSION, 0, 100, frozenset())) == []


async def test_the_head_names_every_lane(log: EventLog, recorder: Recorder) -> None:
    await filled(log, recorder, 5)
    head = await log.head(SESSION)
    assert head is not None
    assert (head.epoch, head.term, head.offset, head.lanes) == (EPOCH, 1, 5, recorder.heads)
    assert set(head.lanes) == {"session", "w:floor", "ch:floor"}
    assert await log.acquire(SESSION, EPOCH) == msgspec.structs.replace(head, term=2)


async def test_an_unknown_session_has_no_head_and_no_events(log: EventLog) -> None:
    assert await log.head(SESSION) is None
    assert list(await log.read(SESSION, 0, 10)) == []
    assert list(await log.read(SESSION, 0, 10, frozenset({STAFF}))) == []


async def test_sessions_come_in_order_of_their_names(log: EventLog) -> None:
    assert list(await log.sessions()) == []
    for name in ("plenary", "hall-10", "hall-2", "a.1", "a-1", "a_1"):
        await log.acquire(SessionId(name), EPOCH)
    assert list(await log.sessions()) == ["a-1", "a.1", "a_1", "hall-10", "hall-2", "plenary"]


async def test_what_commands_caused_is_found_in_all_logs_by_how_their_ids_end(log: EventLog) -> None:
    found: list[LogRecord] = []
    for session in ("noon", "morning"):
        made = Recorder(session=SessionId(session))
        await log.acquire(made.session, made.epoch)
        events = [made.record(PAUSED, cause=cause) for cause in ("m:here", "m:away", "here", "x:HERE", "%:here")]
        await log.append(made.session, 1, 0, events)
        found = [events[0], events[4], *found]
    assert list(await log.caused(":here")) == found
    assert list(await log.caused(":back")) == []


async def test_removal_erases_body_and_salt_and_says_so(log: EventLog, recorder: Recorder) -> None:
    records = await filled(log, recorder, 4)
    said = recorder.record(REMOVED)
    await log.remove(SESSION, 1, 4, [2, 4], [said])
    gone = [msgspec.structs.replace(record, salt=None, body=None) for record in records]
    assert list(await log.read(SESSION, 0, 100)) == [records[0], gone[1], records[2], gone[3], said]


async def test_removal_passes_over_what_is_not_there(log: EventLog, recorder: Recorder) -> None:
    records = await filled(log, recorder, 2)
    first, second = recorder.record(REMOVED), recorder.record(REMOVED)
    await log.remove(SESSION, 1, 2, [1], [first])
    await log.remove(SESSION, 1, 3, [1, 0, -2, 4, 99], [second])
    gone = msgspec.structs.replace(records[0], salt=None, body=None)
    assert list(await log.read(SESSION, 0, 100)) == [gone, records[1], first, second]


async def test_a_removal_in_conflict_erases_nothing(log: EventLog, recorder: Recorder) -> None:
    await log.acquire(SESSION, EPOCH)
    records = [recorder.record(PAUSED, cause="c-1"), recorder.record(WORDS)]
    await log.append(SESSION, 1, 0, records)
    said = recorder.record(REMOVED, cause="c-1")
    with pytest.raises(DuplicateCause):
        await log.remove(SESSION, 1, 2, [1], [said])
    with pytest.raises(StaleWriter):
        await log.remove(SESSION, 7, 2, [1], [said])
    recorder.offset = 1
    with pytest.raises(OffsetConflict):
        await log.remove(SESSION, 1, 1, [1], [recorder.record(REMOVED)])
    assert list(await log.read(SESSION, 0, 100)) == records


async def test_many_writers_at_once_hurt_only_themselves(log: EventLog) -> None:
    recorders = [Recorder(SessionId(f"s-{number}")) for number in range(30)]
    for each in recorders:
        await log.acquire(each.session, EPOCH)

    async def write(number: int, each: Recorder) -> list[LogRecord]:
        stored: list[LogRecord] = []
        for offset in range(10):
            if number % 3 == 0:  # these also try what must fail, in the same breath as the others
                each_again = Recorder(each.session)
                each_again.offset = offset + 1
                with pytest.raises(OffsetConflict):
                    await log.append(each.session, 1, offset + 1, [each_again.record(PAUSED)])
            record = each.record(WORDS, ENGINE)
            await log.append(each.session, 1, offset, [record])
            stored.append(record)
        return stored

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(write(number, each)) for number, each in enumerate(recorders)]
    for each, task in zip(recorders, tasks, strict=True):
        assert list(await log.read(each.session, 0, 100)) == task.result()


async def test_two_writers_of_one_offset_get_one_yes(log: EventLog) -> None:
    await log.acquire(SESSION, EPOCH)
    results = await asyncio.gather(
        *(log.append(SESSION, 1, 0, [Recorder().record(PAUSED, cause=f"c-{number}")]) for number in range(10)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["OffsetConflict"] * 9
    assert len(await log.read(SESSION, 0, 100)) == 1


async def test_a_closed_log_is_unavailable(log: EventLog, recorder: Recorder) -> None:
    await filled(log, recorder, 1)
    late = recorder.record(REMOVED)
    await log.close()
    for act in (
        log.acquire(SESSION, EPOCH),
        log.append(SESSION, 1, 1, [late]),
        log.remove(SESSION, 1, 1, [1], [late]),
        log.read(SESSION, 0, 1),
        log.head(SESSION),
        log.sessions(),
    ):
        with pytest.raises(StorageUnavailable, match="closed"):
            await act
    await log.close()


async def test_a_forgotten_log_is_gone_whole_and_its_name_is_free(log: EventLog, recorder: Recorder) -> None:
    await filled(log, recorder, 4)
    other = Recorder(session=SessionId("other"))
    await filled(log, other, 3)
    await log.forget(SESSION)
    assert await log.head(SESSION) is None
    assert list(await log.read(SESSION, 0, 100)) == []
    assert list(await log.sessions()) == [SessionId("other")]
    assert len(await log.read(SessionId("other"), 0, 100)) == 3
    with pytest.raises(LogMissing):
        await log.append(SESSION, 1, 4, [recorder.record(PAUSED)])
    head = await log.acquire(SESSION, Epoch("fresh"))
    assert (head.epoch, head.term, head.offset) == (Epoch("fresh"), 1, 0)
    await log.forget(SessionId("nobody"))
