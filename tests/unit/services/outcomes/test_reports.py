"""Who assigns reports, and when their drafts are filled."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.outcome_parts import Citation, MessageKind
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import NO_SESSION, Refusal
from moothall.core.kernel.ids import CitationId, CommandId, SegmentId, SessionId
from moothall.core.outcomes import commands as outcome
from moothall.core.outcomes.report import Report
from moothall.core.reports.templates import ReportTemplates
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import report_of
from moothall.testing import loop
from support.memory.hall import SESSION
from support.reports.told_session import ANN, DESK, OFFICE, story


def test_who_assigns_is_told_what_is_missing() -> None:
    async def run() -> None:
        async with story() as told:
            assign = outcome.AssignReport(session=SESSION, template="none")
            answer = await told.reports.assign(OFFICE, CommandId("a"), assign)
            assert isinstance(answer, Refusal)
            assert "There is no template" in answer.message
            gone = outcome.AssignReport(session=SessionId("nowhere"), template="short")
            assert isinstance(await told.reports.assign(OFFICE, CommandId("b"), gone), Refusal)
            about = outcome.AssignReport(session=report_of(SESSION), template="short")
            assert await told.reports.assign(OFFICE, CommandId("c"), about) == NO_SESSION, "a report is no meeting"
            again = outcome.AssignReport(session=SESSION, template="short", due=9, links=("ann",))
            assert isinstance(await told.reports.assign(OFFICE, CommandId("d"), again), Receipt)
            assert (await told.report).links == ("ann",)
            nowhere = SessionId("nowhere")
            await told.reports.fill(nowhere)
            assert await told.reports.find(nowhere) is None
            assert await told.reports.report(nowhere) == Report()
            test = await told.hall.sessions.open(SessionId("test"))
            create = do.CreateSession(title="Test", languages=("en",), rehearsal=True)
            assert isinstance(await test.writer.send(SYSTEM, CommandId("g"), create), Receipt)
            assert isinstance(await told.reports.open(SessionId("test")), Refusal)
            assert await told.reports.find(SessionId("test")) is None, "it would outlive the rehearsal"
            lost = outcome.SubmitReport()
            assert isinstance(await told.reports.send(ANN, nowhere, CommandId("e"), lost), Refusal)
            assert isinstance(await told.reports.publish(nowhere, CommandId("f"), title="", language=""), Refusal)
            assert isinstance(await told.reports.open(nowhere), Refusal)
            told.templates = ReportTemplates()
            assert isinstance(await told.reports.open(nowhere), Refusal)

    loop.run(run())


def test_words_that_a_staff_meeting_or_young_people_said_stay_in_the_house() -> None:
    async def run() -> None:
        async with story() as told:
            cited = [Citation(id=CitationId("c"), session=each, offset=1) for each in (SESSION, SessionId("young"))]
            assert not await told.reports.stays_here(cited), "nothing is known of the other"
            young = await told.hall.sessions.open(SessionId("young"))
            create = do.CreateSession(title="Young", languages=("en",), access=Access.PUBLIC, young_people=True)
            assert isinstance(await young.writer.send(SYSTEM, CommandId("y"), create), Receipt)
            assert not await told.reports.stays_here(cited[:1])
            assert await told.reports.stays_here(cited)

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
