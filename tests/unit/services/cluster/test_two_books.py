from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from moothall.core.kernel.errors import ConfigurationError, OutcomeUnknown, StorageUnavailable
from moothall.core.ports import BookEntry
from moothall.services.cluster.two_books import NOTES, TwoBooks, follow_book, noted_change
from moothall.services.cluster.two_copies import PATIENCE_MS
from moothall.testing.book import MemoryBook, MemorySharedBook, SharedBookStore
from moothall.testing.clock import ManualClock


class Kept:
    def __init__(self, term: int | None) -> None:
        self.term = term
        self.answers = term is not None

    async def give_up(self) -> None:
        self.term, self.answers = None, False


class Node:
    def __init__(self, store: SharedBookStore, name: str, term: int | None) -> None:
        self.shared = MemorySharedBook(store, name)
        self.own = MemoryBook()
        self.kept = Kept(term)
        self.clock = ManualClock()
        self.book = TwoBooks(self.shared, self.own, self.kept, self.clock)

    async def has(self) -> dict[str, dict[str, bytes]]:
        """All but the note."""
        return await content(self.own)


async def content(book: MemoryBook | MemorySharedBook) -> dict[str, dict[str, bytes]]:
    return {name: dict(await book.read(name)) for name in await book.namespaces() if name != NOTES}


@pytest.fixture
def store() -> SharedBookStore:
    return SharedBookStore()


@pytest.fixture
def first(store: SharedBookStore) -> Node:
    return Node(store, "n1", 1_001)


@pytest.fixture
def second(store: SharedBookStore) -> Node:
    return Node(store, "n2", None)


def keeps(node: Node, term: int, instead_of: Node) -> None:
    instead_of.kept.term, instead_of.kept.answers = None, False
    node.kept.term, node.kept.answers = term, True


ROOM = BookEntry("room", "a", b"1")


async def test_what_is_acknowledged_is_in_both_books(first: Node) -> None:
    await first.book.opened()
    await first.book.write([ROOM, BookEntry("link", "b", b"2")])
    await first.book.write([BookEntry("link", "b", None)])
    await first.book.write([])
    assert await first.has() == await content(first.shared) == {"room": {"a": b"1"}}
    assert await noted_change(first.own) == 2
    assert (await first.book.read("room"), await first.book.namespaces()) == ({"a": b"1"}, ["room"])


async def test_a_folder_that_was_a_house_alone_fills_a_new_redis(first: Node) -> None:
    await first.own.write([BookEntry("room", f"{n}", b"1") for n in range(1_200)])
    await first.book.opened()
    assert await content(first.shared) == await first.has()
    await first.book.write([ROOM])
    assert await content(first.shared) == await first.has()


async def test_a_folder_with_a_programme_of_its_own_joins_no_house(first: Node, second: Node) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    await second.own.write([BookEntry("room", "b", b"2")])
    keeps(second, 2_002, first)
    with pytest.raises(ConfigurationError, match="a programme of its own"):
        await second.book.opened()
    assert await content(first.shared) == {"room": {"a": b"1"}}


async def test_the_next_keeper_has_all_of_it_and_the_one_before_writes_nothing(first: Node, second: Node) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    keeps(second, 2_002, first)
    await second.book.opened()
    assert await second.has() == {"room": {"a": b"1"}}
    first.kept.term, first.kept.answers = 1_001, True
    with pytest.raises(StorageUnavailable, match="Another node"):
        await first.book.write([BookEntry("room", "b", b"2")])
    assert await content(second.shared) == await first.has() == {"room": {"a": b"1"}}


async def test_a_node_that_stands_by_writes_nothing(second: Node) -> None:
    with pytest.raises(StorageUnavailable, match="doesn't keep the house"):
        await second.book.write([ROOM])
    with pytest.raises(StorageUnavailable, match="doesn't keep the house"):
        await second.book.opened()


async def test_a_node_that_stands_by_follows_by_changes_or_all_of_it(
    store: SharedBookStore, first: Node, second: Node
) -> None:
    await first.book.opened()
    await first.book.write([ROOM, BookEntry("link", "b", b"2")])
    assert await follow_book(second.shared, second.own) == 1
    await first.book.write([BookEntry("link", "b", None), BookEntry("link", "c", b"3"), BookEntry("room", "a", b"4")])
    assert await follow_book(second.shared, second.own) == 2
    assert await second.has() == {"room": {"a": b"4"}, "link": {"c": b"3"}}
    store.kept = 1
    for n in range(3):
        await first.book.write([BookEntry("room", f"{n}", b"5")])
    await first.book.write([BookEntry("link", "c", None)])
    assert await follow_book(second.shared, second.own) == 6
    assert await second.has() == await first.has()
    assert await follow_book(second.shared, second.own) == 6


async def test_a_write_that_was_stored_and_not_answered_is_undone_before_the_next(
    store: SharedBookStore, first: Node
) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    store.torn = True
    with pytest.raises(OutcomeUnknown):
        await first.book.write([BookEntry("room", "a", b"9"), BookEntry("room", "b", b"9")])
    assert await first.has() == {"room": {"a": b"1"}}
    await first.book.write([BookEntry("room", "c", b"2")])
    assert await content(first.shared) == await first.has() == {"room": {"a": b"1", "c": b"2"}}


async def test_a_write_that_was_never_stored_needs_no_undoing(store: SharedBookStore, first: Node) -> None:
    await first.book.opened()
    store.away = True
    with pytest.raises(StorageUnavailable):
        await first.book.write([ROOM])
    store.away = False
    await first.book.write([ROOM])
    assert await content(first.shared) == await first.has() == {"room": {"a": b"1"}}


async def test_a_shared_book_that_is_lost_is_filled_from_the_own_one(store: SharedBookStore, first: Node) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    store.torn = True
    with pytest.raises(OutcomeUnknown):
        await first.book.write([BookEntry("room", "b", b"9")])
    store.lose_all()
    await first.book.write([BookEntry("room", "c", b"2")])
    assert await content(first.shared) == await first.has() == {"room": {"a": b"1", "c": b"2"}}


async def test_a_keeper_that_lives_fills_a_shared_book_that_is_lost(store: SharedBookStore, first: Node) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    for n in range(3):
        store.lose_all()
        with pytest.raises(StorageUnavailable):
            await first.book.write([BookEntry("room", "b", b"9")])
        await first.book.write([BookEntry("room", f"{n}", b"2")])
        assert await content(first.shared) == await first.has()
    assert await first.has() == {"room": {"a": b"1", "0": b"2", "1": b"2", "2": b"2"}}


async def test_a_shared_book_that_is_lost_is_filled_though_nothing_is_written(
    store: SharedBookStore, first: Node
) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    await first.book.mend()
    assert await first.shared.changed() == 1
    store.lose_all()
    await first.book.mend()
    assert await content(first.shared) == await first.has() == {"room": {"a": b"1"}}
    await first.book.write([BookEntry("room", "b", b"2")])
    await store.lose_end([BookEntry("room", "b", None)])
    await first.book.mend()
    assert await content(first.shared) == await first.has() == {"room": {"a": b"1", "b": b"2"}}
    store.torn = True
    with pytest.raises(OutcomeUnknown):
        await first.book.write([BookEntry("room", "c", b"9")])
    await first.book.mend()
    assert await content(first.shared) == await first.has() == {"room": {"a": b"1", "b": b"2"}}


async def test_whoever_does_not_keep_the_house_any_more_mends_nothing(first: Node, second: Node) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    keeps(second, 2_002, first)
    await second.book.opened()
    await second.book.write([BookEntry("room", "b", b"2")])
    with pytest.raises(StorageUnavailable, match="doesn't keep the house"):
        await first.book.mend()
    first.kept.term, first.kept.answers = 1_001, True
    with pytest.raises(StorageUnavailable, match="Another node"):
        await first.book.mend()
    assert await content(second.shared) == {"room": {"a": b"1", "b": b"2"}}


async def test_a_shared_book_that_has_lost_its_end_is_filled_before_anything_is_written_behind_it(
    store: SharedBookStore, first: Node, second: Node
) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    await first.book.write([BookEntry("room", "b", b"2")])
    await follow_book(second.shared, second.own)
    await store.lose_end([BookEntry("room", "b", None)])
    with pytest.raises(StorageUnavailable):
        await first.book.write([BookEntry("room", "c", b"3")])
    await first.book.write([BookEntry("room", "d", b"4")])
    await follow_book(second.shared, second.own)
    assert await content(first.shared) == await first.has() == await second.has()
    assert await first.has() == {"room": {"a": b"1", "b": b"2", "d": b"4"}}


async def test_writes_at_the_same_time_are_in_both_books_in_the_same_order(first: Node) -> None:
    await first.book.opened()
    write, slow = first.shared.write, asyncio.Event()

    async def late(entries: Sequence[BookEntry]) -> None:
        if entries[0].body == b"1":
            await slow.wait()
        await write(entries)

    first.shared.write = late  # type: ignore[method-assign]
    writing = [asyncio.ensure_future(first.book.write([BookEntry("room", "a", body)])) for body in (b"1", b"2")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    slow.set()
    await asyncio.gather(*writing)
    assert await content(first.shared) == await first.has() == {"room": {"a": b"2"}}
    assert await first.shared.changed() == await noted_change(first.own) == 2


class WriteOnce(MemorySharedBook):
    """A shared book that can't be reached any more after whatever its node does first."""

    async def begin_anew(self, *given: Any) -> None:
        await super().begin_anew(*given)
        self._store.away = True


async def test_a_keeper_that_ends_once_it_has_begun_to_fill_a_lost_book_leaves_all_of_it_or_none(
    store: SharedBookStore, first: Node, second: Node
) -> None:
    await first.book.opened()
    await first.book.write([ROOM, BookEntry("link", "b", b"2")])
    await follow_book(second.shared, second.own)
    before = await second.has()
    store.lose_all()
    first.book.shared = WriteOnce(store, "n1")
    with pytest.raises(StorageUnavailable):
        await first.book.mend()
    store.away = False
    keeps(second, 2_002, first)
    await second.book.opened()
    assert await second.has() == before


async def test_a_keeper_that_takes_over_a_shared_book_without_its_end_fills_it(
    store: SharedBookStore, first: Node, second: Node
) -> None:
    await first.book.opened()
    await first.book.write([ROOM])
    await first.book.write([BookEntry("room", "b", b"2")])
    await follow_book(second.shared, second.own)
    await store.book.write([BookEntry("room", "b", None)])
    store.change = 1
    keeps(second, 2_002, first)
    await second.book.opened()
    assert await content(second.shared) == await second.has() == {"room": {"a": b"1", "b": b"2"}}


async def test_a_disk_that_is_full_for_a_moment_gets_what_is_decided(first: Node) -> None:
    await first.book.opened()
    first.own.full = True
    writing = asyncio.ensure_future(first.book.write([ROOM]))
    await first.clock.advance(PATIENCE_MS // 2)
    assert not writing.done()
    first.own.full = False
    await first.clock.advance(PATIENCE_MS // 4)
    await asyncio.wait_for(writing, 60)
    assert await first.has() == {"room": {"a": b"1"}}


async def test_a_disk_that_stays_full_has_the_house_given_up(first: Node, second: Node) -> None:
    await first.book.opened()
    first.own.full = True
    writing = asyncio.ensure_future(first.book.write([ROOM]))
    await first.clock.advance(PATIENCE_MS + 100)
    with pytest.raises(OutcomeUnknown, match="disk can't store a change"):
        await writing
    assert first.kept.term is None
    keeps(second, 2_002, first)
    await second.book.opened()
    assert await second.has() == {"room": {"a": b"1"}}


async def test_a_disk_that_hangs_has_the_house_given_up_too(first: Node, second: Node) -> None:
    class Hanging(MemoryBook):
        async def write(self, entries: Sequence[BookEntry]) -> None:
            await asyncio.Event().wait()

    await first.book.opened()
    first.book.own = Hanging()
    writing = asyncio.ensure_future(first.book.write([ROOM]))
    await first.clock.advance(PATIENCE_MS)
    with pytest.raises(OutcomeUnknown, match="disk can't store a change"):
        await writing
    assert first.kept.term is None
    keeps(second, 2_002, first)
    await second.book.opened()
    assert await second.has() == {"room": {"a": b"1"}}


async def test_nothing_is_acknowledged_once_the_lease_is_over(first: Node) -> None:
    await first.book.opened()

    class Slow(MemoryBook):
        async def write(self, entries: object) -> None:
            first.kept.answers = False

    first.book.own = Slow()
    with pytest.raises(OutcomeUnknown, match="lease was over"):
        await first.book.write([ROOM])


async def test_both_books_are_closed(first: Node) -> None:
    await first.book.close()
    with pytest.raises(StorageUnavailable):
        await first.own.read("room")
