"""A version of a document as files: DOCX, PDF and EPUB from one document of styled paragraphs, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from moothall.adapters.outcomes.document_rows import (
    CitationRow,
    ParagraphComment,
    ParagraphRow,
    RemarkRow,
    chapters,
    side_by_side,
)
from moothall.adapters.outcomes.document_texts import FORMS, DocumentText
from moothall.adapters.outcomes.machine_made import MachineMade, MachineText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.record.packing import packed
from moothall.adapters.record.typesetting import typeset_data
from moothall.core.events.outcome_parts import ParagraphStyle
from moothall.core.kernel.languages import direction
from moothall.core.outcomes.document import DocumentVersion
from moothall.record.documents.document import SideBySide, Style, StyledDocument, StyledParagraph
from moothall.record.documents.docx import write_docx
from moothall.record.documents.styled_epub import write_styled_epub
from moothall.services.outcomes.documents import ListedDocument

TYPES = {
    "json": "application/json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "pdf": "application/pdf",
}
"""The forms of a document as a file, with their media types."""


class WrittenDocument(NamedTuple):
    """A version of a document, of which files are made."""

    listed: ListedDocument
    version: DocumentVersion
    rows: Sequence[ParagraphRow]
    about: str
    """Which version it is and when it was published, in words."""
    address: str
    """The address of this version, with the server's public address."""
    machine: MachineMade = MachineMade()
    """Whether a machine translated it."""
    comments: Sequence[tuple[int, ParagraphComment]] = ()
    """Comments, each with the number of its paragraph."""


def written(form: str, document: WrittenDocument, ui: Catalogue) -> bytes:
    """The file in a form of `TYPES`; for `pdf` what a process of its own sets (`typeset_apart`)."""
    if form == "json":
        return _json(document, ui)
    styled = styled_document(document, ui)
    if form == "docx":
        return packed(write_docx(styled))
    if form == "epub":
        book = write_styled_epub(styled, identifier=document.address, at=document.version.at)
        return packed(book, stored="mimetype")
    return typeset_data(styled)


def styled_document(document: WrittenDocument, ui: Catalogue) -> StyledDocument:
    """The document as paragraphs with a style."""
    return StyledDocument(
        title=document.listed.title,
        language=ui.language,
        right_to_left=ui.direction == "rtl",
        contents=ui.text(DocumentText.CONTENTS),
        columns=(),
        blocks=tuple(_blocks(document, ui)),
        states=(document.about, document.address),
        mark=document.machine.mark,
        unshown=ui.text("□ stands for a character that cannot be shown here. The other files have it."),
    )


def _blocks(document: WrittenDocument, ui: Catalogue) -> Sequence[StyledParagraph | SideBySide]:
    comments = document.comments
    blocks: list[StyledParagraph | SideBySide] = [
        _own(Style.NOTICE, ui.named("outcome/notice"), ui),
        *([_own(Style.NOTICE, document.machine.notice, ui)] if document.machine.notice else []),
        _own(Style.FACTS, f"{ui.text(FORMS[document.listed.document.form])} · {document.about}", ui),
    ]
    blocks += [
        msgspec.structs.replace(_of(Style.CONTENTS, row.text, row), link=f"paragraph{row.n}")
        for row in chapters(document.rows)
    ]
    for run in side_by_side(document.rows):
        sides = tuple((*_row(row, ui), *_comments_on(row.n, comments, ui)) for row in run)
        blocks += sides[0] if len(sides) == 1 else [SideBySide(sides=sides)]
    numbers = {row.n for row in document.rows}
    elsewhere = [row for n, row in comments if n not in numbers]
    if elsewhere:
        heading = _own(Style.HEADING, ui.text(DocumentText.COMMENTS_ELSEWHERE), ui)
        blocks += [msgspec.structs.replace(heading, level=1, anchor="comments"), *_comments(elsewhere, ui)]
    return [*blocks, *_annex(document, ui)]


def _row(row: ParagraphRow, ui: Catalogue) -> Iterator[StyledParagraph]:
    """The paragraphs of a row."""
    if row.style is ParagraphStyle.HEADING:
        heading = _of(Style.HEADING, f"{row.n}. {row.text}", row)
        yield msgspec.structs.replace(heading, level=row.level, anchor=f"paragraph{row.n}")
        return
    words = _of(Style.WORDS, f"{row.n}. {row.text}", row)
    yield _above(words) if row.facts else words
    if row.facts:
        yield _own(Style.FACTS, " · ".join(row.facts), ui)
    for each in (*row.objections, *row.replies):
        yield _own(Style.FACTS, f"{each.says}: {each.text}" if each.text else each.says, ui)
        if each.translation:
            yield from _under(each, ui)
    for cited in row.citations:
        yield from _cited(cited, ui)


def _cited(cited: CitationRow, ui: Catalogue) -> Iterator[StyledParagraph]:
    """What a message cites."""
    if cited.translation:
        yield _above(_own(Style.SOURCE, ui.text(MachineText.SPOKEN), ui))
    if cited.text:
        yield _above(_line(f"“{cited.text}”", cited.language))
    if cited.translation:
        yield _above(_own(Style.SOURCE, ui.text(MachineText.UNDER), ui))
        yield _above(_line(cited.translation, cited.translation_language))
    about = (cited.names, cited.time, cited.state, cited.now)
    yield _own(Style.SOURCE, " · ".join(each for each in about if each), ui)


def _comments_on(n: int, comments: Sequence[tuple[int, ParagraphComment]], ui: Catalogue) -> Iterator[StyledParagraph]:
    return _comments([row for paragraph, row in comments if paragraph == n], ui)


def _comments(comments: Sequence[ParagraphComment], ui: Catalogue) -> Iterator[StyledParagraph]:
    """Comments with their answers, as they stand beside a paragraph."""
    for each in comments:
        about = (ui.text(DocumentText.COMMENT, n=each.number), each.says.says)
        yield _above(_own(Style.FACTS, " · ".join(part for part in about if part), ui))
        yield from _said(each.says, ui)
        if each.answer is not None:
            yield _above(_own(Style.FACTS, ui.text(DocumentText.ANSWERED), ui))
            yield from _said(each.answer, ui)


def _said(said: RemarkRow, ui: Catalogue) -> Iterator[StyledParagraph]:
    yield _words(said.text, said.language)
    if said.translation:
        yield from _under(said, ui)


def _under(said: RemarkRow, ui: Catalogue) -> Iterator[StyledParagraph]:
    """A machine's translation of what is said beside a paragraph."""
    yield _above(_own(Style.SOURCE, ui.text(MachineText.UNDER), ui))
    yield _words(said.translation, said.translation_language)


def _words(text: str, language: str) -> StyledParagraph:
    return StyledParagraph(style=Style.WORDS, text=text, language=language, right_to_left=direction(language) == "rtl")


def _annex(document: WrittenDocument, ui: Catalogue) -> Sequence[StyledParagraph]:
    """The addresses of what the messages cite, by their numbers."""
    public = document.address.partition("/outcomes/")[0]
    rows = [
        _own(Style.FACTS, f"{row.n}. {public}{cited.address}", ui)
        for row in document.rows
        for cited in row.citations
        if cited.address
    ]
    if not rows:
        return ()
    heading = _own(Style.HEADING, ui.text(DocumentText.ANNEX), ui)
    return [msgspec.structs.replace(heading, level=1, anchor="annex"), *rows]


def _line(text: str, language: str) -> StyledParagraph:
    leftward = direction(language) == "rtl"
    return StyledParagraph(style=Style.LINE, text=text, language=language, right_to_left=leftward)


def _above(paragraph: StyledParagraph) -> StyledParagraph:
    """The paragraph, which is on the same page as what it stands above."""
    return msgspec.structs.replace(paragraph, with_next=True)


def _own(style: Style, text: str, ui: Catalogue) -> StyledParagraph:
    return StyledParagraph(style=style, text=text, language=ui.language, right_to_left=ui.direction == "rtl")


def _of(style: Style, text: str, row: ParagraphRow) -> StyledParagraph:
    return StyledParagraph(style=style, text=text, language=row.language, right_to_left=row.direction == "rtl")


def _json(document: WrittenDocument, ui: Catalogue) -> bytes:
    listed, version = document.listed, document.version
    return msgspec.json.encode(
        {
            "notice": ui.named("outcome/notice"),
            "document": listed.id,
            "title": listed.title,
            "form": listed.document.form,
            "since": listed.document.since,
            "until": listed.document.until,
            "version": version.n,
            "published": version.at,
            "redacted": version.redacted,
            "language": version.language,
            "address": document.address,
            "translation": document.machine.told(),
            "paragraphs": document.rows,
            "comments": [
                {
                    "number": each.number,
                    "paragraph": n or None,
                    "name": each.says.says,
                    "text": each.says.text,
                    "language": each.says.language,
                    "machine_translation": each.says.translation,
                    "answer": "" if each.answer is None else each.answer.text,
                    "answer_language": "" if each.answer is None else each.answer.language,
                    "answer_machine_translation": "" if each.answer is None else each.answer.translation,
                }
                for n, each in document.comments
            ],
        }
    )
