"""Two nodes of one house never sign two histories: the book is fenced by the term of the lease."""

from __future__ import annotations

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.proof.hashes import is_consistent
from moothall.core.proof.notes import TreeHead, read_head
from moothall.services.cluster.two_books import TwoBooks, follow_book
from moothall.services.proof.tree import DELAY_MS, PublicTree
from moothall.services.proof.tree_store import TreeStore
from moothall.testing.book import MemoryBook, MemorySharedBook, SharedBookStore
from support.proof.grown import Grown
from support.proof.keys import ORIGIN, log_key


class Signing:
    """The house's key, and everything that it ever signed."""

    key_id = "test"

    def __init__(self) -> None:
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return log_key().private.sign(message)


class Kept:
    def __init__(self) -> None:
        self.term: int | None = None
        self.answers = False

    async def give_up(self) -> None:
        self.term, self.answers = None, False


class Node:
    """A node with its own book, the house's logs and the house's key."""

    def __init__(self, name: str, house: Grown, store: SharedBookStore, signing: Signing) -> None:
        self.house, self.signing, self.own, self.kept = house, signing, MemoryBook(), Kept()
        self.shared = MemorySharedBook(store, name)
        self.book = TwoBooks(self.shared, self.own, self.kept, house.clock)
        self.tree: PublicTree | None = None

    async def keep(self, term: int) -> PublicTree:
        """Take the house over, as a process that begins to keep does."""
        self.kept.term, self.kept.answers = term, True
        await self.book.opened()

        async def enters(_: SessionId) -> bool:
            return True

        self.tree = PublicTree(
            TreeStore(self.book),
            self.house.log,
            signer=self.signing,
            public=log_key().key.public,
            origin=ORIGIN,
            clock=self.house.clock,
            enters=enters,
            verify=ed25519,
        )
        return self.tree


def one_history(signed: list[bytes], roots: dict[int, bytes]) -> bool:
    """Whether all that was signed is of one tree, whose roots are given by size."""
    heads = [read_head(text.decode()) for text in signed]
    return all(roots[head.size] == head.root for head in heads)


async def roots_of(tree: PublicTree, heads: list[TreeHead]) -> dict[int, bytes]:
    return {head.size: await tree.root_at(head.size) for head in heads}


@pytest.mark.parametrize("torn", [False, True])
async def test_a_keeper_whose_lease_is_gone_signs_nothing_more(*, torn: bool) -> None:
    house, store, signing = Grown(), SharedBookStore(), Signing()
    first, second = (Node(name, house, store, signing) for name in ("n1", "n2"))
    house.clock.set_wall(house.clock.wall() + 10 * DELAY_MS)
    old = await first.keep(1_001)
    await house.say("One.", "Two.")
    await old.grow()
    assert old.shown is not None
    await house.say("Three.")
    await follow_book(second.shared, second.own)
    # The keeper sleeps, and another takes the house over. Then the first one wakes in the middle of its work.
    new = await second.keep(2_002)
    if torn:
        store.torn = True
    house.tree = old
    await house.say("Four.")
    with pytest.raises(StorageUnavailable):
        await old.grow()
    store.torn = False
    await new.grow()
    assert new.shown is not None
    assert (old.shown.head.size, new.shown.head.size) == (2, 4)
    request = await new.request_for(2)
    assert request is not None
    assert is_consistent(2, 4, old.shown.head.root, new.shown.head.root, request.path)
    heads = [read_head(text.decode()) for text in signing.signed]
    assert one_history(signing.signed, await roots_of(new, heads))


async def test_the_next_keeper_goes_on_with_the_tree_that_it_followed() -> None:
    house, store, signing = Grown(), SharedBookStore(), Signing()
    first, second = (Node(name, house, store, signing) for name in ("n1", "n2"))
    house.clock.set_wall(house.clock.wall() + 10 * DELAY_MS)
    tree = await first.keep(1_001)
    records = await house.say(*(str(n) for n in range(300)))
    house.clock.set_wall(house.clock.wall() + 300 * 40)
    await tree.grow()
    first.kept.term, first.kept.answers = None, False
    tree = await second.keep(2_002)
    more = await house.say("After it.")
    await tree.grow()
    assert tree.shown is not None
    assert tree.shown.head.size == 301
    house.tree = tree
    assert all([await house.is_in(record) for record in (records[0], records[-1], more[0])])
    assert len(signing.signed) == 2
