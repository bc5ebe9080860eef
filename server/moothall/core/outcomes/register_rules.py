"""The rules of calls for policy questions, and of the register of policy questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import SendingWay
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import PolicyQuestionId, RecipientId, is_name
from moothall.core.kernel.languages import is_language
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.call import OpenCall, Selected
from moothall.core.outcomes.register import RecipientAddress, Register

MAX_CALL = 10_000
"""Characters of what a call asks for."""
MAX_QUESTION = 500
"""Characters of a policy question."""
MOST_QUESTIONS = 2_000
"""Policy questions of a house."""
MOST_OF_SESSION = 20
"""Policy questions of a session, as in its own list (`notes_and_tags.MOST_QUESTIONS`)."""
MOST_OBJECTIVES = 10
MAX_OBJECTIVE = 500
MOST_PAPERS = 5_000
MOST_RECIPIENTS = 500
MOST_REPLIES = 5_000
MOST_ISSUES = 40
"""Issues of one body."""
MAX_NAME = 300
"""Characters of the name of a body, the title of a paper, an issue or a symbol."""
MAX_REPLY = 1_000
"""Characters of what a body did."""
MAX_ADDRESS = 2_000
_PAGE = re.compile(r"https?://[^\s<>\"]+\Z")
EMAIL = re.compile(r"[^\s@<>\",;]+@[^\s@<>\",;]+\Z")

_NO_POLICY_QUESTION = refuse(RefusalCode.UNKNOWN, "The register has no such policy question.")
_NO_RECIPIENT = refuse(RefusalCode.UNKNOWN, "The register has no such body.")
_NO_PAGE = refuse(RefusalCode.INVALID, "An address of a page begins with https:// or http:// and has no spaces.")
ALREADY = refuse(RefusalCode.CONFLICT, "This is so already.")
"""The refusal of a command that would change nothing."""


def decide_call(call: OpenCall, command: do.CallCommand, *, published: bool) -> Sequence[oe.CallFact] | Refusal:
    """The events of a command about a call, or a refusal; `published`: whether everybody can read the submission."""
    if isinstance(command, do.StateCall):
        if not 0 < len(command.text.strip()) <= MAX_CALL or not is_language(command.language):
            message = f"A call needs a text of 1 to {MAX_CALL} characters and the tag of its language."
            return refuse(RefusalCode.INVALID, message)
        if (command.text, command.language, command.until) == (call.text, call.language, call.until):
            return ALREADY
        return [made_of(oe.CallStated, command)]
    if not published:
        return NO_QUESTION
    if command.question is not None and not is_name(command.question):
        return refuse(RefusalCode.INVALID, "A policy question needs an id.")
    selected = None if command.question is None else Selected(command.question, command.sessions)
    if call.selected.get(command.intervention) == selected:
        return ALREADY
    return [made_of(oe.SubmissionSelected, command)]


def decide_register(register: Register, command: do.RegisterCommand) -> Sequence[oe.RegisterFact] | Refusal:
    """The events of a command about the register of policy questions, or a refusal."""
    match command:
        case do.StateQuestion():
            return _question(register, command)
        case do.CloseQuestion():
            return _close(register, command)
        case do.PrepareSession():
            return _prepare(register, command)
        case do.FilePaper():
            return _paper(register, command)
        case do.RegisterRecipient():
            return _recipient(register, command)
        case do.AddressRecipient():
            return _address(register, command)
        case do.NoteSending():
            if command.recipient not in register.recipients or not is_name(command.sending):
                return _NO_RECIPIENT
            return [made_of(oe.DocumentSent, command)]
        case _:
            return _reply(register, command)


def _question(register: Register, command: do.StateQuestion) -> Sequence[oe.RegisterFact] | Refusal:
    text = " ".join(command.text.split())
    if not is_name(command.question) or not 0 < len(text) <= MAX_QUESTION or not is_language(command.language):
        message = f"A policy question needs an id, 1 to {MAX_QUESTION} characters and the tag of its language."
        return refuse(RefusalCode.INVALID, message)
    if unknown := _unregistered(register, command.recipients):
        return unknown
    known = register.questions.get(command.question)
    if known is None and len(register.questions) >= MOST_QUESTIONS:
        return refuse(
            RefusalCode.CONFLICT, f"The register has {MOST_QUESTIONS} policy questions, the most that it takes."
        )
    now = (text, command.language, command.recipients, command.call, command.intervention)
    if known is not None and now == (known.text, known.language, known.recipients, known.call, known.intervention):
        return ALREADY
    return [made_of(oe.QuestionStated, command, text=text)]


def _close(register: Register, command: do.CloseQuestion) -> Sequence[oe.RegisterFact] | Refusal:
    known = register.questions.get(command.question)
    if known is None:
        return _NO_POLICY_QUESTION
    reason = None if command.reason is None else command.reason.strip()
    if reason is not None and len(reason) > MAX_QUESTION:
        return refuse(RefusalCode.INVALID, f"A reason has at most {MAX_QUESTION} characters.")
    if known.closed == reason:
        return ALREADY
    return [oe.QuestionClosed(question=command.question, reason=reason)]


def _prepare(register: Register, command: do.PrepareSession) -> Sequence[oe.RegisterFact] | Refusal:
    if not is_name(command.session) or command.feeds == command.session:
        return refuse(RefusalCode.INVALID, "Name the session, and as its main session another one.")
    if len(command.questions) > MOST_OF_SESSION or len(set(command.questions)) < len(command.questions):
        return refuse(RefusalCode.INVALID, f"A session answers up to {MOST_OF_SESSION} policy questions, each once.")
    before = register.prepared.get(command.session)
    held = () if before is None else before.questions
    if any(_unasked(register, each) and each not in held for each in command.questions):
        return _NO_POLICY_QUESTION
    objectives = tuple(text for each in command.objectives if (text := " ".join(each.split())))
    if len(objectives) > MOST_OBJECTIVES or any(len(each) > MAX_OBJECTIVE for each in objectives):
        message = f"A session has up to {MOST_OBJECTIVES} objectives of at most {MAX_OBJECTIVE} characters."
        return refuse(RefusalCode.INVALID, message)
    main = None if command.feeds is None else register.prepared.get(command.feeds)
    if main is not None and main.feeds is not None:
        return refuse(RefusalCode.CONFLICT, "The main session feeds another session itself; name that one.")
    if command.feeds is not None and register.feeders_of(command.session):
        return refuse(RefusalCode.CONFLICT, "Other sessions feed this one, so it can't feed another.")
    if before is not None and (command.questions, objectives, command.feeds) == (
        before.questions,
        before.objectives,
        before.feeds,
    ):
        return ALREADY
    return [made_of(oe.SessionPrepared, command, objectives=objectives)]


def _unasked(register: Register, question: PolicyQuestionId) -> bool:
    known = register.questions.get(question)
    return known is None or known.closed is not None


def _paper(register: Register, command: do.FilePaper) -> Sequence[oe.RegisterFact] | Refusal:
    title = " ".join(command.title.split())
    if not title:
        return [made_of(oe.PaperFiled, command, title="")] if command.paper in register.papers else ALREADY
    if not is_name(command.paper) or len(title) > MAX_NAME:
        return refuse(RefusalCode.INVALID, f"A paper needs an id and a title of 1 to {MAX_NAME} characters.")
    if command.question not in register.questions:
        return _NO_POLICY_QUESTION
    if not _is_page(command.address):
        return _NO_PAGE
    if command.recipient is not None and command.recipient not in register.recipients:
        return _NO_RECIPIENT
    if command.paper not in register.papers and len(register.papers) >= MOST_PAPERS:
        return refuse(RefusalCode.CONFLICT, f"There are {MOST_PAPERS} papers, the most that the register takes.")
    return [made_of(oe.PaperFiled, command, title=title)]


def _recipient(register: Register, command: do.RegisterRecipient) -> Sequence[oe.RegisterFact] | Refusal:
    name = " ".join(command.name.split())
    if not name:
        return (
            [made_of(oe.RecipientRegistered, command, name="")]
            if command.recipient in register.recipients
            else _NO_RECIPIENT
        )
    issues = tuple(dict.fromkeys(text for each in command.issues if (text := " ".join(each.split()))))
    if not is_name(command.recipient) or len(name) > MAX_NAME or len(command.symbol) > MAX_NAME:
        return refuse(RefusalCode.INVALID, f"A body needs an id and a name of 1 to {MAX_NAME} characters.")
    if len(issues) > MOST_ISSUES or any(len(each) > MAX_NAME for each in issues):
        message = f"A body deals with up to {MOST_ISSUES} issues of at most {MAX_NAME} characters."
        return refuse(RefusalCode.INVALID, message)
    if any(each not in register.questions for each in command.questions):
        return _NO_POLICY_QUESTION
    if command.site and not _is_page(command.site):
        return _NO_PAGE
    if command.recipient not in register.recipients and len(register.recipients) >= MOST_RECIPIENTS:
        return refuse(RefusalCode.CONFLICT, f"The register has {MOST_RECIPIENTS} bodies, the most that it takes.")
    return [made_of(oe.RecipientRegistered, command, name=name, issues=issues)]


def _address(register: Register, command: do.AddressRecipient) -> Sequence[oe.RegisterFact] | Refusal:
    if command.recipient not in register.recipients:
        return _NO_RECIPIENT
    address = command.address.strip()
    if command.way is SendingWay.EMAIL and (len(address) > MAX_ADDRESS or EMAIL.match(address) is None):
        return refuse(RefusalCode.INVALID, "An e-mail needs an address such as secretariat@example.org.")
    if command.way is SendingWay.WEBHOOK and not _is_page(address):
        return _NO_PAGE
    if command.way not in (SendingWay.EMAIL, SendingWay.WEBHOOK):
        address = ""
    known = register.addresses.get(command.recipient)
    if known == (None if command.way is None else RecipientAddress(command.way, address)):
        return ALREADY
    return [oe.RecipientAddressed(recipient=command.recipient, way=command.way, address=address)]


def _reply(register: Register, command: do.NoteReply) -> Sequence[oe.RegisterFact] | Refusal:
    text = command.text.strip()
    if not text:
        return [made_of(oe.RecipientReplied, command, text="")] if command.reply in register.replies else ALREADY
    if not is_name(command.reply) or len(text) > MAX_REPLY or not is_language(command.language):
        message = f"Say in 1 to {MAX_REPLY} characters what the body did, and in which language that is."
        return refuse(RefusalCode.INVALID, message)
    if command.recipient not in register.recipients:
        return _NO_RECIPIENT
    if command.address and not _is_page(command.address):
        return _NO_PAGE
    if command.reply not in register.replies and len(register.replies) >= MOST_REPLIES:
        return refuse(RefusalCode.CONFLICT, f"There are {MOST_REPLIES} replies, the most that the register takes.")
    return [made_of(oe.RecipientReplied, command, text=text)]


def _unregistered(register: Register, names: Iterable[RecipientId]) -> Refusal | None:
    return None if all(each in register.recipients for each in names) else _NO_RECIPIENT


def _is_page(address: str) -> bool:
    return len(address) <= MAX_ADDRESS and _PAGE.match(address) is not None
