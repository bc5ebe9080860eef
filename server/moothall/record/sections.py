"""The sections of a record: its rows by what was taken up and by the time at which they were said, as a long text is
divided in HTML and in documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from moothall.core.views.reading_order import EARLY
from moothall.record.chapters import RecordedChapter
from moothall.record.model import Record, RecordedLine
from moothall.record.parallel import OtherText, ParallelRow, parallel
from moothall.record.text import RecordRow, reading
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import beginning

SHORT_SECTION, LONG_SECTION = 5 * 60_000, 10 * 60_000
"""Length of a section in ms, for records up to an hour and for longer ones."""
HOUR = 3_600_000

SectionRow = RecordRow | ParallelRow


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A section."""

    start: int
    """When it begins, media ms."""
    name: str
    """The second at which it begins, and letters where another section begins in the same."""
    rows: Sequence[SectionRow]
    """Its rows; none where only the heading of a topic stands above its first question."""
    chapter: RecordedChapter | None = None
    """With what it begins; None where only time has passed, or nothing is taken up any more."""


def sections(record: Record, options: Options, beside: OtherText | None = None) -> Iterator[Section]:
    """Yield the sections of a record, or of its bilingual form. Without times none begins where only time has
    passed.
    """
    rows: Iterator[SectionRow] = reading(record, options)
    if beside is not None:
        rows = parallel(record, beside.record, options)
    until = max(record.until, 0 if beside is None else beside.record.until)
    size = (SHORT_SECTION if until <= HOUR else LONG_SECTION) if options.times else until + 1
    named = _Names()
    waiting, ends = list(record.chapters[::-1]), list(record.ends[::-1])
    start, grid, chapter, found = 0, 0, None, list[SectionRow]()
    for row in rows:
        ended, mine = _end(ends, row.t0), max(grid, row.t0 // size * size)
        begins = [each for each in _begin(waiting, row.t0) if ended is None or each.t > ended]
        if found and (begins or mine != grid or ended is not None):
            yield Section(start=start, name=named(start), rows=found, chapter=chapter)
            chapter, found = None, []
        start, grid = start if found else max(mine, ended or 0), mine
        for number, each in enumerate(begins):
            start, chapter = each.t, each
            if _stands_alone(each, begins[number + 1 :]):
                yield Section(start=start, name=named(start), rows=(), chapter=each)
        found.append(row)
    if found:
        yield Section(start=start, name=named(start), rows=found, chapter=chapter)


def _begin(waiting: list[RecordedChapter], t0: int) -> list[RecordedChapter]:
    """Take the chapters that begin with a row that begins at `t0` (media ms), or before it, from those `waiting`."""
    found = []
    while waiting and waiting[-1].t - EARLY <= t0:
        found.append(waiting.pop())
    return found


def _end(waiting: list[int], t0: int) -> int | None:
    """Take the moments from which nothing is taken up with a row that begins at `t0` (media ms) from those `waiting`.
    Returns the last; None for none.
    """
    last = None
    while waiting and waiting[-1] - EARLY <= t0:
        last = waiting.pop()
    return last


def _stands_alone(chapter: RecordedChapter, following: Sequence[RecordedChapter]) -> bool:
    """Whether the heading of a chapter without rows is shown: that of a topic whose first question comes at once."""
    return chapter.kind is None and bool(following) and following[0].kind is not None


class _Names:
    """Gives sections their names."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def __call__(self, start: int) -> str:
        name = str(start // 1000)
        while name in self._given:
            name += "b"
        self._given.add(name)
        return name


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
