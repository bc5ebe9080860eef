"""Captions by polling, as StreamText serves them: each answer is a piece of text and the position of the next piece.

A position in a text is a number: 10,000 for each preceding line (`core.views.captions`, struck lines included) plus the
preceding characters of the line itself. What was split from a line still counts as one line with it. So neither a
correction nor a split of one line moves a position in another line. A client that has read past a line doesn't get its
later corrections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec
from msgspec import UNSET, UnsetType

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
    number, at = (number, at) if number >= view.skipped else (view.skipped, 0)
    for parts in islice(_lines(view, number), MOST_LOOKED):
        each = parts[0]
        if not each.gone and each.t1 is None:
            return Pulled("", number * LINE + at, language)
        text = _text(parts)
        if at < len(text):
            end = _end(text, at, length)
            whole = end == len(text)
            return Pulled(
                content=text[at:end] + (" " if whole else ""),
                last_position=(number + 1) * LINE if whole else number * LINE + end,
                language_code=each.language,
                source=source(each),
            )
        at = 0
        number += 1
    return Pulled("", max(last, number * LINE), language)


def _lines(view: CaptionsView, number: int) -> Iterator[Sequence[Line]]:
    """The lines from this number on, each with what was split from it behind it."""
    index, before = len(view.lines), _count(view)
    while before > number:
        index -= 1
        before -= view.lines[index].segment not in view.parts
    while index < len(view.lines):
        end = index + 1
        while end < len(view.lines) and view.lines[end].segment in view.parts:
            end += 1
        yield view.lines.slice(index, end)
        index = end


def _count(view: CaptionsView) -> int:
    return view.skipped + len(view.lines) - len(view.parts)


def _head(view: CaptionsView) -> int:
    """Number of the line after the last finished one."""
    number, index = _count(view), len(view.lines)
    while index and view.lines[index - 1].t1 is None and not view.lines[index - 1].gone:
        number, index = number - 1, index - 1
    return number


def _text(parts: Sequence[Line]) -> str:
    text = ""
    for each in parts:
        # A part that was corrected may have lost the space before it.
        text += "" if each.gone else f" {each.text}" if each.revision else each.text
    return " ".join(text.split())[: LINE - 1]


def _end(text: str, at: int, length: int) -> int:
    """Index after the last space within `length` characters from `at` on; in a longer word the cut is at `length`."""
    if len(text) - at <= length:
        return len(text)
    space = text.rfind(" ", at, at + length)
    return space + 1 if space > at else at + length
