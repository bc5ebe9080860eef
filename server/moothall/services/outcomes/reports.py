"""The reports of sessions: who writes them, what they hold at the close already, and how they are published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field

from moothall.core.events.outcome_parts import Citation, ReportStage
from moothall.core.events.types import LogKind, SessionClosed
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import NO_SESSION, MoothallError, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.report import Report
from moothall.core.outcomes.translations import VouchedTranslation
from moothall.core.reports.templates import ReportTemplates
from moothall.core.sessions.state import Status
from moothall.core.translation.lines import stays_here
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.outcomes.cited_words import CitedRecords, CitedWords
from moothall.services.outcomes.outcome_logs import OutcomeLogs, report_of
from moothall.services.outcomes.prefilling import prefilled
from moothall.services.outcomes.publishing import Hindrance, hindrances, published_messages, published_sections
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReadSession

MOST_CLOSED = 100
"""Sessions that were closed and whose drafts wait to be filled. Overflow: the later ones are filled when somebody opens
them."""
_REHEARSAL = refuse(RefusalCode.CONFLICT, "This is a rehearsal: it is erased as a whole, so nobody reports on it.")
_FILLED = frozenset({ReportStage.NOT_BEGUN, ReportStage.DRAFT, ReportStage.RETURNED})


@dataclass(eq=False, repr=False)
class SessionReports:
    """The reports of all sessions. `templates` returns those that can be read now."""

    logs: OutcomeLogs
    cited: CitedRecords
    _: KW_ONLY
    templates: Callable[[], ReportTemplates]
    _closed: asyncio.Queue[SessionId] = field(default_factory=lambda: asyncio.Queue(MOST_CLOSED))

    async def find(self, session: SessionId) -> LiveSession | None:
        """The log of a session's report; None where nobody has opened one. Raises StorageUnavailable."""
        live = await self.logs.sessions.find(report_of(session))
        return live if live is not None and live.state.outcomes.report.session == session else None

    async def report(self, session: SessionId) -> Report:
        """A session's report; an empty one where there is none. Raises StorageUnavailable."""
        live = await self.find(session)
        return Report() if live is None else live.state.outcomes.report

    async def translations(self, session: SessionId) -> tuple[VouchedTranslation, ...]:
        """People's translations of a session's report. Raises StorageUnavailable."""
        live = await self.find(session)
        return () if live is None else live.state.outcomes.translations

    async def assign(self, actor: Actor, name: CommandId, command: do.AssignReport) -> Receipt | Refusal:
        """Say who writes a session's report, on which template, until when. Raises StorageUnavailable."""
        session = await self.logs.sessions.find(command.session)
        if session is None or session.state.status is Status.ABSENT or session.state.kind is not LogKind.SESSION:
            return NO_SESSION
        if session.state.rehearsal:
            return _REHEARSAL
        if command.template not in self.templates().templates:
            return refuse(RefusalCode.UNKNOWN, f"There is no template “{command.template}”. Choose one of the list.")
        live = await self.logs.report(command.session, session.state.title, session.state.access)
        if isinstance(live, Refusal):
            return live
        answer = await live.writer.send(actor, name, command)
        if isinstance(answer, Receipt):
            await self.fill(command.session)
        return answer

    async def open(self, session: SessionId) -> LiveSession | Refusal:
        """The log of a session's report with its draft; on the first template where nobody was assigned. Raises
        StorageUnavailable.
        """
        if await self.find(session) is None:
            template = next(iter(self.templates().templates), None)
            if template is None:
                return refuse(RefusalCode.CONFLICT, "There is no template for reports.")
            first = do.AssignReport(session=session, template=template)
            answer = await self.assign(SYSTEM, CommandId("open-report"), first)
            if isinstance(answer, Refusal):
                return answer
        await self.fill(session)
        return await self.find(session) or NO_SESSION

    async def send(
        self, actor: Actor, session: SessionId, name: CommandId, command: do.ReportCommand
    ) -> Receipt | Refusal:
        """Carry out a command about a session's report. The caller has checked that the actor's link covers the
        session. Raises StorageUnavailable.
        """
        live = await self.find(session)
        return NO_SESSION if live is None else await live.writer.send(actor, name, command)

    async def fill(self, session: SessionId) -> None:
        """Put marks and answered questions of a closed session into the draft, each once. Raises StorageUnavailable."""
        live, about = await self.find(session), await self.logs.sessions.find(session)
        if live is None or about is None or about.state.status is not Status.CLOSED:
            return
        if live.state.outcomes.report.stage not in _FILLED:
            return
        for command in prefilled(about.state, about.writer.offset):
            if command.message not in live.state.outcomes.report.messages:
                # A message that was taken out has its command in the log, so it isn't written again.
                await live.writer.send(SYSTEM, CommandId(f"fill-{command.message}"), command)

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """Have the draft of a session filled that was closed just now. For `Sessions.observe`."""
        if any(isinstance(event, SessionClosed) for event in publication.events) and not self._closed.full():
            self._closed.put_nowait(live.id)

    async def run(self) -> None:
        """Fill the drafts of sessions as they are closed, until cancelled. What fails is filled when somebody opens the
        report.
        """
        while True:
            session = await self._closed.get()
            try:
                await self.fill(session)
            except MoothallError:
                continue

    async def look_up(self, report: Report) -> Mapping[Citation, CitedWords]:
        """What the citations of a draft name, for whoever asks. Raises StorageUnavailable, RecordBroken."""
        return await self.cited.look_up(
            [(each, message.check_of(each)) for message in report.messages.values() for each in message.citations]
        )

    async def stays_here(self, citations: Iterable[Citation]) -> bool:
        """Whether the words of some citation go to no service outside the house. Raises StorageUnavailable."""
        for session in {each.session for each in citations}:
            live = await self.logs.sessions.find(session)
            if live is not None and stays_here(live.state):
                return True
        return False

    async def hindrances(self, report: Report) -> tuple[Hindrance, ...]:
        """What keeps a report from being published. Raises as `look_up` does."""
        return hindrances(report, await self.look_up(report))

    async def publish(
        self, session: SessionId, name: CommandId, *, title: str, language: str
    ) -> Receipt | Refusal | tuple[Hindrance, ...]:
        """Publish what was submitted, once each quotation was found and each change was looked at. Raises as `look_up`
        does.
        """
        live = await self.find(session)
        if live is None:
            return NO_SESSION
        report = live.state.outcomes.report
        cited = await self.look_up(report)
        if found := hindrances(report, cited):
            return found
        if live.state.outcomes.report is not report:
            return refuse(RefusalCode.STALE, "The report was changed meanwhile. Look at it again.")
        command = do.PublishReport(
            title=title,
            language=language,
            sections=published_sections(report, self.templates().templates.get(report.template), language),
            messages=published_messages(report, cited),
        )
        return await live.writer.send(SYSTEM, name, command)
