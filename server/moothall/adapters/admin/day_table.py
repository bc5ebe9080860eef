"""The meetings of a day as a table: a column for each room, a row for each time at which one begins. Pure.

A meeting reaches over the rows that begin before it ends. Meetings of one room at the same time share a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec


class Timed(Protocol):
    """A meeting with its times, Unix ms."""

    @property
    def starts(self) -> int:
        """When it begins."""
        ...

    @property
    def ends(self) -> int | None:
        """When it ends; None where nobody said."""
        ...


M = TypeVar("M", bound=Timed)


class Cell(msgspec.Struct, Generic[M], frozen=True):
    """A place of the table."""

    meetings: tuple[M, ...]
    """None: nothing is on there. Several: they clash."""
    rows: int
    """Over how many it reaches."""


def starts_of(columns: Sequence[Sequence[Timed]]) -> tuple[int, ...]:
    """The times of the rows, Unix ms."""
    return tuple(sorted({each.starts for column in columns for each in column}))


def table(columns: Sequence[Sequence[M]]) -> tuple[tuple[Cell[M] | None, ...], ...]:
    """The cells by row and column, None where one from above reaches; `columns` holds the meetings of each room."""
    starts = starts_of(columns)
    found = [_column(column, starts) for column in columns]
    return tuple(tuple(column[n] for column in found) for n in range(len(starts)))


def _column(column: Sequence[M], starts: Sequence[int]) -> list[Cell[M] | None]:
    cells: list[Cell[M] | None] = [Cell((), 1) for _ in starts]
    first = last = 0  # The rows of the newest cell, without `last`.
    for each in sorted(column, key=lambda meeting: meeting.starts):
        begins = starts.index(each.starts)
        ends = next((n for n, start in enumerate(starts) if each.ends is not None and start >= each.ends), len(starts))
        ends = begins + 1 if each.ends is None else max(ends, begins + 1)
        before = cells[first] if begins < last else None
        if before is not None:
            last = max(last, ends)
            cells[first] = Cell((*before.meetings, each), last - first)
        else:
            first, last = begins, ends
            cells[first] = Cell((each,), last - first)
        cells[first + 1 : last] = [None] * (last - first - 1)
    return cells
