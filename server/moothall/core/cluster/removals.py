"""The list of removals that all nodes of a house share, and how far into it each node has come.

A removal is at a node when the node's own copies hold its words no more, neither on the disk nor in memory. A node that
was away when words were removed still has them; so it is known of each how far it has come, and who lacks something is
named (docs/adr/0038-stores-and-faults-on-many-machines.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from moothall.core.kernel.ids import Epoch, SessionId

MOST_STUCK = 50
"""Removals that a node names as stuck. Overflow: it has come no further than the one before the next."""


class Further(msgspec.Struct, frozen=True):
    """How far a node has come behind removals that are stuck: all others up to there are gone from it too."""

    number: int
    """Of the removal that was the last."""
    mark: str
    """Of the list up to there."""
    stuck: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=MOST_STUCK)]
    """Numbers of those that the node could not apply, in order; each is below `number`."""


class Applied(msgspec.Struct, frozen=True):
    """How far into the list a node has come: everything up to there is gone from it."""

    number: int = 0
    """Of the removal that was the last; 0 before the first."""
    mark: str = ""
    """Of the list up to there: a list that has lost its end and goes on otherwise has another one at that number."""
    further: Further | None = None
    """How far it has come behind those that are stuck; None where none is. Whoever knows nothing of that takes all that
    is behind `number` for lacking, and so promises nobody too much."""


NOTHING = Applied()
"""Before the first removal."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list. It holds no words."""

    number: int
    """1 for the first, and one more for each."""
    mark: str
    """Made of that of the removal before and of this one."""
    session: SessionId
    """Empty where no more is known of a whole log that was erased than its epoch."""
    epoch: Epoch
    offset: int
    """Of the event that says what was removed; 0 where the whole log was erased."""
    digest: str
    """Of that event, hexadecimal."""

    @property
    def name(self) -> str:
        """By which people find it: the session, and the event that says what was removed."""
        return f"{self.session or self.epoch}:{self.offset}"

    @property
    def here(self) -> Applied:
        """For a node that has come up to here."""
        return Applied(self.number, self.mark)


def lacking(listed: Sequence[Removal], nodes: Mapping[str, Applied]) -> dict[str, int]:
    """How many removals each node lacks, by its name; those that lack none are left out.

    A node that has come to a place that isn't in this list lacks all of it: it looks from the first on again.
    """
    found: dict[str, int] = {}
    for name, applied in nodes.items():
        through, left = _reached(listed, applied)
        many = len(left) + len(listed) - through
        if many:
            found[name] = many
    return found


def stuck(listed: Sequence[Removal], nodes: Mapping[str, Applied]) -> dict[str, tuple[Removal, ...]]:
    """Which removals each node could not apply, though later ones are gone from it, by its name; none for most."""
    found = {name: _reached(listed, applied)[1] for name, applied in nodes.items()}
    return {name: left for name, left in found.items() if left}


def _reached(listed: Sequence[Removal], applied: Applied) -> tuple[int, tuple[Removal, ...]]:
    """How far into this list a node has come, and which up to there are stuck."""
    if applied.number and not _is_there(listed, applied.number, applied.mark):
        return 0, ()
    further = applied.further
    if further is None or not _is_there(listed, further.number, further.mark):
        return applied.number, ()
    left = tuple(listed[n - 1] for n in sorted({*further.stuck}) if applied.number < n < further.number)
    return further.number, left


def _is_there(listed: Sequence[Removal], number: int, mark: str) -> bool:
    return 0 < number <= len(listed) and listed[number - 1].mark == mark
