from __future__ import annotations

import numpy as np
import pytest

from moothall_models.recognizers.whisper.attention_times import steps_of_tokens

STEPS = 60


def looking(*places: tuple[int, int], heads: int = 2) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    """Attention of tokens that look from one step to another, evenly, and a little everywhere."""
    attention = np.full((len(places), heads, STEPS), 0.1 / STEPS, dtype=np.float32)
    for token, (begin, end) in enumerate(places):
        attention[token, :, begin:end] += 0.9 / (end - begin)
    return attention


def test_tokens_begin_where_the_decoder_began_to_look() -> None:
    found = steps_of_tokens(looking((0, 10), (10, 25), (25, 50), (50, 60)))
    assert found[0] == 0
    assert found == pytest.approx([0, 10, 25, 50], abs=1)


def test_a_pause_belongs_to_what_is_before_or_behind_it() -> None:
    _, second, third = steps_of_tokens(looking((0, 10), (30, 40), (40, 60)))
    assert 10 <= second <= 31
    assert third == pytest.approx(40, abs=1)


def test_one_head_that_looks_elsewhere_does_not_decide() -> None:
    attention = looking((0, 20), (20, 40), (40, 60), heads=4)
    attention[:, 0] = attention[::-1, 0]
    assert steps_of_tokens(attention) == pytest.approx([0, 20, 40], abs=2)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_more_tokens_than_steps_share_them(steps: int) -> None:
    random = np.random.default_rng(steps)
    found = steps_of_tokens(random.random((9, 3, steps), dtype=np.float32))
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] < steps


def test_one_token_begins_at_the_beginning() -> None:
    assert steps_of_tokens(looking((20, 40))) == [0]
