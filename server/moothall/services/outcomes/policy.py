"""The register of policy questions at work: reads it, changes it, and gives each session the list that was prepared
for it, also when the session is made later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from moothall.core.commands import AnyCommand, ListPolicyQuestions
from moothall.core.events.outcomes import QuestionStated, SessionPrepared
from moothall.core.events.types import LogKind, SessionCreated
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.outcomes.preparing import session_list
from moothall.core.outcomes.register import Register
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.services.log.publication import Publication
from moothall.services.outcomes.outcome_logs import REGISTER, OutcomeLogs
from moothall.services.sessions.live_session import LiveSession

logger = logging.getLogger(__name__)

AGAIN_MS = 10_000
"""After how long a list that could not be handed on is tried again."""
NOTHING = Register()
"""The register of a house that has none yet."""


@dataclass(eq=False, repr=False)
class PolicyQuestions:
    """The register of policy questions. Call `observe` with every publication, and keep `run` running."""

    logs: OutcomeLogs
    _: KW_ONLY
    clock: Clock

    def __post_init__(self) -> None:
        # Sessions whose list may differ from what was prepared. Bound: the sessions of the register.
        self._due: dict[SessionId, None] = {}
        self._wake = asyncio.Event()
        self._last = NOTHING

    async def register(self) -> Register:
        """The register as it is now; empty where there is none yet. Raises StorageUnavailable."""
        live = await self.logs.find(REGISTER, LogKind.REGISTER)
        self._last = NOTHING if live is None else live.state.outcomes.register
        return self._last

    def known(self) -> Register:
        """The register as it was last published here, for pages that must not wait for a disk."""
        return self._last

    async def send(self, by: Actor, act: CommandId, commands: AnyCommand | Sequence[AnyCommand]) -> Refusal | None:
        """Change the register; None when it is done. All commands are carried out, or none. Raises
        StorageUnavailable.
        """
        live = await self.logs.register()
        if isinstance(live, Refusal):
            return live
        answer = await live.writer.send(by, act, commands)
        return answer if isinstance(answer, Refusal) else None

    async def hand_on(self, session: SessionId) -> None:
        """Give a session the list that was prepared for it. A closed session keeps its own. Raises
        StorageUnavailable.
        """
        live, register = await self.logs.sessions.find(session), await self.logs.find(REGISTER, LogKind.REGISTER)
        if live is None or register is None or not _takes_a_list(live):
            return
        before = live.state.notes_and_tags.questions
        wanted = session_list(register.state.outcomes.register, session, before)
        if wanted != before:
            # After a crash the same two positions give the same act. Whatever refuses it is not passing.
            act = CommandId(f"prepared:{register.writer.offset}:{live.writer.offset}")
            await live.writer.insist(SYSTEM, act, ListPolicyQuestions(questions=wanted))

    def observe(self, live: LiveSession, publication: Publication) -> None:
        """Note which sessions an event concerns. For `Sessions.observe`."""
        if live.id == REGISTER and publication.events:
            self._last = live.state.outcomes.register
        register = self._last
        for event in publication.events:
            match event:
                case SessionPrepared():
                    self._note(event.session)
                case QuestionStated():
                    self._note(*register.sessions_of(event.question))
                case SessionCreated() if event.kind is LogKind.SESSION and live.id in register.prepared:
                    self._note(live.id)
                case _:
                    pass

    async def run(self) -> None:
        """Hand lists on until cancelled, at first to all sessions: the server may have been killed before it could."""
        self._note(*(await self._at_first()))
        while True:
            await self._wake.wait()
            self._wake.clear()
            for session in tuple(self._due):
                del self._due[session]
                try:
                    await self.hand_on(session)
                except RecordBroken:
                    logger.warning("session %s: the log can't be read, so it gets no policy questions", session)
                except StorageUnavailable:
                    self._note(session)
                    await self.clock.sleep(AGAIN_MS)

    async def _at_first(self) -> Sequence[SessionId]:
        while True:
            try:
                closed = {each.session for each in await self.logs.entries() if each.status is Status.CLOSED}
                return [each for each in (await self.register()).prepared if each not in closed]
            except StorageUnavailable:
                await self.clock.sleep(AGAIN_MS)

    def _note(self, *sessions: SessionId) -> None:
        self._due.update(dict.fromkeys(sessions))
        if self._due:
            self._wake.set()


def _takes_a_list(live: LiveSession) -> bool:
    state = live.state
    return state.kind is LogKind.SESSION and state.status not in (Status.ABSENT, Status.CLOSED)
