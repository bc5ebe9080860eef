"""What keeps a report from being published: an uncited or misquoted sentence can't be published by accident."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.core.events.outcome_parts import Citation, MessageKind, PublishedMessage, PublishedSection
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import CitationId, MessageId
from moothall.core.outcomes.report import DraftMessage, Report
from moothall.core.reports.quotation_marks import quoted_spans
from moothall.core.reports.quoting import QuotableRecord, QuotationCheck, QuotationClaim
from moothall.core.reports.templates import ReportTemplate, said_in
from moothall.services.outcomes.cited_words import CitedFate, CitedWords

NEVER = 1 << 62
"""When a view was spoken that cites nothing, media ms."""


class Obstacle(StrEnum):
    """What has to be done before a report is published."""

    NO_MESSAGES = "no-messages"
    """It has nothing to publish."""
    EMPTY = "empty"
    """A message has no text."""
    UNCITED = "uncited"
    """A message has no citation and isn't marked as the rapporteur's own summary."""
    MISQUOTED = "misquoted"
    """Words in quotation marks aren't in the cited lines."""
    REMOVED = "removed"
    """Cited words were removed, or can't be read here."""
    STALE = "stale"
    """Cited words changed, and nobody has looked."""
    TRANSLATION = "translation"
    """A machine's translation is cited."""
    DOUBT = "doubt"
    """A negation, number or name that the machine wasn't sure of has to be confirmed."""


class Hindrance(msgspec.Struct, frozen=True, kw_only=True):
    """An obstacle and where it is."""

    obstacle: Obstacle
    message: MessageId | None = None
    citation: CitationId | None = None
    words: str = ""
    """The misquoted words, or those in doubt."""
    found: str = ""
    """What the record reads instead; empty where it has nothing like it."""


class Misquotation(msgspec.Struct, frozen=True):
    """A passage in quotation marks that isn't in what is cited."""

    words: str
    check: QuotationCheck | None
    """The best that was found; None where nothing is cited."""


def check_quotations(message: DraftMessage, cited: Sequence[CitedWords]) -> tuple[Misquotation, ...]:
    """The passages of a message in quotation marks that aren't in the lines that it cites."""
    found = []
    for span in quoted_spans(message.text):
        words = message.text[span.start : span.end]
        checks = [
            QuotableRecord(each.quotable).check(
                QuotationClaim(text=words, first=each.quotable[0].segment, last=each.quotable[-1].segment)
            )
            for each in cited
            if each.quotable
        ]
        if not any(check.passes for check in checks):
            found.append(Misquotation(words, next((each for each in checks if each.places), None)))
    return tuple(found)


def hindrances(report: Report, cited: Mapping[Citation, CitedWords]) -> tuple[Hindrance, ...]:
    """All that keeps a report from being published, in the order of its messages."""
    if not report.messages and not any(each.text.strip() for each in report.sections.values()):
        return (Hindrance(obstacle=Obstacle.NO_MESSAGES),)
    return tuple(each for message in report.messages.values() for each in _of_message(message, cited))


def _of_message(message: DraftMessage, cited: Mapping[Citation, CitedWords]) -> Iterator[Hindrance]:
    words = [cited[each] for each in message.citations]
    if not message.text.strip():
        yield Hindrance(obstacle=Obstacle.EMPTY, message=message.id)
    if not message.citations and not message.own:
        yield Hindrance(obstacle=Obstacle.UNCITED, message=message.id)
    for wrong in check_quotations(message, words):
        read = "" if wrong.check is None else " … ".join(place.text for place in wrong.check.places)
        yield Hindrance(obstacle=Obstacle.MISQUOTED, message=message.id, words=wrong.words, found=read)
    for each in words:
        yield from _of_citation(message, each)


def _of_citation(message: DraftMessage, cited: CitedWords) -> Iterator[Hindrance]:
    name = cited.citation.id
    if cited.fate is CitedFate.UNREADABLE or (cited.fate is CitedFate.REMOVED and not cited.now):
        yield Hindrance(obstacle=Obstacle.REMOVED, message=message.id, citation=name)
    elif cited.stale:
        yield Hindrance(obstacle=Obstacle.STALE, message=message.id, citation=name)
    if cited.kind is ChannelKind.TRANSLATION:
        yield Hindrance(obstacle=Obstacle.TRANSLATION, message=message.id, citation=name)
    for word in cited.doubtful:
        yield Hindrance(obstacle=Obstacle.DOUBT, message=message.id, citation=name, words=word)


def published_messages(report: Report, cited: Mapping[Citation, CitedWords]) -> tuple[PublishedMessage, ...]:
    """The messages of the draft as they are published: the views in the order in which they were spoken, whoever moved
    them in the draft; those that cite nothing behind the others.
    """
    views = [each for each in report.messages.values() if each.kind is MessageKind.VIEW]
    following = iter(sorted(views, key=lambda each: min((cited[one].t0 for one in each.citations), default=NEVER)))
    messages = [next(following) if each.kind is MessageKind.VIEW else each for each in report.messages.values()]
    return tuple(
        made_of(
            PublishedMessage,
            message,
            text=message.text.strip(),
            unheard=tuple(each.id for each in message.citations if not cited[each].heard),
        )
        for message in messages
    )


def published_sections(report: Report, template: ReportTemplate | None, language: str) -> tuple[PublishedSection, ...]:
    """The sections that have a text, in the template's order; those that it doesn't have stand behind them."""
    order = () if template is None else template.sections
    headings = {each.id: said_in(each.heading, language)[0] for each in order}
    names = [*headings, *(name for name in report.sections if name not in headings)]
    return tuple(
        PublishedSection(id=name, heading=headings.get(name, name), text=section.text.strip())
        for name in names
        if (section := report.sections.get(name)) is not None and section.text.strip()
    )
