"""How finds are counted, and how visitors choose among them: by meeting, room, year, language, source and speaker.

Of each kind, the values are counted under the choices of all other kinds, so that a visitor sees what another value
would give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from moothall.core.kernel.ids import Epoch, SessionId, SpeakerId
from moothall.core.search.lines import Shelf, Strand

KINDS = ("meeting", "room", "year", "language", "source", "speaker")
"""The kinds by which finds are chosen and counted, in the order of the values of a `Heap`."""


class SearchedSession(msgspec.Struct, frozen=True, kw_only=True):
    """What the index knows of a session beside its lines."""

    session: SessionId
    shelf: Shelf
    epoch: Epoch
    offset: int
    """Offset of the last event that is in the index."""
    digest: str = ""
    """The chain's digest after that event: a log that lost its end and grew again is another one."""
    title: str
    opened: int | None
    """Unix ms of media time 0."""
    sound: bool
    """Whether its sound is published."""
    speakers: dict[SpeakerId, str] = {}
    """Names by id; none in a session with young people."""
    strands: tuple[Strand, ...] = ()


class FindChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor chose: a value of each kind, or empty for any; and the days between which it was said."""

    meeting: str = ""
    room: str = ""
    year: str = ""
    language: str = ""
    source: str = ""
    speaker: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """The chosen values, in the order of KINDS."""
        return (self.meeting, self.room, self.year, self.language, self.source, self.speaker)

    def fits(self, values: tuple[str, ...], day: date | None) -> bool:
        """Whether a find with these values, in the order of KINDS, of that day is chosen."""
        return self.allows(day) and all(not one or one == other for one, other in zip(self.values, values, strict=True))

    def allows(self, day: date | None) -> bool:
        """Whether a session of that day is chosen; one of an unknown day is, unless days are named."""
        if day is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Heap(NamedTuple):
    """Finds that have all values in common."""

    key: int
    """What they have in common in the index."""
    many: int
    """How many they are."""
    values: tuple[str, ...]
    """A value of each of KINDS; empty where it has none."""
    day: date | None


class CountedFinds(NamedTuple):
    """The finds that are chosen, and what other choices would give."""

    total: int
    keys: frozenset[int]
    """The keys of the heaps that are chosen."""
    kinds: Mapping[str, Mapping[str, int]]
    """The number of finds for each value of each of KINDS, under the choices of the other kinds."""


def count(heaps: Iterable[Heap], choice: FindChoice) -> CountedFinds:
    """Count finds by kind and value."""
    wanted = [(number, value) for number, value in enumerate(choice.values) if value]
    kinds: tuple[dict[str, int], ...] = tuple({} for _ in KINDS)
    total, keys = 0, []
    for key, many, values, day in heaps:
        if not choice.allows(day):
            continue
        others = [number for number, value in wanted if values[number] != value] if wanted else ()
        if not others:
            total += many
            keys.append(key)
            for found, value in zip(kinds, values, strict=True):
                found[value] = found.get(value, 0) + many
        elif len(others) == 1:
            found, value = kinds[others[0]], values[others[0]]
            found[value] = found.get(value, 0) + many
    named = ({value: many for value, many in found.items() if value} for found in kinds)
    return CountedFinds(total, frozenset(keys), dict(zip(KINDS, named, strict=True)))
