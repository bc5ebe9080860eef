"""The list of removals that all nodes of a house share, and how far into it each node has come.

A removal is at a node when the node's own copies hold its words no more, neither on the disk nor in memory. A node that
was away when words were removed still has them; so it is known of each how far it has come, and who lacks something is
named (docs/adr/0038-stores-and-faults-on-many-machines.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.kernel.ids import Epoch, SessionId


class Applied(msgspec.Struct, frozen=True):
    """How far into the list a node has come: everything up to there is gone from it."""

    number: int = 0
    """Of the removal that was the last; 0 before the first."""
    mark: str = ""
    """Of the list up to there: a list that has lost its end and goes on otherwise has another one at that number."""


NOTHING = Applied()
"""Before the first removal."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list. It holds no words."""

    number: int
    """1 for the first, and one more for each."""
    mark: str
    """Made of that of the removal before and of this one."""
    session: SessionId
    epoch: Epoch
    offset: int
    """Of the event that says what was removed; 0 where the whole log was erased."""
    digest: str
    """Of that event, hexadecimal."""

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
        known = 0 < applied.number <= len(listed) and listed[applied.number - 1].here == applied
        many = len(listed) - (applied.number if known else 0)
        if many:
            found[name] = many
    return found
