# ruff: noqa: ASYNC220, ASYNC221 (a test's loop has nobody else to wait for)
"""Nothing acknowledged is lost, by a log or by the book: not at SIGKILL, and not on a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.events import lines as le
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.record.verify import RecordVerdict, verify
from support.sessions.recorder import EPOCH, SESSION, Recorder

TESTS = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(TESTS / "support/files/appending.py")]
ENTERING = [sys.executable, str(TESTS / "support/files/entering.py")]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS)}


async def stored(path: Path) -> list[int]:
    """The offsets that a log holds, once it is found to be whole."""
    log = await SqliteLog.open(path)
    try:
        records = await log.read(SESSION, 0, 100_000)
    finally:
        await log.close()
    assert verify(records).verdict is RecordVerdict.INTACT
    return [record.header.offset for record in records]


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    acknowledged = 0
    for wanted in (1, 40, 7):
        with subprocess.Popen([*PROGRAM, str(path)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(wanted):
                acknowledged = int(process.stdout.readline())
            process.kill()
            acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
        offsets = await stored(path)
        assert offsets == list(range(1, len(offsets) + 1))
        assert acknowledged <= len(offsets) <= acknowledged + 1


async def test_kill_9_loses_nothing_that_the_book_acknowledged_and_leaves_no_half_of_a_write(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite"
    acknowledged = 0
    for wanted in (1, 40, 7):
        with subprocess.Popen([*ENTERING, str(path)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(wanted):
                process.stdout.readline()
                acknowledged += 1
            process.kill()
            acknowledged += sum(line.endswith("\n") for line in process.stdout)
        book = await SqliteBook.open(path)
        ballots, newest = await book.read("ballot"), await book.read("newest")
        await book.close()
        assert ballots == {str(number): str(number).encode() for number in range(len(ballots))}
        assert newest == {"": str(len(ballots) - 1).encode()}
        assert acknowledged <= len(ballots) <= acknowledged + 1
        acknowledged = len(ballots)


async def test_a_file_that_may_not_grow_refuses_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    done = subprocess.run(
        [*PROGRAM, str(path), "--limit", "400000"], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    lines = done.stdout.split("\n")[:-1]
    (refusal,) = (number for number, line in enumerate(lines) if line.startswith("refused"))
    assert refusal > 10
    assert lines[refusal] == f"refused {refusal}"
    assert await stored(path) == list(range(1, refusal + 21))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_refuses_keeps_all_and_heals(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    log = await SqliteLog.open(small_disk / "log.sqlite", idle_s=0.01)
    recorder = Recorder()
    head = await log.acquire(SESSION, EPOCH)
    words = le.WordsCommitted(
        channel=ChannelId("floor"), segment=SegmentId("s1"), first=0, words=(le.Word(" participation", 0, 1),) * 20
    )
    refusals = 0
    while refusals < 5:
        expected, heads = recorder.offset, dict(recorder.heads)
        record = recorder.record(words)
        try:
            await log.append(SESSION, head.term, expected, [record])
        except StorageUnavailable:
            recorder.offset, recorder.heads = expected, heads
            refusals += 1
            now = await log.head(SESSION)
            assert now is not None
            assert now.offset == expected
    full_at = recorder.offset
    assert full_at > 10
    assert len(await log.read(SESSION, 0, 10_000)) == full_at
    ballast.unlink()
    for _ in range(15):
        expected = recorder.offset
        await log.append(SESSION, head.term, expected, [recorder.record(words)])
    await log.close()
    assert await stored(small_disk / "log.sqlite") == list(range(1, full_at + 16))
