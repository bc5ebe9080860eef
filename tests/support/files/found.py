"""Searches the files on a disk for words, also while a program works with them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def found(folder: Path, words: str | bytes) -> list[str]:
    """Return the sorted names of the files in and below `folder` that hold `words`, text as UTF-8.

    A file that is deleted meanwhile, as SQLite's journal is, holds nothing.
    """
    searched = words.encode() if isinstance(words, str) else words
    names = []
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if file.is_file() and searched in file.read_bytes():
                names.append(file.name)
    return sorted(names)
