"""A log whose disk can be filled and emptied."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.testing.log_memory import MemoryLog


class FailingLog(MemoryLog):
    """A `MemoryLog` that refuses appends and removals while `full`, and removals alone while it `keeps`.

    `torn` makes an append, `torn_removal` a removal that is stored and seems to fail; with `stale_removal` another
    writer has taken over by the time of the next removal. Sessions in `refuses` are refused appends, those in
    `keeps_of` removals.
    """

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.keeps = False
        self.torn = False
        self.torn_removal = False
        self.stale_removal = False
        self.refuses: set[SessionId] = set()
        self.keeps_of: set[SessionId] = set()

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, or raise StorageUnavailable (`EventLog`)."""
        self._refuse_when_full(self.full or session in self.refuses)
        await super().append(session, term, expected_offset, events)
        torn, self.torn = self.torn, False
        self._refuse_when_full(torn)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of the events at `offsets` and append `events`, the last a `body.removed`, in one act
        (`EventLog`). Or StorageUnavailable.
        """
        self._refuse_when_full(self.full or self.keeps or session in self.keeps_of)
        if self.stale_removal:
            await self.acquire(session, Epoch("other"))
        await super().remove(session, term, expected_offset, offsets, events)
        torn, self.torn_removal = self.torn_removal, False
        self._refuse_when_full(torn)

    def _refuse_when_full(self, full: bool) -> None:
        if full:
            msg = "The disk is full."
            raise StorageUnavailable(msg)
