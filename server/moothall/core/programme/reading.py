"""Reads a conference file of any known format. The content shows which format it has."""

from __future__ import annotations

import re

import msgspec

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.csv_table import COLUMNS, read_csv
from moothall.core.programme.drafts import FileContext, timetable
from moothall.core.programme.frab_json import read_frab_json
from moothall.core.programme.frab_xml import read_frab_xml
from moothall.core.programme.plan import Timetable
from moothall.core.programme.table_writing import MOST_BYTES

_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def read_programme(data: bytes, reading: FileContext) -> Timetable:
    """Read CSV, frab XML, frab or pretalx JSON, or iCalendar; raises ProgrammeError with a sentence, and no other
    error.
    """
    if len(data) > MOST_BYTES:
        raise ProgrammeError(f"The file has {len(data) >> 20} MB; at most {MOST_BYTES >> 20} are read.")
    text, note = _decoded(data)
    start = text.lstrip()[:200]
    if start.startswith("<"):
        return read_frab_xml(text.lstrip(), reading)
    if start.startswith("{"):
        return read_frab_json(text, reading)
    if start.upper().startswith("BEGIN:VCALENDAR"):
        return _read_calendar(text.lstrip(), reading)
    table = read_csv(text, reading)
    return msgspec.structs.replace(table, notes=(note, *table.notes)) if note else table


def _read_calendar(text: str, reading: FileContext) -> Timetable:
    found = reading.calendar(text, reading)
    return timetable(
        source=found.title,
        title=found.title,
        drafts=found.drafts,
        reading=reading,
        notes=found.notes,
        zone=found.zone,
        wrong=found.wrong,
    )


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and a sentence on its encoding where that was guessed; empty otherwise."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding), ""
    try:
        return _text(data, "utf-8"), ""
    except ProgrammeError:
        page = next((page for page in _CODE_PAGES if _names_a_title(data, page)), None)
        if page is None:
            raise
    return _text(data, page), f"The file is not UTF-8 and was read as {_CODE_PAGES[page]}: check the names in it."


_CODE_PAGES = {"cp1252": "Windows-1252", "cp1251": "Windows-1251 (Cyrillic)", "cp1256": "Windows-1256 (Arabic)"}
"""Encodings that Excel uses for plain CSV, depending on the machine's language. The right one makes a known heading
readable.
"""


def _names_a_title(data: bytes, page: str) -> bool:
    first = data.partition(b"\n")[0].decode(page, "replace")
    return "title" in {COLUMNS.get(cell.strip(' "').lower()) for cell in re.split("[,;\t]", first)}


def _text(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ProgrammeError(f"The file is not text in {encoding.upper()}; save it as UTF-8.") from error
    if "\0" in text:
        raise ProgrammeError("The file is not text: it holds zero bytes. Name a CSV, XML, JSON or iCalendar file.")
    return text
