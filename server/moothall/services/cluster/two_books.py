"""The book of the keeper: each write goes to the shared book, then to the node's own.

In the same act the own book notes the number of the last change of the shared book that it has. A write whose outcome
is unknown was acknowledged to nobody: before the next write any effect of it is undone, so that the shared book agrees
with what this node knows. A keeper that takes over in between may find that write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from moothall.core.kernel.errors import ConfigurationError, LogMissing, OutcomeUnknown, StaleWriter, StorageUnavailable
from moothall.core.ports import Book, BookChange, BookEntry, Clock, SharedBook
from moothall.services.cluster.two_copies import AGAIN_MS, PATIENCE_MS, STEPS, KeeperStatus
from moothall.services.supervision.waiting import within

logger = logging.getLogger(__name__)

NOTES, CHANGE = "cluster", "change"
"""Namespace and key of that note in the own book; the shared book doesn't have it."""
HOUSE = "house"
"""Namespace of the entries on which all nodes have to agree."""
DOUBTFUL = 10
"""Number of change numbers that are skipped when the shared book is refilled: a node that stands by may have followed a
write that was never acknowledged. The gap makes it read the whole book."""


@dataclass(eq=False, repr=False)
class TwoBooks:
    """The `Book` of the keeper, usable after `opened`. Reads are served by the own book."""

    shared: SharedBook
    own: Book
    kept: KeeperStatus
    clock: Clock

    def __post_init__(self) -> None:
        self._change = 0
        """Number of the last change of the shared book that the own book has."""
        self._in_doubt = False
        self._term_there = 0
        """Term with which this node has acquired the shared book; 0 before that."""
        self._writing = asyncio.Lock()
        """Serialises writes: both books get them in the same order, and a write in progress is never taken for one in
        doubt."""

    async def opened(self) -> None:
        """Take the shared book over, and bring whichever book is older up to date with the other.

        Raises StorageUnavailable, and ConfigurationError where the own book belongs to another house.
        """
        term, noted = self._term() * STEPS, await noted_change(self.own)
        empty = not await entries_of(self.own)
        try:
            self._term_there = await self.shared.acquire(term, new=empty and noted is None)
            there = await self.shared.changed()
        except LogMissing:
            await self._fill(noted or 0)
            return
        if noted is None and not empty:
            msg = (
                "The data folder has a programme of its own, and the house in Redis has another one. Give this node an "
                "empty folder, or the house an empty Redis."
            )
            raise ConfigurationError(msg)
        if (noted or 0) > there:
            await self._fill(noted or 0)
            return
        self._change = await follow_book(self.shared, self.own)

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Every entry of a namespace by its key (`Book`)."""
        return await self.own.read(namespace)

    async def namespaces(self) -> Sequence[str]:
        """Namespaces that have entries (`Book`)."""
        return await entries_of(self.own)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Store or delete entries in both books, all of them or none (`Book`)."""
        self._term()
        if entries:
            async with self._writing:
                await self._write(entries)

    async def _write(self, entries: Sequence[BookEntry]) -> None:
        self._term()
        if self._in_doubt:
            await self._undo()
        self._in_doubt = True
        try:
            await self.shared.write(entries)
        except (OutcomeUnknown, LogMissing):
            raise  # The next write refills a book that is lost or has lost its end.
        except StorageUnavailable:
            self._in_doubt = False
            raise
        except StaleWriter as error:
            raise StorageUnavailable("Another node keeps the house by now; nothing was stored.") from error
        await self._decided(entries)
        self._in_doubt = False
        if not self.kept.answers:
            raise OutcomeUnknown("This node's lease was over before the answer.")

    async def mend(self) -> None:
        """Refill the shared book where it has lost something, though nothing is written. Raises StorageUnavailable."""
        self._term()
        async with self._writing:
            if not self._in_doubt:
                try:
                    self._in_doubt = await self.shared.changed() != self._change
                except LogMissing:
                    self._in_doubt = True
            if self._in_doubt:
                await self._undo()

    async def close(self) -> None:
        """Finish the writes that were accepted and close both books (`Book`)."""
        await self.shared.close()
        await self.own.close()

    async def _decided(self, entries: Sequence[BookEntry]) -> None:
        """Write into the own book what the shared book has, before anybody is notified.

        Raises OutcomeUnknown, and gives the house up, where the own book has not taken it within `PATIENCE_MS`.
        """
        if not await within(self._followed([*entries, _note(self._change + 1)]), self.clock, PATIENCE_MS):
            logger.error("cluster: this node's own book can't store a committed change; this node gives up the house")
            await self.kept.give_up()
            raise OutcomeUnknown("This node's disk can't store a change that the shared book has.")
        self._change += 1

    async def _followed(self, entries: Sequence[BookEntry]) -> bool:
        """Retry until the own book has stored the entries, then return True."""
        while True:
            try:
                await self.own.write(entries)
                return True
            except StorageUnavailable:
                await self.clock.sleep(AGAIN_MS)

    async def _undo(self) -> None:
        """Bring the shared book back to what this node knows, whatever the outcome of the last write was."""
        try:
            self._term_there = await self.shared.acquire()
            behind = await self.shared.changes(self._change)
        except LogMissing:
            behind = None
        except StaleWriter as error:
            raise StorageUnavailable("Another node keeps the house by now; nothing was stored.") from error
        if behind is None:
            await self._fill(self._change)
            return
        for change in behind:
            back = []
            for namespace, key in change.entries:
                back.append(BookEntry(namespace, key, (await self.own.read(namespace)).get(key)))
            await self.shared.write(back)
        if behind:
            self._change = await self.shared.changed()
            await self.own.write([_note(self._change)])
        self._in_doubt = False

    async def _fill(self, change: int) -> None:
        """Write the own book into a shared book that was lost or has lost its end."""
        self._in_doubt = True  # Until the shared book has all entries.
        term = max(self._term() * STEPS, self._term_there) + 1
        entries = [
            BookEntry(namespace, key, body)
            for namespace in await entries_of(self.own)
            for key, body in (await self.own.read(namespace)).items()
        ]
        logger.warning("cluster: the shared book is filled from the copy here, of change %d", change)
        await self.shared.begin_anew(term, change + DOUBTFUL, entries)
        self._term_there = term
        self._change = await self.shared.changed()
        await self.own.write([_note(self._change)])
        self._in_doubt = False

    def _term(self) -> int:
        """The house's term. Raises StorageUnavailable while nothing may be acknowledged."""
        term = self.kept.term
        if term is None or not self.kept.answers:
            raise StorageUnavailable("This node doesn't keep the house at the moment; nothing was stored.")
        return term


class FollowedBook(Protocol):
    """A book that own books follow: the book that all nodes share (`SharedBook`), or another node's."""

    async def changed(self) -> int:
        """Number of the last write."""
        ...

    async def changes(self, after: int, /) -> Sequence[BookChange] | None:
        """The writes after number `after`; None where the whole book has to be read."""
        ...

    async def namespaces(self) -> Sequence[str]:
        """Namespaces that have entries."""
        ...

    async def read(self, namespace: str, /) -> Mapping[str, bytes]:
        """Every entry of a namespace by its key."""
        ...


async def follow_book(shared: FollowedBook, own: Book) -> int:
    """Bring an own book up to the shared one; return the number of the last change that it has then. An own book that
    is ahead is left unchanged.

    Raises StorageUnavailable.
    """
    noted = await noted_change(own)
    while (there := await shared.changed()) > (noted or 0) or noted is None:
        changes = None if noted is None else await shared.changes(noted)
        if changes is None:
            noted = await _copied(shared, own, there)
            continue
        wanted: dict[str, set[str]] = {}
        for change in changes:
            for namespace, key in change.entries:
                wanted.setdefault(namespace, set()).add(key)
        noted = changes[-1].number
        entries = []
        for namespace, keys in wanted.items():
            now = await shared.read(namespace)
            # In the order of the shared book, so that new entries keep the order in which they were made.
            entries += [BookEntry(namespace, key, body) for key, body in now.items() if key in keys]
            entries += [BookEntry(namespace, key, None) for key in sorted(keys - now.keys())]
        await own.write([*entries, _note(noted)])
    return noted


async def noted_change(own: Book) -> int | None:
    """Number of the last change of the shared book that an own book has; None for a book that never followed one."""
    noted = (await own.read(NOTES)).get(CHANGE)
    return None if noted is None else int(noted)


async def _copied(shared: FollowedBook, own: Book, change: int) -> int:
    """Replace the own book by the shared one, in one act."""
    entries = []
    namespaces = set(await shared.namespaces())
    for namespace in sorted(namespaces | set(await entries_of(own))):
        now = await shared.read(namespace) if namespace in namespaces else {}
        gone = (await own.read(namespace)).keys() - now.keys()
        entries += [BookEntry(namespace, key, body) for key, body in now.items()]
        entries += [BookEntry(namespace, key, None) for key in sorted(gone)]
    await own.write([*entries, _note(change)])
    return change


async def entries_of(own: Book) -> Sequence[str]:
    """Namespaces of an own book, without that of its note on the shared book."""
    return [name for name in await own.namespaces() if name != NOTES]


def _note(change: int) -> BookEntry:
    return BookEntry(NOTES, CHANGE, str(change).encode())
