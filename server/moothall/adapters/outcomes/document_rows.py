"""The paragraphs of a document as pages and files show them: texts, messages, and what these rest on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec

from moothall.adapters.outcomes.document_texts import DocumentText, drafted
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import AND, alone, rough_text
from moothall.adapters.reading.page_address import TextAddresses
from moothall.core.events.lines import Origin
from moothall.core.events.outcome_parts import Confirmer, MessageKind, MessageReference, ParagraphStyle
from moothall.core.kernel.ids import MessageId, Position, SessionId, log_epoch
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.register import Register
from moothall.core.outcomes.report import Objection, Report
from moothall.core.questions.document_comments import DocumentComment
from moothall.record.citation.quoting import QuotationFate, span_of
from moothall.record.wrapping import plain
from moothall.services.outcomes.documents import ShownMessage
from moothall.services.outcomes.machine_translations import SourceText, TranslatedVersion
from moothall.services.outcomes.quoted_words import QuotedWords


class CitationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the record."""

    address: str
    """Of the quotation, without a language of the page; empty where not everybody may read it."""
    text: str
    """The words as they were cited; empty where they can't be shown."""
    language: str = ""
    direction: str = "auto"
    names: str = ""
    time: str = ""
    state: str
    """Whether the words were checked, or why there are none, in words."""
    now: str = ""
    """What they read now, in words; empty where that is the same."""
    fate: str = ""
    translation: str = ""
    """A machine's translation of `text`; empty for none."""
    translation_language: str = ""
    translation_direction: str = "auto"


class RemarkRow(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says beside a paragraph: an objection, the reply of a body, a comment, or the answer to it."""

    says: str
    text: str
    language: str
    direction: str
    address: str = ""
    """Where more of it can be read."""
    translation: str = ""
    """A machine's translation of `text`; empty for none."""
    translation_language: str = ""
    translation_direction: str = "auto"


class ParagraphComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment beside a paragraph."""

    number: int
    says: RemarkRow
    answer: RemarkRow | None = None
    """The answer in writing."""


class ParagraphRow(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph."""

    n: int
    style: ParagraphStyle
    text: str
    level: int = 0
    language: str
    direction: str
    kind: str = ""
    """What a message says (`MessageKind`); empty for any other paragraph."""
    facts: tuple[str, ...] = ()
    """What is said of a message: who confirmed it, who holds it."""
    question: str = ""
    """The policy question to which it belongs; empty for none."""
    holders: tuple[str, ...] = ()
    """The groups that hold a message."""
    session: str = ""
    """The id of the session from which a message comes."""
    title: str = ""
    """The title of its report."""
    citations: tuple[CitationRow, ...] = ()
    objections: tuple[RemarkRow, ...] = ()
    replies: tuple[RemarkRow, ...] = ()
    """What bodies did with a message."""


def paragraph_rows(
    version: DocumentVersion,
    shown: Mapping[MessageReference, ShownMessage],
    ui: Catalogue,
    register: Register | None = None,
    document: SessionId | None = None,
) -> Sequence[ParagraphRow]:
    """The rows of a version. `ui`: the language of what stands around the texts; `register`: that whose replies to the
    messages of `document` stand beside them.
    """
    rows: list[ParagraphRow] = []
    for each in version.paragraphs:
        if each.message is None:
            tag = each.language or version.language
            rows.append(
                ParagraphRow(
                    n=each.n,
                    style=each.style,
                    text=each.text,
                    level=each.level,
                    question=each.question or "",
                    language=tag,
                    direction=direction(tag),
                )
            )
        else:
            row = _message(each.n, shown.get(each.message), ui)
            replies = () if register is None else tuple(_replies(each.message, register, document))
            rows.append(msgspec.structs.replace(row, replies=replies, question=each.question or ""))
    return rows


def chapters(rows: Iterable[ParagraphRow]) -> list[ParagraphRow]:
    """The headings that stand in the table of contents."""
    return [row for row in rows if row.style is ParagraphStyle.HEADING and row.level == 1]


def side_by_side(rows: Iterable[ParagraphRow]) -> Iterator[Sequence[ParagraphRow]]:
    """The rows in order: views that follow each other together, which stand beside each other; any other row alone."""
    for of_views, run in groupby(rows, lambda row: row.kind == MessageKind.VIEW):
        if of_views:
            yield [*run]
        else:
            yield from ([row] for row in run)


def quoted_texts(shown: Iterable[ShownMessage], ui: Catalogue) -> Iterable[SourceText]:
    """The words that messages quote."""
    rows = (citation_row(words, ui) for each in shown for words in each.words)
    return (SourceText(row.text, row.language) for row in rows if row.text)


def with_translations(rows: Iterable[ParagraphRow], made: TranslatedVersion) -> Sequence[ParagraphRow]:
    """The rows with a machine's translation under the words that they quote, and under what stands beside them."""
    replace = msgspec.structs.replace
    return [
        replace(
            row,
            citations=tuple(_translated(each, made) for each in row.citations),
            objections=tuple(_translated(each, made) for each in row.objections),
            replies=tuple(_translated(each, made) for each in row.replies),
        )
        for row in rows
    ]


Translatable = TypeVar("Translatable", CitationRow, RemarkRow)


def _translated(row: Translatable, made: TranslatedVersion | None) -> Translatable:
    text = "" if made is None else made.quoted(row.text, row.language)
    if made is None or not text:
        return row
    tag = made.wanted.target
    return msgspec.structs.replace(
        row, translation=text, translation_language=tag, translation_direction=direction(tag)
    )


def comment_rows(
    comments: Iterable[DocumentComment], made: TranslatedVersion | None = None
) -> tuple[tuple[int, ParagraphComment], ...]:
    """Comments with their answers, each with the number of its paragraph; `made`: a machine's translation of both."""
    return tuple((each.paragraph, _comment(each, made)) for each in comments)


def _comment(comment: DocumentComment, made: TranslatedVersion | None) -> ParagraphComment:
    said = comment.intervention
    texts = ((plain(said.name), said.text, said.language), ("", said.answer, said.answer_language))
    text, answer = (
        _translated(RemarkRow(says=name, text=plain(text), language=tag, direction=direction(tag)), made)
        for name, text, tag in texts
    )
    return ParagraphComment(number=said.number, says=text, answer=answer if answer.text else None)


def texts_beside(
    shown: Mapping[MessageReference, ShownMessage],
    register: Register,
    document: SessionId,
    comments: Iterable[DocumentComment],
) -> Iterable[SourceText]:
    """What stands beside the paragraphs of a document: objections and replies to messages, comments with answers."""
    for reference, each in shown.items():
        yield from texts_objected(each.report, [each.message.id])
        for reply in _replies(reference, register, document):
            yield SourceText(reply.text, reply.language)
    for comment in comments:
        said = comment.intervention
        yield SourceText(plain(said.text), said.language)
        yield SourceText(plain(said.answer), said.answer_language)


def texts_objected(report: Report, messages: Collection[MessageId]) -> Iterable[SourceText]:
    """The objections to messages of a report."""
    return (SourceText(each.text, each.language) for each in report.objections if each.message in messages)


def _message(n: int, shown: ShownMessage | None, ui: Catalogue) -> ParagraphRow:
    style = ParagraphStyle.MESSAGE
    if shown is None:
        text = ui.text(DocumentText.GONE)
        return ParagraphRow(n=n, style=style, text=text, language=ui.language, direction=ui.direction)
    message, tag = shown.message, shown.version.language
    unheard = frozenset(message.unheard)
    return ParagraphRow(
        n=n,
        style=style,
        text=message.text,
        language=tag,
        direction=direction(tag),
        kind=message.kind,
        facts=tuple(_facts(shown, ui)),
        holders=message.holders,
        session=shown.version.session,
        title=shown.version.title,
        citations=tuple(citation_row(each, ui, unheard=each.citation.id in unheard) for each in shown.words),
        objections=tuple(_objection(each, ui) for each in shown.report.objections if each.message == message.id),
    )


def _replies(reference: MessageReference, register: Register, document: SessionId | None) -> Iterator[RemarkRow]:
    for each in register.replies.values():
        body = register.recipients.get(each.recipient)
        if body is not None and each.message == reference.message and each.document in (document, reference.report):
            yield RemarkRow(
                says=body.name,
                text=each.text,
                language=each.language,
                direction=direction(each.language),
                address=each.address,
            )


def _facts(shown: ShownMessage, ui: Catalogue) -> list[str]:
    message, report, facts = shown.message, shown.report, list[str]()
    if message.kind is MessageKind.AGREED:
        confirmed = report.confirmed(message, Confirmer.CHAIR)
        facts.append(ui.text(DocumentText.NO_OBJECTION if confirmed is None else DocumentText.CHAIR))
    if message.kind is MessageKind.COMMITMENT:
        given = report.confirmed(message, Confirmer.GIVER)
        facts.append(
            ui.text(DocumentText.NO_GIVER) if given is None else ui.text(DocumentText.GIVER, name=alone(given.name))
        )
    if message.holders:
        facts.append(ui.text(DocumentText.HOLDERS, names=ui.listed(map(alone, message.holders))))
    if message.own:
        facts.append(ui.text(DocumentText.OWN))
    return [*facts, said] if (said := drafted(message.drafted_by, ui)) else facts


def _objection(each: Objection, ui: Catalogue) -> RemarkRow:
    says = ui.text(DocumentText.OBJECTS, name=alone(each.name))
    return RemarkRow(says=says, text=each.text, language=each.language, direction=direction(each.language))


def citation_row(words: QuotedWords, ui: Catalogue, *, unheard: bool = False) -> CitationRow:
    """A citation with its words as they were and are; `unheard`: whether nobody opened it before it was published."""
    cited = words.citation
    if words.asked is not None:
        asked, address = words.asked, TextAddresses(cited.session, channel=None).questions()
        return CitationRow(
            address=f"{address}#No-{asked.number}",
            text=plain(asked.text),
            language=asked.language,
            direction=direction(asked.language),
            names=plain(asked.name),
            state=_with_mark(ui.text(DocumentText.QUESTION, n=asked.number), ui, unheard=unheard),
        )
    quoted, span = words.quotation, span_of(cited)
    if quoted is None or span is None:
        return CitationRow(address="", text="", state=ui.text(DocumentText.CLOSED))
    at = str(Position(log_epoch(words.epoch), cited.offset))
    address = TextAddresses(cited.session, channel=cited.channel).citation(str(span.first), str(span.last), at)
    if not quoted.text:
        return CitationRow(address=address, text="", state=ui.text("Removed"), fate=quoted.fate)
    said = [line for line in quoted.lines if line.text]
    tag, changed = said[0].line.language, quoted.fate is not QuotationFate.SAME
    return CitationRow(
        address=address,
        text=quoted.text,
        language=tag,
        direction=direction(tag),
        names=ui.listed(quoted.names),
        time=media_time(said[0].line.t0),
        state=_with_mark(_state(words, ui), ui, unheard=unheard),
        now=ui.text(DocumentText.NOW, text=quoted.now or ui.text("Removed")) if changed else "",
        fate=quoted.fate,
    )


def _state(words: QuotedWords, ui: Catalogue) -> str:
    """Whether quoted words were checked."""
    quoted = words.quotation
    if quoted is None or quoted.check is not None:
        return ui.text("Checked")
    said = [line for line in quoted.lines if line.text]
    origins = {line.line.origin for line in said}
    of = f"of.{origins.pop() if len(origins) == 1 else Origin.MACHINE}"
    state = ui.named(f"record-state/{'part' if any(line.check for line in said) else of}")
    return AND.join((state, *rough_text(quoted.rough, ui)))


def _with_mark(state: str, ui: Catalogue, *, unheard: bool) -> str:
    return f"{state} · {ui.text(DocumentText.UNHEARD)}" if unheard else state
