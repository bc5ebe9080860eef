"""The reports as files: tables in CSV, and data in JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.people_in_words import as_cells
from moothall.core.attendance.ranges import PeopleRange, exactly
from moothall.core.attendance.recommendations import NOT_MEASURED, RecommendationRow
from moothall.core.attendance.report import SessionAttendance, YearAttendance
from moothall.core.kernel.times import Zone, iso_time
from moothall.core.programme.table_writing import table

HEADING = ("part", "name", "least", "most", "note")
"""The columns of a report: a part of it, what the row is about, the number within bounds, and what is to be said."""
_KINDS = {"csv": "text/csv", "json": "application/json"}


def session_csv(made: SessionAttendance, zone: Zone) -> bytes:
    """The report of a session."""
    rows = [
        ("title", made.title, "", "", ""),
        *(
            (name, "" if at is None else iso_time(zone.at(at)), "", "", "")
            for name, at in (("opened", made.opened), ("closed", made.closed))
        ),
        ("total", "", *as_cells(made.total)),
        ("room", "", *as_cells(made.room)),
        ("hubs", "", *as_cells(made.at_hubs)),
        *(("hub", hub.title, *as_cells(hub.people)) for hub in made.hubs),
        ("online", "", *as_cells(made.online)),
    ]
    for hour in made.hours:
        at = iso_time(zone.at(hour.at))
        rows += [
            ("hour-room", at, *as_cells(exactly(hour.room))),
            ("hour-hubs", at, *as_cells(exactly(hour.hubs))),
            ("hour-online", at, *as_cells(hour.online)),
        ]
    rows += [("read", each.language, *as_cells(each.people)) for each in made.read]
    rows += [("policy-question", topic, "", "", "") for topic in made.topics]
    counts = (("asked", made.asked), ("taken", made.taken), ("answered", made.answered))
    rows += [(name, "", *as_cells(exactly(n))) for name, n in counts]
    if made.signed is not None:
        rows.append(("signed-in", "", *as_cells(exactly(made.signed))))
    for part, groups in (("signed-in", made.groups), ("asked", made.asked_by)):
        rows += [
            (f"{part}-{dimension}", cell, *as_cells(None if people is None else exactly(people)))
            for dimension, cells in groups.items()
            for cell, people in cells.items()
        ]
    rows += [("named", each.name, "", "", each.representing) for each in made.named]
    return table((HEADING, *rows))


def year_csv(year: YearAttendance, zone: Zone) -> bytes:
    """The report of a year: a row for each released meeting, and one for all."""
    heading = ("session", "title", "opened", *_columns("total", "room", "hubs", "online"), "asked", "answered")
    rows = [
        (
            each.session,
            each.title,
            "" if each.opened is None else iso_time(zone.at(each.opened)),
            *_cells(each.total, each.room, each.at_hubs, each.online),
            str(each.asked),
            str(each.answered),
        )
        for each in year.sessions
    ]
    total = (
        *("", f"all of {year.year}", ""),
        *_cells(year.total, year.room, year.at_hubs, year.online),
        *(str(year.asked), str(year.answered)),
    )
    return table((heading, *rows, total))


def recommendations_csv(rows: Sequence[RecommendationRow], years: Sequence[int]) -> bytes:
    """The table of the recommendations: two columns for each year."""
    heading = ("id", "section", "words", "figure", "link", *_columns(*map(str, years)))
    found = []
    for row in rows:
        each = row.recommendation
        figure = NOT_MEASURED if each.figure is None else each.figure.value
        cells = [as_cells(row.years[year])[:2] if year in row.years else ("", "") for year in years]
        found.append((each.id, each.section, each.words, figure, each.link, *(text for pair in cells for text in pair)))
    return table((heading, *found))


def file(body: bytes, name: str, *, own: bool) -> web.Response:
    """Answer with a file as a download, whose name ends in `.csv` or `.json`. `own`: it is for those alone who may see
    it, and no cache keeps it.
    """
    headers = {
        hdrs.CACHE_CONTROL: "no-store" if own else "no-cache",
        hdrs.CONTENT_TYPE: f"{_KINDS[name.rpartition('.')[2]]}; charset=utf-8",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
    }
    return web.Response(body=body, headers=headers)


def as_json(value: msgspec.Struct | dict[str, object]) -> bytes:
    """A report as JSON."""
    return msgspec.json.encode(value)


def _columns(*names: str) -> list[str]:
    return [f"{name} {end}" for name in names for end in ("least", "most")]


def _cells(*people: PeopleRange | None) -> list[str]:
    return [text for each in people for text in as_cells(each)[:2]]
