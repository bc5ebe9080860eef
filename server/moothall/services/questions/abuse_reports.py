"""What readers report as rude of what everybody may read: it is told to the desks, and hides nothing.

A browser reports a thing once. Which one it was is kept in memory alone, as a hash under a key that nobody has after
the next start; then somebody may report the same once more, which changes nothing where it is marked already.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from moothall.core.commands import ReportAbuse
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import Randomness
from moothall.core.questions.interventions import Questions
from moothall.services.sessions.sessions import Sessions

MOST_BROWSERS = 10_000
"""That reported something, of all sessions. Overflow: the one that did so longest ago may report the same again."""
_KEY_BYTES = 32
_HASH_BYTES = 16
_ID_BYTES = 12


QuestionsOf = Callable[[SessionId], Awaitable[Questions | None]]
"""The questions of a session; None where there is none that may be read."""
Tell = Callable[[SessionId, InterventionId, CommandId], Awaitable[Refusal | None]]
"""Tells the desks of a session that a question was reported; None when it is told, or waits for the uplink."""


class AbuseReports:
    """Takes reports of rude questions, each browser's once, and has the question marked for the desks."""

    def __init__(
        self, questions_of: QuestionsOf, tell: Tell, *, randomness: Randomness, most: int = MOST_BROWSERS
    ) -> None:
        """`questions_of`: a session's questions; `tell`: where a report goes; `most`: browsers that are remembered."""
        self._questions_of = questions_of
        self._tell = tell
        self._randomness = randomness
        self._most = most
        self._key = randomness.bytes(_KEY_BYTES)
        self._by: OrderedDict[tuple[SessionId, bytes], frozenset[InterventionId]] = OrderedDict()

    async def report(self, session: SessionId, number: int, visitor: str) -> Refusal | None:
        """A browser reports number `number`; the same again does nothing. `visitor`: its token, empty without one.

        None: the desks have been told, by this one or another. Refused when nobody may read it, or nothing can be
        stored now. Raises StorageUnavailable when the session can't be loaded.
        """
        questions = await self._questions_of(session)
        each = None if questions is None else questions.numbered(number)
        if each is None or not each.published:
            return refuse(RefusalCode.UNKNOWN, "The session has no such question or comment.")
        had = self.reported(session, visitor)
        if each.id in had:
            return None
        act = CommandId(f"report:{self._randomness.bytes(_ID_BYTES).hex()}")
        answer = await self._tell(session, each.id, act)
        if answer is not None and answer.code is not RefusalCode.CONFLICT:
            return answer
        self._by[self._browser(session, visitor)] = had | {each.id}
        self._by.move_to_end(self._browser(session, visitor))
        if len(self._by) > self._most:
            self._by.popitem(last=False)
        return None

    def reported(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """What a browser has reported; all browsers together that keep no cookie are one."""
        return self._by.get(self._browser(session, visitor), frozenset())

    def _browser(self, session: SessionId, visitor: str) -> tuple[SessionId, bytes]:
        mac = hmac.digest(self._key, f"{session}\0{visitor}".encode("utf-8", "replace"), hashlib.sha256)
        return session, mac[:_HASH_BYTES]


def tell_desks(sessions: Sessions) -> Tell:
    """The `Tell` of the server that has the sessions."""

    async def tell(session: SessionId, name: InterventionId, act: CommandId) -> Refusal | None:
        live = await sessions.find(session)
        if live is None:
            return refuse(RefusalCode.UNKNOWN, "The session has no such question or comment.")
        # By the intervention's own name nobody learns who reported it.
        answer = await live.writer.send(Actor(Role.PARTICIPANT, name), act, ReportAbuse(intervention=name))
        return answer if isinstance(answer, Refusal) else None

    return tell
