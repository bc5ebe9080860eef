"""Counts the people of a file of badges: a CSV table, as a scanner or a registration desk saves it.

The file is only counted: each badge once, by the column that has its number. Nothing of it is in an error's sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from moothall.core.kernel.csv_rows import UnreadableTable, csv_rows
from moothall.core.kernel.errors import BadgesRefused

MOST_BYTES = 2 << 20
"""Bytes of a file: 20,000 badges with names and times."""
MOST_LINES = 50_000
MOST_CHARACTERS = 200
"""Characters of a badge's number."""
COLUMNS = (
    *("badge", "badge id", "badge number", "badge no", "id", "code", "barcode", "registration", "registration id"),
    *("insignia", "credencial", "crachá", "cracha", "бейдж", "الشارة", "胸牌", "证件"),
)
"""Headings of the column with the badge's number, in lower case, the likeliest first."""


def count_badges(data: bytes) -> int:
    """The number of different badges in a file. Raises BadgesRefused with a sentence that names the line."""
    if len(data) > MOST_BYTES:
        raise BadgesRefused(
            f"The file has {len(data)} bytes; it may have {MOST_BYTES}. Leave out columns, or split it."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadgesRefused(f"Line {line}: the file is not written in UTF-8. Save it as CSV in UTF-8.") from error
    rows = _rows(text)
    _, heading = next(rows, (1, []))
    column = _column(heading)
    if column is None:
        named = ", ".join(COLUMNS[:5])
        raise BadgesRefused(
            f"Line 1: no column has the badges' numbers. Name it with one of: {named}; or send a file of one column."
        )
    alone = len(heading) == 1 and _known(heading[0]) is None
    found = {heading[0].strip().casefold()} if alone else set[str]()
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        badge = row[column].strip() if column < len(row) else ""
        if not badge:
            raise BadgesRefused(f"Line {number}: the badge's number is missing. Write it, or take the line out.")
        if len(badge) > MOST_CHARACTERS:
            raise BadgesRefused(f"Line {number}: the badge's number has more than {MOST_CHARACTERS} characters.")
        found.add(badge.casefold())
    if not found:
        raise BadgesRefused("The file has no badges: only a line of headings, or nothing.")
    return len(found)


def _column(heading: list[str]) -> int | None:
    ranks = [(rank, n) for n, cell in enumerate(heading) if (rank := _known(cell)) is not None]
    if ranks:
        return min(ranks)[1]
    return 0 if len(heading) == 1 and heading[0].strip() else None


def _known(cell: str) -> int | None:
    name = " ".join(cell.replace("_", " ").lower().split())
    return COLUMNS.index(name) if name in COLUMNS else None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from csv_rows(text, MOST_LINES)
    except UnreadableTable as error:
        # The sentences of `csv` name a line and a mistake, and nothing of the line.
        raise BadgesRefused(str(error)) from error
