"""Where the committed words end in a hypothesis that hears some of them again, and where a window can be cut, so that
they aren't heard again and again.

A window begins before the last committed words, after a trim as after a restart. Neither times nor text alone find
the seam: alignment is 0.1-0.2 s wrong, worse at the front, where the audio begins in the middle of speech and the
decoder may make up words; and a word heard again may be spelled otherwise. So each possible seam is given a price
for both, and the cheapest is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.types import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import ends_clause, plain
from moothall_models.speech.utterance import Utterance

A_SECOND = 3.0
"""Price of a seam that lies a second off the end of the committed words; a wrong word costs 1."""
LOOKED_AT = 4
"""Committed words whose text is compared. Earlier ones say nothing about where the last one ends."""
CUT = 300
"""How near to a cut in the sound, ms, a word begins that may be half a word: alignment is up to 0.2 s off."""
A_NUMBER = 0.4
"""Price of a word that is written in digits in one pass and in letters in the other (`2nd`, `second`)."""
REACH = 500
"""Committed words that end up to this long before the window, ms, may be heard in it: times are not exact."""


def already_committed(words: Sequence[Word], committed: Sequence[Word], start: int, through: int) -> int:
    """How many of `words` at the front are committed words heard again.

    `committed` are the last committed words, which end at `through`; `start` is the window's first sample (media ms).
    """
    overlap = [word for word in committed[-LOOKED_AT:] if word.t1 > start - REACH]
    if not overlap:
        return sum(_middle(word) < through for word in words)
    prices = _edit_prices([_Heard(word, start) for word in overlap], words)
    best, best_price = 0, float("inf")
    for count, price in enumerate(prices):
        late = max(0, _middle(words[count - 1]) - through) if count else 0
        early = max(0, through - _middle(words[count])) if count < len(words) else 0
        total = price + A_SECOND * (late + early) / 1000
        if total < best_price:
            best, best_price = count, total
    return best


def cut_off(words: Sequence[Word], cut: int) -> int:
    """How many of `words` at the front may be made of half a word, where the sound before media ms `cut` is missing.

    0 for a `cut` of 0: nothing was cut. Rather one word too few than one that nobody said.
    """
    if not cut:
        return 0
    return sum(word.t0 < cut + CUT for word in words)


class _Heard:
    """A committed word, and how much of it the window can hold."""

    def __init__(self, word: Word, start: int) -> None:
        self.text = plain(word.text)
        length = max(1, word.t1 - word.t0)
        inside = min(length, max(0, word.t1 - start))
        self.missing_price = inside / length


def _edit_prices(overlap: Sequence[_Heard], words: Sequence[Word]) -> list[float]:
    """For each count of words at the front: what it costs to read the overlap as the last of them.

    Edit distance by words, in which the words in front of the overlap are free, and two words may be read as one
    (`real time`, `real-time`).
    """
    first = [0.0]
    for heard in overlap:
        first.append(first[-1] + heard.missing_price)
    rows = [first]
    texts = [plain(word.text) for word in words]
    for count, text in enumerate(texts, 1):
        above, row = rows[-1], [0.0]
        for index, heard in enumerate(overlap):
            price = min(
                above[index] + _difference(heard.text, text),
                above[index + 1] + 1.0,
                row[index] + heard.missing_price,
            )
            if index:
                price = min(price, above[index - 1] + _difference(overlap[index - 1].text + heard.text, text))
            if count > 1:
                price = min(price, rows[-2][index] + _difference(heard.text, texts[count - 2] + text))
            row.append(price)
        rows.append(row)
    return [row[-1] for row in rows]


def _difference(one: str, other: str) -> float:
    """0 for the same word, 1 for another, less for one that begins or ends the same or may be the same number."""
    if one == other:
        return 0.0
    if _has_digits(one) is not _has_digits(other):
        return A_NUMBER
    shorter, longer = sorted((len(one), len(other)))
    same = 0
    while same < shorter and one[same] == other[same]:
        same += 1
    back = 0
    while back < shorter - same and one[-1 - back] == other[-1 - back]:
        back += 1
    return 1.0 - 0.8 * (same + back) / longer


def _has_digits(text: str) -> bool:
    return any(map(str.isdigit, text))


def _middle(word: Word) -> int:
    return (word.t0 + word.t1) // 2


SLACK = 100
"""How far off a word's time may be, ms."""
WORTH = 320
"""A cut that takes away less than this isn't worth it, ms."""


def cut(
    utterance: Utterance, committed: Sequence[Word], edge: int, *, missed: bool, settings: SpeechSettings
) -> int | None:
    """Media ms where the audio of `utterance` may begin from now on, or None.

    `missed`: the decoder stopped before the end of the speech, so that another window must be tried.
    A cut in a pause needs no overlap; elsewhere the last committed words stay in front of it, for the seam.
    """
    length = edge - utterance.start
    if length < settings.trim_at and not missed:
        return None
    words = [word for word in committed if word.t1 > utterance.start]
    possible = range(utterance.start + WORTH, edge - settings.kept + 1)
    for index in range(len(words), 0, -1):
        before = words[index - 1]
        after = words[index].t0 if index < len(words) else before.t1 + SLACK
        pause = utterance.pause(before.t1 - SLACK, after + SLACK)
        if pause is not None and pause in possible:
            return pause
        clause = before.t1 - SLACK
        if index <= len(words) - settings.overlap and clause in possible and ends_clause(before.text):
            return clause
    if missed or length >= settings.trim_anywhere_at:
        anywhere = [word.t0 - SLACK for word in words[: -settings.overlap] if word.t0 - SLACK in possible]
        return anywhere[-1] if anywhere else None
    return None


def forced(utterance: Utterance, t: int) -> int:
    """Media ms where the audio begins after a window at its longest: `t`, or the start of a word that is not whole yet.

    Of a word that only fills the window's first half nothing is kept, so that the next one is shorter.
    """
    if not utterance.unconfirmed:
        return t
    begins = utterance.unconfirmed[0].t0 - SLACK
    return min(t, begins) if begins > (utterance.start + t) // 2 else t
