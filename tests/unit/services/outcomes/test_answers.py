from __future__ import annotations

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.policy.policy_rows import PolicyRows
from moothall.adapters.policy.prepared import PreparedMeetings
from moothall.core.commands import Ask, SetStatus
from moothall.core.events.outcome_parts import MessageKind, PublishedMessage
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, MessageId, PolicyQuestionId, SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.outcomes import commands as do
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.answers import Answers
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION, memory_hall
from support.memory.outcomes import outcomes

WATER, MAIN = PolicyQuestionId("water"), SessionId("main")


def message(name: str, question: PolicyQuestionId | None) -> PublishedMessage:
    return PublishedMessage(
        id=MessageId(name), kind=MessageKind.OPTION, text=f"{name}: a fund.", question=question, own=True
    )


def test_answers_come_from_the_newest_reports_and_feeders_say_what_is_open() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            answers = Answers(house.policy.logs, house.policy)
            session = await hall.session()
            await hall.session(MAIN)
            prepared = (
                do.StateQuestion(question=WATER, text="Who pays?", language="en"),
                do.PrepareSession(session=SESSION, questions=(WATER,), feeds=MAIN),
                do.PrepareSession(session=MAIN, questions=(WATER,)),
            )
            assert await house.policy.send(SYSTEM, CommandId("a"), prepared) is None
            assert await answers.of_question(WATER) == []
            assert await Answers(house.policy.logs, house.policy, lambda _: False).of_question(WATER) == []
            assert not await answers.published(SESSION)
            report = await house.policy.logs.report(SESSION, "Open hall", Access.PUBLIC)
            assert isinstance(report, LiveSession)
            published = do.PublishReport(
                title="Open hall",
                language="en",
                sections=(),
                messages=(message("one", WATER), message("two", None)),
            )
            assigned = do.AssignReport(session=SESSION, template="session")
            written = do.WriteSection(section="summary", text="A fund.", base_revision=0)
            acts: tuple[do.ReportCommand, ...] = (assigned, written, do.SubmitReport(), published)
            for n, command in enumerate(acts):
                answer = await report.writer.send(SYSTEM, CommandId(f"r{n}"), command)
                assert isinstance(answer, Receipt), answer
            assert [(each.session, each.message.id) for each in await answers.of_question(WATER)] == [(SESSION, "one")]
            assert await answers.published(SESSION)
            assert not await answers.published(MAIN)
            ask = Ask(
                intervention=InterventionId("p1"),
                kind=InterventionKind.QUESTION,
                text="And the land?",
                language="en",
                asker="a1",
                origin="remote",
            )
            await session.writer.send(Actor(Role.PARTICIPANT, "p1"), CommandId("ask"), ask)
            queued = SetStatus(interventions=(ask.intervention,), status=InterventionStatus.QUEUED)
            office = Actor(Role.SECRETARIAT, "office")
            assert isinstance(await session.writer.send(office, CommandId("q"), queued), Receipt)
            found = await answers.feeders(MAIN)
            assert [(each.session, len(each.answers)) for each in found] == [(SESSION, 2)]
            assert [each.text for each in found[0].open] == ["And the land?"]
            listed = Entry(
                session=SESSION, title="Open hall", status=Status.CLOSED, access=Access.PUBLIC, channel=FLOOR
            )
            rows = PolicyRows(lambda _: listed, lambda: UTC_ZONE)
            prepared_meetings = PreparedMeetings(house.policy, rows, lambda _: (), answers.feeders, answers.published)
            page = await prepared_meetings.of(MAIN, Catalogues(find_web_folder() / "locales")["en"])
            assert page is not None
            [feeder] = page.feeders
            assert feeder.sent == "2 messages, 1 open question"
            assert [(each.what, each.text, each.language) for each in feeder.texts] == [
                ("An option", "one: a fund.", "en"),
                ("An option", "two: a fund.", "en"),
                ("Open question no. 1", "And the land?", "en"),
            ]

    loop.run(story())
