from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.questions.floods import KEPT_OF_FLOOD, WINDOW_MS, NewBrowsers

MOST_NEW = 60
"""A small hall: the laws are the same for every number."""


def counting(times: list[int]) -> list[int]:
    """When those came that count in the end."""
    address, aside = NewBrowsers(), set[str]()
    for number, at in enumerate(times):
        address, more = address.come(str(number), at, most=MOST_NEW)
        aside |= more
        assert len(address.lately) <= MOST_NEW
    return [at for number, at in enumerate(times) if str(number) not in aside]


def moments(most_gap: int, **sizes: int) -> st.SearchStrategy[list[int]]:
    gaps = st.lists(st.integers(min_value=0, max_value=most_gap), **sizes)  # type: ignore[arg-type]
    return gaps.map(lambda found: list(accumulate(found)))


@given(moments(WINDOW_MS // 200, max_size=MOST_NEW))
def test_a_hall_counts_whole(times: list[int]) -> None:
    assert counting(times) == times


@given(moments(WINDOW_MS // 200, min_size=MOST_NEW + 1, max_size=180))
def test_of_a_flood_the_first_ten_count(times: list[int]) -> None:
    assert counting(times) == times[:KEPT_OF_FLOOD]


@given(moments(WINDOW_MS // 10, max_size=300))
def test_never_more_than_a_hall_counts_within_the_window(times: list[int]) -> None:
    found = counting(times)
    for at in found:
        assert sum(at <= other < at + WINDOW_MS for other in found) <= MOST_NEW


@given(moments(WINDOW_MS // MOST_NEW * 2, min_size=61, max_size=150), st.integers(min_value=1, max_value=9))
def test_after_a_flood_others_count_again(times: list[int], later: int) -> None:
    after = [times[-1] + WINDOW_MS + n for n in range(later)]
    assert counting([*times, *after])[-later:] == after


def test_a_thousand_in_a_minute_and_however_long_it_goes_on() -> None:
    assert len(counting([n * 60 for n in range(1_000)])) == KEPT_OF_FLOOD
    assert len(counting([n * 1_000 for n in range(3_600)])) == KEPT_OF_FLOOD
    assert len(counting([n * 6_000 for n in range(1_000)])) == 1_000


def test_of_those_that_choose_faster_than_anybody_reads_ten_count_and_all_others_still_do() -> None:
    address, aside = NewBrowsers(), set[str]()
    for number in range(60):
        address, more = address.come(str(number), number, hasty=number % 2 == 0)
        aside |= more
    assert aside == {str(number) for number in range(20, 60, 2)}
    assert not address.flood
