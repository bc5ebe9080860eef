from __future__ import annotations

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.outcomes.document import OutcomeDocument
from moothall.core.questions.document_comments import published_comments, waiting_comments
from unit.core.questions.test_submissions import P1, P2, P3, P4, proposal, questions


def test_comments_stand_by_paragraph_and_those_that_wait_apart() -> None:
    asked = questions(
        proposal(P1, 1),
        proposal(P2, 2, status=InterventionStatus.ANSWERED),
        proposal(P3, 3, published=False, status=InterventionStatus.CHECKED),
        proposal(P4, 4, published=False, status=InterventionStatus.DECLINED),
    )
    document = OutcomeDocument(comments={P1: 7, P2: 2, P3: 7})
    found = [(each.intervention.number, each.paragraph) for each in published_comments(asked, document)]
    assert found == [(2, 2), (1, 7)]
    waiting = [(each.intervention.number, each.paragraph) for each in waiting_comments(asked, document)]
    assert waiting == [(3, 7)]


def test_what_was_taken_back_or_removed_is_not_there() -> None:
    asked = questions(proposal(P1, 1, status=InterventionStatus.WITHDRAWN), proposal(P2, 2, removed=True))
    assert published_comments(asked, OutcomeDocument()) == []
    [whole] = published_comments(questions(proposal(P3, 3)), OutcomeDocument())
    assert whole.paragraph == 0, "it was never placed"
