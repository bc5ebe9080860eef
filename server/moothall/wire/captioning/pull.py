"""Captions by polling, as StreamText serves them: each answer is a piece of text and the position of the next piece.

A position in a text is a number: 10,000 for each event of the session's log before the one that opened a line
(`CaptionsView.arrived`), plus the preceding characters of the line itself. So nothing moves it: no correction, no line
that goes before others in time, which comes after them here, no removal and no restart, and every node has the same.
What was split from a line, or stands again behind it, counts as one line with it. A client that has read past a line
doesn't get its later corrections.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.kernel.ids import SegmentId
from moothall.core.removal.moves import stands_again
from moothall.core.views.captions import CaptionsView, Line

LINE = 10_000
"""Positions of an event; longer lines are cut to one character less."""
DEFAULT_LENGTH = 32
"""Characters of a piece when the request names no number, as StreamText has it."""
MOST_LENGTH = 1_000
"""Most characters of a piece."""
MOST_LOOKED = 500
"""Lines without text that one answer skips. Overflow: the answer is empty, and the next request continues there."""


class Pulled(msgspec.Struct, frozen=True, rename="camel"):
    """An answer of StreamText's newer API."""

    content: str
    """The piece of text; empty when there is no new text yet. A space follows a piece that ends a line."""
    last_position: int
    """The position to send with the next request."""
    language_code: str
    """BCP-47 tag."""
    notice: str | UnsetType = UNSET
    """For a machine's translation, what it is, and where its original is; left out for another text."""
    source: str | UnsetType = UNSET
    """How the line of the piece came about, in words; left out where the piece is empty."""


class Basic(msgspec.Struct, frozen=True):
    """A piece of text in the older API."""

    d: str
    """The text, percent-encoded."""
    format: str = "basic"


class PulledBefore(msgspec.Struct, frozen=True, rename={"last_position": "lastPosition"}):
    """An answer of StreamText's older API, `/text-data.ashx`."""

    last_position: int
    """The position to send with the next request."""
    i: tuple[Basic, ...]
    """The piece of text; empty when there is no new text yet."""


def pull(view: CaptionsView, last: int, length: int, language: str, *, source: Callable[[Line], str]) -> Pulled:
    """The piece of text after position `last`, of at most `length` characters.

    `last` of -1 gives an empty piece and the position after the newest finished line. `language` is the answer's
    language when it has no text. `source` returns how a line came about, in words.
    """
    if last < 0:
        return Pulled("", _head(view) * LINE, language)
    offset, at = divmod(last, LINE)
    first = bisect_left(view.arrived, offset, key=itemgetter(0))
    for opened, segment in view.arrived.slice(first, first + MOST_LOOKED):
        lines = tuple(_together(view, segment))
        at = at if opened == offset else 0
        if _grows(lines):
            return Pulled("", opened * LINE + at, language)
        text = _text(lines)
        if at < len(text):
            end = _end(text, at, length)
            whole = end == len(text)
            return Pulled(
                content=text[at:end] + (" " if whole else ""),
                last_position=(opened + 1) * LINE if whole else opened * LINE + end,
                language_code=lines[0].language,
                source=source(lines[0]),
            )
        last = (opened + 1) * LINE
    return Pulled("", last, language)


def _head(view: CaptionsView) -> int:
    """The offset behind that of the newest finished line."""
    number = len(view.arrived)
    while number and _grows(_together(view, view.arrived[number - 1][1])):
        number -= 1
    return view.arrived[number - 1][0] + 1 if number else 0


def _grows(lines: Iterable[Line]) -> bool:
    return any(not each.gone and each.t1 is None for each in lines)


def _together(view: CaptionsView, segment: SegmentId) -> Iterator[Line]:
    """A line, and those that count as one with it."""
    yield view.lines[view.index.get(segment) or 0]  # Each of them is in the index.
    for part in view.parts.get(segment) or ():
        yield from _together(view, part)


def _text(lines: Iterable[Line]) -> str:
    text = ""
    for each in lines:
        # A part that was corrected may have lost the space before it; one that stands again was a line of its own.
        apart = each.revision or stands_again(each.segment)
        text += "" if each.gone else f" {each.text}" if apart else each.text
    return " ".join(text.split())[: LINE - 1]


def _end(text: str, at: int, length: int) -> int:
    """Index after the last space within `length` characters from `at` on; in a longer word the cut is at `length`."""
    if len(text) - at <= length:
        return len(text)
    space = text.rfind(" ", at, at + length)
    return space + 1 if space > at else at + length
