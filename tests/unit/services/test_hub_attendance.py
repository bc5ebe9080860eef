from __future__ import annotations

from moothall.services.hub_attendance import PAGE_MS, STILL_MS, Attendance
from moothall.testing.clock import ManualClock


async def test_a_hub_is_there_while_one_of_its_machines_has_a_link() -> None:
    there = Attendance(ManualClock())
    assert there.news("kisumu") is None
    there.linked("kisumu", "n1", connected=True)
    there.linked("kisumu", "n2", connected=True)
    assert there.news("kisumu") is True
    there.linked("kisumu", "n1", connected=False)
    assert there.here("kisumu")
    assert there.news("kisumu") is None
    there.linked("kisumu", "n2", connected=False)
    assert there.news("kisumu") is False
    assert not there.takes_part("kisumu")


async def test_a_page_is_there_for_as_long_as_it_is_heard_of() -> None:
    clock = ManualClock()
    there = Attendance(clock)
    there.visited("kisumu", renews=False)
    assert (there.here("kisumu"), there.takes_part("kisumu")) == (False, True)
    there.visited("kisumu", renews=True)
    assert there.here("kisumu")
    await clock.advance(PAGE_MS)
    assert (there.here("kisumu"), there.takes_part("kisumu")) == (False, True)
    await clock.advance(STILL_MS)
    assert not there.takes_part("kisumu")


async def test_what_is_no_more_is_forgotten() -> None:
    there = Attendance(ManualClock())
    there.linked("kisumu", "n1", connected=True)
    there.visited("kisumu", renews=True)
    assert there.news("kisumu") is True
    there.forget("kisumu")
    assert there.news("kisumu") is None
    assert not there.takes_part("kisumu")
