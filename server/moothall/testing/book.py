"""A book in memory, that can be made to refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import BookEntry


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
