"""Plain text: a line for each line of the record, under the name of who said it."""

from __future__ import annotations

from moothall.core.times import media_time
from moothall.record.model import Missing, Record
from moothall.record.reading import reading
from moothall.record.wording import Options, Wording


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
    rows.append(wording.named(record))
    return "\n\n".join(rows) + "\n"
