from __future__ import annotations

import msgspec

from moothall.core.cluster.removals import NOTHING, Applied, Further, ListedRemoval, lacking, stuck
from moothall.core.kernel.ids import Epoch, SessionId


def listed(*marks: str) -> list[ListedRemoval]:
    session, epoch = SessionId("plenary"), Epoch("e")
    return [
        ListedRemoval(number=n, mark=mark, session=session, epoch=epoch, offset=n, digest="ab")
        for n, mark in enumerate(marks, 1)
    ]


def test_each_node_lacks_what_stands_behind_the_place_it_has_come_to() -> None:
    nodes = {"n1": Applied(3, "c"), "n2": Applied(1, "a"), "n3": NOTHING}
    assert lacking(listed("a", "b", "c"), nodes) == {"n2": 2, "n3": 3}
    assert lacking([], {"n3": NOTHING}) == {}


def test_a_node_that_has_come_to_a_place_that_is_not_in_the_list_lacks_all_of_it() -> None:
    other, further = Applied(2, "x"), Applied(7, "y")
    assert lacking(listed("a", "b", "c"), {"n1": other, "n2": further}) == {"n1": 3, "n2": 3}


def test_a_node_that_could_not_apply_some_lacks_these_and_what_is_behind_the_last_that_it_has() -> None:
    marks = listed("a", "b", "c", "d", "e")
    behind_first = Applied(1, "a", Further(4, "d", (2,)))
    none_yet = Applied(further=Further(5, "e", (1, 3)))
    nodes = {"n1": behind_first, "n2": none_yet, "n3": marks[4].here}
    assert lacking(marks, nodes) == {"n1": 2, "n2": 2}
    assert stuck(marks, nodes) == {"n1": (marks[1],), "n2": (marks[0], marks[2])}
    assert marks[1].name == "plenary:2"
    assert msgspec.structs.replace(marks[1], session=SessionId(""), offset=0).name == "e:0"


def test_what_it_says_of_another_list_counts_for_nothing() -> None:
    marks = listed("a", "b", "c")
    elsewhere, before = Applied(1, "x", Further(3, "c", (2,))), Applied(1, "a", Further(3, "x", (2,)))
    beyond = Applied(1, "a", Further(7, "y", (2,)))
    nodes = {"n1": elsewhere, "n2": before, "n3": beyond}
    assert lacking(marks, nodes) == {"n1": 3, "n2": 2, "n3": 2}
    assert stuck(marks, nodes) == {}


def test_numbers_out_of_place_are_passed_over() -> None:
    assert stuck(listed("a", "b", "c"), {"n1": Applied(1, "a", Further(3, "c", (1, 2, 3, 9)))})["n1"][0].number == 2
    assert lacking(listed("a", "b", "c"), {"n1": Applied(1, "a", Further(3, "c", (1, 2, 3, 9)))}) == {"n1": 1}
