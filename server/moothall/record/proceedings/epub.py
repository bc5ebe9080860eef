"""Proceedings as EPUB 3: the pages that each record has as a book of its own, behind one title page and one table of
contents.

The files come one session at a time, so that whoever packs them need not hold a conference in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from moothall.core.kernel.languages import direction
from moothall.record.documents.document import Style, StyledParagraph
from moothall.record.documents.styled_epub import written_paragraph
from moothall.record.epub import (
    CONTENTS,
    FOLDER,
    FRONT,
    PACKAGE,
    SHEET,
    STYLE,
    BookFacts,
    PageFrame,
    TextPages,
    opening,
    package,
    table,
)
from moothall.record.model import Record
from moothall.record.proceedings.front import ProceedingsEntry, ProceedingsFront, ProceedingsWording, by_day
from moothall.record.proceedings.report import SessionReport, report_blocks
from moothall.record.wording import Options, Wording


class ProceedingsBook:
    """A book that is being written. `language`: the BCP-47 tag of the texts that were chosen; empty for those that were
    spoken.
    """

    def __init__(self, words: ProceedingsWording, language: str = "") -> None:
        self._words, self._language = words, language
        self._frame = PageFrame(words.language, words.direction)
        self._pages: list[str] = []
        self._entries: list[ProceedingsEntry] = []
        self._languages: dict[str, None] = {}
        self._opened: int | None = None
        self._at = 0

    def begin(self) -> dict[str, str]:
        """The first files by their paths, in the order in which they are packed; the first is not compressed."""
        return {**opening(), f"{FOLDER}/{STYLE}": SHEET}

    def add(
        self,
        record: Record,
        wording: Wording,
        *,
        day: str,
        time: str,
        address: str,
        report: SessionReport | None = None,
    ) -> Iterator[tuple[str, str]]:
        """Yield the files of a session's record and report, each with its path. `day`, `time` and `address` as in
        `ProceedingsEntry`.
        """
        prefix = f"meeting-{len(self._entries) + 1}-"
        text, title, name = TextPages(record, wording, Options(), prefix), wording.title_of(record), f"{prefix}{FRONT}"
        parts = "".join(text.entries())
        listed = f'<nav aria-labelledby="contents">\n<h2 id="contents">{escape(wording.contents)}</h2>\n<ol>\n{parts}'
        there = f'<p class="facts"><a href="{escape(address)}"><bdi>{escape(address)}</bdi></a></p>\n'
        body = [*text.front(), there, f"{listed}</ol>\n</nav>\n" if parts else ""]
        self._pages.append(name)
        yield f"{FOLDER}/{name}", self._frame.page(title, body)
        reported = ""
        if report is not None:
            reported = f"{prefix}report.xhtml"
            self._pages.append(reported)
            named = self._words.report_of(report.title)
            heading = StyledParagraph(style=Style.HEADING, text=named, language=self._words.language)
            yield (
                f"{FOLDER}/{reported}",
                self._frame.page(report.title, map(written_paragraph, report_blocks(report, heading))),
            )
        for page, written in text.pages():
            self._pages.append(page)
            yield f"{FOLDER}/{page}", written
        self._entries.append(
            ProceedingsEntry(
                title=title,
                day=day,
                time=time,
                address=address,
                name=name,
                report="" if report is None else self._words.report_of(report.title),
                report_name=reported,
            )
        )
        self._languages |= dict.fromkeys(record.languages)
        self._opened = record.session.opened if self._opened is None else self._opened
        self._at = max(self._at, record.at)

    def finish(self, front: ProceedingsFront) -> Iterator[tuple[str, str]]:
        """Yield the last files: the title page, the contents, and what the book is."""
        words = self._words
        facts = BookFacts(
            identifier=front.address,
            title=" · ".join((front.title, *front.rows(words))),
            language=words.language,
            languages=tuple(self._languages),
            opened=self._opened,
            descriptions=front.notices(words),
            at=self._at,
            towards="rtl" if direction(self._language or words.language) == "rtl" else "ltr",
        )
        yield f"{FOLDER}/{FRONT}", self._frame.page(front.title, self._title(front))
        yield f"{FOLDER}/{CONTENTS}", self._frame.page(words.contents, table(words.contents, self._contents(front)))
        yield f"{FOLDER}/{PACKAGE}", package(facts, [FRONT, *self._pages])

    def _title(self, front: ProceedingsFront) -> Iterator[str]:
        words = self._words
        yield f"<h1><bdi>{escape(front.title)}</bdi></h1>\n"
        yield from (f"<p>{escape(row)}</p>\n" for row in front.rows(words))
        yield f'<p class="notice">{escape(words.notice)}</p>\n'
        address = escape(front.withdrawals)
        yield f'<p class="notice">{escape(words.withdrawn)} <a href="{address}"><bdi>{address}</bdi></a></p>\n'
        if not self._entries:
            yield f"<p>{escape(words.none)}</p>\n"

    def _contents(self, front: ProceedingsFront) -> Iterator[str]:
        yield f'<li><a href="{FRONT}"><bdi>{escape(front.title)}</bdi></a></li>\n'
        for day, entries in by_day(self._entries):
            rows = "".join(map(self._entry, entries))
            yield f"<li><span>{escape(day)}</span>\n<ol>\n{rows}</ol>\n</li>\n" if day else rows

    def _entry(self, entry: ProceedingsEntry) -> str:
        link = f'<a href="{entry.name}">{entry.time} <bdi>{escape(entry.title)}</bdi></a>'
        if not entry.report_name:
            return f"<li>{link}</li>\n"
        return f'<li>{link}\n<ol>\n<li><a href="{entry.report_name}">{escape(entry.report)}</a></li>\n</ol>\n</li>\n'
