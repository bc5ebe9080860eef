from __future__ import annotations

import math

import numpy as np
import pytest

from moothall_models.recognizers.whisper.drafting_whisper import apart

SAME = np.array([[1.0, 2.0, 3.0], [0.0, -5.0, 9.0]], dtype=np.float32)


def test_what_is_alike_is_not_apart() -> None:
    assert apart(SAME, SAME) == 0
    # Only odds count, and those are the same with another constant on all.
    assert apart(SAME, SAME + 100) == pytest.approx(0, abs=1e-5)


def test_what_has_nothing_in_common_is_all_apart() -> None:
    assert apart(np.array([[50.0, 0.0]], dtype=np.float32), np.array([[0.0, 50.0]], dtype=np.float32)) == pytest.approx(
        1
    )


def test_it_is_the_share_that_differs_on_average() -> None:
    ours = np.log(np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], dtype=np.float32))
    theirs = np.log(np.array([[0.3, 0.5, 0.2], [0.1, 0.1, 0.8]], dtype=np.float32))
    assert apart(ours, theirs) == pytest.approx(0.1)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_no_number_is_neither_near_nor_far() -> None:
    assert math.isnan(apart(SAME, np.full_like(SAME, np.nan)))
