"""What stands before the records in proceedings: the title page, and the contents by day and session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from moothall.record.cues import isolated


class ProceedingsWording(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of proceedings in one language."""

    language: str
    """BCP-47 tag of these texts."""
    direction: str
    """`ltr` or `rtl`."""
    heading: str
    """What the book is, in a word."""
    notice: str
    """What is in it, and what it may be used for."""
    withdrawn: str
    """That words may have been withdrawn since, above the address that lists them."""
    contents: str
    """The heading of the table of contents."""
    none: str
    """For proceedings without sessions."""
    report: str
    """Before the title of a session's report."""
    unshown: str
    """For a document in which a square (U+25A1) stands for characters that no font has."""

    def report_of(self, title: str) -> str:
        """The heading of a report with this title."""
        return f"{self.report}: {isolated(title, self.language)}"


class ProceedingsFront(msgspec.Struct, frozen=True, kw_only=True):
    """What the title page says."""

    title: str
    """The conference's name."""
    dates: str
    """Its days in words; empty where they aren't known."""
    address: str
    """URL of this file."""
    withdrawals: str
    """URL of the list of what was withdrawn since."""

    def rows(self, words: ProceedingsWording) -> tuple[str, ...]:
        """What stands below the title, without the notices; no row is empty."""
        return (words.heading, *([self.dates] if self.dates else []))

    def notices(self, words: ProceedingsWording) -> tuple[str, ...]:
        """What it is, and where to look for what was withdrawn."""
        return words.notice, f"{words.withdrawn} {self.withdrawals}"


class ProceedingsEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the contents."""

    title: str
    day: str
    """In words; empty where it is not known."""
    time: str
    """When it began by the conference's clock; empty where it is not known."""
    address: str
    """URL of its record at the server."""
    name: str
    """Where it begins in the book: the name of a page, or of an anchor."""
    report: str = ""
    """The heading of its report (`ProceedingsWording.report_of`); empty where none is published."""
    report_name: str = ""
    """Where the report begins, as `name`."""


def by_day(entries: Sequence[ProceedingsEntry]) -> Iterator[tuple[str, list[ProceedingsEntry]]]:
    """Yield each day with its sessions, in the order in which they are given."""
    day, found = "", list[ProceedingsEntry]()
    for entry in entries:
        if entry.day != day and found:
            yield day, found
            found = []
        day = entry.day
        found.append(entry)
    if found:
        yield day, found
