from __future__ import annotations

import pytest

from moothall.core.proof.hashes import leaf_hash, root_of, root_of_hashes
from moothall.core.proof.tiles import (
    ENTRIES,
    Edge,
    TileName,
    grown,
    hashes_of,
    perfect_from,
    tile_name,
    width_in,
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("0/000", TileName(0, 0)),
        ("0/x001/x234/067", TileName(0, 1_234_067)),
        ("1/005.p/17", TileName(1, 5, 17)),
        ("entries/x001/000", TileName(ENTRIES, 1_000)),
        ("entries/000.p/255", TileName(ENTRIES, 0, 255)),
    ],
)
def test_addresses_are_those_of_the_specification(path: str, name: TileName) -> None:
    assert name.path == path
    assert tile_name(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0/0",
        "0/x000/001",
        "00/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/001/002",
        "0/x001/x002",
        "-1/000",
        "entry/000",
        "0/000/",
        "0/" + "x001/" * 6 + "001",
    ],
)
def test_other_addresses_name_no_tile(path: str) -> None:
    assert tile_name(path) is None


def test_nothing_added_changes_no_tile() -> None:
    edge = grown(Edge(), [bytes(32)] * 300).edge
    growth = grown(edge, [])
    assert growth.edge == edge
    assert growth.tiles == {}


def test_tiles_of_a_tree_that_grew() -> None:
    leaves = [leaf_hash(b"%d" % at) for at in range(600)]
    first = grown(Edge(), leaves[:500])
    second = grown(first.edge, leaves[500:])
    assert sorted(first.tiles) == [(0, 0), (0, 1), (1, 0)]
    assert sorted(second.tiles) == [(0, 1), (0, 2), (1, 0)]
    assert [width_in(600, level, n) for level, n in sorted(second.tiles)] == [256, 88, 2]
    assert width_in(600, ENTRIES, 2) == 88
    assert width_in(600, 2, 0) == 0
    tiles = first.tiles | second.tiles
    perfect = perfect_from(lambda level, n: tiles[level, n])
    assert second.edge.root == root_of(600, perfect) == root_of_hashes(leaves)
    assert first.edge.root == root_of_hashes(leaves[:500])
    assert Edge().root == root_of(0, perfect)
    assert hashes_of(tiles[1, 0]) == [root_of_hashes(leaves[:256]), root_of_hashes(leaves[256:512])]
