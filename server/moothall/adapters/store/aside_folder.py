"""The folder of log ends that were cut from a node's copy: each is a file of JSON lines, for an operator to read.

    aside/SESSION/EPOCH-FIRST-LAST-DIGEST.jsonl    {"header": …, "body": …, "salt": base64, "digest": hex}

DIGEST is the beginning of the file's SHA-256, so that another end with the same offsets is another file. The files hold
spoken words. So only their owner can read them, no backup contains them, and all files of a session are removed when
words of it are removed.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from moothall.adapters.store.files import explained, write_new
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId

FOLDER = "aside"
DIGITS = 12
"""How many hexadecimal digits of a file's digest its name has."""


class AsideFolder:
    """The `Asides` of a node."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when it doesn't exist."""
        self._folder = folder

    async def keep(self, session: SessionId, records: Sequence[LogRecord]) -> str:
        """Store events in a new file; return the path, to be shown to a person (`Asides`)."""
        first, last = records[0].header, records[-1].header
        lines = b"".join(msgspec.json.encode(_line(each)) + b"\n" for each in records)
        name = f"{first.epoch}-{first.offset}-{last.offset}-{sha256(lines).hexdigest()[:DIGITS]}.jsonl"
        path = self._folder / session / name
        with explained(f"The file {path} can't be written", kind=StorageUnavailable):
            await asyncio.to_thread(write_new, path, lines)
        return str(path)

    async def forget(self, session: SessionId) -> None:
        """Remove all files of a session (`Asides`)."""
        folder = self._folder / session
        with explained(f"The folder {folder} can't be removed", kind=StorageUnavailable):
            await asyncio.to_thread(_removed, folder)


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
