from __future__ import annotations

from moothall.core.kernel.ids import SessionId
from moothall.services.hubs.attendance import PAGE_MS, STILL_MS, Attendance
from moothall.testing.clock import ManualClock

A, B = SessionId("a"), SessionId("b")


async def test_a_hub_is_there_while_one_of_its_machines_has_a_link() -> None:
    there = Attendance(ManualClock())
    assert there.news("kisumu", machine=True) is None
    there.linked("kisumu", "n1", connected=True)
    there.linked("kisumu", "n2", connected=True)
    assert there.news("kisumu", machine=True) is True
    there.linked("kisumu", "n1", connected=False)
    assert there.here("kisumu")
    assert there.news("kisumu", machine=True) is None
    assert there.takes_part("kisumu", (A,)) == {A}
    there.linked("kisumu", "n2", connected=False)
    assert there.takes_part("kisumu", (A,)) == frozenset()
    there.visited("kisumu", A, renews=True)  # Its page is looked at, and its room is cut off all the same.
    assert there.here("kisumu")
    assert there.news("kisumu", machine=True) is False


async def test_a_page_is_there_for_as_long_as_it_is_heard_of() -> None:
    clock = ManualClock()
    there = Attendance(clock)
    there.visited("kisumu", None, renews=False)
    there.visited("kisumu", A, renews=False)
    assert (there.here("kisumu"), there.takes_part("kisumu", (B,))) == (False, frozenset({A}))
    there.visited("kisumu", B, renews=True)
    assert there.news("kisumu", machine=False) is True
    assert there.takes_part("kisumu", ()) == {A, B}
    await clock.advance(PAGE_MS)
    assert (there.here("kisumu"), there.takes_part("kisumu", ())) == (False, frozenset({A}))
    await clock.advance(STILL_MS)
    assert there.takes_part("kisumu", ()) == frozenset()


async def test_what_is_no_more_is_forgotten() -> None:
    there = Attendance(ManualClock())
    there.linked("kisumu", "n1", connected=True)
    there.visited("kisumu", A, renews=True)
    assert there.news("kisumu", machine=False) is True
    there.forget("kisumu")
    assert there.news("kisumu", machine=False) is None
    assert there.takes_part("kisumu", ()) == frozenset()
