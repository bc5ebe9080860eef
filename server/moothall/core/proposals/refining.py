"""What a second pass over a recording says of lines that stand: which of them should read otherwise.

The words that stand and the words heard again are aligned with the fewest changes, among words that were said at about
the same time (Wagner and Fischer 1974, in a band); a word heard again then belongs to the line of its partner.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from moothall.core.events.types import Word
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.languages import same_language

BAND = 3_000
"""Ms between a word that stands and one heard again that may be the same: recognisers' times differ by less."""
NEAR = 1_500
"""Ms from a line at most at which a word without a partner still belongs to it."""
MOSTLY = 0.5
"""Share of a line's words that have to stay for a machine to change it unseen."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff"
"""Thai, Lao, Burmese, kana and Han."""
_PIECE = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)")
"""A word with the space before it; of scripts that put no spaces between words, a character."""


class CurrentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it stands."""

    segment: SegmentId
    channel: ChannelId
    revision: int
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    language: str
    """BCP-47 tag."""
    text: str
    machine: bool
    """Whether a machine wrote it and no person has touched it."""


class Again(msgspec.Struct, frozen=True):
    """What was heard again, in one language."""

    words: tuple[Word, ...]
    """In media ms."""
    language: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A line that should read otherwise."""

    segment: SegmentId
    channel: ChannelId
    base_revision: int
    """How many corrections it had when it was looked at."""
    t0: int
    """Where it begins, media ms, to find it by."""
    old: str
    """How it read."""
    new: str
    """How it should."""
    stays: float
    """Share of its words that stay, 0 to 1."""
    machine: bool
    """Whether a machine wrote it and no person had touched it."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a second pass found."""

    proposals: tuple[Proposal, ...]
    unheard: int
    """Lines of which nothing was heard again: they may be invented. Nothing is proposed for them."""
    elsewhere: int
    """Words heard where there is no line, which no correction can bring in."""


class _Token(msgspec.Struct, frozen=True):
    text: str
    plain: str
    t: int
    """Its middle, media ms."""
    line: int
    """Number of the line it stands in; of a word heard again, of what was heard."""


def plainly(text: str) -> str:
    """A text without case, spaces and punctuation, to see whether two say the same."""
    return "".join(filter(str.isalnum, text.casefold()))


def pieces_of(text: str) -> list[str]:
    """A text in words, each with the space before it; in characters where a script has no spaces between words."""
    return _PIECE.findall(text)


def propose(lines: Sequence[CurrentLine], heard: Sequence[Again]) -> Findings:
    """Compare the lines of one channel with what was heard again, both in order of time.

    A line is left as it is where only case or punctuation differ, where nothing was heard, and where it was heard in
    another language.
    """
    old = [token for number, line in enumerate(lines) for token in _tokens(line.text, line.t0, line.t1, number)]
    new = [
        token
        for number, each in enumerate(heard)
        for word in each.words
        for token in _tokens(word.text, word.t0, word.t1, number)
    ]
    partners = _aligned(old, new)
    owners = _owners(lines, old, new, partners)
    mine: dict[int, list[_Token]] = {}
    for token, owner in zip(new, owners, strict=True):
        if owner is not None:
            mine.setdefault(owner, []).append(token)
    words, stays = Counter(token.line for token in old), Counter[int]()
    for at, partner in enumerate(partners):
        if partner is not None and old[partner].plain == new[at].plain:
            stays[old[partner].line] += 1
    proposals = []
    for number, line in enumerate(lines):
        tokens = mine.get(number, [])
        said = "".join(token.text for token in tokens).strip()
        foreign = any(not same_language(heard[token.line].language, line.language) for token in tokens)
        if not plainly(said) or foreign or plainly(said) == plainly(line.text):
            continue
        proposals.append(
            made_of(
                Proposal,
                line,
                base_revision=line.revision,
                old=line.text,
                new=said,
                stays=round(stays[number] / max(1, words[number]), 2),
            )
        )
    unheard = sum(number not in mine for number in range(len(lines)))
    return Findings(proposals=tuple(proposals), unheard=unheard, elsewhere=owners.count(None))


def _tokens(text: str, t0: int, t1: int, line: int) -> list[_Token]:
    """The words of a text, spread over its time by their length."""
    pieces = pieces_of(text)
    length, done, tokens = max(1, sum(map(len, pieces))), 0, []
    for piece in pieces:
        middle = t0 + (t1 - t0) * (2 * done + len(piece)) // (2 * length)
        tokens.append(_Token(text=piece, plain=plainly(piece), t=middle, line=line))
        done += len(piece)
    return tokens


def _aligned(old: Sequence[_Token], new: Sequence[_Token]) -> list[int | None]:
    """For each word heard again its partner among those that stand; partners come in the same order."""
    # Row i holds the least changes with i words of the old, from the low to the high word of the new.
    times = _running([token.t for token in new])
    befores = _running([token.t for token in old])
    rows: list[tuple[int, list[tuple[int, int]]]] = []
    low = 0
    for i in range(len(old) + 1):
        high = bisect_right(times, befores[i] + BAND) if i < len(old) else len(new)
        above_low, above = rows[-1] if rows else (0, [])
        low = min(bisect_left(times, befores[i - 1] - BAND), above_low + len(above) - 1) if i else 0
        row: list[tuple[int, int]] = []
        for j in range(low, high + 1):
            ways = [(0, _NONE)] if i == j == 0 else []
            if row:
                ways.append((row[-1][0] + _CHANGE, _NEW))
            if j - above_low in range(len(above)):
                ways.append((above[j - above_low][0] + _CHANGE, _OLD))
            if j - 1 - above_low in range(len(above)):
                one, other = old[i - 1], new[j - 1]
                costs = abs(one.t - other.t) + (0 if one.plain == other.plain else _CHANGE)
                ways.append((above[j - 1 - above_low][0] + costs, _BOTH))
            row.append(min(ways))
        rows.append((low, row))
    return _walked_back(rows, len(new))


_CHANGE = 10_000
"""What a change costs; a ms between partners costs 1."""
_NONE, _BOTH, _OLD, _NEW = range(4)
"""Steps of an alignment: none, a word of both, of the old alone, of the new alone."""


def _walked_back(rows: Sequence[tuple[int, list[tuple[int, int]]]], count: int) -> list[int | None]:
    partners: list[int | None] = [None] * count
    i, j = len(rows) - 1, count
    while i or j:
        low, row = rows[i]
        step = row[j - low][1]
        if step == _BOTH:
            partners[j - 1] = i - 1
        i -= step in (_BOTH, _OLD)
        j -= step in (_BOTH, _NEW)
    return partners


def _running(times: Sequence[int]) -> list[int]:
    """Times that never run back."""
    return list(accumulate(times, max))


def _owners(
    lines: Sequence[CurrentLine], old: Sequence[_Token], new: Sequence[_Token], partners: Sequence[int | None]
) -> list[int | None]:
    """For each word heard again its line: its partner's, or of those beside it the nearer one in time."""
    behind: list[int | None] = []
    for partner in reversed(partners):
        behind.append(partner if partner is not None else behind[-1] if behind else None)
    behind.reverse()
    owners: list[int | None] = []
    before: int | None = None
    for token, partner, after in zip(new, partners, behind, strict=True):
        if partner is not None:
            before = partner
            owners.append(old[partner].line)
            continue
        near = [old[each].line for each in (before, after) if each is not None]
        best = min(near, key=lambda number: _apart(lines[number], token.t), default=None)
        owners.append(None if best is None or _apart(lines[best], token.t) > NEAR else best)
    return owners


def _apart(line: CurrentLine, t: int) -> int:
    """Ms from a moment to a line; 0 within."""
    return max(0, line.t0 - t, t - line.t1)
