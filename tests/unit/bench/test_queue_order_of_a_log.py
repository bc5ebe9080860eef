from __future__ import annotations

import io
from pathlib import Path

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.core.events.question_parts import QueueOrder
from queue_order import simulate_command
from support.sessions.questions import meeting
from support.sessions.recorder import EPOCH, SESSION, Recorder


async def written(data: Path) -> None:
    """A log with a queue of four, three of whom had their turns."""
    recorder = Recorder()
    log = await SqliteLog.open(data / FILE_NAME)
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(event) for event in meeting().events])
    await log.close()


async def test_a_queue_is_shown_as_it_was_and_as_it_would_have_been(tmp_path: Path) -> None:
    await written(tmp_path)
    out = io.StringIO()
    assert simulate_command(tmp_path, SESSION, QueueOrder.ALTERNATE, out) == 0
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert "1:00 no. 1 the same" in lines
    assert "2:00 no. 2 no. 4" in lines
    assert "remote 1 0 1 - 1.9" in lines
    assert "room 3 3 2 2.0 3.0" in lines


async def test_a_session_that_is_not_there_is_said(tmp_path: Path) -> None:
    await written(tmp_path)
    out = io.StringIO()
    assert simulate_command(tmp_path, "none", QueueOrder.SUPPORT, out) == 1
    assert "no session 'none'" in out.getvalue()
