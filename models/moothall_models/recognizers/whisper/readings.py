"""Other readings of a word of which a decoder was unsure: what else it might have written.

In place of the word's first token, the next likeliest tokens are taken, and each is continued to the end of its word.
People see the readings of committed words only, but when a word is committed the decoder's state is gone. So a pass
makes readings for words that it is unsure of and that the previous pass heard too, since these are likely to be
committed next. Figures: docs/adr/0044.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from moothall_models.ports import HeardWord, Window
from moothall_models.recognizers.whisper.beam import Branching
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

UNSURE = 0.5
"""Probability below which a word is marked as uncertain for correctors, and may get other readings."""
LOST = 0.2
"""Lowest probability of a word for which other readings are computed; below it they are hardly ever right."""
MOST = 3
"""Most readings of a word."""
MOST_WORDS = 4
"""Most words of a pass that get readings. Overflow: later words get none, or get them in the next pass."""
LONGEST = 4
"""Most tokens of a reading; longer readings are left out."""


def unsure(words: Sequence[HeardWord], window: Window) -> list[int]:
    """Indices of the words to get other readings: the first `MOST_WORDS` uncertain ones about to be committed."""
    found: list[int] = []
    signs = 0
    for index, word in enumerate(words):
        signs += len(word.text)
        if word.t1 > window.whole or len(found) == MOST_WORDS:
            break
        pair = (words[index - 1].text if index else "") + word.text
        again = window.settled or pair in f" {window.draft}"
        if LOST <= word.p < UNSURE and signs > window.committed_chars + 1 and again:
            found.append(index)
    return found


def other_tokens(
    decoder: Branching, before: Sequence[int], token: int, rules: TimestampRules, goes_on: Callable[[int], bool]
) -> list[tuple[int, ...]]:
    """The tokens of other readings that may follow `before` (at least one token) in place of `token`, likeliest first.

    The cache of `decoder` must hold all but the last token of `before`; `goes_on` returns whether a token continues a
    word.
    """
    logits, _ = decoder.step([0], before[-1:])
    likely = rules.likeliest(before, logits[0], MOST + 2)  # These include the written token and the timestamps.
    texts = [[choice.token] for choice in likely if choice.token < rules.end and choice.token != token][:MOST]
    going = list(range(len(texts)))
    parents = [0] * len(texts)
    while going and len(texts[going[0]]) < LONGEST:
        logits, _ = decoder.step(parents, [texts[each][-1] for each in going])
        longer: list[tuple[int, int]] = []
        for row, each in enumerate(going):
            behind = rules.choose([*before, *texts[each]], np.array(logits[row])).token
            if behind < rules.end and goes_on(behind):
                texts[each].append(behind)
                longer.append((row, each))
        parents, going = [row for row, _ in longer], [each for _, each in longer]
    return [tuple(text) for each, text in enumerate(texts) if each not in going]
