"""The list of removals that all nodes of a house share, and how much of it each node has applied.

A removal is applied at a node when the node's own copies, on disk and in memory, no longer hold its words. A node that
was away when words were removed still has them. So each node publishes how much it has applied, and nodes that lack
something are named (docs/adr/0038-stores-and-faults-on-many-machines.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from moothall.core.kernel.ids import Epoch, SessionId

MOST_STUCK = 50
"""Removals that a node lists as stuck. Overflow: the node counts as having applied nothing from the next one on."""


class Further(msgspec.Struct, frozen=True):
    """How much a node has applied after removals that are stuck: all others up to this one."""

    number: int
    """Number of the last removal."""
    mark: str
    """Mark of the list up to that removal."""
    stuck: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=MOST_STUCK)]
    """Numbers of the removals that the node could not apply, in order; each is below `number`."""


class Applied(msgspec.Struct, frozen=True):
    """How much of the list a node has applied: everything up to this removal."""

    number: int = 0
    """Number of the last removal; 0 before the first."""
    mark: str = ""
    """Mark of the list up to that removal. A list that has lost its end, and was continued otherwise, has another mark
    there.
    """
    further: Further | None = None
    """What was applied after removals that are stuck; None when none is. A reader that doesn't know this field takes
    everything after `number` as missing, which promises too little rather than too much."""


NOTHING = Applied()
"""The value before the first removal."""


class ListedRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the list. It holds no words."""

    number: int
    """Number in the list, from 1 without gaps."""
    mark: str
    """The first 16 hexadecimal digits of the SHA-1 of the previous removal's mark and this removal."""
    session: SessionId
    """The session; empty for a log that was erased as a whole and of which only the epoch is known."""
    epoch: Epoch
    offset: int
    """Offset of the event that says what was removed; 0 where the whole log was erased."""
    digest: str
    """Digest of that event, hexadecimal."""

    @property
    def name(self) -> str:
        """The name for people: the session (or epoch), and the offset of the event that says what was removed."""
        return f"{self.session or self.epoch}:{self.offset}"

    @property
    def here(self) -> Applied:
        """The value of `Applied` for a node that has applied everything up to here."""
        return Applied(self.number, self.mark)


def lacking(listed: Sequence[ListedRemoval], nodes: Mapping[str, Applied]) -> dict[str, int]:
    """How many removals each node lacks, by its name; without nodes that lack none.

    A node with a position that isn't in this list lacks all of it, since it starts again from the first removal.
    """
    found: dict[str, int] = {}
    for name, applied in nodes.items():
        through, left = _reached(listed, applied)
        many = len(left) + len(listed) - through
        if many:
            found[name] = many
    return found


def stuck(listed: Sequence[ListedRemoval], nodes: Mapping[str, Applied]) -> dict[str, tuple[ListedRemoval, ...]]:
    """The removals that each node could not apply although it has applied later ones, by its name; without nodes that
    have none.
    """
    found = {name: _reached(listed, applied)[1] for name, applied in nodes.items()}
    return {name: left for name, left in found.items() if left}


def _reached(listed: Sequence[ListedRemoval], applied: Applied) -> tuple[int, tuple[ListedRemoval, ...]]:
    """How many removals of this list a node has got through, and which of these are stuck."""
    if applied.number and not _is_there(listed, applied.number, applied.mark):
        return 0, ()
    further = applied.further
    if further is None or not _is_there(listed, further.number, further.mark):
        return applied.number, ()
    left = tuple(listed[n - 1] for n in sorted({*further.stuck}) if applied.number < n < further.number)
    return further.number, left


def _is_there(listed: Sequence[ListedRemoval], number: int, mark: str) -> bool:
    return 0 < number <= len(listed) and listed[number - 1].mark == mark
