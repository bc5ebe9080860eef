"""How many browsers followed the text of a session: counts alone, without anything that leads to a person.

While a server runs it knows browsers by keyed hashes in memory (`services/attendance/online.py`). What is stored is the
numbers of each run, added up by the rule of `ranges.py`: nobody can say which browsers of two runs are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from moothall.core.attendance.ranges import NOBODY, PeopleRange, perhaps_same

K = TypeVar("K", int, str)

HOUR_MS = 3_600_000
MOST_HOURS = 24 * 31
"""Hours of a session of which the counts are kept. Overflow: later ones are counted for the whole session alone."""
MOST_LANGUAGES = 60
"""Languages of a session that are counted. Overflow: further ones are counted for the whole session alone."""


class OnlineCount(msgspec.Struct, frozen=True, kw_only=True):
    """The browsers that followed a session at this server."""

    people: PeopleRange = NOBODY
    """At least those of the fullest moment; at most all that came."""
    hours: dict[int, PeopleRange] = {}
    """By Unix ms of the hour's beginning."""
    languages: dict[str, PeopleRange] = {}
    """By BCP-47 tag of the text that was read."""
    elsewhere: int = 0
    """The most connections at one time at other nodes of the house, whose browsers can't be told apart here."""
    uncounted: bool = False
    """Whether others read too whom nobody can count: behind caches, or by single requests without a name."""

    @property
    def all_people(self) -> PeopleRange:
        """The browsers, without an upper bound where others read that can't be counted."""
        return PeopleRange(self.people.least, None) if self.elsewhere or self.uncounted else self.people


def added(one: OnlineCount, other: OnlineCount) -> OnlineCount:
    """The counts of two runs together."""
    return OnlineCount(
        people=perhaps_same((one.people, other.people)),
        hours=_by_key(one.hours, other.hours, MOST_HOURS),
        languages=_by_key(one.languages, other.languages, MOST_LANGUAGES),
        elsewhere=max(one.elsewhere, other.elsewhere),
        uncounted=one.uncounted or other.uncounted,
    )


def _by_key(one: Mapping[K, PeopleRange], other: Mapping[K, PeopleRange], most: int) -> dict[K, PeopleRange]:
    keys = sorted(one.keys() | other.keys())[:most]
    return {key: perhaps_same((one.get(key, NOBODY), other.get(key, NOBODY))) for key in keys}
