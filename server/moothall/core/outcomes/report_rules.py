"""The rules of a session's report: its draft, its stages, its versions, and what others say of its messages.

Whether a quotation is right needs the record; the service that publishes has it checked
(`moothall.core.reports.quoting`) before it sends `PublishReport`, which nobody else may send.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import Citation, Confirmer, MessageKind, ReportStage
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import is_name
from moothall.core.kernel.languages import is_language
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.report import Report

MAX_SECTION = 50_000
"""Characters of a section."""
MOST_SECTIONS = 40
MAX_MESSAGE = 5_000
"""Characters of a message."""
MOST_MESSAGES = 200
MOST_CITATIONS = 40
"""Citations of one message."""
MOST_HOLDERS = 20
"""Groups that hold one view."""
MAX_NAME = 200
"""Characters of a group's or a person's name."""
MAX_NOTE = 5_000
MAX_OBJECTION = 2_000
MOST_OBJECTIONS = 500
MOST_DOUBTS = 200
"""Words in doubt of one citation."""

_NO_MESSAGE = refuse(RefusalCode.UNKNOWN, "The report has no such message.")
_NO_SUCH_VERSION = refuse(RefusalCode.STALE, "This is no longer the newest version of the report. Look at it again.")


def decide_report(report: Report, command: do.ReportCommand) -> Sequence[oe.ReportFact] | Refusal:
    """The events of a command about a report, or a refusal."""
    if isinstance(command, do.AssignReport):
        return _assign(report, command)
    if report.session is None:
        return refuse(RefusalCode.CONFLICT, "Nobody is assigned to this report yet.")
    match command:
        case do.SubmitReport() | do.MoveReport():
            return _move(report, command)
        case do.PublishReport():
            return _publish(report, command)
        case do.ConfirmMessage():
            return _confirm(report, command)
        case do.ObjectToMessage():
            return _object(report, command)
        case do.CheckCitation():
            return _check(report, command)
        case _:
            return _write(report, command)


def _assign(report: Report, command: do.AssignReport) -> Sequence[oe.ReportFact] | Refusal:
    if not is_name(command.session) or not is_name(command.template):
        return refuse(RefusalCode.INVALID, "A report needs the session that it is about, and a template.")
    if report.session not in (None, command.session):
        return refuse(RefusalCode.CONFLICT, "This is the report of another session.")
    now = (command.session, command.template, command.due, command.links)
    if now == (report.session, report.template, report.due, report.links):
        return refuse(RefusalCode.CONFLICT, "The report is already assigned in this way.")
    return [made_of(oe.ReportAssigned, command)]


_Writing = do.WriteSection | do.WriteMessage | do.DropMessage | do.OrderMessages


def _write(report: Report, command: _Writing) -> Sequence[oe.ReportFact] | Refusal:
    if report.stage is ReportStage.SUBMITTED:
        message = "The report is with the secretariat. It can be changed again when it is returned."
        return refuse(RefusalCode.CONFLICT, message)
    match command:
        case do.WriteSection():
            return _section(report, command)
        case do.WriteMessage():
            return _message(report, command)
        case do.DropMessage():
            return [oe.MessageDropped(message=command.message)] if command.message in report.messages else _NO_MESSAGE
        case _:
            if sorted(command.messages) != sorted(report.messages):
                return refuse(RefusalCode.STALE, "The messages have changed. Order them again.")
            return [oe.MessagesOrdered(messages=command.messages)]


def _section(report: Report, command: do.WriteSection) -> Sequence[oe.ReportFact] | Refusal:
    if not is_name(command.section) or len(command.text) > MAX_SECTION:
        return refuse(RefusalCode.INVALID, f"A section has a name and at most {MAX_SECTION} characters.")
    known = report.sections.get(command.section)
    if known is None and len(report.sections) >= MOST_SECTIONS:
        return refuse(RefusalCode.CONFLICT, f"A report has at most {MOST_SECTIONS} sections.")
    revision = 0 if known is None else known.revision
    if command.base_revision != revision:
        return refuse(RefusalCode.STALE, "Somebody else has changed this section. Both texts are kept: look at theirs.")
    return [oe.SectionWritten(section=command.section, text=command.text, revision=revision + 1)]


def _message(report: Report, command: do.WriteMessage) -> Sequence[oe.ReportFact] | Refusal:
    known = report.messages.get(command.message)
    if not is_name(command.message) or len(command.text) > MAX_MESSAGE:
        return refuse(RefusalCode.INVALID, f"A message has an id and at most {MAX_MESSAGE} characters.")
    if known is None and len(report.messages) >= MOST_MESSAGES:
        return refuse(RefusalCode.CONFLICT, f"A report has at most {MOST_MESSAGES} messages.")
    holders = tuple(dict.fromkeys(name for each in command.holders if (name := " ".join(each.split()))))
    if len(holders) > MOST_HOLDERS or any(len(each) > MAX_NAME for each in holders):
        message = f"A view has up to {MOST_HOLDERS} groups, each of at most {MAX_NAME} characters."
        return refuse(RefusalCode.INVALID, message)
    names = [each.id for each in command.citations]
    if len(names) > MOST_CITATIONS or len(set(names)) < len(names) or not all(map(_is_place, command.citations)):
        message = f"A message has up to {MOST_CITATIONS} citations, each of lines or of one question."
        return refuse(RefusalCode.INVALID, message)
    revision = 0 if known is None else known.revision
    if command.base_revision != revision:
        return refuse(RefusalCode.STALE, "Somebody else has changed this message. Both texts are kept: look at theirs.")
    drafted_by = " ".join(command.drafted_by.split())[:MAX_NAME]
    if known is not None:
        drafted_by = known.drafted_by if known.text.split() == command.text.split() else ""
    return [made_of(oe.MessageWritten, command, holders=holders, drafted_by=drafted_by, revision=revision + 1)]


def _is_place(citation: Citation) -> bool:
    """Whether a citation names a span of lines, or one question."""
    if not is_name(citation.id) or not is_name(citation.session) or citation.offset < 1:
        return False
    lines = (citation.channel, citation.first, citation.last)
    if citation.intervention is not None:
        bounds = (*lines, citation.start, citation.end)
        return is_name(citation.intervention) and all(each is None for each in bounds)
    if not all(each is not None and is_name(each) for each in lines):
        return False
    start, end = citation.start or 0, citation.end
    one_line = citation.first == citation.last
    return start >= 0 and (end is None or end > (start if one_line else 0))


def _check(report: Report, command: do.CheckCitation) -> Sequence[oe.ReportFact] | Refusal:
    message = report.messages.get(command.message)
    if message is None or all(each.id != command.citation for each in message.citations):
        return refuse(RefusalCode.UNKNOWN, "The report has no such citation.")
    if command.seen < 1 or len(command.doubts) > MOST_DOUBTS or any(len(each) > MAX_NAME for each in command.doubts):
        return refuse(RefusalCode.INVALID, f"A check names an offset, and up to {MOST_DOUBTS} words.")
    return [made_of(oe.CitationChecked, command)]


def _move(report: Report, command: do.SubmitReport | do.MoveReport) -> Sequence[oe.ReportFact] | Refusal:
    if isinstance(command, do.SubmitReport):
        if report.stage not in (ReportStage.DRAFT, ReportStage.RETURNED):
            return refuse(RefusalCode.CONFLICT, f"A report that is {report.stage} can't be submitted.")
        return [oe.ReportMoved(stage=ReportStage.SUBMITTED)]
    if len(command.note) > MAX_NOTE:
        return refuse(RefusalCode.INVALID, f"A note has at most {MAX_NOTE} characters.")
    if command.stage not in (ReportStage.RETURNED, ReportStage.DRAFT) or report.stage is not ReportStage.SUBMITTED:
        return refuse(RefusalCode.CONFLICT, "Only a report that was submitted can be returned or taken up again.")
    return [made_of(oe.ReportMoved, command)]


def _publish(report: Report, command: do.PublishReport) -> Sequence[oe.ReportFact] | Refusal:
    if report.stage is not ReportStage.SUBMITTED or report.session is None:
        return refuse(RefusalCode.CONFLICT, "Only a report that was submitted can be published.")
    if not command.title.strip() or not is_language(command.language):
        return refuse(RefusalCode.INVALID, "A report needs a title and the tag of its language.")
    n = 1 if report.newest is None else report.newest.n + 1
    return [made_of(oe.ReportPublished, command, n=n, session=report.session, template=report.template)]


def _confirm(report: Report, command: do.ConfirmMessage) -> Sequence[oe.ReportFact] | Refusal:
    fits = {Confirmer.CHAIR: MessageKind.AGREED, Confirmer.GIVER: MessageKind.COMMITMENT}
    if report.newest is None or report.newest.n != command.n:
        return _NO_SUCH_VERSION
    message = report.newest.message(command.message)
    if message is None:
        return _NO_MESSAGE
    if message.kind is not fits[command.by]:
        why = "The chair confirms what was agreed; a commitment is confirmed by whoever gave it."
        return refuse(RefusalCode.CONFLICT, why)
    if command.by is Confirmer.GIVER and not 0 < len(command.name.strip()) <= MAX_NAME:
        return refuse(RefusalCode.INVALID, f"Name in 1 to {MAX_NAME} characters who gives the commitment.")
    if report.confirmed(message, command.by) is not None:
        return refuse(RefusalCode.CONFLICT, "This message is confirmed already.")
    return [made_of(oe.MessageConfirmed, command, name=command.name.strip())]


def _object(report: Report, command: do.ObjectToMessage) -> Sequence[oe.ReportFact] | Refusal:
    if report.newest is None or report.newest.n != command.n:
        return _NO_SUCH_VERSION
    if report.newest.message(command.message) is None:
        return _NO_MESSAGE
    if any(each.id == command.objection for each in report.objections):
        return refuse(RefusalCode.CONFLICT, "This objection was received already.")
    name, text = " ".join(command.name.split()), command.text.strip()
    if not is_name(command.objection) or not 0 < len(name) <= MAX_NAME or len(text) > MAX_OBJECTION:
        message = f"An objection names who objects, in 1 to {MAX_NAME} characters; why, in at most {MAX_OBJECTION}."
        return refuse(RefusalCode.INVALID, message)
    if not is_language(command.language):
        return refuse(RefusalCode.INVALID, "An objection needs the tag of its language.")
    if len(report.objections) >= MOST_OBJECTIONS:
        return refuse(RefusalCode.CONFLICT, f"A report has at most {MOST_OBJECTIONS} objections.")
    return [made_of(oe.MessageObjected, command, name=name, text=text)]
