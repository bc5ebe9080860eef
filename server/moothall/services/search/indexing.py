"""Keeps the index true to the logs.

The index follows the logs by itself: each session whose log has grown is folded on, and its lines are written some
seconds later. What is removed leaves the index in the same act (`IndexedLog`). A search reads the text of each find
from the log all the same, so that an index that is behind shows nothing that was removed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection, Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import Clock, EventLog, LogHead, LogReading, NodeLog
from moothall.core.search.lines import SearchFold, Shelf, folded_lanes
from moothall.core.sessions.state import ON
from moothall.services.log.publication import Publication
from moothall.services.search.ports import SearchIndex
from moothall.services.supervision.waiting import until_set

logger = logging.getLogger(__name__)

GATHERED_MS = 3_000
"""How long the lines of sessions are gathered before they are written."""
AGAIN_MS = 10_000
"""After how long a session is tried again whose lines couldn't be written."""
PAGE = 500
"""Log records that are folded at a time."""
KEPT = 16
"""Folds of sessions that are on, kept to be continued. Overflow: the one that was continued longest ago is dropped."""


class IndexCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How the index compares with the logs."""

    sessions: int
    """Sessions that can be found."""
    behind: tuple[SessionId, ...]
    """Sessions of which the index lacks something, or has too much."""
    unread: tuple[SessionId, ...]
    """Sessions whose logs can't be read."""
    faults: tuple[Shelf, ...]
    """Shelves whose files are damaged."""


class Indexing:
    """Feeds the index. `run` owns the work; call `observe` with every publication."""

    def __init__(self, log: LogReading, index: SearchIndex, clock: Clock, *, gathered_ms: int = GATHERED_MS) -> None:
        self._log = log
        self._index = index
        self._clock = clock
        self._gathered_ms = gathered_ms
        # Bound: all sessions, in these three.
        self._due: dict[SessionId, None] = {}
        self._erasures: dict[SessionId, int] = {}
        """How often something was erased in a session: a fold from before an erasure must not be written."""
        self._unerased: dict[SessionId, set[int]] = {}
        """Offsets that the index could not be rid of yet."""
        self._woken = asyncio.Event()
        self._urgent = asyncio.Event()
        """Set when what is due must not wait for more: a session may stand on the wrong shelf."""
        self._folds: OrderedDict[SessionId, SearchFold] = OrderedDict()

    def observe(self, publication: Publication) -> None:
        """Note that a log has grown."""
        if not publication.records:
            return
        for event in publication.events:
            if isinstance(event, ev.BodyRemoved):
                self._unerased.setdefault(publication.session, set()).update(event.offsets)
                self._outdate(publication.session)
            elif isinstance(event, ev.SessionArranged):
                self._urgent.set()
        self.note(publication.session)

    def note(self, session: SessionId) -> None:
        """Note that a session may have changed."""
        self._due[session] = None
        self._woken.set()

    async def erased(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take lines out of the index whose texts were removed from the log at these offsets."""
        self._outdate(session)
        try:
            await self._index.erase(session, offsets)
        except StorageUnavailable as error:
            logger.warning("session %s: removed words are still in the search index (%s)", session, error)
            self._unerased.setdefault(session, set()).update(offsets)
        self.note(session)

    async def forgotten(self, session: SessionId) -> None:
        """Take a session out of the index whose log was erased."""
        self._outdate(session)
        try:
            await self._index.drop(session)
        except StorageUnavailable as error:
            logger.warning("session %s: it is still in the search index (%s)", session, error)
            self.note(session)

    async def run(self) -> None:
        """Write what is due until cancelled, beginning with all that the index lacks."""
        while not await self._look():
            await self._clock.sleep(AGAIN_MS)
        while await self._write_due():
            await self._clock.sleep(AGAIN_MS)
        await self._tidy()
        while True:
            await self._woken.wait()
            await until_set(self._urgent, self._clock, self._gathered_ms)
            if await self._write_due():
                await self._clock.sleep(AGAIN_MS)
                self._woken.set()

    async def catch_up(self) -> None:
        """Write all that the index lacks, once. Raises StorageUnavailable."""
        await self._compare()
        for session in tuple(self._due):
            await self._follow(session)
            self._due.pop(session, None)
        await self._tidy()

    async def check(self) -> IndexCheck:
        """Compare the index with the logs, without changing it. Raises StorageUnavailable."""
        behind, unread = [], []
        for session in await self._log.sessions():
            try:
                fold = await self._fold(session)
            except RecordBroken:
                unread.append(session)
                continue
            if fold is not None and not await self._index.holds(fold):
                behind.append(session)
        there = await self._log.sessions()
        behind += [session for session in self._index.known() if session not in there]
        faults = await self._index.faults()
        return IndexCheck(
            sessions=len(self._index.known()), behind=tuple(behind), unread=tuple(unread), faults=tuple(faults)
        )

    async def _look(self) -> bool:
        """Find what the index lacks. Returns whether the logs could be read."""
        try:
            await self._compare()
        except StorageUnavailable as error:
            logger.warning("search: the logs can't be compared with the index (%s)", error)
            return False
        return True

    async def _compare(self) -> None:
        known = dict(self._index.known())
        for session in await self._log.sessions():
            head = await self._log.head(session)
            has = known.pop(session, None)
            if head is not None and (has is None or (has.epoch, has.offset, has.digest) != _end_of(head)):
                self.note(session)
        for session in known:
            self.note(session)

    async def _write_due(self) -> bool:
        """Write the sessions that are due. Returns whether something is still due, since it couldn't be written."""
        self._woken.clear()
        self._urgent.clear()
        for session in tuple(self._due):
            del self._due[session]
            try:
                await self._follow(session)
            except StorageUnavailable as error:
                logger.warning("session %s: the search index can't be written (%s)", session, error)
                self._due[session] = None
            except RecordBroken:
                logger.warning("session %s: the log can't be read, so the session can't be found", session)
        return bool(self._due) and not self._woken.is_set()

    async def _follow(self, session: SessionId) -> None:
        """Make the index hold what the log of a session has. Raises StorageUnavailable and RecordBroken."""
        if unerased := self._unerased.get(session):
            offsets = frozenset(unerased)
            await self._index.erase(session, offsets)
            unerased -= offsets
            if not unerased:
                del self._unerased[session]
        erasures = self._erasures.get(session, 0)

        def still() -> bool:
            return self._erasures.get(session, 0) == erasures

        fold = await self._fold(session, self._folds.pop(session, None))
        if fold is None:
            await self._index.drop(session)
        elif await self._index.write(fold, still) and still():
            if fold.session.status in ON:
                fold.settle()
                self._folds[session] = fold
            if len(self._folds) > KEPT:
                self._folds.popitem(last=False)
        else:
            self.note(session)

    async def _fold(self, session: SessionId, fold: SearchFold | None = None) -> SearchFold | None:
        """Fold a log to its end, on from `fold` where given; None where there is no log."""
        while (head := await self._log.head(session)) is not None:
            if fold is None or fold.epoch != head.epoch or fold.offset > head.offset:
                fold, clean = SearchFold(session, head.epoch), head.offset
            else:
                clean = fold.offset
            if await self._on(fold, head, folded_lanes(head.lanes), clean):
                return fold
            fold = None  # Something was removed that may have been folded.
        return None

    async def _on(self, fold: SearchFold, head: LogHead, lanes: frozenset[Lane], clean: int) -> bool:
        """Fold a log up to its head. Returns False when something was removed after the offset `clean`."""
        while fold.offset < head.offset:
            page = await self._log.read(fold.session.id, fold.offset, PAGE, lanes)
            if not page:
                fold.offset = head.offset  # What is left is in other lanes.
            elif await asyncio.to_thread(fold.take, page) > clean:
                return False
        fold.digest = _end_of(head)[2]
        return True

    async def _tidy(self) -> None:
        try:
            while await self._index.tidy():
                pass
        except StorageUnavailable as error:
            logger.warning("search: the index can't be made smaller (%s)", error)

    def _outdate(self, session: SessionId) -> None:
        self._erasures[session] = self._erasures.get(session, 0) + 1
        self._folds.pop(session, None)


def _end_of(head: LogHead) -> tuple[Epoch, int, str]:
    """What tells one state of a log from every other: epoch, offset and digest of its last event."""
    last = max(head.lanes.values(), key=lambda lane: lane.offset, default=None)
    return head.epoch, head.offset, "" if last is None else last.digest


class IndexedLog:
    """An `EventLog` whose removals leave the index in the same act. All else is done by the log itself."""

    def __init__(self, log: EventLog, indexing: Indexing) -> None:
        self._log = log
        self._indexing = indexing
        self.acquire, self.append, self.close = log.acquire, log.append, log.close
        self.read, self.head, self.sessions, self.caused = log.read, log.head, log.sessions, log.caused

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """As the log (`EventLog`); when it returns, the words are in no file of the index either."""
        try:
            await self._log.remove(session, term, expected_offset, offsets, events)
        finally:  # After an error the outcome may be unknown, and a line too few comes again by itself.
            await self._indexing.erased(session, offsets)

    async def forget(self, session: SessionId) -> None:
        """As the log (`EventLog`), and in the index."""
        try:
            await self._log.forget(session)
        finally:
            await self._indexing.forgotten(session)


class IndexedCopies(IndexedLog):
    """The logs of a node that stands by, with the index beside them: it is ready when the node takes the house over,
    and what is removed from the copies leaves it in the same act.
    """

    def __init__(self, log: NodeLog, indexing: Indexing) -> None:
        super().__init__(log, indexing)
        self._copies = log
        self.append = self._append

    async def _append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """As the log (`EventLog`). Nothing else tells the index of copied events."""
        await self._copies.append(session, term, expected_offset, events)
        self._indexing.note(session)

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """As the log (`NodeLog`); the session is indexed anew."""
        await self._copies.cut(session, term, after)
        await self._indexing.forgotten(session)
        self._indexing.note(session)
