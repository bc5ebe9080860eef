"""The contract of every SharedBook, in addition to that of a Book, between two nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moothall.adapters.cluster.book_redis import RedisBook
from moothall.core.kernel.errors import LogMissing, StaleWriter
from moothall.core.ports import BookEntry, SharedBook
from moothall.testing.book import MemorySharedBook, SharedBookStore
from support.cluster.process import PROGRAMS, RedisProcesses

Books = tuple[SharedBook, SharedBook]
ROOM = BookEntry("room", "a", b"1")


@pytest.fixture(params=["memory", *PROGRAMS])
async def books(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> AsyncIterator[Books]:
    if request.param == "memory":
        store = SharedBookStore()
        yield MemorySharedBook(store, "n1"), MemorySharedBook(store, "n2")
        return
    server = redis_processes.empty(request.param).reached()
    yield RedisBook(server, "n1"), RedisBook(server, "n2")
    await server.close()


async def test_a_book_that_is_not_there_is_no_new_one_unless_it_may_be(books: Books) -> None:
    first, second = books
    for asked in (first.acquire(5, new=False), first.read("room"), first.changed(), first.changes(0)):
        with pytest.raises(LogMissing):
            await asked
    assert await first.acquire(5) == 5
    assert await second.read("room") == {}


async def test_only_whoever_took_it_over_last_writes(books: Books) -> None:
    first, second = books
    await first.acquire(5)
    await first.write([ROOM])
    with pytest.raises(StaleWriter):
        await second.acquire(5)
    with pytest.raises(StaleWriter):
        await second.acquire()
    await second.acquire(7)
    with pytest.raises(StaleWriter):
        await first.write([ROOM])
    assert await second.acquire() == 8
    await second.write([BookEntry("room", "b", b"2")])
    assert await first.read("room") == {"a": b"1", "b": b"2"}


async def test_changes_name_what_was_written_and_no_more(books: Books) -> None:
    first, second = books
    await first.acquire(5)
    await first.write([ROOM, BookEntry("link", "b", b"2")])
    await first.write([BookEntry("link", "b", None)])
    assert await second.changed() == 2
    changes = await second.changes(0)
    assert changes is not None
    assert [(each.number, each.entries) for each in changes] == [
        (1, (("room", "a"), ("link", "b"))),
        (2, (("link", "b"),)),
    ]
    behind = await second.changes(1)
    assert behind is not None
    assert [each.number for each in behind] == [2]
    assert await second.changes(2) == []
    assert await second.changes(3) is None


async def test_a_book_that_is_begun_anew_has_the_given_entries_at_once_and_counts_on(books: Books) -> None:
    first, second = books
    await first.acquire(5)
    await first.write([ROOM, BookEntry("link", "b", b"2")])
    entries = [BookEntry("room", "z", b"1"), BookEntry("hub", "c", b"3"), BookEntry("room", "a", b"")]
    with pytest.raises(StaleWriter):
        await second.begin_anew(5, 17, entries)
    await second.begin_anew(7, 17, entries)
    assert (await second.namespaces(), await second.changed()) == (["hub", "room"], 17)
    assert (list((await first.read("room")).items()), await first.read("link")) == ([("z", b"1"), ("a", b"")], {})
    assert await first.changes(16) is None
    await second.write([BookEntry("room", "b", b"2"), BookEntry("hub", "c", None)])
    assert list(await first.read("room")) == ["z", "a", "b"]
    assert (await first.changed(), await first.namespaces()) == (18, ["room"])
    with pytest.raises(StaleWriter):
        await first.write([ROOM])
    await second.begin_anew(8, 30, [])
    assert (await first.namespaces(), await first.read("room"), await first.changed()) == ([], {}, 30)
