from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Component, Timezone

from moothall.adapters.programme.file_zones import MOST_DEFINITIONS, MOST_PARTS, FileZones
from moothall.core.kernel.errors import ProgrammeError
from support.files.programme_files import ZONES


def defined(name: str, rule: str = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", parts: int = 1) -> Component:
    part = (
        f"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:{rule}\r\n"
        "END:DAYLIGHT\r\n"
    )
    return Timezone.from_ical(f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{part * parts}END:VTIMEZONE\r\n")


def test_names_of_iana_and_of_windows_come_first() -> None:
    zones = FileZones([defined("Africa/Nairobi")], ZONES.get)
    assert zones.find("Africa/Nairobi") == ("Africa/Nairobi", ZONES["Africa/Nairobi"])
    assert zones.find("E. Africa Standard Time") == ("Africa/Nairobi", ZONES["Africa/Nairobi"])


def test_a_zone_of_the_file_has_no_name() -> None:
    name, zone = FileZones([defined("Hall")], ZONES.get).find("Hall")
    assert name == ""
    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(("rule", "parts"), [("FREQ=SECONDLY", 1), ("FREQ=YEARLY", MOST_PARTS + 1)])
def test_a_definition_without_bounds_is_refused(rule: str, parts: int) -> None:
    with pytest.raises(ProgrammeError, match=r"The time zone 'Hall' that the file defines can't be read"):
        FileZones([defined("Hall", rule, parts)], ZONES.get).find("Hall")


def test_a_definition_of_nothing_and_too_many_are_refused() -> None:
    with pytest.raises(ProgrammeError, match="can't be read"):
        FileZones([defined("Hall", parts=0)], ZONES.get).find("Hall")
    zones = FileZones([defined(f"Z{n}") for n in range(MOST_DEFINITIONS + 1)], ZONES.get)
    for n in range(MOST_DEFINITIONS):
        zones.find(f"Z{n}")
    with pytest.raises(ProgrammeError, match="more than 20 time zones"):
        zones.find(f"Z{MOST_DEFINITIONS}")
