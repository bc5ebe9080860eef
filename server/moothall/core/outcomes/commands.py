"""Every command about outcomes. Fields without a description are those of the resulting event."""

from __future__ import annotations

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
from moothall.core.kernel.command import Command
from moothall.core.kernel.ids import (
    CitationId,
    InterventionId,
    MessageId,
    ObjectionId,
    PaperId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SendingId,
    SessionId,
)


class StateCall(Command, frozen=True, kw_only=True, tag="state-call"):
    """State what a call asks for, and until when."""

    text: str
    language: str
    until: int | None = None


class SelectSubmission(Command, frozen=True, kw_only=True, tag="select-submission"):
    """Say which policy question a proposal became, and for which sessions; null takes that back."""

    intervention: InterventionId
    question: PolicyQuestionId | None
    sessions: tuple[SessionId, ...] = ()


class StateQuestion(Command, frozen=True, kw_only=True, tag="state-question"):
    """State a policy question, or state it anew."""

    question: PolicyQuestionId
    text: str
    language: str
    recipients: tuple[RecipientId, ...] = ()
    call: SessionId | None = None
    intervention: InterventionId | None = None


class CloseQuestion(Command, frozen=True, kw_only=True, tag="close-question"):
    """Say that a policy question is no longer asked, or with null that it is asked again."""

    question: PolicyQuestionId
    reason: str | None


class PrepareSession(Command, frozen=True, kw_only=True, tag="prepare-session"):
    """Set what a session is to answer."""

    session: SessionId
    questions: tuple[PolicyQuestionId, ...]
    objectives: tuple[str, ...] = ()
    feeds: SessionId | None = None


class FilePaper(Command, frozen=True, kw_only=True, tag="file-paper"):
    """Put a paper beside a policy question; an empty title takes it away."""

    paper: PaperId
    question: PolicyQuestionId
    title: str
    address: str = ""
    recipient: RecipientId | None = None


class RegisterRecipient(Command, frozen=True, kw_only=True, tag="register-recipient"):
    """Set what the register says of a body; an empty name takes it away."""

    recipient: RecipientId
    name: str
    issues: tuple[str, ...] = ()
    questions: tuple[PolicyQuestionId, ...] = ()
    site: str = ""
    symbol: str = ""


class AddressRecipient(Command, frozen=True, kw_only=True, tag="address-recipient"):
    """Set where documents for a body are sent."""

    recipient: RecipientId
    way: SendingWay | None
    address: str = ""


class NoteSending(Command, frozen=True, kw_only=True, tag="note-sending"):
    """Note what became of a document for a body."""

    sending: SendingId
    recipient: RecipientId
    document: SessionId
    n: int
    way: SendingWay
    state: SendingState
    detail: str = ""


class NoteReply(Command, frozen=True, kw_only=True, tag="note-reply"):
    """Note what a body did with an outcome; an empty text takes the entry away."""

    reply: ReplyId
    recipient: RecipientId
    text: str
    language: str
    document: SessionId
    message: MessageId | None = None
    address: str = ""


class AssignReport(Command, frozen=True, kw_only=True, tag="assign-report"):
    """Set who writes the report, on which template, until when."""

    session: SessionId
    template: str
    due: int | None = None
    links: tuple[str, ...] = ()


class WriteSection(Command, frozen=True, kw_only=True, tag="write-section"):
    """Write a section of the draft."""

    section: str
    text: str
    base_revision: int
    """The revision that the sender changed; 0 for the first."""


class WriteMessage(Command, frozen=True, kw_only=True, tag="write-message"):
    """Write a message of the draft."""

    message: MessageId
    kind: MessageKind
    text: str
    question: PolicyQuestionId | None = None
    holders: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    own: bool = False
    drafted_by: str = ""
    """For a new message: the service that has written its text. It stays until the text is changed."""
    base_revision: int
    """The revision that the sender changed; 0 for the first."""


class DropMessage(Command, frozen=True, kw_only=True, tag="drop-message"):
    """Take a message out of the draft."""

    message: MessageId


class OrderMessages(Command, frozen=True, kw_only=True, tag="order-messages"):
    """Set the order of the messages of the draft."""

    messages: tuple[MessageId, ...]


class CheckCitation(Command, frozen=True, kw_only=True, tag="check-citation"):
    """Note that somebody opened or played what a citation names."""

    message: MessageId
    citation: CitationId
    seen: int
    doubts: tuple[str, ...] = ()


class SubmitReport(Command, frozen=True, kw_only=True, tag="submit-report"):
    """Hand the draft to the secretariat."""


class MoveReport(Command, frozen=True, kw_only=True, tag="move-report"):
    """Return a submitted report, or take it up again."""

    stage: ReportStage
    """`returned` or `draft`."""
    note: str = ""


class PublishReport(Command, frozen=True, kw_only=True, tag="publish-report"):
    """Publish a version of the report. Only the server sends it, when it has checked every quotation."""

    title: str
    language: str
    sections: tuple[PublishedSection, ...]
    messages: tuple[PublishedMessage, ...]


class ConfirmMessage(Command, frozen=True, kw_only=True, tag="confirm-message"):
    """Confirm a message of the newest version."""

    message: MessageId
    n: int
    by: Confirmer
    name: str = ""


class ObjectToMessage(Command, frozen=True, kw_only=True, tag="object-to-message"):
    """Object to a message of the newest version."""

    objection: ObjectionId
    message: MessageId
    n: int
    name: str
    text: str
    language: str


class StateDocument(Command, frozen=True, kw_only=True, tag="state-document"):
    """Set what a document is made of."""

    form: DocumentForm
    since: str
    until: str
    questions: tuple[PolicyQuestionId, ...] = ()
    comments_until: int | None = None


class PublishDocument(Command, frozen=True, kw_only=True, tag="publish-document"):
    """Publish a version of the document. Only the server sends it."""

    language: str
    paragraphs: tuple[NumberedParagraph, ...]


class EnterTranslation(Command, frozen=True, kw_only=True, tag="enter-translation"):
    """Enter a person's translation of a published version of a report or document."""

    n: int
    language: str
    name: str
    texts: tuple[TranslatedText, ...]


class PlaceComment(Command, frozen=True, kw_only=True, tag="place-comment"):
    """Say to which paragraph a comment belongs. Only the server sends it."""

    intervention: InterventionId
    paragraph: int


CallCommand = StateCall | SelectSubmission
RegisterCommand = (
    StateQuestion
    | CloseQuestion
    | PrepareSession
    | FilePaper
    | RegisterRecipient
    | AddressRecipient
    | NoteSending
    | NoteReply
)
ReportCommand = (
    AssignReport
    | WriteSection
    | WriteMessage
    | DropMessage
    | OrderMessages
    | CheckCitation
    | SubmitReport
    | MoveReport
    | PublishReport
    | ConfirmMessage
    | ObjectToMessage
)
DocumentCommand = StateDocument | PublishDocument | PlaceComment
OutcomeCommand = CallCommand | RegisterCommand | ReportCommand | DocumentCommand | EnterTranslation
"""Unions of commands; `moothall.core.rules` has one function that decides for each of them."""
