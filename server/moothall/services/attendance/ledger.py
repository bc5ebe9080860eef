"""The facts of all sessions for attendance, folded from their logs once and kept in memory.

A session whose log got an event that may change them is folded again when it is next asked for, from where its fold
ended if that is still there. The lanes of the texts, which are most of a log, are never read.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable

from moothall.core.attendance.facts import LANES, UNTOLD, AttendanceFacts, FactsFold, evolve_facts, facts_of
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogReading
from moothall.core.sessions.state import State, Status
from moothall.services.log.publication import Publication

logger = logging.getLogger(__name__)

PAGE = 500
"""Records in one read; between two the event loop gets a turn."""
KEPT = 8
"""Folds that are kept to be continued, with a session's questions. Overflow: the least recently used is dropped."""


class FactsLedger:
    """The facts of all sessions. Call `take` with every publication, and `drop` for every session that is erased."""

    def __init__(self, log: LogReading) -> None:
        self._log = log
        # Bound: all sessions, some kilobytes each at most.
        self._facts: dict[SessionId, AttendanceFacts] = {}
        self._folds: OrderedDict[SessionId, tuple[Epoch, int, FactsFold]] = OrderedDict()
        self._changes: dict[SessionId, int] = {}
        """How often the facts of a session became outdated."""
        self._folding = asyncio.Lock()

    def take(self, publication: Publication) -> None:
        """Note which facts a publication makes outdated."""
        told = [
            event
            for record, event in zip(publication.records, publication.events, strict=True)
            if record.header.lane in LANES and record.header.type not in UNTOLD
        ]
        if any(isinstance(event, ev.BodyRemoved) for event in told):
            self.drop(publication.session)
        elif told:
            self._outdated(publication.session)

    def drop(self, session: SessionId) -> None:
        """Forget what is known of a session, since its log was erased, or something was removed from it."""
        self._folds.pop(session, None)
        self._outdated(session)

    async def of(self, session: SessionId) -> AttendanceFacts | None:
        """The facts of a session; None where there is none, or where its log can't be read. Raises
        StorageUnavailable.
        """
        if (known := self._facts.get(session)) is not None:
            return known
        async with self._folding:
            if (known := self._facts.get(session)) is not None:
                return known
            changes = self._changes.get(session, 0)
            facts = await self._read(session)
            if facts is not None and self._changes.get(session, 0) == changes:
                self._facts[session] = facts
            return facts

    async def all(self, sessions: Iterable[SessionId]) -> list[AttendanceFacts]:
        """The facts of these sessions, without those that can't be read. Raises as `of` does."""
        found = [await self.of(session) for session in sessions]
        return [each for each in found if each is not None]

    def _outdated(self, session: SessionId) -> None:
        self._changes[session] = self._changes.get(session, 0) + 1
        self._facts.pop(session, None)

    async def _read(self, session: SessionId) -> AttendanceFacts | None:
        head = await self._log.head(session)
        if head is None:
            return None
        epoch, offset, fold = self._folds.pop(session, (head.epoch, 0, FactsFold(state=State(id=session))))
        if epoch != head.epoch or offset > head.offset:
            offset, fold = 0, FactsFold(state=State(id=session))
        changes = self._changes.get(session, 0)
        try:
            while page := await self._log.read(session, offset, PAGE, LANES):
                for record in page:
                    if record.header.type not in UNTOLD and record.body is not None:
                        fold = evolve_facts(fold, decode_event(record.body), record.header.at)
                offset = page[-1].header.offset
                await asyncio.sleep(0)
        except RecordBroken:
            logger.warning("session %s: the log can't be read, so it is in no report of attendance", session)
            return None
        if self._changes.get(session, 0) == changes:
            self._folds[session] = (head.epoch, offset, fold)
            if len(self._folds) > KEPT:
                self._folds.popitem(last=False)
        if fold.state.status is Status.ABSENT:
            return None
        return facts_of(fold, head.lanes)
