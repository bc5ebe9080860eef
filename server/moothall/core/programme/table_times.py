"""Parses dates and times of day as spreadsheets write them: in two columns, with day and month in a country's order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.times import unix_ms

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\Z")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\Z")
_TIME_OF_DAY = re.compile(r"(\d{1,2})[:h](\d{2})(?::(\d{2})(?:\.0+)?)?(?:\s*([ap])\.?\s?m\.?)?\Z", re.IGNORECASE)


class DateOrder(StrEnum):
    """What comes first in a date that ends with the year."""

    DAY = "day"
    MONTH = "month"


def date_order(cells: Iterable[str]) -> DateOrder | None:
    """The order of day and month in all such dates of a table; None when the table doesn't show what `01/02/2026`
    means.

    A date such as `13/02/2026` shows it. If there is none, the order with the smaller span from the first to the last
    date counts: a conference takes days, not months.
    """
    dates = {match.group(1, 3, 4) for cell in cells for match in [_YEAR_LAST.match(_date_in(cell))] if match}
    spans: dict[DateOrder, timedelta] = {}
    for order in DateOrder:
        try:
            days = [_in_order(int(first), int(second), int(year), order) for first, second, year in dates]
        except ValueError:
            continue
        spans[order] = max(days) - min(days) if days else timedelta(0)
    if len(set(spans.values())) < len(spans):
        return None
    return min(spans, key=lambda order: spans[order], default=None)


def has_numbered_dates(cells: Iterable[str]) -> bool:
    """Whether any date of a table ends with the year, so that `date_order` has a meaning."""
    return any(_YEAR_LAST.match(_date_in(cell)) for cell in cells)


def table_moment(cell: str, day: str, zone: tzinfo, order: DateOrder | None, where: str) -> int:
    """A cell as Unix ms: a date with a time, or a time of day on the date in `day`.

    `zone` applies unless ISO 8601 names an offset. Raises ProgrammeError with a sentence that begins with `where`.
    """
    text = " ".join(cell.split())
    try:
        read = _iso(text)
        if read is None:
            first, _, rest = text.partition(" ")
            clock = _clock(text)
            on = day if clock is not None else first
            found = _date(_date_in(on), order, where)
            clock = clock or (_clock(rest) if rest else time())
            if found is None or clock is None:
                raise ValueError
            read = datetime.combine(found, clock)
        return unix_ms(read if read.tzinfo is not None else read.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        if _clock(text) is not None and day:
            msg = f"{where}: its date '{day[:60]}' is no date; write it as 2026-11-24."
        else:
            needed = "; a time of day needs a column 'date' beside it" if _clock(text) is not None else ""
            msg = f"{where}: '{cell[:60]}' is no time; write it as 2026-11-24 10:00{needed}."
        raise ProgrammeError(msg) from error


def is_time_of_day(cell: str) -> bool:
    """Whether a cell holds only a time of day."""
    return _clock(" ".join(cell.split())) is not None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _date_in(cell: str) -> str:
    """The part of a cell before the time; spreadsheets append `00:00` to a date."""
    return cell.strip().replace("T", " ").partition(" ")[0]


def _date(text: str, order: DateOrder | None, where: str) -> date | None:
    year_first, year_last = _YEAR_FIRST.match(text), _YEAR_LAST.match(text)
    if year_first is not None:
        return date(int(year_first[1]), int(year_first[3]), int(year_first[4]))
    if year_last is None:
        return None
    first, second, year = int(year_last[1]), int(year_last[3]), int(year_last[4])
    orders = DateOrder if order is None else (order,)
    meant = {_in_order(first, second, year, each) for each in orders if _fits(first, second, each)}
    if len(meant) > 1:
        one, other = sorted(meant)
        msg = f"{where}: '{text}' may be {one} or {other}, and no other date of the table tells which; write it so."
        raise ProgrammeError(msg)
    return meant.pop() if meant else None


def _fits(first: int, second: int, order: DateOrder) -> bool:
    return (second if order is DateOrder.DAY else first) <= 12


def _in_order(first: int, second: int, year: int, order: DateOrder) -> date:
    day, month = (first, second) if order is DateOrder.DAY else (second, first)
    return date(year, month, day)


def _clock(text: str) -> time | None:
    """Parse `09:00`, `9:00:00`, `9h30` or `9:00 PM`; None for anything else."""
    found = _TIME_OF_DAY.match(text)
    if found is None:
        return None
    hour, half = int(found[1]), (found[4] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        return None
