"""A node's report on the list of removals never claims a removal that the node hasn't applied."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.cluster.removals import MOST_STUCK, Applied, Further, ListedRemoval, lacking, stuck
from moothall.core.kernel.ids import Epoch, SessionId

MANY = 12


def listed(marks: list[str]) -> list[ListedRemoval]:
    return [
        ListedRemoval(number=n, mark=mark, session=SessionId("s"), epoch=Epoch("e"), offset=n, digest="")
        for n, mark in enumerate(marks, 1)
    ]


MARKS = st.lists(st.sampled_from("ab"), max_size=MANY)
NUMBERS = st.integers(-1, MANY + 2)
FURTHER = st.builds(
    Further,
    number=NUMBERS,
    mark=st.sampled_from("ab"),
    stuck=st.lists(NUMBERS, min_size=1, max_size=MOST_STUCK).map(tuple),
)
APPLIED = st.builds(Applied, number=st.integers(0, MANY + 2), mark=st.sampled_from("ab"), further=st.none() | FURTHER)


@given(gone=st.lists(st.booleans(), max_size=MANY))
def test_what_is_said_of_a_node_is_what_is_gone_from_it_up_to_the_last(gone: list[bool]) -> None:
    removals = listed([f"m{n}" for n in range(len(gone))])
    here = {n for n, away in enumerate(gone, 1) if not away}
    first = min(here, default=len(gone) + 1) - 1
    last = max((n for n, away in enumerate(gone, 1) if away), default=0)
    left = tuple(n for n in sorted(here) if n < last)
    further = Further(last, removals[last - 1].mark, left) if left else None
    applied = Applied(first, removals[first - 1].mark if first else "", further)
    assert lacking(removals, {"n": applied}).get("n", 0) == len(here)
    assert [each.number for each in stuck(removals, {"n": applied}).get("n", ())] == list(left)


@given(marks=MARKS, applied=APPLIED)
def test_nothing_that_a_node_says_breaks_the_list(marks: list[str], applied: Applied) -> None:
    removals = listed(marks)
    many, left = lacking(removals, {"n": applied}).get("n", 0), stuck(removals, {"n": applied}).get("n", ())
    assert 0 <= len(left) <= many <= len(removals)
    assert len({each.number for each in left}) == len(left)
