"""A session that is closed, with marks and an answered question, and its report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Origin, Word
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, InterventionId, MessageId, PolicyQuestionId, SegmentId
from moothall.core.outcomes import commands as outcome
from moothall.core.outcomes.report import DraftMessage, Report
from moothall.core.reports.templates import ReportTemplate, ReportTemplates, TemplateSection
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.cited_words import CitedRecords, CitedWords
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.publishing import Obstacle
from moothall.services.outcomes.reports import SessionReports
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import Records
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

ENGINE, ANN = Actor(Role.ENGINE, "e"), Actor(Role.RAPPORTEUR, "ann")
PAYS = PolicyQuestionId("pays")
OFFICE, DESK = Actor(Role.SECRETARIAT, "office"), Actor(Role.MODERATOR, "desk")
TEMPLATE = ReportTemplate(
    id="short", name={"en": "Short"}, sections=(TemplateSection(id="about", heading={"en": "About", "fr": "Sujet"}),)
)
TEXTS = (
    "Schools need community networks.",
    "We do not agree on the 40 million.",
    "Some say the ministry pays.",
    "Nothing was decided.",
)


class Story:
    """A closed session with marks, an answered question, and its report."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self.hall = hall
        self.live = live
        self.records = Records(ReaderAccess(hall.sessions), hall.log)
        catalogue = SessionCatalogue(hall.log)
        hall.sessions.observe(lambda _, publication: catalogue.take(publication))
        self.templates = ReportTemplates(templates={"short": TEMPLATE})
        self.reports = SessionReports(
            OutcomeLogs(hall.sessions, entries=catalogue.all),
            CitedRecords(self.records, hall.sessions.find),
            templates=lambda: self.templates,
        )
        self.sent = 0

    async def told(self, by: Actor, *commands: do.AnyCommand) -> None:
        self.sent += 1
        answer = await self.live.writer.send(by, CommandId(f"c{self.sent}"), commands)
        assert isinstance(answer, Receipt), answer

    async def write(self, command: outcome.ReportCommand, by: Actor = ANN) -> Receipt | Refusal:
        self.sent += 1
        return await self.reports.send(by, SESSION, CommandId(f"r{self.sent}"), command)

    async def wrote(self, command: outcome.ReportCommand, by: Actor = ANN) -> None:
        assert isinstance(await self.write(command, by), Receipt)

    @property
    async def report(self) -> Report:
        return await self.reports.report(SESSION)

    async def cited(self, message: MessageId) -> list[CitedWords]:
        report = await self.report
        found = await self.reports.look_up(report)
        return [found[each] for each in report.messages[message].citations]

    async def says(self, message: DraftMessage, text: str, **others: Any) -> None:
        now = (await self.report).messages[message.id]
        values: dict[str, Any] = {"kind": now.kind, "citations": now.citations, "own": now.own} | others
        await self.wrote(outcome.WriteMessage(message=message.id, text=text, base_revision=now.revision, **values))

    async def obstacles(self) -> list[tuple[Obstacle, str, str]]:
        found = await self.reports.hindrances(await self.report)
        return [(each.obstacle, each.words, each.found) for each in found]


@asynccontextmanager
async def story() -> AsyncIterator[Story]:
    async with memory_hall() as hall:
        told = Story(hall, await hall.session())
        await told.told(SYSTEM, do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m"))
        for number, text in enumerate(TEXTS):
            segment, t0 = SegmentId(f"l{number}"), 1_000 * number
            start = do.SegmentStart(t0=t0, language="en", origin=Origin.MACHINE)
            words = tuple(Word(f" {each}", t0, t0 + 900, 0.3 if each == "40" else 0.9) for each in text.split())
            commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=words, start=start)
            end = do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t0 + 900, reason=EndReason.SENTENCE)
            await told.told(ENGINE, commit, end)
        asked = do.Ask(
            intervention=InterventionId("q1"),
            kind=InterventionKind.QUESTION,
            text="Who pays?",
            language="en",
            asker="q1",
        )
        await told.told(Actor(Role.PARTICIPANT, "q1"), asked)
        for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED, InterventionStatus.ANSWERED):
            await told.told(DESK, do.SetStatus(interventions=(InterventionId("q1"),), status=status))
        listed = do.ListPolicyQuestions(questions=(PolicyQuestion(id=PAYS, text="How is it paid for?"),))
        await told.told(DESK, listed, do.TagIntervention(intervention=InterventionId("q1"), question=PAYS))
        for number, tag in ((0, Tag.AGREED), (1, Tag.DIVERGING), (2, Tag.DIVERGING)):
            await told.told(DESK, do.TagSegment(segment=SegmentId(f"l{number}"), tag=tag, question=None))
        await told.told(SYSTEM, do.CloseSession())
        assert isinstance(await told.reports.open(SESSION), LiveSession)
        yield told
