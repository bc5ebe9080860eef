"""A day as a table: a column for each room, a row for each start."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.admin.day_table import DayCell, starts_of, table


class Item(msgspec.Struct, frozen=True):
    name: str
    starts: int
    ends: int | None


def shown(*columns: list[Item]) -> list[list[tuple[str, int] | None]]:
    return [
        [None if cell is None else ("+".join(each.name for each in cell.meetings), cell.rows) for cell in row]
        for row in table(columns)
    ]


def test_a_meeting_reaches_over_the_rows_that_begin_before_it_ends() -> None:
    hall = [Item("a", 9, 11), Item("b", 11, 12)]
    garden = [Item("c", 9, 10), Item("d", 10, None)]
    assert shown(hall, garden) == [[("a", 2), ("c", 1)], [None, ("d", 1)], [("b", 1), ("", 1)]]
    assert starts_of((hall, garden)) == (9, 10, 11)


def test_the_last_one_reaches_to_the_end_and_an_empty_day_has_no_rows() -> None:
    assert shown([Item("a", 9, 20)], [Item("b", 10, 11)]) == [[("a", 2), ("", 1)], [None, ("b", 1)]]
    assert shown() == []


def test_those_at_the_same_time_share_a_cell() -> None:
    hall = [Item("a", 9, 11), Item("b", 10, 13), Item("c", 12, 13), Item("d", 13, 14)]
    assert shown(hall) == [[("a+b+c", 3)], [None], [None], [("d", 1)]]
    assert shown([Item("a", 9, None), Item("b", 9, None)]) == [[("a+b", 1)]]


ITEMS = st.builds(
    lambda starts, length: Item(f"{starts}", starts, None if length is None else starts + length),
    st.integers(0, 12),
    st.none() | st.integers(1, 5),
)


@given(st.lists(st.lists(ITEMS, max_size=6), max_size=4))
def test_each_meeting_stands_once_and_the_cells_fill_the_table(columns: list[list[Item]]) -> None:
    rows = table(columns)
    for n, column in enumerate(columns):
        cells: list[DayCell[Item]] = [cell for row in rows if (cell := row[n]) is not None]
        assert sorted(each.name for cell in cells for each in cell.meetings) == sorted(each.name for each in column)
        assert sum(cell.rows for cell in cells) == len(rows)
        assert all(cell.rows >= 1 for cell in cells)
