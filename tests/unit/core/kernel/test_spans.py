from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.spans import Span, ended, lasts, merged, without

times = st.integers(0, 12)
lengths = st.none() | st.integers(0, 6)
spans = st.lists(st.builds(lambda t0, ms: (t0, None if ms is None else t0 + ms), times, lengths), max_size=5)


def within(span: Span, t: int) -> bool:
    return span[0] <= t and (span[1] is None or t < span[1])


def test_the_last_one_lasts_until_it_is_ended() -> None:
    assert [lasts(()), lasts(((1, 2),)), lasts(((1, 2), (3, None)))] == [False, False, True]
    assert ended(((1, 2), (3, None)), 9) == ((1, 2), (3, 9))
    assert ended(((1, 2), (3, None)), 3) == ((1, 2),), "one that ends where it began is none"
    assert ended(((1, 2),), 9) == ((1, 2),)
    assert ended((), 9) == ()


@given(spans)
def test_merged_spans_hold_the_same_times_in_order_and_apart(some: list[Span]) -> None:
    found = merged(some)
    for t in range(20):
        assert any(within(span, t) for span in some) == any(within(span, t) for span in found)
    for (_, end), (begin, _) in pairwise(found):
        assert end is not None
        assert end < begin


@given(spans, spans)
def test_without_takes_out_these_times_and_no_others(some: list[Span], taken: list[Span]) -> None:
    left = without(some, taken)
    for t in range(20):
        stays = any(within(span, t) for span in some) and not any(within(span, t) for span in taken)
        assert stays == any(within(span, t) for span in left)


def test_what_is_empty_and_outside_stays() -> None:
    assert without([(5, 5), (5, None)], [(1, 5), (7, 7)]) == ((5, 5), (5, 7), (7, None))
    assert without([(5, 5)], [(4, 6)]) == ()
