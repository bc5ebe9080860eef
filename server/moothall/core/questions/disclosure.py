"""Figures by group that reveal nobody: small cells are hidden, also from subtraction and from comparison over time.

The statements that people make of themselves become tables of one dimension each. A table has a row for each cell (a
value of the dimension; people who have said nothing are a cell too) and three columns: who asked, who had a turn, who
had an answer. Readers see in the queue who asked, and who spoke when. So they are assumed to know all totals at any
time, and to remember every figure that they have seen. What they can compute from these by adding and subtracting must
concern nobody, or at least five people:

- A figure is shown when at least five people are in it. It is renewed only when it differs in at least five people from
  each of its versions that were shown before. Until then the last version stays.
- The remainder, which is the total without all shown figures, concerns nobody or at least five people. Where it would
  concern fewer, another figure is held back too (complementary suppression).
- The remainder is compared with each of its earlier versions as well, as if it were a cell. So is the complement of
  each cell: all people who are not in it. For a cell of people who have said something each such difference of the
  complement must concern at least five people; nobody is not enough. If all who are known to have asked in the meantime
  were in one cell, the statement of each of them would be known.
- The same holds for the difference between two columns: in a row, between two versions of a row, and in the remainder.
- In sums no person counts for more than the fifth largest share of the whole column, since an author with far more than
  others would stand out. Waits are means, since a median is the value of one person.
- New figures are computed only after at least five people have asked, spoken or been answered since the last time.
  Everybody may know that, so that the moment of a change points to nobody in particular.

A person with several browsers counts as several people; nothing here guards against that.

What each rule keeps back was measured (docs/adr/0032-figures-by-group-stay-live.md). The terms are those of L.
Willenborg and T. de Waal, "Elements of Statistical Disclosure Control" (Springer, 2001).
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
"""The least number of people that a figure may concern."""

Person = str
Cell = str
Share = tuple[int, ...]
"""One person's values in a column; empty when the person is not in it."""
Shares = dict[Person, Share]


class Column(StrEnum):
    """What a column counts."""

    ASKED = "asked"
    """The share: (number of questions and comments,)."""
    HEARD = "heard"
    """The share: for each turn that is over, the wait before it and its duration, both in ms."""
    ANSWERED = "answered"
    """The share: (number of answered interventions,)."""


PAIRS = (
    (Column.ASKED, Column.HEARD),
    (Column.ASKED, Column.ANSWERED),
    (Column.HEARD, Column.ANSWERED),
)

Steps = tuple[tuple[int, Shares], ...]
"""The history of a figure: the number of each look that changed it, with the new shares of those whose shares changed.
An empty share means that the person is no longer in the figure.
"""
Table = dict[Column, dict[Cell, Steps]]
Now = Mapping[Column, Mapping[Cell, Shares]]
"""The present shares of a table, before it is decided what may be shown."""
_Wanted = dict[tuple[Column, Cell], Shares]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was ever shown of a session."""

    look: int = 0
    """How many times new figures were computed."""
    totals: dict[Column, Steps] = {}
    """The history of the shares of all people."""
    tables: dict[Dimension, Table] = {}


class CellRow(msgspec.Struct, frozen=True, kw_only=True):
    """The shown figures of a cell; None where nothing is shown."""

    people: int | None = None
    received: int | None = None
    heard: int | None = None
    """How many people had a turn."""
    minutes: int | None = None
    """Speaking time of all, in whole minutes: exact times would tell turns apart."""
    wait: int | None = None
    """Mean wait before a turn, in minutes."""
    answered: int | None = None
    """How many people had an answer."""


def shares(questions: Questions) -> dict[Column, Shares]:
    """The shares of all people in each column, by their keyed hash in the session."""
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
    """Return the release after another look, with everything that was shown before; `release` itself if it is too early
    for one.

    `have`: the present shares of all people. `said`: the statements of those who have made any.
    """
    changed = {column: _changes(shares_at(release.totals.get(column, ())), have[column]) for column in Column}
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
    """The figures that are shown of a cell."""
    table = release.tables.get(dimension, {})
    found = {column: table.get(column, {}).get(cell, ()) for column in Column}
    asked, heard, answered = (shares_at(steps) for steps in found.values())

    def counted(column: Column, of: Callable[[Share], float]) -> list[float]:
        steps = found[column]
        total = shares_at(release.totals[column], steps[-1][0])
        most = sorted(map(of, total.values()))[-FEWEST]
        return [min(most, of(share)) for share in shares_at(steps).values()]

    return CellRow(
        people=len(asked) if asked else None,
        received=round(sum(counted(Column.ASKED, sum))) if asked else None,
        heard=len(heard) if heard else None,
        minutes=round(sum(counted(Column.HEARD, _spoken)) / 60_000) if heard else None,
        wait=round(fmean(counted(Column.HEARD, _waited)) / 60_000) if heard else None,
        answered=len(answered) if answered else None,
    )


def shares_at(steps: Steps, look: int | None = None) -> Shares:
    """The shares of the people in a figure, now or after the look with this number."""
    found: Shares = {}
    for at, changes in steps:
        if look is None or at <= look:
            found |= changes
    return {person: share for person, share in found.items() if share}


def few(count: int) -> bool:
    """Whether a number of people is too small to be shown; zero is not."""
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
    """Return the table with as many figures renewed as the rules allow."""
    wanted: _Wanted = {}
    for column in Column:
        for cell, have in now[column].items():
            steps = table.get(column, {}).get(cell, ())
            changes = _changes(shares_at(steps), have)
            if not changes or not _apart(steps, have):
                continue
            others = _rest(totals[column], [(*steps, (look, changes))])
            if _apart(others[:-1], shares_at(others), nobody=cell == NOT_SAID):
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
    """The next figure to hold back, so that no difference concerns fewer than five people; None when all may
    be shown.
    """
    columns = [column for column in Column if any(column is each for each, _ in wanted)]
    for column in columns:
        left = _rest(totals[column], list(tried[column].values()))
        if not _apart(left[:-1], shares_at(left)):
            return _smallest(wanted, column)
    for one, other in PAIRS:
        if one not in columns and other not in columns:
            continue
        both = sorted(tried[one].keys() & tried[other].keys())
        touched = [(column, cell) for cell in both for column in (other, one) if (column, cell) in wanted]
        for column, cell in touched:
            steps = _gaps(tried[one][cell], tried[other][cell])
            if not _apart(steps[:-1], shares_at(steps)):
                return column, cell
            then = [shares_at(totals[each], tried[each][cell][-1][0]) for each in (one, other)]
            others = _less(_gap(*then), [shares_at(steps)])
            if few(len(others)) or (cell != NOT_SAID and shares_at(steps) and not others):
                return column, cell
        total = _gap(shares_at(totals[one]), shares_at(totals[other]))
        shown = [_gap(shares_at(tried[one][cell]), shares_at(tried[other][cell])) for cell in both]
        if both and few(len(_less(total, shown))):
            return _smallest(wanted, other if other in columns else one)
    return None


def _smallest(wanted: _Wanted, column: Column) -> tuple[Column, Cell]:
    return min((key for key in wanted if key[0] is column), key=lambda key: (len(wanted[key]), key[1]))


def _changes(before: Shares, after: Shares) -> Shares:
    people = sorted(before.keys() | after.keys())
    return {each: after.get(each, ()) for each in people if before.get(each, ()) != after.get(each, ())}


def _apart(steps: Steps, have: Shares, *, nobody: bool = True) -> bool:
    """Whether shares `have` differ from each version in `steps` in at least five people, or in nobody where `nobody`
    allows it.

    The empty version, before anything was shown, is compared too.
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
    """The history of the remainder, which is the total without the shown figures: one version each time one of them was
    renewed.
    """
    renewed_at = {look for steps in shown for look, _ in steps}
    return _derived((total, *shown), _left, due=renewed_at.__contains__)


def _gaps(one: Steps, other: Steps) -> Steps:
    """The history of the difference of two columns of a row: one version each time either was renewed, once both were
    shown.
    """
    first = max(one[0][0], other[0][0])
    return _derived((one, other), _difference, due=lambda look: look >= first)


def _derived(
    sides: Sequence[Steps], derive: Callable[[Sequence[Share]], Share], *, due: Callable[[int], bool]
) -> Steps:
    """The history of a figure that `derive` computes for each person from their shares in several figures, at all looks
    that are `due`.
    """
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
    """One person's part of the remainder: the share in the total and those in shown figures, without pairs that cancel;
    each share follows its length.

    After a person's statement has changed, one figure may still count the person as before and another as now. Then
    more is taken away than the total has.
    """
    total, *shown = parts
    there = sorted(share for share in shown if share)
    if total in there:
        there.remove(total)
        total = ()
    return tuple(number for share in (total, *there) for number in (len(share), *share)) if total or there else ()


def _difference(parts: Sequence[Share]) -> Share:
    """For one person: (1,) if only the first of two columns has them, (-1,) if only the second, else empty."""
    one, other = map(bool, parts)
    return () if one is other else (1,) if one else (-1,)


def _gap(one: Shares, other: Shares) -> Shares:
    """The people whom only one of two columns has, each with their `_difference`."""
    return {each: _difference([one.get(each, ()), other.get(each, ())]) for each in sorted(one.keys() ^ other.keys())}


def _less(total: Shares, parts: Iterable[Shares]) -> Shares:
    """A difference of two columns without other such differences; people whose signs cancel are left out."""
    found = {person: sign for person, (sign,) in total.items()}
    for part in parts:
        for person, (sign,) in part.items():
            found[person] = found.get(person, 0) - sign
    return {person: (sign,) for person, sign in found.items() if sign}
