"""Finds where the machine's words continue after a person's: how many of the recognised words the person had typed
already.

The end of the typed text is searched in the recognised text, by letters only, since a person and a recogniser differ in
case, punctuation, spaces and some letters. The best match is the one with the fewest changed letters, by the recurrence
of Sellers (The theory and computation of evolutionary distances, 1980). Letters also work for languages without spaces
between words.
"""

from __future__ import annotations

from collections.abc import Sequence

LENGTHS = (48, 32, 20, 12)
"""How many letters of the end of the typed text are searched, the most reliable number first."""
SHORTEST = 8
"""Fewer letters than this are not reliable."""
MOST_CHANGED = 4
"""One letter in so many may differ."""


def letters(text: str) -> str:
    """The letters and digits of a text, case-folded, which are compared."""
    return "".join(each for each in text.casefold() if each.isalnum())


def overlap(typed: str, heard: Sequence[str], *, more: bool = False) -> int | None:
    """How many of the words `heard` are already in `typed`; None where no match is reliable.

    `more`: further words may follow that match better; then only a result is returned that they can't change. A word
    counts as typed if at least half of its letters come before the end of the match.
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
    """Where the part of `text` ends that is most like `wanted`, and how many letters differ. Of several such ends the
    first is taken, so that no word after it is lost.
    """
    # One row for each letter of `wanted`: the fewest changes with which the letters so far end at each position of
    # `text`.
    before = [0] * (len(text) + 1)
    for n, letter in enumerate(wanted, 1):
        row = [n]
        for at, other in enumerate(text, 1):
            row.append(min(before[at - 1] + (letter != other), before[at] + 1, row[-1] + 1))
        before = row
    least = min(before)
    return before.index(least), least


def _words_before(words: Sequence[str], end: int) -> int:
    """How many words come before letter number `end`, with at least half of their letters."""
    at, count = 0, 0
    for n, word in enumerate(words, 1):
        if word and at + len(word) <= 2 * end - at:
            count = n
        elif word:
            break
        at += len(word)
    return count
