"""Writes CSV tables: the programme's, which `csv_table` reads back without a difference, and those of other files.

Beside the columns that any conference file may have, one of the programme's table names each meeting's own id, so that
a meeting whose title was changed in the table is still the same meeting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.times import Zone
from moothall.core.programme.drafts import MOST_SESSIONS
from moothall.core.programme.plan import Planned, RoomId

HEADING = ("moothall id", "title", "room", "start", "end", "languages", "speakers", "time zone")
MOST_BYTES = 8 << 20
"""Bytes of a file that is read, so no larger one is written; the schedule of a congress with 1,000 talks and their
abstracts takes 3 MB."""
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By which spreadsheets recognise UTF-8."""
_FORMULA = re.compile(r"'*\s*[=+@\t\r-]")
_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?:;|\Z)|([^;]*)(?:;|\Z)')


def write_csv(planned: Sequence[Planned], rooms: Mapping[RoomId, str], zone: Zone) -> bytes:
    """The meetings as UTF-8 with a byte order mark, a row each, line ends as in RFC 4180. `rooms`: their titles.

    Times are ISO 8601 with their offset, by the clock of `zone`. Raises ProgrammeError where the table would be larger
    than a file that is read.
    """
    lines, size = [",".join(HEADING)], 0
    for n, each in enumerate(planned, 1):
        row = (
            each.session,
            each.title,
            "" if each.room is None else rooms.get(each.room, each.room),
            _time(each.starts, zone),
            _time(each.ends, zone),
            ", ".join(each.languages),
            "; ".join(_name(speaker.name) for speaker in each.speakers),
            zone.name,
        )
        lines.append(_row(row))
        size += len(lines[-1])
        if n > MOST_SESSIONS or size > MOST_BYTES:
            raise _too_large()
    written = _written(lines)
    if len(written) > MOST_BYTES:
        raise _too_large()
    return written


def table(rows: Iterable[Sequence[str]]) -> bytes:
    """Any rows in the same form: UTF-8 with a byte order mark, line ends as in RFC 4180, and no cell is a formula."""
    return _written(map(_row, rows))


def defused(cell: str) -> str:
    """Prefix a cell with an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_before(cell: str) -> str:
    """The cell before `defused`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def names_in(cell: str) -> list[str]:
    """The names in a cell, with semicolons between them. A name that is wholly in quotes may hold some."""
    found, at = list[str](), 0
    while at < len(cell):
        match = _QUOTED.match(cell, at)
        assert match is not None  # noqa: S101  # The second alternative matches anything.
        found.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        at = match.end()
    return found


def _row(cells: Sequence[str]) -> str:
    return ",".join(_quoted(defused(cell), ',"\r\n') for cell in cells)


def _written(lines: Iterable[str]) -> bytes:
    return (BYTE_ORDER_MARK + "\r\n".join((*lines, ""))).encode("utf-8", "replace")


def _name(name: str) -> str:
    return _quoted(name, '"' if name.startswith('"') else ";")


def _quoted(text: str, special: str) -> str:
    """The text in quotes, its own quotes doubled, where it has one of the `special` characters."""
    return '"{}"'.format(text.replace('"', '""')) if any(each in text for each in special) else text


def _time(at: int | None, zone: Zone) -> str:
    if at is None:
        return ""
    moment = zone.at(at)
    exact = moment.replace(microsecond=at % 1000 * 1000)
    return exact.isoformat(" ", "milliseconds" if exact.microsecond else "seconds")


def _too_large() -> ProgrammeError:
    return ProgrammeError(
        f"The programme has more than {MOST_SESSIONS} meetings or {MOST_BYTES >> 20} MB, the most of a file that is "
        "read; take it day by day."
    )
