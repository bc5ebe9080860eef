# ruff: noqa: T201 (what it prints is what it is for)
"""A process to be killed: writes entries into a book, one after the other, and prints each number once it is written.

Usage: entering.py BOOK. Each write makes a new entry, and changes an entry that all writes share.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.ports import BookEntry


async def main(path: Path) -> None:
    book = await SqliteBook.open(path)
    for number in count(len(await book.read("ballot"))):
        body = str(number).encode()
        await book.write([BookEntry("ballot", str(number), body), BookEntry("newest", "", body)])
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
