"""Whoever adds and subtracts published figures, and knows all totals, never isolates fewer than five people.

The attacker here also knows which people each figure counts, which is never published, so that the test
can tell whom he isolates.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from moothall.core.questions.disclosure import (
    FEWEST,
    PAIRS,
    Column,
    Release,
    Shares,
    Table,
    renewed,
    row,
    shares_at,
)
from moothall.core.questions.statements import NOT_SAID, Dimension, Statement

PEOPLE = 34
EXAMPLES = max(50, settings().max_examples)
"""Few histories come near the edges."""
KINDS = (Dimension.GROUP, Dimension.YOUNG)
CELLS = {Dimension.GROUP: ("business", "media", ""), Dimension.YOUNG: ("yes", "")}


class Act(msgspec.Struct, frozen=True):
    """Something that several people do."""

    first: int
    many: int
    does: str
    group: str
    young: str


acts = st.builds(
    Act,
    first=st.integers(0, PEOPLE - 1),
    many=st.integers(1, 16),
    does=st.sampled_from(["ask", "ask", "ask", "speak", "answer", "say", "undo"]),
    group=st.sampled_from(CELLS[Dimension.GROUP]),
    young=st.sampled_from(CELLS[Dimension.YOUNG]),
)


class World:
    """People who ask, say something of themselves, and are heard; and all that was ever shown."""

    def __init__(self) -> None:
        self.have: dict[Column, Shares] = {column: {} for column in Column}
        self.said: dict[str, Statement] = {}
        self.release = Release()
        self.views: list[tuple[Release, dict[Column, Shares]]] = []

    def does(self, act: Act) -> None:
        for number in range(act.first, act.first + act.many):
            self._one(f"p{number % PEOPLE}", act)
        before, self.release = self.release, renewed(self.release, self.have, self.said, KINDS)
        if self.release is not before:
            self.views.append((self.release, {column: dict(self.have[column]) for column in Column}))

    def release_totals(self, column: Column, look: int) -> Shares:
        """What everybody had at a look."""
        return next(totals[column] for release, totals in self.views if release.look == look)

    def _one(self, person: str, act: Act) -> None:
        asked, heard, answered = (self.have[column] for column in Column)
        if act.does == "ask":
            asked[person] = (asked.get(person, (0,))[0] + 1,)
        elif act.does == "say":
            given = {Dimension.GROUP: act.group, Dimension.YOUNG: act.young}
            self.said[person] = {kind: value for kind, value in given.items() if value}
        elif person in asked and act.does == "speak":
            heard[person] = (*heard.get(person, ()), 60_000, 90_000)
        elif person in asked and act.does == "answer":
            answered[person] = (1,)
        elif act.does == "undo":
            answered.pop(person, None)


def shown(table: Table, column: Column) -> dict[str, Shares]:
    return {cell: shares_at(steps) for cell, steps in table.get(column, {}).items()}


def many(people: int) -> bool:
    return people == 0 or people >= FEWEST


def apart(one: Shares, other: Shares) -> int:
    return sum(one.get(person) != other.get(person) for person in one.keys() | other.keys())


def gap(one: Shares, other: Shares) -> Counter[str]:
    """By whom two numbers differ, and in which direction."""
    found = Counter(one.keys())
    found.subtract(Counter(other.keys()))
    return found


def gaps_of(one: dict[str, Shares], other: dict[str, Shares]) -> dict[str, Counter[str]]:
    return {cell: gap(one[cell], other[cell]) for cell in one.keys() & other.keys()}


def not_none(found: Counter[str]) -> int:
    return sum(count != 0 for count in found.values())


def less(one: Counter[str], other: Counter[str]) -> Counter[str]:
    found = Counter(one)
    found.subtract(other)
    return found


@settings(max_examples=EXAMPLES)
@given(st.lists(acts, min_size=4, max_size=40))
def test_no_figure_and_no_difference_of_figures_is_about_fewer_than_five(steps: list[Act]) -> None:
    world = World()
    for step in steps:
        world.does(step)
    event(f"looks: {len(world.views)}")
    for kind in KINDS:
        tables = [release.tables.get(kind, {}) for release, _ in world.views]
        event(f"{kind}: {sum(bool(table.get(Column.HEARD)) for table in tables) > 1}")
        for column in Column:
            views = [shown(table, column) for table in tables]
            assert all(len(people) >= FEWEST for view in views for people in view.values())
            for before, after in combinations(views, 2):
                assert before.keys() <= after.keys()
                assert all(many(apart(before[cell], after[cell])) for cell in before)
        for one, other in PAIRS:
            gaps = [gaps_of(shown(table, one), shown(table, other)) for table in tables]
            assert all(many(not_none(found)) for view in gaps for found in view.values())
            for before_, after_ in combinations(gaps, 2):
                assert all(many(not_none(less(after_[cell], before_[cell]))) for cell in before_)


@settings(max_examples=EXAMPLES)
@given(st.lists(acts, min_size=4, max_size=40))
def test_the_total_less_all_that_is_shown_is_about_nobody_or_five(steps: list[Act]) -> None:
    world = World()
    for step in steps:
        world.does(step)
    before = Release()
    for release, totals in world.views:
        for kind in KINDS:
            table, old = release.tables.get(kind, {}), before.tables.get(kind, {})
            new = {column for column in Column if shown(table, column) != shown(old, column)}
            for column in new:
                mine: dict[str, list[tuple[int, ...]]] = {}
                for part in shown(table, column).values():
                    for person, share in part.items():
                        mine.setdefault(person, []).append(share)
                total = totals[column]
                people = mine.keys() | total.keys()
                left = [each for each in people if mine.get(each, []) != ([total[each]] if each in total else [])]
                assert many(len(left))
            for one, other in PAIRS:
                a, b = shown(table, one), shown(table, other)
                both = a.keys() & b.keys()
                rest = gap(totals[one], totals[other])
                for cell in both:
                    rest = less(rest, gap(a[cell], b[cell]))
                assert not both or not new & {one, other} or many(not_none(rest))
        before = release


Left = Counter[tuple[str, tuple[int, ...]]]


def rest(total: Shares, parts: list[Shares]) -> Left:
    """What is left of a total, by whom and what; what is taken away too often is there less than once."""
    found = Counter(total.items())
    for part in parts:
        found.subtract(Counter(part.items()))
    return found


def people_in(left: Left, other: Left | None = None) -> int:
    """How many people there are in it, or in the difference of two."""
    found = Counter(left)
    found.subtract(other or Counter())
    return len({person for (person, _), count in found.items() if count})


@settings(max_examples=EXAMPLES)
@given(st.lists(acts, min_size=4, max_size=40))
def test_what_is_left_tells_of_nobody_over_time_either(steps: list[Act]) -> None:
    """All those who are not in a cell are five at least in each difference, where something was said; the rest too."""
    world = World()
    for step in steps:
        world.does(step)
    for kind in KINDS:
        for column in Column:
            lefts: list[Left] = []
            others: dict[str, list[Left]] = {}
            old: dict[str, Shares] = {}
            for release, totals in world.views:
                new = shown(release.tables.get(kind, {}), column)
                for cell in (each for each in new if new[each] != old.get(each)):
                    found = rest(totals[column], [new[cell]])
                    for before in (Counter(), *others.setdefault(cell, [])):
                        differ = people_in(found, before)
                        assert differ >= FEWEST or (cell == NOT_SAID and differ == 0)
                    others[cell].append(found)
                if new != old:
                    lefts.append(rest(totals[column], list(new.values())))
                old = new
            event(f"{kind}, {column}: {len(lefts)}")
            assert all(many(people_in(one, other)) for one, other in combinations(lefts, 2))


@settings(max_examples=EXAMPLES)
@given(st.lists(acts, min_size=4, max_size=40))
def test_a_figure_is_looked_for_only_when_five_people_have_done_something(steps: list[Act]) -> None:
    world = World()
    for step in steps:
        world.does(step)
    last: dict[Column, Shares] = {column: {} for column in Column}
    for release, totals in world.views:
        people = {person for column in Column for person in (*last[column], *totals[column])}
        moved = [each for each in people if any(last[at].get(each) != totals[at].get(each) for at in Column)]
        assert len(moved) >= FEWEST
        assert {column: shares_at(steps) for column, steps in release.totals.items()} == totals
        last = totals


@settings(max_examples=EXAMPLES)
@given(st.lists(acts, min_size=4, max_size=40))
def test_what_is_shown_was_so_when_it_was_shown_anew(steps: list[Act]) -> None:
    """Each figure is what that cell had at the look at which it changed last, and says so with numbers alone."""
    truth: dict[int, dict[tuple[Dimension, Column, str], Shares]] = {}
    world = World()
    for step in steps:
        world.does(step)
        there: dict[tuple[Dimension, Column, str], Shares] = {}
        for kind in KINDS:
            for column in Column:
                for person, share in world.have[column].items():
                    cell = world.said.get(person, {}).get(kind, NOT_SAID)
                    there.setdefault((kind, column, cell), {})[person] = share
        truth.setdefault(world.release.look, there)
    for kind, table in world.release.tables.items():
        for column, cells in table.items():
            for cell, made in cells.items():
                assert shares_at(made) == truth[made[-1][0]][kind, column, cell]
        for cell in table.get(Column.ASKED, {}):
            people = shares_at(table[Column.ASKED][cell])
            assert row(world.release, kind, cell).people == len(people)
            most = sorted(world.release_totals(Column.ASKED, table[Column.ASKED][cell][-1][0]).values())[-FEWEST][0]
            assert row(world.release, kind, cell).received == sum(min(most, count) for (count,) in people.values())


@given(st.lists(acts, max_size=20))
def test_it_is_kept_and_read_again_as_it_was(steps: list[Act]) -> None:
    world = World()
    for step in steps:
        world.does(step)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(world.release), type=Release) == world.release
