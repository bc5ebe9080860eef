from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import BookEntry
from moothall.services.sessions.browsers import (
    MOST_BROWSERS,
    VISIT_MS,
    VISITORS,
    Browsers,
    SignedIn,
    digest_of,
    entries_of,
)
from moothall.services.sessions.staff import HALL, Staff
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness


class Shelf:
    """Browsers, and what they stand on."""

    def __init__(self) -> None:
        self.book = MemoryBook()
        self.clock = ManualClock()
        self.browsers = self.again()

    def again(self) -> Browsers:
        return Browsers(book=self.book, clock=self.clock, randomness=SeededRandomness(0))

    def signed(self, pseudonym: str, ms: int) -> SignedIn:
        """Somebody who signed in now, for so long."""
        staff = Staff(link=pseudonym, role=Role.SECRETARIAT, scope=HALL, label="")
        return SignedIn(staff=staff, since=self.clock.wall(), until=self.clock.wall() + ms)


def story(act: Callable[[Shelf], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        asyncio.run(act(Shelf()))

    return test


@story
async def test_a_browser_stands_for_what_it_opened_by_its_newest_key_alone(shelf: Shelf) -> None:
    first = await shelf.browsers.renew("slipped in by somebody", ("a",))
    second = await shelf.browsers.renew(first, ("a", "b"))
    assert shelf.browsers.opened(second) == ("a", "b")
    assert shelf.browsers.opened(first) == shelf.browsers.opened("slipped in by somebody") == ()
    await shelf.browsers.forget(second)
    await shelf.browsers.forget("nobody")
    assert shelf.browsers.opened(second) == ()
    assert await shelf.book.read(VISITORS) == {}


@story
async def test_the_book_holds_digests_of_keys_and_outlives_the_server(shelf: Shelf) -> None:
    job = shelf.signed("p1", 1_000)
    key = await shelf.browsers.renew("", ("a",), (job,))
    assert set(await shelf.book.read(VISITORS)) == {digest_of(key)}
    later = shelf.again()
    await later.load()
    assert (later.opened(key), later.jobs(key), later.signed_in()) == (("a",), (job.staff,), (job,))


@story
async def test_a_browser_opens_nothing_after_a_month(shelf: Shelf) -> None:
    key = await shelf.browsers.renew("", ("a",))
    await shelf.clock.advance(VISIT_MS)
    assert shelf.browsers.opened(key) == ("a",)
    assert not shelf.browsers.without_past(shelf.clock.wall())
    await shelf.clock.advance(1)
    assert shelf.browsers.opened(key) == ()
    assert shelf.browsers.without_past(shelf.clock.wall()) == {digest_of(key): None}


@story
async def test_the_oldest_browser_makes_room(shelf: Shelf) -> None:
    keys = [await shelf.browsers.renew("", ("a",)) for _ in range(MOST_BROWSERS + 1)]
    assert [shelf.browsers.opened(key) for key in (keys[0], keys[1], keys[-1])] == [(), ("a",), ("a",)]
    renewed = await shelf.browsers.renew(keys[-1], ("b",))  # In place of the browser that had the key.
    assert [shelf.browsers.opened(key) for key in (keys[1], keys[-1], renewed)] == [("a",), (), ("b",)]


@story
async def test_a_sign_in_stays_with_other_links_until_its_time_or_the_next(shelf: Shelf) -> None:
    ana, bo = shelf.signed("ana", 1_000), shelf.signed("bo", 2_000)
    key = await shelf.browsers.renew("", (), (ana,))
    key = await shelf.browsers.renew(key, ("a",))
    assert shelf.browsers.jobs(key) == (ana.staff,)
    key = await shelf.browsers.renew(key, ("a",), (bo,))
    assert shelf.browsers.jobs(key) == (bo.staff,)
    assert shelf.browsers.signed_past(shelf.clock.wall()) == set()
    await shelf.clock.advance(2_000)
    assert (shelf.browsers.jobs(key), shelf.browsers.signed_in()) == ((), ())
    assert shelf.browsers.signed_past(shelf.clock.wall()) == {"bo"}
    past = shelf.browsers.without_past(shelf.clock.wall())
    shelf.browsers.put(past)
    assert (shelf.browsers.opened(key), shelf.browsers.signed_past(shelf.clock.wall())) == (("a",), set())


@story
async def test_what_leaves_a_browser_leaves_the_rest_and_an_empty_one_is_forgotten(shelf: Shelf) -> None:
    ana = shelf.signed("ana", 1_000)
    both = await shelf.browsers.renew("", ("a", "b"), (ana,))
    alone = await shelf.browsers.renew("", ("a",))
    other = await shelf.browsers.renew("", ("b",))
    without = shelf.browsers.without_link("a")
    assert without.keys() == {digest_of(both), digest_of(alone)}
    assert shelf.browsers.opened(both) == ("a", "b")  # Nothing is done yet.
    shelf.browsers.put(without)
    await shelf.book.write(entries_of(without))
    shelf.browsers.put(shelf.browsers.without_sign_in("ana"))
    assert [shelf.browsers.opened(key) for key in (both, alone, other)] == [("b",), (), ("b",)]
    assert shelf.browsers.jobs(both) == ()
    assert (await shelf.book.read(VISITORS)).keys() == {digest_of(both), digest_of(other)}


@story
async def test_it_is_known_when_a_link_was_opened_last(shelf: Shelf) -> None:
    assert shelf.browsers.last_opened("a") == 0
    await shelf.browsers.renew("", ("a",))
    await shelf.clock.advance(500)
    await shelf.browsers.renew("", ("a",))
    now = shelf.clock.wall()
    await shelf.clock.advance(500)
    await shelf.browsers.renew("", ("b",))
    assert shelf.browsers.last_opened("a") == now


@story
async def test_what_cannot_be_stored_has_not_happened(shelf: Shelf) -> None:
    key = await shelf.browsers.renew("", ("a",))
    shelf.book.full = True
    for act in (
        shelf.browsers.renew(key, ("a", "b"), with_=[BookEntry("link", "b", b"1")]),
        shelf.browsers.forget(key),
    ):
        with pytest.raises(StorageUnavailable):
            await act
    assert shelf.browsers.opened(key) == ("a",)
    assert await shelf.book.read("link") == {}
