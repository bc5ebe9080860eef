from __future__ import annotations

from moothall.core.kernel.backoff import Backoff


def test_the_wait_doubles_up_to_its_bound_and_stays_there() -> None:
    backoff = Backoff(250, 5_000)
    assert [backoff.wait_ms(failures) for failures in range(7)] == [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]


def test_it_stays_at_its_bound_however_often_it_failed() -> None:
    assert Backoff(1, 60_000).wait_ms(1_000_000) == 60_000
