"""A source and samples that encode their positions, for tests of a source's sound on its way to disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Spool, SpoolStore

SESSION = SessionId("plenary")
SOURCE = SourceId("microphone")


def pcm(first: int, count: int) -> bytes:
    """Return samples that encode their own positions."""
    return b"".join((position % 65_521).to_bytes(2, "little") for position in range(first, first + count))


def kill_while_it_syncs(program: str, folder: Path, lines: int) -> int:
    """Run a program that writes a spool and prints how far it is synced, and kill it (SIGKILL) after `lines` lines.

    Returns the last number that it printed.
    """
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        for _ in range(lines):
            synced = int(process.stdout.readline())
        process.kill()
        return max([synced, *(int(line) for line in process.stdout if line.endswith("\n"))])


async def survived(folder: Path) -> tuple[int, bytes]:
    """Return where the spool in `folder` ends, and all its sound."""
    spool = await DiskSpools(folder, file_samples=5_000).open(SESSION, SOURCE)
    audio = await spool.read(spool.start, spool.end - spool.start)
    await spool.close()
    return spool.end, audio


class OddSpools:
    """A disk that raises an unexpected error when a spool is synced, or can't list its contents."""

    def __init__(self, inner: SpoolStore) -> None:
        self._inner = inner
        self.failing: set[SessionId] = set()
        self.silent = False

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        spool = await self._inner.open(session, source)
        sync = spool.sync

        async def odd() -> int:
            if session in self.failing:
                raise KeyError("what was said")
            return await sync()

        spool.sync = odd  # type: ignore[method-assign]  # the rest stays as it is
        return spool

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        if self.silent:
            raise StorageUnavailable("The disk refuses.")
        return await self._inner.kept()
