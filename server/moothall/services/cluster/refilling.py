"""What Redis has lost of logs that nobody writes, as after `FLUSHALL` or with older files: the keeper brings it
back from its own copies, one after the other.

A session that is on is filled by its writer. Without this the others would be on the disks of those nodes alone that
had them before: one that joins, or whose disk was lost, would never learn of them, nor one that was away of what was
removed in them meanwhile. With a log its removals come back into the list of removals.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import KW_ONLY, dataclass

from moothall.core.kernel.errors import LogMissing, OffsetConflict, RecordBroken, StaleWriter, StorageError
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Clock, LogReading, SharedLog
from moothall.services.cluster.archiving import closed_at
from moothall.services.cluster.two_copies import TwoCopies

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""Between two looks whether Redis has lost anything. The first is so long after a take-over, which has other work."""
REST_MS = 50
"""Between two sessions, so that those that are on come first."""
MOST_EVENTS = 1_000_000
"""Of closed sessions that are back in Redis, and not given up again yet (`archiving.py`): about 0.9 GB, a quarter of
what a node asks of Redis. Overflow: the others wait until enough nodes have copied these."""


async def _none() -> Collection[Epoch]:
    return ()


@dataclass(eq=False, repr=False)
class Refilling:
    """The keeper's. `run` owns it."""

    shared: SharedLog
    logs: TwoCopies
    own: LogReading
    clock: Clock
    _: KW_ONLY
    erased: Callable[[], Awaitable[Collection[Epoch]]] = _none
    """Epochs of the logs that were erased here as if they had never been. Raises StorageUnavailable."""
    most_events: int = MOST_EVENTS

    def __post_init__(self) -> None:
        self._change, self._count = 0, ""
        # Bound: the sessions that there are, here and in the four below.
        self._ends: dict[SessionId, int] = {}
        """Where each log ends in Redis."""
        self._forgotten: set[Epoch] = set()
        """Epochs of those that Redis knows to be erased."""
        self._lacking: dict[SessionId, int] | None = None
        """Logs of which Redis lacks something, and where they end here; None before it was looked."""
        self._closed: dict[SessionId, bool] = {}
        """Which of these are closed, as far as it was looked."""
        self._whole: dict[SessionId, int] = {}
        """Closed ones that are back, and that Redis has not given up again; how many events each has."""

    @property
    def left(self) -> int:
        """How many logs Redis still lacks something of."""
        return len(self._lacking or ())

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.clock.sleep(LOOK_MS)
            try:
                await self.look()
            except StorageError as error:
                logger.debug("cluster: what Redis has lost can't be filled now (%s)", type(error).__name__)

    async def look(self) -> None:
        """Bring back what is lacking and has room. Raises StorageError."""
        if await self._has_another_count() or self._lacking is None:
            self._lacking, self._closed = await self._found(), {}
            if self._lacking:
                logger.warning("cluster: Redis lacks events of %d sessions, which are filled again", self.left)
            for epoch in await self.erased():
                if epoch not in self._forgotten:
                    await self.logs.list_erased(epoch)
        lacking = self._lacking
        if lacking:
            await self._note_given_up()
        for session, end in sorted(lacking.items()):
            if session not in self._closed:
                self._closed[session] = await closed_at(self.own, session) is not None
            closed = self._closed[session]
            if closed and self._whole and sum(self._whole.values()) + end > self.most_events:
                continue
            try:
                await self.logs.refill(session)
            except RecordBroken as error:
                logger.error("session %s: Redis can't be given what it has lost. %s", session, error)
            except (LogMissing, OffsetConflict, StaleWriter) as error:  # Its writer does it.
                logger.debug("session %s: not filled now (%s)", session, type(error).__name__)
                continue
            else:
                if closed:
                    self._whole[session] = end
            del lacking[session], self._closed[session]
            if not lacking:
                logger.info("cluster: Redis has all logs again")
            await self.clock.sleep(REST_MS)

    async def _has_another_count(self) -> bool:
        """Go along the changes; whether they are counted anew, and so something may be lost."""
        before = self._count
        while True:
            changes = await self.shared.changed(self._change, self._count)
            if changes.count != self._count:
                self._ends, self._forgotten, self._whole = {}, set(), {}
            self._change, self._count = changes.upto, changes.count
            for session, epoch in changes.forgotten.items():
                self._ends.pop(session, None)
                self._forgotten.add(epoch)
            self._ends.update({session: head.offset for session, head in changes.heads.items()})
            if not changes.heads and not changes.forgotten:
                return self._count != before

    async def _found(self) -> dict[SessionId, int]:
        found = dict[SessionId, int]()
        for session in await self.own.sessions():
            head = await self.own.head(session)
            if head is not None and self._ends.get(session, -1) < head.offset:
                found[session] = head.offset
        return found

    async def _note_given_up(self) -> None:
        for session in list(self._whole):
            try:
                if await self.shared.first(session) > self._ends.get(session, self._whole[session]):
                    del self._whole[session]
            except LogMissing:  # It was erased, or is lost once more.
                del self._whole[session]
