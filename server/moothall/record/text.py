"""The record in reading order (lines and gaps, in turns of one speaker), and as plain text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.kernel.times import media_time
from moothall.core.views.reading_order import SpeakerTurn, with_spans
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.wording import AskedWording, Options, Wording


class RecordRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or a span without text."""

    item: RecordedLine | Missing
    begins: bool
    """Whether a turn begins with it: another speaker's, or the same speaker's after a span without text."""
    turn: str | None
    """The name of the turn's speaker; empty for a speaker who isn't named after one who was; None where no name is
    shown.
    """

    @property
    def t0(self) -> int:
        """Media ms at which the row begins."""
        return self.item.t0

    @property
    def items(self) -> tuple[RecordedLine | Missing, ...]:
        """What stands in the row."""
        return (self.item,)


def reading(record: Record, options: Options) -> Iterator[RecordRow]:
    """Yield all rows in order of time. Without speakers, turns begin only after spans without text
    and where the voice changes.
    """
    turn = SpeakerTurn()
    for item in with_spans(record.lines, record.missing, lambda line: line.t0):
        if isinstance(item, Missing):
            yield RecordRow(item=item, begins=True, turn=None)
            turn = turn.broken()
            continue
        heading = turn.then(item.name if options.speakers else "", changes=bool(item.voice_changes))
        turn = heading.turn
        yield RecordRow(item=item, begins=heading.begins, turn=turn.name if turn.named else None)


def write_text(record: Record, wording: Wording, options: Options) -> str:
    """The record as plain text."""
    head = [wording.title_of(record), *wording.facts(record), wording.notice]
    rows: list[str] = ["\n".join(head)]
    block: list[str] = []
    for row in reading(record, options):
        if row.begins and block:
            rows.append("\n".join(block))
            block = []
        if isinstance(row.item, Missing):
            block.append(f"[{wording.missing(row.item)}]")
            continue
        if row.begins and row.turn is not None:
            block.append(f"{row.turn or wording.unnamed}:")
        time = f"[{media_time(row.item.t0)}] " if options.times else ""
        block.append(f"{time}{row.item.text}")
        if options.sources:  # The source is a row of its own, since text of the other direction would mix with it.
            block.append(f"    ({wording.source(row.item)})")
    if block:
        rows.append("\n".join(block))
    rows += _asked(record, wording.asked, options)
    rows.append(wording.named(record))
    return "\n\n".join(rows) + "\n"


def _asked(record: Record, words: AskedWording, options: Options) -> Iterator[str]:
    """Yield the questions, one block each, after a block with the heading and the figures."""
    if record.figures.received:
        yield "\n".join([words.heading, *words.figures])
    lines = record.by_source()
    for each in record.asked:
        name = f" · {each.name}" if each.name and options.speakers else ""
        block = [words.number_of(each) + name, " · ".join(words.about(each, options))]
        if each.text:
            block.append(each.text)
        line = None if each.segment is None else lines.get(each.segment)
        if line is not None and options.times:
            block.append(words.answered_at.format(time=media_time(line.t0)))
        if each.answer is not None:
            block += [f"{words.answer}:", each.answer.text]
        yield "\n".join(block)
