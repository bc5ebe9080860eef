"""From the close of a session to its published report: what the draft holds, what keeps it back, what it reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from moothall.core import commands as do
from moothall.core.events.outcome_parts import Citation, MessageKind, ReportStage
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import EndReason, Origin, SealVersion, Tag, Word
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CitationId, CommandId, InterventionId, MessageId, SegmentId, SessionId
from moothall.core.outcomes import commands as outcome
from moothall.core.outcomes.report import DraftMessage, Report
from moothall.core.removal.selection import Lines
from moothall.core.reports.templates import ReportTemplate, ReportTemplates, TemplateSection
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.cited_words import CitedFate, CitedRecords, CitedWords
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.prefilling import lines_cited
from moothall.services.outcomes.publishing import Obstacle
from moothall.services.outcomes.reports import SessionReports
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import Records
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

ENGINE, ANN = Actor(Role.ENGINE, "e"), Actor(Role.RAPPORTEUR, "ann")
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
        for number, tag in ((0, Tag.AGREED), (1, Tag.DIVERGING), (2, Tag.DIVERGING)):
            await told.told(DESK, do.TagSegment(segment=SegmentId(f"l{number}"), tag=tag, question=None))
        await told.told(SYSTEM, do.CloseSession())
        assert isinstance(await told.reports.open(SESSION), LiveSession)
        yield told


def test_at_the_close_the_draft_holds_marks_and_answered_questions_once() -> None:
    async def run() -> None:
        async with story() as told:
            report = await told.report
            assert (report.stage, report.template) == (ReportStage.DRAFT, "short")
            agreed, views, asked = report.messages.values()
            assert [each.kind for each in report.messages.values()] == [
                MessageKind.AGREED,
                MessageKind.VIEW,
                MessageKind.VIEW,
            ]
            assert [(each.first, each.last) for each in views.citations] == [("l1", "l2")]
            assert [each.was for each in await told.cited(agreed.id)] == [TEXTS[0]]
            (question,) = await told.cited(asked.id)
            assert (question.was, question.number, question.fate) == ("Who pays?", 1, CitedFate.SAME)
            (cited,) = await told.cited(views.id)
            assert (cited.was, cited.machine, cited.checked_by, cited.heard, cited.stale) == (
                f"{TEXTS[1]} {TEXTS[2]}",
                True,
                None,
                False,
                False,
            )
            assert cited.doubtful == ("40 million",)
            await told.wrote(outcome.DropMessage(message=agreed.id))
            await told.reports.fill(SESSION)
            assert agreed.id not in (await told.report).messages

    loop.run(run())


def test_a_report_is_published_once_nothing_is_in_its_way() -> None:
    async def run() -> None:
        async with story() as told:
            agreed, views, asked = (await told.report).messages.values()
            await told.wrote(outcome.DropMessage(message=asked.id))
            await told.says(agreed, "All want “community nets”.")
            await told.says(views, "Some said “we DO not agree on the forty million”.")
            own = MessageId("own")
            await told.wrote(
                outcome.WriteMessage(message=own, kind=MessageKind.WAY_FORWARD, text="We go on.", base_revision=0)
            )
            empty = MessageId("empty")
            await told.wrote(outcome.WriteMessage(message=empty, kind=MessageKind.OPTION, text="", base_revision=0))
            assert await told.obstacles() == [
                (Obstacle.MISQUOTED, "community nets", ""),
                (Obstacle.DOUBT, "40 million", ""),
                (Obstacle.UNCITED, "", ""),
                (Obstacle.EMPTY, "", ""),
                (Obstacle.UNCITED, "", ""),
            ]
            await told.wrote(outcome.DropMessage(message=empty))
            await told.says((await told.report).messages[own], "We go on.", own=True)
            await told.says(agreed, "All want “community networks”.")
            (cited,) = await told.cited(views.id)
            check = outcome.CheckCitation(
                message=views.id, citation=cited.citation.id, seen=cited.seen, doubts=("40 million",)
            )
            await told.wrote(check)
            assert await told.obstacles() == []
            await told.wrote(outcome.WriteSection(section="about", text=" Schools. ", base_revision=0))
            await told.wrote(outcome.WriteSection(section="old", text="Kept.", base_revision=0))
            not_yet = await told.reports.publish(SESSION, CommandId("p0"), title="Open hall", language="fr")
            assert isinstance(not_yet, Refusal)
            await told.wrote(outcome.SubmitReport())
            done = await told.reports.publish(SESSION, CommandId("p1"), title="Open hall", language="fr")
            assert isinstance(done, Receipt)
            version = (await told.report).newest
            assert version is not None
            assert [(each.heading, each.text) for each in version.sections] == [("Sujet", "Schools."), ("old", "Kept.")]
            assert [(each.text, len(each.unheard)) for each in version.messages] == [
                ("All want “community networks”.", 1),
                ("Some said “we DO not agree on the forty million”.", 0),
                ("We go on.", 0),
            ]
            await told.reports.fill(SESSION)
            assert (await told.report).stage is ReportStage.PUBLISHED

    loop.run(run())


def test_a_mended_line_is_stale_until_somebody_has_looked() -> None:
    async def run() -> None:
        async with story() as told:
            agreed = next(iter((await told.report).messages.values()))
            await told.says(agreed, "All want “community networks”.")
            fix = do.CorrectSegment(
                channel=FLOOR, segment=SegmentId("l0"), base_revision=0, base_words=4, text="Schools need fibre."
            )
            await told.told(Actor(Role.CAPTIONER, "c"), fix)
            (cited,) = await told.cited(agreed.id)
            assert (cited.was, cited.now, cited.fate, cited.stale) == (
                TEXTS[0],
                "Schools need fibre.",
                CitedFate.CHANGED,
                True,
            )
            assert {each for each, *_ in await told.obstacles()} >= {Obstacle.STALE, Obstacle.MISQUOTED}
            await told.wrote(
                outcome.CheckCitation(message=agreed.id, citation=cited.citation.id, seen=cited.seen, doubts=())
            )
            (cited,) = await told.cited(agreed.id)
            assert (cited.stale, cited.heard, cited.fate) == (False, True, CitedFate.CHANGED)
            await told.says(agreed, "All want “fibre”.")
            assert (Obstacle.MISQUOTED, "fibre", "") not in await told.obstacles()
            await told.told(ANN, do.SealRecord(version=SealVersion.CHECKED))
            fresh = lines_cited(SESSION, told.live.writer.offset, FLOOR, SegmentId("l0"), SegmentId("l0"))
            await told.says(agreed, "All want “fibre”.", citations=(fresh,))
            (cited,) = await told.cited(agreed.id)
            assert (cited.checked_by, cited.doubtful) == (Role.RAPPORTEUR, ())

    loop.run(run())


def test_a_removed_line_is_gone_from_the_report_too_and_holds_it_back() -> None:
    async def run() -> None:
        async with story() as told:
            agreed, views, _ = (await told.report).messages.values()
            erase = Lines((SegmentId("l0"),))
            answer = await told.live.writer.remove(OFFICE, CommandId("erase"), erase)
            assert isinstance(answer, Receipt)
            told.records.forget(SESSION)
            (cited,) = await told.cited(agreed.id)
            assert (cited.fate, cited.was, cited.now, cited.stale) == (CitedFate.REMOVED, "", "", True)
            check = outcome.CheckCitation(message=agreed.id, citation=cited.citation.id, seen=cited.seen)
            await told.wrote(check)
            assert not (await told.cited(agreed.id))[0].stale
            assert Obstacle.REMOVED in {each for each, *_ in await told.obstacles()}
            erase = Lines((SegmentId("l1"),))
            assert isinstance(await told.live.writer.remove(OFFICE, CommandId("erase2"), erase), Receipt)
            told.records.forget(SESSION)
            (cited,) = await told.cited(views.id)
            assert cited.fate is CitedFate.REMOVED

    loop.run(run())


def test_what_cannot_be_read_here_holds_a_report_back() -> None:
    async def run() -> None:
        async with story() as told:
            agreed = next(iter((await told.report).messages.values()))
            nowhere = Citation(
                id=CitationId("n"),
                session=SessionId("nowhere"),
                offset=1,
                channel=FLOOR,
                first=SegmentId("a"),
                last=SegmentId("a"),
            )
            other = Citation(
                id=CitationId("o"),
                session=SESSION,
                offset=1,
                channel=ChannelId("other"),
                first=SegmentId("a"),
                last=SegmentId("a"),
            )
            unknown = Citation(id=CitationId("u"), session=SESSION, offset=1, intervention=InterventionId("none"))
            await told.says(agreed, "Said.", citations=(nowhere, other, unknown))
            fates = [each.fate for each in await told.cited(agreed.id)]
            assert fates == [CitedFate.UNREADABLE, CitedFate.UNREADABLE, CitedFate.REMOVED]
            found = [each for each, *_ in await told.obstacles()]
            assert found[:3] == [Obstacle.REMOVED] * 3

    loop.run(run())


def test_nothing_is_published_of_nothing() -> None:
    async def run() -> None:
        async with story() as told:
            for name in (await told.report).messages:
                await told.wrote(outcome.DropMessage(message=name))
            assert [each for each, *_ in await told.obstacles()] == [Obstacle.NO_MESSAGES]
            await told.wrote(outcome.SubmitReport())
            answer = await told.reports.publish(SESSION, CommandId("p"), title="T", language="en")
            assert isinstance(answer, tuple)

    loop.run(run())


def test_who_assigns_is_told_what_is_missing() -> None:
    async def run() -> None:
        async with story() as told:
            assign = outcome.AssignReport(session=SESSION, template="none")
            answer = await told.reports.assign(OFFICE, CommandId("a"), assign)
            assert isinstance(answer, Refusal)
            assert "There is no template" in answer.message
            gone = outcome.AssignReport(session=SessionId("nowhere"), template="short")
            assert isinstance(await told.reports.assign(OFFICE, CommandId("b"), gone), Refusal)
            again = outcome.AssignReport(session=SESSION, template="short", due=9, links=("ann",))
            assert isinstance(await told.reports.assign(OFFICE, CommandId("d"), again), Receipt)
            assert (await told.report).links == ("ann",)
            nowhere = SessionId("nowhere")
            await told.reports.fill(nowhere)
            assert await told.reports.find(nowhere) is None
            assert await told.reports.report(nowhere) == Report()
            lost = outcome.SubmitReport()
            assert isinstance(await told.reports.send(ANN, nowhere, CommandId("e"), lost), Refusal)
            assert isinstance(await told.reports.publish(nowhere, CommandId("f"), title="", language=""), Refusal)
            assert isinstance(await told.reports.open(nowhere), Refusal)
            told.templates = ReportTemplates()
            assert isinstance(await told.reports.open(nowhere), Refusal)

    loop.run(run())


def test_an_assigned_report_is_filled_as_its_session_is_closed() -> None:
    async def run() -> None:
        async with story() as told:
            await told.told(SYSTEM, do.ReopenSession())
            await told.told(DESK, do.TagSegment(segment=SegmentId("l3"), tag=Tag.OPTION, question=None))
            before = len((await told.report).messages)
            told.hall.sessions.observe(told.reports.observe)
            assert told.hall.group is not None
            running = told.hall.group.create_task(told.reports.run())
            await told.told(SYSTEM, do.CloseSession())
            while len((await told.report).messages) == before:
                await told.hall.clock.sleep(10)
            running.cancel()
            assert list((await told.report).messages.values())[-1].kind is MessageKind.OPTION

    loop.run(run())
