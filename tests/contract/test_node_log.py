"""The contract of every NodeLog, in addition to that of an EventLog."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.events import types as ev
from moothall.core.kernel.errors import LogMissing, StaleWriter
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import NodeLog
from moothall.testing.log_memory import MemoryLog
from support.sessions.recorder import EPOCH, SESSION, Recorder


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NodeLog]:
    if request.param == "memory":
        yield MemoryLog()
        return
    opened = await SqliteLog.open(tmp_path / "moothall.sqlite")
    yield opened
    await opened.close()


def holding(folder: Path, words: bytes) -> list[Path]:
    """Files with these words."""
    files = [folder] if folder.is_file() else folder.rglob("*")
    return [file for file in files if file.is_file() and words in file.read_bytes()]


async def test_an_end_that_is_cut_is_gone_and_the_log_goes_on_otherwise(log: NodeLog, tmp_path: Path) -> None:
    recorder = Recorder()
    head = await log.acquire(SESSION, EPOCH)
    kept = [recorder.record(ev.SessionPaused(t=n)) for n in (1, 2)]
    gone = [recorder.record(ev.SessionCreated(title="A secret title", languages=("en",)))]
    await log.append(SESSION, head.term, 0, [*kept, *gone])
    with pytest.raises(StaleWriter):
        await log.cut(SESSION, head.term + 1, 2)
    with pytest.raises(LogMissing):
        await log.cut(SessionId("other"), head.term, 2)
    await log.cut(SESSION, head.term, 2)
    assert list(await log.read(SESSION, 0, 9)) == kept
    again = await log.acquire(SESSION, EPOCH)
    assert (again.offset, again.lost) == (2, 0), "nothing counts as lost"
    other = Recorder()
    for n in (1, 2):
        other.record(ev.SessionPaused(t=n))
    await log.append(SESSION, again.term, 2, [other.record(ev.SessionPaused(t=7))])
    await log.close()
    assert not holding(tmp_path, b"secret title")
    assert not holding(tmp_path / "removals.jsonl", b"removed"), "the words may stand elsewhere"
