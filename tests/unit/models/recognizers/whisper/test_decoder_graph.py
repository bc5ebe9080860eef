"""How weights are rounded; what the graph computes is in test_decoder.py."""

from __future__ import annotations

import numpy as np
import pytest

from moothall_models.recognizers.whisper.decoder_graph import BLOCK, ROWS, layers_of, rounded
from support.models.little_decoder import LAYERS, random_weights


@pytest.mark.parametrize(("outputs", "inputs"), [(3, BLOCK), (5, 3 * BLOCK), (2 * ROWS + 7, BLOCK)])
def test_a_weight_is_off_by_half_a_step_at_most(outputs: int, inputs: int) -> None:
    weights = np.random.default_rng(outputs).standard_normal((outputs, inputs)).astype(np.float16)
    numbers, scales = rounded(weights, BLOCK)
    assert numbers.shape == (outputs, inputs // BLOCK, BLOCK)
    assert scales.shape == (outputs, inputs // BLOCK)
    back = (numbers * scales[:, :, np.newaxis]).reshape(outputs, inputs)
    off = np.abs(back - weights.astype(np.float32)).reshape(numbers.shape)
    assert (off <= scales[:, :, np.newaxis] * 0.5001).all()
    # The largest of each block is exact, so the whole range is used and nothing runs over.
    assert (np.abs(numbers.astype(np.int16)).max(axis=2) == 127).all()


def test_one_large_weight_makes_its_own_block_coarser_and_no_other() -> None:
    weights = np.full((2, 2 * BLOCK), 0.5, dtype=np.float16)
    weights[0, 3] = 1_000
    numbers, scales = rounded(weights, BLOCK)
    assert scales.argmax() == 0
    assert scales.reshape(-1)[1:] == pytest.approx(0.5 / 127)
    assert (numbers[0, 0] == 0).sum() == BLOCK - 1


def test_a_factor_multiplies_each_output() -> None:
    weights = np.random.default_rng(1).standard_normal((ROWS + 3, BLOCK)).astype(np.float32)
    factor = np.linspace(-2, 2, ROWS + 3, dtype=np.float32)
    numbers, scales = rounded(weights, BLOCK, factor)
    expected, expected_scales = rounded(weights * factor[:, np.newaxis], BLOCK)
    assert (numbers == expected).all()
    assert (scales == expected_scales).all()


def test_zeros_stay_zeros() -> None:
    numbers, scales = rounded(np.zeros((2, BLOCK), dtype=np.float16), BLOCK)
    assert not numbers.any()
    assert np.isfinite(scales).all()


def test_the_layers_are_counted() -> None:
    assert layers_of(random_weights()) == LAYERS
