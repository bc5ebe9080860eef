"""Redis gives up the log of a closed session once enough nodes have the same copy of it on their disks.

What is corrected or removed later is appended behind, as ever: Redis keeps where the log ends, its digests and which
commands it has had. A node that lacks what was given up asks the keeper for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from moothall.core.events.codec import decode_event
from moothall.core.events.types import SessionClosed, SessionReopened
from moothall.core.kernel.errors import LogMissing, OffsetConflict, StaleWriter, StorageError
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import Clock, EventLog, LogHead, LogReading, SharedLog

logger = logging.getLogger(__name__)

LOOK_MS = 60_000
"""Between two looks."""
AFTER_MS = 3_600_000
"""How long a session has been closed: much is still corrected in the hour after."""
PAGE = 250


@dataclass(eq=False, repr=False)
class Archiving:
    """The keeper's. `run` owns it."""

    shared: SharedLog
    log: EventLog
    """Both copies of the keeper (`TwoCopies`)."""
    clock: Clock
    _: KW_ONLY
    copies: int
    """How many nodes have to have a log, the keeper among them."""
    archives: Callable[[SessionId, LogHead], int]
    """How many other nodes are known to have the same; those of which it isn't known are asked."""
    loaded: Callable[[SessionId], bool]
    """Whether a session is in memory, and so its log is held by its writer."""

    def __post_init__(self) -> None:
        self._change, self._count = 0, ""
        # Bound: the sessions of which Redis has more than the head.
        self._whole: dict[SessionId, LogHead] = {}
        """Those that Redis may still have events of."""
        # Bound: the same.
        self._closed: dict[SessionId, int | None] = {}
        """When those were closed, as far as it was looked since they last changed."""

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.clock.sleep(LOOK_MS)
            try:
                await self.look()
            except StorageError as error:
                logger.debug("cluster: nothing can be given up now (%s)", type(error).__name__)

    async def look(self) -> None:
        """Have Redis give up what it may, and nodes asked what they have. Raises StorageError."""
        while True:
            changes = await self.shared.changed(self._change, self._count)
            self._change, self._count = changes.upto, changes.count
            for session in (*changes.forgotten, *changes.heads):
                self._whole.pop(session, None)
                self._closed.pop(session, None)
            self._whole.update(changes.heads)
            if not changes.heads and not changes.forgotten:
                break
        for session, head in list(self._whole.items()):
            try:
                if await self._given_up(session, head):
                    del self._whole[session]
                    self._closed.pop(session, None)
            except (LogMissing, OffsetConflict, StaleWriter) as error:  # Filled again, taken over, or grown.
                logger.debug("session %s: not given up (%s)", session, type(error).__name__)

    async def _given_up(self, session: SessionId, head: LogHead) -> bool:
        if await self.shared.first(session) > head.offset:
            return True
        if session not in self._closed:
            self._closed[session] = await closed_at(self.log, session)
        closed = self._closed[session]
        if closed is None or self.clock.wall() - closed < AFTER_MS:
            return False
        if 1 + self.archives(session, head) < self.copies:
            return False
        if self.loaded(session):
            term, there = head.term, await self.shared.head(session)
        else:
            there = await self.log.acquire(session, head.epoch, new=False)
            term = there.term
        # What is behind the offset that the nodes were asked for stays.
        await self.shared.trim(session, term, head.offset if there is None else there.offset, head.offset)
        logger.info(
            "session %s: Redis has given up its %d events, which %d nodes have", session, head.offset, self.copies
        )
        return True


async def closed_at(log: LogReading, session: SessionId) -> int | None:
    """Unix ms when a session was closed; None where it isn't. Raises as the log does."""
    closed, after = None, 0
    while page := await log.read(session, after, PAGE, frozenset({SESSION})):
        after = page[-1].header.offset
        for record in page:
            event = None if record.body is None else decode_event(record.body)
            if isinstance(event, SessionClosed):
                closed = record.header.at
            elif isinstance(event, SessionReopened):
                closed = None
    return closed
