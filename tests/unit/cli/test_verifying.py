from __future__ import annotations

import asyncio
import io
import sqlite3
from pathlib import Path

import pytest

from moothall.adapters.log_sqlite import SqliteLog
from moothall.adapters.signing import FILE_NAME as KEY_NAME
from moothall.adapters.signing import Ed25519Signer
from moothall.adapters.sqlite_file import FILE_NAME
from moothall.cli.verifying import verify_command
from moothall.core import events as ev
from moothall.core.ids import SessionId
from recorder import EPOCH, Recorder

PAUSED = ev.SessionPaused(t=1)


async def written(data: Path, *names: str, removed: tuple[int, ...] = (), signed: bool = True) -> None:
    """Sessions of four events: three and a checkpoint, and one more for what was removed."""
    signer = Ed25519Signer.open(data / KEY_NAME)
    log = await SqliteLog.open(data / FILE_NAME)
    for name in names:
        recorder = Recorder(SessionId(name))
        await log.acquire(recorder.session, EPOCH)
        records = [recorder.record(PAUSED) for _ in range(3)]
        records.append(recorder.checkpoint(signer) if signed else recorder.record(PAUSED))
        await log.append(recorder.session, 1, 0, records)
        if removed:
            said = recorder.record(ev.BodyRemoved(offsets=removed, reason="request", by="staff-1"))
            await log.remove(recorder.session, 1, 4, removed, [said])
    await log.close()


def tampered(data: Path, statement: str) -> None:
    connection = sqlite3.connect(data / FILE_NAME, isolation_level=None)
    connection.execute(statement)
    connection.close()


def said(data: Path, session: str | None = None) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = verify_command(data, session, out)
    return code, out.getvalue().splitlines()


def contents(data: Path) -> dict[str, bytes]:
    """All files but the one that SQLite's readers share."""
    return {entry.name: entry.read_bytes() for entry in data.iterdir() if "shm" not in entry.name}


def test_untouched_sessions_are_intact(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", "hall-2"))
    assert said(tmp_path) == (
        0,
        ["hall-2: intact; 4 events, signed through event 4.", "plenary: intact; 4 events, signed through event 4."],
    )


def test_one_session_may_be_named(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", "hall-2"))
    assert said(tmp_path, "plenary") == (0, ["plenary: intact; 4 events, signed through event 4."])
    assert said(tmp_path, "gallery") == (2, ["There is no session 'gallery' in this log."])


def test_a_session_without_checkpoints_is_not_signed_yet(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", signed=False))
    assert said(tmp_path) == (0, ["plenary: intact; 4 events, none of it signed yet."])


def test_removed_texts_are_named_and_no_damage(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", removed=(1, 3)))
    assert said(tmp_path) == (
        0,
        ["plenary: intact but for 2 removed texts (at 1, 3); 5 events, signed through event 4."],
    )


def test_many_removed_texts_are_counted(tmp_path: Path) -> None:
    async def write() -> None:
        recorder = Recorder()
        log = await SqliteLog.open(tmp_path / FILE_NAME)
        await log.acquire(recorder.session, EPOCH)
        await log.append(recorder.session, 1, 0, [recorder.record(PAUSED) for _ in range(20)])
        offsets = tuple(range(1, 13))
        event = recorder.record(ev.BodyRemoved(offsets=offsets, reason="request", by="staff-1"))
        await log.remove(recorder.session, 1, 20, offsets, [event])
        await log.close()

    asyncio.run(write())
    code, lines = said(tmp_path)
    assert code == 0
    assert lines[0] == (
        "plenary: intact but for 12 removed texts (at 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more); 21 events."
    )


def test_a_changed_body_is_broken_at_its_event(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", "hall-2"))
    tampered(tmp_path, "UPDATE record SET body = x'7b7d' WHERE session = 1 AND offset = 2")
    assert said(tmp_path) == (
        1,
        [
            "hall-2: intact; 4 events, signed through event 4.",
            "plenary: broken at event 2. Its body is not the one that was written.",
        ],
    )
    tampered(tmp_path, "UPDATE record SET body = x'7b7d' WHERE session = 1 AND offset = 3")
    assert said(tmp_path, "plenary")[1] == [
        "plenary: broken at event 2. Its body is not the one that was written. Further damage: 1 finding."
    ]
    assert said(tmp_path, "hall-2")[0] == 0


def test_a_header_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    tampered(tmp_path, "UPDATE record SET header = x'00' WHERE offset = 2")
    assert said(tmp_path) == (1, ["plenary: broken. The header of event 2 of session plenary can't be read."])


def test_a_row_that_was_taken_out_is_broken_at_the_next(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    tampered(tmp_path, "DELETE FROM record WHERE offset = 2")
    code, (line,) = said(tmp_path)
    assert code == 1
    assert line.startswith("plenary: broken at event 3. It stands behind event 1: events are missing")


def test_another_key_than_the_one_that_signed_is_found(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    (tmp_path / KEY_NAME).unlink()
    Ed25519Signer.open(tmp_path / KEY_NAME)
    code, (line,) = said(tmp_path)
    assert code == 1
    assert line.startswith("plenary: broken at event 4. Its signature isn't one of key ")


def test_without_the_key_it_says_that_signatures_were_not_checked(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    (tmp_path / KEY_NAME).unlink()
    assert said(tmp_path) == (
        0,
        [
            "plenary: intact; 4 events.",
            "Signatures were not checked: there is no signing.key beside the log.",
        ],
    )
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [FILE_NAME]


def test_a_log_of_no_session_is_said_to_be_empty(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path))
    assert said(tmp_path) == (0, ["The log holds no session yet."])


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert said(tmp_path) == (2, [f"There is no log at {tmp_path / FILE_NAME}."])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / FILE_NAME).write_bytes(b"")
    assert said(tmp_path) == (2, [f"{tmp_path / FILE_NAME} is empty: it holds no log yet."])
    (tmp_path / FILE_NAME).write_bytes(b"The minutes. " * 100)
    assert said(tmp_path)[0] == 2
    assert "no database at all" in said(tmp_path)[1][0]


def test_a_damaged_key_is_said(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    (tmp_path / KEY_NAME).write_bytes(b"?")
    code, (line,) = said(tmp_path)
    assert (code, "holds no signing key" in line) == (2, True)


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:4096] + b"\x00" * (path.stat().st_size - 4096))
    assert said(tmp_path) == (2, ["The log's file is damaged; restore it from a backup."])


@pytest.mark.parametrize("running", [True, False])
def test_it_changes_nothing_and_may_run_beside_the_server(tmp_path: Path, running: bool) -> None:
    async def check() -> None:
        await written(tmp_path, "plenary")
        log = await SqliteLog.open(tmp_path / FILE_NAME, idle_s=3_600) if running else None
        if log is not None:
            await log.acquire(SessionId("hall-2"), EPOCH)  # stands in the WAL only
        before = contents(tmp_path)
        code, lines = said(tmp_path)
        assert (code, len(lines)) == (0, 2 if running else 1)
        assert contents(tmp_path) == before
        if log is not None:
            await log.close()

    asyncio.run(check())
