"""Finds the leaves of the public tree: where an event or a file is in it, and what is at a place.

What enters when, and what is shown, is decided elsewhere (`moothall.services.proof.tree`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogReading
from moothall.core.proof.entries import ExportEntry, entry_of, read_export_entry
from moothall.core.proof.hashes import HASH_BYTES, leaf_hash
from moothall.core.proof.tiles import WIDTH
from moothall.services.proof.tree_store import EventSpan, ExportLeaf, SessionCursor, StoredTile, TreeStore

PAGE = 500
"""The most events that are read from a log at a time."""


class PublicPart(msgspec.Struct, frozen=True):
    """Where the events of one session stand in a tile."""

    first: int
    last: int
    """Offsets of the first and the last."""
    n: int
    """The tile of level 0."""
    epoch: Epoch


class TreeLeaves:
    """The leaves of one tree, by its number. Raises StorageUnavailable and RecordBroken where it reads."""

    def __init__(self, store: TreeStore, log: LogReading, tree: int) -> None:
        self._store = store
        self._log = log
        self._tree = tree
        # Bound: some 100 bytes for each tile and each session in it.
        self._parts: dict[SessionId, list[PublicPart]] = {}
        # Bound: some 150 bytes for each file that was logged.
        self._exports: dict[str, int] = {}

    async def read(self, size: int) -> None:
        """Learn what all tiles of a tree of `size` leaves hold."""
        for n in range(-(-size // WIDTH)):
            self.learn(n, await self._store.tile(self._tree, 0, n))

    def learn(self, n: int, tile: StoredTile) -> None:
        """Learn what a tile of level 0 holds, maybe again."""
        for part in tile.parts:
            if isinstance(part, ExportLeaf):
                export = read_export_entry(part.entry)
                if export is not None:
                    self._exports[export.digest] = n * WIDTH + part.start
                continue
            known = self._parts.setdefault(part.session, [])
            new = PublicPart(min(part.offsets), max(part.offsets), n, part.epoch)
            if known and known[-1].n == n and known[-1].epoch == part.epoch and new.first >= known[-1].first:
                known[-1] = msgspec.structs.replace(new, first=known[-1].first, last=max(new.last, known[-1].last))
            else:
                known.append(new)

    def place_of_export(self, digest: str) -> int | None:
        """The place of a file, by the digest of its entry; None where it isn't in the tree."""
        return self._exports.get(digest)

    async def export_at(self, place: int) -> ExportEntry | None:
        """The file at a place of the tree; None where an event is there."""
        tile = await self._store.tile(self._tree, 0, place // WIDTH)
        for part in tile.parts:
            if isinstance(part, ExportLeaf) and part.start == place % WIDTH:
                return read_export_entry(part.entry)
        return None

    async def place_of(self, session: SessionId, epoch: Epoch, offset: int) -> int | None:
        """The place of an event; None where it isn't in the tree."""
        for part in reversed(self._parts.get(session, [])):
            if part.epoch == epoch and part.first <= offset <= part.last:
                tile = await self._store.tile(self._tree, 0, part.n)
                for span in reversed(tile.parts):
                    if isinstance(span, EventSpan) and span.session == session and offset in span.offsets:
                        return part.n * WIDTH + span.start + span.offsets.index(offset)
        return None

    async def entries(self, n: int, given_out: Callable[[SessionId], bool]) -> list[bytes]:
        """The entries of tile `n` of level 0, as many as it has. Empty where a session's aren't given out, and where
        its log doesn't have what entered any more.
        """
        tile = await self._store.tile(self._tree, 0, n)
        found = [b""] * (len(tile.hashes) // HASH_BYTES)
        for part in tile.parts:
            if not given_out(part.session):
                continue
            if isinstance(part, ExportLeaf):
                found[part.start] = part.entry
                continue
            for at, record in await self._records(part):
                entry = entry_of(record)
                if leaf_hash(entry) == _leaf(tile, at):
                    found[at] = entry
        return found

    async def kept(self, session: SessionId) -> SessionCursor | None:
        """How far the log of a session still has what entered, from its beginning; None where it differs at once."""
        back: SessionCursor | None = None
        for n in dict.fromkeys(part.n for part in self._parts.get(session, [])):
            tile = await self._store.tile(self._tree, 0, n)
            for span in tile.parts:
                if not isinstance(span, EventSpan) or span.session != session:
                    continue
                records = dict(await self._records(span))
                for at, offset in enumerate(span.offsets, span.start):
                    record = records.get(at)
                    if record is None or leaf_hash(entry_of(record)) != _leaf(tile, at):
                        return back
                    back = SessionCursor(record.header.epoch, offset, record.digest)
        return back

    async def _records(self, span: EventSpan) -> list[tuple[int, LogRecord]]:
        """The events of a span that the log has, with their places in the tile."""
        found: list[tuple[int, LogRecord]] = []
        places = {offset: at for at, offset in enumerate(span.offsets, span.start)}
        after, last = span.offsets[0] - 1, span.offsets[-1]
        while after < last and (page := await self._log.read(span.session, after, min(PAGE, last - after))):
            found += [
                (places[record.header.offset], record)
                for record in page
                if record.header.offset in places and record.header.epoch == span.epoch
            ]
            after = page[-1].header.offset
        return found


def _leaf(tile: StoredTile, at: int) -> bytes:
    return tile.hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]
