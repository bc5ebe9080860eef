"""Comments on the paragraphs of a document, for everybody to read and for those who decide on them.

A module by itself: it needs the folds of questions and of documents, which know nothing of each other.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.outcomes.document import OutcomeDocument
from moothall.core.questions.interventions import Intervention, Questions


class DocumentComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a document."""

    intervention: Intervention
    paragraph: int
    """The number of its paragraph; 0 where none was placed, which is then about the whole document."""


def published_comments(questions: Questions, document: OutcomeDocument) -> list[DocumentComment]:
    """The comments that everybody may read, by paragraph and number."""
    return _comments(questions, document, published=True)


def waiting_comments(questions: Questions, document: OutcomeDocument) -> list[DocumentComment]:
    """The comments on which nobody has decided yet, by paragraph and number."""
    found = _comments(questions, document, published=False)
    return [each for each in found if each.intervention.status is InterventionStatus.CHECKED]


def _comments(questions: Questions, document: OutcomeDocument, *, published: bool) -> list[DocumentComment]:
    found = [
        DocumentComment(intervention=each, paragraph=document.comments.get(name, 0))
        for name, each in questions.interventions.items()
        if each.published is published and not each.removed and each.status is not InterventionStatus.WITHDRAWN
    ]
    return sorted(found, key=lambda each: (each.paragraph, each.intervention.number))
