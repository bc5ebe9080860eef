from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo

import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.times import duration, moment, zone_of

NAIROBI = timezone(timedelta(hours=3))


def zones(name: str) -> tzinfo | None:
    return {"UTC": UTC, "Africa/Nairobi": NAIROBI}.get(name)


def test_a_zone_is_found_or_named_as_unknown() -> None:
    assert zone_of("Africa/Nairobi", zones) is NAIROBI
    with pytest.raises(ProgrammeError, match="'Mars/Base' is not known"):
        zone_of("Mars/Base", zones)


def test_a_time_says_its_zone_or_has_the_files() -> None:
    assert moment("1970-01-01T00:00:01Z", NAIROBI, "x") == 1_000
    assert moment(" 1970-01-01 03:00 ", NAIROBI, "x") == 0
    assert moment("1970-01-01T02:00:00+02:00", NAIROBI, "x") == 0


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01", "25:00", "0001-01-01 00:00+14:00", "9999-12-31 23:59-08:00", "3000-01-01"]
)
def test_what_is_no_time_is_said_with_its_place(text: str) -> None:
    with pytest.raises(ProgrammeError, match=r"^Line 4: "):
        moment(text, UTC, "Line 4")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1:30", 90), ("01:30:00", 90), ("90", 90), ("PT1H30M", 90), ("P1D", 1440), ("PT90M", 90), ("P1W", 10_080)],
)
def test_lengths_of_time(text: str, minutes: int) -> None:
    assert duration(text, "x") == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "P", "PT", "long", "1:75", "P2W", "99999", "0", "0:00"])
def test_what_is_no_length_is_said_with_its_place(text: str) -> None:
    with pytest.raises(ProgrammeError, match=r"^Line 4: "):
        duration(text, "Line 4")
