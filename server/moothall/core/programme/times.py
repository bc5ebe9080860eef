"""Times as programme files write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from moothall.core.kernel.errors import ProgrammeError

Zones = Callable[[str], tzinfo | None]
"""Finds a time zone by its name, such as `Africa/Nairobi`; None for an unknown name. Raises nothing."""

LONGEST = timedelta(days=7)
"""A session that lasts longer is a mistake in the file."""
YEARS = range(1900, 3000)
"""In which sessions are. At the edges of the calendar a moment can be read that no other time zone can show."""
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?\Z")
_ISO_DURATION = re.compile(
    r"P(?:([0-9]{1,4})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?\Z"
)


def zone_of(name: str, zones: Zones, where: str = "") -> tzinfo:
    """The time zone of that name; raises ProgrammeError, that begins with `where`, when nobody knows it."""
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
    """ISO 8601 date and time as Unix ms; `zone` is meant where the text names none.

    Raises ProgrammeError that begins with `where`.
    """
    try:
        read = datetime.fromisoformat(text.strip())
        return unix_ms(read if read.tzinfo is not None else read.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise ProgrammeError(f"{where}: '{text[:60]}' is no time; write it as 2026-11-24 10:00.") from error


def duration(text: str, where: str) -> timedelta:
    """`1:30`, `01:30:00`, `90` (minutes) or `PT1H30M`; raises ProgrammeError that begins with `where`."""
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
    """Unix ms of a moment that has a zone; raises ValueError or OverflowError for one of none of the `YEARS`."""
    if read.year not in YEARS:
        raise ValueError(f"No session is in the year {read.year}.")
    return round((read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000
