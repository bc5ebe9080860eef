"""The rules of timestamps, compared with a second implementation, token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

TEXT, STEPS = 6, 70
END, NO_TIMESTAMPS = TEXT, TEXT + 2
BEGIN = NO_TIMESTAMPS + 1
NEVER = [1, TEXT + 1]
RULES = TimestampRules(end=END, no_timestamps=NO_TIMESTAMPS, never=NEVER)


def allowed(tokens: Sequence[int], token: int) -> bool:
    """Whether the token may stand behind these."""
    if token in NEVER or token == NO_TIMESTAMPS:
        return False
    times = [each for each in tokens if each >= BEGIN]
    is_time = token >= BEGIN
    if not tokens:
        return is_time and token <= BEGIN + 50
    if tokens[-1] < BEGIN:
        return not is_time or token > times[-1]
    if len(tokens) > 1 and tokens[-2] < BEGIN:
        return token >= tokens[-1] if is_time else token >= END
    return not is_time


@st.composite
def texts(draw: st.DrawFn) -> list[int]:
    """Text with timestamps, as far as it has come, by the rules."""
    tokens: list[int] = []
    for _ in range(draw(st.integers(0, 12))):
        possible = [token for token in range(BEGIN + STEPS) if token != END and allowed(tokens, token)]
        text = [token for token in possible if token < END]
        tokens.append(draw(st.sampled_from([*possible, *text * 10])))
    return tokens


@given(texts(), st.integers(0, 2**32), st.floats(-6, 6), st.floats(-6, 6))
def test_the_rules_said_slowly(tokens: list[int], seed: int, times_favoured: float, end_favoured: float) -> None:
    logits = 2 * np.random.default_rng(seed).standard_normal(BEGIN + STEPS, dtype=np.float32)
    logits[BEGIN:] += times_favoured
    logits[END] += end_favoured
    odds = {token: math.exp(logit) for token, logit in enumerate(logits.tolist()) if allowed(tokens, token)}
    text = {token: each for token, each in odds.items() if token < BEGIN}
    times = {token: each for token, each in odds.items() if token >= BEGIN}
    likeliest = max(text.values(), default=0.0)
    assume(abs(sum(times.values()) / (likeliest or 1) - 1) > 1e-4)
    best = times if sum(times.values()) > likeliest else text
    expected = max(best, key=lambda token: best[token])
    # Text is judged by what the decoder thinks before the rules, which know nothing of words.
    of_words = sum(math.exp(logits[token]) for token in range(BEGIN) if token not in (*NEVER, NO_TIMESTAMPS))

    found = RULES.choose(tokens, logits.copy())
    assert found.token == expected
    assert found.log_p == pytest.approx(math.log(odds[expected] / sum(odds.values())), abs=1e-4)
    p = odds[expected] / sum(odds.values()) if expected >= BEGIN else odds[expected] / of_words
    assert found.p == pytest.approx(p, rel=1e-4)
