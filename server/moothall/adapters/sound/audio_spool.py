"""Audio on disk until its words are in the log: a folder per source (`spool_disk.py`), in a folder per session."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path

from moothall.adapters.sound.spool_disk import DiskSpool, translated
from moothall.adapters.sound.spool_folder import SAMPLE_BYTES, SpoolFolder, SpoolQuota
from moothall.core.kernel.ids import SessionId, SourceId, is_name
from moothall.core.ports import Spool

FILE_SAMPLES = 480_000
"""Samples of a file, 30 s at 16,000 samples a second. A trim removes whole files, so it leaves up to this many samples
too many.
"""
UNSAVED_SAMPLES = 9_600_000
"""The most samples that wait in memory while the disk refuses: 10 min at 16,000 samples a second, 19 MB. Beyond it
`append` raises StorageUnavailable, and the source is held back: it has no acknowledgement for these samples and keeps
them itself.
"""
RECENT_SAMPLES = 80_000
"""Samples that stay in memory although they are safe, 5 s: a reader at the live end never waits for the disk."""


@dataclass(eq=False, repr=False)
class DiskSpools:
    """The `SpoolStore` in one folder."""

    root: Path
    _: KW_ONLY
    file_samples: int = FILE_SAMPLES
    unsaved_samples: int = UNSAVED_SAMPLES
    recent_samples: int = RECENT_SAMPLES
    quota: SpoolQuota = field(default_factory=SpoolQuota)

    def __post_init__(self) -> None:
        self._open: dict[tuple[SessionId, SourceId], DiskSpool] = {}
        self._numbers = itertools.count(1)

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        """Open the source's spool as it survived, or a new one (`SpoolStore`).

        Raises ValueError for an id that is not a valid name or a spool that is already open, StorageUnavailable when
        the disk refuses.
        """
        if not (is_name(session) and is_name(source)):
            raise ValueError(f"The source {source!r} of session {session!r} can't have a spool: its name is invalid.")
        former = self._open.get((session, source))
        if former is not None and not former.closed:
            raise ValueError(f"The spool of source {source} of session {session} is open already.")
        spool = DiskSpool(
            self.root / session / source,
            quota=self.quota,
            file_samples=self.file_samples,
            unsaved_samples=self.unsaved_samples,
            recent_samples=self.recent_samples,
            number=next(self._numbers),
        )
        self._open[session, source] = spool
        try:
            await asyncio.to_thread(spool.recover)
        except BaseException:
            del self._open[session, source]
            raise
        return spool

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        """Every spool that an earlier run of the server left, or that this run has closed, in order of their names
        (`SpoolStore`).
        """
        return await asyncio.to_thread(self._kept)

    async def delete(self, session: SessionId, source: SourceId) -> None:
        """Delete the spool of a source that nobody has open (`FormerSpools`); do nothing where there is none."""

        def delete(path: Path) -> None:
            with translated():
                SpoolFolder(path).remove_all()
            self.quota.takes(path, 0)

        await asyncio.to_thread(delete, self.root / session / source)

    async def take_in(self, session: SessionId, source: SourceId, first: int, pcm: bytes) -> bool:
        """Store samples of another node in a spool that nobody has opened (`SoundTaker`). Return False for an invalid
        name, no samples, or samples that are already there.
        """
        if not (is_name(session) and is_name(source) and pcm):
            return False
        return await asyncio.to_thread(self._take_in, self.root / session / source, first, pcm)

    def _take_in(self, path: Path, first: int, pcm: bytes) -> bool:
        folder, samples = SpoolFolder(path), len(pcm) // SAMPLE_BYTES
        with translated():
            if any(begin + count >= first + samples for begin, count in folder.counts().items()):
                return False  # An earlier call has stored it.
            folder.remove_all()
            try:
                for begin in range(0, samples, self.file_samples):
                    part = pcm[begin * SAMPLE_BYTES : (begin + self.file_samples) * SAMPLE_BYTES]
                    folder.write(first + begin, first + begin, part)
            except OSError:
                folder.remove_all()
                raise
        return True

    def _kept(self) -> list[tuple[SessionId, SourceId]]:
        with translated():
            folders = sorted(self.root.glob("*/*/"))
            for folder in folders:  # Spools that nobody opens again take room, too.
                self.quota.takes(folder, SpoolFolder(folder).used())
        names = [(SessionId(path.parent.name), SourceId(path.name)) for path in folders if path.is_dir()]
        held = {key for key, spool in self._open.items() if not spool.closed}
        return [key for key in names if is_name(key[0]) and is_name(key[1]) and key not in held]
