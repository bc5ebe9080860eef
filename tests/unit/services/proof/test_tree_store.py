from __future__ import annotations

import pytest

from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import BookEntry
from moothall.core.proof.tiles import Edge
from moothall.services.proof.tree_store import (
    CURSORS,
    MOST_CACHED,
    NOTE,
    SHARD,
    STATE,
    EventSpan,
    ExportLeaf,
    SessionCursor,
    StoredTile,
    TreeState,
    TreeStore,
    namespace,
)
from moothall.testing.book import MemoryBook

PLENARY = SessionId("plenary")
STATE_0 = TreeState(number=0, origin="meeting.example/log", edge=Edge(1, (bytes(32),)), begun=7)
TILE = StoredTile(
    bytes(32), (EventSpan(0, PLENARY, Epoch("k"), (1, 2)), ExportLeaf(2, PLENARY, b"moothall-export-1\n"))
)
CURSOR = SessionCursor(Epoch("k"), 2, bytes(32))


async def test_what_is_written_is_read() -> None:
    book = MemoryBook()
    assert await TreeStore(book).state() == (None, {})
    await TreeStore(book).write(STATE_0, {(0, 17): TILE}, {PLENARY: CURSOR})
    store = TreeStore(book)
    assert (await store.state())[0] == STATE_0
    assert await store.cursors() == {PLENARY: CURSOR}
    assert await store.tile(0, 0, 17) == TILE
    assert namespace(0, 0, 17) == "tree-tile:0/0/1"
    await store.note(b"note", 9)
    assert (await store.state())[1][NOTE] == b"note"


async def test_a_tile_that_is_written_again_is_read_anew() -> None:
    store = TreeStore(MemoryBook())
    await store.write(STATE_0, {(0, 0): TILE}, {})
    assert await store.tile(0, 0, 0) == TILE
    other = StoredTile(bytes(64))
    await store.write(STATE_0, {(0, 0): other}, {})
    assert await store.tile(0, 0, 0) == other


async def test_a_write_that_is_refused_leaves_nothing_in_memory() -> None:
    book = MemoryBook()
    store = TreeStore(book)
    await store.write(STATE_0, {(0, 0): TILE}, {})
    book.full = True
    with pytest.raises(StorageUnavailable):
        await store.write(STATE_0, {(0, 0): StoredTile(b"")}, {})
    assert await store.tile(0, 0, 0) == TILE


async def test_shards_in_memory_are_bounded() -> None:
    store = TreeStore(MemoryBook())
    tiles = {(0, n * SHARD): TILE for n in range(MOST_CACHED + 3)}
    await store.write(STATE_0, tiles, {})
    for _, n in tiles:
        await store.tile(0, 0, n)
    assert len(store._shards) == MOST_CACHED


async def test_a_succession_begins_without_sessions_and_keeps_the_last_checkpoint() -> None:
    book = MemoryBook()
    store = TreeStore(book)
    await store.write(STATE_0, {(0, 0): TILE}, {PLENARY: CURSOR})
    await store.note(b"last", 9)
    new = TreeState(number=1, origin="meeting.example/log/1", edge=Edge(), begun=8)
    await store.begin(new, [("successions", b"x")])
    state, rows = await store.state()
    assert state == new
    assert NOTE not in rows
    assert (rows["former-0"], rows["successions"]) == (b"last", b"x")
    assert await store.cursors() == {}
    assert await store.tile(0, 0, 0) == TILE


@pytest.mark.parametrize(("name", "key"), [(STATE, "head"), (CURSORS, "plenary")])
async def test_a_damaged_entry_is_named(name: str, key: str) -> None:
    book = MemoryBook()
    await book.write([BookEntry(name, key, b"\xc1")])
    read = TreeStore(book).state if name == STATE else TreeStore(book).cursors
    with pytest.raises(RecordBroken, match="Restore the book"):
        await read()
