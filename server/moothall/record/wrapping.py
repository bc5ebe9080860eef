"""Breaks text into the rows of captions: two rows of 42 characters each, or of 16 in a Chinese text.

The numbers are from Netflix's style guides for English and for Chinese. Width is measured in units, 672 a row: 16 for a
character, 42 for a wide one (East Asian Width W or F), none for a combining character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

LINE = 672
"""Units of width in a row."""
LINES = 2
"""Rows of a caption."""
EXCERPT = 60
"""Characters of the beginning of a text, where it stands for the whole."""
_NARROW, _WIDE = 16, 42
_WORD = re.compile("[^ ]+ *")
_OTHER = re.compile("[^ -~\u00c0-\u02ff\u0391-\u0482\u048a-\u052f\u060c\u061b\u061f-\u064a\u0660-\u066f\u0671-\u06d3]")
"""A character that isn't known to be narrow: of other scripts than the Latin, Greek, Cyrillic and Arabic ones."""
_NEVER_FIRST = frozenset("、。，．！？：；）］｝」』】》〉〕”’…ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々,.!?:;)]}%")  # noqa: RUF001
_NEVER_LAST = frozenset("（［｛「『【《〈〔“‘([{")  # noqa: RUF001
_SENTENCE_ENDS = frozenset(".!?…。！？؟۔")  # noqa: RUF001
_CLAUSE_ENDS = frozenset(",;:،؛，、；：—–")  # noqa: RUF001
_CLOSING = "\"'”’»)]}」』）】》"  # noqa: RUF001
_AFTER_SENTENCE, _AFTER_CLAUSE = 0.6, 0.3
"""By how much of a full caption a break after a sentence or a clause may miss the best position."""
_BREAKS = re.compile("[\\x00-\\x20\\x7f-\\x9f\\u2028\\u2029]+")
"""Control characters, line breaks of every kind and plain spaces. Other spaces are kept: typography needs them."""


def plain(text: str) -> str:
    """The text as a single row: runs of line breaks, control characters and spaces become one space, without any at the
    ends.
    """
    return _BREAKS.sub(" ", text).strip(" ")


def beginning(text: str) -> str:
    """The beginning of a text, cut after a whole word if possible; the whole where it is short."""
    if len(text) <= EXCERPT:
        return text
    return f"{text[:EXCERPT].rpartition(' ')[0] or text[:EXCERPT]}…"


@lru_cache(maxsize=4096)
def _units(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in ("W", "F") else _NARROW


def _has_wide(text: str) -> bool:
    """Whether a text has a wide character; without one it can be broken at spaces only."""
    return not text.isascii() and any(_units(each) == _WIDE for each in set(_OTHER.findall(text)))


def width(text: str) -> int:
    """The width of a text in units."""
    others = () if text.isascii() else _OTHER.findall(text)
    return _NARROW * (len(text) - len(others)) + sum(map(_units, others))


def sizes_of(parts: Sequence[str]) -> list[tuple[int, int]]:
    """The widths of pieces, without the spaces after each and with these."""
    if _OTHER.search("".join(parts)):
        return [(width(part.rstrip(" ")), width(part)) for part in parts]
    return [(_NARROW * len(part.rstrip(" ")), _NARROW * len(part)) for part in parts]


def pieces(text: str) -> list[str]:
    """The unbreakable pieces of a text, each with the spaces after it, and none wider than a row. Joined they give the
    text.
    """
    if not _has_wide(text) and max(map(len, words := _WORD.findall(text)), default=0) <= LINE // _NARROW:
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
    """Whether a row may end between two characters."""
    if before == " ":
        return after != " "
    if after == " " or not _units(after) or before == "\u200d":
        return False
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return any(_units(each) == _WIDE and not "\uac00" <= each <= "\ud7a3" for each in (before, after))


def together(before: str, after: str) -> bool:
    """Whether two rows are one text without a space between them, by the characters at which they meet: in Chinese."""
    return _may_break(before, after)


def captions(
    parts: Sequence[str],
    fits_time: Callable[[int, int], bool] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> list[tuple[int, int]]:
    """Divide pieces into captions of at most two rows each. Returns spans [first, last) of pieces.

    `fits_time` says whether the pieces of a span were spoken in a time that suits one caption, None that those of any
    span were; `sizes` are those of `sizes_of`, where they are known already. A caption ends after a sentence or a
    clause if one ends nearby, and the last caption doesn't get a single word only.
    """
    sizes = sizes_of(parts) if sizes is None else sizes
    spans: list[tuple[int, int]] = []
    first = 0
    while first < len(parts):
        last = _most(sizes, first, fits_time)
        if last < len(parts):
            last = _best_end(parts, sizes, first, last)
        spans.append((first, last))
        first = last
    return spans


def _most(sizes: Sequence[tuple[int, int]], first: int, fits_time: Callable[[int, int], bool] | None) -> int:
    """The end of the longest span from `first` that fits; the span has at least one piece.

    `sizes`: widths of the pieces, without the spaces after them and with these.
    """
    line, used = 1, sizes[first][1]
    for last in range(first + 1, len(sizes)):
        bare, size = sizes[last]
        if used + bare > LINE:
            line, used = line + 1, 0
        if line > LINES or (fits_time is not None and not fits_time(first, last + 1)):
            return last
        used += size
    return len(sizes)


def _best_end(parts: Sequence[str], sizes: Sequence[tuple[int, int]], first: int, last: int) -> int:
    """The best end of a caption that begins at `first` and has room up to `last`, while more text follows."""
    room, rest = (sum(size for _, size in sizes[first:end]) for end in (last, len(sizes)))
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
    """The preference for a break after a piece, as a fraction of a full caption."""
    end = part.rstrip(" ").rstrip(_CLOSING)[-1:]
    if end in _SENTENCE_ENDS:
        return _AFTER_SENTENCE
    return _AFTER_CLAUSE if end in _CLAUSE_ENDS else 0.0


def lines(parts: Sequence[str], sizes: Sequence[tuple[int, int]] | None = None) -> tuple[str, ...]:
    """The rows of a caption: one if the pieces fit, else two of similar width, or more if they don't fit in two.

    `sizes` as in `captions`.
    """
    sizes = sizes_of(parts) if sizes is None else sizes
    rest = sum([size for _, size in sizes]) - (sizes[-1][1] - sizes[-1][0] if sizes else 0)
    if rest <= LINE:
        return ("".join(parts).strip(" "),)
    best, least, used = 0, float("inf"), 0
    for at in range(1, len(parts)):
        bare, size = sizes[at - 1]
        upper, used, rest = used + bare, used + size, rest - size
        if upper <= LINE >= rest and (cost := abs(upper - rest) / LINE - _bonus(parts[at - 1])) < least:
            best, least = at, cost
    return ("".join(parts[:best]).strip(" "), "".join(parts[best:]).strip(" ")) if best else _filled(parts)


def _filled(parts: Sequence[str]) -> tuple[str, ...]:
    """As many rows as needed, each filled as far as possible."""
    found: list[str] = []
    line = ""
    for part in parts:
        if line and width((line + part).rstrip(" ")) > LINE:
            found.append(line.rstrip(" "))
            line = ""
        line += part
    return (*found, line.rstrip(" "))
