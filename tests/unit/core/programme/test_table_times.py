from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.table_times import (
    DateOrder,
    date_order,
    has_numbered_dates,
    is_time_of_day,
    table_moment,
)

NAIROBI = timezone(timedelta(hours=3))


def at(cell: str, day: str = "", order: DateOrder | None = DateOrder.DAY) -> datetime:
    return datetime.fromtimestamp(table_moment(cell, day, NAIROBI, order, "x") / 1000, NAIROBI)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["13/02/2026"], DateOrder.DAY),
        (["02/13/2026"], DateOrder.MONTH),
        (["01/12/2026", "02/12/2026", "03/12/2026"], DateOrder.DAY),
        (["12/01/2026 09:00", "12/03/2026 09:00"], DateOrder.MONTH),
        (["1.12.2026", "4.12.2026"], DateOrder.DAY),
        (["01/12/2026"], None),
        (["13/02/2026", "02/13/2026"], None),
        (["2026-12-01", "09:00", "soon", ""], None),
    ],
)
def test_the_dates_of_a_table_tell_whether_days_or_months_stand_first(
    cells: list[str], order: DateOrder | None
) -> None:
    assert date_order(cells) is order


def test_only_dates_whose_year_is_last_have_an_order() -> None:
    assert has_numbered_dates(["", "9:00", "01/02/2026"])
    assert not has_numbered_dates(["2026-01-02", "2026/01/02"])


@pytest.mark.parametrize(
    ("cell", "day", "expected"),
    [
        ("2026-12-01 09:00", "", (2026, 12, 1, 9, 0)),
        ("09:00", "2026-12-01", (2026, 12, 1, 9, 0)),
        ("9:05:00", "01/12/2026", (2026, 12, 1, 9, 5)),
        ("9h30", "01.12.2026 00:00:00", (2026, 12, 1, 9, 30)),
        ("9:00 PM", "2026/12/1", (2026, 12, 1, 21, 0)),
        ("12:15 a. m.", "2026-12-01", (2026, 12, 1, 0, 15)),
        ("01/12/2026 14:00", "", (2026, 12, 1, 14, 0)),
        ("01/12/2026", "", (2026, 12, 1, 0, 0)),
        ("2026/12/01 8:00", "", (2026, 12, 1, 8, 0)),
    ],
)
def test_date_and_time_stand_together_or_apart(cell: str, day: str, expected: tuple[int, ...]) -> None:
    assert at(cell, day) == datetime(*expected, tzinfo=NAIROBI)  # type: ignore[misc, arg-type]


def test_an_offset_counts_before_the_zone() -> None:
    assert at("2026-12-01T09:00+00:00") == datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["13:00 pm", "25:00", "tomorrow", "2026-13-01 9:00", "32/01/2026", "01/12/2026 soon"])
def test_what_is_no_time_is_said_with_its_place(cell: str) -> None:
    with pytest.raises(ProgrammeError, match=r"^x: .* is no time; write it as 2026-11-24 10:00"):
        at(cell, "2026-12-01")


def test_a_time_of_day_needs_a_date() -> None:
    with pytest.raises(ProgrammeError, match="needs a column 'date' beside it"):
        at("09:00")
    assert is_time_of_day(" 9:00 ")
    assert not is_time_of_day("2026-12-01")


def test_a_date_that_may_be_two_days_is_asked_for_again_unless_only_one_fits() -> None:
    with pytest.raises(ProgrammeError, match=r"^x: '01/12/2026' may be 2026-01-12 or 2026-12-01"):
        at("01/12/2026", order=None)
    assert at("13/12/2026", order=None).day == 13
    assert at("05/05/2026", order=None).month == 5
    with pytest.raises(ProgrammeError, match="is no time"):
        at("13/13/2026", order=None)
