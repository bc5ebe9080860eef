"""Figures by group that show nobody: small cells hidden, guarded against subtraction, and against a second look. Pure.

What people say of themselves becomes tables of one dimension each: a row a cell (whoever has said nothing is a cell
too), three columns: who asked, who had a turn, who had an answer. Whoever reads them knows, from the queue itself, who
asked and who spoke when, so he knows all totals at any time, and remembers every figure that he has seen. What he can
work out of that by adding and subtracting concerns nobody, or at least five people:

- A figure is shown when at least five people are in it, and is shown anew only when at least five people have changed
  in it since, against each state in which it was shown before. Until then the earlier one stays.
- What is left when all that is shown is taken from the total concerns nobody or five people: where it would be fewer,
  another figure is held back with them (complementary suppression).
- So does the difference between two columns, in a row, between two states of it, and in what is left.
- New figures are looked for when at least five people have asked, spoken or been answered since the last time, which
  everybody may know; so that the moment at which one changes tells of nobody in particular.

The terms are those of L. Willenborg and T. de Waal, "Elements of Statistical Disclosure Control" (Springer, 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from statistics import median

import msgspec

from moothall.core.floor.interventions import Floor
from moothall.core.floor.listing import ANSWERED
from moothall.core.floor.parts import Standing
from moothall.core.floor.statements import NOT_SAID, Dimension, Statement

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
    seen: dict[Column, Shares] = {}
    """What everybody had at the last look."""
    tables: dict[Dimension, Table] = {}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a cell; None: nothing is."""

    people: int | None = None
    received: int | None = None
    heard: int | None = None
    """People who had a turn."""
    minutes: int | None = None
    """Of speaking. Whole ones: by exact times turns could be told from each other."""
    wait: int | None = None
    """Minutes for which half of them waited at most."""
    answered: int | None = None
    """People who had an answer."""


def shares(floor: Floor) -> dict[Column, Shares]:
    """What everybody has in each column, by whom they are known as in the session."""
    found: dict[Column, Shares] = {column: {} for column in Column}
    everything = {each.id: each for each in floor.standing(*Standing)}
    asked, heard, answered = (found[column] for column in Column)
    for each in everything.values():
        asked[each.asker] = (asked.get(each.asker, (0,))[0] + 1,)
        if each.standing in ANSWERED:
            answered[each.asker] = (answered.get(each.asker, (0,))[0] + 1,)
    for turn in floor.turns:
        of = everything.get(turn.intervention)
        if of is not None and turn.intervention != floor.called:
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
    people = {person for column in Column for person in (*have[column], *release.seen.get(column, {}))}
    if sum(_part(have, person) != _part(release.seen, person) for person in people) < FEWEST:
        return release
    look = release.look + 1
    tables = dict(release.tables)
    for dimension in dimensions:
        now = {column: _split(have[column], said, dimension) for column in Column}
        tables[dimension] = _renewed(tables.get(dimension, {}), now, look)
    return Release(look=look, seen={column: dict(have[column]) for column in Column}, tables=tables)


def row(table: Table, cell: Cell) -> Row:
    """What is shown of a cell."""
    asked, heard, answered = (stands(table.get(column, {}).get(cell, ())) for column in Column)
    turns = [(share[at], share[at + 1]) for share in heard.values() for at in range(0, len(share), 2)]
    return Row(
        people=len(asked) if asked else None,
        received=sum(count for (count,) in asked.values()) if asked else None,
        heard=len(heard) if heard else None,
        minutes=round(sum(spoken for _, spoken in turns) / 60_000) if heard else None,
        wait=round(median(wait for wait, _ in turns) / 60_000) if heard else None,
        answered=len(answered) if answered else None,
    )


def stands(steps: Steps) -> Shares:
    """The shares that a figure is made of now."""
    found: Shares = {}
    for _, changes in steps:
        found |= changes
    return {person: share for person, share in found.items() if share}


def few(count: int) -> bool:
    """Whether so many people are some, but too few to be shown."""
    return 0 < count < FEWEST


def _part(have: Mapping[Column, Shares], person: Person) -> tuple[Share, ...]:
    return tuple(have.get(column, {}).get(person, ()) for column in Column)


def _split(have: Shares, said: Mapping[Person, Statement], dimension: Dimension) -> dict[Cell, Shares]:
    found: dict[Cell, Shares] = {}
    for person, share in have.items():
        found.setdefault(said.get(person, {}).get(dimension, NOT_SAID), {})[person] = share
    return found


def _renewed(table: Table, now: Now, look: int) -> Table:
    """The table with as much renewed as may be."""
    wanted: _Wanted = {}
    for column in Column:
        for cell, have in now[column].items():
            steps = table.get(column, {}).get(cell, ())
            changes = _changes(stands(steps), have)
            if len(changes) >= FEWEST and len(have) >= FEWEST and _apart(steps, have):
                wanted[column, cell] = changes
    while wanted:
        tried = {column: dict(table.get(column, {})) for column in Column}
        for (column, cell), changes in wanted.items():
            tried[column][cell] = (*tried[column].get(cell, ()), (look, changes))
        betrays = _betrays(tried, now, wanted)
        if betrays is None:
            return tried
        del wanted[betrays]
    return table


def _betrays(tried: Table, now: Now, wanted: _Wanted) -> tuple[Column, Cell] | None:
    """What has to be held back so that nothing smaller shows; None when nothing does."""
    columns = [column for column in Column if any(column is each for each, _ in wanted)]
    for column in columns:
        if few(_left(_parts(now[column].values()), [stands(steps) for steps in tried[column].values()])):
            return _smallest(wanted, column)
    for one, other in PAIRS:
        if one not in columns and other not in columns:
            continue
        both = sorted(tried[one].keys() & tried[other].keys())
        touched = [(column, cell) for cell in both for column in (other, one) if (column, cell) in wanted]
        for column, cell in touched:
            steps = _gaps(tried[one][cell], tried[other][cell])
            if few(len(stands(steps))) or not _apart(steps[:-1], stands(steps)):
                return column, cell
        total = _gap(_parts(now[one].values()), _parts(now[other].values()))
        shown = _sums(_gap(stands(tried[one][cell]), stands(tried[other][cell])) for cell in both)
        if both and few(_left(total, [shown])):
            return _smallest(wanted, other if other in columns else one)
    return None


def _smallest(wanted: _Wanted, column: Column) -> tuple[Column, Cell]:
    return min((key for key in wanted if key[0] is column), key=lambda key: (len(wanted[key]), key[1]))


def _changes(before: Shares, after: Shares) -> Shares:
    people = sorted(before.keys() | after.keys())
    return {each: after.get(each, ()) for each in people if before.get(each, ()) != after.get(each, ())}


def _apart(steps: Steps, have: Shares) -> bool:
    """Whether nobody or at least five people differ from each state that was shown."""
    differ, shown = set(have), dict[Person, Share]()
    for _, changes in steps:
        shown |= changes
        for person in changes:
            if shown[person] != have.get(person, ()):
                differ.add(person)
            else:
                differ.discard(person)
        if few(len(differ)):
            return False
    return True


def _parts(parts: Iterable[Shares]) -> Shares:
    return {person: share for part in parts for person, share in part.items()}


def _left(total: Shares, shown: list[Shares]) -> int:
    """How many people are in what is left when all that is shown is taken away."""
    found: dict[Person, list[Share]] = {}
    for part in shown:
        for person, share in part.items():
            found.setdefault(person, []).append(share)
    people = total.keys() | found.keys()
    return sum(found.get(person, []) != ([total[person]] if person in total else []) for person in people)


def _gap(one: Shares, other: Shares) -> Shares:
    """Whom two columns don't have in common: in the first alone, or in the second alone."""
    return {each: (1,) if each in one else (-1,) for each in sorted(one.keys() ^ other.keys())}


def _sums(gaps: Iterable[Shares]) -> Shares:
    found: dict[Person, int] = {}
    for gap in gaps:
        for person, (sign,) in gap.items():
            found[person] = found.get(person, 0) + sign
    return {person: (sign,) for person, sign in found.items() if sign}


def _gaps(one: Steps, other: Steps) -> Steps:
    """How the difference of two columns in a row stood, each time that either was shown anew and both were shown."""
    looks: dict[int, list[tuple[set[Person], Shares]]] = {}
    have: tuple[set[Person], set[Person]] = (set(), set())
    for side, steps in zip(have, (one, other), strict=True):
        for look, changes in steps:
            looks.setdefault(look, []).append((side, changes))
    first = max(one[0][0], other[0][0])
    found, touched = list[tuple[int, Shares]](), set[Person]()
    for look in sorted(looks):
        for side, changes in looks[look]:
            side |= {person for person, share in changes.items() if share}
            side -= {person for person, share in changes.items() if not share}
            touched |= changes.keys()
        if look >= first:
            found.append((look, {each: _sign(each in have[0], each in have[1]) for each in sorted(touched)}))
            touched.clear()
    return tuple(found)


def _sign(one: bool, other: bool) -> Share:
    return () if one is other else (1,) if one else (-1,)
