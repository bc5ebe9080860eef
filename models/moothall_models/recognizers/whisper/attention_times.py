"""The time of each token in the audio, computed from the decoder's attention when it wrote the token.

Dynamic time warping over the attention of the heads that follow the audio, as in Whisper's published code: each head's
attention is normalised over the tokens at each time step, smoothed over 0.14 s, and the path through all tokens and
time steps with the greatest total attention is chosen.
"""

from __future__ import annotations

import numpy as np

from moothall_models.ports import Floats

SMOOTHED = 7
"""Width of the median filter, in time steps of the encoder (20 ms)."""


def steps_of_tokens(attention: Floats) -> list[int]:
    """The time step of the encoder at which each token begins, in order; `attention` has shape [tokens, heads, steps].

    The last row must be of the token after the spoken ones; its beginning is their end.
    """
    spread = attention.std(axis=0, keepdims=True)
    against_others = (attention - attention.mean(axis=0, keepdims=True)) / np.sqrt(spread**2 + 1e-5)
    return _path(_smooth(against_others.mean(axis=1, dtype=np.float32)))


def _smooth(weights: Floats) -> Floats:
    half = SMOOTHED // 2
    if weights.shape[1] <= half:
        return weights
    around = np.pad(weights, ((0, 0), (half, half)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(around, SMOOTHED, axis=1)
    middle: Floats = np.partition(windows, half, axis=-1)[..., half]
    return middle


def _path(weights: Floats) -> list[int]:
    """The first step in each row of the path with the greatest total weight, from the first entry to the last."""
    rows, steps = weights.shape
    best = np.empty((rows, steps), dtype=np.float64)
    # Within a row the path may continue from the previous step. With running sums this becomes a running maximum.
    for row in range(rows):
        sums = np.cumsum(weights[row], dtype=np.float64)
        if row == 0:
            best[0] = sums
            continue
        above = best[row - 1]
        entered = np.maximum(above, np.concatenate(([-np.inf], above[:-1])))
        before = np.concatenate(([0.0], sums[:-1]))
        best[row] = sums + np.maximum.accumulate(entered - before)
    begins = [0] * rows
    step = steps - 1
    for row in range(rows - 1, 0, -1):
        while step > 0:
            left = best[row, step - 1]
            above, across = best[row - 1, step], best[row - 1, step - 1]
            if left > max(above, across):
                step -= 1
                continue
            break
        begins[row] = step
        if step > 0 and best[row - 1, step - 1] >= best[row - 1, step]:
            step -= 1
    return begins
