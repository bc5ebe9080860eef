"""Reads the forms of the rapporteur's room as commands about the report."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.events.outcome_parts import Citation, MessageKind
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CitationId, CommandId, InterventionId, MessageId, PolicyQuestionId, SegmentId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.report import DraftMessage, Report
from moothall.core.sessions.state import State
from moothall.services.outcomes.prefilling import lines_cited, question_cited, spoken_lines

MAX_DIGITS = 9
NEW = "new"
"""In place of a message's id: a message that is made by this form."""
FormFields = Mapping[str, Sequence[str]]


class RoomAct(msgspec.Struct, frozen=True):
    """What a form asks for."""

    command: do.ReportCommand
    anchor: str = ""
    """The part of the page that it is about."""

    def name(self, token: str) -> CommandId:
        """A name that follows from the token of the form and from what it says: the same form sent twice is one act."""
        said = msgspec.json.encode([token, type(self.command).__name__, self.command])
        return CommandId(f"room-{hashlib.sha256(said).hexdigest()[:24]}")


def act_of(sent: FormFields, report: Report, state: State, offset: int, *, drafter: str = "") -> RoomAct | Refusal:
    """The act of a form. `state`: of the session that is reported on, whose log's last event has this `offset`;
    `drafter`: the service that drafts sentences.
    """

    def value(name: str) -> str:
        return sent.get(name, ("",))[-1]

    message = report.messages.get(MessageId(value("message")))
    match value("act"):
        case "section":
            name = value("section")
            text, base = value("text").replace("\r\n", "\n"), number_in(value("revision"), MAX_DIGITS) or 0
            return RoomAct(do.WriteSection(section=name, text=text, base_revision=base), f"Section-{name}")
        case "cite":
            return _cited(sent, report, state, offset, drafter)
        case "submit":
            return RoomAct(do.SubmitReport(), "Hand")
        case _ if message is None:
            return refuse(RefusalCode.UNKNOWN, "The report has no such message.")
        case "drop":
            return RoomAct(do.DropMessage(message=message.id), "Messages")
        case "up" | "down" as way:
            return RoomAct(do.OrderMessages(messages=_moved(list(report.messages), message.id, way)), _at(message.id))
        case "uncite":
            left = tuple(each for each in message.citations if each.id != value("citation"))
            return RoomAct(_again(message, citations=left), _at(message.id))
        case "heard":
            return RoomAct(
                do.CheckCitation(
                    message=message.id,
                    citation=CitationId(value("citation")),
                    seen=number_in(value("seen"), MAX_DIGITS) or 0,
                    doubts=tuple(sent.get("doubt", ())),
                ),
                f"{_at(message.id)}-{value('citation')}",
            )
        case "message" if value("kind") in list(MessageKind):
            return RoomAct(_written(message, sent), _at(message.id))
        case _:
            return refuse(RefusalCode.INVALID, "The form says nothing that is known here.")


def _at(message: str) -> str:
    return f"Message-{message}"


def _again(message: DraftMessage, *, citations: tuple[Citation, ...]) -> do.WriteMessage:
    """A message as it is, with other citations."""
    return do.WriteMessage(
        message=message.id,
        kind=message.kind,
        text=message.text,
        question=message.question,
        holders=message.holders,
        citations=citations,
        own=message.own,
        base_revision=message.revision,
    )


def _written(message: DraftMessage, sent: FormFields) -> do.WriteMessage:
    def value(name: str) -> str:
        return sent.get(name, ("",))[-1]

    question = value("question")
    return do.WriteMessage(
        message=message.id,
        kind=MessageKind(value("kind")),
        text=value("text").replace("\r\n", "\n").strip(),
        question=PolicyQuestionId(question) if question else None,
        holders=tuple(each for part in value("holders").split(";") if (each := part.strip())),
        citations=message.citations,
        own=value("own") == "yes",
        base_revision=number_in(value("revision"), MAX_DIGITS) or 0,
    )


def _cited(sent: FormFields, report: Report, state: State, offset: int, drafter: str) -> RoomAct | Refusal:
    """Cite the chosen lines, each run of lines beside each other as one citation, and questions; in a message of the
    draft, or in a new one.
    """
    chosen, asked = set(sent.get("line", ())), sent.get("asked", ())
    target = sent.get("message", ("",))[-1]
    found: list[Citation] = []
    for channel in state.channels:
        run: list[SegmentId] = []
        for line in [*spoken_lines(state, channel), None]:
            if line is not None and line.id in chosen:
                run.append(line.id)
            elif run:
                found.append(lines_cited(state.id, offset, channel, run[0], run[-1]))
                run = []
    for name in asked:
        question = state.questions.get(InterventionId(name))
        if question is not None and question.readable:
            found.append(question_cited(state.id, offset, question))
    if target in ("", NEW):
        kinds = [each for each in sent.get("kind", ()) if each in list(MessageKind)]
        # The token of the form makes the name: the same form sent twice makes one message.
        drafted = " ".join(sent.get("drafted", ("",))[-1].split())  # a sentence that a service has written
        said = (*sent.get("form", ()), *sorted(chosen), *asked, drafted)
        salt = hashlib.sha256("\n".join(said).encode()).hexdigest()
        name = MessageId(f"m-{salt[:16]}")
        if (known := report.messages.get(name)) is not None:
            return RoomAct(_again(known, citations=known.citations), _at(name))
        made = do.WriteMessage(
            message=name,
            kind=MessageKind(kinds[-1]) if kinds else MessageKind.AGREED,
            text=drafted,
            citations=tuple(found),
            drafted_by=drafter if drafted else "",
            base_revision=0,
        )
        return RoomAct(made, _at(name))
    message = report.messages.get(MessageId(target))
    if message is None:
        return refuse(RefusalCode.UNKNOWN, "The report has no such message.")
    names = {each.id for each in message.citations}
    added = tuple(each for each in found if each.id not in names)
    if not added:
        return refuse(RefusalCode.INVALID, "Choose lines or questions that the message doesn't cite yet.")
    return RoomAct(_again(message, citations=(*message.citations, *added)), _at(message.id))


def _moved(order: list[MessageId], message: MessageId, way: str) -> tuple[MessageId, ...]:
    at = order.index(message)
    to = max(0, min(len(order) - 1, at + (-1 if way == "up" else 1)))
    order.insert(to, order.pop(at))
    return tuple(order)
