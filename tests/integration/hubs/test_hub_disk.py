# ruff: noqa: ASYNC220 (a test's loop has nobody else to wait for)
"""What a hub says it has stored is there: after SIGKILL, and after a power cut on a disk that loses unsynced writes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.adapters.store.sqlite_file import LogReader, open_for_writing, open_to_read
from moothall.core.chain import LogRecord
from moothall_hub.mirror import store as mirror_sqlite
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.outbox import store as outbox_sqlite
from moothall_hub.outbox.store import OutboxFile
from support.files.lost_writes import HOW, Said, Synced, power_cuts, recorded
from support.files.memory_folder import MEMORY
from support.hubs.disk_story import act, steps
from support.sessions.recorder import SESSION

TESTS = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(TESTS / "support/hubs/keeping.py")]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS)}

State = tuple[SessionCopy | None, list[LogRecord]]


class Lost(AssertionError):
    """Something that was said to be kept isn't there."""


class Told:
    """What a program has said."""

    def __init__(self, lines: Sequence[str]) -> None:
        said = [(word, int(n)) for word, _, n in (line.partition(" ") for line in lines) if n]
        self.steps = max((n for word, n in said if word == "step"), default=-1)
        self.acts = {n for word, n in said if word == "act"}
        self.answered = {n for word, n in said if word == "answered"}
        self.open = "open" in lines


def states(seed: int, most: int) -> list[State]:
    """What is on the disk before the first step, and after each."""
    found: list[State] = [(None, [])]
    for _, disk in itertools.islice(steps(seed), most):
        found.append((disk.copy, [each for _, each in sorted(disk.records.items())]))
    return found


def look(folder: Path, told: Told, expected: Sequence[State]) -> None:
    """Raise Lost unless all is there that was said to be, and nothing is half there."""
    copies, acts = folder / mirror_sqlite.FILE_NAME, folder / outbox_sqlite.FILE_NAME
    if not told.open and not (copies.exists() and acts.exists()):
        return
    connection = open_for_writing(copies, 1.0, mirror_sqlite.KIND)
    reading = open_to_read(copies, mirror_sqlite.KIND)
    try:
        if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise Lost("The file of the copies is damaged.")
        found = mirror_sqlite.copy_of(connection, SESSION), LogReader(reading).read(SESSION, 0, 100_000)
    finally:
        reading.close()
        connection.close()
    # The step that was under way may be there as well.
    if found not in expected[told.steps + 1 : told.steps + 3]:
        raise Lost(f"After step {told.steps} the disk has {len(found[1])} records of another moment.")
    file = OutboxFile(acts)
    try:
        waiting = [each.id for _, each in file.waiting(100_000, None)]
        there = file.states([act(n).id for n in told.acts])
        done = {n for n in told.acts if (row := there.get(act(n).id)) is not None and not row[0]}
    finally:
        file.close()
    last = max(told.acts, default=-1) + 1
    kept = [act(n).id for n in sorted(told.acts - done)]
    if waiting[: len(kept)] != kept or waiting[len(kept) :] not in ([], [act(last).id]):
        raise Lost(f"Of the acts up to {last - 1} the disk has {len(waiting)} that wait, in another order or number.")
    if not told.answered <= done or len(done - told.answered) > 1:
        raise Lost("An answer is not there.")


@pytest.mark.parametrize("wanted", [1, 25, 90])
async def test_kill_9_loses_nothing(tmp_path: Path, wanted: int) -> None:
    with subprocess.Popen(
        [*PROGRAM, str(tmp_path), "7"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(wanted)]
        process.kill()
        lines += [line.strip() for line in process.stdout if line.endswith("\n")]
    told = Told(lines)
    look(tmp_path, told, states(7, told.steps + 3))


def cut_off(folder: Path, seed: int, most: int, *, every: int, how: Sequence[str] = HOW, syncs: bool = True) -> int:
    """How many power cuts were looked at; raises Lost at the first that took something.

    Without `syncs` the disk says that it has synced and hasn't.
    """
    data = folder / "data"
    data.mkdir()
    deeds = recorded([*PROGRAM, str(data), str(seed), str(most)], data, ENVIRONMENT, folder / "notes")
    assert sum(isinstance(deed, Said) for deed in deeds) > 2 * most
    deeds = [deed for deed in deeds if syncs or not isinstance(deed, Synced)]
    expected, looked = states(seed, most), 0
    for cut in power_cuts(deeds, every=every, how=how, seed=seed):
        # In memory, where there is such a folder: what SQLite syncs while it looks is of no matter.
        with tempfile.TemporaryDirectory(dir=MEMORY or folder) as disk:
            for name, content in cut.files.items():
                Path(disk, name).write_bytes(content)
            look(Path(disk), Told(cut.said), expected)
        looked += 1
    return looked


def test_a_power_cut_loses_nothing_on_a_disk_that_drops_unsynced_writes(tmp_path: Path) -> None:
    assert cut_off(tmp_path, seed=3, most=24, every=5) > 100


def test_a_disk_that_lies_about_it_would_be_noticed(tmp_path: Path) -> None:
    with pytest.raises(Lost):
        cut_off(tmp_path, seed=3, most=12, every=1, how=["nothing"], syncs=False)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(3))
def test_no_power_cut_at_any_moment_loses_anything(tmp_path: Path, seed: int) -> None:
    assert cut_off(tmp_path, seed=seed, most=40, every=1) > 2_000
