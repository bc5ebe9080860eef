"""Value types of the events about outcomes."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import (
    ChannelId,
    CitationId,
    InterventionId,
    MessageId,
    PolicyQuestionId,
    SegmentId,
    SessionId,
)


class MessageKind(StrEnum):
    """What a message of a report says."""

    AGREED = "agreed"
    """What nobody objected to, as the rapporteur found."""
    VIEW = "view"
    """A view that others don't share; several of them stand side by side."""
    OPTION = "option"
    """Something that could be done."""
    WAY_FORWARD = "way-forward"
    """What comes next."""
    COMMITMENT = "commitment"
    """What somebody undertakes to do. It needs their own confirmation."""


class ReportStage(StrEnum):
    """How far a report has come."""

    NOT_BEGUN = "not-begun"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    """The secretariat gave it back with notes."""
    PUBLISHED = "published"


class Confirmer(StrEnum):
    """Who confirms a message."""

    CHAIR = "chair"
    """The chair of the session: there was no objection."""
    GIVER = "giver"
    """Whoever gave the commitment."""


class DocumentForm(StrEnum):
    """What a document is made for."""

    OUTCOME = "outcome"
    """The answers to policy questions, over all sessions."""
    CHAIR = "chair"
    """The report of the Chair of the conference."""
    DAY = "day"
    """The messages of a day."""
    REPORTS = "reports"
    """The reports of all sessions, whole."""


class ParagraphStyle(StrEnum):
    """What a paragraph of a document is."""

    HEADING = "heading"
    TEXT = "text"
    MESSAGE = "message"
    """A message of a report, by its reference."""


class SendingWay(StrEnum):
    """How a document reaches a body."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    FEED = "feed"
    """The body follows the feed of its issues; nothing is sent."""


class SendingState(StrEnum):
    """What became of a document that was sent."""

    SENT = "sent"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a session's record that a message rests on: a span of lines, or a question from the queue.

    It has no words, so that words that are removed from the record are removed from every report.
    """

    id: CitationId
    """Unique in the message."""
    session: SessionId
    """The session whose record is cited."""
    offset: int
    """Offset of the session's log at which the cited words were read."""
    channel: ChannelId | None = None
    """The text that is cited; null for a question."""
    first: SegmentId | None = None
    """The first line; null for a question."""
    last: SegmentId | None = None
    """The last line; null for a question."""
    start: int | None = None
    """The first character of the first line; null: its beginning."""
    end: int | None = None
    """The character of the last line before which the span ends; null: its end."""
    intervention: InterventionId | None = None
    """The question or comment that is cited; null for lines."""


class PublishedSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section of a published report."""

    id: str
    """The section's name in the template."""
    heading: str
    """Its heading."""
    text: str
    """Its text, with empty lines between paragraphs."""


class PublishedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a published report."""

    id: MessageId
    """Unique in the report, the same in all its versions."""
    kind: MessageKind
    """What it says."""
    text: str
    """Its text, as the rapporteur wrote it."""
    question: PolicyQuestionId | None = None
    """The policy question that it answers; null for none."""
    holders: tuple[str, ...] = ()
    """The groups that hold the view, as they were named."""
    citations: tuple[Citation, ...] = ()
    """What it rests on."""
    own: bool = False
    """Whether it is the rapporteur's summary, which rests on no citation."""
    drafted_by: str = ""
    """The service that has written the text; empty: a person has, or has changed it since."""
    unheard: tuple[CitationId, ...] = ()
    """Citations that nobody opened or played before the report was published."""


class TranslatedText(msgspec.Struct, frozen=True):
    """A text of a published version in another language."""

    place: str
    """`title`; of a report `heading.` and `section.` with a section's name, `message.` with a message's id; of a
    document `paragraph.` with a number."""
    text: str
    """The translation."""


class MessageReference(msgspec.Struct, frozen=True, kw_only=True):
    """A message in a version of a report."""

    report: SessionId
    """The log of the report."""
    n: int
    """The version of the report."""
    message: MessageId
    """The message."""


class NumberedParagraph(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered paragraph of a document. A number stays with its paragraph in all versions."""

    n: int
    """The number, from 1."""
    style: ParagraphStyle
    """What it is."""
    text: str = ""
    """Its text; empty for a message."""
    level: int = 0
    """The level of a heading, from 1; 0 for anything else."""
    question: PolicyQuestionId | None = None
    """The policy question to which it belongs; null for none."""
    message: MessageReference | None = None
    """The message that stands here; null for anything else."""
    key: str = ""
    """What it was made from: the section of a report, or a part of what is said of a question or session. Paragraphs
    with the same key stand in the same place, and keep their numbers; empty for a message."""
    language: str = ""
    """BCP-47 tag of the text; empty: that of the document."""
