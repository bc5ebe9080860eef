"""What citations name, as it was and as it is."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.outcome_parts import Citation
from moothall.core.events.types import SealVersion
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, CitationId, CommandId, InterventionId, SegmentId, SessionId
from moothall.core.outcomes import commands as outcome
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.cited_words import CitedFate
from moothall.services.outcomes.prefilling import lines_cited
from moothall.services.outcomes.publishing import Obstacle
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION
from support.reports.told_session import ANN, OFFICE, TEXTS, story


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
