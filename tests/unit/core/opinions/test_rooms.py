from __future__ import annotations

import pytest

from moothall.core.events.question_parts import OpinionSums
from moothall.core.opinions.rooms import NO_VOTES, NOBODY_VOTED, RoomVotes, changed_in_rooms
from support.opinions import comment

A, B = comment(0), comment(1)


def room(people: int, a: tuple[int, int, int], b: tuple[int, int, int] = (0, 0, 0)) -> RoomVotes:
    found = {A: a, B: b}
    return RoomVotes(
        people=people,
        sums={name: OpinionSums(agree=x, disagree=y, passed=z) for name, (x, y, z) in found.items() if x + y + z},
    )


def test_only_comments_that_are_put_to_the_vote_count() -> None:
    both = room(4, (2, 0, 0), (0, 4, 0))
    assert both.on([A]) == room(4, (2, 0, 0))
    assert both.on([]) == RoomVotes(people=2, sums={A: NO_VOTES}).on([A]) == NOBODY_VOTED


@pytest.mark.parametrize(
    ("before", "now", "least"),
    [
        (room(4, (4, 0, 0)), room(4, (4, 0, 0)), 0),
        (NOBODY_VOTED, room(4, (4, 0, 0)), 4),
        (room(4, (4, 0, 0)), NOBODY_VOTED, 4),
        (room(4, (4, 0, 0)), room(4, (1, 3, 0)), 3),
        (room(4, (4, 0, 0)), room(4, (4, 0, 0), (0, 2, 0)), 2),
        (room(4, (4, 0, 0), (1, 1, 1)), room(4, (4, 0, 0), (0, 1, 2)), 1),
    ],
)
def test_as_many_have_changed_as_the_sums_tell(before: RoomVotes, now: RoomVotes, least: int) -> None:
    assert changed_in_rooms({"lima": before}, {"lima": now}) == least
    assert changed_in_rooms({"lima": before, "north": now}, {"lima": now, "north": now}) == least


def test_people_of_several_rooms_are_others() -> None:
    assert changed_in_rooms({"lima": room(2, (2, 0, 0))}, {"north.kisumu": room(3, (3, 0, 0))}) == 5
