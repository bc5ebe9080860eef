"""Media time and wall time as people read them. Time zones are given: their data is the system's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import msgspec


class Zone(msgspec.Struct, frozen=True):
    """The time zone in which times are shown."""

    name: str
    """As IANA has it, such as `Africa/Nairobi`."""
    rules: tzinfo

    def at(self, ms: int) -> datetime:
        """Unix ms as a moment of this zone, whole seconds."""
        return datetime.fromtimestamp(ms // 1000, UTC).astimezone(self.rules)

    def steady(self, ms: int) -> Zone:
        """The zone as it stands at `ms` (Unix) for good: a meeting has one clock, though summer time may end in it."""
        return Zone(self.name, timezone(_offset(self.at(ms))))


UTC_ZONE = Zone("UTC", UTC)


def iso_time(moment: datetime) -> str:
    """ISO 8601 with the offset: `2026-11-24T17:03:12+03:00`, and `Z` for UTC."""
    text = moment.isoformat(timespec="seconds")
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def offset_name(moment: datetime) -> str:
    """How far its clock is from UTC, for people: `UTC`, `UTC+3`, `UTC+5:30`, with a true minus sign."""
    minutes = round(_offset(moment).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def time_of_day(moment: datetime) -> str:
    """The time of day as all pages have it, in every language: `09:05`, `17:03`."""
    return f"{moment:%H:%M}"


def time_span(starts: datetime | None, ends: datetime | None) -> str:
    """From when to when, as `09:05-10:35`; one of both where the other isn't known, empty without either."""
    return "\N{EN DASH}".join(time_of_day(each) for each in (starts, ends) if each is not None)


def clock_time(moment: datetime) -> str:
    """The time of day to the second, with its offset: `17:03:12 UTC+3`."""
    return f"{moment:%H:%M:%S} {offset_name(moment)}"


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def media_time(ms: int) -> str:
    """Media time for people: `4:05`, from an hour on `1:04:05`."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
