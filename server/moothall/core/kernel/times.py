"""Formats media time and wall time for people. Callers pass time zones in, since their data are the system's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import msgspec


class Zone(msgspec.Struct, frozen=True):
    """The time zone in which times are shown."""

    name: str
    """The IANA name, such as `Africa/Nairobi`."""
    rules: tzinfo

    def at(self, ms: int) -> datetime:
        """The moment `ms` (Unix ms) in this zone, rounded down to whole seconds."""
        return datetime.fromtimestamp(ms // 1000, UTC).astimezone(self.rules)

    def steady(self, ms: int) -> Zone:
        """A zone with the fixed offset that this zone has at `ms` (Unix ms). A meeting keeps one clock, even when
        summer time ends during it.
        """
        return Zone(self.name, timezone(_offset(self.at(ms))))


UTC_ZONE = Zone("UTC", UTC)


def iso_time(moment: datetime) -> str:
    """The moment in ISO 8601 with its offset: `2026-11-24T17:03:12+03:00`, and `Z` for UTC."""
    text = moment.isoformat(timespec="seconds")
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def offset_name(moment: datetime) -> str:
    """The moment's offset from UTC, for people: `UTC`, `UTC+3`, `UTC+5:30`, with a true minus sign."""
    minutes = round(_offset(moment).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def time_of_day(moment: datetime) -> str:
    """The time of day in the form that all pages use, in every language: `09:05`, `17:03`."""
    return f"{moment:%H:%M}"


def time_span(starts: datetime | None, ends: datetime | None) -> str:
    """Beginning and end as `09:05-10:35`, with an en dash; one of them where the other isn't known, empty without
    either.
    """
    return "\N{EN DASH}".join(time_of_day(each) for each in (starts, ends) if each is not None)


def clock_time(moment: datetime) -> str:
    """The time of day to the second, with its offset from UTC: `17:03:12 UTC+3`."""
    return f"{moment:%H:%M:%S} {offset_name(moment)}"


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def media_time(ms: int) -> str:
    """Media time for people: `4:05`, and `1:04:05` from an hour on. Negative times read as 0."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
