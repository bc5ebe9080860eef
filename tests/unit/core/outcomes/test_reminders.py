from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from moothall.core.kernel.times import Zone
from moothall.core.outcomes.reminders import reminder

NAIROBI = Zone("Africa/Nairobi", ZoneInfo("Africa/Nairobi"))
BERLIN = Zone("Europe/Berlin", ZoneInfo("Europe/Berlin"))


def at(text: str, zone: Zone = NAIROBI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone.rules).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-11-21 07:59", None),
        ("2026-11-21 08:00", 3),
        ("2026-11-24 07:59", 3),
        ("2026-11-24 08:00", 0),
        ("2026-11-24 23:59", 0),
        ("2026-11-25 00:00", None),
    ],
)
def test_reminders_are_due_by_the_clock_of_the_conference(now: str, days: int | None) -> None:
    assert reminder(at("2026-11-24 18:00"), 3, NAIROBI, since=0, now=at(now)) == days


def test_what_was_due_before_the_address_was_entered_is_not_sent() -> None:
    due, since = at("2026-11-24 18:00"), at("2026-11-22 12:00")
    assert reminder(due, 3, NAIROBI, since=since, now=at("2026-11-23 12:00")) is None
    assert reminder(due, 3, NAIROBI, since=since, now=at("2026-11-24 12:00")) == 0


def test_a_deadline_early_in_the_morning_reminds_when_it_has_come() -> None:
    assert reminder(at("2026-11-24 06:00"), 1, NAIROBI, since=0, now=at("2026-11-24 05:59")) == 1
    assert reminder(at("2026-11-24 06:00"), 1, NAIROBI, since=0, now=at("2026-11-24 06:00")) == 0


def test_the_hour_stays_when_summer_time_ends_between() -> None:
    due = at("2026-10-26 18:00", BERLIN)  # The clock is set back on 25 October.
    eight = round(datetime(2026, 10, 24, 6, tzinfo=UTC).timestamp() * 1000)
    assert reminder(due, 2, BERLIN, since=0, now=eight - 1) is None
    assert reminder(due, 2, BERLIN, since=0, now=eight) == 2
