"""Erases rehearsals an hour after their close, and in any case a day after they were made; and deleted sessions that
never began, once the deletion can't be undone any more (`calling_off.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.programme.plan import Deleted, Planned
from moothall.core.sessions.state import ON, Status
from moothall.services.programme.calling_off import UNDO_MS, put_back
from moothall.services.programme.programme import Programme
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import every

logger = logging.getLogger(__name__)

AFTER_CLOSE_MS = 3_600_000
AT_MOST_MS = 24 * 3_600_000
LOOK_MS = 60_000

Erase = Callable[[SessionId], Awaitable[None]]
"""Erases what is stored of a session besides its log: sound, links. Does nothing if there is nothing."""


class Rehearsals:
    """Erases rehearsals and deleted sessions when they are due. `run` must be running."""

    def __init__(self, *, programme: Programme, sessions: Sessions, clock: Clock, erase: Erase) -> None:
        self._programme = programme
        self._sessions = sessions
        self._clock = clock
        self._erase = erase

    async def run(self) -> None:
        """Call `sweep` each minute, until cancelled."""

        def unavailable(_: StorageUnavailable) -> None:
            logger.warning("rehearsals: the store can't be reached; they are checked again in a minute")

        await every(LOOK_MS, self.sweep, self._clock, unavailable)

    async def sweep(self) -> None:
        """Erase what is due. Raises StorageUnavailable; an interrupted erasure is completed by the next call."""
        await self._adopt()
        for planned in self._programme.planned():
            if planned.rehearsal:
                await self._look_at(planned)
        for planned in self._programme.deleted():
            if planned.deleted is not None and self._clock.wall() - planned.deleted.at > UNDO_MS:
                await self._finish(planned, planned.deleted)

    async def _adopt(self) -> None:
        """Add plans for rehearsals that were not made by the programme, as if they were made now."""
        for live in self._sessions.all_loaded:
            state = live.state
            if state.rehearsal and self._programme.plan_of(live.id) is None:
                found = Planned(
                    session=live.id,
                    title=state.title,
                    languages=state.languages,
                    rehearsal=True,
                    made=self._clock.wall(),
                )
                await self._programme.keep(planned=[found])

    async def _look_at(self, planned: Planned) -> None:
        now, status = self._clock.wall(), await self._standing(planned.session)
        if status is Status.CLOSED and planned.closed is None:
            planned = msgspec.structs.replace(planned, closed=now)
            await self._programme.keep(planned=[planned])
        elif status in ON and planned.closed is not None:
            planned = msgspec.structs.replace(planned, closed=None)
            await self._programme.keep(planned=[planned])
        over = planned.closed is not None and now - planned.closed >= AFTER_CLOSE_MS
        if over or now - planned.made >= AT_MOST_MS:
            await self._remove(planned.session, status)

    async def _finish(self, planned: Planned, deleted: Deleted) -> None:
        """Erase a deleted session, unless it has begun or was reinstated: a cancelled session can't begin."""
        try:
            live = await self._sessions.find(planned.session)
        except RecordBroken:
            return  # It may have begun.
        async with self._programme.changing:
            if live is not None and (live.state.status is not Status.CREATED or live.state.cancelled is None):
                await put_back(self._programme, planned, deleted, by=SYSTEM.id)
                return
            await self._remove(planned.session, Status.CREATED)

    async def _standing(self, session: SessionId) -> Status:
        known = self._sessions.status_of(session)
        if known is not None:  # `find` would keep it in memory.
            return known
        try:
            live = await self._sessions.find(session)
        except RecordBroken:
            return Status.CLOSED  # It can be erased without being read.
        return Status.CLOSED if live is None else live.state.status

    async def _remove(self, session: SessionId, status: Status) -> None:
        """Erase everything about a session, its plan last, so that an interrupted erasure is repeated.

        A session that is on is only closed, and erased at the next sweep, when its sound has come to rest.
        """
        if status in ON:
            await self._programme.send(session, do.CloseSession())
            return
        await self._sessions.forget(session)
        await self._erase(session)
        await self._programme.drop(session)
        logger.info("session %s: it is deleted", session)
