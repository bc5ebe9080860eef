from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.types import LogKind
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.retention.listing import (
    Keeping,
    KeptFacts,
    ListingNow,
    ListingTime,
    PutOff,
    due_at,
    item_of,
    listed,
    may_go,
    over_since,
)
from moothall.core.retention.periods import DAY_MS, KeptKind
from moothall.core.sessions.state import Status

STAFF = KeptKind.STAFF
NOTICE = 30 * DAY_MS


def facts(status: Status = Status.CLOSED, at: int = 7, closed: int | None = 5, *, rehearsal: bool = False) -> KeptFacts:
    return KeptFacts(epoch=Epoch("e"), offset=1, status=status, at=at, closed=closed, rehearsal=rehearsal)


def test_when_a_meeting_was_over() -> None:
    assert over_since(facts(), 100) == 5
    assert over_since(facts(closed=None), None) == 7
    assert over_since(facts(Status.OPEN), 100) is None
    assert over_since(facts(Status.ABSENT), 100) is None
    assert over_since(facts(rehearsal=True), 100) is None
    assert over_since(facts(Status.CREATED, closed=None), 100) == 100
    assert over_since(facts(Status.CREATED, closed=None), 3) == 7
    assert over_since(facts(Status.CREATED, closed=None), None) == 7
    call = msgspec.structs.replace(facts(Status.CREATED, closed=None), kind=LogKind.CALL)
    assert over_since(call, 100) is None, "proposals wait in it"
    assert over_since(msgspec.structs.replace(call, status=Status.CLOSED, closed=9), None) == 9
    document = msgspec.structs.replace(call, kind=LogKind.DOCUMENT, commented_until=200)
    assert over_since(document, None) == 200, "comments wait in it"


def test_what_is_due_when() -> None:
    kept = Keeping(there=frozenset({STAFF}), facts=facts())
    assert due_at(kept, STAFF, 90, None) == 5 + 90 * DAY_MS
    assert due_at(kept, STAFF, None, None) is None
    assert due_at(kept, KeptKind.TEXT, 90, None) is None, "the log holds none of it"
    assert due_at(Keeping(there=frozenset({STAFF}), facts=facts(Status.PAUSED)), STAFF, 90, None) is None
    off = PutOff(until=100 * DAY_MS, reason="A case at court.", by="s", at=6)
    assert (
        due_at(Keeping(there=frozenset({STAFF}), facts=facts(), put_off={STAFF: off}), STAFF, 90, None) == 100 * DAY_MS
    )
    assert (
        due_at(Keeping(there=frozenset({STAFF}), facts=facts(), put_off={STAFF: off}), STAFF, 900, None)
        == 5 + 900 * DAY_MS
    )


def test_it_is_listed_before_it_goes_and_taken_off_the_list_when_it_is_not_due_any_more() -> None:
    due = 100 * DAY_MS
    kept = Keeping(there=frozenset({STAFF}), facts=facts())
    early = ListingNow(due - NOTICE - 1, 10, NOTICE)
    assert listed(kept, {STAFF: due}, early).listed == {}
    kept = listed(kept, {STAFF: due}, ListingNow(due - NOTICE, 20, NOTICE))
    assert kept.listed == {STAFF: 20}
    assert listed(kept, {STAFF: due}, ListingNow(due, 99, NOTICE)).listed == {STAFF: 20}, "it keeps its place"
    assert listed(kept, {STAFF: due}, early).listed == {}
    assert listed(kept, {STAFF: None}, ListingNow(due, 99, NOTICE)).listed == {}
    assert not may_go(kept, STAFF, due, ListingNow(due - 1, 20 + NOTICE, NOTICE))
    assert not may_go(kept, STAFF, due, ListingNow(due, 19 + NOTICE, NOTICE))
    assert may_go(kept, STAFF, due, ListingNow(due, 20 + NOTICE, NOTICE))
    assert not may_go(kept, STAFF, None, ListingNow(due, 20 + NOTICE, NOTICE))
    assert not may_go(
        Keeping(there=frozenset({STAFF}), facts=facts()), STAFF, due, ListingNow(due, 20 + NOTICE, NOTICE)
    )
    assert item_of(kept, (SessionId("s"), ""), STAFF, due, ListingNow(due, 30, NOTICE)).removed == due + NOTICE - 10
    assert item_of(kept, (SessionId("s"), ""), STAFF, due, ListingNow(due, 30 + NOTICE, NOTICE)).removed == due


@given(st.lists(st.integers(-(10**15), 10**15), max_size=30))
def test_however_the_clock_jumps_each_look_counts_a_day_at_most(moves: list[int]) -> None:
    time, wall = ListingTime().at(10**16), 10**16
    assert time.passed == 0
    for move in moves:
        wall += move
        after = time.at(wall)
        assert after.passed - time.passed == min(max(0, move), DAY_MS)
        time = after
