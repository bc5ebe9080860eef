"""Logs on a Redis or Valkey that is killed, emptied, frozen, full or somebody else's: every log stores what it
acknowledged, and acknowledges only what it stored.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.core.chain import LogRecord
from moothall.core.cluster.removals import NOTHING, Applied
from moothall.core.events import types as ev
from moothall.core.kernel.errors import (
    DuplicateCause,
    LogMissing,
    LogTrimmed,
    OffsetConflict,
    OutcomeUnknown,
    StaleWriter,
    StorageError,
    StorageUnavailable,
)
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from support.cluster.answers import answers_of
from support.cluster.process import PROGRAMS, Opened, RedisProcess, RedisProcesses, running
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)
REMOVED = ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1")
SHORT_S = 0.3
"""For answers that don't come."""


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> RedisProcess:
    return redis_processes.empty(request.param)


@pytest.fixture
def log(process: RedisProcess, opened: Opened) -> RedisLog:
    return opened.log(process.reached())


@pytest.fixture
def other(process: RedisProcess, opened: Opened) -> RedisLog:
    return opened.log(process.reached(), "node-b")


def made(n: int) -> list[LogRecord]:
    recorder = Recorder()
    return [recorder.record(PAUSED) for _ in range(n)]


def behind(offset: int) -> Recorder:
    """It makes the events that follow."""
    recorder = Recorder()
    recorder.offset = offset
    return recorder


async def held(log: RedisLog, n: int = 2) -> list[LogRecord]:
    """The session's log with `n` events, held by term 1."""
    await log.acquire(SESSION, EPOCH)
    records = made(n)
    await log.append(SESSION, 1, 0, records)
    return records


async def test_a_stale_owner_is_refused_before_its_successor_has_written_anything(
    log: RedisLog, other: RedisLog
) -> None:
    records = await held(log, 2)
    late = made(3)[2:]
    head = await other.acquire(SESSION, EPOCH, 10)
    assert (head.term, head.offset) == (10, 2)
    with pytest.raises(StaleWriter, match="its term is 10, not 1"):
        await log.append(SESSION, 1, 2, late)
    with pytest.raises(StaleWriter):
        await log.append(SESSION, 10, 2, late)  # the right term, in the wrong hands
    with pytest.raises(StaleWriter):
        await log.remove(SESSION, 1, 2, [1], late)
    with pytest.raises(StaleWriter):
        await log.trim(SESSION, 1, 2, 1)
    for term in (None, 1, 10):
        with pytest.raises(StaleWriter, match="its term is 10"):
            await log.forget(SESSION, term)
    assert list(await other.read(SESSION, 0, 9)) == records


async def test_a_stale_owner_takes_nothing_back_without_a_higher_term(log: RedisLog, other: RedisLog) -> None:
    await held(log)
    await other.acquire(SESSION, EPOCH, 10)
    with pytest.raises(StaleWriter, match="held by another node with term 10"):
        await log.acquire(SESSION, EPOCH)
    for term in (1, 10):
        with pytest.raises(StaleWriter, match="its term is 10"):
            await log.acquire(SESSION, EPOCH, term)
    assert (await log.acquire(SESSION, EPOCH, 11)).term == 11
    with pytest.raises(StaleWriter):
        await other.acquire(SESSION, EPOCH)


async def test_after_everything_was_flushed_nothing_is_stored_and_no_session_is_new(
    process: RedisProcess, log: RedisLog
) -> None:
    records = await held(log, 3)
    process.ask("FLUSHALL")
    late = made(4)[3:]
    with pytest.raises(LogMissing, match="filled again"):
        await log.append(SESSION, 1, 3, late)
    with pytest.raises(LogMissing):
        await log.trim(SESSION, 1, 3, 1)
    with pytest.raises(LogMissing):
        await log.forget(SESSION, 1)
    with pytest.raises(LogMissing, match="isn't a new one"):
        await log.acquire(SESSION, EPOCH, new=False)
    with pytest.raises(LogMissing):
        await log.remove(SESSION, 1, 3, [1], late)
    assert process.ask("KEYS", "moothall:{*") == []
    # Whoever has a copy fills it again, with the log's own epoch and a term above.
    await log.acquire(SESSION, EPOCH, 2)
    await log.append(SESSION, 2, 0, records)
    await log.append(SESSION, 2, 3, late)
    assert list(await log.read(SESSION, 0, 9)) == [*records, *late]


@pytest.mark.parametrize("part", ["head", "log", "bodies", "causes"])
async def test_a_log_that_lacks_a_part_is_missing(process: RedisProcess, log: RedisLog, part: str) -> None:
    await held(log, 2)
    assert process.ask("DEL", f"moothall:{{{SESSION}}}:{part}") == 1
    with pytest.raises(LogMissing):
        await log.append(SESSION, 1, 2, made(3)[2:])
    with pytest.raises(LogMissing):
        await log.trim(SESSION, 1, 2, 1)
    if part in ("log", "head"):
        with pytest.raises(LogMissing):
            await log.acquire(SESSION, EPOCH)
    if part in ("log", "bodies"):
        with pytest.raises(LogMissing):
            await log.read(SESSION, 0, 9)
    left = {b"head", b"log", b"bodies", b"causes"} - {part.encode()}
    assert {key.rpartition(b":")[2] for key in process.ask("KEYS", "moothall:{*")} == left


async def test_an_event_that_is_missing_in_the_middle_is_seen(process: RedisProcess, log: RedisLog) -> None:
    await held(log, 5)
    process.ask("XDEL", f"moothall:{{{SESSION}}}:log", "3-0")
    assert len(await log.read(SESSION, 0, 2)) == 2
    for lanes in (None, frozenset({SESSION_LANE})):
        with pytest.raises(LogMissing):
            await log.read(SESSION, 1, 9, lanes)
    late = behind(5).record(PAUSED)
    for act in (
        log.append(SESSION, 1, 5, [late]),
        log.remove(SESSION, 1, 5, [1], [late]),
        log.trim(SESSION, 1, 5, 2),
    ):
        with pytest.raises(LogMissing):
            await act
    head = await log.head(SESSION)
    assert head is not None
    assert head.offset == 5


@pytest.mark.parametrize("lost", [("XTRIM", "MAXLEN", "=", "2"), ("XDEL", "5-0")])
async def test_a_stream_that_ends_elsewhere_than_its_head_says_is_seen_before_anything_is_written(
    process: RedisProcess, log: RedisLog, lost: tuple[str, ...]
) -> None:
    await held(log, 5)
    name, *rest = lost
    process.ask(name, f"moothall:{{{SESSION}}}:log", *rest)
    with pytest.raises(LogMissing):
        await log.append(SESSION, 1, 5, [behind(5).record(PAUSED)])


async def test_what_was_killed_before_it_was_carried_out_is_not_there(tmp_path: Path, opened: Opened) -> None:
    for program in PROGRAMS:
        with running(program, tmp_path) as process:
            async with answers_of(process.port) as proxy:
                log = opened.log(proxy.reached())
                await held(log, 1)
                process.freeze()
                proxy.asked.clear()
                append = asyncio.ensure_future(log.append(SESSION, 1, 1, made(2)[1:]))
                await proxy.asked.wait()
                process.kill()
                with pytest.raises(OutcomeUnknown, match="may have stored"):
                    await append
                with pytest.raises(StorageUnavailable):
                    await log.head(SESSION)
                process.start()
                head = await log.acquire(SESSION, EPOCH, new=False)
                assert (head.term, head.offset) == (2, 1)
                await log.append(SESSION, 2, 1, made(2)[1:])


async def test_what_was_carried_out_before_the_kill_is_found_by_the_head(tmp_path: Path, opened: Opened) -> None:
    for program in PROGRAMS:
        with running(program, tmp_path) as process:
            async with answers_of(process.port) as proxy:
                log = opened.log(proxy.reached())
                records = await held(log, 1)
                proxy.kept_back = True
                proxy.answered.clear()
                late = made(2)[1:]
                append = asyncio.ensure_future(log.append(SESSION, 1, 1, late))
                await proxy.answered.wait()
                process.kill()
                with pytest.raises(OutcomeUnknown):
                    await append
                proxy.kept_back = False
                process.start()
                head = await log.head(SESSION)
                assert head is not None
                assert head.offset == 2
                await log.acquire(SESSION, EPOCH, new=False)
                again = behind(2).record(PAUSED, cause="command-2")
                with pytest.raises(DuplicateCause):
                    await log.append(SESSION, 2, 2, [again])
                assert list(await log.read(SESSION, 0, 9)) == [*records, *late]


async def test_an_answer_that_takes_too_long_leaves_the_outcome_unknown_until_the_log_is_acquired(
    process: RedisProcess, other: RedisLog, opened: Opened
) -> None:
    log = opened.log(process.reached(answer_s=SHORT_S))
    records = await held(log, 2)
    late = made(3)[2:]
    process.freeze()
    try:
        with pytest.raises(OutcomeUnknown, match="took too long"):
            await log.append(SESSION, 1, 2, late)
    finally:
        process.thaw()
    # It stands in the server's ears, and may be carried out before or after what comes now; before, or never.
    head = await opened.log(process.reached()).acquire(SESSION, EPOCH)
    assert head.offset in (2, 3)
    assert list(await other.read(SESSION, 0, 9)) == (records + late)[: head.offset]
    with pytest.raises(StaleWriter):
        await log.append(SESSION, 1, 2, late)
    assert (await other.head(SESSION)) == head


async def test_an_append_that_waits_for_a_paused_server_is_unknown_and_others_are_refused_unsent(
    process: RedisProcess, log: RedisLog, opened: Opened
) -> None:
    slow = opened.log(process.reached(answer_s=SHORT_S))
    await held(log, 1)
    process.ask("CLIENT", "PAUSE", 60_000, "WRITE")
    try:
        with pytest.raises(OutcomeUnknown):
            await slow.append(SESSION, 1, 1, made(2)[1:])
        assert len(await slow.read(SESSION, 0, 9)) == 1  # reads go on
    finally:
        process.ask("CLIENT", "UNPAUSE")
    head = await log.acquire(SESSION, EPOCH)
    assert len(await log.read(SESSION, 0, 9)) == head.offset


async def test_a_connection_that_is_killed_while_it_waits_leaves_the_outcome_unknown(
    process: RedisProcess, log: RedisLog, opened: Opened
) -> None:
    async with answers_of(process.port) as proxy:
        through = opened.log(proxy.reached())
        await held(through, 1)
        process.ask("CLIENT", "PAUSE", 60_000, "WRITE")
        try:
            proxy.asked.clear()
            append = asyncio.ensure_future(through.append(SESSION, 1, 1, made(2)[1:]))
            await proxy.asked.wait()
            process.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            with pytest.raises(OutcomeUnknown):
                await append
        finally:
            process.ask("CLIENT", "UNPAUSE")
        head = await log.acquire(SESSION, EPOCH)
        assert head.offset in (1, 2)
        await through.append(SESSION, head.term, head.offset, made(head.offset + 1)[head.offset :])


async def test_connections_that_are_killed_while_nobody_uses_them_cost_nothing(
    process: RedisProcess, log: RedisLog, other: RedisLog
) -> None:
    await held(log, 1)
    process.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await other.sessions()
    await log.append(SESSION, 1, 1, made(2)[1:])
    assert len(await log.read(SESSION, 0, 9)) == 2


async def test_a_server_that_forgot_its_scripts_gets_them_again(process: RedisProcess, log: RedisLog) -> None:
    await held(log, 1)
    process.ask("SCRIPT", "FLUSH")
    await log.append(SESSION, 1, 1, made(2)[1:])
    assert len(await log.read(SESSION, 0, 9)) == 2


async def test_without_memory_appends_are_refused_whole_and_what_gives_memory_free_is_done(
    process: RedisProcess, log: RedisLog, other: RedisLog
) -> None:
    records = await held(log, 3)
    process.ask("CONFIG", "SET", "maxmemory", 1)
    try:
        with pytest.raises(StorageUnavailable, match="no memory left") as refused:
            await log.append(SESSION, 1, 3, made(5)[3:])
        assert not isinstance(refused.value, OutcomeUnknown)
        assert list(await log.read(SESSION, 0, 9)) == records
        await log.remove(SESSION, 1, 3, [1], [behind(3).record(REMOVED)])
        await log.trim(SESSION, 1, 4, 2)
        assert (await other.acquire(SESSION, EPOCH, 4)).offset == 4
        await other.forget(SESSION)
        assert await log.head(SESSION) is None
    finally:
        process.ask("CONFIG", "SET", "maxmemory", 0)


async def test_a_replica_takes_no_writes_and_can_be_read(process: RedisProcess, log: RedisLog) -> None:
    records = await held(log, 2)
    process.ask("REPLICAOF", "127.0.0.1", "1")
    try:
        for act in (log.append(SESSION, 1, 2, made(3)[2:]), log.acquire(SESSION, EPOCH)):
            with pytest.raises(StorageUnavailable, match="is a replica") as refused:
                await act
            assert not isinstance(refused.value, OutcomeUnknown)
        assert list(await log.read(SESSION, 0, 9)) == records
        process.ask("CONFIG", "SET", "replica-serve-stale-data", "no")
        with pytest.raises(StorageUnavailable, match="lost its primary"):
            await log.read(SESSION, 0, 9)
    finally:
        process.ask("CONFIG", "SET", "replica-serve-stale-data", "yes")
        process.ask("REPLICAOF", "NO", "ONE")


async def test_a_server_that_comes_back_with_an_older_end_refuses_to_go_on_behind_it(
    tmp_path: Path, opened: Opened
) -> None:
    for program in PROGRAMS:
        with running(program, tmp_path) as process:
            log = opened.log(process.reached())
            await held(log, 2)
            shutil.copytree(process.folder, tmp_path / f"{program}-before")
            await log.append(SESSION, 1, 2, made(4)[2:])
            process.kill()
            shutil.rmtree(process.folder)
            (tmp_path / f"{program}-before").rename(process.folder)
            process.start()
            log = opened.log(process.reached())
            with pytest.raises(OffsetConflict, match="ends at 2, not at 4"):
                await log.append(SESSION, 1, 4, made(5)[4:])
            head = await log.head(SESSION)
            assert head is not None
            assert (head.term, head.offset) == (1, 2)
            await log.append(SESSION, 1, 2, made(4)[2:])  # as the keeper fills it again
            assert len(await log.read(SESSION, 0, 9)) == 4


async def test_changes_are_counted_anew_behind_an_older_file_and_after_everything_was_flushed(
    tmp_path: Path, opened: Opened
) -> None:
    for program in PROGRAMS:
        with running(program, tmp_path) as process:
            log = opened.log(process.reached())
            await held(log, 2)
            for n in range(4):
                await log.acquire(SessionId(f"s{n}"), EPOCH)
            before = await log.changed(0)
            assert (await log.changed(before.upto, before.count)).heads == {}
            shutil.copytree(process.folder, tmp_path / f"{program}-before")
            await log.append(SESSION, 1, 2, made(3)[2:])
            upto = (await log.changed(before.upto, before.count)).upto
            process.kill()
            shutil.rmtree(process.folder)
            (tmp_path / f"{program}-before").rename(process.folder)
            process.start()
            log = opened.log(process.reached())
            await log.append(SESSION, 1, 2, made(3)[2:])
            for n in range(4):
                await log.acquire(SessionId(f"s{n}"), EPOCH)
            assert SESSION not in (await log.changed(upto)).heads
            behind_it = await log.changed(upto, before.count)
            assert len(behind_it.heads) == 5
            process.ask("FLUSHALL")
            flushed = await log.changed(behind_it.upto, behind_it.count)
            assert (flushed.heads, flushed.upto) == ({}, 0)
            for n in range(behind_it.upto):
                await log.acquire(SessionId(f"t{n}"), EPOCH)
            assert len((await log.changed(behind_it.upto, behind_it.count)).heads) == behind_it.upto


async def test_of_two_that_race_each_offset_is_stored_once_and_in_order(
    process: RedisProcess, log: RedisLog, opened: Opened
) -> None:
    twin = opened.log(process.reached(connections=4))
    await log.acquire(SESSION, EPOCH)
    stored: list[int] = []

    async def race(by: RedisLog, name: str) -> None:
        offset, n = 0, 0
        while offset < 40:
            try:
                await by.append(SESSION, 1, offset, [behind(offset).record(PAUSED, cause=f"{name}-{n}")])
            except OffsetConflict as conflict:
                offset = int(str(conflict).split("ends at ")[1].split(",")[0])
            else:
                offset += 1
                n += 1
                stored.append(offset)

    async with asyncio.TaskGroup() as group:
        for each in range(8):
            group.create_task(race(log if each % 2 else twin, f"task-{each}"))
    assert sorted(stored) == list(range(1, len(stored) + 1))
    there = await log.read(SESSION, 0, 100)
    assert [record.header.offset for record in there] == sorted(stored)
    for each in range(8):
        causes = [str(record.header.cause) for record in there if record.header.cause.startswith(f"task-{each}-")]
        assert causes == [f"task-{each}-{n}" for n in range(len(causes))]


async def test_a_trimmed_log_says_so_and_goes_on(log: RedisLog) -> None:
    records = await held(log, 5)
    await log.trim(SESSION, 1, 5, 3)
    with pytest.raises(LogTrimmed, match="from event 4 on") as trimmed:
        await log.read(SESSION, 0, 9)
    assert trimmed.value.first == 4
    assert list(await log.read(SESSION, 3, 9)) == records[3:]
    await log.trim(SESSION, 1, 5, 2)  # it is gone already
    await log.trim(SESSION, 1, 5, 99)
    assert list(await log.read(SESSION, 5, 9)) == []
    with pytest.raises(LogTrimmed):
        await log.read(SESSION, 4, 9)
    again = behind(5).record(PAUSED, cause="command-1")
    with pytest.raises(DuplicateCause):
        await log.append(SESSION, 1, 5, [again])
    more = made(6)[5:]
    await log.append(SESSION, 1, 5, more)
    assert list(await log.read(SESSION, 5, 9)) == more
    assert [record.header.offset for record in await log.caused("mand-6")] == [6]
    assert list(await log.caused("mand-1")) == []


async def test_a_long_log_is_read_and_trimmed_in_steps(log: RedisLog) -> None:
    records = await held(log, 1_300)
    assert list(await log.read(SESSION, 0, 2_000)) == records
    assert list(await log.read(SESSION, 100, 1_100, frozenset({SESSION_LANE}))) == records[100:1_200]
    assert list(await log.read(SESSION, 0, 10, frozenset())) == []
    await log.trim(SESSION, 1, 1_300, 1_250)
    assert list(await log.read(SESSION, 1_250, 100)) == records[1_250:]


async def test_what_is_refused_names_where_and_holds_no_word(process: RedisProcess, log: RedisLog) -> None:
    process.ask("SET", f"moothall:{{{SESSION}}}:head", "a string")
    with pytest.raises(StorageError) as refused:
        await log.acquire(SESSION, EPOCH)
    assert str(SESSION) not in str(refused.value)
    assert f"127.0.0.1:{process.port}" in str(refused.value)


async def test_a_list_of_removals_that_takes_nothing_more_is_begun_anew(process: RedisProcess, log: RedisLog) -> None:
    """Somebody took something out of it: words go all the same, and every node looks from the first removal on."""
    await held(log)
    process.ask("XADD", "moothall:{removals}", "9-0", "x", "y")
    process.ask("XDEL", "moothall:{removals}", "9-0")
    assert list(await log.removals(NOTHING) or ()) == []
    removal = behind(2).record(REMOVED)
    await log.remove(SESSION, 1, 2, [1], [removal])
    (listed,) = await log.removals(NOTHING) or ()
    assert (listed.number, listed.digest) == (1, removal.digest.hex())
    assert await log.removals(Applied(1, "another")) is None


async def test_a_list_of_removals_that_cannot_be_read_is_as_one_that_is_away(
    process: RedisProcess, log: RedisLog
) -> None:
    process.ask("XADD", "moothall:{removals}", "9-0", "x", "y")
    with pytest.raises(StorageUnavailable, match="list of removals can't be read"):
        await log.removals(NOTHING)
