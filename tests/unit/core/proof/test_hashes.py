"""Against the tree that Certificate Transparency's own tests use, whose hashes were published with them."""

from __future__ import annotations

import hashlib

import pytest

from moothall.core.proof.hashes import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    inclusion_root,
    is_consistent,
    leaf_hash,
    node_hash,
    root_of,
    root_of_hashes,
)

ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def perfect(height: int, index: int) -> bytes:
    return root_of_hashes(LEAVES[index << height : (index + 1) << height])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_that_were_published(size: int) -> None:
    assert root_of(size, perfect).hex() == ROOTS[size - 1] == root_of_hashes(LEAVES[:size]).hex()


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of(0, perfect) == EMPTY_ROOT == hashlib.sha256().digest()


def test_a_proof_of_inclusion_is_the_one_that_was_published() -> None:
    assert [each.hex() for each in inclusion_proof(0, 8, perfect)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_a_proof_of_consistency_is_the_one_that_was_published() -> None:
    assert [each.hex() for each in consistency_proof(6, 8, perfect)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_a_path_that_is_too_long_or_too_short_leads_nowhere() -> None:
    path = inclusion_proof(3, 8, perfect)
    assert inclusion_root(3, 8, LEAVES[3], path) == root_of(8, perfect)
    assert inclusion_root(3, 8, LEAVES[3], path[:-1]) is None
    assert inclusion_root(3, 8, LEAVES[3], [*path, path[0]]) is None
    assert inclusion_root(8, 8, LEAVES[3], path) is None
    assert inclusion_root(-1, 8, LEAVES[3], path) is None


def test_what_no_tree_has_is_not_consistent() -> None:
    roots = [EMPTY_ROOT, *map(bytes.fromhex, ROOTS)]
    path = consistency_proof(4, 7, perfect)
    assert is_consistent(4, 7, roots[4], roots[7], path)
    assert not is_consistent(4, 7, roots[4], roots[7], [*path, path[0]])
    assert not is_consistent(4, 7, roots[4], roots[7], path[:-1])
    assert not is_consistent(4, 7, roots[4], roots[7], [])
    assert not is_consistent(7, 4, roots[7], roots[4], path)
    assert is_consistent(5, 5, roots[5], roots[5], [])
    assert not is_consistent(5, 5, roots[5], roots[5], path)
    assert not is_consistent(5, 5, roots[5], roots[4], [])
    assert is_consistent(0, 5, EMPTY_ROOT, roots[5], [])
    assert not is_consistent(0, 5, roots[1], roots[5], [])
    assert consistency_proof(0, 5, perfect) == consistency_proof(5, 5, perfect) == []


def test_a_leaf_is_no_node() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_the_last_leaf_of_a_lopsided_tree_has_a_short_path() -> None:
    for size in range(1, 9):
        for at in range(size):
            path = inclusion_proof(at, size, perfect)
            assert inclusion_root(at, size, LEAVES[at], path) == root_of(size, perfect)
            assert inclusion_root(at, size, LEAVES[at], [*path, bytes(32)]) is None
        for old in range(size + 1):
            path = consistency_proof(old, size, perfect)
            assert is_consistent(old, size, root_of(old, perfect), root_of(size, perfect), path)
            assert not is_consistent(old, size, root_of(old, perfect), root_of(size, perfect), [*path, bytes(32)])
