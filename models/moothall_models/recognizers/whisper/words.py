"""From a decoder's tokens to words: loops and restarts cut off, pieces joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moothall_models.ports import HeardWord

SHORTEST_LOOP = 3
"""Tokens; shorter repeats are speech ("no, no, no")."""
AT_ONCE = 3
"""Words at one instant, of 20 ms, that nobody can have spoken."""


def loop_at_the_end(tokens: Sequence[int]) -> int:
    """How many tokens at the end repeat those before them: 0 when the decoder didn't run in circles.

    Every repeat counts, so that `tokens[:-n]` ends with the first round.
    """
    for length in range(SHORTEST_LOOP, len(tokens) // 2 + 1):
        pattern = tokens[-length:]
        rounds = 1
        while tokens[len(tokens) - (rounds + 1) * length : len(tokens) - rounds * length] == pattern:
            rounds += 1
        if rounds > 1:
            return (rounds - 1) * length
    return 0


def letters(text: str) -> str:
    """A word without capitals and marks, for comparison."""
    return "".join(filter(str.isalnum, text.casefold()))


def restart(words: Sequence[HeardWord]) -> int:
    """The place at which a decoder began its text anew, which it does in the silence behind it; else their number.

    It is no loop when a comma or a capital differs. But no sound is left for those words, so that several of them lie
    at one instant, and they stand in front of it already.
    """
    plain = [letters(word.text) for word in words]
    for first in range(1, len(words) - AT_ONCE + 1):
        stop = first
        while stop < len(words) and words[stop].t0 == words[stop].t1 == words[first].t0:
            stop += 1
        count = stop - first
        again = plain[first:stop]
        if count >= AT_ONCE and any(plain[at : at + count] == again for at in range(first - count + 1)):
            return first
    return len(words)


def join_pieces(pieces: Iterable[tuple[str, int, int]], *, spaced: bool) -> list[tuple[str, int, int]]:
    """Join (text, first token, token after the last) into words with the punctuation that belongs to them.

    With `spaced` a word begins at a space; else each piece is a word. A piece without letters or digits joins the
    word before it; a lone space, one that opens something, and one with no word before it, the word behind it.
    """
    words: list[tuple[str, int, int]] = []
    opening: tuple[str, int] | None = None
    for piece, begin, stop in pieces:
        text, first = piece, begin
        if opening is not None:
            text, first = opening[0] + piece, opening[1]
            opening = None
        if not any(map(str.isalnum, text)) and (not words or not text.strip() or text.strip() in OPENERS):
            opening = (text, first)
            continue
        begins = text.startswith(" ") if spaced else any(map(str.isalnum, text))
        if words and (not begins or not any(map(str.isalnum, text))):
            text_before, first_before, _ = words.pop()
            words.append((text_before + text, first_before, stop))
        else:
            words.append((text, first, stop))
    return words


OPENERS = frozenset("\"'“‘«„([{¿¡「『（《-–—$£€#")  # noqa: RUF001 (the marks themselves)
"""Marks that, standing alone behind a space, belong to the word that follows."""
