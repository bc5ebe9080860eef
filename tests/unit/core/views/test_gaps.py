from __future__ import annotations

import pytest

from moothall.core.views.gaps import BREAK, BREAK_SET_BACK, MAX_GAPS, Gap, after_break, with_gap


def gap(t0: int, t1: int, reason: str = "overload") -> Gap:
    return Gap(t0=t0, t1=t1, reason=reason)


def test_the_last_ones_are_kept_in_order_of_time() -> None:
    gaps: tuple[Gap, ...] = ()
    for n in range(MAX_GAPS + 2):
        gaps = with_gap(gaps, gap(10 * n, 10 * n + 1))
    assert [each.t0 for each in gaps] == [10 * n for n in range(2, MAX_GAPS + 2)]
    assert [each.t0 for each in with_gap((gap(5, 6), gap(50, 60)), gap(7, 9))] == [5, 7, 50]


@pytest.mark.parametrize(
    ("t0", "t1", "said", "told"),
    [
        (50, 90, 90, (gap(50, 90, BREAK),)),
        (50, 70, 90, (gap(50, 70, BREAK_SET_BACK),)),
        (50, 50, 90, (gap(50, 50, BREAK_SET_BACK),)),
        (50, 40, 90, (gap(50, 50, BREAK_SET_BACK),)),
        (50, 50, 50, ()),
        (None, 70, 90, ()),
    ],
)
def test_a_break_that_is_over_is_told_of(t0: int | None, t1: int, said: int, told: tuple[Gap, ...]) -> None:
    assert after_break((), t0, t1, said) == told
