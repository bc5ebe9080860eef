"""The sections of a record: its rows by the time at which they were said, as a long text is divided in HTML and in
documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moothall.record.model import Record, RecordedLine
from moothall.record.parallel import OtherText, ParallelRow, parallel
from moothall.record.text import RecordRow, reading
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import beginning

SHORT_SECTION, LONG_SECTION = 5 * 60_000, 10 * 60_000
"""Length of a section in ms, for records up to an hour and for longer ones."""
HOUR = 3_600_000

SectionRow = RecordRow | ParallelRow
Section = tuple[int, Sequence[SectionRow]]
"""The media ms at which a section begins, and its rows."""


def sections(record: Record, options: Options, beside: OtherText | None = None) -> Iterator[Section]:
    """Yield the sections of a record, or of its bilingual form. Without times there is only one."""
    rows: Iterator[SectionRow] = reading(record, options)
    if beside is not None:
        rows = parallel(record, beside.record, options)
    until = max(record.until, 0 if beside is None else beside.record.until)
    size = (SHORT_SECTION if until <= HOUR else LONG_SECTION) if options.times else until + 1
    start, found = 0, list[SectionRow]()
    for row in rows:
        mine = max(start, row.t0 // size * size)
        if mine != start and found:
            yield start, found
            found = []
        start = mine
        found.append(row)
    if found:
        yield start, found


def heading_of(row: SectionRow, number: int, wording: Wording) -> str | None:
    """The speaker's name above a row, which is the `number`-th of its section; None where no name stands there."""
    return (row.turn or wording.unnamed) if row.turn is not None and (row.begins or not number) else None


def excerpt(rows: Sequence[SectionRow]) -> tuple[str, str]:
    """The beginning of the first line of some rows, and its language (BCP-47); both empty where there is no line."""
    items = (item for row in rows for item in row.items)
    first = next((item for item in items if isinstance(item, RecordedLine)), None)
    return ("", "") if first is None else (beginning(first.text), first.language)


def states_of(record: Record, wording: Wording, beside: OtherText | None = None) -> tuple[str, ...]:
    """The names of the states that are shown: in the bilingual form of both texts, unless they are equal."""
    named = [wording.named(record), *([] if beside is None else [beside.wording.named(beside.record)])]
    return tuple(dict.fromkeys(named))
