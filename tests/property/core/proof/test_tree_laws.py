"""Laws of the tree: however it grew, its roots are the same, its proofs hold, and no other does."""

from __future__ import annotations

import hashlib
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.proof.hashes import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_proof,
    inclusion_proof,
    inclusion_root,
    is_consistent,
    leaf_hash,
    node_hash,
    root_of,
)
from moothall.core.proof.tiles import ENTRIES, WIDTH, Edge, TileName, grown, perfect_from, tile_name, width_in

SIZES = st.one_of(
    st.integers(0, 20), st.sampled_from([255, 256, 257, 511, 512, 513, 1_000, 65_535, 65_536, 65_537, 70_000])
)


@cache
def leaves() -> list[bytes]:
    return [leaf_hash(b"%d" % at) for at in range(70_000)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, as it stands there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


class Tree:
    """A tree with its tiles, grown in steps."""

    def __init__(self, *steps: int) -> None:
        self.edge, self.tiles = Edge(), dict[tuple[int, int], bytes]()
        for size in steps:
            growth = grown(self.edge, leaves()[self.edge.size : size])
            self.edge = growth.edge
            self.tiles |= growth.tiles
        self.perfect = perfect_from(lambda level, n: self.tiles[level, n])


@given(sizes=st.lists(SIZES, min_size=1, max_size=5).map(sorted))
def test_the_root_does_not_depend_on_the_steps(sizes: list[int]) -> None:
    tree = Tree(*sizes)
    assert tree.edge.size == sizes[-1]
    assert tree.edge.root == root_of(sizes[-1], tree.perfect) == Tree(sizes[-1]).edge.root


@given(size=st.integers(0, 600))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert Tree(size).edge.root == by_definition(leaves()[:size])


@given(sizes=st.lists(SIZES, min_size=2, max_size=3).map(sorted))
def test_tiles_are_those_that_the_specification_counts(sizes: list[int]) -> None:
    tree, size = Tree(*sizes), sizes[-1]
    for (level, n), tile in tree.tiles.items():
        assert len(tile) == HASH_BYTES * width_in(size, level, n)
    for level in range(4):
        n = (size >> 8 * level) // WIDTH
        assert ((level, n) in tree.tiles) == (width_in(size, level, n) > 0)


def test_the_example_of_the_specification() -> None:
    assert width_in(70_000, 0, 272) == WIDTH
    assert width_in(70_000, 0, 273) == width_in(70_000, ENTRIES, 273) == 112
    assert width_in(70_000, 0, 274) == 0
    assert (width_in(70_000, 1, 0), width_in(70_000, 1, 1), width_in(70_000, 2, 0)) == (256, 17, 1)


@given(data=st.data(), size=SIZES.filter(lambda size: size > 0))
def test_each_leaf_has_a_proof_and_no_other_leaf_has_it(data: st.DataObject, size: int) -> None:
    tree = Tree(size)
    at = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(at, size, tree.perfect)
    assert inclusion_root(at, size, leaves()[at], path) == tree.edge.root
    assert inclusion_root(at, size, leaf_hash(b"other"), path) != tree.edge.root
    other = data.draw(st.integers(0, size + 1))
    assert other == at or inclusion_root(other, size, leaves()[at], path) != tree.edge.root
    for place, each in enumerate(path):
        altered = [*path[:place], bytes([each[0] ^ 1]) + each[1:], *path[place + 1 :]]
        assert inclusion_root(at, size, leaves()[at], altered) != tree.edge.root


@given(sizes=st.lists(SIZES, min_size=2, max_size=2).map(sorted), data=st.data())
def test_a_tree_continues_each_of_its_beginnings_and_nothing_else(sizes: list[int], data: st.DataObject) -> None:
    old, new = sizes
    tree = Tree(new)
    was, now = Tree(old).edge.root, tree.edge.root
    path = consistency_proof(old, new, tree.perfect)
    assert is_consistent(old, new, was, now, path)
    another = leaf_hash(b"another")
    assert not is_consistent(old, new, another, now, path)
    assert old == 0 or not is_consistent(old, new, was, another, path)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        assert not is_consistent(old, new, was, now, [*path[:place], another, *path[place + 1 :]])
        assert not is_consistent(old, new, was, now, path[:-1])
    assert was == EMPTY_ROOT if old == 0 else True


@given(level=st.integers(-1, 63), n=st.integers(0, 10**17), width=st.integers(1, 256))
def test_an_address_names_its_tile(level: int, n: int, width: int) -> None:
    name = TileName(level, n, width)
    assert tile_name(name.path) == name


@given(text=st.text("x0123456789/.pentris", max_size=24))
def test_an_address_that_is_written_in_another_way_names_none(text: str) -> None:
    name = tile_name(text)
    assert name is None or name.path == text
