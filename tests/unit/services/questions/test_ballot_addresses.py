from __future__ import annotations

from moothall.core.kernel.ids import SessionId
from moothall.services.questions import ballot_addresses
from moothall.services.questions.ballot_addresses import LATELY_MS, MOST_LATELY, BallotAddresses
from moothall.testing.clock import ManualClock, SeededRandomness

S = SessionId("s")
A, B = "192.0.2.1", "192.0.2.2"


def addresses(clock: ManualClock | None = None, most_new: int = 3) -> BallotAddresses:
    return BallotAddresses(clock or ManualClock(), SeededRandomness(1), most_new)


async def test_ballots_of_the_last_minute_and_their_addresses() -> None:
    clock = ManualClock()
    made = addresses(clock)
    assert made.lately(S) == {}
    made.note(S, "why", A)
    await clock.advance(LATELY_MS - 1)
    for where in (A, B, B):
        made.note(S, "why", where)
    made.note(S, "when", B)
    assert made.lately(S) == {"why": (4, 2), "when": (1, 1)}
    await clock.advance(1)
    assert made.lately(S) == {"why": (3, 2), "when": (1, 1)}
    made.forget(S)
    assert made.lately(S) == {}


def test_only_so_many_are_told_of() -> None:
    made = addresses()
    for number in range(MOST_LATELY + 5):
        made.note(S, "why", f"192.0.2.{number % 5}")
    assert made.lately(S) == {"why": (MOST_LATELY, 5)}


def test_a_flood_is_one_of_an_address_or_of_the_48_around_it() -> None:
    made = addresses()
    for number in range(3):
        assert made.judge(S, f"v{number}", f"2001:db8:1:{number}::/64", hasty=False) == frozenset()
    assert made.judge(S, "v3", "2001:db8:2::/64", hasty=False) == frozenset()
    assert made.judge(S, "v4", "2001:db8:1:9::/64", hasty=False) == frozenset()  # Of a flood ten count.
    for number in range(5, 11):
        made.judge(S, f"v{number}", "2001:db8:1:9::/64", hasty=False)
    assert made.judge(S, "v11", "2001:db8:1:8::/64", hasty=False) == {"v11"}
    made.forget(S)
    assert made.judge(S, "v12", "2001:db8:1:8::/64", hasty=False) == frozenset()


def test_of_many_addresses_the_one_that_has_been_away_longest_is_forgotten() -> None:
    made, most = addresses(most_new=1), ballot_addresses.MOST_ADDRESSES
    ballot_addresses.MOST_ADDRESSES = 1
    try:
        for number in range(12):
            made.judge(S, f"v{number}", A, hasty=False)
        assert made.judge(S, "again", A, hasty=False) == {"again"}
        made.judge(S, "other", B, hasty=False)
        assert made.judge(S, "anew", A, hasty=False) == frozenset()
    finally:
        ballot_addresses.MOST_ADDRESSES = most
