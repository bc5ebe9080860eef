from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.lines import SourceSegment
from moothall.core.kernel.ids import SegmentId
from moothall.core.translation.lines import Due
from moothall.core.translation.pending import ON_SCREEN, Pending, clause


def line(number: int, revision: int = 0) -> Due:
    return Due(source=SourceSegment(SegmentId(f"l{number:04}"), revision), t0=number * 1_000)


def popped(pending: Pending) -> list[int]:
    return [pending.pop().t0 // 1_000 for _ in range(len(pending))]


def test_what_is_on_the_screen_comes_first_then_what_came_later_then_the_rest() -> None:
    pending = Pending()
    pending.fill([line(number) for number in range(100)])
    first = pending.pop()
    pending.add(line(100))
    assert [first.t0 // 1_000, *popped(pending)] == [*range(70, 101), *range(70)]
    with pytest.raises(IndexError):
        pending.pop()


def test_lines_as_they_come_are_taken_in_their_order_and_once_by_their_newest_text() -> None:
    pending = Pending()
    for each in (line(5), line(6), line(5, 1)):
        pending.add(each)
    assert len(pending) == 2
    assert pending.newest(1) == (SegmentId("l0006"),)
    assert pending.pop() == line(5, 1)
    pending.fill([])
    assert len(pending) == 0


@given(st.lists(st.integers(0, 200), unique=True), st.lists(st.integers(0, 200), unique=True))
def test_every_line_comes_once(filled: list[int], added: list[int]) -> None:
    pending = Pending()
    pending.fill([line(number) for number in filled])
    for number in added:
        pending.add(line(number))
    out = popped(pending)
    assert sorted(out) == sorted({*filled, *added})
    if not added:
        assert out[:ON_SCREEN] == sorted(filled)[-ON_SCREEN:]


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        ("Good morning to all, and welcome to", "Good morning to all,"),
        ("Good morning, and", ""),  # three words would become an invention
        ("Good morning to all and welcome", ""),
        ("In 2024, 3,500 people came; they", "In 2024, 3,500 people came;"),
        ("He said “we go on.” And", "He said “we go on.”"),
        ("各位代表，早上好，现在", "各位代表，早上好，"),  # noqa: RUF001  # as it is written
        ("各位，", ""),  # noqa: RUF001
        ("السيدات والسادة، صباح الخير لكم، نبدأ", "السيدات والسادة، صباح الخير لكم،"),
        ("", ""),
    ],
)
def test_a_line_that_grows_is_shown_up_to_its_last_clause(text: str, begun: str) -> None:
    assert clause(text) == begun
