"""The folder of ends of logs that were cut from a node's copy: a file of JSON lines each, for an operator to read.

    aside/SESSION/EPOCH-FIRST-LAST-DIGEST.jsonl    {"header": …, "body": …, "salt": base64, "digest": hex}

DIGEST is the beginning of the file's SHA-256: a second end of the same offsets is another file. They hold words. The
files are their owner's alone, in no backup, and all of a session go when words of it are removed.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from moothall.adapters.store.files import write_new
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId

FOLDER = "aside"
DIGITS = 12
"""Of a file's digest in its name."""


class AsideFolder:
    """The `Asides` of a node."""

    def __init__(self, folder: Path) -> None:
        """`folder`: need not be there."""
        self._folder = folder

    async def keep(self, session: SessionId, records: Sequence[LogRecord]) -> str:
        """Keep events; where, for a person (`Asides`)."""
        first, last = records[0].header, records[-1].header
        lines = b"".join(msgspec.json.encode(_line(each)) + b"\n" for each in records)
        name = f"{first.epoch}-{first.offset}-{last.offset}-{sha256(lines).hexdigest()[:DIGITS]}.jsonl"
        path = self._folder / session / name
        try:
            await asyncio.to_thread(write_new, path, lines)
        except OSError as error:
            raise StorageUnavailable(f"The file {path} can't be written: {error.strerror}.") from error
        return str(path)

    async def forget(self, session: SessionId) -> None:
        """Keep nothing of a session any more (`Asides`)."""
        folder = self._folder / session
        try:
            await asyncio.to_thread(_removed, folder)
        except OSError as error:
            raise StorageUnavailable(f"The folder {folder} can't be removed: {error.strerror}.") from error


def _removed(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _line(record: LogRecord) -> dict[str, object]:
    return {
        "header": msgspec.Raw(record.header_bytes),
        "body": None if record.body is None else msgspec.Raw(record.body),
        "salt": record.salt,
        "digest": record.digest.hex(),
    }
