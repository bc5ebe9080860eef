"""A reader of untrusted zip files, which checks a file before anything of it is unpacked.

It checks the zip's directory, and counts the bytes while unpacking, since the sizes in the directory may be wrong.
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
"""Most files and folders; a package has some ten, with a model for sentence boundaries some fifty."""
MOST_BYTES = 4_000_000_000
"""Most bytes of all unpacked files together."""
MOST_DIRECTORY = 1 << 20
"""Most bytes of the zip's directory, and of any other single read of the file."""
SMALL = 1 << 20
"""Unpacked bytes that are allowed at any compression ratio, since text can be compressed more than weights."""
LONGEST_NAME = 255
"""Most bytes of a file's name, the limit of file systems."""

_ENCRYPTED = 0x1 | 0x40 | 0x2000
# These include NotImplementedError, a RuntimeError, and the ValueError of a name that isn't UTF-8.
_ENDED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError)


class ArchiveUnusable(MoothallError):
    """A file isn't a zip file, or is unsafe to unpack; the message says why."""


class Archive:
    """A checked zip file with a single folder at its top level."""

    def __init__(self, opened: zipfile.ZipFile, size: int) -> None:
        """Check the zip's directory; `size`: bytes of the zip file. Raises ArchiveUnusable."""
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
        """Size of each file in bytes, according to the zip's directory, by its path in the top folder."""
        return {name.partition("/")[2]: member.file_size for name, member in self._files.items()}

    def read(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes in chunks. Raises ArchiveUnusable when they are damaged or not of the stated size."""
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
    """Open and check the zip file at `path`, for as long as the context lasts. Raises ArchiveUnusable."""
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
    """A file that limits the size of a read: `zipfile` reads the directory at once, in the size that the zip states."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(MOST_DIRECTORY + 1 if size is None or size < 0 else min(size, MOST_DIRECTORY + 1))
        if len(data) > MOST_DIRECTORY:
            raise zipfile.BadZipFile("more than is read at once")
        return data


def _checked(member: ZipInfo) -> bool:
    """Whether a member is a file and not a folder. Raises ArchiveUnusable for other kinds, and for an unsafe name."""
    name = member.filename
    parts = name.removesuffix("/").split("/")
    plain = name.isprintable() and name == member.orig_filename and not set(name) & set("\\:")
    if not plain or {"", ".", ".."} & set(parts) or max(len(part.encode()) for part in parts) > LONGEST_NAME:
        raise ArchiveUnusable("A name in it leads out of its folder, or can't be a file's name.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
        raise ArchiveUnusable("It holds a link, or something else that is no file and no folder.")
    if member.flag_bits & _ENCRYPTED:
        raise ArchiveUnusable("It is encrypted.")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ArchiveUnusable("It is packed in a way that isn't unpacked here: pack it as an ordinary zip.")
    return not member.is_dir()
