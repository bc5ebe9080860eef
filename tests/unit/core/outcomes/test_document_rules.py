from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import DocumentForm, MessageReference, NumberedParagraph, ParagraphStyle
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import InterventionId, MessageId, SessionId
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.document_rules import MOST_PARAGRAPHS, TOO_LONG
from moothall.core.sessions.state import State
from support.sessions.deciding import WALL, carry_out, refused
from support.sessions.outcomes import log

P1 = InterventionId("p1")
HEADING = NumberedParagraph(n=1, style=ParagraphStyle.HEADING, text="Access", level=1)
TEXT = NumberedParagraph(n=2, style=ParagraphStyle.TEXT, text="All spoke of it.")
REFERENCE = MessageReference(report=SessionId("report.hall"), n=1, message=MessageId("m1"))
MESSAGE = NumberedParagraph(n=3, style=ParagraphStyle.MESSAGE, message=REFERENCE)
ASK = do.Ask(
    intervention=P1, kind=InterventionKind.COMMENT, text="Not all.", language="en", asker="a1", origin="remote"
)


def state_it(since: str = "2026-12-01", until: str = "2026-12-04", comments: int | None = WALL + 1) -> oc.StateDocument:
    return oc.StateDocument(form=DocumentForm.CHAIR, since=since, until=until, comments_until=comments)


def publish(*paragraphs: NumberedParagraph, language: str = "en") -> oc.PublishDocument:
    return oc.PublishDocument(language=language, paragraphs=paragraphs)


def document(*commands: do.AnyCommand) -> State:
    return log(ev.LogKind.DOCUMENT, *commands)


def test_a_document_has_versions() -> None:
    state = document(state_it(), publish(HEADING, TEXT), publish(HEADING, TEXT, MESSAGE))
    known = state.outcomes.document
    assert (known.form, known.since, known.until) == (DocumentForm.CHAIR, "2026-12-01", "2026-12-04")
    assert known.newest is not None
    assert [(each.n, len(each.paragraphs), each.at) for each in known.versions] == [(1, 2, WALL), (2, 3, WALL)]
    assert document().outcomes.document.newest is None


@pytest.mark.parametrize(("since", "until"), [("", ""), ("2026-13-01", "2026-13-02"), ("2026-12-04", "2026-12-01")])
def test_days_that_are_none(since: str, until: str) -> None:
    assert refused(document(), state_it(since, until)).code is RefusalCode.INVALID


def test_it_is_stated_first() -> None:
    assert refused(document(), publish(TEXT)).code is RefusalCode.CONFLICT


@pytest.mark.parametrize(
    "paragraphs",
    [
        (),
        (TEXT, TEXT),
        (NumberedParagraph(n=0, style=ParagraphStyle.TEXT, text="x"),),
        (NumberedParagraph(n=1, style=ParagraphStyle.TEXT),),
        (NumberedParagraph(n=1, style=ParagraphStyle.TEXT, text="x" * 10_001),),
        (NumberedParagraph(n=1, style=ParagraphStyle.TEXT, text="x", level=1),),
        (NumberedParagraph(n=1, style=ParagraphStyle.TEXT, text="x", message=REFERENCE),),
        (NumberedParagraph(n=1, style=ParagraphStyle.HEADING, text="x"),),
        (NumberedParagraph(n=1, style=ParagraphStyle.MESSAGE),),
        (NumberedParagraph(n=1, style=ParagraphStyle.MESSAGE, text="x", message=REFERENCE),),
    ],
)
def test_paragraphs_that_are_none(paragraphs: tuple[NumberedParagraph, ...]) -> None:
    assert refused(document(state_it()), publish(*paragraphs)).code is RefusalCode.INVALID
    assert refused(document(state_it()), publish(TEXT, language="!")).code is RefusalCode.INVALID


def test_so_many_paragraphs_that_fewer_days_are_needed() -> None:
    assert refused(document(state_it()), publish(*[TEXT] * (MOST_PARAGRAPHS + 1))) == TOO_LONG


def test_a_comment_belongs_to_a_paragraph() -> None:
    place = oc.PlaceComment(intervention=P1, paragraph=2)
    state = document(state_it(), publish(HEADING, TEXT))
    assert refused(state, place).code is RefusalCode.UNKNOWN
    state = carry_out(state, ASK)
    assert carry_out(state, place).outcomes.document.comments == {P1: 2}
    assert refused(state, oc.PlaceComment(intervention=P1, paragraph=9)).code is RefusalCode.UNKNOWN
    assert refused(state, place, wall=WALL + 1).code is RefusalCode.CONFLICT
    for taking_none in (document(state_it()), document(state_it(comments=None), publish(TEXT))):
        for command in (ASK, place):
            assert refused(taking_none, command).code is RefusalCode.CONFLICT
    assert refused(document(state_it(), publish(TEXT)), ASK, wall=WALL + 1).code is RefusalCode.CONFLICT
