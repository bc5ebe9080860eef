from __future__ import annotations

from moothall.services.supervision.pulses import STALL_MS
from moothall.services.supervision.stalls import REMEMBERED, Stalls

EVERY = 1_000


def test_an_age_leaves_out_the_stalls_since_then() -> None:
    stalls = Stalls()
    stalls.look(0, EVERY)
    stalls.look(91_000, EVERY)
    assert stalls.age(91_000, None) is None
    assert stalls.age(91_000, 500) == 500
    assert stalls.age(91_000, 90_900) == 100, "what came when it was over"
    stalls.look(92_000, EVERY)
    stalls.look(98_000, EVERY)
    assert stalls.age(98_000, 0) == 3_000
    assert stalls.age(98_000, 92_500) == 500


def test_a_little_late_is_no_stall_and_the_oldest_is_forgotten() -> None:
    stalls = Stalls()
    stalls.look(0, EVERY)
    now = EVERY + STALL_MS - 1
    stalls.look(now, EVERY)
    assert stalls.age(now, 0) == now
    for _ in range(REMEMBERED + 1):
        now += EVERY + STALL_MS
        stalls.look(now, EVERY)
    assert stalls.age(now, 0) == now - REMEMBERED * STALL_MS
