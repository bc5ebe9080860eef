"""Takes readers' reports that a published question is rude. A report is a hint for the desks, and hides nothing.

A browser reports a question once. Who reported what is kept in memory only, as a hash whose key is lost with the
process; after a restart somebody may report the same question again, which changes nothing if it is marked already.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from moothall.core.commands import ReportAbuse
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import Randomness
from moothall.services.questions.ports import QuestionsOf
from moothall.services.sessions.sessions import Sessions

MOST_BROWSERS = 10_000
"""Most browsers whose reports are remembered, in all sessions. Overflow: the oldest may report a question again."""
_KEY_BYTES = 32
_HASH_BYTES = 16
_ID_BYTES = 12


ReportQuestion = Callable[[SessionId, InterventionId, CommandId], Awaitable[Refusal | None]]
"""Reports a question to the desks of a session. Returns None once that is done, or waits for the uplink."""


class AbuseReports:
    """Takes reports of rude questions, one per browser and question, and has the questions marked for the desks."""

    def __init__(
        self, questions_of: QuestionsOf, tell: ReportQuestion, *, randomness: Randomness, most: int = MOST_BROWSERS
    ) -> None:
        """`questions_of` reads a session's questions, `tell` passes a report on, `most` bounds remembered browsers."""
        self._questions_of = questions_of
        self._tell = tell
        self._randomness = randomness
        self._most = most
        self._key = randomness.bytes(_KEY_BYTES)
        self._by: OrderedDict[tuple[SessionId, bytes], frozenset[InterventionId]] = OrderedDict()

    async def report(self, session: SessionId, number: int, visitor: str) -> Refusal | None:
        """Take a browser's report of question `number`; repeating it has no effect. `visitor`: the browser's token, or
        empty.

        None: the desks know, by this report or an earlier one. Refused when the question isn't public, or nothing can
        be stored now. Raises StorageUnavailable when the session can't be loaded.
        """
        questions = await self._questions_of(session)
        each = None if questions is None else questions.numbered(number)
        if each is None or not each.published:
            return NO_QUESTION
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
        """The questions that a browser has reported. All browsers without a cookie count as one."""
        return self._by.get(self._browser(session, visitor), frozenset())

    def _browser(self, session: SessionId, visitor: str) -> tuple[SessionId, bytes]:
        mac = hmac.digest(self._key, f"{session}\0{visitor}".encode("utf-8", "replace"), hashlib.sha256)
        return session, mac[:_HASH_BYTES]


def tell_desks(sessions: Sessions) -> ReportQuestion:
    """Make the `ReportQuestion` of a server that holds the sessions itself."""

    async def tell(session: SessionId, name: InterventionId, act: CommandId) -> Refusal | None:
        live = await sessions.find(session)
        if live is None:
            return NO_QUESTION
        # The actor is the intervention itself, so that the log doesn't show who reported it.
        answer = await live.writer.send(Actor(Role.PARTICIPANT, name), act, ReportAbuse(intervention=name))
        return answer if isinstance(answer, Refusal) else None

    return tell
