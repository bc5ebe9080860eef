"""A session in which a line was typed and a question asked, its report, and documents made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events.outcome_parts import (
    Citation,
    DocumentForm,
    MessageKind,
    PublishedMessage,
    PublishedSection,
)
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import (
    ChannelId,
    CitationId,
    CommandId,
    InterventionId,
    MessageId,
    PolicyQuestionId,
    SegmentId,
    SessionId,
)
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.assembling import Answered, AssemblyWords
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.documents import Documents, version_of
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.quoted_words import QuotedTexts, QuotedWords
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.clock import SeededRandomness
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

STAFF = Actor(Role.SECRETARIAT, "staff-1")
CAPTIONER = Actor(Role.CAPTIONER, "captioner-1")
MODERATOR = Actor(Role.MODERATOR, "moderator-1")
Q1, S1, P1 = PolicyQuestionId("q1"), SegmentId("s1"), InterventionId("p1")
DOCUMENT = SessionId("outcomes-2026")
DAY = "2026-12-01"
STATED = oc.StateDocument(form=DocumentForm.OUTCOME, since=DAY, until=DAY)
WORDS = AssemblyWords(
    language="en",
    bodies="By: {names}",
    answered={each: each.value for each in Answered},
    sessions="From: {names}",
    unreported="No report: {names}",
    headings={each: each.value for each in MessageKind},
    nothing="No report.",
    held="{day}, version {n}",
)


class House:
    """A hall with a session in which a line was typed and a question asked, and its documents."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.catalogue = SessionCatalogue(hall.log)
        hall.sessions.observe(lambda _, publication: self.catalogue.take(publication))
        self.logs = OutcomeLogs(hall.sessions, entries=self.catalogue.all)
        self.documents = Documents(
            self.logs,
            PublishedReports(hall.log),
            QuotedTexts(hall.log, self.readable),
            entries=self.catalogue.all,
            day_of=self.day_of,
            randomness=SeededRandomness(),
        )
        self.n = 0

    async def readable(self, session: SessionId) -> bool:
        known = self.catalogue.known(session)
        return known is not None and known.public

    def day_of(self, entry: Entry) -> tuple[str, int] | None:
        return None if entry.title == "Not planned" else (DAY, 0)

    async def send(self, live: LiveSession | Refusal, by: Actor, *commands: do.AnyCommand) -> int:
        """Send commands; return the offset after them."""
        assert isinstance(live, LiveSession)
        self.n += 1
        answer = await live.writer.send(by, CommandId(f"c{self.n}"), list(commands))
        assert isinstance(answer, Receipt), answer
        return live.writer.offset

    async def session(self) -> LiveSession:
        live = await self.hall.session()
        await self.send(live, SYSTEM, do.OpenSession())
        typed = do.TypeSegment(channel=FLOOR, segment=S1, text="Nobody may be left out.", language="en")
        await self.send(live, CAPTIONER, typed)
        ask = do.Ask(
            intervention=P1,
            kind=InterventionKind.QUESTION,
            text="Who pays?",
            language="en",
            asker="a1",
            origin="remote",
        )
        await self.send(live, MODERATOR, ask)
        put = do.SetStatus(interventions=(P1,), status=InterventionStatus.QUEUED)
        await self.send(live, MODERATOR, put)
        return live

    async def report(self, live: LiveSession, *messages: PublishedMessage) -> LiveSession:
        report = await self.logs.report(live.id, "Report", Access.PUBLIC)
        assert isinstance(report, LiveSession)
        if report.state.outcomes.report.session is None:
            await self.send(report, STAFF, oc.AssignReport(session=live.id, template="session"))
        written = report.state.outcomes.report.sections.get("issues")
        base = 0 if written is None else written.revision
        draft = oc.WriteSection(section="issues", text=f"One, {base}.", base_revision=base)
        await self.send(report, STAFF, draft, oc.SubmitReport())
        sections = (PublishedSection(id="issues", heading="Issues", text="One."),)
        published = oc.PublishReport(title="Report", language="en", sections=sections, messages=messages)
        await self.send(report, SYSTEM, published)
        return report

    async def stated(self) -> None:
        question = oc.StateQuestion(question=Q1, text="Who is left out?", language="en")
        await self.send(await self.logs.register(), STAFF, question)
        assert await self.documents.state(DOCUMENT, "Outcomes", STATED, STAFF) is None

    async def shown(self, n: int | None = None) -> list[QuotedWords]:
        found = await self.documents.find(DOCUMENT)
        assert found is not None
        version = version_of(found.document, n)
        assert version is not None
        shown = await self.documents.shown(version.paragraphs)
        return [words for each in shown.values() for words in each.words]


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    async with memory_hall() as hall:
        yield House(hall)


def lines(offset: int, session: SessionId = SESSION, channel: ChannelId = FLOOR) -> Citation:
    return Citation(id=CitationId("c1"), session=session, offset=offset, channel=channel, first=S1, last=S1)


def question(offset: int, name: InterventionId = P1) -> Citation:
    return Citation(id=CitationId("c2"), session=SESSION, offset=offset, intervention=name)


def message(*citations: Citation, text: str = "All agreed.") -> PublishedMessage:
    return PublishedMessage(
        id=MessageId("m1"), kind=MessageKind.AGREED, text=text, question=Q1, citations=citations, own=not citations
    )
