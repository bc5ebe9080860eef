"""Reads a conference file of any kind that is known; which kind it is, its content says."""

from __future__ import annotations

from moothall.core.errors import ProgrammeError
from moothall.core.programme.csv_table import read_csv
from moothall.core.programme.drafts import Reading
from moothall.core.programme.frab_json import read_frab_json
from moothall.core.programme.frab_xml import read_frab_xml
from moothall.core.programme.icalendar import read_icalendar
from moothall.core.programme.plan import Timetable

MOST_BYTES = 8 << 20
"""Largest file; the schedule of a congress with 1,000 talks and their abstracts takes 3 MB."""
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def read_programme(data: bytes, reading: Reading) -> Timetable:
    """Read CSV, frab XML, frab or pretalx JSON, or iCalendar; raises ProgrammeError with a sentence, nothing else."""
    if len(data) > MOST_BYTES:
        msg = f"The file has {len(data) >> 20} MB; at most {MOST_BYTES >> 20} are read."
        raise ProgrammeError(msg)
    text = _decoded(data)
    start = text.lstrip()[:200]
    if start.startswith("<"):
        return read_frab_xml(text.lstrip(), reading)
    if start.startswith("{"):
        return read_frab_json(text, reading)
    if start.upper().startswith("BEGIN:VCALENDAR"):
        return read_icalendar(text.lstrip(), reading)
    return read_csv(text, reading)


def _decoded(data: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return _as(data[len(mark) :], encoding)
    return _as(data, "utf-8")


def _as(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        msg = f"The file is not text in {encoding.upper()}; save it as UTF-8."
        raise ProgrammeError(msg) from error
    if "\0" in text:
        msg = "The file is not text: it holds zero bytes. Name a CSV, XML, JSON or iCalendar file."
        raise ProgrammeError(msg)
    return text
