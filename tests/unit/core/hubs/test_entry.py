from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.hubs.entry import (
    MOST_OLDER,
    MOST_PATHS,
    HeadCount,
    Hub,
    belongs,
    counted,
    paired,
    passed,
    people_now,
    uncounted,
)
from moothall.core.kernel.ids import SessionId

A, B = SessionId("a"), SessionId("b")
KISUMU = Hub(name="kisumu", title="Kisumu", link="l1")


def count(people: int, at: int = 1, session: SessionId = A) -> HeadCount:
    return HeadCount(people=people, session=session, at=at)


def test_a_path_belongs_to_a_hub_and_those_above() -> None:
    assert belongs("north", "north")
    assert belongs("north.kisumu", "north")
    assert not belongs("northern", "north")
    assert not belongs("north", "north.kisumu")


def test_the_newest_count_of_each_room_holds() -> None:
    hub = counted(counted(KISUMU, "kisumu", count(23, at=5)), "kisumu.ward", count(4, at=6))
    assert people_now(hub, {A}) == 27
    assert counted(hub, "kisumu", count(9, at=4)) is hub
    fewer = counted(hub, "kisumu", count(20, at=7))
    assert people_now(fewer, {A}) == 24


def test_the_most_people_are_those_who_stayed_in_a_meeting_that_was_on() -> None:
    typo = counted(KISUMU, "kisumu", count(2_300, at=5))
    mended = passed(counted(typo, "kisumu", count(23, at=6)), 15_000, here=True, on={A})
    assert passed(counted(mended, "kisumu", count(9, at=7)), 15_000, here=True, on={A}).most == 23
    assert passed(counted(mended, "kisumu", count(90, at=7)), 15_000, here=True, on={B}).most == 23


def test_people_are_of_the_meetings_that_are_on() -> None:
    hub = counted(counted(KISUMU, "kisumu", count(23)), "kisumu.ward", count(4, session=B))
    assert people_now(hub, {A}) == 23
    assert people_now(hub, {A, B}) == 27
    assert people_now(hub, ()) is None
    assert people_now(uncounted(hub, A), {A, B}) == 4
    assert uncounted(KISUMU, A) is KISUMU


def test_so_many_rooms_are_counted_and_the_oldest_goes() -> None:
    hub = KISUMU
    for number in range(MOST_PATHS + 1):
        hub = counted(hub, f"kisumu.h{number}", count(1, at=number))
    assert len(hub.counts) == MOST_PATHS
    assert "kisumu.h0" not in hub.counts


@given(st.lists(st.tuples(st.integers(0, 10_000), st.booleans(), st.booleans()), max_size=20))
def test_hours_add_up_however_they_are_cut(spans: list[tuple[int, bool, bool]]) -> None:
    hub = counted(KISUMU, "kisumu", count(3))
    for ms, here, on in spans:
        hub = passed(hub, ms, here=here, on={A} if on else ())
    assert hub.here_ms == sum(ms for ms, here, on in spans if here and on)
    assert hub.people_ms == 3 * sum(ms for ms, _, on in spans if on)


def test_what_adds_nothing_changes_nothing() -> None:
    assert passed(KISUMU, 1_000, here=True, on=()) is KISUMU
    assert passed(KISUMU, 1_000, here=False, on={A}) is KISUMU


def test_a_new_machine_is_a_new_generation() -> None:
    first = paired(KISUMU, "d1", node="n1", machine="laptop", at=5)
    assert (first.generation, first.digest, first.older, first.node, first.machine) == (1, "d1", (), "n1", "laptop")
    hub = first
    for number in range(2, MOST_OLDER + 3):
        hub = paired(hub, f"d{number}", node="n2", machine="", at=6)
    assert hub.generation == MOST_OLDER + 2
    assert hub.older == tuple(f"d{number}" for number in range(2, MOST_OLDER + 2))
    assert msgspec.json.decode(msgspec.json.encode(hub), type=Hub) == hub
