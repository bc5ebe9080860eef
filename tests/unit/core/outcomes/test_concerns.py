from __future__ import annotations

from moothall.core.events.outcome_parts import NumberedParagraph, ParagraphStyle
from moothall.core.kernel.ids import PolicyQuestionId, RecipientId
from moothall.core.outcomes.concerns import concerning, for_body
from moothall.core.outcomes.register import AskedQuestion, Recipient, Register

Q1, Q2, Q3 = map(PolicyQuestionId, ("q1", "q2", "q3"))
CSTD, OTHER = RecipientId("cstd"), RecipientId("other")


def heading(n: int, level: int, question: PolicyQuestionId | None = None) -> NumberedParagraph:
    return NumberedParagraph(n=n, style=ParagraphStyle.HEADING, text=str(n), level=level, question=question)


def text(n: int, question: PolicyQuestionId | None = None) -> NumberedParagraph:
    return NumberedParagraph(n=n, style=ParagraphStyle.TEXT, text=str(n), question=question)


def test_questions_concern_a_body_by_either_entry() -> None:
    register = Register(
        questions={
            Q1: AskedQuestion(id=Q1, wordings=(), recipients=(CSTD,)),
            Q2: AskedQuestion(id=Q2, wordings=(), recipients=(OTHER,)),
        },
        recipients={CSTD: Recipient(id=CSTD, name="CSTD", issues=(), questions=(Q3,), site="", symbol="")},
    )
    assert concerning(register, CSTD) == {Q1, Q3}
    assert concerning(register, OTHER) == {Q2}
    assert concerning(register, RecipientId("nobody")) == frozenset()


def test_paragraphs_of_a_question_keep_their_numbers() -> None:
    document = [heading(1, 1, Q1), text(2, Q1), heading(3, 2, Q1), text(4, Q1), heading(5, 1, Q2), text(6, Q2)]
    assert [each.n for each in for_body(document, frozenset({Q2}))] == [5, 6]
    assert for_body(document, frozenset()) == ()


def test_headings_without_a_question_stand_above_what_concerns_the_body() -> None:
    document = [
        heading(1, 1),
        heading(2, 2),
        text(3),
        heading(4, 2),
        text(5, Q1),
        text(6),
        text(7, Q1),
        heading(8, 1),
        text(9, Q2),
    ]
    assert [each.n for each in for_body(document, frozenset({Q1}))] == [1, 4, 5, 7]
