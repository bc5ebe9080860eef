"""The lease of the house: who keeps it, until when, and when another node may take it over (docs/adr/0037).

Two clocks take part, and neither is a wall clock. The keeper counts its lease from before a renewal was *sent*. A
candidate counts from when *it* first saw the lease as it is. So what the network delays makes the keeper stop earlier
and a candidate begin later. Clocks may run up to a fifth faster or slower than they should: `HOLD_MS` by the slowest
clock ends before `AWAY_MS` by the fastest. Whoever answers later than that all the same is refused by its term.
"""

from __future__ import annotations

import msgspec

BEAT_MS = 500
"""Between two renewals."""
HOLD_MS = 2_000
"""A keeper answers for so long after the last renewal that succeeded was sent."""
AWAY_MS = 3_000
"""A lease that has been the same for so long may be taken over."""
STAGGER_MS = 150
"""By which a candidate waits longer than the one whose copies reach further."""
DOUBT_MS = 1_000
"""A Redis that was away for so long may come back without the end of its logs, or as an empty one."""
MOST_NODES = 1_000
"""Numbers of nodes are below it: the last three digits of a term."""


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The lease as Redis has it."""

    node: str
    """Name of the keeper; empty once it has given the lease up."""
    address: str
    """Where other nodes find it."""
    term: int
    beat: int
    """Raised by each renewal."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper knows of its own lease."""

    lease: Lease
    """As it was taken."""
    sent: int
    """When the last renewal that succeeded was sent, by the keeper's monotonic clock, ms."""

    def renewed(self, sent: int) -> Holding:
        """After a renewal that succeeded; an answer that comes late takes nothing back."""
        return Holding(lease=self.lease, sent=max(self.sent, sent))

    def answers(self, now: int) -> bool:
        """Whether the keeper may acknowledge anything at `now`."""
        return now < self.sent + HOLD_MS


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate knows of the lease of another node."""

    lease: Lease | None
    """None where Redis has none: a house that is new, or that Redis has lost."""
    since: int
    """When the candidate first saw the lease like this, by its monotonic clock, ms."""
    doubtful: bool = False
    """Whether Redis may have lost what it had: it was away meanwhile, its lease is gone or an older one, or this
    candidate has seen no keeper go on yet. Then it is the candidates' copies that count: they wait twice as long, so
    that each knows how far the others reach, and `AWAY_MS` for each that reaches further, since they may not all have
    found Redis again at the same time."""

    @classmethod
    def begun(cls, lease: Lease | None, now: int) -> Watch:
        """After the first look at the lease, with which a candidate can't tell what was before."""
        return cls(lease=lease, since=now, doubtful=True)

    def away(self, now: int, reached: int) -> Watch:
        """After a look that failed; `reached`: when one last succeeded."""
        return Watch(lease=self.lease, since=now, doubtful=self.doubtful or now - reached >= DOUBT_MS)

    def looked(self, lease: Lease | None, now: int) -> Watch:
        """After another look at the lease."""
        if lease == self.lease:
            return self
        return Watch(lease=lease, since=now, doubtful=not _goes_on(self.lease, lease))

    def due(self, now: int, rank: int = 0) -> bool:
        """Whether a candidate may take the house over; `rank`: how many candidates have copies that reach further.

        Where Redis has no lease the same wait holds, so that a keeper that lives writes its own anew. One that was
        given up needs none.
        """
        given_up = self.lease is not None and not self.lease.node and not self.doubtful
        least, each = (2 * AWAY_MS, AWAY_MS) if self.doubtful else (AWAY_MS, STAGGER_MS)
        return now - self.since >= (0 if given_up else least) + rank * each


def next_term(number: int, *known: int) -> int:
    """A term above all that are known, which carries the node's `number` (1 to 999) in its last three digits.

    Two nodes that know the same take different terms, and Redis lets only one of them in.
    Raises ValueError for another number.
    """
    if not 0 < number < MOST_NODES:
        msg = f"A node's number is from 1 to {MOST_NODES - 1}, and not {number}."
        raise ValueError(msg)
    return (max((0, *known)) // MOST_NODES + 1) * MOST_NODES + number


def _goes_on(before: Lease | None, lease: Lease | None) -> bool:
    """Whether a keeper has written it since, and Redis has not lost it, or its newest beats."""
    return lease is not None and (before is None or (lease.term, lease.beat) > (before.term, before.beat))
