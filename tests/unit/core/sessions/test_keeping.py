from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import types as ev
from moothall.core.sessions.keeping import (
    KeepingFact,
    RecordKeeping,
    Span,
    ended,
    keeping_after,
    kept_from,
    lasts,
    merged,
    without,
)


def after(*events: KeepingFact) -> RecordKeeping:
    keeping = RecordKeeping()
    for event in events:
        keeping = msgspec.structs.replace(keeping, **keeping_after(keeping, event))
    return keeping


OFF, PAUSED = ev.NotRecordedBegan(t0=10), ev.SessionPaused(t=20, t0=15)


@pytest.mark.parametrize(
    ("events", "recorded", "in_break", "unkept"),
    [
        ((), True, False, ()),
        ((OFF,), False, False, ((10, None),)),
        ((OFF, ev.NotRecordedEnded(t1=30)), True, False, ((10, 30),)),
        ((PAUSED,), True, True, ((15, None),)),
        ((PAUSED, ev.SessionResumed(t=40, t1=35)), True, False, ((15, 35),)),
        ((PAUSED, ev.SessionResumed(t=40)), True, False, ((15, 40),)),
        ((PAUSED, ev.SessionClosed(t=50)), True, False, ((15, 50),)),
        ((ev.SessionClosed(t=50),), True, False, ()),
        ((OFF, PAUSED), False, True, ((10, None),)),
        ((OFF, PAUSED, ev.NotRecordedEnded(t1=30)), True, True, ((10, None),)),
        ((OFF, ev.NotRecordedEnded(t1=12), PAUSED), True, True, ((10, 12), (15, None))),
        # Of a release in which the text went on through a break.
        ((ev.SessionPaused(t=20), ev.SessionResumed(t=40)), True, False, ()),
    ],
)
def test_what_is_kept_follows_from_what_was_said(
    events: tuple[KeepingFact, ...], recorded: bool, in_break: bool, unkept: tuple[tuple[int, int | None], ...]
) -> None:
    keeping = after(*events)
    assert (keeping.recorded, keeping.in_break, keeping.unkept) == (recorded, in_break, unkept)
    assert keeping.keeps == (recorded and not in_break)
    for t in range(60):
        inside = any(t0 <= t and (t1 is None or t < t1) for t0, t1 in unkept)
        assert keeping.kept(t) is not inside
        assert keeping.kept_through(t, t) is not inside
    assert keeping.kept_through(0, 60) == (not unkept)


def test_when_a_break_was_said_to_begin_is_known_while_it_lasts() -> None:
    assert after(PAUSED).paused_at == 20
    assert after(PAUSED, ev.SessionResumed(t=40, t1=40)).paused_at is None


def test_what_a_break_was_set_back_by_is_no_delay_for_as_long() -> None:
    keeping = after(PAUSED, ev.SessionResumed(t=60_000, t1=40_000))
    assert [keeping.delay(lag, now) for lag, now in ((20_000, 60_000), (12_000, 70_000), (3_000, 79_999))] == [0, 0, 0]
    assert keeping.delay(26_000, 66_000) == 6_000, "nothing becomes text"
    assert keeping.delay(9_000, 80_000) == 9_000, "it isn't caught up in time"
    keeping = msgspec.structs.replace(keeping, **keeping_after(keeping, ev.SessionPaused(t=81_000, t0=81_000)))
    keeping = msgspec.structs.replace(keeping, **keeping_after(keeping, ev.SessionResumed(t=90_000, t1=90_000)))
    assert keeping.delay(11_000, 91_000) == 11_000
    assert after(PAUSED, ev.SessionResumed(t=40)).delay(7, 40) == 7


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


@pytest.mark.parametrize(
    ("t", "found"), [(0, 0), (9, 9), (10, 20), (19, 20), (20, 20), (25, 25), (30, 40), (49, 49), (50, None), (60, None)]
)
def test_what_is_kept_from_a_time_on(t: int, found: int | None) -> None:
    assert kept_from(((10, 20), (30, 40), (50, None)), t) == found
    assert kept_from((), t) == t
