from __future__ import annotations

from moothall.core.cluster.removals import NOTHING, Applied, Removal, lacking
from moothall.core.kernel.ids import Epoch, SessionId


def listed(*marks: str) -> list[Removal]:
    session, epoch = SessionId("plenary"), Epoch("e")
    return [
        Removal(number=n, mark=mark, session=session, epoch=epoch, offset=n, digest="ab")
        for n, mark in enumerate(marks, 1)
    ]


def test_each_node_lacks_what_stands_behind_the_place_it_has_come_to() -> None:
    nodes = {"n1": Applied(3, "c"), "n2": Applied(1, "a"), "n3": NOTHING}
    assert lacking(listed("a", "b", "c"), nodes) == {"n2": 2, "n3": 3}
    assert lacking([], {"n3": NOTHING}) == {}


def test_a_node_that_has_come_to_a_place_that_is_not_in_the_list_lacks_all_of_it() -> None:
    other, further = Applied(2, "x"), Applied(7, "y")
    assert lacking(listed("a", "b", "c"), {"n1": other, "n2": further}) == {"n1": 3, "n2": 3}
