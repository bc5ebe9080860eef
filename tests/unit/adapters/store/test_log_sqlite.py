# ruff: noqa: ASYNC110, ASYNC240 (a test's loop has nobody else to wait for; files are looked at as a test goes on)
from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import open_to_read
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import (
    ConfigurationError,
    OffsetConflict,
    RecordBroken,
    StaleWriter,
    StorageUnavailable,
)
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, is_name
from support.files.found import found
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)


def ended(text: str) -> le.SegmentEnded:
    return le.SegmentEnded(
        channel=ChannelId("floor"), segment=SegmentId("s1"), t1=400, reason=le.EndReason.PAUSE, text=text
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(path)
    yield log
    await log.close()


async def test_what_was_stored_is_there_when_the_file_is_opened_again(path: Path) -> None:
    recorder = Recorder()
    records = [recorder.record(PAUSED), recorder.record(ended("Welcome."))]
    log = await SqliteLog.open(path)
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, records)
    await log.close()
    again = await SqliteLog.open(path)
    assert list(await again.read(SESSION, 0, 10)) == records
    head = await again.acquire(SESSION, EPOCH)
    assert (head.term, head.offset, head.lanes) == (2, 2, recorder.heads)
    await again.close()


async def test_text_that_is_none_and_bytes_that_are_none_are_damage_and_hide_no_other_session(path: Path) -> None:
    log = await SqliteLog.open(path)
    for number, name in enumerate((SESSION, SessionId("other"), SessionId("third")), 1):
        recorder = Recorder(name)
        await log.acquire(name, EPOCH)
        await log.append(name, 1, 0, [recorder.record(PAUSED)])
        assert number
    await log.close()
    damaged = sqlite3.connect(path, isolation_level=None)
    damaged.execute("UPDATE record SET cause = CAST(x'66ff' AS TEXT) WHERE session = 1")
    damaged.execute("UPDATE session SET id = CAST(x'66ff' AS TEXT) WHERE number = 3")
    damaged.close()
    log = await SqliteLog.open(path)
    with pytest.raises(RecordBroken, match="damaged"):
        await log.read(SESSION, 0, 10)
    assert len(await log.read(SessionId("other"), 0, 10)) == 1
    assert [is_name(name) for name in await log.sessions()] == [False, True, True]
    await log.close()


async def test_a_log_that_lost_its_end_is_known_for_one_and_only_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    log = await SqliteLog.open(path)
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(PAUSED) for _ in range(3)])
    await log.remove(SESSION, 1, 3, [1], [recorder.record(PAUSED)])
    assert (await log.acquire(SESSION, EPOCH)).lost == 0
    await log.close()
    damaged = sqlite3.connect(path, isolation_level=None)
    damaged.execute("DELETE FROM record WHERE offset > 2")
    damaged.close()
    log = await SqliteLog.open(path)
    head = await log.acquire(SESSION, EPOCH)
    assert (head.offset, head.lost) == (2, 1)
    assert "the log lacks acknowledged events 3 to 4" in caplog.text
    assert (await log.acquire(SESSION, EPOCH)).lost == 1
    again = Recorder()
    again.go_on(head)
    await log.append(SESSION, 4, 2, [again.record(PAUSED)])
    head = await log.acquire(SESSION, EPOCH)
    assert (head.offset, head.lost) == (3, 1)
    await log.close()


async def test_a_closed_log_is_two_files_that_only_their_owner_reads(path: Path) -> None:
    log = await SqliteLog.open(path)
    await log.acquire(SESSION, EPOCH)
    await log.close()
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["log.acknowledged", "log.sqlite"]
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}


async def test_folders_are_made(tmp_path: Path) -> None:
    log = await SqliteLog.open(tmp_path / "a" / "b" / "log.sqlite")
    assert list(await log.sessions()) == []
    await log.close()


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"The minutes of the meeting. " * 100)
    with pytest.raises(ConfigurationError, match="no database at all"):
        await SqliteLog.open(path)
    assert path.read_bytes() == b"The minutes of the meeting. " * 100


def test_what_sqlite_cannot_open_is_refused_with_a_sentence(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"The log .* can't be opened: unable to open database file\.$"):
        open_to_read(path)


async def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmark (url TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="another program's database"):
        await SqliteLog.open(path)
    assert path.read_bytes() == before


async def test_a_newer_releases_database_is_refused_and_left_alone(path: Path) -> None:
    await (await SqliteLog.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"newer release \(schema 2; this one knows 1\)"):
        await SqliteLog.open(path)
    assert path.read_bytes() == before


async def test_a_folder_in_the_files_place_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigurationError, match="can't be opened for writing: Is a directory"):
        await SqliteLog.open(path)


async def test_a_file_in_the_folders_place_is_refused(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(ConfigurationError, match="can't be opened for writing"):
        await SqliteLog.open(path / "log.sqlite")


async def test_another_process_that_holds_the_file_makes_it_unavailable_for_a_while(path: Path) -> None:
    log = await SqliteLog.open(path, busy_s=0.0)
    await log.acquire(SESSION, EPOCH)
    record = Recorder().record(PAUSED)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="Another process holds the log"):
        await log.append(SESSION, 1, 0, [record])
    other.execute("ROLLBACK")
    other.close()
    await log.append(SESSION, 1, 0, [record])
    assert list(await log.read(SESSION, 0, 10)) == [record]
    await log.close()


async def test_a_second_process_fences_the_first(path: Path, log: SqliteLog) -> None:
    await log.acquire(SESSION, EPOCH)
    second = await SqliteLog.open(path)
    await second.acquire(SESSION, EPOCH)
    record = Recorder().record(PAUSED)
    with pytest.raises(StaleWriter):
        await log.append(SESSION, 1, 0, [record])
    await second.append(SESSION, 2, 0, [record])
    assert list(await log.read(SESSION, 0, 10)) == [record]
    await second.close()


async def test_a_cancelled_append_disturbs_nobody(path: Path) -> None:
    log = await SqliteLog.open(path, busy_s=30.0)
    await log.acquire(SESSION, EPOCH)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    recorder = Recorder()
    first, second = recorder.record(PAUSED), recorder.record(PAUSED)
    cancelled = asyncio.ensure_future(log.append(SESSION, 1, 0, [first]))
    following = asyncio.ensure_future(log.append(SESSION, 1, 1, [second]))
    await asyncio.sleep(0)  # Both have begun.
    cancelled.cancel()
    other.execute("ROLLBACK")
    other.close()
    await following
    assert list(await log.read(SESSION, 0, 10)) == [first, second]
    await log.close()


async def test_closing_stores_what_waits_first(path: Path) -> None:
    log = await SqliteLog.open(path)
    await log.acquire(SESSION, EPOCH)
    recorder = Recorder()
    appends = [
        asyncio.ensure_future(log.append(SESSION, 1, offset, [recorder.record(PAUSED)])) for offset in range(300)
    ]
    await asyncio.sleep(0)  # All have begun.
    await log.close()
    await asyncio.gather(*appends)
    again = await SqliteLog.open(path)
    assert len(await again.read(SESSION, 0, 1000)) == 300
    await again.close()


PRIVATE = "the witness lives in Ashdown Lane"


async def told(log: SqliteLog, recorder: Recorder) -> None:
    """Two lines, the first of them private."""
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(ended(PRIVATE)), recorder.record(ended("Thank you."))])


async def untold(log: SqliteLog, recorder: Recorder) -> None:
    said = recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await log.remove(SESSION, 1, said.header.offset - 1, [1], [said])


async def test_a_removed_text_is_nowhere_in_the_files_once_the_removal_returns(path: Path) -> None:
    log = await SqliteLog.open(path, idle_s=60)  # never idle
    recorder = Recorder()
    await told(log, recorder)
    assert found(path.parent, PRIVATE)
    await untold(log, recorder)
    assert not found(path.parent, PRIVATE)
    assert [record.body is None for record in await log.read(SESSION, 0, 10)] == [True, False, False]
    await log.close()
    assert not found(path.parent, PRIVATE)


@pytest.mark.parametrize("idle", [True, False])
async def test_a_reader_in_the_way_of_a_removal_only_delays_it(path: Path, idle: bool) -> None:
    log = await SqliteLog.open(path, idle_s=0.001 if idle else 60)
    recorder = Recorder()
    await told(log, recorder)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM record").fetchone() == (2,)
    await untold(log, recorder)
    await log.append(SESSION, 1, 3, [recorder.record(PAUSED)])
    assert found(path.parent, PRIVATE)  # The other one may still read it.
    other.execute("ROLLBACK")
    other.close()
    if not idle:  # On a log that is never idle the next append sees to it.
        await log.append(SESSION, 1, 4, [recorder.record(PAUSED)])
        assert not found(path.parent, PRIVATE)
    while found(path.parent, PRIVATE):  # The writer's thread sees to it, and tells nobody.
        await asyncio.sleep(0)
    await log.close()


async def test_killed_before_the_files_are_clean_they_are_clean_as_soon_as_somebody_writes_again(
    path: Path, tmp_path: Path
) -> None:
    log = await SqliteLog.open(path, idle_s=60)
    recorder = Recorder()
    await told(log, recorder)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM record").fetchone()
    await untold(log, recorder)
    left = tmp_path / "left"
    left.mkdir()
    for name in (path.name, path.name + "-wal"):
        (left / name).write_bytes(path.with_name(name).read_bytes())
    other.close()
    await log.close()
    assert found(left, PRIVATE)
    again = await SqliteLog.open(left / path.name, idle_s=60)
    await again.acquire(SESSION, EPOCH)
    assert not found(left, PRIVATE)
    assert [record.body is None for record in await again.read(SESSION, 0, 10)] == [True, False, False]
    await again.close()


async def test_no_copy_of_a_removed_text_stays_in_the_pages_whatever_is_written_and_removed_around_it(
    path: Path,
) -> None:
    chance = random.Random(7)  # noqa: S311 (the same story each time)
    log = await SqliteLog.open(path, idle_s=60)
    await log.acquire(SESSION, EPOCH)
    recorder = Recorder()
    stands: list[int] = []
    for _ in range(30):
        before = recorder.offset
        sizes = [chance.choice([1, 5, 40, 300, 900]) for _ in range(chance.randint(1, 5))]
        await log.append(
            SESSION,
            1,
            before,
            [recorder.record(ended(f"<{before + 1 + n:05}>" * size)) for n, size in enumerate(sizes)],
        )
        stands += range(before + 1, recorder.offset + 1)
        gone = sorted(chance.sample(stands, min(len(stands), chance.randint(0, 4))))
        said = recorder.record(ev.BodyRemoved(offsets=tuple(gone), reason="request", by="staff-1"))
        await log.remove(SESSION, 1, said.header.offset - 1, gone, [said])
        stands = [offset for offset in stands if offset not in gone]
        assert [offset for offset in gone if found(path.parent, f"<{offset:05}>")] == []
    assert all(found(path.parent, f"<{offset:05}>") for offset in stands)
    await log.close()


async def test_the_wal_is_copied_when_idle_and_a_reader_in_the_way_only_delays_it(path: Path) -> None:
    log = await SqliteLog.open(path, idle_s=0.001)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM record").fetchone() == (0,)
    await log.acquire(SESSION, EPOCH)
    recorder = Recorder()
    await log.append(SESSION, 1, 0, [recorder.record(ended("Thank you."))])
    await log.append(SESSION, 1, 1, [recorder.record(PAUSED)])
    assert other.execute("SELECT count(*) FROM record").fetchone() == (0,)
    other.execute("ROLLBACK")
    other.close()
    while b"Thank you." not in path.read_bytes():  # The same.
        await asyncio.sleep(0)
    await log.close()


async def test_a_row_that_its_header_does_not_name_is_broken(path: Path, log: SqliteLog) -> None:
    await log.acquire(SESSION, EPOCH)
    recorder = Recorder()
    records = [recorder.record(PAUSED, cause=f"{n}:here") for n in range(3)]
    await log.append(SESSION, 1, 0, records)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("UPDATE record SET lane = 'staff' WHERE offset = 1")
    other.execute("UPDATE record SET header = x'7b7b' WHERE offset = 2")
    other.close()
    assert list(await log.caused(":here")) == records[2:]
    with pytest.raises(RecordBroken, match="Event 1 of session plenary is stored under a place"):
        await log.read(SESSION, 0, 1)
    with pytest.raises(RecordBroken, match="The header of event 2 of session plenary can't be read"):
        await log.read(SESSION, 1, 1)


async def test_a_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    recorder = Recorder()
    log = await SqliteLog.open(path)
    await log.acquire(SESSION, EPOCH)
    for offset in range(200):
        await log.append(SESSION, 1, offset, [recorder.record(ended("Thank you. " * 20))])
    await log.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(path.stat().st_size - 8192))
    again = await SqliteLog.open(path)
    with pytest.raises(RecordBroken, match="damaged"):
        await again.read(SESSION, 0, 1000)
    with pytest.raises(RecordBroken, match="damaged"):
        await again.append(SESSION, 1, 200, [recorder.record(PAUSED)])
    await again.close()


async def test_a_conflict_leaves_the_log_usable(log: SqliteLog) -> None:
    await log.acquire(SESSION, EPOCH)
    recorder = Recorder()
    record = recorder.record(PAUSED)
    await log.append(SESSION, 1, 0, [record])
    with pytest.raises(OffsetConflict):
        await log.append(SESSION, 1, 0, [record])
    await log.append(SESSION, 1, 1, [recorder.record(PAUSED)])
    assert len(await log.read(SESSION, 0, 10)) == 2


async def test_a_forgotten_rehearsal_is_nowhere_in_the_files(path: Path) -> None:
    log = await SqliteLog.open(path, idle_s=60)
    recorder = Recorder()
    await told(log, recorder)
    assert found(path.parent, PRIVATE)
    assert found(path.parent, SESSION)
    await log.forget(SESSION)
    assert not found(path.parent, PRIVATE)
    await log.close()
    assert not found(path.parent, SESSION)
