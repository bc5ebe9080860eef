"""The record as it is read: lines and gaps in order, in turns of one speaker.

It stands alone since `text` and `html` both read so, and `model` and `wording`, which it uses, know nothing of turns.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.views.reading_order import Turn, with_spans
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
    turn = Turn()
    for item in with_spans(record.lines, record.missing, lambda line: line.t0):
        if isinstance(item, Missing):
            yield Row(item=item, begins=True, turn=None)
            turn = turn.broken()
            continue
        heading = turn.then(item.name if options.speakers else "")
        turn = heading.turn
        yield Row(item=item, begins=heading.begins, turn=turn.name if turn.named else None)
