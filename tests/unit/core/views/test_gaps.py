from __future__ import annotations

from moothall.core.events import GapReason
from moothall.core.views.gaps import MAX_GAPS, Gap, not_kept, with_gap


def test_each_kind_keeps_its_newest_in_order_of_time() -> None:
    gaps: tuple[Gap, ...] = ()
    for t in range(MAX_GAPS + 2):
        gaps = with_gap(gaps, Gap(t0=t, t1=t + 1, reason=GapReason.OVERLOAD))
    gaps = not_kept(gaps, 10, 20)
    assert [(gap.t0, gap.reason is None) for gap in gaps[8:10]] == [(10, False), (10, True)]
    assert (len(gaps), gaps[0].t0) == (MAX_GAPS + 1, 2)


def test_a_span_that_is_empty_or_whose_beginning_is_gone_is_none() -> None:
    assert not_kept((), None, 5) == not_kept((), 5, 5) == ()
