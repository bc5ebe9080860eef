"""A zip file of somebody else's, looked at before anything of it is unpacked.

What the directory of the file says is checked here, and the unpacked bytes are counted: a header may lie.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from moothall.core.kernel.errors import MoothallError
from moothall_models.store.failures import megabytes
from moothall_models.store.sources import CHUNK, MAX_RATIO

MOST_MEMBERS = 1_000
"""Files and folders; a package has some ten, with what finds the ends of sentences some fifty."""
MOST_BYTES = 4_000_000_000
"""Of all files unpacked."""
MOST_DIRECTORY = 1 << 20
"""Bytes of the zip's directory, and of any other single read of it."""
SMALL = 1 << 20
"""Bytes that are always allowed, at any ratio: text shrinks more than weights."""
LONGEST_NAME = 255
"""Bytes of a name, as file systems have it."""

_ENCRYPTED = 0x1 | 0x40 | 0x2000
# NotImplementedError is a RuntimeError, and what a name that is no UTF-8 causes is a ValueError.
_ENDED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError)


class ArchiveUnusable(MoothallError):
    """It isn't a zip file that may be unpacked; the sentence says why."""


class Archive:
    """The files of a zip with one folder at its top."""

    def __init__(self, opened: zipfile.ZipFile, size: int) -> None:
        """`size`: bytes of the zip itself. Raises ArchiveUnusable."""
        members = opened.infolist()
        if len(members) > MOST_MEMBERS:
            raise ArchiveUnusable(f"It holds {len(members)} files; more than {MOST_MEMBERS} aren't unpacked.")
        self._opened = opened
        self._files = {member.filename: member for member in members if _checked(member)}
        if len({member.filename.rstrip("/").casefold() for member in members}) < len(members):
            raise ArchiveUnusable("It holds two files of the same name.")
        tops = {member.filename.partition("/")[0] for member in members}
        if len(tops) != 1 or any("/" not in name for name in self._files) or not self._files:
            raise ArchiveUnusable("It doesn't hold one folder with everything in it.")
        [self.top] = tops
        total = sum(member.file_size for member in members)
        if total > min(MOST_BYTES, MAX_RATIO * size + SMALL):
            msg = (
                f"It would unpack to {megabytes(total)}: more than {MAX_RATIO} times its own size, or than "
                f"{megabytes(MOST_BYTES)}."
            )
            raise ArchiveUnusable(msg)

    @property
    def files(self) -> dict[str, int]:
        """Bytes of each file, as the directory has them, by its path in the top folder."""
        return {name.partition("/")[2]: member.file_size for name, member in self._files.items()}

    def read(self, name: str) -> Iterator[bytes]:
        """A file's bytes, in pieces. Raises ArchiveUnusable where they are broken, or not as many as it says."""
        member = self._files[f"{self.top}/{name}"]
        left = member.file_size
        try:
            with self._opened.open(member) as stream:
                while chunk := stream.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        break
                    yield chunk
        except _ENDED:
            left = -1
        if left:
            raise ArchiveUnusable(f"{name} in it is damaged or cut off.")


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """The zip file at `path`, while the context lasts. Raises ArchiveUnusable."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise ArchiveUnusable("It is no file.")
        raw = io.FileIO(path)
    except OSError as error:
        raise ArchiveUnusable(f"It can't be read: {error.strerror}.") from None
    with _InPieces(raw) as file:
        try:
            opened = zipfile.ZipFile(file)
        except _ENDED:
            raise ArchiveUnusable("It isn't a whole zip file: get it again.") from None
        with opened:
            yield Archive(opened, about.st_size)


class _InPieces(io.BufferedReader):
    """Refuses to read much at a time: the directory of a zip is read at once, as long as it says that it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(MOST_DIRECTORY + 1 if size is None or size < 0 else min(size, MOST_DIRECTORY + 1))
        if len(data) > MOST_DIRECTORY:
            raise zipfile.BadZipFile("more than is read at once")
        return data


def _checked(member: ZipInfo) -> bool:
    """Whether it is a file; a folder is none. Raises ArchiveUnusable for anything else, and a name that leads away."""
    name = member.filename
    parts = name.removesuffix("/").split("/")
    plain = name.isprintable() and name == member.orig_filename and not set(name) & set("\\:")
    if not plain or {"", ".", ".."} & set(parts) or max(len(part.encode()) for part in parts) > LONGEST_NAME:
        raise ArchiveUnusable("A name in it leads out of its folder, or is none that a file may have.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
        raise ArchiveUnusable("It holds a link, or something else that is no file and no folder.")
    if member.flag_bits & _ENCRYPTED:
        raise ArchiveUnusable("It is encrypted.")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ArchiveUnusable("It is packed in a way that isn't unpacked here: pack it as an ordinary zip.")
    return not member.is_dir()
