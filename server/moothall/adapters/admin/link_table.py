"""Links as a table for a mail merge: CSV as spreadsheets read it.

A module by itself: the form of links and its test know it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

COLUMNS = ("day", "time", "meeting", "room", "role", "label", "address")
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By it spreadsheets know UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def link_table(rows: Iterable[Sequence[str]]) -> bytes:
    """The table, UTF-8 with a byte order mark, lines ended as RFC 4180 says; each row has a cell for each column."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return (_BOM + text.getvalue()).encode("utf-8", "replace")


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: it gets an apostrophe where it begins as one would."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell
