from __future__ import annotations

from collections import Counter

from moothall.adapters.http.admission import (
    FIRST_MS,
    LATEST_S,
    LOOK_AFTER,
    MOST_MS,
    PATIENCE_S,
    SLICE_MS,
    SLOW_S,
    SPREAD_S,
    STUCK_S,
    Admission,
    AdmissionTicket,
    ComeBack,
)
from moothall.testing.clock import SeededRandomness

HALL, VISITOR = "192.0.2.1", "192.0.2.2"
AT_ONCE = int(SLICE_MS / FIRST_MS)


class Made:
    def __init__(self) -> None:
        self.refused = Counter[str]()
        self.admission = Admission(SeededRandomness(), self.refused)

    def begin(self, now: float = 0, address: str = HALL, kind: str = "stream") -> AdmissionTicket:
        one = self.admission.ask(address, kind, now)
        assert isinstance(one, AdmissionTicket)
        return one

    def end(self, one: AdmissionTicket, now: float) -> None:
        self.admission.end(one, now)


def begun(crowd: list[AdmissionTicket]) -> int:
    return sum(one.ready.done() for one in crowd)


async def test_while_there_is_room_nobody_waits() -> None:
    made = Made()
    for n in range(1_000):
        one = made.begin(n / 1_000)
        assert one.ready.done()
        made.end(one, n / 1_000)


async def test_so_many_are_in_work_as_fit_and_the_next_begins_when_one_is_done() -> None:
    made = Made()
    crowd = [made.begin() for _ in range(2 * AT_ONCE)]
    assert (begun(crowd), made.admission.waiting) == (AT_ONCE, AT_ONCE)
    one = crowd[0]
    made.end(one, FIRST_MS / 1e3)
    made.end(one, FIRST_MS / 1e3)
    assert begun(crowd) == AT_ONCE + 1


async def test_what_costs_more_has_fewer_in_work_and_one_at_least() -> None:
    made = Made()
    for n in range(200):
        one = made.begin(n, kind="page")
        made.end(one, n + 0.010)
    assert round(made.admission.cost_ms("page")) == 10
    assert begun([made.begin(900, kind="page") for _ in range(9)]) == 2
    made = Made()
    for n in range(200):
        made.end(made.begin(n, kind="page"), n + 1.9)
    assert round(made.admission.cost_ms("page")) == MOST_MS, "it waited for something else"
    assert begun([made.begin(900, kind="page") for _ in range(9)]) == 1


async def test_who_comes_alone_does_not_wait_behind_a_hall() -> None:
    made = Made()
    hall = [made.begin() for _ in range(AT_ONCE + 500)]
    alone = made.begin(address=VISITOR)
    for n in range(2):
        made.end(hall[n], 0.001)
    assert alone.ready.done()
    assert begun(hall) == AT_ONCE + 1


async def test_who_leaves_while_they_wait_keeps_nobody_waiting() -> None:
    made = Made()
    hall = [made.begin() for _ in range(AT_ONCE)]
    left, other = made.begin(address=VISITOR), made.begin(address=VISITOR)
    made.end(left, 0)
    made.end(left, 0)
    made.end(hall[0], 0.001)
    assert (left.ready.cancelled(), other.ready.done(), made.admission.waiting) == (True, True, 0)
    gone = made.begin(address=VISITOR)
    made.end(gone, 0)
    assert made.admission.waiting == 0


async def test_one_that_is_stuck_keeps_nobody_out_for_long() -> None:
    made = Made()
    stuck = [made.begin() for _ in range(AT_ONCE)]
    waits = made.begin(STUCK_S)
    assert not waits.ready.done()
    made.begin(STUCK_S + 0.1)
    assert waits.ready.done()
    made.end(stuck[0], 99)


def slow(made: Made, *, seconds: float, many: int) -> float:
    """So many of a hall come at once, and fifty of them get through in so many seconds; returns when it is."""
    crowd = [made.begin() for _ in range(many)]
    step, done = seconds / LOOK_AFTER, 0
    for n in range(LOOK_AFTER * 4):
        now = n * step
        one = next(each for each in crowd[done:] if each.ready.done())
        done = crowd.index(one) + 1
        made.end(one, now)
    return now


async def test_a_crowd_that_came_in_one_moment_is_never_refused() -> None:
    made = Made()
    slow(made, seconds=0.2, many=9_000)
    assert made.admission.waiting > 8_000
    assert made.refused == {}


async def test_where_there_is_no_room_the_next_are_told_when_to_come_back() -> None:
    made = Made()
    now = slow(made, seconds=2, many=500)
    assert made.admission.pace_ms > 20
    assert now > SLOW_S
    told = [made.admission.ask(HALL, "stream", now) for _ in range(1_000)]
    seconds = [each.seconds for each in told if isinstance(each, ComeBack)]
    assert len(seconds) == 1_000
    assert made.refused == {"busy": 1_000}
    assert min(seconds) > PATIENCE_S
    assert max(seconds) <= LATEST_S + SPREAD_S
    assert max(seconds) - min(seconds) > SPREAD_S, "each has a moment of their own"
    assert isinstance(made.admission.ask(VISITOR, "stream", now), AdmissionTicket), "the hall takes nobody's room"
