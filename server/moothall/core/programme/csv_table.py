"""A programme as a table: CSV with a line of headings, as a spreadsheet saves it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from moothall.core.errors import ProgrammeError
from moothall.core.programme.drafts import Draft, Reading, languages_in, one_each, timetable
from moothall.core.programme.plan import Timetable
from moothall.core.programme.times import duration, moment, zone_of

MOST_LINES = 100_000
"""Of a file: 5,000 sessions whose abstracts have twenty lines each."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
COLUMNS = {
    "id": "id",
    "code": "id",
    "title": "title",
    "session": "title",
    "room": "room",
    "location": "room",
    "start": "start",
    "starts": "start",
    "end": "end",
    "ends": "end",
    "duration": "duration",
    "minutes": "duration",
    "language": "languages",
    "languages": "languages",
    "speaker": "speakers",
    "speakers": "speakers",
    "time zone": "zone",
    "timezone": "zone",
}
"""What a heading may be, in any case, and what it means; other columns are passed over."""


def read_csv(text: str, reading: Reading) -> Timetable:
    """Read a table with a `title` column, and of the others what there is; raises ProgrammeError."""
    rows = _rows(text)
    _, heading = next(rows, (1, []))
    columns = {COLUMNS[name]: n for n, name in enumerate(map(_heading, heading)) if name in COLUMNS}
    if "title" not in columns:
        msg = f"The first line must name the columns, one of them 'title'; known are {', '.join(COLUMNS)}."
        raise ProgrammeError(msg)
    return timetable(source="", title="", drafts=_drafts(rows, columns, reading), reading=reading, notes=())


def _drafts(rows: Iterator[tuple[int, list[str]]], columns: dict[str, int], reading: Reading) -> Iterator[Draft]:
    for number, row in rows:
        cells = {name: row[n].strip() for name, n in columns.items() if n < len(row)}
        if any(cells.values()):
            yield _draft(cells, f"Line {number}", reading)


def _heading(text: str) -> str:
    return text.strip().lower()


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every row with the number of its last line."""
    first = next(_lines(text), "")
    delimiter = max(",;\t", key=first.count)
    table = csv.reader(_lines(text), delimiter=delimiter)
    try:
        for row in table:
            if table.line_num > MOST_LINES:
                msg = f"The file has more than {MOST_LINES} lines."
                raise ProgrammeError(msg)
            yield table.line_num, row
    except csv.Error as error:
        msg = f"Line {table.line_num}: that is not CSV ({error})."
        raise ProgrammeError(msg) from error


def _lines(text: str) -> Iterator[str]:
    """One line after the other, with its end: a small file may hold millions."""
    return (found[0] for found in _LINE.finditer(text))


def _draft(cells: dict[str, str], where: str, reading: Reading) -> Draft:
    named = cells.get("zone", "")
    zone = zone_of(named, reading.zones) if named else reading.zone
    starts = moment(cells["start"], zone, where) if cells.get("start") else None
    ends = moment(cells["end"], zone, where) if cells.get("end") else None
    if ends is None and starts is not None and cells.get("duration"):
        ends = starts + round(duration(cells["duration"], where).total_seconds() * 1000)
    return Draft(
        where=where,
        id=cells.get("id", ""),
        title=cells.get("title", ""),
        room=cells.get("room", ""),
        starts=starts,
        ends=ends,
        languages=languages_in(cells.get("languages", ""), where),
        speakers=one_each(cells.get("speakers", "").split(";")),
        zone=named,
    )
