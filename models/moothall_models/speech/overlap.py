"""The seam between committed words and new words in a hypothesis, and where a window's beginning can be cut off.

A window begins before the last committed words, both after a cut and after a restart, so a pass hears some of them
again. Neither times nor text alone find the seam: alignment is 0.1-0.2 s off, and more at the beginning, where the
audio begins in the middle of speech and the decoder may invent words; and a word heard again may be spelled
differently. So each possible seam gets a cost from both, and the cheapest is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.lines import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import ends_clause, plain
from moothall_models.speech.utterance import Utterance

A_SECOND = 3.0
"""Cost of a seam per second of distance from the end of the committed words; a wrong word costs 1."""
LOOKED_AT = 4
"""Number of committed words whose text is compared; earlier words say nothing about where the last word ends."""
CUT = 300
"""A word that begins less than this after a cut in the sound, ms, may be half a word: alignment is up to 0.2 s off."""
A_NUMBER = 0.4
"""Cost of a word that is written in digits in one pass and in letters in the other (`2nd`, `second`)."""
SLACK = 100
"""Possible error of a word's time, ms."""
REACH = 500
"""Committed words that end at most this long before the window, ms, may be heard in it: times are not exact."""


def already_committed(words: Sequence[Word], committed: Sequence[Word], start: int, through: int) -> int:
    """How many leading `words` are committed words heard again.

    `committed` are the last committed words, which end at `through`; `start` is the window's first sample; both in
    media ms.
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
    """How many leading `words` may come from half a word, because the sound before media ms `cut` is missing.

    0 for a `cut` of 0, which means that no sound is missing. In doubt a word is left out, since a word that nobody said
    would be worse.
    """
    if not cut:
        return 0
    return sum(word.t0 < cut + CUT for word in words)


def unsaid(words: Sequence[Word], known: int, committed: Sequence[Word], through: int) -> tuple[Word, ...]:
    """The `words` after the first `known`, without digits of the first that are committed.

    Digits that are said one after the other are joined as more of them are heard: `33` becomes `33-4-692`, of which
    only `-4-692` is new. `committed` and `through` as in `already_committed`.
    """
    if known == len(words) or not committed or words[known].t0 > through - SLACK:
        return tuple(words[known:])
    first, digits = words[known], plain(words[known].text)
    if not digits.isdigit() or (known and plain(words[known - 1].text) == plain(committed[-1].text)):
        return tuple(words[known:])
    said, before = "", ""
    for word in reversed(committed[-LOOKED_AT:]):
        before = plain(word.text) + before
        if digits.startswith(before) and len(before) < len(digits):
            said = before
    text = first.text
    for digit in said:
        text = text[text.index(digit) + 1 :]
    new = Word(text=text, t0=through, t1=max(through, first.t1), p=first.p) if said else first
    return (new, *words[known + 1 :])


class _Heard:
    """A committed word, and the cost of its absence: the share of its duration that lies in the window."""

    def __init__(self, word: Word, start: int) -> None:
        self.text = plain(word.text)
        length = max(1, word.t1 - word.t0)
        inside = min(length, max(0, word.t1 - start))
        self.missing_price = inside / length


def _edit_prices(overlap: Sequence[_Heard], words: Sequence[Word]) -> list[float]:
    """For each number of leading words, from 0: the cost of taking the last of them for the committed `overlap`.

    The cost is an edit distance by words, in which words before the overlap are free, and two words may match one
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
    """The cost of reading one word as the other: 0 for the same word, 1 for different words.

    Less than 1 for words with the same beginning or end, and for words that may be the same number.
    """
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


WORTH = 320
"""Least audio that a cut has to remove, ms."""


def cut(
    utterance: Utterance, committed: Sequence[Word], edge: int, *, missed: bool, settings: SpeechSettings
) -> int | None:
    """Media ms at which to cut off the beginning of the utterance's window, or None.

    `edge`: end of the last window, media ms. `missed`: the decoder stopped before the end of the speech, so that a
    different window has to be tried. A cut in a pause needs no overlap; any other cut leaves the last committed words
    in the window, for the seam.
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
    """Media ms at which to cut a window of greatest length: `t`, or before the first uncommitted word.

    A word that begins in the first half of the part to be cut is given up, so that the next window is shorter.
    """
    if not utterance.unconfirmed:
        return t
    begins = utterance.unconfirmed[0].t0 - SLACK
    return min(t, begins) if begins > (utterance.start + t) // 2 else t
