"""Hashes of a Merkle tree, and proofs of inclusion and consistency (RFC 6962 §2.1, RFC 9162 §2.1).

A tree is defined by its leaves alone. Everything else follows from the hashes of *perfect* subtrees: those of 2^height
leaves that begin at a multiple of it. Where these come from is the caller's affair (`moothall.core.proof.tiles`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""
MOST_PATH = 63
"""The most hashes of a proof: no tree has 2^63 leaves."""

PerfectHash = Callable[[int, int], bytes]
"""(height, index) → the hash of the perfect subtree of 2^height leaves that begins at leaf index · 2^height."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees together."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The number of leaves in the left subtree of a tree of `size` leaves, at least 2: the largest power of two that is
    smaller.
    """
    return 1 << (size - 1).bit_length() - 1


def range_hash(begin: int, end: int, perfect: PerfectHash) -> bytes:
    """The hash of the subtree of the leaves from `begin` up to `end`, at least one. `begin` is a multiple of a power of
    two that is not smaller than their number, as for all subtrees of a tree.
    """
    size = end - begin
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return perfect(height, begin >> height)
    middle = begin + split(size)
    return node_hash(range_hash(begin, middle, perfect), range_hash(middle, end, perfect))


def root_of(size: int, perfect: PerfectHash) -> bytes:
    """The root of the tree of `size` leaves."""
    return range_hash(0, size, perfect) if size else EMPTY_ROOT


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """The root over these hashes of leaves or of equally large perfect subtrees; at least one."""
    row = list(hashes)
    while len(row) > 1:
        joined = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        row = [*joined, row[-1]] if len(row) % 2 else joined
    return row[0]


def inclusion_proof(index: int, size: int, perfect: PerfectHash) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves: hashes from the leaf's sibling up to the root's
    child (RFC 9162 §2.1.3.1).
    """
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append(range_hash(middle, end, perfect))
            end = middle
        else:
            path.append(range_hash(begin, middle, perfect))
            begin = middle
    return path[::-1]


def inclusion_root(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root to which a proof of inclusion leads from the hash of the leaf; None where no tree of that size has such
    a proof (RFC 9162 §2.1.3.2).
    """
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def consistency_proof(old: int, new: int, perfect: PerfectHash) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` leaves; empty where one of them is empty or
    both are equal (RFC 9162 §2.1.4.1). `old` is not above `new`.
    """
    path: list[bytes] = []
    if old in (0, new):
        return path
    begin, end, whole = 0, new, True
    while old != end:
        middle = begin + split(end - begin)
        if old <= middle:
            path.append(range_hash(middle, end, perfect))
            end = middle
        else:
            path.append(range_hash(begin, middle, perfect))
            begin, whole = middle, False
    if not whole:
        path.append(range_hash(begin, end, perfect))
    return path[::-1]


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of `new` leaves begins with that of `old` leaves (RFC 9162 §2.1.4.2). An
    empty tree is the beginning of all, without a proof.
    """
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not (0 < old < new and path):
        return False
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(each, was), node_hash(each, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, each)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root
