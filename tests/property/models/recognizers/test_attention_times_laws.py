"""The times of tokens, compared with the same dynamic programming written step by step."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.attention_times import SMOOTHED, steps_of_tokens

Rows = list[list[float]]


def weights_of(attention: Floats) -> Rows:
    """How much each token looks at each step, against the others, smoothed."""
    tokens, heads, steps = attention.shape
    rows: Rows = [[0.0] * steps for _ in range(tokens)]
    for step in range(steps):
        for head in range(heads):
            values = [float(value) for value in attention[:, head, step]]
            middle, spread = statistics.fmean(values), statistics.pstdev(values)
            for token, value in enumerate(values):
                rows[token][step] += (value - middle) / (spread**2 + 1e-5) ** 0.5 / heads
    half = SMOOTHED // 2
    if steps <= half:
        return rows
    return [
        [statistics.median(row[_inside(step + by, steps)] for by in range(-half, half + 1)) for step in range(steps)]
        for row in rows
    ]


def _inside(step: int, steps: int) -> int:
    """Mirrored at either end."""
    return -step if step < 0 else 2 * (steps - 1) - step if step >= steps else step


def most(rows: Rows) -> float:
    """The most weight that a path from the first row and step to the last can have."""
    best: Rows = [[float("-inf")] * len(rows[0]) for _ in rows]
    for row, weights in enumerate(rows):
        for step, weight in enumerate(weights):
            before = [0.0] if row == step == 0 else []
            before += [best[row][step - 1]] if step else []
            before += [best[row - 1][step]] if row else []
            before += [best[row - 1][step - 1]] if row and step else []
            best[row][step] = weight + max(before)
    return best[-1][-1]


def weight_of(rows: Rows, begins: list[int]) -> float:
    """The most weight of a path on which the rows begin there."""
    total = 0.0
    for row, begin in enumerate(begins):
        if row == len(rows) - 1:
            total += sum(rows[row][begin:])
            continue
        # It ends at the step where the next one begins, or at the one before.
        behind = begins[row + 1]
        ends = [end for end in (behind - 1, behind) if end >= begin]
        assert ends, "a row that ends before it begins"
        total += max(sum(rows[row][begin : end + 1]) for end in ends)
    return total


@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 30), st.integers(0, 2**32), st.booleans())
def test_they_lie_on_the_path_with_the_most_attention(
    tokens: int, heads: int, steps: int, seed: int, sharp: bool
) -> None:
    attention = np.random.default_rng(seed).random((tokens, heads, steps), dtype=np.float32)
    if sharp:
        attention **= 8
    attention /= attention.sum(axis=2, keepdims=True)
    begins = steps_of_tokens(attention)
    assert len(begins) == tokens
    assert begins[0] == 0
    assert begins == sorted(begins)
    assert begins[-1] < steps
    rows = weights_of(attention)
    assert weight_of(rows, begins) == pytest.approx(most(rows), abs=1e-3)
