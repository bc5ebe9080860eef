"""Books in memory: one that can refuse to write, and one that nodes share.

The shared book is as strict as the one on Redis, and can lose its last writes or everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moothall.core.kernel.errors import LogMissing, OutcomeUnknown, StaleWriter, StorageUnavailable
from moothall.core.ports import BookChange, BookEntry


class MemoryBook:
    """A `Book` for tests. It refuses to write while `full`, and refuses everything once it is closed."""

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[str, bytes]] = {}
        self.full = False
        self._closed = False

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Every entry of a namespace by its key (`Book`)."""
        self._refuse(self._closed)
        return dict(self._namespaces.get(namespace, {}))

    async def namespaces(self) -> Sequence[str]:
        """The namespaces that have entries (`Book`)."""
        self._refuse(self._closed)
        return sorted(name for name, entries in self._namespaces.items() if entries)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Store or delete entries, all of them or none; durable when this returns (`Book`)."""
        self._refuse(self._closed or self.full)
        for entry in entries:
            there = self._namespaces.setdefault(entry.namespace, {})
            if entry.body is None:
                there.pop(entry.key, None)
            else:
                there[entry.key] = entry.body

    async def close(self) -> None:
        """Close the book (`Book`); later calls raise StorageUnavailable."""
        self._closed = True

    def _refuse(self, wrong: bool) -> None:
        if wrong:
            raise StorageUnavailable("The programme can't be stored at the moment.")


class SharedBookStore:
    """The data of a shared book. Each node has a `MemorySharedBook` on it."""

    def __init__(self) -> None:
        self.book = MemoryBook()
        self.owner, self.term, self.change = "", 0, 0
        self.there = False
        self.away = False
        """Whether no node can reach it."""
        self.torn = False
        """Whether the next write is stored but its answer lost."""
        self.written: list[BookChange] = []
        self.kept = 1_000
        """How many of the newest changes are remembered."""

    async def lose_end(self, entries: Sequence[BookEntry]) -> None:
        """Lose the last write, as when an older file is put back; `entries` undo it."""
        await self.book.write(entries)
        self.change -= 1
        self.written.pop()

    def lose_all(self) -> None:
        """Lose everything, as after FLUSHALL."""
        self.__init__()  # type: ignore[misc]  # it is as new


class MemorySharedBook:
    """The `SharedBook` of one node, over a `SharedBookStore`."""

    def __init__(self, store: SharedBookStore, owner: str) -> None:
        self._store = store
        self._owner = owner
        self._term = 0
        self._change = 0
        """The number of the last write that this node knows."""

    async def acquire(self, term: int | None = None, *, new: bool = True) -> int:
        """Take the book over as its writer (`SharedBook`)."""
        store = self._store
        self._refuse_when_away()
        if not store.there and not new:
            raise LogMissing("There is no book, and it isn't a new one.")
        if (term is None and store.there and store.owner != self._owner) or (term is not None and term <= store.term):
            raise StaleWriter(f"The book is held by another node with term {store.term}.")
        store.there, store.owner = True, self._owner
        self._term = store.term = store.term + 1 if term is None else term
        self._change = store.change
        return self._term

    async def begin_anew(self, term: int, change: int, entries: Sequence[BookEntry]) -> None:
        """Replace the remains of a book by these entries (`SharedBook`)."""
        self._refuse_when_away()
        if term <= self._store.term:
            raise StaleWriter(f"The book is held by another node with term {self._store.term}.")
        self._store.lose_all()
        self._store.there, self._store.owner, self._store.change = True, self._owner, change
        await self._store.book.write(entries)
        self._term = self._store.term = term
        self._change = change

    async def changed(self) -> int:
        """The number of the last write (`SharedBook`)."""
        self._refuse_when_missing()
        return self._store.change

    async def changes(self, after: int, limit: int = 1_000) -> Sequence[BookChange] | None:
        """The writes after `after`; None where they are no longer known (`SharedBook`)."""
        self._refuse_when_missing()
        if after == self._store.change:
            return []
        found = [each for each in self._store.written[-self._store.kept :] if each.number > after][:limit]
        return found if found and found[0].number == after + 1 else None

    async def read(self, namespace: str) -> dict[str, bytes]:
        """Every entry of a namespace by its key (`Book`)."""
        self._refuse_when_missing()
        return dict(await self._store.book.read(namespace))

    async def namespaces(self) -> Sequence[str]:
        """The namespaces that have entries (`Book`)."""
        self._refuse_when_missing()
        return await self._store.book.namespaces()

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Store or delete entries, all of them or none (`Book`)."""
        self._refuse_when_missing()
        store = self._store
        if (store.owner, store.term) != (self._owner, self._term):
            raise StaleWriter(f"Another node has taken over the book: its term is {store.term}, not {self._term}.")
        if store.change != self._change:
            raise LogMissing("The shared book has lost its end.")
        if not entries:
            return
        await store.book.write(entries)
        store.change += 1
        store.written.append(BookChange(store.change, tuple((each.namespace, each.key) for each in entries)))
        torn, store.torn = store.torn, False
        if torn:
            raise OutcomeUnknown("The shared book gave no answer.")
        self._change = store.change

    async def close(self) -> None:
        """Do nothing: the shared data stay for other nodes (`Book`)."""

    def _refuse_when_away(self) -> None:
        if self._store.away:
            raise StorageUnavailable("The shared book can't be reached.")

    def _refuse_when_missing(self) -> None:
        self._refuse_when_away()
        if not self._store.there:
            raise LogMissing("The shared book is lost.")
