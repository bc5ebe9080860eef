"""The rules of documents that are made of reports."""

from __future__ import annotations

import re
from collections.abc import Sequence

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import NumberedParagraph, ParagraphStyle
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import is_language
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.document import OutcomeDocument

MOST_PARAGRAPHS = 20_000
"""As many as 300 reports have, and twice that."""
MAX_PARAGRAPH = 10_000
"""Characters of a paragraph."""
TOO_LONG = refuse(RefusalCode.INVALID, f"A document has at most {MOST_PARAGRAPHS} paragraphs. Choose fewer days.")
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z", re.ASCII)


def decide_document(
    document: OutcomeDocument, command: do.DocumentCommand, wall: int, *, received: bool
) -> Sequence[oe.DocumentFact] | Refusal:
    """The events of a command about a document, or a refusal; `received`: whether the log has the comment."""
    match command:
        case do.StateDocument():
            if not (_DAY.match(command.since) and _DAY.match(command.until) and command.since <= command.until):
                return refuse(RefusalCode.INVALID, "Name the first and the last day, such as 2026-12-01.")
            return [made_of(oe.DocumentStated, command)]
        case do.PublishDocument():
            return _publish(document, command)
        case _:
            return _place(document, command, wall, received=received)


def takes_comments(document: OutcomeDocument, wall: int) -> bool:
    """Whether paragraphs of the document can be commented on at `wall` (Unix ms)."""
    return document.newest is not None and document.comments_until is not None and wall < document.comments_until


def _publish(document: OutcomeDocument, command: do.PublishDocument) -> Sequence[oe.DocumentFact] | Refusal:
    if not document.since:
        return refuse(RefusalCode.CONFLICT, "Say first what the document is made of.")
    numbers = [each.n for each in command.paragraphs]
    if len(numbers) > MOST_PARAGRAPHS:
        return TOO_LONG
    if not numbers or len(set(numbers)) < len(numbers) or min(numbers) < 1:
        return refuse(RefusalCode.INVALID, "A document has paragraphs, each with a number of its own.")
    if not all(map(_fits, command.paragraphs)) or not is_language(command.language):
        return refuse(RefusalCode.INVALID, "Each paragraph has a text or a message, and the document a language.")
    n = 1 if document.newest is None else document.newest.n + 1
    return [made_of(oe.DocumentPublished, command, n=n)]


def _fits(paragraph: NumberedParagraph) -> bool:
    if paragraph.style is ParagraphStyle.MESSAGE:
        return paragraph.message is not None and not paragraph.text
    heading = paragraph.style is ParagraphStyle.HEADING
    return paragraph.message is None and 0 < len(paragraph.text) <= MAX_PARAGRAPH and heading == (paragraph.level > 0)


def _place(
    document: OutcomeDocument, command: do.PlaceComment, wall: int, *, received: bool
) -> Sequence[oe.DocumentFact] | Refusal:
    newest = document.newest
    if newest is None or not takes_comments(document, wall):
        return refuse(RefusalCode.CONFLICT, "The document takes no comments now.")
    if all(each.n != command.paragraph for each in newest.paragraphs):
        return refuse(RefusalCode.UNKNOWN, "The document has no such paragraph.")
    if not received:
        return NO_QUESTION
    return [made_of(oe.CommentPlaced, command)]
