from __future__ import annotations

from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from moothall.core.kernel.times import (
    UTC_ZONE,
    Zone,
    clock_time,
    iso_time,
    media_time,
    offset_name,
    time_of_day,
    time_span,
)
from moothall.testing.clock import LONG_AGO


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "0:00"),
        (999, "0:00"),
        (61_000, "1:01"),
        (3_599_999, "59:59"),
        (3_600_000, "1:00:00"),
        (36_061_000, "10:01:01"),
    ],
)
def test_media_time(ms: int, text: str) -> None:
    assert media_time(ms) == text


@pytest.mark.parametrize(
    ("minutes", "name", "ending"),
    [
        (0, "UTC", "Z"),
        (180, "UTC+3", "+03:00"),
        (345, "UTC+5:45", "+05:45"),
        (-210, "UTC\N{MINUS SIGN}3:30", "-03:30"),
        (840, "UTC+14", "+14:00"),
    ],
)
def test_a_moment_says_how_far_it_is_from_utc(minutes: int, name: str, ending: str) -> None:
    moment = Zone("Somewhere", timezone(timedelta(minutes=minutes))).at(LONG_AGO)
    assert offset_name(moment) == name
    assert iso_time(moment).endswith(ending)
    assert clock_time(moment).endswith(f" {name}")
    assert moment == UTC_ZONE.at(LONG_AGO)


def test_whole_seconds_count() -> None:
    assert iso_time(UTC_ZONE.at(1_999)) == "1970-01-01T00:00:01Z"
    nairobi = Zone("Africa/Nairobi", timezone(timedelta(hours=3)))
    assert clock_time(nairobi.at(0)) == "03:00:00 UTC+3"
    assert (time_of_day(nairobi.at(59_999)), time_of_day(nairobi.at(50_400_000))) == ("03:00", "17:00")


def test_a_meeting_keeps_its_clock_when_summer_time_ends_in_it() -> None:
    paris = Zone("Europe/Paris", ZoneInfo("Europe/Paris"))
    began = 1_792_886_400_000  # 2026-10-25T00:00Z, an hour before the clocks go back
    later = began + 2 * 3_600_000
    assert (offset_name(paris.at(began)), offset_name(paris.at(later))) == ("UTC+2", "UTC+1")
    assert offset_name(paris.steady(began).at(later)) == "UTC+2"
    assert paris.steady(began).name == "Europe/Paris"


def test_a_span_of_time_says_what_is_known_of_it() -> None:
    starts, ends = (UTC_ZONE.at(LONG_AGO + minutes * 60_000) for minutes in (0, 90))
    assert time_span(starts, ends) == f"{time_of_day(starts)}-{time_of_day(ends)}".replace("-", "\N{EN DASH}")
    assert (time_span(starts, None), time_span(None, None)) == (time_of_day(starts), "")
