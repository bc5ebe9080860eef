# ruff: noqa: T201 (a script that prints)
"""Writes the log and the book of a release, as a data folder has them: made once, at the cut, and never again.

The log holds the stories of `make_log.py`, each in a session of its own; the book holds two rooms, a planned session,
role links and a hub. Ids, salts and times are the same each time. Set `RELEASE` to the new release's name, and run from
the project's folder: `PYTHONPATH=tests .venv/bin/python tests/golden/make_release.py`. An existing folder is never
overwritten.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from golden.make_log import SIGNER, STORIES
from golden.test_release import HERE, LOG, Expected, Opened, read_book, read_session, records_of
from moothall.adapters.store.book_sqlite import FILE_NAME, SqliteBook
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry
from moothall.core.programme.plan import Room, RoomId
from moothall.services.hubs.registry import Hubs
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from support.memory.programme import ProgrammeHouse, programme_house
from support.sessions.recorder import EPOCH, Recorder

RELEASE = "0.2.0"


class NotingBook(MemoryBook):
    """A book in memory that records all written entries."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], BookEntry] = {}

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Write entries, and record them (`Book.write`)."""
        await super().write(entries)
        self.entries |= {(each.namespace, each.key): each for each in entries}


async def write_log(path: Path) -> None:
    log = await SqliteLog.open(path)
    for name, (tell, remove) in STORIES.items():
        recorder = Recorder(SessionId(name.removeprefix("log-0.1").strip("-") or "plenary"))
        await log.acquire(recorder.session, EPOCH)
        records = tell(recorder)
        await log.append(recorder.session, 1, 0, records)
        gone, said = remove(recorder)
        await log.remove(recorder.session, 1, len(records), gone, said)
        await log.append(recorder.session, 1, recorder.offset, [recorder.checkpoint(SIGNER)])
    await log.close()


async def entries() -> list[BookEntry]:
    """Return the entries that the server's services write into a book."""
    book = NotingBook()
    async with programme_house(ProgrammeHouse(book=book)) as house:
        await house.programme.keep(rooms=[Room(id=RoomId("annex"), title="Annexe · Anexo")])
        await house.programme.keep_zone("America/Lima")
        await house.plan("opening", 0)
        await house.role_links.create(Role.CAPTIONER, "room:hall", "Ana Conceição")
        await house.role_links.create(Role.SECRETARIAT, "hall", "Office")
        hubs = Hubs(
            book=book,
            sessions=house.sessions,
            links=house.role_links,
            clock=house.clock,
            randomness=SeededRandomness(8),
        )
        await hubs.load()
        await hubs.add("Kisumu", Details(city="Kisumu", country="KE", languages=("sw", "en"), expected=25))
    return [each for each in book.entries.values() if each.body is not None]


async def write_book(path: Path, found: list[BookEntry]) -> None:
    book = await SqliteBook.open(path)
    await book.write(found)
    await book.close()


def kept(path: Path, draft: Path) -> None:
    """Write a database as a single file, without SQLite's side files."""
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("VACUUM")
    connection.close()
    path.write_bytes(draft.read_bytes())


async def read_all(log_path: Path, book_path: Path) -> Expected:
    log = await SqliteLog.open(log_path)
    names = [name.removeprefix("log-0.1").strip("-") or "plenary" for name in STORIES]
    sessions: dict[str, Opened] = {}
    for name in names:
        head, records = await read_session(log, SessionId(name))
        sessions[name] = Opened(events=head.offset, records=records_of(SessionId(name), head.epoch, records))
    await log.close()
    return Expected(sessions=sessions, book=await read_book(book_path), keys=SIGNER.public_document())


def main() -> None:
    folder = HERE / f"release-{RELEASE}"
    if folder.exists():
        print(f"{folder.name} is there already, and stays as it is.")
        return
    folder.mkdir()
    found = run(entries())
    with tempfile.TemporaryDirectory() as drafts:
        draft: Callable[[str], Path] = Path(drafts).joinpath
        asyncio.run(write_log(draft(LOG)))
        asyncio.run(write_book(draft(FILE_NAME), found))
        kept(folder / LOG, draft(LOG))
        kept(folder / FILE_NAME, draft(FILE_NAME))
        expected = asyncio.run(read_all(draft(LOG), draft(FILE_NAME)))
    text = msgspec.json.format(msgspec.json.encode(expected), indent=2)
    (folder / "expected.json").write_bytes(text + b"\n")
    stories = (each for kind in ("log-0.1*.sqlite", "log-0.1*.keys.json", "link-*.txt") for each in HERE.glob(kind))
    frozen = sorted((*stories, *HERE.glob("release-*/*.sqlite*")))
    rows = (f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.relative_to(HERE)}\n" for each in frozen)
    (HERE / "frozen.sha256").write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
