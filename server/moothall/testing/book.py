"""Books in memory: one that can be made to refuse, and one that is shared.

The shared one is as strict as that on Redis, and can lose its end or all it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moothall.core.kernel.errors import LogMissing, OutcomeUnknown, StaleWriter, StorageUnavailable
from moothall.core.ports import BookChange, BookEntry


class MemoryBook:
    """The `Book` of tests; it refuses to write while `full`, and everything once closed."""

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[str, bytes]] = {}
        self.full = False
        self._closed = False

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Every entry of a namespace by its key (`Book`)."""
        self._refuse(self._closed)
        return dict(self._namespaces.get(namespace, {}))

    async def namespaces(self) -> Sequence[str]:
        """Those that have entries (`Book`)."""
        self._refuse(self._closed)
        return sorted(name for name, entries in self._namespaces.items() if entries)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Keep or take out entries, all of them or none; durable when it returns (`Book`)."""
        self._refuse(self._closed or self.full)
        for entry in entries:
            there = self._namespaces.setdefault(entry.namespace, {})
            if entry.body is None:
                there.pop(entry.key, None)
            else:
                there[entry.key] = entry.body

    async def close(self) -> None:
        """Finish what was promised and let go of the files (`Book`)."""
        self._closed = True

    def _refuse(self, wrong: bool) -> None:
        if wrong:
            raise StorageUnavailable("The programme can't be stored at the moment.")


class SharedStore:
    """What the nodes share. Each has a `MemorySharedBook` on it."""

    def __init__(self) -> None:
        self.book = MemoryBook()
        self.owner, self.term, self.change = "", 0, 0
        self.there = False
        self.away = False
        """Whether nobody can reach it."""
        self.torn = False
        """Whether the next write is stored and not answered."""
        self.written: list[BookChange] = []
        self.kept = 1_000
        """Changes that are known at most."""

    async def lose_end(self, entries: Sequence[BookEntry]) -> None:
        """As with an older file: the last write was never there, and `entries` undo it."""
        await self.book.write(entries)
        self.change -= 1
        self.written.pop()

    def lose_all(self) -> None:
        """As after FLUSHALL."""
        self.__init__()  # type: ignore[misc]  # it is as new


class MemorySharedBook:
    """The `SharedBook` of one node."""

    def __init__(self, store: SharedStore, owner: str) -> None:
        self._store = store
        self._owner = owner
        self._term = 0
        self._change = 0
        """The last write, as this node left it."""

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

    async def begin_anew(self, term: int, change: int) -> None:
        """Make an empty book in place of what is left of one (`SharedBook`)."""
        self._refuse_when_away()
        if term <= self._store.term:
            raise StaleWriter(f"The book is held by another node with term {self._store.term}.")
        self._store.lose_all()
        self._store.there, self._store.owner, self._store.change = True, self._owner, change
        self._term = self._store.term = term
        self._change = change

    async def changed(self) -> int:
        """Number of the last write (`SharedBook`)."""
        self._refuse_when_missing()
        return self._store.change

    async def changes(self, after: int, limit: int = 1_000) -> Sequence[BookChange] | None:
        """Writes behind one (`SharedBook`)."""
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
        """Those that have entries (`Book`)."""
        self._refuse_when_missing()
        return await self._store.book.namespaces()

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Keep or take out entries, all of them or none (`Book`)."""
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
        """Let go of it; what others share stays (`Book`)."""

    def _refuse_when_away(self) -> None:
        if self._store.away:
            raise StorageUnavailable("The shared book can't be reached.")

    def _refuse_when_missing(self) -> None:
        self._refuse_when_away()
        if not self._store.there:
            raise LogMissing("The shared book is lost.")
