"""Restores logs in Redis that it has lost and that no writer holds, as after `FLUSHALL` or with older files: the keeper
writes them from its own copies, one session at a time.

The writer of a running session refills its log itself. Without this module the other logs would be only on the disks of
the nodes that had them before. A node that joins, or whose disk was lost, would never get them; and a node that was
away would never learn of removals in them. Together with a log its removals come back into the list of removals.
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
"""Interval between two checks whether Redis has lost anything, in ms. The first check waits as long, since a take-over
has other work."""
REST_MS = 50
"""Pause between two sessions, in ms, so that running sessions come first."""
MOST_EVENTS = 1_000_000
"""Most events of closed sessions that were restored to Redis and not trimmed again yet (`archiving.py`): about 0.9 GB,
a quarter of what a node asks of Redis. Overflow: the other sessions wait until enough nodes have copied these."""


async def _none() -> Collection[Epoch]:
    return ()


@dataclass(eq=False, repr=False)
class Refilling:
    """The task of the keeper that restores lost logs. The owner of `run` owns it."""

    shared: SharedLog
    logs: TwoCopies
    own: LogReading
    clock: Clock
    _: KW_ONLY
    erased: Callable[[], Awaitable[Collection[Epoch]]] = _none
    """Returns the epochs of logs that were erased here as if they had never been. Raises StorageUnavailable."""
    most_events: int = MOST_EVENTS
    in_doubt: bool = True
    """Whether Redis may lack something that is here, as far as is known without a check."""
    count: str = ""
    """The id of Redis's count of changes when the house was taken over; empty where it isn't known."""

    def __post_init__(self) -> None:
        self._change = 0
        # Bound: the sessions that there are, here and in the four collections below.
        self._ends: dict[SessionId, int] = {}
        """Last offset of each log in Redis."""
        self._forgotten: set[Epoch] = set()
        """Epochs of logs that Redis knows to be erased."""
        self._lacking: dict[SessionId, int] | None = None
        """Logs of which Redis lacks events, with the last offset of each here; None before they are checked."""
        self._listed = False
        """Whether Redis knows which logs were erased here."""
        self._closed: dict[SessionId, bool] = {}
        """Whether each of these sessions is closed, as far as its log was read."""
        self._whole: dict[SessionId, int] = {}
        """Number of events of each closed session that was restored and that Redis has not trimmed again."""

    @property
    def left(self) -> int:
        """Number of logs of which Redis still lacks events."""
        return len(self._lacking or ())

    async def whole(self) -> bool:
        """Ask whether Redis has all that is here. Raises StorageUnavailable.

        It has where it lacked nothing when it was last checked, or before that when the house was taken over, and still
        counts its changes as it did then. A Redis that was emptied or started again counts anew.
        """
        count = self.count
        seen = await self.shared.changed(self._change, count)
        if not seen.count == count == self.count:
            return False
        return not self.in_doubt if self._lacking is None else self._listed and not self._lacking

    async def run(self) -> None:
        """Call `look` every `LOOK_MS` until cancelled."""
        while True:
            await self.clock.sleep(LOOK_MS)
            try:
                await self.look()
            except StorageError as error:
                logger.debug("cluster: the events that Redis has lost can't be restored now (%s)", type(error).__name__)

    async def look(self) -> None:
        """Restore the logs that Redis lacks, as far as `most_events` allows. Raises StorageError."""
        await self._note_changes()
        if self._lacking is None:
            self._lacking, self._closed = await self._found(), {}
            if self._lacking:
                logger.warning("cluster: Redis lacks events of %d sessions, which are filled again", self.left)
        if not self._listed:
            for epoch in await self.erased():
                if epoch not in self._forgotten:
                    await self.logs.list_erased(epoch)
            self._listed = True
        lacking = self._lacking
        if lacking:
            await self._note_given_up()
        for session, end in sorted(lacking.items()):
            try:
                if session not in self._closed:
                    self._closed[session] = await closed_at(self.own, session) is not None
                closed = self._closed[session]
                if closed and self._whole and sum(self._whole.values()) + end > self.most_events:
                    continue
                await self.logs.refill(session)
            except RecordBroken as error:
                logger.error("session %s: the events that Redis has lost can't be restored. %s", session, error)
            except (LogMissing, OffsetConflict, StaleWriter) as error:  # Its writer refills it.
                logger.debug("session %s: its log in Redis is not filled now (%s)", session, type(error).__name__)
                continue
            else:
                if closed:
                    self._whole[session] = end
            del lacking[session]
            self._closed.pop(session, None)
            if not lacking:
                logger.info("cluster: Redis has all logs again")
            await self.clock.sleep(REST_MS)

    async def _note_changes(self) -> None:
        """Read the changes of the shared logs. Where Redis counts them anew, data may be lost, and all is checked."""
        while True:
            changes = await self.shared.changed(self._change, self.count)
            if changes.count != self.count:
                self._ends, self._forgotten, self._whole = {}, set(), {}
                self._lacking, self._listed, self.in_doubt = None, False, True
            self._change, self.count = changes.upto, changes.count
            for session, epoch in changes.forgotten.items():
                self._ends.pop(session, None)
                self._forgotten.add(epoch)
            self._ends.update({session: head.offset for session, head in changes.heads.items()})
            if not changes.heads and not changes.forgotten:
                return

    async def _found(self) -> dict[SessionId, int]:
        found = dict[SessionId, int]()
        for session in await self.own.sessions():
            try:
                head = await self.own.head(session)
            except RecordBroken as error:
                logger.error("session %s: its log here can't be read, so Redis doesn't get it. %s", session, error)
                continue
            if head is not None and self._ends.get(session, -1) < head.offset:
                found[session] = head.offset
        return found

    async def _note_given_up(self) -> None:
        for session in list(self._whole):
            try:
                if await self.shared.first(session) > self._ends.get(session, self._whole[session]):
                    del self._whole[session]
            except LogMissing:  # The log was erased, or is lost again.
                del self._whole[session]
