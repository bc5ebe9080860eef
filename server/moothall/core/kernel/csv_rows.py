"""Reads the rows of a table that a spreadsheet has saved as CSV, with the number of each row's line.

It is a module by itself, since tables of the programme and files of badges are read by it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class UnreadableTable(ValueError):
    """A text is no CSV table, or has too many lines. Holds a sentence."""


def csv_rows(text: str, most: int) -> Iterator[tuple[int, list[str]]]:
    """Yield every row with the number of its last text line, from 1. The cells are separated by that of comma,
    semicolon and tab that the first line has most of.

    Raises UnreadableTable, also for more than `most` lines.
    """
    first = next(_lines(text), "")
    delimiter = max(",;\t", key=first.count)
    table = csv.reader(_lines(text), delimiter=delimiter)
    try:
        for row in table:
            if table.line_num > most:
                raise UnreadableTable(f"The file has more than {most} lines.")
            yield table.line_num, row
    except csv.Error as error:
        raise UnreadableTable(f"Line {table.line_num}: that is not CSV ({error}).") from error


def _lines(text: str) -> Iterator[str]:
    """Yield the text lines with their ends, one at a time, since a small file may hold millions."""
    return (found[0] for found in _LINE.finditer(text))
