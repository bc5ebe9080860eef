"""What of a document concerns a body: the paragraphs that belong to policy questions with which it deals.

It is a module of its own because what is sent and what a body's page shows follow the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.outcome_parts import NumberedParagraph, ParagraphStyle
from moothall.core.kernel.ids import PolicyQuestionId, RecipientId
from moothall.core.outcomes.register import Register


def concerning(register: Register, recipient: RecipientId) -> frozenset[PolicyQuestionId]:
    """The policy questions that concern a body: by its own entry, or by that of the question."""
    body = register.recipients.get(recipient)
    own = frozenset(() if body is None else body.questions)
    return own | {each.id for each in register.questions.values() if recipient in each.recipients}


def for_body(
    paragraphs: Sequence[NumberedParagraph], questions: frozenset[PolicyQuestionId]
) -> tuple[NumberedParagraph, ...]:
    """The paragraphs of these questions with their numbers, each below the headings that it has in the document."""
    found: list[NumberedParagraph] = []
    above: list[NumberedParagraph] = []
    for each in paragraphs:
        if each.style is ParagraphStyle.HEADING:
            above = [heading for heading in above if heading.level < each.level]
        if each.question in questions:
            found += above
            above = []
            found.append(each)
        elif each.style is ParagraphStyle.HEADING:
            above.append(each)
    return tuple(found)
