from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.wire.token_bucket import Allowance, Bucket

ALLOWANCES = st.builds(
    Allowance, per_second=st.integers(min_value=1, max_value=500), burst=st.integers(min_value=1, max_value=50)
)
STEPS = st.lists(st.integers(min_value=0, max_value=400), max_size=150)


@given(allowance=ALLOWANCES, steps=STEPS, patience=st.integers(min_value=0, max_value=2_000))
def test_no_span_of_time_sees_more_than_the_allowance(allowance: Allowance, steps: list[int], patience: int) -> None:
    now, bucket = 0, Bucket.full(allowance, 0)
    served: list[int] = []
    for step in steps:
        now += step
        bucket, wait = bucket.take(allowance, now, patience)
        if wait <= patience:
            served.append(now + wait)
    assert served == sorted(served)
    for first in range(len(served)):
        for last in range(first, len(served)):
            span = served[last] - served[first]
            assert last - first + 1 <= allowance.burst + span * allowance.per_second / 1000 + 1


@given(allowance=ALLOWANCES, steps=STEPS)
def test_whoever_waits_as_told_is_served(allowance: Allowance, steps: list[int]) -> None:
    now, bucket = 0, Bucket.full(allowance, 0)
    for step in steps:
        now += step
        bucket, wait = bucket.take(allowance, now)
        if wait:
            bucket, again = bucket.take(allowance, now + wait)
            assert again == 0
            now += wait


@given(allowance=ALLOWANCES)
def test_a_burst_is_served_at_once_and_the_next_waits(allowance: Allowance) -> None:
    bucket = Bucket.full(allowance, 0)
    for _ in range(allowance.burst):
        bucket, wait = bucket.take(allowance, 0)
        assert wait == 0
    _, wait = bucket.take(allowance, 0)
    assert 0 < wait <= -(-1000 // allowance.per_second)


def test_a_bucket_that_was_left_alone_for_a_day_is_no_fuller_than_full() -> None:
    allowance = Allowance(per_second=10, burst=2)
    bucket, _ = Bucket.full(allowance, 0).take(allowance, 86_400_000)
    assert bucket == Bucket(1_000, 86_400_000)
