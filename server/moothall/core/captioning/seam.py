"""Finds where the machine's words continue after a person's: how many of the recognised words the person had typed
already.

The end of the typed text is searched in the recognised text, by letters only, since a person and a recogniser differ in
case, punctuation, spaces and some letters. The best match is the one with the fewest changed letters, by the recurrence
of Sellers (The theory and computation of evolutionary distances, 1980). Letters also work for languages without spaces
between words.

Whoever writes in words of their own leaves words out and replaces others, so that no end of the letters is alike. There
whole words are aligned, by the recurrence of Smith and Waterman (Identification of common molecular subsequences,
1981): the last word that both have says where the machine continues. Words that the person left out behind it are the
machine's to write: nobody has read them.
"""

from __future__ import annotations

from collections.abc import Sequence

LENGTHS = (48, 32, 20, 12)
"""How many letters of the end of the typed text are searched, the most reliable number first."""
SHORTEST = 8
"""Fewer letters than this are not reliable."""
MOST_CHANGED = 4
"""One letter in so many may differ."""
MOST_WORDS = 24
"""How many words of the end of the typed text are aligned."""
HEAVIEST = 6
"""A word that both texts have counts as many points as it has letters, up to so many; each word that only one has takes
one point away.
"""
LEAST_COMMON = 2
"""The least number of common words."""
LEAST_SHARE = 3, 5
"""The least share of common words among the typed ones from the first to the last of them: so many in so many. Whoever
writes in other words leaves out much of what is said, and writes little that is not."""


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


def aligned(typed: str, heard: Sequence[str]) -> int | None:
    """How many of the words `heard` are already in `typed`, which has them in other words; None where too few words are
    the same, and where words aren't separated by spaces.

    Typed words behind the last common one stand for as many heard words as the typed ones before it did.
    """
    ours = [word for each in typed.split() if (word := letters(each))][-MOST_WORDS:]
    theirs = [(n, word) for n, each in enumerate(heard) if (word := letters(each))]
    points, common = _best(ours, [word for _, word in theirs])
    if points < SHORTEST or len(common) < LEAST_COMMON:
        return None
    (first, began), (last, ended) = common[0], common[-1]
    rest, spans = len(ours) - 1 - last, (last + 1 - first, ended + 1 - began)
    if len(common) * LEAST_SHARE[1] < spans[0] * LEAST_SHARE[0]:
        return None
    end = ended + (2 * rest * max(spans) + spans[0]) // (2 * spans[0])
    return theirs[min(end, len(theirs) - 1)][0] + 1


def _best(ours: Sequence[str], theirs: Sequence[str]) -> tuple[int, list[tuple[int, int]]]:
    """The points of the best alignment of the end of `ours` with a part of `theirs`, and the pairs of common words in
    it.
    """
    # One row for each word of `ours`: the most points of alignments that end at each position of `theirs`, and their
    # pairs.
    before: list[tuple[int, list[tuple[int, int]]]] = [(0, [])] * (len(theirs) + 1)
    for n, word in enumerate(ours):
        row: list[tuple[int, list[tuple[int, int]]]] = [(0, [])]
        for at, other in enumerate(theirs):
            points, pairs = max(before[at + 1], row[at], key=_points)
            found = (max(0, points - 1), pairs if points > 1 else [])
            diagonal, common = before[at]
            if word == other:
                found = max(found, (diagonal + min(len(word), HEAVIEST), [*common, (n, at)]), key=_points)
            else:
                found = max(found, (max(0, diagonal - 1), common if diagonal > 1 else []), key=_points)
            row.append(found)
        before = row
    return max(before, key=_points)


def _points(alignment: tuple[int, list[tuple[int, int]]]) -> int:
    return alignment[0]
