"""Where the machine's words go on behind a person's: how many of the words that it heard the person had typed already.

The end of what was typed is looked for in what was heard, by its letters alone: case, punctuation and spaces differ
between a person and a recogniser, and so do some letters. It is found where the fewest letters have to be changed, by
the recurrence of Sellers (The theory and computation of evolutionary distances, 1980). Letters serve languages that put
no spaces between words as well.
"""

from __future__ import annotations

from collections.abc import Sequence

LENGTHS = (48, 32, 20, 12)
"""How many letters of the end of what was typed are looked for, the most telling first."""
SHORTEST = 8
"""Fewer letters than this tell nothing."""
MOST_CHANGED = 4
"""One letter of so many may differ."""


def letters(text: str) -> str:
    """What of a text is compared."""
    return "".join(each for each in text.casefold() if each.isalnum())


def overlap(typed: str, heard: Sequence[str], *, more: bool = False) -> int | None:
    """How many of the words that were `heard` are in what was `typed` before; None where nothing tells.

    `more`: whether others may follow that fit better; then only what they can't change is told. A word counts as
    typed if at least half of its letters lie before the place where what was typed ends.
    """
    tail = letters(typed)
    words = [letters(word) for word in heard]
    text = "".join(words)
    tried = sorted({min(length, len(tail)) for length in LENGTHS}, reverse=True)
    for length in tried:
        if length < SHORTEST:
            break
        end, changed = _end_of(tail[-length:], text)
        if changed * MOST_CHANGED > length:
            continue
        return None if more and changed and len(text) < end + length // MOST_CHANGED else _words_before(words, end)
    return None


def _end_of(wanted: str, text: str) -> tuple[int, int]:
    """Where the part of `text` ends that is most like `wanted`, and how many letters differ. The first of several: no
    word after it may be lost.
    """
    # Row by row of `wanted`: the fewest changes with which its first letters end at each place of `text`.
    before = [0] * (len(text) + 1)
    for n, letter in enumerate(wanted, 1):
        row = [n]
        for at, other in enumerate(text, 1):
            row.append(min(before[at - 1] + (letter != other), before[at] + 1, row[-1] + 1))
        before = row
    least = min(before)
    return before.index(least), least


def _words_before(words: Sequence[str], end: int) -> int:
    """How many words lie before a letter, by more than half."""
    at, count = 0, 0
    for n, word in enumerate(words, 1):
        if word and at + len(word) <= 2 * end - at:
            count = n
        elif word:
            break
        at += len(word)
    return count
