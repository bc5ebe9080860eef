"""Figures by group that show nobody: small cells hidden, guarded against subtraction, and against a second look. Pure.

What people say of themselves becomes tables of one dimension each: a row a cell (those who have said nothing are a cell
too), three columns: who asked, who had a turn, who had an answer. Their readers know, from the queue itself, who
asked and who spoke when, so they know all totals at any time, and remember every figure that they have seen. What they
can work out of that by adding and subtracting concerns nobody, or at least five people:

- A figure is shown when at least five people are in it, and is shown anew only when at least five people have changed
  in it since, against each state in which it was shown before. Until then the earlier one stays.
- What is left when all that is shown is taken from the total concerns nobody or five people: where it would be fewer,
  another figure is held back with them (complementary suppression).
- What is left is held against each of its earlier states as well, as if it were a cell; and so are, for each cell, all
  the people who are not in it. Where somebody has said something these have to be five at least, and not nobody, in
  each such difference: if all who are known to have asked meanwhile were in one cell, each of them would be shown.
- So does the difference between two columns, in a row, between two states of it, and in what is left.
- In sums nobody counts for more than the fifth of those who have most in the whole column: an author with far more
  than others would be seen in them. Waits are averages, since a median is what somebody has.
- New figures are looked for when at least five people have asked, spoken or been answered since the last time, which
  everybody may know; so that the moment at which one changes tells of nobody in particular.

A person with several browsers counts as several people; that isn't guarded against.

What each rule keeps back was measured (docs/adr/0032-figures-by-group-stay-live.md). The terms are those of
L. Willenborg and T. de Waal, "Elements of Statistical Disclosure Control" (Springer, 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import fmean

import msgspec

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.questions.interventions import Questions
from moothall.core.questions.listing import was_answered
from moothall.core.questions.statements import NOT_SAID, Dimension, Statement

FEWEST = 5
"""People whom a figure has to concern."""

Person = str
Cell = str
Share = tuple[int, ...]
"""What somebody has in a column; empty: nothing."""
Shares = dict[Person, Share]


class Column(StrEnum):
    """What is counted."""

    ASKED = "asked"
    """The share: how many questions and comments."""
    HEARD = "heard"
    """The share: of each turn that is over how long it was waited for and how long it took, ms."""
    ANSWERED = "answered"
    """The share: how many were answered."""


PAIRS = (
    (Column.ASKED, Column.HEARD),
    (Column.ASKED, Column.ANSWERED),
    (Column.HEARD, Column.ANSWERED),
)

Steps = tuple[tuple[int, Shares], ...]
"""How a figure came about: at which look whose shares changed in it. A share that is gone is empty."""
Table = dict[Column, dict[Cell, Steps]]
Now = Mapping[Column, Mapping[Cell, Shares]]
"""How a table would stand if all of it were shown."""
_Wanted = dict[tuple[Column, Cell], Shares]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """All that was ever shown of a session."""

    look: int = 0
    """How many times new figures were looked for."""
    totals: dict[Column, Steps] = {}
    """What everybody had at each look."""
    tables: dict[Dimension, Table] = {}


class CellRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a cell; None: nothing is."""

    people: int | None = None
    received: int | None = None
    heard: int | None = None
    """People who had a turn."""
    minutes: int | None = None
    """Of speaking. Whole ones: by exact times turns could be told from each other."""
    wait: int | None = None
    """Minutes for which they waited on average."""
    answered: int | None = None
    """People who had an answer."""


def shares(questions: Questions) -> dict[Column, Shares]:
    """What everybody has in each column, by whom they are known as in the session."""
    found: dict[Column, Shares] = {column: {} for column in Column}
    everything = {each.id: each for each in questions.with_status(*InterventionStatus)}
    asked, heard, answered = (found[column] for column in Column)
    for each in everything.values():
        asked[each.asker] = (asked.get(each.asker, (0,))[0] + 1,)
        if was_answered(questions, each):
            answered[each.asker] = (answered.get(each.asker, (0,))[0] + 1,)
    for turn in questions.turns:
        of = everything.get(turn.intervention)
        if of is not None and turn.intervention != questions.called:
            heard[turn.asker] = (*heard.get(turn.asker, ()), turn.t - of.t, turn.spoken)
    return found


def renewed(
    release: Release,
    have: Mapping[Column, Shares],
    said: Mapping[Person, Statement],
    dimensions: Iterable[Dimension],
) -> Release:
    """What may be shown now, with all that was shown before; the same release where nothing may be looked for yet.

    `have`: what everybody has; `said`: what those have said of themselves who have said anything.
    """
    changed = {column: _changes(stands(release.totals.get(column, ())), have[column]) for column in Column}
    if len({person for changes in changed.values() for person in changes}) < FEWEST:
        return release
    look = release.look + 1
    totals = dict(release.totals)
    for column, changes in changed.items():
        totals[column] = (*totals.get(column, ()), (look, changes))
    tables = dict(release.tables)
    for dimension in dimensions:
        now = {column: _split(have[column], said, dimension) for column in Column}
        tables[dimension] = _renewed(tables.get(dimension, {}), totals, now, look)
    return Release(look=look, totals=totals, tables=tables)


def row(release: Release, dimension: Dimension, cell: Cell) -> CellRow:
    """What is shown of a cell."""
    table = release.tables.get(dimension, {})
    found = {column: table.get(column, {}).get(cell, ()) for column in Column}
    asked, heard, answered = (stands(steps) for steps in found.values())

    def counted(column: Column, of: Callable[[Share], float]) -> list[float]:
        steps = found[column]
        total = stands(release.totals[column], steps[-1][0])
        most = sorted(map(of, total.values()))[-FEWEST]
        return [min(most, of(share)) for share in stands(steps).values()]

    return CellRow(
        people=len(asked) if asked else None,
        received=round(sum(counted(Column.ASKED, sum))) if asked else None,
        heard=len(heard) if heard else None,
        minutes=round(sum(counted(Column.HEARD, _spoken)) / 60_000) if heard else None,
        wait=round(fmean(counted(Column.HEARD, _waited)) / 60_000) if heard else None,
        answered=len(answered) if answered else None,
    )


def stands(steps: Steps, look: int | None = None) -> Shares:
    """The shares that a figure is made of now, or was at a look."""
    found: Shares = {}
    for at, changes in steps:
        if look is None or at <= look:
            found |= changes
    return {person: share for person, share in found.items() if share}


def few(count: int) -> bool:
    """Whether so many people are some, but too few to be shown."""
    return 0 < count < FEWEST


def _waited(share: Share) -> float:
    return fmean(share[0::2])


def _spoken(share: Share) -> float:
    return sum(share[1::2])


def _split(have: Shares, said: Mapping[Person, Statement], dimension: Dimension) -> dict[Cell, Shares]:
    found: dict[Cell, Shares] = {}
    for person, share in have.items():
        found.setdefault(said.get(person, {}).get(dimension, NOT_SAID), {})[person] = share
    return found


def _renewed(table: Table, totals: Mapping[Column, Steps], now: Now, look: int) -> Table:
    """The table with as much renewed as may be."""
    wanted: _Wanted = {}
    for column in Column:
        for cell, have in now[column].items():
            steps = table.get(column, {}).get(cell, ())
            changes = _changes(stands(steps), have)
            if not changes or not _apart(steps, have):
                continue
            others = _rest(totals[column], [(*steps, (look, changes))])
            if _apart(others[:-1], stands(others), nobody=cell == NOT_SAID):
                wanted[column, cell] = changes
    while wanted:
        tried = {column: dict(table.get(column, {})) for column in Column}
        for (column, cell), changes in wanted.items():
            tried[column][cell] = (*tried[column].get(cell, ()), (look, changes))
        betrays = _betrays(tried, totals, wanted)
        if betrays is None:
            return tried
        del wanted[betrays]
    return table


def _betrays(tried: Table, totals: Mapping[Column, Steps], wanted: _Wanted) -> tuple[Column, Cell] | None:
    """What has to be held back so that nothing smaller shows; None when nothing does."""
    columns = [column for column in Column if any(column is each for each, _ in wanted)]
    for column in columns:
        left = _rest(totals[column], list(tried[column].values()))
        if not _apart(left[:-1], stands(left)):
            return _smallest(wanted, column)
    for one, other in PAIRS:
        if one not in columns and other not in columns:
            continue
        both = sorted(tried[one].keys() & tried[other].keys())
        touched = [(column, cell) for cell in both for column in (other, one) if (column, cell) in wanted]
        for column, cell in touched:
            steps = _gaps(tried[one][cell], tried[other][cell])
            if not _apart(steps[:-1], stands(steps)):
                return column, cell
            then = [stands(totals[each], tried[each][cell][-1][0]) for each in (one, other)]
            others = _less(_gap(*then), [stands(steps)])
            if few(len(others)) or (cell != NOT_SAID and stands(steps) and not others):
                return column, cell
        total = _gap(stands(totals[one]), stands(totals[other]))
        shown = [_gap(stands(tried[one][cell]), stands(tried[other][cell])) for cell in both]
        if both and few(len(_less(total, shown))):
            return _smallest(wanted, other if other in columns else one)
    return None


def _smallest(wanted: _Wanted, column: Column) -> tuple[Column, Cell]:
    return min((key for key in wanted if key[0] is column), key=lambda key: (len(wanted[key]), key[1]))


def _changes(before: Shares, after: Shares) -> Shares:
    people = sorted(before.keys() | after.keys())
    return {each: after.get(each, ()) for each in people if before.get(each, ()) != after.get(each, ())}


def _apart(steps: Steps, have: Shares, *, nobody: bool = True) -> bool:
    """Whether at least five people, or nobody where that will do, differ from each state that was shown, and the first.

    The first state is the one before anything was shown.
    """
    differ, shown = set(have), dict[Person, Share]()
    for changes in ({}, *(changes for _, changes in steps)):
        shown |= changes
        for person in changes:
            if shown[person] != have.get(person, ()):
                differ.add(person)
            else:
                differ.discard(person)
        if few(len(differ)) or (not differ and not nobody):
            return False
    return True


def _rest(total: Steps, shown: Sequence[Steps]) -> Steps:
    """What is left of the total when these are taken away, each time that one of them was shown anew."""
    renewed_at = {look for steps in shown for look, _ in steps}
    return _derived((total, *shown), _left, due=renewed_at.__contains__)


def _gaps(one: Steps, other: Steps) -> Steps:
    """How the difference of two columns in a row was, each time that either was shown anew and both were shown."""
    first = max(one[0][0], other[0][0])
    return _derived((one, other), _difference, due=lambda look: look >= first)


def _derived(
    sides: Sequence[Steps], derive: Callable[[Sequence[Share]], Share], *, due: Callable[[int], bool]
) -> Steps:
    """What follows for each person from their shares in several figures, at each look that is due."""
    looks: dict[int, list[tuple[Shares, Shares]]] = {}
    have = [Shares() for _ in sides]
    for side, steps in zip(have, sides, strict=True):
        for look, changes in steps:
            looks.setdefault(look, []).append((side, changes))
    found, touched = list[tuple[int, Shares]](), set[Person]()
    for look in sorted(looks):
        for side, changes in looks[look]:
            side.update(changes)
            touched |= changes.keys()
        if due(look):
            found.append((look, {each: derive([side.get(each, ()) for side in have]) for each in sorted(touched)}))
            touched.clear()
    return tuple(found)


def _left(parts: Sequence[Share]) -> Share:
    """Of somebody: their whole share, and what is taken away, as far as these don't cancel; each with its length.

    A person who has moved is in one figure as they were and in another as they are: then more is taken away than there
    is.
    """
    total, *shown = parts
    there = sorted(share for share in shown if share)
    if total in there:
        there.remove(total)
        total = ()
    return tuple(number for share in (total, *there) for number in (len(share), *share)) if total or there else ()


def _difference(parts: Sequence[Share]) -> Share:
    """Of somebody: whether they are in the first of two columns alone (1) or in the second alone (-1)."""
    one, other = map(bool, parts)
    return () if one is other else (1,) if one else (-1,)


def _gap(one: Shares, other: Shares) -> Shares:
    """Whom two columns don't have in common: in the first alone, or in the second alone."""
    return {each: _difference([one.get(each, ()), other.get(each, ())]) for each in sorted(one.keys() ^ other.keys())}


def _less(total: Shares, parts: Iterable[Shares]) -> Shares:
    """What is left of a difference when others are taken away."""
    found = {person: sign for person, (sign,) in total.items()}
    for part in parts:
        for person, (sign,) in part.items():
            found[person] = found.get(person, 0) - sign
    return {person: (sign,) for person, sign in found.items() if sign}
