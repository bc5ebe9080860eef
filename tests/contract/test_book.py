"""The contract of every Book, and further promises of the Book on disk."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.ports import Book, BookEntry
from moothall.testing.book import MemoryBook
from support.cluster.process import PROGRAMS, RedisProcesses


@pytest.fixture(params=["memory", "sqlite", *PROGRAMS])
async def book(request: pytest.FixtureRequest, tmp_path: Path, redis_processes: RedisProcesses) -> AsyncIterator[Book]:
    if request.param in PROGRAMS:
        server = redis_processes.empty(request.param).reached()
        shared = RedisBook(server, "node-a")
        await shared.acquire()
        yield shared
        await server.close()
        return
    book: Book = MemoryBook() if request.param == "memory" else await SqliteBook.open(tmp_path / "book.sqlite3")
    yield book
    await book.close()


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_a_new_book_is_empty(book: Book) -> None:
    assert await book.read("room") == {}


async def test_entries_are_kept_changed_and_taken_out_by_namespace_and_key(book: Book) -> None:
    await book.write([BookEntry("room", "b", b"1"), BookEntry("room", "a", b"2"), BookEntry("link", "b", b"3")])
    await book.write([BookEntry("room", "b", b"4"), BookEntry("link", "b", None), BookEntry("link", "none", None)])
    namespace = await book.read("room")
    assert list(namespace.items()) == [("b", b"4"), ("a", b"2")]
    assert await book.read("link") == {}
    await book.write([])


async def test_namespaces_that_have_entries_are_known(book: Book) -> None:
    await book.write([BookEntry("room", "a", b"1"), BookEntry("link", "b", b"3"), BookEntry("hub", "c", b"5")])
    await book.write([BookEntry("link", "b", None)])
    assert await book.namespaces() == ["hub", "room"]


async def test_a_closed_book_refuses(book: Book) -> None:
    await book.close()
    await book.close()
    with pytest.raises(StorageUnavailable):
        await book.read("room")
    with pytest.raises(StorageUnavailable):
        await book.write([])


async def test_what_was_written_is_there_when_it_is_opened_again_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite3"
    for text in (b"1", b"2"):
        book = await SqliteBook.open(path)
        await book.write([BookEntry("room", text.decode(), text)])
        await book.close()
    book = await SqliteBook.open(path)
    assert await book.read("room") == {"1": b"1", "2": b"2"}
    await book.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_was_taken_out_is_in_no_file(tmp_path: Path) -> None:
    book = await SqliteBook.open(tmp_path / "book.sqlite3")
    await book.write([BookEntry("room", "a", b"rhubarb" * 50)])
    assert b"rhubarb" in everything(tmp_path)
    await book.write([BookEntry("room", "a", None)])
    assert b"rhubarb" not in everything(tmp_path)
    await book.close()


async def test_all_or_nothing_is_written(tmp_path: Path) -> None:
    book = await SqliteBook.open(tmp_path / "book.sqlite3")
    with pytest.raises(StorageUnavailable, match="can't be stored"):
        await book.write([BookEntry("room", "a", b"1"), BookEntry("room", "b", "text")])  # type: ignore[arg-type]
    assert await book.read("room") == {}
    await book.close()


async def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    foreign, newer, junk = (tmp_path / name for name in ("foreign", "newer", "junk"))
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("CREATE TABLE mine (x)")
    await (await SqliteBook.open(newer)).close()
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("PRAGMA user_version = 9")
    junk.write_bytes(b"no database at all, and long enough for one" * 30)
    for path, why in ((foreign, "another program"), (newer, "newer release"), (junk, "can't be opened")):
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match=why):
            await SqliteBook.open(path)
        assert path.read_bytes() == before
    with pytest.raises(ConfigurationError, match="opened for writing"):
        await SqliteBook.open(tmp_path / "no" / "folder")
