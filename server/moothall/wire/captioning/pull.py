"""Captions by polling, as StreamText serves them: each answer is a piece of text and the position of the next piece.

A position in a text is a number: 10,000 for each preceding line (`core.views.captions`, struck lines included) plus the
preceding characters of the line itself. So a correction of one line moves no position in another line. A client that
has read past a line doesn't get its later corrections.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.views.captions import Line

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


def pull(
    line: Callable[[int], Line],
    numbers: range,
    last: int,
    length: int,
    language: str,
    *,
    source: Callable[[Line], str],
) -> Pulled:
    """The piece of text after position `last`, of at most `length` characters.

    `last` of -1 gives an empty piece and the position after the newest finished line. `line(n)` returns line number n,
    for each n of `numbers`; older lines are not available, so an older position is moved to the first available line.
    `language` is the answer's language when it has no text. `source` returns how a line came about, in words.
    """
    first, count = numbers.start, numbers.stop
    if last < 0:
        return Pulled("", _head(line, first, count) * LINE, language)
    number, at = divmod(last, LINE)
    number, at = (number, at) if number >= first else (first, 0)
    for n in range(number, min(count, number + MOST_LOOKED)):
        each = line(n)
        if not each.gone and each.t1 is None:
            return Pulled("", n * LINE + at, language)
        text = "" if each.gone else " ".join(each.text.split())[: LINE - 1]
        if at < len(text):
            end = _end(text, at, length)
            whole = end == len(text)
            return Pulled(
                content=text[at:end] + (" " if whole else ""),
                last_position=(n + 1) * LINE if whole else n * LINE + end,
                language_code=each.language,
                source=source(each),
            )
        at = 0
        number = n + 1
    return Pulled("", max(last, number * LINE), language)


def _head(line: Callable[[int], Line], first: int, count: int) -> int:
    """Number of the line after the last finished one."""
    number = count
    while number > first and line(number - 1).t1 is None and not line(number - 1).gone:
        number -= 1
    return number


def _end(text: str, at: int, length: int) -> int:
    """Index after the last space within `length` characters from `at` on; in a longer word the cut is at `length`."""
    if len(text) - at <= length:
        return len(text)
    space = text.rfind(" ", at, at + length)
    return space + 1 if space > at else at + length
