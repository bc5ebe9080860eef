from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from icalendar import vRecur

from moothall.adapters.programme.recurrence import LONGEST_SERIES, MOST_TIMES, is_endless, is_rule_of_days, repeats

FIRST = datetime(2026, 3, 2, 9)  # noqa: DTZ001  # a Monday, by the clock of a zone


def rule(text: str) -> vRecur:
    found: vRecur = vRecur.from_ical(text)
    return found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("FREQ=DAILY;COUNT=3", [0, 1, 2]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3", [0, 1, 3]),
        ("FREQ=DAILY;UNTIL=20260303", [0, 1]),
        ("FREQ=DAILY;UNTIL=20260303T090000", [0, 1]),
        ("FREQ=DAILY;UNTIL=20260303T070000Z", [0, 1]),
        ("FREQ=DAILY;UNTIL=20260303T065959Z", [0]),
    ],
)
def test_a_rule_ends_as_it_says(text: str, days: list[int]) -> None:
    found, more = repeats(rule(text), FIRST, timezone(timedelta(hours=2)))
    assert ([(each - FIRST).days for each in found], more) == (days, False)


def test_a_long_rule_is_cut_off() -> None:
    found, more = repeats(rule("FREQ=DAILY;COUNT=1000000"), FIRST, UTC)
    assert (len(found), more) == (MOST_TIMES, True)
    found, more = repeats(rule("FREQ=MONTHLY;COUNT=100"), FIRST, UTC)
    assert found[-1] - FIRST <= LONGEST_SERIES
    assert more


def test_a_rule_without_an_end_goes_on_until_it_is_told() -> None:
    latest = round((FIRST + timedelta(days=2)).replace(tzinfo=UTC).timestamp() * 1000)
    assert is_endless(rule("FREQ=DAILY"))
    assert len(repeats(rule("FREQ=DAILY"), FIRST, UTC, latest)[0]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYSECOND=1",
        "FREQ=DAILY;BYMONTHDAY=31",
        "COUNT=3",
        "FREQ=DAILY;RSCALE=HEBREW",
    ],
)
def test_other_rules_are_not_followed(text: str) -> None:
    assert not is_rule_of_days(rule(text))
    assert not is_rule_of_days(rule(f"FREQ=YEARLY;BYDAY={','.join(['MO'] * 101)}"))
    assert is_rule_of_days(rule("FREQ=YEARLY;BYMONTH=2;BYDAY=-1SU"))
