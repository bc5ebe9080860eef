"""What keeps a report from being published, and what is published."""

from __future__ import annotations

from msgspec.structs import replace

from moothall.core.events.outcome_parts import MessageKind, ReportStage
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, MessageId, SegmentId
from moothall.core.outcomes import commands as outcome
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.prefilling import lines_cited
from moothall.services.outcomes.publishing import Obstacle, hindrances
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION
from support.reports.told_session import story


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
            first = SegmentId("l0")
            cites = lines_cited(SESSION, told.live.writer.offset, FLOOR, first, first)
            for name, citations in (("alone", ()), ("early", (cites,))):
                view = outcome.WriteMessage(
                    message=MessageId(name),
                    kind=MessageKind.VIEW,
                    text=name,
                    citations=citations,
                    own=not citations,
                    base_revision=0,
                )
                await told.wrote(view)
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
                ("early", 1),
                ("We go on.", 0),
                ("Some said “we DO not agree on the forty million”.", 0),
                ("alone", 0),
            ]
            await told.reports.fill(SESSION)
            assert (await told.report).stage is ReportStage.PUBLISHED

    loop.run(run())


def test_a_machines_translation_is_quoted_by_nobody() -> None:
    async def run() -> None:
        async with story() as told:
            report = await told.report
            cited = await told.reports.look_up(report)
            translated = {name: replace(each, kind=ChannelKind.TRANSLATION) for name, each in cited.items()}
            interpreted = {name: replace(each, kind=ChannelKind.INTERPRETATION) for name, each in cited.items()}
            found = [each.citation for each in hindrances(report, translated) if each.obstacle is Obstacle.TRANSLATION]
            assert found == [each.id for message in report.messages.values() for each in message.citations]
            assert found
            assert Obstacle.TRANSLATION not in {each.obstacle for each in hindrances(report, interpreted)}

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
