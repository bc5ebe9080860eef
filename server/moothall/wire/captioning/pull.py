"""Captions by polling, as StreamText serves them: each answer is a piece of text and the position of the next piece.

A position in a text is a number: 10,000 for each line that opened before (`CaptionsView.arrived`, struck lines
included) plus the preceding characters of the line itself. What was split from a line still counts as one line with it.
So neither a correction nor a split of one line moves a position in another line, and neither does a line that goes
before others in time: it comes after them here. A client that has read past a line doesn't get its later corrections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.kernel.ids import SegmentId
from moothall.core.views.captions import CaptionsView, Line

LINE = 10_000
"""Positions that one line takes up; longer lines are cut to one character less."""
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

    `last` of -1 gives an empty piece and the position after the newest finished line. An older position than that of
    the first line in `view` is moved there. `language` is the answer's language when it has no text. `source` returns
    how a line came about, in words.
    """
    if last < 0:
        return Pulled("", _head(view) * LINE, language)
    number, at = divmod(last, LINE)
    number, at = (number, at) if number >= view.earlier else (view.earlier, 0)
    for segment in view.arrived.slice(number - view.earlier, number - view.earlier + MOST_LOOKED):
        line = _line(view, segment)
        if not line.gone and line.t1 is None:
            return Pulled("", number * LINE + at, language)
        text = " ".join("".join(_texts(view, line)).split())[: LINE - 1]
        if at < len(text):
            end = _end(text, at, length)
            whole = end == len(text)
            return Pulled(
                content=text[at:end] + (" " if whole else ""),
                last_position=(number + 1) * LINE if whole else number * LINE + end,
                language_code=line.language,
                source=source(line),
            )
        at = 0
        number += 1
    return Pulled("", max(last, number * LINE), language)


def _line(view: CaptionsView, segment: SegmentId) -> Line:
    return view.lines[view.index.get(segment) or 0]  # What arrived is in the index.


def _head(view: CaptionsView) -> int:
    """Number of the line after the last finished one."""
    opened = len(view.arrived)
    while opened and (line := _line(view, view.arrived[opened - 1])).t1 is None and not line.gone:
        opened -= 1
    return view.earlier + opened


def _texts(view: CaptionsView, line: Line) -> Iterator[str]:
    """The texts of a line and of what was split from it."""
    if not line.gone:
        # A part that was corrected may have lost the space before it.
        yield f" {line.text}" if line.revision else line.text
    for part in view.parts.get(line.segment) or ():
        yield from _texts(view, _line(view, part))


def _end(text: str, at: int, length: int) -> int:
    """Index after the last space within `length` characters from `at` on; in a longer word the cut is at `length`."""
    if len(text) - at <= length:
        return len(text)
    space = text.rfind(" ", at, at + length)
    return space + 1 if space > at else at + length
