"""What a draft holds at the close already."""

from __future__ import annotations

from moothall.core.events.outcome_parts import MessageKind, ReportStage
from moothall.core.outcomes import commands as outcome
from moothall.services.outcomes.cited_words import CitedFate
from moothall.testing import loop
from support.memory.hall import SESSION
from support.reports.told_session import PAYS, TEXTS, story


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
            assert (asked.question, agreed.question) == (PAYS, None)
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
