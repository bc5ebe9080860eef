"""Proceedings as a document of styled paragraphs, which is set as PDF: those of each record's own document, behind one
title page and one table of contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moothall.record.documents.document import (
    ParagraphPair,
    Style,
    StyledDocument,
    StyledParagraph,
    blocks_of,
)
from moothall.record.model import Record
from moothall.record.proceedings.front import ProceedingsEntry, ProceedingsFront, ProceedingsWording, by_day
from moothall.record.proceedings.report import SessionReport, report_blocks
from moothall.record.wording import Options, Wording

DAY, SESSION = 1, 2
"""The levels of the headings of days and sessions."""


def record_blocks(
    record: Record,
    wording: Wording,
    entry: ProceedingsEntry,
    *,
    day: str,
    report: SessionReport | None = None,
) -> Iterator[StyledParagraph | ParagraphPair]:
    """Yield the paragraphs of one session: below the heading of its `day` where a new one begins (its anchor follows
    from the entry's), the session's heading, its `report`, its record, and the name and
    address of the record's state.
    """
    words = wording.language, wording.direction == "rtl"
    if day:
        yield _own(Style.HEADING, day, words, level=DAY, anchor=day_anchor(entry), new_page=True)
    yield _own(Style.HEADING, entry.title, words, level=SESSION, anchor=entry.name, new_page=not day)
    if report is not None:
        heading = _own(Style.HEADING, entry.report, words, level=SESSION + 1, anchor=entry.report_name)
        yield from report_blocks(report, heading)
    yield from blocks_of(record, wording, Options(), prefix=entry.name, level=SESSION)
    yield _own(Style.FACTS, wording.named(record), words)
    yield _own(Style.FACTS, entry.address, words)


def day_anchor(entry: ProceedingsEntry) -> str:
    """The anchor of the day that begins with this session."""
    return f"{entry.name}day"


def proceedings_document(
    front: ProceedingsFront, words: ProceedingsWording, entries: Sequence[ProceedingsEntry]
) -> StyledDocument:
    """The title page and the contents; the sessions' paragraphs (`record_blocks`) follow behind."""
    return StyledDocument(
        title=front.title,
        language=words.language,
        right_to_left=words.direction == "rtl",
        contents=words.contents,
        columns=(),
        blocks=tuple(_front(front, words, entries)),
        states=(),
        unshown=words.unshown,
        book=True,
    )


def _front(
    front: ProceedingsFront, wording: ProceedingsWording, entries: Sequence[ProceedingsEntry]
) -> Iterator[StyledParagraph]:
    words = wording.language, wording.direction == "rtl"
    yield from (_own(Style.WORDS, row, words) for row in front.rows(wording))
    yield from (_own(Style.NOTICE, row, words) for row in front.notices(wording))
    if not entries:
        yield _own(Style.WORDS, wording.none, words)
    for day, sessions in by_day(entries):
        if day:
            yield _own(Style.CONTENTS, day, words, link=day_anchor(sessions[0]))
        for each in sessions:
            yield _own(Style.CONTENTS, each.title, words, time=each.time, link=each.name)
            if each.report_name:
                yield _own(Style.CONTENTS, each.report, words, link=each.report_name)


def _own(
    style: Style,
    text: str,
    words: tuple[str, bool],
    *,
    level: int = 0,
    anchor: str = "",
    time: str = "",
    link: str = "",
    new_page: bool = False,
) -> StyledParagraph:
    """A paragraph in the language of the texts around the records."""
    language, leftward = words
    return StyledParagraph(
        style=style,
        text=text,
        language=language,
        right_to_left=leftward,
        level=level,
        anchor=anchor,
        time=time,
        link=link,
        new_page=new_page,
    )
