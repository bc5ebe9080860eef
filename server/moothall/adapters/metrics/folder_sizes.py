"""How many bytes the parts of a data folder take.

To walk it takes a while once there are years of recordings, so it is done in a thread and not at each scrape.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from moothall.adapters.store import book_sqlite, sqlite_file

MOST_FILES = 200_000
"""Files that are counted. Overflow: what comes behind isn't."""


def folder_sizes(data: Path, folders: Mapping[str, str]) -> dict[str, int]:
    """Bytes by part: `log` and `book` with what SQLite keeps beside them, each of `folders` (its name in the data
    folder, and what it is called), and `other`.
    """
    sizes = dict.fromkeys(("log", "book", *folders.values(), "other"), 0)
    log, book = Path(sqlite_file.FILE_NAME).name, Path(book_sqlite.FILE_NAME).name
    for path, size in _files(data):
        first = path.relative_to(data).parts[0]
        part = folders.get(first, "other")
        if first.startswith(log):
            part = "log"
        elif first.startswith(book):
            part = "book"
        sizes[part] += size
    return sizes


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    left, waiting = MOST_FILES, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:  # What goes meanwhile is gone.
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif left > 0 and entry.is_file(follow_symlinks=False):
                        left -= 1
                        yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
