"""The register of policy questions, folded from its log: the questions, the sessions that are to answer them, papers
and bodies beside them, and what was sent to whom.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import SendingState, SendingWay
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import (
    InterventionId,
    MessageId,
    PaperId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SendingId,
    SessionId,
)

MOST_SENDINGS = 5_000
"""Sendings in the state. Overflow: the oldest is dropped from the state and stays in the log."""


class QuestionWording(msgspec.Struct, frozen=True, kw_only=True):
    """A wording of a policy question."""

    text: str
    language: str
    at: int
    """Since when, Unix ms."""


class AskedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A policy question of the house."""

    id: PolicyQuestionId
    wordings: tuple[QuestionWording, ...]
    """Oldest first; the last one holds."""
    recipients: tuple[RecipientId, ...] = ()
    call: SessionId | None = None
    intervention: InterventionId | None = None
    closed: str | None = None
    """Why it is no longer asked; None while it is."""

    @property
    def text(self) -> str:
        """The present wording."""
        return self.wordings[-1].text

    @property
    def language(self) -> str:
        """BCP-47 tag of the present wording."""
        return self.wordings[-1].language


class Preparation(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is to answer."""

    questions: tuple[PolicyQuestionId, ...]
    objectives: tuple[str, ...] = ()
    feeds: SessionId | None = None


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper of another body beside a policy question."""

    id: PaperId
    question: PolicyQuestionId
    title: str
    address: str
    recipient: RecipientId | None


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """A body or forum."""

    id: RecipientId
    name: str
    issues: tuple[str, ...]
    questions: tuple[PolicyQuestionId, ...]
    site: str
    symbol: str


class RecipientAddress(msgspec.Struct, frozen=True):
    """Where documents for a body are sent; for the staff only."""

    way: SendingWay
    address: str


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was sent to a body; for the staff only."""

    id: SendingId
    recipient: RecipientId
    document: SessionId
    n: int
    way: SendingWay
    state: SendingState
    detail: str
    at: int
    """When it got its state, Unix ms."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a body did with an outcome."""

    id: ReplyId
    recipient: RecipientId
    text: str
    language: str
    document: SessionId
    message: MessageId | None
    address: str
    at: int
    """Unix ms."""


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """The register of policy questions."""

    questions: dict[PolicyQuestionId, AskedQuestion] = msgspec.field(default_factory=dict)
    prepared: dict[SessionId, Preparation] = msgspec.field(default_factory=dict)
    papers: dict[PaperId, Paper] = msgspec.field(default_factory=dict)
    recipients: dict[RecipientId, Recipient] = msgspec.field(default_factory=dict)
    addresses: dict[RecipientId, RecipientAddress] = msgspec.field(default_factory=dict)
    sendings: dict[SendingId, Sending] = msgspec.field(default_factory=dict)
    """Oldest first."""
    replies: dict[ReplyId, Reply] = msgspec.field(default_factory=dict)

    def answered(self, sending: Sending) -> bool:
        """Whether the body did something with what was sent to it, since."""
        return any(
            each.recipient == sending.recipient and each.document == sending.document and each.at >= sending.at
            for each in self.replies.values()
        )

    def sessions_of(self, question: PolicyQuestionId) -> tuple[SessionId, ...]:
        """The sessions that are to answer a policy question, in the order in which they were prepared."""
        return tuple(session for session, each in self.prepared.items() if question in each.questions)

    def feeders_of(self, session: SessionId) -> tuple[SessionId, ...]:
        """The sessions that feed a main session."""
        return tuple(name for name, each in self.prepared.items() if each.feeds == session)


def evolve_register(register: Register, event: oe.RegisterFact, at: int) -> Register:
    """Return the register after `event`, logged at Unix ms `at`."""
    replace = msgspec.structs.replace
    match event:
        case oe.QuestionStated():
            return replace(register, questions={**register.questions, event.question: _stated(register, event, at)})
        case oe.QuestionClosed():
            known = register.questions.get(event.question)
            if known is None:  # The event that stated it was removed.
                return register
            return replace(register, questions={**register.questions, known.id: replace(known, closed=event.reason)})
        case oe.SessionPrepared():
            return replace(register, prepared={**register.prepared, event.session: made_of(Preparation, event)})
        case oe.PaperFiled():
            papers = _without(register.papers, event.paper)
            if event.title:
                papers[event.paper] = made_of(Paper, event, id=event.paper)
            return replace(register, papers=papers)
        case oe.RecipientRegistered():
            recipients = dict(register.recipients) if event.name else _without(register.recipients, event.recipient)
            if event.name:
                recipients[event.recipient] = made_of(Recipient, event, id=event.recipient)
            return replace(register, recipients=recipients)
        case oe.RecipientAddressed():
            addresses = _without(register.addresses, event.recipient)
            if event.way is not None:
                addresses[event.recipient] = RecipientAddress(event.way, event.address)
            return replace(register, addresses=addresses)
        case oe.DocumentSent():
            return replace(register, sendings=_sent(register, event, at))
        case _:
            replies = _without(register.replies, event.reply)
            if event.text:
                replies[event.reply] = made_of(Reply, event, id=event.reply, at=at)
            return replace(register, replies=replies)


def _stated(register: Register, event: oe.QuestionStated, at: int) -> AskedQuestion:
    known, wording = (
        register.questions.get(event.question),
        QuestionWording(text=event.text, language=event.language, at=at),
    )
    wordings = () if known is None else known.wordings
    if not wordings or (wordings[-1].text, wordings[-1].language) != (wording.text, wording.language):
        wordings = (*wordings, wording)
    closed = None if known is None else known.closed
    return AskedQuestion(
        id=event.question,
        wordings=wordings,
        recipients=event.recipients,
        call=event.call,
        intervention=event.intervention,
        closed=closed,
    )


def _sent(register: Register, event: oe.DocumentSent, at: int) -> dict[SendingId, Sending]:
    sendings = _without(register.sendings, event.sending)
    sendings[event.sending] = made_of(Sending, event, id=event.sending, at=at)
    if len(sendings) > MOST_SENDINGS:
        del sendings[next(iter(sendings))]
    return sendings


_K = TypeVar("_K")
_V = TypeVar("_V")


def _without(entries: dict[_K, _V], name: _K) -> dict[_K, _V]:
    return {key: each for key, each in entries.items() if key != name}
