"""Laws of the search: its result is at least as likely as the written text, and its reported likelihood is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.beam import search
from moothall_models.recognizers.whisper.drafting import DraftText, StepResult, write, write_all
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

TEXT, STEPS = 6, 30
END, NO_TIMESTAMPS = TEXT, TEXT + 2
BEGIN = NO_TIMESTAMPS + 1
RULES = TimestampRules(end=END, no_timestamps=NO_TIMESTAMPS, never=[TEXT + 1])
FAVOUR = np.array([0.0] * TEXT + [-2.0] + [0.0] * 2 + [-5.0] * STEPS)
PROMPT = 3


def thrown(seed: int, tokens: Sequence[int]) -> Floats:
    """Logits behind these tokens: always the same."""
    dice = np.random.default_rng([seed, *tokens])
    logits: Floats = (2 * dice.standard_normal(len(FAVOUR)) + FAVOUR).astype(np.float32)
    return logits


class Dice:
    """A decoder whose answer is thrown anew for each text, for one text or for several."""

    def __init__(self, seed: int, tokens: Sequence[int]) -> None:
        self._seed = seed
        self._texts = [list(tokens)]

    def cut(self, count: int) -> None:
        del self._texts[0][count:]

    def step(self, tokens: Sequence[int]) -> StepResult:
        logits = []
        for token in tokens:
            self._texts[0].append(token)
            logits.append(thrown(self._seed, self._texts[0]))
        return np.stack(logits), np.zeros((len(tokens), 1, 2), dtype=np.float32)

    def branch(self, parents: Sequence[int], tokens: Sequence[int]) -> StepResult:
        self._texts = [[*self._texts[parent], token] for parent, token in zip(parents, tokens, strict=True)]
        logits = np.stack([thrown(self._seed, text) for text in self._texts])
        return logits, np.zeros((len(tokens), 1, 2), dtype=np.float32)


class Branches:
    def __init__(self, dice: Dice) -> None:
        self.step = dice.branch


def nobody(those: Sequence[int], tokens: Sequence[int]) -> list[StepResult]:
    raise AssertionError(those, tokens)


def greedy(seed: int, cap: int, closing: int) -> DraftText:
    dice = Dice(seed, ())
    text = write(dice.step([PROMPT]), RULES, cap=cap, draft=(), closing=closing)
    return write_all([dice], [text], nobody)[0]


@given(st.integers(0, 2**32), st.integers(2, 14), st.integers(1, 6), st.integers(1, 10), st.integers(0, STEPS + 1))
def test_what_is_found_is_no_less_likely_and_is_what_the_decoder_says(
    seed: int, cap: int, width: int, start: int, closing: int
) -> None:
    written = greedy(seed, cap, closing)
    if start >= len(written.tokens):
        return
    branches = Branches(Dice(seed, [PROMPT, *written.tokens[: start - 1]]))
    found = search(branches, written, start, RULES, width=width, cap=cap, closing=closing)
    assert found.log_p >= written.log_p
    assert found.tokens[:start] == written.tokens[:start]
    assert len(found.tokens) <= cap
    assert len(found.choices) == len(found.tokens)
    assert len(found.attention) in (len(found.tokens), len(found.tokens) + 1)
    if found is written:
        return
    assert found.ended
    total = sum(choice.log_p for choice in found.choices)
    for place, choice in enumerate(found.choices):
        logits = thrown(seed, [PROMPT, *found.tokens[:place]])
        allowed = RULES.likeliest(found.tokens[:place], logits.copy(), len(FAVOUR))
        again = next((each for each in allowed if each.token == choice.token), None)
        if place >= start:
            assert again is not None
            assert choice.log_p == pytest.approx(again.log_p, abs=1e-4)
        assert choice.log_p <= 1e-6
    if len(found.attention) > len(found.tokens):
        last = RULES.likeliest(found.tokens, thrown(seed, [PROMPT, *found.tokens]), len(FAVOUR))
        total += next(each.log_p for each in last if each.token == END)
    assert found.log_p == pytest.approx(total / len(found.tokens), abs=1e-4)
