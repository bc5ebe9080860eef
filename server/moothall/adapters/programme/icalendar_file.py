"""Reads a programme from a calendar: iCalendar (RFC 5545), a VEVENT for a session or a series of sessions.

The library `icalendar` parses the file. It is given only the lines that a programme needs, since it parses letter by
letter. It must not resolve time zones: it would keep zones that one file defines for the next file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from icalendar import Calendar, Component
from icalendar.parser import Contentlines
from icalendar.prop import vBroken, vRecur, vText
from icalendar.timezone import tzp
from icalendar.timezone.provider import TZProvider

from moothall.adapters.programme.file_zones import FileZones
from moothall.adapters.programme.recurrence import is_rule_of_days
from moothall.adapters.programme.series import CalendarEvent, sessions
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import (
    CalendarFile,
    FileContext,
    SessionDraft,
    called,
    languages_in,
    readable,
    stop_at_most,
)
from moothall.core.programme.times import duration, unix_ms

MOST_LINES = 100_000
"""The most lines that are used: 5,000 sessions with twenty lines each."""
LONGEST_LINE = 100_000
"""The most characters of an unfolded line."""
DEEPEST = 8
"""The most levels of nested components; RFC 5545 has three."""
_LINE = re.compile(r"[ \t]*([A-Za-z0-9-]+)[ \t]*[;:]")
_COMPONENTS = frozenset({"VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT"})
_PROPERTIES = frozenset(
    {"X-WR-CALNAME", "X-WR-TIMEZONE", "UID", "SUMMARY", "LOCATION", "STATUS", "ATTENDEE", "ORGANIZER", "X-SPEAKER"}
    | {"X-LANGUAGES", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
    | {"TZID", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO"}
)


class _NoZones(TZProvider):
    """A time zone provider that changes no time: it stays in UTC, or on the clock of the zone that its TZID names."""

    @property
    def name(self) -> str:
        return "moothall"

    def localize_utc(self, dt: datetime) -> datetime:
        return dt.replace(tzinfo=UTC)

    def localize(self, dt: datetime, tz: tzinfo) -> datetime:
        return dt.replace(tzinfo=tz)

    def knows_timezone_id(self, tzid: str) -> bool:
        return True  # so that the library keeps no zone that a file defines

    def timezone(self, name: str) -> None:
        return None

    def fix_rrule_until(self, rrule: object, ical_rrule: object) -> None:
        """Do nothing: the method is for zones that the library builds."""

    def create_timezone(self, *_: object) -> tzinfo:
        raise NotImplementedError

    def uses_pytz(self) -> bool:
        return False

    def uses_zoneinfo(self) -> bool:
        return False


def read(text: str, reading: FileContext) -> CalendarFile:
    """Read every VEVENT. Raises ProgrammeError when the file as a whole can't be read.

    Speakers are `ATTENDEE` and `ORGANIZER` with a CN, or `X-SPEAKER` lines; languages are the `LANGUAGE` of the summary
    or `X-LANGUAGES`. Each occurrence of a series becomes a session. Cancelled sessions are left out, and notes say so.
    """
    return _File(_components(text), reading).read()


class _File:
    def __init__(self, found: Sequence[Component], reading: FileContext) -> None:
        self._reading = reading
        self._calendars = [each for each in found if each.name == "VCALENDAR"]
        self._components = [event for each in found for event in each.walk("VEVENT")]
        self._zones = FileZones((zone for each in found for zone in each.walk("VTIMEZONE")), reading.zones)
        self._zone = reading.zone
        self._notes: list[str] = []

    def read(self) -> CalendarFile:
        title, named = (self._own(name) for name in ("X-WR-CALNAME", "X-WR-TIMEZONE"))
        wrong: list[str] = []
        if named:
            named, self._zone = readable(wrong, lambda: self._zones.find(named), (named, self._zone))
        events = [self._event(each, number) for number, each in enumerate(self._components, 1)]
        drafts = tuple(sessions(events, self._notes))
        return CalendarFile(title=title, zone=named, drafts=drafts, notes=tuple(self._notes), wrong=tuple(wrong))

    def _own(self, name: str) -> str:
        return next((_text(each, name) for each in self._calendars if name in each), "")

    def _event(self, component: Component, number: int) -> CalendarEvent:
        where = called(_text(component, "SUMMARY"), number)
        cancelled = _text(component, "STATUS").upper() == "CANCELLED"
        if cancelled:
            self._notes.append(f"{where} is cancelled and left out.")
        elif any(name is None for name, _ in component.errors):
            self._notes.append(f"A line of {where} can't be read and is left out.")
        wrong: list[str] = []
        start, end, again = (_value(component, name) for name in ("DTSTART", "DTEND", "RECURRENCE-ID"))
        first, zone, starts = self._moment(start, where, wrong)
        _, _, ends = self._moment(end, where, wrong)
        _, _, replaces = self._moment(again, where, wrong)
        if start is not None and starts is None:
            ends = None  # The start can't be read, which is reported already.
        lasts = _value(component, "DURATION")
        length = None if lasts is None else readable(wrong, lambda: duration(_written(lasts), where), None)
        if ends is None and starts is not None and length is not None:
            ends = starts + round(length.total_seconds() * 1000)
        if again is not None and "RANGE" in again.params and not cancelled:
            self._notes.append(f"{where} changes all later sessions of its series; only the first of them is changed.")
        summary = _value(component, "SUMMARY")
        spoken = _text(component, "X-LANGUAGES") or ("" if summary is None else _parameter(summary, "LANGUAGE"))
        languages: tuple[str, ...] = ()
        languages = readable(wrong, lambda: languages_in(spoken, where, self._reading.language_names), languages)
        rule = None if cancelled else self._rule(component, where, wrong)
        more, without = ((self._dates(component, name, where, wrong)) for name in ("RDATE", "EXDATE"))
        draft = SessionDraft(
            where=where,
            id=_text(component, "UID"),
            title=_text(component, "SUMMARY"),
            room=_text(component, "LOCATION"),
            starts=starts,
            ends=ends,
            languages=languages,
            speakers=tuple(("", name) for name in _names(component)),
            zone=self._named(start),
            ends_as="" if end is None else _written(end),
            wrong=tuple(wrong),
        )
        return CalendarEvent(
            draft=draft,
            first=first,
            zone=zone,
            rule=rule,
            more=tuple(moment for moment, _ in more),
            without=frozenset(moment for moment, day in without if not day),
            without_days=frozenset(day for _, day in without if day),
            replaces=replaces,
            cancelled=cancelled,
        )

    def _rule(self, component: Component, where: str, wrong: list[str]) -> vRecur | None:
        rule = component.get("RRULE")
        if isinstance(rule, vBroken):
            wrong.append(f"{where}: '{_written(rule)[:60]}' is no rule of a calendar by which something repeats.")
        elif rule is not None and not is_rule_of_days(rule):
            self._notes.append(f"{where} repeats by a rule that isn't followed here; only the first is taken.")
        return rule if is_rule_of_days(rule) else None

    def _dates(self, component: Component, name: str, where: str, wrong: list[str]) -> list[tuple[int, date | None]]:
        """The moments (Unix ms) of a property, each with its day when the file gives only a day, else None."""
        found: list[tuple[int, date | None]] = []
        for given in _values(component, name):
            if isinstance(given, vBroken):
                wrong.append(f"{where}: '{_written(given)[:60]}' is no time of a calendar.")
                continue
            for each in given.dts:
                moment = each.dt[0] if isinstance(each.dt, tuple) else each.dt  # a period, or its start alone
                each.dt, each.params = moment, given.params
                _, _, at = self._moment(each, where, wrong)
                if at is not None:
                    found.append((at, None if isinstance(moment, datetime) else moment))
        return found

    def _moment(self, given: Any, where: str, wrong: list[str]) -> tuple[datetime | None, tzinfo, int | None]:
        """A time by the clock of its zone, naive; the zone; and Unix ms. Both times are None when the time is missing
        or can't be read.
        """
        if given is None:
            return None, self._zone, None
        try:
            if isinstance(given, vBroken):
                raise ValueError(given)
            clock, zone = self._clock(given.dt, _parameter(given, "TZID"), where)
            return clock, zone, unix_ms(clock.replace(tzinfo=zone))
        except ProgrammeError as error:
            wrong.extend(error.sentences)
        except (ValueError, OverflowError, TypeError):
            wrong.append(f"{where}: '{_written(given)[:60]}' is no time of a calendar.")
        return None, self._zone, None

    def _clock(self, given: date, tzid: str, where: str) -> tuple[datetime, tzinfo]:
        if not isinstance(given, datetime):
            given = datetime.combine(given, time())
        if given.tzinfo is not None:
            return given.replace(tzinfo=None), given.tzinfo
        return given, self._zones.find(tzid, where)[1] if tzid else self._zone

    def _named(self, start: Any) -> str:
        """The IANA name of the zone of a start; empty when it names no zone or an unknown one."""
        tzid = "" if start is None else _parameter(start, "TZID")
        return readable([], lambda: self._zones.find(tzid)[0], "") if tzid else ""


def _components(text: str) -> list[Component]:
    kept = "\r\n".join(_used_lines(text))
    tzp.use(_NoZones())
    try:
        found = Calendar.from_ical(kept, multiple=True)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        msg = "The calendar is broken: a line of it, or of a time zone that it defines, can't be read."
        raise ProgrammeError(msg) from error
    return list(found)


def _used_lines(text: str) -> Iterator[str]:
    """Yield the lines that a programme needs. Raises ProgrammeError when components are not properly nested."""
    inside: list[str] = []
    events = taken = 0
    lines: list[str] = Contentlines.from_ical(text.replace("\r\n", "\n").replace("\r", "\n"))  # type: ignore[no-untyped-call]
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        name, value = found[1].upper(), line[found.end() :].strip().upper()
        if name == "BEGIN":
            inside.append(value)
            events += value == "VEVENT"
            stop_at_most(events)
            if len(inside) > DEEPEST:
                msg = f"The calendar is broken: more than {DEEPEST} components stand within one another."
                raise ProgrammeError(msg)
        used = name in _PROPERTIES or name in ("BEGIN", "END")
        if used and inside and _COMPONENTS.issuperset(inside):
            taken += 1
            if taken > MOST_LINES or len(line) > LONGEST_LINE:
                msg = (
                    f"The calendar has more than {MOST_LINES} lines, or a line of more than {LONGEST_LINE} characters."
                )
                raise ProgrammeError(msg)
            yield str(line)
        if name == "END" and (not inside or inside.pop() != value):
            raise ProgrammeError(f"The calendar is broken: '{line[:60]}' ends what had not begun.")
    if inside:
        raise ProgrammeError(f"The calendar is broken: its last {inside[-1][:60]} has no end. Get the whole file.")


def _values(component: Component, name: str) -> list[Any]:
    given = component.get(name, [])
    return given if isinstance(given, list) else [given]


def _value(component: Component, name: str) -> Any:
    return next(iter(_values(component, name)), None)


def _text(component: Component, name: str) -> str:
    """The first value of a property, unescaped; empty without the property."""
    given = _value(component, name)
    if given is None:
        return ""
    return str(given if isinstance(given, vText) else vText.from_ical(str(given))).strip()


def _written(given: Any) -> str:
    """A value as it is written in the file."""
    if isinstance(given, vBroken):
        return str(given)
    try:
        written: str | bytes = given.to_ical()  # a time of day alone as str
    except (TypeError, ValueError):  # The library reads "20261202/093000" as a period, which it can't write.
        return "/".join(str(each) for each in given.dt)
    return written if isinstance(written, str) else written.decode()


def _parameter(given: Any, name: str) -> str:
    value = given.params.get(name, "")
    return value if isinstance(value, str) else ", ".join(map(str, value))


def _names(component: Component) -> Iterator[str]:
    yield from (str(vText.from_ical(str(each))).strip() for each in _values(component, "X-SPEAKER"))
    for each in (*_values(component, "ATTENDEE"), *_values(component, "ORGANIZER")):
        yield from filter(None, [_parameter(each, "CN")])
