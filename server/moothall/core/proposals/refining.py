"""Compares the lines of a channel with the words of a second pass over its recording, and proposes corrections.

The words of the lines and the new words are aligned with the fewest changes, among words that were said at about the
same time (Wagner and Fischer 1974, within a band). Each new word then belongs to the line of its partner.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec

from moothall.core.events.lines import Word
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary, same_language
from moothall.core.kernel.letters import letters

BAND = 3_000
"""How far apart two words may be in time to count as the same, in ms: recognised times differ by less."""
NEAR = 1_500
"""How far from a line a word without a partner may be to belong to it, in ms."""
MOSTLY = 0.5
"""The share of a line's words that must stay for a proposal to be accepted without listening."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff"
"""Thai, Lao, Burmese, kana and Han: scripts without spaces between words."""
_PIECE = re.compile(rf"\s*(?:[{_UNSPACED}](?:(?!\w)[{_UNSPACED}])*|[^\s{_UNSPACED}]+)")
"""A word with the space before it; in scripts without spaces between words a single character with its marks."""


class CurrentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its present text."""

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
    """Whether a machine wrote the line and no person has changed it."""


class SecondPassWords(msgspec.Struct, frozen=True):
    """The words of the second pass, in one language."""

    words: tuple[Word, ...]
    """The words, with times in media ms."""
    language: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed correction of a line."""

    segment: SegmentId
    channel: ChannelId
    base_revision: int
    """How many corrections the line had when the proposal was made."""
    t0: int
    """Beginning of the line, media ms, to find it by."""
    old: str
    """The text of the line when the proposal was made."""
    new: str
    """The proposed text."""
    stays: float
    """Share of the line's words that would stay, 0 to 1."""
    machine: bool
    """Whether a machine wrote the line and no person had changed it."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a second pass."""

    proposals: tuple[Proposal, ...]
    unheard: int
    """Number of lines for which the second pass recognised nothing: their text may be invented. There are no proposals
    for them.
    """
    elsewhere: int
    """Number of words at times without a line, which no correction can add."""


class _Token(msgspec.Struct, frozen=True):
    text: str
    plain: str
    t: int
    """Middle of the word, media ms."""
    line: int
    """Index of the word's line; for a new word, index into the results of the second pass."""


def pieces_of(text: str) -> list[str]:
    """The words of a text, each with the space before it; in scripts without spaces between words characters."""
    return _PIECE.findall(text)


def propose(lines: Sequence[CurrentLine], heard: Sequence[SecondPassWords]) -> Findings:
    """Compare the lines of one channel with the results of a second pass, both in order of time.

    There is no proposal for a line if only case or punctuation differ, if the second pass recognised nothing there, or
    if it recognised another language.
    """
    old = [token for number, line in enumerate(lines) for token in _tokens(line.text, line.t0, line.t1, number)]
    new = [
        token
        for number, each in enumerate(heard)
        for word in _spaced(each)
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
        if not letters(said) or foreign or letters(said) == letters(line.text):
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


def _spaced(heard: SecondPassWords) -> Iterator[Word]:
    """The words, the first one with the space before it: a line of the live text may have words of several lines."""
    for n, word in enumerate(heard.words):
        apart = n == 0 and primary(heard.language) not in (*WRITTEN_TOGETHER, "yue")
        yield msgspec.structs.replace(word, text=f" {word.text.lstrip()}") if apart else word


def _tokens(text: str, t0: int, t1: int, line: int) -> list[_Token]:
    """The words of a text, spread over its time in proportion to their length."""
    pieces = pieces_of(text)
    length, done, tokens = max(1, sum(map(len, pieces))), 0, []
    for piece in pieces:
        middle = t0 + (t1 - t0) * (2 * done + len(piece)) // (2 * length)
        tokens.append(_Token(text=piece, plain=letters(piece), t=middle, line=line))
        done += len(piece)
    return tokens


def _aligned(old: Sequence[_Token], new: Sequence[_Token]) -> list[int | None]:
    """For each new word the index of its partner among the old words, or None. Partners are in the same order."""
    # Row i holds the least cost with the first i old words, for the first `low` to `high` new words.
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
"""Cost of a change; each ms between partners costs 1."""
_NONE, _BOTH, _OLD, _NEW = range(4)
"""Steps of an alignment: none, a word of both texts, of the old one only, of the new one only."""


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
    """The times, made non-decreasing: each is at least the maximum of those before it."""
    return list(accumulate(times, max))


def _owners(
    lines: Sequence[CurrentLine], old: Sequence[_Token], new: Sequence[_Token], partners: Sequence[int | None]
) -> list[int | None]:
    """For each new word the index of its line: its partner's line, or the nearer one in time of the lines before and
    after; None when no line is near.
    """
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
    """Ms between a moment and a line; 0 within the line."""
    return max(0, line.t0 - t, t - line.t1)
