"""Parses dates, durations and time zones of programme files."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from moothall.core.kernel.errors import ProgrammeError

Zones = Callable[[str], tzinfo | None]
"""A function that finds a time zone by its name, such as `Africa/Nairobi`; None for an unknown name. It
raises nothing.
"""

LONGEST = timedelta(days=7)
"""A longer session is a mistake in the file."""
YEARS = range(1900, 3000)
"""Years in which sessions may be. Some moments at the limits of the calendar can't be shown in other time zones."""
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?\Z")
_ISO_DURATION = re.compile(
    r"P(?:([0-9]{1,4})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?\Z"
)


def zone_of(name: str, zones: Zones, where: str = "") -> tzinfo:
    """The time zone with this name; raises ProgrammeError with a sentence that begins with `where` when the name is
    unknown.
    """
    zone = zones(name)
    if zone is None:
        prefix = f"{where}: the" if where else "The"
        msg = (
            f"{prefix} time zone '{name[:60]}' is not known here; write it as Africa/Nairobi, or times with their "
            "offset, such as +02:00. If the name is right, this machine's package tzdata is missing or old."
        )
        raise ProgrammeError(msg)
    return zone


def moment(text: str, zone: tzinfo, where: str) -> int:
    """An ISO 8601 date and time as Unix ms; `zone` applies unless the text names an offset.

    Raises ProgrammeError with a sentence that begins with `where`.
    """
    try:
        read = datetime.fromisoformat(text.strip())
        return unix_ms(read if read.tzinfo is not None else read.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise ProgrammeError(f"{where}: '{text[:60]}' is no time; write it as 2026-11-24 10:00.") from error


def duration(text: str, where: str) -> timedelta:
    """Parse `1:30`, `01:30:00`, `90` (minutes) or `PT1H30M`; raises ProgrammeError with a sentence that begins with
    `where`.
    """
    words = text.strip()
    clock, iso = _CLOCK.match(words), _ISO_DURATION.match(words)
    if clock is not None:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    elif iso is not None and any(iso.groups()):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    elif re.fullmatch(r"[0-9]{1,5}", words):
        length = timedelta(minutes=int(words))
    else:
        raise ProgrammeError(f"{where}: '{text[:60]}' is no length of time; write it as 1:30.")
    if not length:
        msg = f"{where}: '{text[:60]}' is no length of time; write one of a minute or more, such as 1:30."
        raise ProgrammeError(msg)
    if length > LONGEST:
        raise ProgrammeError(f"{where}: {text[:60]} is longer than a week.")
    return length


def unix_ms(read: datetime) -> int:
    """Unix ms of a moment with a time zone, rounded to ms; raises ValueError for a year outside `YEARS`, or
    OverflowError.
    """
    if read.year not in YEARS:
        raise ValueError(f"No session is in the year {read.year}.")
    return round((read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
