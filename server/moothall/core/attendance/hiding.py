"""Numbers that are too small to be shown: of a session with young people, and by language.

The rule is that of `core/questions/disclosure.py`, for numbers that are shown once and not again: a number of people is
hidden where it concerns fewer than a few, and so is another one where the hidden ones together would.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from moothall.core.attendance.ranges import PeopleRange
from moothall.core.questions.disclosure import FEWEST

FEWEST_YOUNG = 10
"""The least number of people that a figure of a session with young people may concern."""

K = TypeVar("K", bound=str)


def fewest(*, young_people: bool) -> int:
    """The least number of people that a figure of a session may concern."""
    return FEWEST_YOUNG if young_people else FEWEST


def shown(cells: Mapping[K, int], least: int = FEWEST) -> dict[K, int | None]:
    """The numbers of a table whose total is known; None for those that are hidden.

    What is left of the total without all that is shown is 0, or at least `least`.
    """
    hidden = {name for name, people in cells.items() if 0 < people < least}
    rest = sorted((name for name in cells if cells[name] and name not in hidden), key=lambda name: (cells[name], name))
    while rest and 0 < sum(cells[name] for name in hidden) < least:
        hidden.add(rest.pop(0))
    return {name: None if name in hidden else people for name, people in cells.items()}


def large_enough(people: PeopleRange, least: int) -> bool:
    """Whether a number may be shown: it is zero, unknown, or surely of at least `least` people."""
    return people.least >= least or people.least == 0 == (people.most or 0)
