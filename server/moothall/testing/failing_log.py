"""A log whose disk can be filled and emptied."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.adapters.log_memory import MemoryLog
from moothall.core.chain import LogRecord
from moothall.core.errors import StorageUnavailable
from moothall.core.ids import SessionId


class FailingLog(MemoryLog):
    """A `MemoryLog` that refuses appends while `full`; `torn` makes one that is stored and seems to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.torn = False

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """As `EventLog.append`, or StorageUnavailable."""
        if not self.full:
            await super().append(session, term, expected_offset, events)
            if not self.torn:
                return
            self.torn = False
        msg = "The disk is full."
        raise StorageUnavailable(msg)
