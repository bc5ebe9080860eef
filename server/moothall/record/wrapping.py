"""How text is broken into the lines of a caption: two of 42 characters each, or 16 of a Chinese text.

The numbers are those of Netflix's style guides for English and for Chinese. A width is counted in units, of which a
line has 672: 16 for a character, 42 for a wide one (East Asian Width W or F), none for a combining character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

LINE = 672
"""Units of a line."""
LINES = 2
"""Lines of a caption."""
_NARROW, _WIDE = 16, 42
_WORD = re.compile("[^ ]+ *")
_NEVER_FIRST = frozenset("、。，．！？：；）］｝」』】》〉〕”’…ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々,.!?:;)]}%")  # noqa: RUF001
_NEVER_LAST = frozenset("（［｛「『【《〈〔“‘([{")  # noqa: RUF001
_SENTENCE_ENDS = frozenset(".!?…。！？؟۔")  # noqa: RUF001
_CLAUSE_ENDS = frozenset(",;:،؛，、；：—–")  # noqa: RUF001
_CLOSING = "\"'”’»)]}」』）】》"  # noqa: RUF001
_AFTER_SENTENCE, _AFTER_CLAUSE = 0.6, 0.3
"""By how much of a full caption a break behind a sentence or a clause may lie off the best place."""
_BREAKS = re.compile("[\\x00-\\x20\\x7f-\\x9f\\u2028\\u2029]+")
"""Control characters, line breaks of every kind and plain spaces. Other spaces are kept: typography needs them."""


def plain(text: str) -> str:
    """The text on one line: runs of line breaks, control characters and spaces become one space, none at its ends."""
    return _BREAKS.sub(" ", text).strip(" ")


@lru_cache(maxsize=4096)
def _units(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in ("W", "F") else _NARROW


def width(text: str) -> int:
    """The width of a text in units."""
    return _NARROW * len(text) if text.isascii() else sum(map(_units, text))


def pieces(text: str) -> list[str]:
    """A text in parts that stay whole, each with the space behind it and none wider than a line; joined they are it."""
    if text.isascii() and len(max(words := _WORD.findall(text), key=len, default="")) <= LINE // _NARROW:
        return words
    found: list[str] = []
    piece, wide = "", 0
    for before, character in zip([" ", *text], text, strict=False):
        units = 0 if character == " " else _units(character)
        if piece and (_may_break(before, character) or (wide + units > LINE and units)):
            found.append(piece)
            piece, wide = "", 0
        piece += character
        wide += units
    return [*found, piece] if piece else found


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters."""
    if before == " ":
        return after != " "
    if after == " " or not _units(after) or before == "\u200d":
        return False
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return any(_units(each) == _WIDE and not "\uac00" <= each <= "\ud7a3" for each in (before, after))


def captions(parts: Sequence[str], fits_time: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """Which pieces make a caption: spans [first, last) of them that fill two lines at most.

    `fits_time` says whether the pieces of a span are spoken in a time that suits one caption. A caption ends behind a
    sentence or a clause where one ends near, and the last one isn't left with a word.
    """
    sizes = [(width(part.rstrip(" ")), width(part)) for part in parts]
    rest = sum(size for _, size in sizes)
    spans: list[tuple[int, int]] = []
    first = 0
    while first < len(parts):
        last = _most(sizes, first, fits_time)
        if last < len(parts):
            last = _best_end(parts, sizes, first, last, rest)
        spans.append((first, last))
        rest -= sum(size for _, size in sizes[first:last])
        first = last
    return spans


def _most(sizes: Sequence[tuple[int, int]], first: int, fits_time: Callable[[int, int], bool]) -> int:
    """The end of the longest span from `first` that fits; it has one piece at least.

    `sizes` are the widths of the pieces without the space behind them and with it.
    """
    line, used = 1, sizes[first][1]
    for last in range(first + 1, len(sizes)):
        bare, size = sizes[last]
        if used + bare > LINE:
            line, used = line + 1, 0
        if line > LINES or not fits_time(first, last + 1):
            return last
        used += size
    return len(sizes)


def _best_end(parts: Sequence[str], sizes: Sequence[tuple[int, int]], first: int, last: int, rest: int) -> int:
    """Where to end a caption that has room up to `last`, while more follows; `rest` is the width from `first` on."""
    room = sum(size for _, size in sizes[first:last])
    goal = rest / -(-rest // room) if room else 0.0
    best, least = last, float("inf")
    size = 0
    for end in range(first + 1, last + 1):
        size += sizes[end - 1][1]
        cost = abs(size - goal) / (LINES * LINE) - _bonus(parts[end - 1])
        if cost <= least:
            best, least = end, cost
    return best


def _bonus(part: str) -> float:
    """How good it is to break behind a piece."""
    end = part.rstrip(" ").rstrip(_CLOSING)[-1:]
    if end in _SENTENCE_ENDS:
        return _AFTER_SENTENCE
    return _AFTER_CLAUSE if end in _CLAUSE_ENDS else 0.0


def lines(parts: Sequence[str]) -> tuple[str, ...]:
    """The pieces of a caption in lines: one if it fits, else two of like length; more where they don't fit in two."""
    whole = "".join(parts).strip(" ")
    if width(whole) <= LINE:
        return (whole,)
    best: tuple[str, ...] = ()
    least = float("inf")
    for at in range(1, len(parts)):
        upper, lower = "".join(parts[:at]).strip(" "), "".join(parts[at:]).strip(" ")
        sizes = width(upper), width(lower)
        cost = abs(sizes[0] - sizes[1]) / LINE - _bonus(parts[at - 1])
        if max(sizes) <= LINE and cost < least:
            best, least = (upper, lower), cost
    return best or _filled(parts)


def _filled(parts: Sequence[str]) -> tuple[str, ...]:
    """As many lines as it takes, each as full as it gets."""
    found: list[str] = []
    line = ""
    for part in parts:
        if line and width((line + part).rstrip(" ")) > LINE:
            found.append(line.rstrip(" "))
            line = ""
        line += part
    return (*found, line.rstrip(" "))
