"""Other readings of a word that a decoder was unsure of: what else it might have written there.

At the word's first token the next likeliest ones are taken, and each is written on to the end of its word. Which words
those are that a person will look at is known only once they are committed, and then nothing is left of the decoder: so
a pass does this for words that it is unsure of and that the pass before heard too, since these are about to be.
Figures: docs/adr/0044.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from moothall_models.ports import HeardWord, Window
from moothall_models.recognizers.whisper.beam import Branching
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

UNSURE = 0.5
"""A word with less probability is marked for whoever mends, and may have other readings."""
LOST = 0.2
"""With less than this hardly ever one of them is right."""
MOST = 3
"""Readings of a word."""
MOST_WORDS = 4
"""Words of a pass that get them. Overflow: the later ones get none, or in the next pass."""
LONGEST = 4
"""Tokens of a reading; one that is longer is left out."""


def unsure(words: Sequence[HeardWord], window: Window) -> list[int]:
    """Which words may get other readings: the first `MOST_WORDS` in doubt that are about to be committed."""
    found: list[int] = []
    signs = 0
    for place, word in enumerate(words):
        signs += len(word.text)
        if word.t1 > window.whole or len(found) == MOST_WORDS:
            break
        pair = (words[place - 1].text if place else "") + word.text
        again = window.settled or pair in f" {window.draft}"
        if LOST <= word.p < UNSURE and signs > window.stands + 1 and again:
            found.append(place)
    return found


def other_tokens(
    decoder: Branching, before: Sequence[int], token: int, rules: TimestampRules, goes_on: Callable[[int], bool]
) -> list[tuple[int, ...]]:
    """What else may be written behind `before`, at least one token, in place of `token`: the likeliest first.

    `decoder` remembers all but the last token of `before`; `goes_on` says of a token whether it goes on with a word.
    """
    logits, _ = decoder.step([0], before[-1:])
    likely = rules.likeliest(before, logits[0], MOST + 2)  # The one that was written is among them, and all timestamps.
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
