"""Lays out the meetings of a day as a table: a column for each room, a row for each starting time. Does no I/O.

A meeting spans all rows that begin before it ends. Overlapping meetings of one room share a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec


class Timed(Protocol):
    """A meeting with its times in Unix ms."""

    @property
    def starts(self) -> int:
        """When it begins."""
        ...

    @property
    def ends(self) -> int | None:
        """When it ends; None where no end is planned."""
        ...


M = TypeVar("M", bound=Timed)


class DayCell(msgspec.Struct, Generic[M], frozen=True):
    """One cell of the table."""

    meetings: tuple[M, ...]
    """The meetings in the cell; empty where nothing is on, several where they clash."""
    rows: int
    """How many rows the cell spans."""


def starts_of(columns: Sequence[Sequence[Timed]]) -> tuple[int, ...]:
    """The starting time of each row, in Unix ms."""
    return tuple(sorted({each.starts for column in columns for each in column}))


def table(columns: Sequence[Sequence[M]]) -> tuple[tuple[DayCell[M] | None, ...], ...]:
    """The cells by row and column; None where a cell from above spans the position. `columns`: the meetings of each
    room.
    """
    starts = starts_of(columns)
    found = [_column(column, starts) for column in columns]
    return tuple(tuple(column[n] for column in found) for n in range(len(starts)))


def _column(column: Sequence[M], starts: Sequence[int]) -> list[DayCell[M] | None]:
    cells: list[DayCell[M] | None] = [DayCell((), 1) for _ in starts]
    first = last = 0  # The rows of the newest cell, `last` excluded.
    for each in sorted(column, key=lambda meeting: meeting.starts):
        begins = starts.index(each.starts)
        ends = next((n for n, start in enumerate(starts) if each.ends is not None and start >= each.ends), len(starts))
        ends = begins + 1 if each.ends is None else max(ends, begins + 1)
        before = cells[first] if begins < last else None
        if before is not None:
            last = max(last, ends)
            cells[first] = DayCell((*before.meetings, each), last - first)
        else:
            first, last = begins, ends
            cells[first] = DayCell((each,), last - first)
        cells[first + 1 : last] = [None] * (last - first - 1)
    return cells
