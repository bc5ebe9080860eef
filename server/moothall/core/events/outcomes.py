"""Every fact about outcomes: policy questions, the calls for them, reports, documents, and to whom they were sent.

They stand in logs of their own (`LogKind` of `session.created` says which), with the lanes, chain, seals and removals
of every log. Words of a session's record are in none of them: a citation names a place.
"""

from __future__ import annotations

from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.outcome_parts import (
    Citation,
    Confirmer,
    DocumentForm,
    MessageKind,
    NumberedParagraph,
    PublishedMessage,
    PublishedSection,
    ReportStage,
    SendingState,
    SendingWay,
    TranslatedText,
)
from moothall.core.kernel import lanes
from moothall.core.kernel.ids import (
    CitationId,
    InterventionId,
    Lane,
    MessageId,
    ObjectionId,
    PaperId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SendingId,
    SessionId,
)


class CallStated(Event, frozen=True, kw_only=True, tag="call.stated"):
    """What a call asks for, and until when."""

    text: str
    """What is asked for, with empty lines between paragraphs."""
    language: str
    """BCP-47 tag of the text."""
    until: int | None = None
    """When it ends, wall (Unix ms); null: when somebody closes it."""


class SubmissionSelected(Event, frozen=True, kw_only=True, tag="submission.selected"):
    """A proposal became a policy question, or is one no longer."""

    intervention: InterventionId
    """The proposal."""
    question: PolicyQuestionId | None
    """The policy question that it became; null: it is none any more."""
    sessions: tuple[SessionId, ...] = ()
    """The sessions for which it was selected."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class QuestionStated(Event, frozen=True, kw_only=True, tag="policy-question.stated"):
    """A policy question was stated, or stated anew. Earlier wordings stay."""

    question: PolicyQuestionId
    """Unique in the house; a session that takes it up lists it under this id."""
    text: str
    """The wording from here on."""
    language: str
    """BCP-47 tag of the wording."""
    recipients: tuple[RecipientId, ...] = ()
    """The bodies that deal with it already."""
    call: SessionId | None = None
    """The call in which it was proposed; null for none."""
    intervention: InterventionId | None = None
    """The proposal from which it was made; null for none."""


class QuestionClosed(Event, frozen=True, kw_only=True, tag="policy-question.closed"):
    """A policy question is no longer asked, or is asked again. Its page and its answers stay."""

    question: PolicyQuestionId
    """The policy question."""
    reason: str | None
    """Why, may be empty; null: it is asked again."""


class SessionPrepared(Event, frozen=True, kw_only=True, tag="session.prepared"):
    """What a session is to answer. All is given as it is now."""

    session: SessionId
    """The session."""
    questions: tuple[PolicyQuestionId, ...]
    """Its policy questions, in their order."""
    objectives: tuple[str, ...] = ()
    """What it is to reach."""
    feeds: SessionId | None = None
    """The main session that it feeds; null for none."""


class PaperFiled(Event, frozen=True, kw_only=True, tag="paper.filed"):
    """A paper of another body stands beside a policy question, or no longer does."""

    paper: PaperId
    """The paper."""
    question: PolicyQuestionId
    """The policy question."""
    title: str
    """Its title; empty: it was taken away."""
    address: str = ""
    """Where it can be read."""
    recipient: RecipientId | None = None
    """Whose paper it is; null where that body is not registered."""


class RecipientRegistered(Event, frozen=True, kw_only=True, tag="recipient.registered"):
    """A body or forum and the issues that it deals with, all as it is now."""

    recipient: RecipientId
    """The body."""
    name: str
    """Its name; empty: it was taken from the register."""
    issues: tuple[str, ...] = ()
    """The issues in words."""
    questions: tuple[PolicyQuestionId, ...] = ()
    """The policy questions that concern it."""
    site: str = ""
    """The address of its site."""
    symbol: str = ""
    """The beginning of the symbols of documents for it; empty for none."""


class RecipientAddressed(StaffEvent, frozen=True, kw_only=True, tag="recipient.addressed"):
    """Where documents for a body are sent."""

    recipient: RecipientId
    """The body."""
    way: SendingWay | None
    """How; null: nothing is sent."""
    address: str = ""
    """The address of an e-mail or a webhook."""


class DocumentSent(StaffEvent, frozen=True, kw_only=True, tag="document.sent"):
    """What became of a document for a body."""

    sending: SendingId
    """The sending; each of its states is an event."""
    recipient: RecipientId
    """The body."""
    document: SessionId
    """The log of the document or report."""
    n: int
    """Its version."""
    way: SendingWay
    """How it was sent."""
    state: SendingState
    """What became of it."""
    detail: str = ""
    """Why it failed; empty otherwise."""


class RecipientReplied(Event, frozen=True, kw_only=True, tag="recipient.replied"):
    """What a body did with an outcome, such as taking note of it."""

    reply: ReplyId
    """The reply."""
    recipient: RecipientId
    """The body."""
    text: str
    """What it did, in a sentence; empty: the entry was wrong and is taken away."""
    language: str
    """BCP-47 tag of the text."""
    document: SessionId
    """The log of the document or report."""
    message: MessageId | None = None
    """The message that it is about; null: the whole document."""
    address: str = ""
    """Where that can be read."""


class ReportAssigned(StaffEvent, frozen=True, kw_only=True, tag="report.assigned"):
    """Who writes the report, on which template, until when. All is given as it is now."""

    session: SessionId
    """The session that is reported on."""
    template: str
    """The name of the template."""
    due: int | None = None
    """Until when it is to be submitted, wall (Unix ms); null: no deadline."""
    links: tuple[str, ...] = ()
    """The ids of the rapporteurs' role links."""


class SectionWritten(StaffEvent, frozen=True, kw_only=True, tag="report.section-written"):
    """The draft of a section."""

    section: str
    """The section's name in the template."""
    text: str
    """The whole text."""
    revision: int
    """How often it was written, from 1."""


class MessageWritten(StaffEvent, frozen=True, kw_only=True, tag="message.written"):
    """The draft of a message, all as it is now."""

    message: MessageId
    """Unique in the report."""
    kind: MessageKind
    """What it says."""
    text: str
    """Its text; may be empty."""
    question: PolicyQuestionId | None = None
    """The policy question that it answers; null for none."""
    holders: tuple[str, ...] = ()
    """The groups that hold the view."""
    citations: tuple[Citation, ...] = ()
    """What it rests on."""
    own: bool = False
    """Whether it is the rapporteur's summary, which rests on no citation."""
    drafted_by: str = ""
    """The service that has written the text; empty: a person has, or has changed it since."""
    revision: int
    """How often it was written, from 1."""


class MessageDropped(StaffEvent, frozen=True, kw_only=True, tag="message.dropped"):
    """A message was taken out of the draft."""

    message: MessageId
    """The message."""


class MessagesOrdered(StaffEvent, frozen=True, kw_only=True, tag="messages.ordered"):
    """The order of the messages of the draft."""

    messages: tuple[MessageId, ...]
    """All messages."""


class CitationChecked(StaffEvent, frozen=True, kw_only=True, tag="citation.checked"):
    """Somebody opened or played what a citation names."""

    message: MessageId
    """The message."""
    citation: CitationId
    """Its citation."""
    seen: int
    """Offset of the cited session's log at which the words were read: a later change makes the citation stale."""
    doubts: tuple[str, ...] = ()
    """The words in doubt that were confirmed one by one."""


class ReportMoved(StaffEvent, frozen=True, kw_only=True, tag="report.moved"):
    """A report was submitted, returned, or taken up again, or is as far as before words were removed from it."""

    stage: ReportStage
    """How far it has come."""
    note: str = ""
    """What the secretariat says about it."""


class ReportPublished(Event, frozen=True, kw_only=True, tag="report.published"):
    """A version of a report was published."""

    n: int
    """The version, from 1."""
    session: SessionId
    """The session that is reported on."""
    title: str
    """Its title."""
    language: str
    """BCP-47 tag of its texts."""
    template: str
    """The name of its template."""
    sections: tuple[PublishedSection, ...]
    """Its sections, in the template's order."""
    messages: tuple[PublishedMessage, ...]
    """Its messages, in order."""
    first_at: int | None = None
    """When it was first published, wall (Unix ms), where words were removed from it since; null: it is as it was
    published."""


class MessageConfirmed(Event, frozen=True, kw_only=True, tag="message.confirmed"):
    """A published message was confirmed."""

    message: MessageId
    """The message."""
    n: int
    """The version of the report."""
    by: Confirmer
    """Who confirmed it."""
    name: str = ""
    """The name of whoever gave the commitment, as they chose to be named; empty for the chair."""


class MessageObjected(Event, frozen=True, kw_only=True, tag="message.objected"):
    """Somebody objects to a published message. An objection stands beside it for good."""

    objection: ObjectionId
    """The objection."""
    message: MessageId
    """The message."""
    n: int
    """The version of the report."""
    name: str
    """By name or group, as the author chose."""
    text: str
    """What is objected, may be empty."""
    language: str
    """BCP-47 tag of the text."""
    first_at: int | None = None
    """When it was first made, wall (Unix ms), where words were removed from it since; null: it is as it was
    made."""


class DocumentStated(Event, frozen=True, kw_only=True, tag="document.stated"):
    """What a document is made of. All is given as it is now."""

    form: DocumentForm
    """What it is made for."""
    since: str
    """The first day of the sessions of which it is made, YYYY-MM-DD."""
    until: str
    """Their last day, YYYY-MM-DD."""
    questions: tuple[PolicyQuestionId, ...] = ()
    """The policy questions that it answers, in their order; empty: all that its sessions took up."""
    comments_until: int | None = None
    """Until when its paragraphs can be commented on, wall (Unix ms); null: not at all."""


class DocumentPublished(Event, frozen=True, kw_only=True, tag="document.published"):
    """A version of a document was published."""

    n: int
    """The version, from 1."""
    language: str
    """BCP-47 tag of its texts."""
    paragraphs: tuple[NumberedParagraph, ...]
    """Its paragraphs, in order."""
    first_at: int | None = None
    """When it was first published, wall (Unix ms), where words were removed from it since; null: it is as it was
    published."""


class TranslationEntered(Event, frozen=True, kw_only=True, tag="translation.entered"):
    """A person's translation of a published version of a report or document. It takes the place of an earlier one."""

    n: int
    """The version."""
    language: str
    """BCP-47 tag of the translation."""
    name: str
    """Who vouches for it."""
    texts: tuple[TranslatedText, ...]
    """Its texts, by their places."""


class CommentPlaced(Event, frozen=True, kw_only=True, tag="comment.placed"):
    """The paragraph to which a comment belongs. The comment itself is an intervention."""

    intervention: InterventionId
    """The comment."""
    paragraph: int
    """The paragraph's number."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


CallFact = CallStated | SubmissionSelected
RegisterFact = (
    QuestionStated
    | QuestionClosed
    | SessionPrepared
    | PaperFiled
    | RecipientRegistered
    | RecipientAddressed
    | DocumentSent
    | RecipientReplied
)
ReportFact = (
    ReportAssigned
    | SectionWritten
    | MessageWritten
    | MessageDropped
    | MessagesOrdered
    | CitationChecked
    | ReportMoved
    | ReportPublished
    | MessageConfirmed
    | MessageObjected
)
DocumentFact = DocumentStated | DocumentPublished | CommentPlaced
OutcomeFact = CallFact | RegisterFact | ReportFact | DocumentFact | TranslationEntered
"""Unions of events; `moothall.core.outcomes` has one fold for each of them."""
