"""Reads a programme from the `schedule.json` of frab or pretalx."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import (
    FileContext,
    SessionDraft,
    called,
    drafts_of,
    languages_in,
    readable,
    timetable,
)
from moothall.core.programme.plan import Timetable
from moothall.core.programme.times import duration, moment, zone_of


class _Person(msgspec.Struct, frozen=True):
    id: int | str | None = None
    code: str | None = None
    public_name: str | None = None
    name: str | None = None


class _Event(msgspec.Struct, frozen=True):
    title: str | None = None
    id: int | str | None = None
    guid: str | None = None
    code: str | None = None
    date: str | None = None
    duration: str | None = None
    language: str | None = None
    persons: tuple[_Person, ...] = ()


class _Day(msgspec.Struct, frozen=True):
    rooms: dict[str, tuple[_Event, ...]] = {}


class _Conference(msgspec.Struct, frozen=True):
    days: tuple[_Day, ...]
    title: str = ""
    acronym: str = ""
    time_zone_name: str | None = None


class _Schedule(msgspec.Struct, frozen=True):
    conference: _Conference


class _File(msgspec.Struct, frozen=True):
    schedule: _Schedule


def read_frab_json(text: str, reading: FileContext) -> Timetable:
    """Read `{"schedule": {"conference": {"days": […]}}}`; raises ProgrammeError."""
    try:
        conference = read_json(text.encode("utf-8", "replace"), _File).schedule.conference
    except Unreadable as error:
        raise ProgrammeError(f"That is no schedule.json of frab or pretalx: {_short(error)}.") from error
    named, wrong = conference.time_zone_name or "", list[str]()
    zone = readable(wrong, lambda: zone_of(named, reading.zones), reading.zone) if named else reading.zone
    events = ((event, room) for day in conference.days for room, events in day.rooms.items() for event in events)
    return timetable(
        source=conference.acronym or conference.title,
        title=conference.title,
        drafts=drafts_of(events, lambda event, number: _draft(event, number, zone, reading)),
        reading=reading,
        notes=(),
        zone=named,
        wrong=wrong,
    )


def _draft(found: tuple[_Event, str], number: int, zone: tzinfo, reading: FileContext) -> SessionDraft:
    event, room = found
    title = event.title or ""
    where, wrong = called(title, number), list[str]()
    date, lasts, spoken = event.date or "", event.duration or "", event.language or ""
    starts = readable(wrong, lambda: moment(date, zone, where), None) if date else None
    length = readable(wrong, lambda: duration(lasts, where), None) if lasts else None
    return SessionDraft(
        where=where,
        id=_first(event.code, event.id, event.guid),
        title=title,
        room=room,
        starts=starts,
        ends=None if starts is None or length is None else starts + round(length.total_seconds() * 1000),
        languages=readable(wrong, lambda: languages_in(spoken, where, reading.language_names), ()),
        speakers=tuple(
            (_first(person.code, person.id), person.public_name or person.name or "") for person in event.persons
        ),
        wrong=tuple(wrong),
    )


def _first(*ids: Any) -> str:
    """The first id that is not empty. Callers list first those ids that stay when a title changes."""
    return next((str(each) for each in ids if each not in (None, "")), "")


def _short(error: BaseException) -> str:
    return (str(error) or "it is nested too deeply")[:200]
