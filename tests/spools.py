"""What the tests of a source's sound on its way to disk share: a source, and samples that tell where they belong."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.ids import SessionId, SourceId
from moothall.core.ports import Spool, SpoolStore

SESSION = SessionId("plenary")
SOURCE = SourceId("microphone")


def pcm(first: int, count: int) -> bytes:
    """Samples that tell their own positions."""
    return b"".join((position % 65_521).to_bytes(2, "little") for position in range(first, first + count))


class OddSpools:
    """A disk that fails in a way that nobody foresaw, when a spool is synced."""

    def __init__(self, inner: SpoolStore) -> None:
        self._inner = inner
        self.failing: set[SessionId] = set()

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        spool = await self._inner.open(session, source)
        sync = spool.sync

        async def odd() -> int:
            if session in self.failing:
                raise KeyError("what was said")
            return await sync()

        spool.sync = odd  # type: ignore[method-assign]
        return spool

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        return await self._inner.kept()
