"""Trims the log of a closed session in Redis once enough nodes have the same copy of it on their disks.

Later corrections and removals are appended behind the trimmed part as usual: Redis keeps the head of the log, its
digests and the ids of the commands that it has stored. A node that lacks trimmed events reads them from the keeper.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from moothall.core.events.codec import decode_event
from moothall.core.events.types import SessionClosed, SessionReopened
from moothall.core.kernel.errors import LogMissing, OffsetConflict, RecordBroken, StaleWriter, StorageError
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import Clock, EventLog, LogHead, LogReading, SharedLog

logger = logging.getLogger(__name__)

LOOK_MS = 60_000
"""Interval between two runs of `look`, in ms."""
AFTER_MS = 3_600_000
"""Minimum time since a session was closed before its log is trimmed, in ms: many corrections are made in the first
hour."""
PAGE = 250


@dataclass(eq=False, repr=False)
class Archiving:
    """The task of the keeper that trims logs in Redis. The owner of `run` owns it."""

    shared: SharedLog
    log: EventLog
    """The keeper's log, with both its copies (`TwoCopies`)."""
    clock: Clock
    _: KW_ONLY
    copies: int
    """Number of nodes that must have a log before it is trimmed, the keeper included."""
    archives: Callable[[SessionId, LogHead], int]
    """Returns how many other nodes are known to have a copy with this head, and asks all other nodes about theirs."""
    loaded: Callable[[SessionId], bool]
    """Whether a session is in memory, in which case its writer holds its log."""

    def __post_init__(self) -> None:
        self._change, self._count = 0, ""
        # Bound: the sessions of which Redis has more than the head.
        self._whole: dict[SessionId, LogHead] = {}
        """Sessions of which Redis may still have events, with the head of each log."""
        # Bound: as `_whole`.
        self._closed: dict[SessionId, int | None] = {}
        """When each of these sessions was closed, Unix ms; None for an open session. Holds only sessions whose log was
        read since their last change."""

    async def run(self) -> None:
        """Call `look` every `LOOK_MS` until cancelled."""
        while True:
            await self.clock.sleep(LOOK_MS)
            try:
                await self.look()
            except StorageError as error:
                logger.debug("cluster: Redis can't give up any events now (%s)", type(error).__name__)

    async def look(self) -> None:
        """Trim every log that may be trimmed; ask the nodes about their copies of the others. Raises StorageError."""
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
            except RecordBroken as error:
                logger.error("session %s: its log can't be read, so Redis keeps its events. %s", session, error)
                del self._whole[session]
            # The log was refilled, taken over, or has grown.
            except (LogMissing, OffsetConflict, StaleWriter) as error:
                logger.debug("session %s: Redis does not give up its events now (%s)", session, type(error).__name__)

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
        # Events after the offset that the nodes confirmed stay in Redis.
        await self.shared.trim(session, term, head.offset if there is None else there.offset, head.offset)
        logger.info(
            "session %s: Redis has given up its %d events, which %d nodes have", session, head.offset, self.copies
        )
        return True


async def closed_at(log: LogReading, session: SessionId) -> int | None:
    """Unix ms when a session was closed; None while it is open. Raises what `log.read` raises."""
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
