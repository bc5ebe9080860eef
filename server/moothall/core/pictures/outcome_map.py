"""The map of the answers to a policy question: from which session each message comes, and which groups hold it.

Three columns: sessions, messages, groups, joined by lines. Each message leads to where it was said. The table beside
the picture has the same, for keyboards and screen readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import msgspec

from moothall.core.pictures.drawing import FONT, Picture, fitted

WIDTH = 720
ROW = 24
"""Height of a row."""
MOST_POINTS = 200
"""Messages in a picture. Overflow: further ones are in the table alone."""
_SESSIONS, _MESSAGE, _LABEL, _GROUPS = 200, 262, 272, 520
"""Where the column of sessions ends, where the points of messages and their labels are, and where groups begin."""
_DOT, _GAP = 5, 8


class MapPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A message on the map."""

    label: str
    kind: str
    """What it says, as the class of its point."""
    address: str
    """Where it was said."""
    session: str
    """The title of its session; empty for none."""
    groups: tuple[str, ...] = ()
    """The groups that hold it."""


def outcome_map(points: Sequence[MapPoint], *, rtl: bool = False) -> str:
    """The map; empty without a message."""
    points = points[:MOST_POINTS]
    if not points:
        return ""
    sessions = list(dict.fromkeys(each.session for each in points if each.session))
    groups = list(dict.fromkeys(group for each in points for group in each.groups))
    rows = max(len(points), len(sessions), len(groups))
    picture = Picture(WIDTH, rows * ROW, rtl=rtl)
    session_at, group_at = _places(sessions, rows), _places(groups, rows)
    for name, y in session_at.items():
        picture.text(_SESSIONS - _GAP, y + FONT / 3, fitted(name, _SESSIONS - _GAP), anchor="end", kind="name")
    for name, y in group_at.items():
        picture.text(_GROUPS, y + FONT / 3, fitted(name, WIDTH - _GROUPS), kind="name")
    for n, each in enumerate(points):
        y = _row(n, len(points), rows)
        if each.session:
            picture.line([(_SESSIONS, session_at[each.session]), (_MESSAGE - _GAP, y)], "joins")
        for group in each.groups:
            picture.line([(_GROUPS - _GAP, group_at[group]), (_GROUPS - 5 * _GAP, y)], "joins")
        picture.other(f'<a href="{escape(each.address)}" tabindex="-1">')
        picture.dot(_MESSAGE, y, _DOT, f"point {escape(each.kind)}", each.label)
        picture.text(_LABEL, y + FONT / 3, fitted(each.label, _GROUPS - 6 * _GAP - _LABEL))
        picture.other("</a>")
    return picture.svg("outcome-map")


def _places(names: Sequence[str], rows: int) -> Mapping[str, float]:
    return {name: _row(n, len(names), rows) for n, name in enumerate(names)}


def _row(n: int, of: int, rows: int) -> float:
    """The middle of the row of the `n`th of so many, spread over all rows."""
    return (n + 0.5) * rows / of * ROW
