"""Which words of a pass can be committed, and which unconfirmed words are worth showing.

Local agreement (Liu et al. 2020; Macháček et al. 2023): words that two passes in a row give are stable. A word that
ends far enough before the window's end doesn't wait for a second pass: more audio would not change it.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.lines import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import plain


def agreed(words: Sequence[Word], before: Sequence[Word]) -> int:
    """How many leading `words` the previous pass has too, compared by letters: `real time` agrees with `real-time`.

    `before`: the words of the previous pass.
    """
    ends: dict[int, int] = {0: 0}
    text = ""
    for count, word in enumerate(before, 1):
        text += plain(word.text)
        ends[len(text)] = count
    here = ""
    best = 0
    for count, word in enumerate(words, 1):
        here += plain(word.text)
        if not text.startswith(here):
            break
        if len(here) in ends:
            best = count
    return best


def stable(
    words: Sequence[Word],
    before: Sequence[Word],
    edge: int,
    *,
    settled: bool,
    settings: SpeechSettings,
    once: bool = False,
) -> int:
    """How many leading `words` of a pass can be committed.

    `before` are the uncommitted words of the previous pass, `edge` is the window's end in media ms. `settled`: the
    speaker has paused before the edge. Then all words are complete, and only the last word waits, since its punctuation
    depends on whether the speaker continues. `once`: no word far enough before the edge waits for a second pass.
    """
    if settled:
        return max(0, len(words) - 1)
    same = agreed(words, before)
    count = 0
    for word in words[:-1]:
        margin = settings.agreed_margin if word.p >= settings.doubted_p else settings.doubted_margin
        by_two = count < same and word.t1 <= edge - margin
        alone = (once or word.p >= settings.alone_p) and word.t1 <= edge - settings.alone_margin
        if not (by_two or alone):
            break
        count += 1
    return count


def worth_showing(rest: Sequence[Word], same: int, edge: int, settings: SpeechSettings) -> int:
    """How many words of the unconfirmed `rest` to show, so that the shown words are likely to stay.

    `same` is how many of them the previous pass has too; `edge` is the window's end in media ms. A new word must be
    probable, and more so at the window's end, where it may be half a word.
    """
    for count, word in enumerate(rest):
        inside = word.t1 <= edge - settings.shown_margin
        needed = settings.shown_p if inside or count < len(rest) - 1 else settings.shown_edge_p
        if count >= same and word.p < needed:
            return count
    return len(rest)
