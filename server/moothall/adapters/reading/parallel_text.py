"""A translation with the original above each line; a line that is not translated yet is shown by its original alone.

`web/js/reader/both.js` does the same for new lines while the page is open.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UnsetType

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.reading.page_rows import LineRow, row_of, shows
from moothall.core.events.lines import Origin
from moothall.core.kernel.ids import SegmentId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone
from moothall.core.views.captions import Line, Session


def sources_of(lines: Sequence[Line]) -> set[SegmentId]:
    """The ids of the lines from which the translated `lines` were made."""
    return {
        source.segment
        for line in lines
        if not isinstance(line.made_from, UnsetType)
        for source in line.made_from.sources
    }


def with_original_lines(rows: Sequence[LineRow], lines: Sequence[Line], said: Sequence[Line]) -> list[LineRow]:
    """Return the rows of `lines` with their originals, out of `said`. A line that was spoken in the language of the
    text has none, since it would be shown twice.
    """
    of = {line.segment: line for line in said}
    sources = {
        line.segment: of.get(line.made_from.sources[0].segment)
        for line in lines
        if line.origin is Origin.TRANSLATED and not isinstance(line.made_from, UnsetType)
    }
    found: list[LineRow] = []
    for row in rows:
        source = sources.get(SegmentId(str(row.get("id", ""))))
        found.append(row if source is None or not shows(source) else {**row, "original": source_row(source)})
    return found


def source_row(line: Line) -> LineRow:
    """The row of a line's original."""
    return {"text": line.text.strip(), "language": line.language, "direction": direction(line.language)}


def with_waiting(
    rows: Sequence[LineRow],
    lines: Sequence[Line],
    said: Sequence[Line],
    session: Session,
    *,
    whole: bool,
    newest: bool,
    ui: Catalogue,
    zone: Zone,
) -> list[LineRow]:
    """Insert rows for the lines that are not translated yet, in order of time. To be called before `in_turns`.

    `whole`: whether no translated line comes before `lines`; `newest`: whether none follows them.
    """
    made = sources_of(lines)
    first = lines[0].t0 if lines and not whole else None
    last = lines[-1].t0 if lines and not newest else None
    found = list(rows)
    for line in said:
        within = (first is None or line.t0 >= first) and (last is None or line.t0 < last)
        if line.segment in made or line.t1 is None or not shows(line) or not within:
            continue
        at = next((n for n, row in enumerate(found) if _t0(row) > line.t0), len(found))
        row = row_of(session, line, 0, ui, zone=zone)
        found.insert(at, {**row, "original": source_row(line), "waiting": ui.named("reader/waiting")})
    return found


def _t0(row: LineRow) -> int:
    return int(str(row["t0"]))
