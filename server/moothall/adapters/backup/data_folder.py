"""Access to a data folder for backups: reading one that a server may be using, and restoring recordings into one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from moothall.adapters.backup.folder import PIECE
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.store import book_sqlite, sqlite_file
from moothall.adapters.store.files import explained, make_folder, opened, overwrite
from moothall.adapters.store.removal_list import FILE_NAME as LIST_NAME
from moothall.adapters.store.removal_list import add_lines, read_removals
from moothall.core.backup.removed import AnyLine, united
from moothall.core.backup.restore_point import FileStamp, PartKey, SoundPart
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId, is_name
from moothall.core.ports import BookEntry

BUSY_S = 10.0
"""How long to wait, in s, for the server to release the book's file."""


class DataFolder:
    """The `LiveData` of one folder."""

    def __init__(self, folder: Path, recordings: Path, kept_apart: Path, settings: Mapping[str, bytes]) -> None:
        """`kept_apart`: path of the copy of the list of removals; `settings`: contents of the settings' files by name.

        Raises ConfigurationError when there is no log, or when the folder belongs to another user.
        """
        path = folder / sqlite_file.FILE_NAME
        if not path.is_file():
            raise ConfigurationError(f"There is no log at {path}. Name the server's data folder with --data.")
        if os.geteuid() not in (0, path.stat().st_uid):
            # Opening the log creates files beside it, which the server could then not write.
            raise ConfigurationError(f"{folder} is another user's. Run this command as the user who runs the server.")
        self._folder = folder
        self._kept_apart = kept_apart
        self._settings = settings
        self.log = sqlite_file.LogReader(sqlite_file.open_to_read(path))
        self.sound = LiveRecordings(recordings)

    def close(self) -> None:
        """Close the log."""
        self.log.close()

    def book(self) -> Sequence[BookEntry]:
        """All entries of the book (`LiveData`)."""
        return read_book(self._folder / book_sqlite.FILE_NAME)

    def settings(self) -> Mapping[str, bytes]:
        """The settings' files by the names under which they are restored (`LiveData`)."""
        return self._settings

    def removals(self) -> tuple[AnyLine, ...]:
        """The folder's list of removals, merged with the copy that is kept apart (`LiveData`)."""
        return united(read_removals(self._kept_apart), read_removals(self._folder / LIST_NAME))

    def keep_removals(self, lines: Iterable[AnyLine]) -> None:
        """Append to the copy that is kept apart (`LiveData`). A server may be appending to it as well."""
        add_lines(self._kept_apart, lines)


class LiveRecordings:
    """The `LiveSound` of one folder: SESSION/SOURCE/FIRST.opus, where FIRST is the number of the file's first
    sample.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def parts(self) -> Sequence[PartKey]:
        """All files of recordings (`LiveSound`)."""
        found: list[PartKey] = []
        for path in sorted(self._folder.glob("*/*/*.opus")):
            session, source, first = path.parts[-3], path.parts[-2], number_in(path.stem, 15)
            if is_name(session) and is_name(source) and first is not None:
                found.append((SessionId(session), SourceId(source), first))
        return found

    def chunks(self, part: PartKey) -> Iterator[bytes]:
        """A file's bytes in pieces, as long as it is now; nothing where it is gone (`LiveSound`). Raises
        StorageUnavailable.
        """
        path = sound_path(self._folder, part)
        try:
            with path.open("rb") as file:
                left = os.fstat(file.fileno()).st_size
                # Stop at the size at the beginning, since a recorder may go on writing.
                while left > 0 and (piece := file.read(min(PIECE, left))):
                    left -= len(piece)
                    yield piece
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(error) from error

    def stamp(self, part: PartKey) -> FileStamp | None:
        """The file's present stamp; None where it is gone (`LiveSound`). Raises StorageUnavailable."""
        try:
            found = sound_path(self._folder, part).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(error) from error
        return FileStamp(inode=found.st_ino, size=found.st_size, written=found.st_mtime_ns, changed=found.st_ctime_ns)


class RestoredRecordings:
    """The `RestoredSound` of one folder."""

    def __init__(self, folder: Path, *, bitrate: int) -> None:
        """`bitrate`: bit/s of sound that is encoded again."""
        self._folder = folder
        self._store = SoundFolder(folder, bitrate=bitrate)

    def write(self, part: SoundPart, chunks: Iterable[bytes]) -> None:
        """Write a file with its bytes and its time of last writing (`RestoredSound`). Raises StorageUnavailable."""
        path = sound_path(self._folder, part.key)
        with explained("A recording can't be restored", kind=StorageUnavailable):
            make_folder(path.parent)
            with opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
                for piece in chunks:
                    view = memoryview(piece)
                    while view:
                        view = view[os.write(file, view) :]
                os.fsync(file)
            os.utime(path, ns=(part.written * 1_000_000, part.written * 1_000_000))

    async def silence(self, part: SoundPart, spans: Sequence[tuple[int, int]]) -> bool:
        """Silence `spans` of a file, in samples of the source; return whether that was possible (`RestoredSound`)."""
        there = await self._store.parts(part.session)
        kept = next((each for each in there if (each.source, each.first) == (part.source, part.first)), None)
        if kept is None or not kept.samples:
            return False  # Its content can't be determined.
        try:
            for first, last in spans:
                if kept.holds(first, last):
                    await self._store.silence(kept, first, last)
        except StorageUnavailable:
            return False
        return True

    def remove(self, part: SoundPart) -> None:
        """Overwrite and delete a file (`RestoredSound`). Raises StorageUnavailable."""
        with explained("A recording can't be taken away again", kind=StorageUnavailable):
            overwrite(sound_path(self._folder, part.key))


def sound_path(folder: Path, part: PartKey) -> Path:
    """The path of a file of a recording."""
    session, source, first = part
    return folder / session / source / f"{first:015d}.opus"


def _unreadable(error: OSError) -> StorageUnavailable:
    return StorageUnavailable(f"A recording can't be read: {error.strerror}.")


def read_book(path: Path) -> list[BookEntry]:
    """All entries of a book that a server may be using; empty where there is no book.

    Raises StorageUnavailable and RecordBroken.
    """
    if not path.is_file():
        return []
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
    try:
        rows = connection.execute("SELECT namespace, key, body FROM entry ORDER BY rowid").fetchall()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise StorageUnavailable(f"The programme {path} can't be read: {error}.") from error
        raise RecordBroken(f"The programme {path} is damaged: {error}.") from error
    finally:
        connection.close()
    return [BookEntry(*row) for row in rows]
