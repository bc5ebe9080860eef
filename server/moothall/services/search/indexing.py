"""Keeps the index true to the logs.

The index follows the logs by itself: each session whose log has grown is folded on, and its lines are written some
seconds later. What is removed leaves the index in the same act (`IndexedLog`). A search reads the text of each find
from the log all the same, so that an index that is behind shows nothing that was removed.

The index may be lost, or not be open, and nothing waits for it: not a start, not a session, and a removal for a limited
time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import Clock, EventLog, LogHead, LogReading, NodeLog
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.lines import SearchFold, Shelf, folded_lanes
from moothall.core.sessions.state import ON
from moothall.services.log.publication import Publication
from moothall.services.search.ports import BesideIndex, SearchIndex
from moothall.services.supervision.waiting import until_set, within

logger = logging.getLogger(__name__)

GATHERED_MS = 3_000
"""How long the lines of sessions are gathered before they are written."""
AGAIN_MS = 10_000
"""After how long an index that couldn't be opened or written is tried again."""
LOOK_MS = 60_000
"""How often it is looked whether all files of the index are open."""
ERASED_MS = 5_000
"""How long a removal waits for the index."""
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
        self.beside: list[BesideIndex] = []
        """What follows the index, once that lacks nothing."""
        self._log = log
        self._index = index
        self._clock = clock
        self._gathered_ms = gathered_ms
        # Bound: all sessions, in these five.
        self._due: dict[SessionId, None] = {}
        """Sessions that may have changed."""
        self._lacking: dict[SessionId, None] = {}
        """Sessions of which the index lacked something when it was opened, or had too much."""
        self._erasures: dict[SessionId, int] = {}
        """How often something was erased in a session: a fold from before an erasure must not be written."""
        self._unerased: dict[SessionId, set[int]] = {}
        """Offsets that the index may not be rid of yet."""
        self._undropped: set[SessionId] = set()
        """Sessions that the index may not be rid of yet."""
        self._woken = asyncio.Event()
        self._urgent = asyncio.Event()
        """Set when what is due must not wait for more: a session may stand on the wrong shelf."""
        self._written = asyncio.Event()
        """Set when the index has what was due."""
        self._folds: OrderedDict[SessionId, SearchFold] = OrderedDict()
        self._opened = False
        """Whether the index was opened, and not compared with the logs since."""
        # Bound: those of `beside`.
        self._lagging: set[type[BesideIndex]] = set()
        """Of what it was logged that it can't follow."""
        self._away = False
        """Whether it was logged that the index can't follow."""

    def observe(self, publication: Publication) -> None:
        """Note that a log has grown."""
        if not publication.records:
            return
        if any(isinstance(event, ev.SessionArranged) for event in publication.events):
            self._urgent.set()
        self.note(publication.session)

    def note(self, session: SessionId) -> None:
        """Note that a session may have changed."""
        self._due[session] = None
        self._woken.set()

    async def erased(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take lines out of the index whose texts were removed from the log at these offsets."""
        self._outdate(session)
        self._unerased.setdefault(session, set()).update(offsets)
        self.note(session)
        await self._rid(session)

    def renewed(self, session: SessionId) -> None:
        """Note that events of a session have come or gone before the end of its log, as in a hub's copy."""
        self._outdate(session)
        self.note(session)

    async def forgotten(self, session: SessionId) -> None:
        """Take a session out of the index whose log was erased."""
        self._outdate(session)
        self._undropped.add(session)
        self.note(session)
        await self._rid(session)

    def searchable(self) -> dict[SessionId, SearchedSession]:
        """What the index knows of each session that may be searched: of none it may have something that was removed.

        Raises StorageUnavailable while the index isn't open, or may have been opened with more than the logs have.
        """
        known = self._index.known()
        if self._opened:
            raise StorageUnavailable("The search index is being compared with the logs.")
        for session in (*self._lacking, *self._undropped, *(each for each, left in self._unerased.items() if left)):
            known.pop(session, None)
        return known

    async def run(self) -> None:
        """Write what is due until cancelled, beginning with all that the index lacks."""
        while True:
            if await self._write_due():
                await self._clock.sleep(AGAIN_MS)
            elif not self._lacking:
                await until_set(self._woken, self._clock, LOOK_MS)
                if self._woken.is_set():
                    await until_set(self._urgent, self._clock, self._gathered_ms)

    async def run_beside(self) -> None:
        """Have what stands beside the index follow it, until cancelled: a task of its own, so that the index waits for
        no vector and no other server.
        """
        while True:
            await until_set(self._written, self._clock, LOOK_MS)
            self._written.clear()
            while await self.write_beside():
                pass

    async def catch_up(self) -> None:
        """Write all that the index lacks, once. Raises StorageUnavailable."""
        await self._index.open()
        await self._compare()
        self._opened = False
        for sessions in (self._due, self._lacking):
            while sessions:
                await self._next(sessions)
        await self._tidy()

    async def check(self) -> IndexCheck:
        """Compare the index with the logs, without changing it. Raises StorageUnavailable."""
        self._opened = await self._index.open() or self._opened
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

    async def _write_due(self) -> bool:
        """Write the sessions that are due, and then for as long as lines are gathered some of those that the index
        lacks. Returns whether something has to be tried again later.
        """
        self._woken.clear()
        self._urgent.clear()
        try:
            self._opened = await self._index.open() or self._opened
            if self._opened:
                await self._compare()
                self._opened = False
            for _ in range(len(self._due)):
                if not self._due:  # `catch_up` has written the rest meanwhile.
                    break
                await self._next(self._due)
            if self._lacking:
                until = self._clock.monotonic() + self._gathered_ms
                while self._lacking and self._clock.monotonic() < until:
                    await self._next(self._lacking)
                if not self._lacking:
                    await self._tidy()
        except StorageUnavailable as error:
            if not self._away:
                logger.warning("search: the index can't follow the logs; retrying. %s", error)
            self._away = True
            return True
        if self._away:
            logger.info("search: the index follows the logs again")
        self._away = False
        self._written.set()
        return False

    async def write_beside(self) -> bool:
        """Have what stands beside the index follow by a session. Returns whether there may be more to write."""
        more = False
        # An index that is made anew lacks sessions that others have, and must not lose there.
        for each in () if self._lacking else self.beside:
            try:
                known = self.searchable()
                session = await each.lacks(known)
                if session is None:
                    self._lagging.discard(type(each))
                    continue
                erasures = self._erasures.get(session, 0)

                def still(session: SessionId = session, erasures: int = erasures) -> bool:
                    return self._erasures.get(session, 0) == erasures

                fold = await self._fold(session)
                has = known.get(session)
                if fold is None or has is None:
                    await each.drop(session)
                elif (fold.epoch, fold.offset, fold.digest) == (has.epoch, has.offset, has.digest):
                    await each.write(fold, still)
                else:
                    self.note(session)  # The log has grown meanwhile: it follows when the index has.
                    continue
                more = True
            except (StorageUnavailable, RecordBroken) as error:
                if type(each) not in self._lagging:
                    logger.warning("search: %s can't follow the index; retrying. %s", type(each).__name__, error)
                self._lagging.add(type(each))
            else:
                self._lagging.discard(type(each))
        return more

    async def _compare(self) -> None:
        """Note the sessions of which the index lacks something, those first of which it has too much."""
        known = self._index.known()
        absent = []
        for session in await self._log.sessions():
            has = known.pop(session, None)
            with suppress(RecordBroken):  # It is logged when the session is followed.
                head = await self._log.head(session)
                if head is None or (has is not None and (has.epoch, has.offset, has.digest) == _end_of(head)):
                    continue
            if has is None:
                absent.append(session)
            else:
                self._lacking[session] = None
        self._lacking.update(dict.fromkeys((*known, *absent)))

    async def _next(self, sessions: dict[SessionId, None]) -> None:
        """Write the first of these sessions. Raises StorageUnavailable, and then it is the last of them."""
        session = next(iter(sessions))
        del sessions[session]
        try:
            await self._follow(session)
        except RecordBroken:
            logger.warning("session %s: the log can't be read, so the session can't be found", session)
        except StorageUnavailable:
            sessions[session] = None
            raise

    async def _rid(self, session: SessionId) -> None:
        """Take out of the index what has to go, for a limited time; what is left goes before anything is written."""
        why = "it does not answer"
        try:
            if await within(self._take_out(session), self._clock, ERASED_MS):
                return
        except StorageUnavailable as error:
            why = str(error)
        logger.warning("session %s: removed words may still be in the search index (%s)", session, why)

    async def _take_out(self, session: SessionId) -> bool:
        """Take out of the index what has to go of a session, and return True. Raises StorageUnavailable."""
        if session in self._undropped:
            await self._index.drop(session)
            for each in self.beside:
                await each.drop(session)
            self._undropped.discard(session)
        if unerased := self._unerased.get(session):
            offsets = frozenset(unerased)
            await self._index.erase(session, offsets)
            for each in self.beside:
                await each.erase(session, offsets)
            unerased -= offsets
        return True

    async def _follow(self, session: SessionId) -> None:
        """Make the index hold what the log of a session has. Raises StorageUnavailable and RecordBroken."""
        await self._take_out(session)
        erasures = self._erasures.get(session, 0)

        def still() -> bool:
            return self._erasures.get(session, 0) == erasures

        fold = await self._fold(session, self._folds.pop(session, None))
        if fold is None:
            await self._index.drop(session)
            return
        try:
            if await self._index.write(fold, still):
                fold.settle()
        finally:  # What couldn't be written is written with what comes next.
            if still() and fold.session.status in ON:
                self._folds[session] = fold
                if len(self._folds) > KEPT:
                    self._folds.popitem(last=False)
        if not still():
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
        """As the log (`EventLog`); when it returns, the words are in no file of the index either, unless its disk
        does not answer.
        """
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

    def __init__(self, log: NodeLog, indexing: Indexing, changed: Callable[[SessionId], None] = lambda _: None) -> None:
        """`changed` is called with each session whose own lane has changed."""
        super().__init__(log, indexing)
        self._copies = log
        self._changed = changed
        self.append = self._append

    async def _append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """As the log (`EventLog`). Nothing else tells the index of copied events."""
        await self._copies.append(session, term, expected_offset, events)
        if any(record.header.lane == SESSION for record in events):
            self._changed(session)
        self._indexing.note(session)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """As the log (`EventLog`), and in the index."""
        await super().remove(session, term, expected_offset, offsets, events)
        self._changed(session)

    async def forget(self, session: SessionId) -> None:
        """As the log (`EventLog`), and in the index."""
        await super().forget(session)
        self._changed(session)

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """As the log (`NodeLog`); the session is indexed anew."""
        await self._copies.cut(session, term, after)
        self._changed(session)
        await self._indexing.forgotten(session)
