"""Makes the paragraphs of a document from the published reports of many sessions.

- An outcome document has a part for each policy question: which bodies deal with it already, whether it was answered by
  consensus, which views were presented (in the order in which they were spoken), or that no report has anything on it.
- The messages of a day have a part for each session of the day, the Chair's report one for each session with the whole
  text of its report.
- The reports of the sessions together have a chapter for each report: its sections, and its messages by kind.

No word of a record is in it: a message stands in it by its reference. All is fixed within a version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.core.events.outcome_parts import (
    DocumentForm,
    MessageKind,
    MessageReference,
    NumberedParagraph,
    ParagraphStyle,
    PublishedMessage,
)
from moothall.core.kernel.ids import PolicyQuestionId, SessionId
from moothall.core.outcomes.document import OutcomeDocument
from moothall.core.outcomes.document_rules import MAX_PARAGRAPH
from moothall.core.outcomes.numbering import numbered
from moothall.core.outcomes.register import AskedQuestion, Register
from moothall.core.outcomes.report import Report, ReportVersion

ORDER = (
    MessageKind.AGREED,
    MessageKind.VIEW,
    MessageKind.OPTION,
    MessageKind.WAY_FORWARD,
    MessageKind.COMMITMENT,
)
"""The order of the kinds of messages in the part of a question, and in a chapter."""


class Answered(StrEnum):
    """How far a policy question was answered."""

    CONSENSUS = "consensus"
    """No view stands against what was found to be agreed, and nobody has objected to it."""
    VIEWS = "views"
    """There are messages, and no consensus."""
    NOT_DISCUSSED = "not-discussed"
    """No published report has a message on it."""


class ReportedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the days of which a document is made, with its report."""

    session: SessionId
    title: str
    day: str
    """Its day in the conference's zone, YYYY-MM-DD."""
    begins: int
    """When it began or is to begin, Unix ms: sessions are in this order."""
    log: SessionId
    """The log of its report."""
    report: Report = Report()
    """The public part of its report."""

    @property
    def version(self) -> ReportVersion | None:
        """The newest published version of its report."""
        return self.report.newest


SpokenAt = Callable[[SessionId, PublishedMessage], int]
"""Where in a session's record the first citation of a message begins, as a number that grows."""


class AssemblyWords(msgspec.Struct, frozen=True, kw_only=True):
    """The document's own texts, in its language; `{names}` stands for a list."""

    language: str
    bodies: str
    """The bodies that deal with a question already."""
    answered: Mapping[Answered, str]
    sessions: str
    """The sessions from which messages on a question come."""
    unreported: str
    """The sessions that were to answer a question and have no published report."""
    headings: Mapping[MessageKind, str]
    """The heading of each kind of messages."""
    nothing: str
    """What stands under a session without a published report."""
    held: str
    """When a session was held, `{day}`, and which version of its report stands there, `{n}`."""


def assembled(
    document: OutcomeDocument,
    register: Register,
    sessions: Sequence[ReportedSession],
    words: AssemblyWords,
    spoken: SpokenAt,
) -> tuple[NumberedParagraph, ...]:
    """The paragraphs of the document's next version, of the `sessions` within its days."""
    within = sorted(
        (each for each in sessions if document.since <= each.day <= document.until),
        key=lambda each: (each.begins, each.session),
    )
    if document.form is DocumentForm.OUTCOME:
        made = _by_question(document, register, within, words, spoken)
    elif document.form is DocumentForm.REPORTS:
        made = _by_report(_on(document.questions, register, within), words)
    else:
        made = _by_session(within, words, whole=document.form is DocumentForm.CHAIR)
    return numbered(list(made), [version.paragraphs for version in document.versions])


def messages_on(
    question: PolicyQuestionId, sessions: Sequence[ReportedSession]
) -> list[tuple[ReportedSession, ReportVersion, PublishedMessage]]:
    """The messages of the newest versions that answer a question, by session."""
    return [
        (each, version, message)
        for each in sessions
        if (version := each.version) is not None
        for message in version.messages
        if message.question == question
    ]


def answered(question: PolicyQuestionId, sessions: Sequence[ReportedSession]) -> Answered:
    """How far a question was answered in these sessions."""
    found = messages_on(question, sessions)
    if not found:
        return Answered.NOT_DISCUSSED
    kinds = {message.kind for _, _, message in found}
    disputed = any(
        objection.message == message.id
        for each, _, message in found
        if message.kind is MessageKind.AGREED
        for objection in each.report.objections
    )
    agreed = MessageKind.AGREED in kinds and MessageKind.VIEW not in kinds and not disputed
    return Answered.CONSENSUS if agreed else Answered.VIEWS


def questions_of(
    document: OutcomeDocument, register: Register, sessions: Sequence[ReportedSession]
) -> tuple[PolicyQuestionId, ...]:
    """The policy questions that a document answers: those that were chosen, else all that its sessions took up."""
    if document.questions:
        return document.questions
    there = {each.session for each in sessions}
    taken = {question for name in there if name in register.prepared for question in register.prepared[name].questions}
    said = {message.question for each in sessions if each.version is not None for message in each.version.messages}
    return tuple(name for name in register.questions if name in taken or name in said)


def _by_question(
    document: OutcomeDocument,
    register: Register,
    sessions: Sequence[ReportedSession],
    words: AssemblyWords,
    spoken: SpokenAt,
) -> Iterator[NumberedParagraph]:
    for name in questions_of(document, register, sessions):
        asked = register.questions.get(name)
        if asked is not None:
            yield from _question(asked, register, sessions, words, spoken)


def _question(
    asked: AskedQuestion,
    register: Register,
    sessions: Sequence[ReportedSession],
    words: AssemblyWords,
    spoken: SpokenAt,
) -> Iterator[NumberedParagraph]:
    found = messages_on(asked.id, sessions)

    def said(key: str, text: str) -> NumberedParagraph:
        return _text(f"{asked.id}/{key}", text, question=asked.id)

    yield _heading(asked.id, asked.text, 1, question=asked.id, language=asked.language)
    bodies = [register.recipients[each].name for each in asked.recipients if each in register.recipients]
    if bodies:
        yield said("bodies", _listing(words.bodies, bodies))
    yield said("answered", words.answered[answered(asked.id, sessions)])
    if from_these := dict.fromkeys(each.title for each, _, _ in found):
        yield said("sessions", _listing(words.sessions, list(from_these)))
    there = {each.session: each for each in sessions if each.version is None}
    if silent := [there[name].title for name in register.sessions_of(asked.id) if name in there]:
        yield said("unreported", _listing(words.unreported, silent))
    for kind in ORDER:
        of_kind = [each for each in found if each[2].kind is kind]
        if kind is MessageKind.VIEW:
            of_kind.sort(key=lambda each: (each[0].begins, each[0].session, spoken(each[0].session, each[2])))
        if of_kind:
            yield _heading(f"{asked.id}/{kind}", words.headings[kind], 2, question=asked.id)
        for session, version, message in of_kind:
            yield _message(session, version, message)


def _by_session(
    sessions: Sequence[ReportedSession], words: AssemblyWords, *, whole: bool
) -> Iterator[NumberedParagraph]:
    day = ""
    for each in sessions:
        version = each.version
        if version is None and not whole:
            continue
        if each.day != day:
            day = each.day
            yield _heading(day, day, 1)
        yield _heading(each.session, each.title, 2)
        if version is None:
            yield _text(f"{each.session}/nothing", words.nothing)
            continue
        if whole:
            yield from _sections(each, version)
        for message in version.messages:
            yield _message(each, version, message)


def _on(
    questions: Sequence[PolicyQuestionId], register: Register, sessions: Sequence[ReportedSession]
) -> list[ReportedSession]:
    """The sessions that were to answer one of the questions, or whose report does; without questions all of them."""
    asked = {session for each in questions for session in register.sessions_of(each)}
    return [
        each
        for each in sessions
        if not questions or each.session in asked or any(messages_on(name, [each]) for name in questions)
    ]


def _by_report(sessions: Sequence[ReportedSession], words: AssemblyWords) -> Iterator[NumberedParagraph]:
    if silent := [each.title for each in sessions if each.version is None]:
        yield _text("unreported", _listing(words.unreported, silent))
    for each in sessions:
        if (version := each.version) is None:
            continue
        yield _heading(each.session, each.title, 1)
        yield _text(f"{each.session}/held", words.held.replace("{day}", each.day).replace("{n}", str(version.n)))
        yield from _sections(each, version, level=2)
        for kind in ORDER:
            of_kind = [message for message in version.messages if message.kind is kind]
            if of_kind:
                yield _heading(f"{each.session}/{kind}", words.headings[kind], 2)
            for message in of_kind:
                yield _message(each, version, message)


def _sections(session: ReportedSession, version: ReportVersion, *, level: int = 3) -> Iterator[NumberedParagraph]:
    for section in version.sections:
        paragraphs = [text for each in section.text.split("\n\n") if (text := each.strip())]
        if not paragraphs:
            continue
        key = f"{session.log}/{section.id}"
        if section.heading:
            yield _heading(f"{key}/heading", section.heading, level, language=version.language)
        for text in paragraphs:
            for at in range(0, len(text), MAX_PARAGRAPH):
                yield _text(key, text[at : at + MAX_PARAGRAPH], language=version.language)


def _listing(sentence: str, names: Sequence[str]) -> str:
    """A sentence with a list. Names may be many; what doesn't fit into a paragraph is cut."""
    return sentence.replace("{names}", "; ".join(names))[:MAX_PARAGRAPH]


def _heading(
    key: str, text: str, level: int, *, question: PolicyQuestionId | None = None, language: str = ""
) -> NumberedParagraph:
    return NumberedParagraph(
        n=0, style=ParagraphStyle.HEADING, text=text, level=level, question=question, key=f"{key}/", language=language
    )


def _text(key: str, text: str, *, question: PolicyQuestionId | None = None, language: str = "") -> NumberedParagraph:
    return NumberedParagraph(n=0, style=ParagraphStyle.TEXT, text=text, question=question, key=key, language=language)


def _message(session: ReportedSession, version: ReportVersion, message: PublishedMessage) -> NumberedParagraph:
    reference = MessageReference(report=session.log, n=version.n, message=message.id)
    return NumberedParagraph(n=0, style=ParagraphStyle.MESSAGE, question=message.question, message=reference)
