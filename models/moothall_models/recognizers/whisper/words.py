"""Helps to turn a decoder's tokens into words: finds loops and restarts, and joins pieces of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moothall.core.kernel.letters import letters
from moothall_models.ports import HeardWord

SHORTEST_LOOP = 3
"""Fewest tokens of a repeated pattern that counts as a loop; shorter repeats may be speech ("no, no, no")."""
AT_ONCE = 3
"""Fewest words within one time step (20 ms) that nobody can have spoken."""


def loop_at_the_end(tokens: Sequence[int]) -> int:
    """How many tokens at the end only repeat the pattern before them; 0 when there is no loop.

    All repetitions count, so that `tokens[:-n]` ends with the first occurrence.
    """
    for length in range(SHORTEST_LOOP, len(tokens) // 2 + 1):
        pattern = tokens[-length:]
        rounds = 1
        while tokens[len(tokens) - (rounds + 1) * length : len(tokens) - rounds * length] == pattern:
            rounds += 1
        if rounds > 1:
            return (rounds - 1) * length
    return 0


def restart(words: Sequence[HeardWord]) -> int:
    """Index of the word at which the decoder began its text again; the number of words when it didn't.

    A decoder sometimes does so in the silence after the speech. A comma or a capital may differ, so that this isn't
    always a loop of tokens. But there is no sound for these words, so several of them have the same time, and the same
    words occur before.
    """
    plain = [letters(word.text) for word in words]
    for first in range(1, len(words) - AT_ONCE + 1):
        count = _in_no_time(words, first)
        again = plain[first : first + count]
        if count >= AT_ONCE and any(plain[at : at + count] == again for at in range(first - count + 1)):
            return first
    return len(words)


def without_foretold(words: Sequence[HeardWord]) -> tuple[HeardWord, ...]:
    """The words without those that the decoder wrote before it heard them.

    Where the sound begins in the middle of speech, a decoder sometimes writes a sentence that comes later, and then
    once more where it is said. There is no sound for the first of them, so several words have the same time, and the
    same words occur again. The words around them that are the same there go too.
    """
    plain = [letters(word.text) for word in words]
    for first in range(len(words) - 2 * AT_ONCE + 1):
        count = _in_no_time(words, first)
        if count < AT_ONCE:
            continue
        for at in range(first + count, len(words) - count + 1):
            if plain[at : at + count] != plain[first : first + count]:
                continue
            begin, stop, ahead = first, first + count, at - first
            while begin and plain[begin - 1] == plain[begin - 1 + ahead]:
                begin -= 1
            while stop < begin + ahead and stop + ahead < len(words) and plain[stop] == plain[stop + ahead]:
                stop += 1
            return (*words[:begin], *words[stop:])
    return tuple(words)


def _in_no_time(words: Sequence[HeardWord], first: int) -> int:
    """How many words from this one on have the same time, and last for none."""
    stop = first
    while stop < len(words) and words[stop].t0 == words[stop].t1 == words[first].t0:
        stop += 1
    return stop - first


def join_pieces(pieces: Iterable[tuple[str, int, int]], *, spaced: bool) -> list[tuple[str, int, int]]:
    """Join pieces into words with their punctuation. Pieces and words are (text, first token, token after the last).

    With `spaced` a word begins at a space; otherwise each piece is a word. A piece without letters or digits joins the
    previous word; but a lone space, an opening mark, and a piece without a previous word join the next word.
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
"""Marks that, when they are a piece by themselves, belong to the next word."""
