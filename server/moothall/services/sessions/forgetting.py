"""Decides when addresses that staff entered for a session, such as a stream's, are deleted: they may contain a secret.

An address is deleted an hour after the session was closed or cancelled, since that may be undone before; or, where the
session was never held, some days after its planned end.
"""

from __future__ import annotations

from collections.abc import Callable

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.programme.plan import Planned
from moothall.core.sessions.state import ON, Status
from moothall.services.sessions.sessions import Sessions

AFTER_CLOSE_MS = 3_600_000
"""How long after its session was closed or cancelled an address is kept."""
AFTER_PLAN_MS = 7 * 24 * 3_600_000
"""How long an address is kept after the planned end of a session that didn't begin, or after its entry if that is
later.
"""


class Forgetting:
    """Decides whether addresses are due for deletion."""

    def __init__(self, sessions: Sessions, plan_of: Callable[[SessionId], Planned | None], clock: Clock) -> None:
        """`plan_of` returns the plan of a session; None where it has none."""
        self._sessions = sessions
        self._plan_of = plan_of
        self._clock = clock
        # Bound: the sessions whose addresses became due in the last hours. A session may have several addresses.
        self._since: dict[SessionId, int] = {}
        """When each session was closed, or first seen to be cancelled, Unix ms."""

    async def due(self, session: SessionId, entered: int) -> bool:
        """Whether to delete now what was entered for a session at `entered`, Unix ms.

        Raises StorageUnavailable, and RecordBroken where the session's log can't be read.
        """
        live, status = self._sessions.loaded(session), self._sessions.status_of(session)
        # `find` keeps the session in memory for a while, so it is called only once per session.
        if status is None or (status is Status.CLOSED and session not in self._since):
            live = live or await self._sessions.find(session)
            status = None if live is None else live.state.status
        plan, now = self._plan_of(session), self._clock.wall()
        if status in ON:
            self._since.pop(session, None)
            return False
        if status is Status.CLOSED:
            if live is not None:
                clock, at = live.state.clock, live.state.closed_at
                self._note(session, now if at is None else clock.wall + at - clock.t)
            return now - self._since[session] >= AFTER_CLOSE_MS
        if plan is None:
            # Without plan and log the session doesn't exist any more.
            return status is None or now - entered >= AFTER_PLAN_MS
        if plan.cancelled:
            if session not in self._since:
                self._note(session, now)
            return now - self._since[session] >= AFTER_CLOSE_MS
        self._since.pop(session, None)
        return now - max(entered, plan.made, plan.starts or 0, plan.ends or 0) >= AFTER_PLAN_MS

    def _note(self, session: SessionId, since: int) -> None:
        over = self._clock.wall() - 2 * AFTER_CLOSE_MS
        self._since = {each: at for each, at in self._since.items() if at > over} | {session: since}
