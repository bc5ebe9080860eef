"""Reports and documents lose the words that are removed from a record, in the same act."""

from __future__ import annotations

import asyncio

from moothall.core import commands as do
from moothall.core.events.outcome_parts import Citation, MessageKind, PublishedMessage, ReportStage
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, MessageId, SegmentId, SessionId, SpeakerId
from moothall.core.outcomes import commands as oc
from moothall.core.removal.selection import Interventions, Lines, Selection, SpokenSpan, WordsOf
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.removal import remove
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.outcomes.redacting import MAX_WORDS, Redacting
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION
from support.reports.told_session import ANN, OFFICE, Story, story

OTHER = SessionId("elsewhere")
L0 = "Schools need community networks"


class Office:
    """Somebody who removes words, in a house with a published report."""

    def __init__(self, told: Story) -> None:
        self.told = told
        hall = told.hall
        self.redacting = Redacting(
            hall.log, hall.sessions.find, entries=told.reports.logs.entries, mark=lambda tag: f"[{tag}]"
        )

    async def removes(self, selection: Selection, name: str = "r") -> Receipt | Refusal:
        return await remove(
            self.told.live.writer,
            OFFICE,
            CommandId(name),
            selection,
            copies=OtherLogs(self.told.hall.log, self.writer),
            redact=self.redacting.remove_with,
        )

    async def writer(self, session: SessionId) -> SessionWriter | None:
        live = await self.told.hall.sessions.find(session)
        return None if live is None else live.writer

    async def bodies(self, session: SessionId) -> str:
        records = await self.told.hall.log.read(session, 0, 1_000)
        return "".join((each.body or b"").decode() for each in records)

    async def reports(self, session: SessionId, text: str, *citations: Citation) -> LiveSession:
        """A published report of another session."""
        live = await self.told.reports.logs.report(session, "Report", Access.PUBLIC)
        assert isinstance(live, LiveSession)
        message = PublishedMessage(id=MessageId("m"), kind=MessageKind.VIEW, text=text, citations=citations, own=True)
        for by, command in (
            (OFFICE, oc.AssignReport(session=session, template="short")),
            (OFFICE, oc.WriteSection(section="about", text="All.", base_revision=0)),
            (OFFICE, oc.SubmitReport()),
            (SYSTEM, oc.PublishReport(title="Report", language="en", sections=(), messages=(message,))),
        ):
            assert isinstance(await live.writer.send(by, CommandId(f"x{live.writer.offset}"), command), Receipt)
        return live


def test_a_removed_line_leaves_the_report_its_draft_and_other_reports_that_cite_it() -> None:
    async def run() -> None:
        async with story() as told:
            office = Office(told)
            agreed, views, _ = (await told.report).messages.values()
            await told.says(agreed, f"All say: “{L0.lower()}”.")
            await told.says(agreed, f"All say: “{L0}”, as we heard.")
            await told.says(views, "We do not agree.")
            citing = await office.reports(OTHER, f"As there, “{L0}”.", *agreed.citations)
            apart = await office.reports(SessionId("apart"), f"As here, “{L0}”.")
            assert isinstance(await office.removes(Lines((SegmentId("l0"),))), Receipt)
            report = await told.report
            assert [each.text for each in report.messages.values()][:2] == [
                "All say: “[]”, as we heard.",
                "We do not agree.",
            ]
            assert (report.stage, report.messages[agreed.id].revision) == (ReportStage.DRAFT, 4)
            # A page that was open before has revision 3, with the words.
            old = oc.WriteMessage(message=agreed.id, kind=agreed.kind, text=f"“{L0}”", own=True, base_revision=3)
            stale = await told.write(old)
            assert isinstance(stale, Refusal)
            assert stale.code is RefusalCode.STALE
            assert L0.lower() not in (await office.bodies(report_of(SESSION))).lower()
            newest = citing.state.outcomes.report.newest
            assert newest is not None
            assert (newest.n, newest.redacted, newest.messages[0].text) == (1, True, "As there, “[en]”.")
            other = apart.state.outcomes.report.newest
            assert other is not None
            assert L0 in other.messages[0].text, "it is no report of that session"
            # The same act again finds nothing more to do.
            assert isinstance(await office.removes(Lines((SegmentId("l0"),))), Receipt)

    loop.run(run())


def test_a_removed_part_takes_no_quotation_of_its_line_that_was_moved_since() -> None:
    async def run() -> None:
        async with story() as told:
            office = Office(told)
            agreed, *_ = (await told.report).messages.values()
            await told.says(agreed, "All say: “Schools need community”.")
            line, part = SegmentId("l0"), SegmentId("part")
            commands: list[do.AnyCommand] = [
                do.SplitSegment(channel=FLOOR, segment=line, revision=0, word=3, into=part),
                do.MoveSegmentsAway(channel=FLOOR, segments=(line,), session=None),
            ]
            for n, command in enumerate(commands):
                await told.hall.clock.sleep(30_000)
                answer = await told.live.writer.send(OFFICE, CommandId(f"apart-{n}"), command)
                assert isinstance(answer, Receipt), answer
            assert isinstance(await office.removes(Lines((part,))), Receipt)
            report = await told.report
            assert report.messages[agreed.id].text == "All say: “Schools need community”."

    loop.run(run())


def test_each_wording_of_a_line_and_a_question_go_too() -> None:
    async def run() -> None:
        async with story() as told:
            office = Office(told)
            mended = do.CorrectSegment(
                channel=FLOOR, segment=SegmentId("l0"), base_revision=0, base_words=4, text="Pupils want a cable."
            )
            await told.told(Actor(Role.CAPTIONER, "c"), mended)
            await told.told(
                Actor(Role.CAPTIONER, "c"),
                do.CorrectSegment(
                    channel=FLOOR,
                    segment=SegmentId("l0"),
                    base_revision=1,
                    base_words=4,
                    text="Pupils ask for a cable.",
                ),
            )
            await office.reports(
                OTHER,
                "“Pupils want”, “pupils ask for”, “Schools need”, “the 40 million”, “Who pays”.",
                await _cited(told),
            )
            texts = [
                "“[en]”, “[en]”, “[en]”, “the 40 million”, “Who pays”.",
                "“[en]”, “[en]”, “[en]”, “[en]”, “Who pays”.",
                "“[en]”, “[en]”, “[en]”, “[en]”, “[en]”.",
            ]
            q1 = Interventions((InterventionId("q1"),))
            selections: tuple[Selection, ...] = (Lines((SegmentId("l0"),)), SpokenSpan(1_000, 1_950), q1)
            for name, (selection, left) in enumerate(zip(selections, texts, strict=True)):
                assert isinstance(await office.removes(selection, f"r{name}"), Receipt)
                other = await told.hall.sessions.find(report_of(OTHER))
                assert other is not None
                newest = other.state.outcomes.report.newest
                assert newest is not None
                assert newest.messages[0].text == left

    loop.run(run())


def test_the_name_of_whoever_goes_with_their_words_goes_too() -> None:
    async def run() -> None:
        async with story() as told:
            office = Office(told)
            ann, bo = SpeakerId("ann"), SpeakerId("bo")
            named = (do.IntroduceSpeaker(speaker=ann, name="Ann Example"), do.IntroduceSpeaker(speaker=bo, name="Bo"))
            await told.told(OFFICE, *named, do.AssignSpeaker(segments=(SegmentId("l0"),), speaker=ann))
            await told.told(OFFICE, do.AssignSpeaker(segments=(SegmentId("l2"),), speaker=bo))
            live = await office.reports(OTHER, "Ann Example and Bo want “community networks”.", await _cited(told))
            assert isinstance(await office.removes(WordsOf(ann), "words"), Receipt)
            assert _text(live) == "Ann Example and Bo want “[en]”."
            assert isinstance(await office.removes(WordsOf(bo, name=True), "bo"), Receipt)
            assert isinstance(await office.removes(WordsOf(ann, name=True), "name"), Receipt)
            assert _text(live) == "[en] and Bo want “[en]”."

    loop.run(run())


def _text(live: LiveSession) -> str:
    newest = live.state.outcomes.report.newest
    assert newest is not None
    return newest.messages[0].text


async def _cited(told: Story) -> Citation:
    report = await told.report
    return next(iter(report.messages.values())).citations[0]


def test_what_the_rapporteur_writes_meanwhile_stays() -> None:
    async def run() -> None:
        async with story() as told, asyncio.TaskGroup() as group:
            office = Office(told)
            agreed, *_ = (await told.report).messages.values()
            await told.says(agreed, f"All say: “{L0}”.")
            writing: list[asyncio.Task[Receipt | Refusal]] = []

            async def find(session: SessionId) -> LiveSession | None:
                live = await told.hall.sessions.find(session)
                if session == report_of(SESSION) and live is not None and not writing:
                    before = live.state.outcomes.report.messages[agreed.id]
                    later = oc.WriteMessage(
                        message=agreed.id, kind=before.kind, text="None says.", own=True, base_revision=before.revision
                    )
                    writing.append(group.create_task(live.writer.send(ANN, CommandId("later"), later)))
                    await asyncio.sleep(0)  # It waits before the removal.
                return live

            office.redacting.find = find
            assert isinstance(await office.removes(Lines((SegmentId("l0"),))), Receipt)
            assert [type(each.result()) for each in writing] == [Receipt]
            assert (await told.report).messages[agreed.id].text == "None says."
            assert L0 not in await office.bodies(report_of(SESSION))

    loop.run(run())


def test_words_are_removed_by_hand_and_who_may_not_is_refused() -> None:
    async def run() -> None:
        async with story() as told:
            office = Office(told)
            await office.reports(SessionId("later"), "It is Ann Example who pays.")
            name = CommandId("hand")
            for words in (" ", "x" * (MAX_WORDS + 1)):
                answer = await office.redacting.remove_typed(SessionId("later"), words, OFFICE, name)
                assert isinstance(answer, Refusal)
                assert answer.code is RefusalCode.INVALID
            who = Actor(Role.RAPPORTEUR, "r")
            answer = await office.redacting.remove_typed(SessionId("later"), "Ann Example", who, name)
            assert isinstance(answer, Refusal)
            assert answer.code is RefusalCode.FORBIDDEN
            assert await office.redacting.remove_typed(SessionId("later"), "Nobody", OFFICE, name) == 0
            assert await office.redacting.remove_typed(SessionId("later"), "Ann Example", OFFICE, name) == 1
            assert "Example" not in await office.bodies(report_of(SessionId("later")))
            assert await office.redacting.remove_typed(SessionId("never"), "Ann Example", OFFICE, name) == 0

    loop.run(run())
