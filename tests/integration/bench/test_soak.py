"""A soak of a minute with a kill each 20 s. `tests/unit/bench/test_soak_*.py` test its criteria without processes."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

import soak
from soak_pieces import kept
from support.halls.process import CLOCK

QUICK = ("--readers", "30", "--line-every", "1", "--session-minutes", "0.5", "--kill-every", "0.333")


async def started(folder: Path, hours: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, soak.__file__, "--hours", str(hours), *QUICK),
        *("--pieces", str(folder / "pieces"), "--keep", str(folder / "kept")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_minute_with_kills_loses_and_doubles_nothing(tmp_path: Path) -> None:
    process = await started(tmp_path, 0.02)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    (piece,) = kept(tmp_path / "pieces")
    assert (piece.lost, piece.doubled, piece.faults) == (0, 0, ())
    assert piece.struck.servers_killed
    assert piece.struck.lines_cut
    assert min(piece.told.lines, piece.told.questions, piece.told.words, piece.told.reconnections) > 0
    assert {each.part for each in piece.courses} == {"calm server", "calm engine", "calm hub kisumu"}
    assert "0.02 h in 1 piece" in said.decode()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_piece_that_is_interrupted_ends_cleanly_and_counts(tmp_path: Path) -> None:
    process = await started(tmp_path, 0.2)
    while not (tmp_path / "kept" / "looks.jsonl").exists():
        await CLOCK.sleep(100)
    process.send_signal(signal.SIGINT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    (piece,) = kept(tmp_path / "pieces")
    assert 0 < piece.hours < 1
    assert piece.faults == ()
