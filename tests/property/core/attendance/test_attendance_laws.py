"""Laws of the counts: a total is never less than a part, what is unknown stays unknown, and nobody finds a small group
by adding and subtracting what is shown.
"""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.attendance.facts import HubPeople
from moothall.core.attendance.hiding import shown
from moothall.core.attendance.online import OnlineCount, added
from moothall.core.attendance.ranges import PeopleRange, apart, perhaps_same
from moothall.core.attendance.report import report, year_of
from moothall.core.events.attendance import CountSource
from moothall.core.rules.attendance import summed
from moothall.core.sessions.roll import RollEntry, RoomCount
from support.sessions.attendance import AT, facts


@st.composite
def ranges(draw: st.DrawFn) -> PeopleRange:
    least = draw(st.integers(0, 300))
    return PeopleRange(least, draw(st.none() | st.integers(least, 600)))


def within(part: PeopleRange, total: PeopleRange) -> bool:
    """Whether a total is never less than a part, and has an upper bound only where the part has one."""
    return part.least <= total.least and (total.most is None or (part.most is not None and part.most <= total.most))


@given(st.lists(ranges(), max_size=6))
def test_a_sum_is_never_less_than_a_part_and_unknown_stays_unknown(parts: list[PeopleRange]) -> None:
    same, other = perhaps_same(parts), apart(parts)
    for part in parts:
        assert within(part, same)
        assert within(part, other)
    assert same.least <= other.least
    assert same.most == other.most
    assert same.most is None or same.least <= same.most


@given(st.lists(ranges(), min_size=1, max_size=6), st.integers(0, 5))
def test_it_makes_no_difference_in_which_order_runs_are_added(parts: list[PeopleRange], cut: int) -> None:
    runs = [OnlineCount(people=each, hours={n % 2: each}) for n, each in enumerate(parts)]

    def all_of(some: list[OnlineCount]) -> OnlineCount:
        total = OnlineCount()
        for each in some:
            total = added(total, each)
        return total

    assert all_of(runs) == all_of(runs[::-1]) == added(all_of(runs[:cut]), all_of(runs[cut:]))


counts = st.lists(st.integers(0, 200), max_size=4)


@given(counts, st.lists(st.none() | st.integers(0, 60), max_size=4), ranges(), st.booleans())
def test_the_total_of_a_session_is_never_less_than_a_part(
    room: list[int], hubs: list[int | None], online: PeopleRange, unlisted: bool
) -> None:
    made = report(
        facts(
            counts=tuple(RoomCount(people=n, source=CountSource.TYPED, at=AT) for n in room),
            hubs=tuple(HubPeople(hub=f"h{n}", title=f"H{n}", people=each) for n, each in enumerate(hubs)),
        ),
        OnlineCount(people=online),
        {"h0"} if unlisted else (),
    )
    assert made.total is not None
    assert made.online is not None
    for part in (made.room, made.at_hubs, made.online, *(each.people for each in made.hubs)):
        assert part is not None
        assert within(part, made.total)
    year = year_of(2026, [made, report(facts("other"))])
    assert within(made.total, year.total)
    assert within(made.online, year.online)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), max_size=6), st.sampled_from((5, 10)))
def test_no_combination_of_shown_figures_tells_a_small_group(cells: dict[str, int], least: int) -> None:
    told = shown(cells, least)
    total = sum(cells.values())
    known = [people for people in told.values() if people is not None]
    assert all(people == 0 or people >= least for people in known)
    for size in range(1, len(known) + 1):  # The total alone is known, and shown by a rule of its own.
        for some in combinations(known, size):
            rest = total - sum(some)
            assert rest == 0 or rest >= least


@given(st.lists(st.tuples(st.sampled_from(("", "media", "business")), st.sampled_from(("", "africa"))), max_size=40))
def test_sums_of_the_list_tell_no_small_group(people: list[tuple[str, str]]) -> None:
    entries = [RollEntry(name=f"p{n}", group=group, region=region) for n, (group, region) in enumerate(people)]
    for cells in summed(entries).values():
        known = [n for n in cells.values() if n is not None]
        assert all(n >= 5 for n in known)
        rest = len(people) - sum(known)
        assert not known or rest == 0 or rest >= 5
