"""What is known of a past meeting beside its file: by the file's name, and by a table of the folder.

Names of files that are understood: our own (`2026-11-24 Opening ceremony (en).vtt`), those of Zoom's recordings
(`GMT20201124-130012_Recording.transcript.vtt`) and of Teams' (`Opening-20231102_150335-Meeting Recording.vtt`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import ImportRefused, ProgrammeError
from moothall.core.kernel.ids import is_name
from moothall.core.kernel.languages import is_language
from moothall.core.programme.times import moment, unix_ms
from moothall.record.imports.past import PastText, decoded
from moothall.record.wrapping import plain

TABLE = "import.csv"
COLUMNS = ("file", "title", "start", "language", "session", "text")
TEXTS = {"floor": ChannelKind.FLOOR, "interpretation": ChannelKind.INTERPRETATION}
MOST_ROWS = 20_000
MOST_TITLE = 500
_DATE = re.compile(
    r"([12][0-9]{3})-([01][0-9])-([0-3][0-9])(?:[ T_]+([0-2][0-9])[.:h-]?([0-5][0-9])(?:[.:-]?([0-5][0-9]))?(?![0-9]))?"
)
_ZOOM = re.compile(r"GMT([12][0-9]{3})([01][0-9])([0-3][0-9])-([0-2][0-9])([0-5][0-9])([0-5][0-9])_Recording")
_TEAMS = re.compile(
    r"(?P<title>.*?)-([12][0-9]{3})([01][0-9])([0-3][0-9])_([0-2][0-9])([0-5][0-9])([0-5][0-9])-Meeting Recording"
)
_LANGUAGE = re.compile(r"\s*(?:\(([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\)|[._]([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?))\Z")
_NO_LANGUAGE = frozenset({"vtt", "cc", "txt", "srt", "raw", "sdh"})


class AboutMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a meeting; None and empty: nothing."""

    title: str = ""
    start: int | None = None
    """Unix ms of media time 0."""
    day: str = ""
    """The date of the meeting, where only that is known."""
    language: str = ""
    """BCP-47 tag of the text."""
    session: str = ""
    kind: ChannelKind | None = None


def by_name(name: str, zone: tzinfo) -> AboutMeeting:
    """What the name of a file says. `zone`: of times that name no offset."""
    stem = name.rpartition(".")[0] or name
    stem = stem.removesuffix(".transcript").removesuffix(".cc")
    language = ""
    if (found := _LANGUAGE.search(stem)) is not None and (tag := found[1] or found[2]) not in _NO_LANGUAGE:
        language, stem = tag, stem[: found.start()]
    if (zoom := _ZOOM.match(stem)) is not None:
        return AboutMeeting(start=_start(zoom.groups(), UTC), language=language)
    if (teams := _TEAMS.match(stem)) is not None:
        title, *parts = teams.groups()
        return AboutMeeting(title=plain(title.replace("_", " ")), start=_start(tuple(parts), zone), language=language)
    date = _DATE.search(stem)
    if date is None:
        return AboutMeeting(title=_title(stem), language=language)
    title = _title(stem[: date.start()] + " " + stem[date.end() :])
    year, month, day, hour, *_ = date.groups()
    if hour is None:
        return AboutMeeting(title=title, day=f"{year}-{month}-{day}", language=language)
    return AboutMeeting(title=title, start=_start(date.groups(), zone), language=language)


def _title(text: str) -> str:
    return plain(text.replace("_", " ")).strip(" -–.")[:MOST_TITLE]  # noqa: RUF001


def _start(parts: tuple[str | None, ...], zone: tzinfo) -> int | None:
    try:
        return unix_ms(datetime(*(int(part or 0) for part in parts), tzinfo=zone))  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return None


def read_table(data: bytes, zone: tzinfo) -> dict[str, AboutMeeting]:
    """Read the table of a folder: what it says of each file, by the file's name. Raises ImportRefused."""
    rows = csv.reader(decoded(data).splitlines())
    found: dict[str, AboutMeeting] = {}
    try:
        heading = [cell.strip().lower() for cell in next(rows, [])]
        if "file" not in heading or set(heading) - set(COLUMNS):
            raise ImportRefused(f"The first line names the columns: file, and any of {', '.join(COLUMNS[1:])}.", 1)
        for row in rows:
            cells = {name: cell.strip() for name, cell in zip(heading, row, strict=False)}
            if not any(cells.values()):
                continue
            name, about = _row(cells, zone, rows.line_num)
            if name in found:
                raise ImportRefused(f"The file '{name[:80]}' stands in this table twice.", rows.line_num)
            found[name] = about
            if len(found) > MOST_ROWS:
                raise ImportRefused(f"A table has at most {MOST_ROWS} files.", rows.line_num)
    except csv.Error as error:
        raise ImportRefused(f"This is no table of comma-separated values: {error}.", rows.line_num) from error
    return found


def _row(cells: Mapping[str, str], zone: tzinfo, number: int) -> tuple[str, AboutMeeting]:
    name, language, session = cells["file"], cells.get("language", ""), cells.get("session", "")
    text, start = cells.get("text", ""), cells.get("start", "")
    if not name:
        raise ImportRefused("The name of the file is missing.", number)
    if language and not is_language(language):
        raise ImportRefused(f"'{language[:40]}' is no language; write a tag such as en or pt-BR.", number)
    if session and not is_name(session):
        raise ImportRefused(f"'{session[:70]}' can't be the id of a session: a-z, 0-9 and -, at most 64.", number)
    if text and text not in TEXTS:
        raise ImportRefused(f"'{text[:40]}' is no text of a meeting; write {' or '.join(TEXTS)}.", number)
    try:
        wall = moment(start, zone, "The start") if start else None
    except ProgrammeError as error:
        raise ImportRefused(str(error), number) from error
    title = cells.get("title", "")[:MOST_TITLE]
    return name, AboutMeeting(title=title, start=wall, language=language, session=session, kind=TEXTS.get(text))


def united(table: AboutMeeting, past: PastText, named: AboutMeeting, zone: tzinfo) -> AboutMeeting:
    """What is known of a meeting: by the table first, then by the file itself, then by the file's name.

    Where only the day is known the meeting counts as begun at midnight in `zone`.
    """
    start = next((each for each in (table.start, past.opened, named.start) if each is not None), None)
    day = past.day or named.day
    if start is None and day:
        try:
            start = unix_ms(datetime.fromisoformat(day).replace(tzinfo=zone))
        except (ValueError, OverflowError):
            start = None
    return AboutMeeting(
        title=(table.title or past.title or named.title)[:MOST_TITLE],
        start=start,
        language=table.language or past.language or named.language,
        session=table.session or past.session,
        kind=table.kind if table.kind is not None else past.kind if past.channel else None,
    )
