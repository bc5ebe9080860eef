"""Reads a programme from a CSV table with a row of headings, as a spreadsheet saves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from moothall.core.kernel.csv_rows import UnreadableTable, csv_rows
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.drafts import (
    FileContext,
    SessionDraft,
    languages_in,
    one_each,
    readable,
    stop_at_most,
    timetable,
)
from moothall.core.programme.plan import DAY_MS, Timetable
from moothall.core.programme.table_times import (
    DateOrder,
    date_order,
    has_numbered_dates,
    is_time_of_day,
    table_moment,
)
from moothall.core.programme.table_writing import HEADING, as_before, names_in
from moothall.core.programme.times import duration, zone_of

MOST_LINES = 100_000
"""Text rows of a file: 5,000 sessions whose abstracts have twenty rows each."""
_NAMED = {
    "id": "id code",
    "title": "title session título titulo titre название العنوان 标题 題目 题目",
    "room": "room location sala lugar local salle lieu зал место القاعة المكان 会议室 地点",
    "date": "date day fecha data jour дата التاريخ 日期",
    "start": "start starts inicio início début начало البداية 开始",
    "end": "end ends fin fim конец окончание النهاية 结束",
    "duration": "duration minutes duración duração durée длительность المدة 时长",
    "languages": "language languages idioma idiomas langue langues язык языки اللغة اللغات 语言",
    "speakers": "speaker speakers oradores orador ponentes orateurs intervenants докладчики المتحدثون 发言人",
}
_ZONES = "time zone,timezone,zona horaria,fuso horário,fuseau horaire,часовой пояс,المنطقة الزمنية,时区"
COLUMNS = {name: column for column, names in _NAMED.items() for name in names.split()} | {
    **dict.fromkeys(_ZONES.split(","), "zone"),
    HEADING[0]: "own",
}
"""Headings, in lower case, and the column that each of them means; other columns are ignored."""
_ENGLISH = "id, code, title, room, date, start, end, duration, languages, speakers, time zone"

Parsed = TypeVar("Parsed")


class _Row(msgspec.Struct, frozen=True):
    number: int
    """Number of the row's last text line in the file, from 1."""
    cells: dict[str, str]
    """The cells by the meaning of their column."""


def read_csv(text: str, reading: FileContext) -> Timetable:
    """Read a table that has a `title` column, and any of the others.

    Raises ProgrammeError with everything that is wrong, by line and column.
    """
    rows = _rows(text)
    _, heading = next(rows, (1, []))
    columns = {COLUMNS[name]: n for n, name in enumerate(map(_heading, heading)) if name in COLUMNS}
    if "title" not in columns:
        raise ProgrammeError(f"The first line must name the columns, one of them 'title'; known are {_ENGLISH}.")
    called = {column: heading[n].strip() for column, n in columns.items()}
    found: list[_Row] = []
    for number, row in rows:
        cells = {name: row[n].strip() for name, n in columns.items() if n < len(row)}
        if "own" in columns:  # a table of ours
            cells = {name: as_before(cell) for name, cell in cells.items()}
        if any(cells.values()):
            found.append(_Row(number, cells))
            stop_at_most(len(found))
    written = [row.cells.get(column, "") for row in found for column in ("date", "start", "end")]
    order = date_order(written)
    drafts = [_draft(row, called, order, reading) for row in found]
    return timetable(source="", title="", drafts=drafts, reading=reading, notes=_order_note(written, order))


def _heading(text: str) -> str:
    return " ".join(text.lower().split())


def _order_note(written: list[str], order: DateOrder | None) -> tuple[str, ...]:
    if order is None or not has_numbered_dates(written):
        return ()
    return (f"Dates such as 01/02/2026 were read with the {order} first.",)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every row with the number of its last text line."""
    try:
        yield from csv_rows(text, MOST_LINES)
    except UnreadableTable as error:
        raise ProgrammeError(str(error)) from error


def _draft(row: _Row, called: dict[str, str], order: DateOrder | None, reading: FileContext) -> SessionDraft:
    cells = row.cells
    wrong: list[str] = []

    def read(column: str, parse: Callable[[str, str], Parsed], otherwise: Parsed) -> Parsed:
        if not cells.get(column):
            return otherwise
        where = f"Line {row.number}, column '{called[column]}'"
        return readable(wrong, lambda: parse(cells[column], where), otherwise)

    zone = read("zone", lambda cell, where: zone_of(cell, reading.zones, where), reading.zone)
    day = cells.get("date", "")
    starts = read("start", lambda cell, where: table_moment(cell, day, zone, order, where), None)
    if starts is None and not cells.get("start"):
        starts = read("date", lambda cell, where: table_moment(cell, "", zone, order, where), None)
    on = day or ("" if is_time_of_day(cells.get("start", "")) else cells.get("start", ""))
    ends = read("end", lambda cell, where: table_moment(cell, on, zone, order, where), None)
    if ends is not None and starts is not None and is_time_of_day(cells["end"]) and starts - ends >= DAY_MS // 2:
        # The session ends after midnight. If it lasted more than twelve hours a mistake would be more likely.
        ends += DAY_MS
    lasts = read("duration", duration, None)
    if ends is None and starts is not None and lasts is not None:
        ends = starts + round(lasts.total_seconds() * 1000)
    if starts is None and (cells.get("start") or day):
        ends = None  # The start can't be read, which is reported already.
    own = read("own", _own_id, None)
    languages: tuple[str, ...] = ()
    languages = read("languages", lambda cell, where: languages_in(cell, where, reading.language_names), languages)
    return SessionDraft(
        where=f"Line {row.number}",
        id=cells.get("id", ""),
        own=own,
        title=cells.get("title", ""),
        room=cells.get("room", ""),
        starts=starts,
        ends=ends,
        languages=languages,
        speakers=one_each(names_in(cells.get("speakers", ""))),
        zone=cells.get("zone", ""),
        ends_as=cells.get("end", ""),
        columns=called,
        wrong=tuple(wrong),
    )


def _own_id(cell: str, where: str) -> SessionId:
    if not is_name(cell):
        msg = f"{where}: '{cell[:60]}' is no meeting's id; leave it as it was, or the cell empty for a new meeting."
        raise ProgrammeError(msg)
    return SessionId(cell)
