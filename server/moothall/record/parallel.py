"""The bilingual form of a record: two texts of a session beside each other, line by line.

A line stands beside the line that it was translated from; of two translations, lines of the same original stand beside
each other. What no line was made from is placed by time alone: an interpretation beside what was spoken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from moothall.core.kernel.ids import SegmentId
from moothall.core.views.reading_order import SpeakerTurn
from moothall.record.model import Missing, Record, RecordedLine, source_ids
from moothall.record.text import reading
from moothall.record.wording import Options, Wording

RecordItem = RecordedLine | Missing
_Columns = tuple[list[RecordItem], list[RecordItem]]
"""Items of the first text, and of the other."""


class OtherText(msgspec.Struct, frozen=True, kw_only=True):
    """The text that stands beside that of a record."""

    record: Record
    wording: Wording


class ParallelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line or a span without text, with what stands beside it."""

    first: tuple[RecordItem, ...]
    """What stands in the record's own text; empty where only the other one has something."""
    second: tuple[RecordItem, ...]
    """What stands in the other text: often one line, several where it was divided."""
    begins: bool
    """Whether a turn begins with it, as in `RecordRow`."""
    turn: str | None
    """The speaker's name, as in `RecordRow`: that of the first line of the row."""

    @property
    def t0(self) -> int:
        """Media ms at which the row begins."""
        return self.items[0].t0

    @property
    def items(self) -> tuple[RecordItem, ...]:
        """What stands in the row; at least one item."""
        return (*self.first, *self.second)

    @property
    def common(self) -> Missing | None:
        """The span without text that both texts have; None for any other row."""
        item = self.first[0] if self.first else None
        return item if isinstance(item, Missing) and self.first == self.second else None


def parallel(record: Record, other: Record, options: Options) -> Iterator[ParallelRow]:
    """Yield the rows of two texts of a session in order of time, each item of both exactly once."""
    rows = _placed(_items(record), _items(other))
    turn = SpeakerTurn()
    for first, second in rows:
        said = next((item for item in (*first, *second) if isinstance(item, RecordedLine)), None)
        if said is None:
            yield ParallelRow(first=tuple(first), second=tuple(second), begins=True, turn=None)
            turn = turn.broken()
            continue
        changes = any(isinstance(item, RecordedLine) and item.voice_changes for item in (*first, *second))
        heading = turn.then(said.name if options.speakers else "", changes=changes)
        turn = heading.turn
        yield ParallelRow(
            first=tuple(first), second=tuple(second), begins=heading.begins, turn=turn.name if turn.named else None
        )


def _items(record: Record) -> list[RecordItem]:
    """The lines and spans of a text in reading order."""
    return [row.item for row in reading(record, Options())]


def _placed(one: list[RecordItem], other: list[RecordItem]) -> list[_Columns]:
    """The items of `other` beside those of `one`."""
    rows: list[_Columns] = [([item], []) for item in one]
    place = _places(one)
    matched = {number: at for number, item in enumerate(other) if (at := _beside(item, place)) is not None}
    translated = any(isinstance(other[number], RecordedLine) for number in matched)
    for number, at in matched.items():
        rows[at][1].append(other[number])
    alone = [item for number, item in enumerate(other) if number not in matched]
    if not translated:
        alone = _by_time(rows, alone)
    return _merged(rows, alone)


def _places(items: list[RecordItem]) -> Mapping[SegmentId | Missing, int]:
    """Where each line stands, by its own id and those of the lines it was made from; and each span, by itself."""
    found: dict[SegmentId | Missing, int] = {}
    for number, item in enumerate(items):
        for key in _keys(item):
            found.setdefault(key, number)
    return found


def _keys(item: RecordItem) -> tuple[SegmentId | Missing, ...]:
    return (item,) if isinstance(item, Missing) else source_ids(item)


def _beside(item: RecordItem, place: Mapping[SegmentId | Missing, int]) -> int | None:
    """The number of the row beside which an item stands; None where there is none."""
    return next((place[key] for key in _keys(item) if key in place), None)


def _by_time(rows: list[_Columns], items: list[RecordItem]) -> list[RecordItem]:
    """Add each line to the last row that began before it, where that is a line, and return what remains."""
    remain: list[RecordItem] = []
    at = -1
    for item in items:
        while at + 1 < len(rows) and rows[at + 1][0][0].t0 <= item.t0:
            at += 1
        if at < 0 or isinstance(item, Missing) or isinstance(rows[at][0][0], Missing):
            remain.append(item)
        else:
            rows[at][1].append(item)
    return remain


def _merged(rows: list[_Columns], alone: list[RecordItem]) -> list[_Columns]:
    """The rows with those items in rows of their own that stand beside nothing, in order of time."""
    found: list[_Columns] = []
    waiting = list(reversed(alone))
    for row in rows:
        while waiting and waiting[-1].t0 < row[0][0].t0:
            found.append(([], [waiting.pop()]))
        found.append(row)
    return [*found, *(([], [item]) for item in reversed(waiting))]
