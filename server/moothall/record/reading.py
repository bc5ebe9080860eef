"""The record as it is read: lines and what is missing between them, in turns of one speaker."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.views.reading_order import Turn
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.wording import Options


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or a span without text."""

    item: RecordedLine | Missing
    begins: bool
    """Whether another turn begins with it: of somebody else, or of the same behind something missing."""
    turn: str | None
    """Whose turn it is: a name, empty for somebody who isn't named after one who was; None where no name is shown."""


def reading(record: Record, options: Options) -> Iterator[Row]:
    """All rows in order of time. Without speakers only what is missing makes a turn."""
    missing = list(record.missing)
    turn = Turn()
    for line in record.lines:
        while missing and missing[0].t0 <= line.t0:
            yield Row(item=missing.pop(0), begins=True, turn=None)
            turn = turn.broken()
        heading = turn.then(line.name if options.speakers else "")
        turn = heading.turn
        yield Row(item=line, begins=heading.begins, turn=turn.name if turn.named else None)
    for span in missing:
        yield Row(item=span, begins=True, turn=None)
