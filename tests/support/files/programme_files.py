"""Conference files for tests, and functions that read them."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path

from moothall.adapters.programme import read_icalendar
from moothall.core.programme.drafts import FileContext
from moothall.core.programme.plan import Timetable
from moothall.core.programme.reading import read_programme
from support.proof.ahead import AheadClock

SAMPLES = Path(__file__).resolve().parents[3] / "config" / "sample-conference"
FILES = ("programme.csv", "schedule.json", "schedule.xml", "programme.ics")
ZONES: dict[str, tzinfo] = {"UTC": UTC, "Africa/Nairobi": timezone(timedelta(hours=3))}
READING = FileContext(zones=ZONES.get, calendar=read_icalendar, zone=UTC)


WEEK_BEFORE = 1_795_503_600_000
"""Unix ms of 24 November 2026, a week before the meetings of the sample conference."""


def week_before() -> AheadClock:
    """Return a clock by which the meetings of the sample conference are to come: pages don't list what is over."""
    clock = AheadClock()
    clock.ahead = WEEK_BEFORE - clock.wall()
    return clock


def sample(name: str) -> bytes:
    """Return the bytes of a file of the sample conference."""
    return (SAMPLES / name).read_bytes()


def read(text: str) -> Timetable:
    """Return the timetable of a file with this text."""
    return read_programme(text.encode(), READING)


def table(*rows: str, heading: str = "id,title,room,start,duration,languages,speakers") -> Timetable:
    """Return the timetable of a CSV file with these rows."""
    return read("\n".join((heading, *rows)))
