"""The stored tree: entries of the book, in which tiles, edge and checkpoint change together.

The book is durable when a write returns, and where several nodes share it a write is fenced by the term of the house's
lease: so two nodes never store two trees. Namespaces of tiles hold 16 tiles each, since whoever follows a book reads
whole namespaces.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Book, BookEntry
from moothall.core.proof.hashes import PerfectHash
from moothall.core.proof.tiles import TILE_BYTES, Edge, perfect_from

STATE, CURSORS, TILES = "tree", "tree-at", "tree-tile"
"""Namespaces: the state of the tree; how far each session has entered; tiles, as `tree-tile:TREE/LEVEL/SHARD`."""
HEAD, NOTE, SIGNED_AT, CONFLICTS, SUCCESSIONS = "head", "note", "signed-at", "conflicts", "successions"
"""Keys of the state."""
WITNESSES = "witnesses"
"""Key of the state under which the hubs stand that have cosigned."""
ASKED_FIRST = "asked-first"
"""Key of the state that says that a witness has to be asked before anything is signed: this copy was restored from a
backup, or a witness has said that it has seen more."""
FORMER = "former-"
"""The beginning of a key under which the last checkpoint of a tree stays that another succeeded, by its number."""
SHARD = 16
"""Tiles in a namespace."""
MOST_CACHED = 64
"""Shards in memory, 128 KiB each at most. Overflow: the least recently used is dropped."""


class EventSpan(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """Consecutive leaves of a tile that are events of one session."""

    start: int
    """Place of the first in the tile."""
    session: SessionId
    epoch: Epoch
    offsets: tuple[int, ...]


class ExportLeaf(msgspec.Struct, frozen=True, array_like=True, tag="x"):
    """A leaf of a tile that is a file that was taken home."""

    start: int
    session: SessionId
    entry: bytes


class StoredTile(msgspec.Struct, frozen=True, array_like=True):
    """A tile as it is stored."""

    hashes: bytes
    parts: tuple[EventSpan | ExportLeaf, ...] = ()
    """What the leaves are, in order; empty above level 0."""


class TreeState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the tree."""

    number: int
    """Number of this tree, from 0; each succession begins another one."""
    origin: str
    edge: Edge
    begun: int
    """When the tree was begun, Unix ms."""


class SessionCursor(msgspec.Struct, frozen=True, array_like=True):
    """How far a session's log has entered the tree."""

    epoch: Epoch
    offset: int
    """The last event that was looked at, of whatever lane."""
    digest: bytes
    """That event's digest in the chain, by which a log that was set back is known."""


T = TypeVar("T")
_pack = msgspec.msgpack.Encoder().encode
_state = msgspec.msgpack.Decoder(TreeState)
_tile = msgspec.msgpack.Decoder(StoredTile)
_cursor = msgspec.msgpack.Decoder(SessionCursor)
_conflicts = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]])
_successions = msgspec.msgpack.Decoder(list[bytes])


class TreeStore:
    """Reads and writes the entries of the tree. It is for one task at a time."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._shards: OrderedDict[str, Mapping[str, bytes]] = OrderedDict()

    async def state(self) -> tuple[TreeState | None, Mapping[str, bytes]]:
        """The state of the tree, None before the first, and the other entries by their keys.

        Raises StorageUnavailable, RecordBroken.
        """
        rows = await self._book.read(STATE)
        head = rows.get(HEAD)
        return (None if head is None else _decoded(_state, head, "state")), rows

    async def cursors(self) -> dict[SessionId, SessionCursor]:
        """How far each session has entered. Raises StorageUnavailable, RecordBroken."""
        rows = await self._book.read(CURSORS)
        return {SessionId(name): _decoded(_cursor, row, "place of a session") for name, row in rows.items()}

    async def tile(self, tree: int, level: int, n: int) -> StoredTile:
        """A tile. Raises RecordBroken where there is none, StorageUnavailable."""
        name = namespace(tree, level, n)
        shard = self._shards.pop(name, None)
        if shard is None:
            shard = await self._book.read(name)
        self._shards[name] = shard
        if len(self._shards) > MOST_CACHED:
            self._shards.popitem(last=False)
        row = shard.get(str(n))
        if row is None:
            raise RecordBroken(f"Tile {n} of level {level} of the public tree is missing. Restore the book.")
        return _decoded(_tile, row, "tile")

    async def hashes(self, tree: int, make: Callable[[PerfectHash], list[bytes]]) -> list[bytes]:
        """Make hashes from the tiles of a tree, which are found by making them once from nothing. Raises RecordBroken,
        StorageUnavailable.
        """
        wanted: set[tuple[int, int]] = set()

        def note(level: int, n: int) -> bytes:
            wanted.add((level, n))
            return bytes(TILE_BYTES)

        make(perfect_from(note))
        tiles = {(level, n): (await self.tile(tree, level, n)).hashes for level, n in sorted(wanted)}
        return make(perfect_from(lambda level, n: tiles[level, n]))

    async def write(
        self,
        state: TreeState,
        tiles: Mapping[tuple[int, int], StoredTile],
        cursors: Mapping[SessionId, SessionCursor],
    ) -> None:
        """Store the tree with more leaves, all of it or nothing; durable when it returns. Raises StorageUnavailable."""
        entries = [BookEntry(STATE, HEAD, _pack(state))]
        for (level, n), tile in tiles.items():
            entries.append(BookEntry(namespace(state.number, level, n), str(n), _pack(tile)))
        entries += [BookEntry(CURSORS, session, _pack(cursor)) for session, cursor in cursors.items()]
        try:
            await self._book.write(entries)
        finally:  # Also after a failure, of which the outcome may be unknown.
            for entry in entries:
                self._shards.pop(entry.namespace, None)

    async def note(self, note: bytes, signed_at: int) -> None:
        """Store the signed checkpoint. Raises StorageUnavailable."""
        await self._book.write([BookEntry(STATE, NOTE, note), BookEntry(STATE, SIGNED_AT, str(signed_at).encode())])

    async def put(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Store entries of the state by their keys, together. Raises StorageUnavailable."""
        await self._book.write([BookEntry(STATE, key, body) for key, body in entries])

    async def clear_asked_first(self) -> None:
        """Remove the note that a witness has to be asked first. Raises StorageUnavailable."""
        await self._book.write([BookEntry(STATE, ASKED_FIRST, None)])

    async def begin(self, state: TreeState, more: Sequence[tuple[str, bytes]]) -> None:
        """Begin a tree, in place of one before it: no session has entered it. Raises StorageUnavailable."""
        gone = [BookEntry(CURSORS, session, None) for session in await self._book.read(CURSORS)]
        last = (await self._book.read(STATE)).get(NOTE)
        old = [BookEntry(STATE, key, None) for key in (NOTE, SIGNED_AT, ASKED_FIRST)]
        if last is not None:
            old.append(BookEntry(STATE, f"{FORMER}{state.number - 1}", last))
        new = [BookEntry(STATE, HEAD, _pack(state)), *(BookEntry(STATE, key, body) for key, body in more)]
        await self._book.write([*gone, *old, *new])


async def mark_restored(book: Book) -> None:
    """Note in a book that was just restored that its tree may be behind; does nothing where there is none. Raises
    StorageUnavailable.
    """
    if HEAD in await book.read(STATE):
        await book.write([BookEntry(STATE, ASKED_FIRST, b"1")])


def conflicts_in(rows: Mapping[str, bytes]) -> list[tuple[bytes, bytes]]:
    """The pairs of checkpoints that are kept as evidence, of the entries of a state. Raises RecordBroken."""
    row = rows.get(CONFLICTS)
    return [] if row is None else _decoded(_conflicts, row, "evidence")


def successions_in(rows: Mapping[str, bytes]) -> list[bytes]:
    """The notes by which one tree succeeded another, of the entries of a state. Raises RecordBroken."""
    row = rows.get(SUCCESSIONS)
    return [] if row is None else _decoded(_successions, row, "list of successions")


def namespace(tree: int, level: int, n: int) -> str:
    """The namespace of a tile."""
    return f"{TILES}:{tree}/{level}/{n // SHARD}"


def _decoded(decoder: msgspec.msgpack.Decoder[T], row: bytes, what: str) -> T:
    try:
        return read(decoder, row)
    except Unreadable as error:
        raise RecordBroken(f"The stored {what} of the public tree can't be read. Restore the book.") from error
