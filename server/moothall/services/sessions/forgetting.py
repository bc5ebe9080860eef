"""When an address is forgotten that staff entered for a meeting, such as that of a stream: it may hold a secret.

An hour after its meeting was closed or cancelled: until then that may be taken back. Where the meeting was never held,
some days after it should have ended.
"""

from __future__ import annotations

from collections.abc import Callable

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.programme.plan import Planned
from moothall.core.session.state import ON, Status
from moothall.services.sessions.sessions import Sessions

AFTER_CLOSE_MS = 3_600_000
"""How long after its meeting was closed or cancelled an address is kept."""
AFTER_PLAN_MS = 7 * 24 * 3_600_000
"""How long after the planned end of a meeting that didn't begin, or after it was entered where that is later."""


class Forgetting:
    """Says of addresses whether their time is over."""

    def __init__(self, sessions: Sessions, plan_of: Callable[[SessionId], Planned | None], clock: Clock) -> None:
        """`plan_of`: how a session is planned; None where it isn't."""
        self._sessions = sessions
        self._plan_of = plan_of
        self._clock = clock
        # Bound: the sessions whose addresses fell due in the last hours. A session may have several.
        self._since: dict[SessionId, int] = {}
        """When its meeting was closed, or first seen cancelled, Unix ms."""

    async def due(self, session: SessionId, entered: int) -> bool:
        """Whether to forget now what was entered for a session at the Unix ms `entered`.

        Raises StorageUnavailable, and RecordBroken where the session's log can't be read.
        """
        live, status = self._sessions.loaded(session), self._sessions.status_of(session)
        # To be asked for keeps a session in memory: it is read once.
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
            return status is None or now - entered >= AFTER_PLAN_MS  # Without a log either it is no more.
        if plan.cancelled:
            if session not in self._since:
                self._note(session, now)
            return now - self._since[session] >= AFTER_CLOSE_MS
        self._since.pop(session, None)
        return now - max(entered, plan.made, plan.starts or 0, plan.ends or 0) >= AFTER_PLAN_MS

    def _note(self, session: SessionId, since: int) -> None:
        over = self._clock.wall() - 2 * AFTER_CLOSE_MS
        self._since = {each: at for each, at in self._since.items() if at > over} | {session: since}
