"""Captions a line at a time, as StreamText gives them to whoever asks: a piece of text and where the next begins.

A place in a text is a number: 10,000 for each of its lines (`core.views.captions`, struck ones included) and the
characters of the line before the place. So a correction of one line moves no place in another; whoever has read a line
doesn't get what was mended in it later.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from moothall.core.views.captions import Line

LINE = 10_000
"""Places of one line; it has at most as many characters."""
DEFAULT_LENGTH = 32
"""Characters of a piece unless the asker wants another number; StreamText's."""
MOST_LENGTH = 1_000
MOST_LOOKED = 500
"""Lines without text that one answer passes over. Overflow: the next answer goes on from there."""


class Pulled(msgspec.Struct, frozen=True, rename="camel"):
    """The answer."""

    content: str
    """Empty where nothing is there yet. A space follows what ends with a line."""
    last_position: int
    language_code: str


class Basic(msgspec.Struct, frozen=True):
    """A piece of text as the older form has it."""

    d: str
    """Its characters, escaped as in an address."""
    format: str = "basic"


class PulledBefore(msgspec.Struct, frozen=True, rename={"last_position": "lastPosition"}):
    """The answer in the older form, `/text-data.ashx`."""

    last_position: int
    i: tuple[Basic, ...]
    """Empty where nothing is there yet."""


def pull(line: Callable[[int], Line], numbers: range, last: int, length: int, language: str) -> Pulled:
    """The piece behind place `last` (-1: behind all that is finished), of at most `length` characters.

    `line(n)` gives line number n, for each of `numbers`; what is before them is not at hand. `language`: what to say
    where there is no text.
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
                text[at:end] + (" " if whole else ""), (n + 1) * LINE if whole else n * LINE + end, each.language
            )
        at = 0
        number = n + 1
    return Pulled("", max(last, number * LINE), language)


def _head(line: Callable[[int], Line], first: int, count: int) -> int:
    """Behind the last finished line."""
    number = count
    while number > first and line(number - 1).t1 is None and not line(number - 1).gone:
        number -= 1
    return number


def _end(text: str, at: int, length: int) -> int:
    """Behind the last space within `length` characters, or there where a word is longer."""
    if len(text) - at <= length:
        return len(text)
    space = text.rfind(" ", at, at + length)
    return space + 1 if space > at else at + length
