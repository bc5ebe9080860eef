"""A programme as a calendar: iCalendar (RFC 5545), one VEVENT a session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

import msgspec

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import Draft, Reading, called, languages_in, readable, stop_at_most, timetable
from moothall.core.programme.plan import Timetable
from moothall.core.programme.times import duration, unix_ms, zone_of

_LINE = re.compile(
    r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*):(.*)\Z", re.DOTALL
)
_PARAMETER = re.compile(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^;]*)")
_TIME = re.compile(r"([0-9]{8})(?:T([0-9]{6}))?(Z?)\Z")
_ESCAPED = re.compile(r"\\([\\;,nN])")


class _Property(msgspec.Struct, frozen=True):
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value without its escapes."""
        return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], self.value).strip()


def read_icalendar(text: str, reading: Reading) -> Timetable:
    """Read every VEVENT; raises ProgrammeError.

    Speakers are `ATTENDEE` and `ORGANIZER` with a CN, or `X-SPEAKER` lines; languages are the `LANGUAGE` of the
    summary or `X-LANGUAGES`. Of a series only the first is taken, and cancelled ones are left out; notes say so.
    """
    own, events = _components(text)
    title, named = _value(own, "X-WR-CALNAME"), _value(own, "X-WR-TIMEZONE")
    wrong: list[str] = []
    zone = readable(wrong, lambda: zone_of(named, reading.zones), reading.zone) if named else reading.zone
    drafts: list[Draft] = []
    notes: list[str] = []
    for number, properties in enumerate(events, 1):
        where = called(_value(properties, "SUMMARY"), number)
        if _value(properties, "STATUS").upper() == "CANCELLED":
            notes.append(f"{where} is cancelled and left out.")
            continue
        if _value(properties, "RRULE"):
            notes.append(f"{where} repeats; only the first is taken.")
        drafts.append(_draft(properties, where, zone, reading))
    return timetable(source=title, title=title, drafts=drafts, reading=reading, notes=notes, zone=named, wrong=wrong)


def _components(text: str) -> tuple[list[_Property], list[list[_Property]]]:
    """The calendar's own properties, and each event's; alarms and time zones are passed over."""
    own: list[_Property] = []
    events: list[list[_Property]] = []
    inside: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        name, parameters, value = found[1].upper(), found[2], found[3]
        if name == "BEGIN":
            inside.append(value.strip().upper())
            if inside[-1] == "VEVENT":
                events.append([])
                stop_at_most(len(events))
        elif name == "END":
            if not inside or inside.pop() != value.strip().upper():
                msg = f"The calendar is broken: '{line[:60]}' ends what had not begun."
                raise ProgrammeError(msg)
        elif inside[-1:] == ["VEVENT"]:
            events[-1].append(_property(name, parameters, value))
        elif inside == ["VCALENDAR"]:
            own.append(_property(name, parameters, value))
    return own, events


def _property(name: str, parameters: str, value: str) -> _Property:
    given = {key.upper(): text.strip('"') for key, text in _PARAMETER.findall(parameters)}
    return _Property(name, given, value)


def _find(properties: list[_Property], name: str) -> _Property | None:
    return next((each for each in properties if each.name == name), None)


def _value(properties: list[_Property], name: str) -> str:
    found = _find(properties, name)
    return "" if found is None else found.text


def _draft(properties: list[_Property], where: str, zone: tzinfo, reading: Reading) -> Draft:
    wrong: list[str] = []
    start, end, summary = (_find(properties, name) for name in ("DTSTART", "DTEND", "SUMMARY"))
    starts = None if start is None else readable(wrong, lambda: _moment(start, zone, reading, where), None)
    ends = None if end is None else readable(wrong, lambda: _moment(end, zone, reading, where), None)
    lasts = _value(properties, "DURATION")
    length = readable(wrong, lambda: duration(lasts, where), None) if lasts else None
    if ends is None and starts is not None and length is not None:
        ends = starts + round(length.total_seconds() * 1000)
    if starts is None and start is not None:
        ends = None  # Its start can't be read, and says so.
    given = "" if summary is None else summary.parameters.get("LANGUAGE", "")
    spoken = _value(properties, "X-LANGUAGES") or given
    return Draft(
        where=where,
        id=_value(properties, "UID"),
        title=_value(properties, "SUMMARY"),
        room=_value(properties, "LOCATION"),
        starts=starts,
        ends=ends,
        languages=readable(wrong, lambda: languages_in(spoken, where, reading.language_names), ()),
        speakers=tuple(("", name) for name in _names(properties)),
        zone="" if start is None else start.parameters.get("TZID", ""),
        ends_as="" if end is None else end.value,
        wrong=tuple(wrong),
    )


def _names(properties: list[_Property]) -> Iterator[str]:
    for each in properties:
        if each.name == "X-SPEAKER":
            yield each.text
        elif each.name in ("ATTENDEE", "ORGANIZER") and each.parameters.get("CN"):
            yield each.parameters["CN"]


def _moment(given: _Property, zone: tzinfo, reading: Reading, where: str) -> int:
    found = _TIME.match(given.value.strip())
    named = given.parameters.get("TZID")
    meant = UTC if found is not None and found[3] else zone_of(named, reading.zones) if named else zone
    try:
        if found is None:
            raise ValueError
        read = datetime.strptime(found[1] + (found[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007  # zone added below
        return unix_ms(read.replace(tzinfo=meant))
    except (ValueError, OverflowError) as error:
        msg = f"{where}: '{given.value[:60]}' is no time of a calendar."
        raise ProgrammeError(msg) from error
