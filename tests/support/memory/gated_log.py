"""A log that answers when the test permits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.testing.log_memory import MemoryLog


class GatedLog(MemoryLog):
    """A `MemoryLog` whose reads wait while there is a `gate`, and fail while it is `broken`.

    Appends to a session wait while the session has a gate in `slow`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate: asyncio.Event | None = None
        self.waiting = 0
        self.arrived = asyncio.Event()
        """Set when a read has reached the gate."""
        self.broken = False
        self.slow: dict[SessionId, asyncio.Event] = {}

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        if session in self.slow:
            await self.slow[session].wait()
        await super().append(session, term, expected_offset, events)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.broken:
            raise StorageUnavailable("Away.")
        found = await super().read(session, after, limit, lanes)
        if self.gate is not None:
            self.waiting += 1
            self.arrived.set()
            await self.gate.wait()
        return found
