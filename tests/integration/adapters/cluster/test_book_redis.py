"""A book that several nodes share: one node writes, the others follow."""

from __future__ import annotations

import pytest

from moothall.adapters.cluster import book_redis
from moothall.adapters.cluster.book_redis import RedisBook
from moothall.core.kernel.errors import LogMissing, OutcomeUnknown, RecordBroken, StaleWriter, StorageUnavailable
from moothall.core.ports import BookChange, BookEntry
from support.cluster.process import PROGRAMS, Opened, RedisProcess, RedisProcesses


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> RedisProcess:
    return redis_processes.empty(request.param)


@pytest.fixture
def book(process: RedisProcess, opened: Opened) -> RedisBook:
    return RedisBook(opened.server(process.reached()), "node-a")


@pytest.fixture
def other(process: RedisProcess, opened: Opened) -> RedisBook:
    return RedisBook(opened.server(process.reached()), "node-b")


A, B = BookEntry("room", "a", b"1"), BookEntry("link", "b", b"2")


async def test_one_node_writes_and_one_that_was_overtaken_does_not(book: RedisBook, other: RedisBook) -> None:
    with pytest.raises(LogMissing, match="lost the book"):
        await other.acquire(new=False)
    assert await book.acquire() == 1
    await book.write([A])
    with pytest.raises(StaleWriter, match="held by another node with term 1"):
        await other.acquire()
    with pytest.raises(StaleWriter):
        await other.write([B])
    assert await other.acquire(9) == 9
    with pytest.raises(StaleWriter, match="its term is 9, not 1"):
        await book.write([B])
    with pytest.raises(StaleWriter):
        await book.acquire(9)
    await other.write([B])
    assert await other.acquire() == 10
    assert (await book.read("room"), await book.read("link")) == ({"a": b"1"}, {"b": b"2"})


async def test_another_node_follows_what_was_written(book: RedisBook, other: RedisBook) -> None:
    await book.acquire()
    assert await other.changed() == 0
    assert await other.changes(0) == []
    await book.write([A, B])
    await book.write([])
    await book.write([BookEntry("room", "a", None)])
    assert await other.changed() == 2
    found = [BookChange(1, (("room", "a"), ("link", "b"))), BookChange(2, (("room", "a"),))]
    assert await other.changes(0) == found
    assert await other.changes(0, 1) == found[:1]
    assert await other.changes(1) == found[1:]
    assert await other.changes(2) == []
    assert await other.changes(3) is None


async def test_who_is_too_far_behind_reads_the_whole_book(process: RedisProcess, book: RedisBook) -> None:
    await book.acquire()
    for _ in range(3):
        await book.write([A])
    process.ask("XTRIM", "moothall:book:{book}:changes", "MINID", "3-0")
    assert await book.changes(1) is None
    assert await book.changes(2) == [BookChange(3, (("room", "a"),))]
    assert book_redis.CHANGES >= 1_000


async def test_a_change_that_can_t_be_read_breaks_the_book_and_nothing_else(
    process: RedisProcess, book: RedisBook
) -> None:
    await book.acquire()
    await book.write([A])
    process.ask("HSET", "moothall:book:{book}:head", "change", 2)
    process.ask("XADD", "moothall:book:{book}:changes", "2-0", "named", "[" * 20_000 + "]" * 20_000)
    with pytest.raises(RecordBroken, match="can't be read"):
        await book.changes(1)


@pytest.mark.parametrize("lost", ["head", "of:room", "everything"])
async def test_a_book_that_lost_a_part_is_missing(process: RedisProcess, book: RedisBook, lost: str) -> None:
    await book.acquire()
    await book.write([A, B])
    process.ask("FLUSHALL") if lost == "everything" else process.ask("DEL", f"moothall:book:{{book}}:{lost}")
    with pytest.raises(LogMissing):
        await book.read("room")
    with pytest.raises(LogMissing):
        await book.write([BookEntry("room", "c", b"3")])
    if lost != "of:room":
        for act in (book.changed(), book.changes(0), book.acquire(new=False)):
            with pytest.raises(LogMissing):
                await act


async def test_without_memory_nothing_is_kept_and_something_can_be_taken_out(
    process: RedisProcess, book: RedisBook
) -> None:
    await book.acquire()
    await book.write([A, B])
    process.ask("CONFIG", "SET", "maxmemory", 1)
    try:
        with pytest.raises(StorageUnavailable, match="no memory left") as refused:
            await book.write([BookEntry("room", "c", b"3"), BookEntry("room", "a", None)])
        assert not isinstance(refused.value, OutcomeUnknown)
        await book.write([BookEntry("room", "a", None)])
        assert (await book.read("room"), await book.read("link")) == ({}, {"b": b"2"})
    finally:
        process.ask("CONFIG", "SET", "maxmemory", 0)


async def test_an_order_of_many_is_kept(book: RedisBook) -> None:
    await book.acquire()
    keys = [f"{n * 7919 % 1_000}" for n in range(300)]
    for first in range(0, 300, 50):
        await book.write([BookEntry("room", key, bytes(5)) for key in keys[first : first + 50]])
    await book.write([BookEntry("room", keys[0], b"1"), BookEntry("room", keys[1], None)])
    await book.write([BookEntry("room", keys[1], b"2")])
    assert list(await book.read("room")) == [keys[0], *keys[2:], keys[1]]


async def test_nothing_is_written_behind_an_end_that_was_lost(process: RedisProcess, book: RedisBook) -> None:
    await book.acquire()
    await book.write([A])
    await book.write([B])
    process.ask("HSET", "moothall:book:{book}:head", "change", 1)
    with pytest.raises(LogMissing, match="lost the book"):
        await book.write([A])
    await book.begin_anew(7, 12, [A])
    await book.write([A, B])
    assert await book.changed() == 13
