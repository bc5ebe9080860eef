"""Conference files for tests."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path

from moothall.adapters.programme import read_icalendar
from moothall.core.programme.drafts import FileContext
from moothall.core.programme.plan import Timetable
from moothall.core.programme.reading import read_programme

SAMPLES = Path(__file__).resolve().parents[3] / "config" / "sample-conference"
FILES = ("programme.csv", "schedule.json", "schedule.xml", "programme.ics")
ZONES: dict[str, tzinfo] = {"UTC": UTC, "Africa/Nairobi": timezone(timedelta(hours=3))}
READING = FileContext(zones=ZONES.get, calendar=read_icalendar, zone=UTC)


def sample(name: str) -> bytes:
    """The bytes of a file of the sample conference."""
    return (SAMPLES / name).read_bytes()


def read(text: str) -> Timetable:
    """What a file of this text says."""
    return read_programme(text.encode(), READING)


def table(*rows: str, heading: str = "id,title,room,start,duration,languages,speakers") -> Timetable:
    """What a table of these rows says."""
    return read("\n".join((heading, *rows)))
