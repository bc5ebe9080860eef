"""Numbers of people that are known within bounds, and how they add up.

A browser is never linked across sessions, nor across restarts of a server. So of people who were counted in several
parts only this is known: at least as many as in the largest part, and at most as many as in all parts together.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class PeopleRange(msgspec.Struct, frozen=True):
    """A number of people within bounds."""

    least: int = 0
    most: int | None = None
    """None: nobody can say how many at most."""

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return self.least > 0 or self.most is not None

    @property
    def exact(self) -> bool:
        """Whether both bounds are the same."""
        return self.least == self.most


UNKNOWN = PeopleRange()
NOBODY = PeopleRange(0, 0)


def exactly(people: int | None) -> PeopleRange:
    """A number of people that is known, or `UNKNOWN` for None."""
    return UNKNOWN if people is None else PeopleRange(people, people)


def perhaps_same(parts: Iterable[PeopleRange]) -> PeopleRange:
    """All people of parts that may have people in common; nobody where there is no part."""
    found = list(parts)
    return PeopleRange(max((each.least for each in found), default=0), _most(found))


def apart(parts: Iterable[PeopleRange]) -> PeopleRange:
    """All people of parts that have nobody in common, such as those in two rooms at a time."""
    found = list(parts)
    return PeopleRange(sum(each.least for each in found), _most(found))


def _most(parts: list[PeopleRange]) -> int | None:
    known = [each.most for each in parts if each.most is not None]
    return sum(known) if len(known) == len(parts) else None
