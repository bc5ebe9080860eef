"""A search for a likelier text where a greedy decoder was in doubt.

A greedy decoder may be led astray by a token that is only just the likeliest; a beam follows
some texts beside each other and takes the one that is likeliest as a whole (as in Whisper's published code: by its log
probability a token). That costs as many steps as there are tokens, each for all texts, so it begins where the first
doubt is: clear speech has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from moothall_models.recognizers.whisper.drafting import CIRCLES, DraftText
from moothall_models.recognizers.whisper.timestamp_rules import ChosenToken, TimestampRules
from moothall_models.recognizers.whisper.words import loop_at_the_end

Floats = NDArray[np.float32]
WIDTH = 3
"""Texts that are followed beside each other in a live pass."""
DOUBTED = 0.4
"""A token with less probability is in doubt."""
SPARED = 2
"""Tokens at the end that may be in doubt: the next live pass hears them again, with what comes behind."""
LONGER = 2
"""By so many tokens a likelier text may be longer."""


class Branching(Protocol):
    """A decoder that goes on with several texts over one window."""

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> tuple[Floats, Floats]:
        """Each text goes on from one of the step before, by a token.

        Returns the logits behind each, [texts, vocabulary], and where each looked, [texts, heads, steps].
        """
        ...


class _Text(msgspec.Struct, frozen=True):
    """What stands behind the tokens that are in no doubt."""

    choices: tuple[ChosenToken, ...]
    looks: tuple[Floats, ...]
    """Where the decoder looked when it made each of these, and what it makes next."""
    log_p: float
    """Of all of it, with the tokens before, and the end where it was chosen."""


def first_doubt(written: DraftText, rules: TimestampRules, *, behind: int, spared: int) -> int | None:
    """The place of the first token of text that is in doubt, or None.

    The first `behind` tokens of text and the last `spared` don't count.
    """
    text = [place for place, token in enumerate(written.tokens) if token < rules.end]
    return next((place for place in text[behind : len(text) - spared] if written.choices[place].p < DOUBTED), None)


def search(
    decoder: Branching, written: DraftText, start: int, rules: TimestampRules, *, width: int, cap: int, closing: int
) -> DraftText:
    """A likelier text than `written` from its token `start` on, 1 at least, or `written` itself where none is found.

    `decoder` remembers all that stands before the token in front of `start`; `width` texts are followed; `cap` and
    `closing` are as in `write`.
    """
    kept = list(written.tokens[:start])
    logits, looks = decoder.step([0], kept[-1:])
    texts = [_Text((), (looks[0],), sum(choice.log_p for choice in written.choices[:start]))]
    done: list[_Text] = []
    best = written.log_p

    def score(text: _Text) -> float:
        return text.log_p / max(1, start + len(text.choices))

    def at_most(text: _Text) -> float:
        """What its score may become, if it grows to the length of what was written and nothing in it is in doubt."""
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
    """Whether it is a timestamp at the end of the audio, behind text."""
    said = text.choices and text.choices[-1].token < rules.end
    return bool(said) and choice.token >= rules.begin + closing


def _circles(kept: Sequence[int], text: _Text, rules: TimestampRules) -> bool:
    tokens = [*kept, *(choice.token for choice in text.choices)]
    return loop_at_the_end([token for token in tokens if token < rules.end]) >= CIRCLES
