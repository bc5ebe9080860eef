"""Tiles: the hashes of a tree in pieces of 256, as they are stored and served (c2sp.org/tlog-tiles).

Tile n of level 0 has the hashes of the leaves from 256 · n on; tile n of level l those of the full tiles of the level
below. A full tile never changes. `Edge` is all that is needed to add leaves: the tiles that are not full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.proof.hashes import EMPTY_ROOT, HASH_BYTES, PerfectHash, node_hash, root_of_hashes

WIDTH = 256
"""Hashes of a full tile."""
TILE_BYTES = WIDTH * HASH_BYTES
TILE_BITS = 8
ENTRIES = -1
"""In place of a level, in the name of a bundle of entries."""

_NAME = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z")
MOST_DIGITS = 18
"""The most digits of a tile's index in an address."""


class TileName(msgspec.Struct, frozen=True, order=True):
    """Which tile, and how much of it."""

    level: int
    """From 0; `ENTRIES` for a bundle of entries."""
    n: int
    """Index within the level."""
    width: int = WIDTH
    """How many hashes or entries; less than `WIDTH` for a partial tile."""

    @property
    def path(self) -> str:
        """The tile's address behind `/tile/`, such as `0/x001/234` or `entries/000.p/12`."""
        digits = f"{self.n:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        named = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"{level}/{named}" + (f".p/{self.width}" if self.width < WIDTH else "")


def tile_name(path: str) -> TileName | None:
    """The tile of an address behind `/tile/`; None where the address is written in no way that `TileName.path` does."""
    match = _NAME.match(path)
    if match is None:
        return None
    level = ENTRIES if match[1] == "entries" else int(match[1])
    digits = match[2].replace("x", "").replace("/", "") + match[3]
    if len(digits) > MOST_DIGITS:
        return None
    name = TileName(level, int(digits), int(match[4] or WIDTH))
    return name if name.path == path else None


def width_in(size: int, level: int, n: int) -> int:
    """How many hashes tile `n` of a level has in a tree of `size` leaves; 0 where it has no such tile. For `ENTRIES` as
    for level 0.
    """
    hashes = size >> TILE_BITS * max(0, level)
    return max(0, min(WIDTH, hashes - n * WIDTH))


def perfect_from(tile: Callable[[int, int], bytes]) -> PerfectHash:
    """Hashes of perfect subtrees from tiles: `tile` returns the hashes of tile (level, n), at least as many as the tree
    has whose proofs are made.
    """

    def perfect(height: int, index: int) -> bytes:
        level, up = divmod(height, TILE_BITS)
        n, at = divmod(index << up, WIDTH)
        return root_of_hashes(hashes_of(tile(level, n)[at * HASH_BYTES : (at + (1 << up)) * HASH_BYTES]))

    return perfect


def hashes_of(tile: bytes) -> list[bytes]:
    """The hashes of which a tile consists."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


class Edge(msgspec.Struct, frozen=True):
    """The right edge of a tree: what it takes to add leaves, and to know the root."""

    size: int = 0
    tiles: tuple[bytes, ...] = ()
    """For each level from 0 the hashes of its last tile, if that isn't full; empty where it is."""

    @property
    def root(self) -> bytes:
        """The tree's root."""
        roots: list[bytes] = []
        for tile in reversed(self.tiles):
            hashes = hashes_of(tile)
            at = 0
            for bit in reversed(range(TILE_BITS)):
                if len(hashes) & 1 << bit:
                    roots.append(root_of_hashes(hashes[at : at + (1 << bit)]))
                    at += 1 << bit
        if not roots:
            return EMPTY_ROOT
        found = roots.pop()
        while roots:
            found = node_hash(roots.pop(), found)
        return found


class Growth(msgspec.Struct, frozen=True):
    """A tree with more leaves, and the tiles that changed by them."""

    edge: Edge
    tiles: dict[tuple[int, int], bytes]
    """By (level, n): all hashes that the tile now has. Tiles that became full have 256."""


def grown(edge: Edge, leaves: Sequence[bytes]) -> Growth:
    """Add hashes of leaves to a tree."""
    size = edge.size + len(leaves)
    tiles: dict[tuple[int, int], bytes] = {}
    edges: list[bytes] = []
    level, added = 0, list(leaves)
    while added or level < len(edge.tiles):
        before = edge.tiles[level] if level < len(edge.tiles) else b""
        n = (edge.size >> TILE_BITS * level) // WIDTH
        row = before + b"".join(added)
        whole = len(row) // TILE_BYTES
        for at in range(whole):
            tiles[level, n + at] = row[at * TILE_BYTES : (at + 1) * TILE_BYTES]
        full = [root_of_hashes(hashes_of(tiles[level, n + at])) for at in range(whole)]
        edges.append(row[whole * TILE_BYTES :])
        if edges[-1] and added:
            tiles[level, n + whole] = edges[-1]
        level, added = level + 1, full
    return Growth(Edge(size, tuple(edges)), tiles)
