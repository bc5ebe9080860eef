"""Whatever happens to recordings between backups, a restore point that reads only what has changed has what the files
have, less those out of which something is just being taken; and what was silenced is in no file of the backup.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.adapters.backup.folder import BackupFolder
from moothall.core.backup.removed import AnyLine
from moothall.core.backup.restore_point import PartKey
from moothall.testing.clock import ManualClock
from support.backup.files_in_memory import FilesInMemory, backed_up, held_in, part
from support.backup.houses import holding
from support.files.memory_folder import MEMORY

PARTS = st.sampled_from([part("mic"), part("mic", 9)])
WRITE = st.tuples(st.just("write"), PARTS, st.tuples(st.booleans(), st.booleans()))
"""Bytes of the same size; made again or in place, with the old time of writing or not."""
GROW = st.tuples(st.just("grow"), PARTS, st.none())
OTHER = st.tuples(st.sampled_from(["remove", "begin", "end", "lose", "cut"]), PARTS, st.none())
WAIT = st.tuples(st.just("wait"), PARTS, st.sampled_from([1, 700, 1_999, 2_000, 5_000]))
BACKUP = st.tuples(
    st.just("backup"), PARTS, st.tuples(st.sampled_from([0, 0, 2]), st.sampled_from([False] * 3 + [True]))
)
STEPS = st.lists(st.one_of(WRITE, GROW, OTHER, WAIT, WAIT, BACKUP, BACKUP), min_size=3, max_size=20)


class Walk:
    """Files, a backup of them, and what has to be gone from it."""

    def __init__(self, files: FilesInMemory, to: Path) -> None:
        self.files = files
        self.to = to
        self.store = BackupFolder.make(to)
        self.begun: dict[PartKey, list[AnyLine]] = {}
        self.gone: set[bytes] = set()
        self._words = 0

    async def step(self, what: str, key: PartKey, how: object) -> None:
        there = self.files.contents().get(key)
        match what, how:
            case "wait", int(ms):
                await self.files.clock.advance(ms)
            case "backup", (int(keep), bool(read_all)):
                await self.backup(keep=keep, read_all=read_all)
            case "write", (bool(again), bool(kept)):
                self.files.write(key, self._word(), again=again, kept=kept)
            case "grow", _:
                self.files.write(key, (there or b"") + self._word())
            case "remove", _ if there is not None:
                self.files.remove(key)
            case "begin", _ if there is not None:
                self.begun.setdefault(key, []).append(self.files.begin_silence(key))
                self.gone |= {there[n : n + 9] for n in range(0, len(there), 9)}
            case "end", _:
                if there is not None and key in self.begun:
                    self.files.write(key, b"".join(self._word() for _ in range(0, len(there), 9)), again=True)
                for act in self.begun.pop(key, []):
                    self.files.end_silence(act)
            case (("lose" | "cut"), _):
                for path in sorted((self.to / "objects").glob("*/*"))[:1]:
                    path.unlink() if what == "lose" else path.write_bytes(b"")

    def _word(self) -> bytes:
        self._words += 1
        return b"<%07d>" % self._words

    async def backup(self, *, keep: int = 0, read_all: bool = False) -> None:
        taken = await backed_up(self.files, self.store, keep=keep, read_all=read_all)
        present = {key: data for key, data in self.files.contents().items() if key not in self.begun}
        assert held_in(self.store, taken) == present
        assert holding(self.to, self.gone) == []


@settings(deadline=None, max_examples=max(40, settings().max_examples // 5))
@given(STEPS, st.sampled_from([1, 10, 2_000]))
def test_a_restore_point_has_what_the_files_have(steps: list[tuple[str, PartKey, object]], tick: int) -> None:
    async def act() -> None:
        with tempfile.TemporaryDirectory(dir=MEMORY) as place:
            walk = Walk(FilesInMemory(ManualClock(), tick), Path(place) / "backup")
            for step in steps:
                await walk.step(*step)
            await walk.backup()
            await walk.files.clock.advance(60_000)
            await walk.backup()
            before = len(walk.files.read_parts)
            await walk.backup()
            assert len(walk.files.read_parts) == before or walk.begun

    asyncio.run(act())
