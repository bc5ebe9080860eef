"""A beam search for a likelier text, from the first token on of which a greedy decoder was in doubt.

A greedy decoder may be misled by a token that is only just the likeliest. A beam search follows several texts in
parallel and takes the text that is likeliest as a whole (as in Whisper's published code, by log probability a token).
It costs a step of all texts for each token, so it begins only at the first doubt; clear speech has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Protocol

import msgspec
import numpy as np

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.drafting import CIRCLES, DraftText
from moothall_models.recognizers.whisper.timestamp_rules import ChosenToken, TimestampRules
from moothall_models.recognizers.whisper.words import loop_at_the_end

WIDTH = 3
"""Beam width of a live pass: texts that are followed in parallel."""
DOUBTED = 0.4
"""Probability below which a token is in doubt."""
SPARED = 2
"""Last tokens that may be in doubt without a search: the next live pass hears them again with more sound."""
LONGER = 2
"""By how many tokens a likelier text may be longer than the greedy one, for the estimate of its best possible score."""


class Branching(Protocol):
    """A decoder that continues several texts over one window."""

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> tuple[Floats, Floats]:
        """Make text i by appending `tokens[i]` to text `parents[i]` of the previous step.

        Returns the logits after each text, [texts, vocabulary], and its attention, [texts, heads, steps].
        """
        ...


class _Text(msgspec.Struct, frozen=True):
    """One text of the beam, from the token on at which the search began."""

    choices: tuple[ChosenToken, ...]
    looks: tuple[Floats, ...]
    """Attention at each of these choices, and at the next choice: each [heads, steps]."""
    log_p: float
    """Log probability of the whole text, the tokens before and a chosen end token included."""


def search_from(written: DraftText, rules: TimestampRules, *, beam: int, committed: Sequence[int]) -> int | None:
    """Index of the token from which on a likelier text is searched for; None: the written text is taken as it is.

    `beam` is what the window asks for: with 0 nothing is searched, above 1 no last token is spared. Of the text tokens
    the first ones that are the same as `committed` don't count.
    """
    if beam == 0 or not written.ended:
        return None
    text = (token for token in written.tokens if token < rules.end)
    agreed = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(committed, text, strict=False)))
    return first_doubt(written, rules, behind=agreed, spared=0 if beam > 1 else SPARED)


def first_doubt(written: DraftText, rules: TimestampRules, *, behind: int, spared: int) -> int | None:
    """Index of the first text token that is in doubt, or None.

    The first `behind` and the last `spared` text tokens don't count.
    """
    text = [index for index, token in enumerate(written.tokens) if token < rules.end]
    return next((index for index in text[behind : len(text) - spared] if written.choices[index].p < DOUBTED), None)


def search(
    decoder: Branching, written: DraftText, start: int, rules: TimestampRules, *, width: int, cap: int, closing: int
) -> DraftText:
    """Search for a likelier text than `written` that differs from its token `start` (at least 1) on.

    Returns `written` itself when none is found. The cache of `decoder` must hold the prompt and the tokens before index
    `start - 1`; `width` is the beam width; `cap` and `closing` are as in `write`.
    """
    kept = list(written.tokens[:start])
    logits, looks = decoder.step([0], kept[-1:])
    texts = [_Text((), (looks[0],), sum(choice.log_p for choice in written.choices[:start]))]
    done: list[_Text] = []
    best = written.log_p

    def score(text: _Text) -> float:
        return text.log_p / max(1, start + len(text.choices))

    def at_most(text: _Text) -> float:
        """An upper bound of its score: that of a text of the greatest likely length, its further tokens certain."""
        return text.log_p / max(start + len(text.choices), len(written.tokens) + LONGER)

    while texts and len(done) < width and start + len(texts[0].choices) < cap:
        found: list[tuple[float, int, ChosenToken]] = []
        for parent, text in enumerate(texts):
            before = [*kept, *(choice.token for choice in text.choices)]
            found += [
                (text.log_p + choice.log_p, parent, choice) for choice in rules.likeliest(before, logits[parent], width)
            ]
        found.sort(key=lambda each: -each[0])
        going: list[tuple[int, _Text]] = []
        for log_p, parent, choice in found:
            text = texts[parent]
            longer = _Text((*text.choices, choice), text.looks, log_p)
            if choice.token == rules.end:
                done.append(msgspec.structs.replace(text, log_p=log_p))
            elif _closes(text, choice, rules, closing):
                done.append(longer)
            elif not _circles(kept, longer, rules):
                going.append((parent, longer))
            if len(going) == width or len(done) == width:
                break
        best = max([best, *map(score, done)])
        going = [(parent, text) for parent, text in going if at_most(text) > best]
        if not going:
            break
        logits, looks = decoder.step([parent for parent, _ in going], [text.choices[-1].token for _, text in going])
        texts = [
            msgspec.structs.replace(text, looks=(*text.looks, look))
            for (_, text), look in zip(going, looks, strict=True)
        ]
    better = max(done, key=score, default=None)
    if better is None or score(better) <= written.log_p:
        return written
    return DraftText(
        tokens=(*kept, *(choice.token for choice in better.choices)),
        choices=(*written.choices[:start], *better.choices),
        attention=np.concatenate([written.attention[:start], np.stack(better.looks)]),
        ended=True,
        log_p=score(better),
    )


def _closes(text: _Text, choice: ChosenToken, rules: TimestampRules, closing: int) -> bool:
    """Whether a choice ends the text: a timestamp after text, at the end of the audio."""
    said = text.choices and text.choices[-1].token < rules.end
    return bool(said) and choice.token >= rules.begin + closing


def _circles(kept: Sequence[int], text: _Text, rules: TimestampRules) -> bool:
    tokens = [*kept, *(choice.token for choice in text.choices)]
    return loop_at_the_end([token for token in tokens if token < rules.end]) >= CIRCLES
