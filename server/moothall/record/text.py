"""Plain text: a line for each line of the record, under the name of who said it."""

from __future__ import annotations

from collections.abc import Iterator

from moothall.core.kernel.times import media_time
from moothall.record.model import Missing, Record
from moothall.record.reading import reading
from moothall.record.wording import AskedWording, Options, Wording


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
        if options.sources:  # A line of its own: text that runs the other way would mix with it.
            block.append(f"    ({wording.source(row.item)})")
    if block:
        rows.append("\n".join(block))
    rows += _asked(record, wording.asked, options)
    rows.append(wording.named(record))
    return "\n\n".join(rows) + "\n"


def _asked(record: Record, words: AskedWording, options: Options) -> Iterator[str]:
    """What was asked, a block each, below a heading with the figures."""
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
