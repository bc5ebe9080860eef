"""What published reports answer to a policy question, and what a main session gets from the sessions that feed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.events.outcome_parts import PublishedMessage
from moothall.core.events.question_parts import OPEN
from moothall.core.events.types import LogKind
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import PolicyQuestionId, SessionId
from moothall.core.outcomes.report import ReportVersion
from moothall.core.questions.interventions import Intervention
from moothall.services.outcomes.outcome_logs import OutcomeLogs, report_of
from moothall.services.outcomes.policy import PolicyQuestions


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the newest published version of a session's report."""

    session: SessionId
    language: str
    """BCP-47 tag of its text."""
    message: PublishedMessage


class Feeder(msgspec.Struct, frozen=True, kw_only=True):
    """A session that feeds a main session."""

    session: SessionId
    answers: tuple[ReportAnswer, ...]
    """The messages of its report."""
    open: tuple[Intervention, ...]
    """Its published questions that were not answered."""


@dataclass(eq=False, repr=False)
class Answers:
    """Reads published reports. Each method raises StorageUnavailable."""

    logs: OutcomeLogs
    policy: PolicyQuestions
    exists: Callable[[SessionId], bool] = lambda _: True
    """Whether a log may exist, without a look at the store: a whole hall may ask for a page that reads reports."""

    async def of_question(self, question: PolicyQuestionId) -> Sequence[ReportAnswer]:
        """All answers to a policy question, in the order in which its sessions were prepared."""
        sessions = (await self.policy.register()).sessions_of(question)
        found: list[ReportAnswer] = []
        for session in sessions:
            found += [each for each in await self._of(session) if each.message.question == question]
        return found

    async def feeders(self, session: SessionId) -> Sequence[Feeder]:
        """The sessions that feed a main session, each with its messages."""
        names = self.policy.known().feeders_of(session)
        return [
            Feeder(session=name, answers=tuple(await self._of(name)), open=await self._open(name)) for name in names
        ]

    async def published(self, session: SessionId) -> bool:
        """Whether a version of a session's report was published."""
        return await self._newest(session) is not None

    async def _newest(self, session: SessionId) -> ReportVersion | None:
        log = report_of(session)
        if not self.exists(log):
            return None
        try:
            live = await self.logs.find(log, LogKind.REPORT)
        except RecordBroken:
            return None
        return None if live is None else live.state.outcomes.report.newest

    async def _of(self, session: SessionId) -> Sequence[ReportAnswer]:
        newest = await self._newest(session)
        if newest is None:
            return ()
        return [ReportAnswer(session=session, language=newest.language, message=each) for each in newest.messages]

    async def _open(self, session: SessionId) -> tuple[Intervention, ...]:
        try:
            live = await self.logs.find(session, LogKind.SESSION)
        except RecordBroken:
            return ()
        waiting = () if live is None else live.state.questions.with_status(*OPEN)
        found = (each for each in waiting if each.published and not each.removed)
        return tuple(sorted(found, key=lambda each: each.number))
