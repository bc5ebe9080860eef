"""The values of the pages with attendance reports, made for their templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from babel.dates import format_date
from markupsafe import Markup

from moothall.adapters.attendance.texts import AttendanceText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.people_in_words import number, people_in_words
from moothall.core.attendance.online import HOUR_MS
from moothall.core.attendance.ranges import PeopleRange, exactly
from moothall.core.attendance.report import SessionAttendance, YearAttendance
from moothall.core.kernel.times import Zone, time_of_day
from moothall.core.pictures.charts import Bar, BarGroup, bars
from moothall.core.sessions.roll import RollStatus


def session_values(made: SessionAttendance, ui: Catalogue, zone: Zone) -> dict[str, object]:
    """The report of a session."""

    def words(people: PeopleRange | None) -> str:
        return people_in_words(people, made.fewest, ui)

    hubs = [(_hub(hub.title, hub.hubs, ui), words(hub.people)) for hub in made.hubs]
    hours = [
        (
            f"{ui.day(zone.at(hour.at))} {time_of_day(zone.at(hour.at))}",
            words(exactly(hour.room)),
            words(exactly(hour.hubs)),
            words(hour.online),
        )
        for hour in made.hours
    ]
    return {
        "title": made.title or ui.text("Meeting without a title"),
        "language": next(iter(made.languages), "") if made.title else "",
        "day": _day(made.opened, ui, zone),
        "total": words(made.total),
        "room": words(made.room),
        "at_hubs": words(made.at_hubs),
        "online": words(made.online),
        "hubs": hubs,
        "hours": hours,
        "picture": _picture(made, ui, zone),
        "read": [(ui.language_name(each.language), words(each.people)) for each in made.read],
        "topics": made.topics,
        "questions": number(made.asked, ui),
        "taken": number(made.taken, ui),
        "answered": number(made.answered, ui),
        "hours_with_text": hours_of(made.recorded_ms, ui),
        "signed": None if made.signed is None else number(made.signed, ui),
        "final": made.roll is RollStatus.FINAL,
        "named": made.named,
        "groups": group_rows(made.groups, ui),
        "asked_by": group_rows(made.asked_by, ui),
        "elsewhere": number(made.elsewhere, ui) if made.elsewhere else "",
        "uncounted": made.uncounted,
        "by_place": made.by_place,
        "fewest": number(made.fewest, ui),
        "released": made.released,
        "over": made.closed is not None,
    }


def year_values(year: YearAttendance, ui: Catalogue, zone: Zone) -> dict[str, object]:
    """The report of a year."""

    def words(people: PeopleRange | None, fewest: int = 0) -> str:
        return people_in_words(people, fewest, ui)

    return {
        "year": year.year,
        "total": words(year.total),
        "room": words(year.room),
        "at_hubs": words(year.at_hubs),
        "online": words(year.online),
        "meetings": number(year.meetings, ui),
        "told": number(len(year.sessions), ui),
        "untold": number(year.untold, ui) if year.untold else "",
        "hubs": number(year.hubs, ui),
        "hours_with_text": hours_of(year.recorded_ms, ui),
        "languages": ui.listed(ui.language_name(tag) for tag in year.languages),
        "topics": number(year.topics, ui),
        "questions": number(year.asked, ui),
        "taken": number(year.taken, ui),
        "answered": number(year.answered, ui),
        "named": number(year.named, ui),
        "rows": [
            {
                "session": each.session,
                "title": each.title or ui.text("Meeting without a title"),
                "language": next(iter(each.languages), "") if each.title else "",
                "day": _day(each.opened, ui, zone),
                "cells": (
                    words(each.room, each.fewest),
                    words(each.at_hubs, each.fewest),
                    words(each.online, each.fewest),
                    words(each.total, each.fewest),
                    number(each.asked, ui),
                    number(each.answered, ui),
                ),
            }
            for each in year.sessions
        ],
    }


def waiting_values(waiting: Sequence[SessionAttendance], ui: Catalogue, zone: Zone) -> list[dict[str, str]]:
    """The meetings whose report waits for its release."""
    return [
        {
            "session": each.session,
            "title": each.title or ui.text("Meeting without a title"),
            "language": next(iter(each.languages), "") if each.title else "",
            "day": _day(each.opened, ui, zone),
        }
        for each in waiting
    ]


def group_rows(groups: Mapping[str, Mapping[str, int | None]], ui: Catalogue) -> list[dict[str, object]]:
    """Sums by what people said of themselves: for each dimension its name, and the rows that may be told."""
    found: list[dict[str, object]] = []
    for dimension, cells in groups.items():
        rows = [
            (_cell(dimension, cell, ui), number(people, ui)) for cell, people in cells.items() if people is not None
        ]
        found.append({"name": ui.named(f"moderation/heard.{dimension}"), "rows": rows})
    return found


def hours_of(ms: int, ui: Catalogue) -> str:
    """A length of time in hours."""
    return number(round(ms / HOUR_MS, 1), ui)


def _cell(dimension: str, cell: str, ui: Catalogue) -> str:
    return (
        ui.named("moderation/heard.not-said")
        if cell == "not-said"
        else ui.named(f"moderation/heard.{dimension}.{cell}")
    )


def _hub(title: str, hubs: int, ui: Catalogue) -> str:
    return title or ui.text(AttendanceText.OTHER_GROUPS, n=number(hubs, ui))


def _day(at: int | None, ui: Catalogue, zone: Zone) -> str:
    return "" if at is None else str(format_date(zone.at(at), "long", locale=ui.locale))


def _picture(made: SessionAttendance, ui: Catalogue, zone: Zone) -> Markup | str:
    """A bar chart of the browsers of each hour; empty with fewer than two hours that are told."""
    told = [(hour.at, hour.online) for hour in made.hours if hour.online is not None and hour.online.known]
    if len(told) < 2:
        return ""
    groups = [
        BarGroup(
            f"{ui.day(zone.at(at))} {time_of_day(zone.at(at))}",
            (Bar("", people.least if people.most is None else people.most, people_in_words(people, 0, ui)),),
        )
        for at, people in told
    ]
    # core.pictures makes it of numbers and escaped texts
    return Markup(bars(groups, rtl=ui.direction == "rtl"))  # noqa: S704
