from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest

from moothall_hub.uplink.budget import BudgetStep, DailyUsage, Meter, day_at, step, used

NOON = 1_764_072_000_000  # 25 November 2025, 12:00 UTC
NAIROBI = ZoneInfo("Africa/Nairobi")
MB = 1_000_000


@pytest.mark.parametrize(
    ("used_bytes", "holds"),
    [
        (0, BudgetStep.ALL),
        (5 * MB - 1, BudgetStep.ALL),
        (5 * MB, BudgetStep.LINES),
        (8 * MB - 1, BudgetStep.LINES),
        (8 * MB, BudgetStep.ONE_LANGUAGE),
        (90 * MB, BudgetStep.ONE_LANGUAGE),
    ],
)
def test_the_budget_has_steps_and_no_end(used_bytes: int, holds: BudgetStep) -> None:
    assert step(used_bytes, 10 * MB) is holds
    assert step(used_bytes, None) is BudgetStep.ALL


def test_the_day_is_the_conferences() -> None:
    assert day_at(NOON, UTC) == day_at(NOON, NAIROBI) == "2025-11-25"
    assert day_at(NOON + 9 * 3_600_000, NAIROBI) == "2025-11-26"


def test_a_new_day_begins_anew_and_an_old_one_does_not_come_back() -> None:
    day = used(DailyUsage(), "2025-11-25", received=10, sent=1)
    day = used(day, "2025-11-25", received=5, sent=2)
    assert (day, day.total) == (DailyUsage(day="2025-11-25", received=15, sent=3), 18)
    assert used(day, "2025-11-24", received=1, sent=1).total == 20, "the clock went back over midnight"
    assert used(day, "2025-11-26", received=1, sent=1) == DailyUsage(day="2025-11-26", received=1, sent=1)


def test_a_meter_says_when_another_step_holds() -> None:
    zone: tzinfo = UTC
    meter = Meter(100, DailyUsage(day="2025-11-25", received=40), zone=lambda: zone)
    assert not meter.count(NOON, received=9)
    assert meter.count(NOON, sent=1)
    assert meter.step is BudgetStep.LINES
    zone = NAIROBI
    assert meter.count(NOON + 9 * 3_600_000, sent=1), "a new day"
    assert meter.usage == DailyUsage(day="2025-11-26", sent=1)


def test_a_day_that_a_wrong_clock_counted_is_no_day() -> None:
    tomorrow, wrong = DailyUsage(day="2026-11-27", received=5), DailyUsage(day="2028-11-27", received=5)
    assert used(tomorrow, "2026-11-26", received=1, sent=0).received == 6  # Clocks waver.
    assert used(wrong, "2026-11-26", received=1, sent=0) == DailyUsage(day="2026-11-26", received=6)
