from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.testing.clock import LONG_AGO, ManualClock
from moothall_hub.uplink.centre_clock import (
    KEPT_SAMPLES,
    CentreClock,
    ClockSample,
    best,
    sample,
    with_sample,
)

HOUR = 3_600_000


async def test_until_the_centre_speaks_the_own_clock_counts_with_what_was_kept() -> None:
    clock = CentreClock(ManualClock(), kept=HOUR)
    assert clock.wall() == LONG_AGO + HOUR
    assert (clock.ahead, clock.own_wall) == (HOUR, LONG_AGO)


async def test_the_hub_runs_on_the_centres_time_whatever_its_own_clock_is_set_to() -> None:
    own = ManualClock()
    clock = CentreClock(own)
    clock.heard(sample(sent=0, heard=600, wall=LONG_AGO + HOUR))
    await own.advance(10_000)
    assert clock.wall() == LONG_AGO + HOUR + 10_000 - 300
    assert clock.wall_at(4_000) == clock.wall() - 6_000
    own.set_wall(0)
    assert clock.wall() == LONG_AGO + HOUR + 10_000 - 300
    own.set_wall(clock.wall() - 59_999)
    assert clock.ahead == 59_999
    assert clock.monotonic() == 10_000
    await clock.sleep(0)


def test_the_shortest_round_trip_counts_and_of_two_the_newer() -> None:
    assert best([]) is None
    assert best([ClockSample(5, 700), ClockSample(7, 600), ClockSample(8, 600), ClockSample(9, 900)]) == ClockSample(
        8, 600
    )


def test_only_the_last_samples_are_kept() -> None:
    samples: tuple[ClockSample, ...] = ()
    for n in range(20):
        samples = with_sample(samples, ClockSample(n, 600 + n))
    assert samples == tuple(ClockSample(n, 600 + n) for n in range(20 - KEPT_SAMPLES, 20))


def test_one_that_cannot_be_true_beside_the_others_stands_alone() -> None:
    samples = (ClockSample(1_000, 600), ClockSample(1_100, 800))
    assert with_sample(samples, ClockSample(1_000 + 600 + 1_000, 600))[-1] == ClockSample(2_600, 600)
    assert len(with_sample(samples, ClockSample(2_600, 600))) == 3
    assert with_sample(samples, ClockSample(2_601, 600)) == (ClockSample(2_601, 600),)


@given(st.integers(-(10**12), 10**12), st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000)), min_size=1))
def test_it_is_wrong_by_no_more_than_half_of_the_shortest_round_trip(ahead: int, ways: list[tuple[int, int]]) -> None:
    now, samples = 0, tuple[ClockSample, ...]()
    for up, down in ways:
        samples = with_sample(samples, sample(now, now + up + down, now + up + ahead))
        now += up + down + 20_000
    known = best(samples)
    assert known is not None
    assert abs(known.ahead - ahead) <= known.round_trip / 2 + 1
    assert known.round_trip == min(up + down for up, down in ways[-KEPT_SAMPLES:])
