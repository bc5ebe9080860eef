"""The lease of the house: which node keeps it, until when, and when another node may take it over (docs/adr/0037).

Two clocks take part, and neither is a wall clock. The keeper counts its lease from before a renewal was *sent*. A
candidate counts from when *it* first saw the lease in its present state. So network delays make the keeper stop earlier
and a candidate begin later. Clocks may run up to a fifth too fast or too slow: `HOLD_MS` by the slowest clock ends
before `AWAY_MS` by the fastest. A keeper that answers after that all the same is refused by its term.
"""

from __future__ import annotations

import msgspec

BEAT_MS = 500
"""Interval between two renewals, ms."""
HOLD_MS = 2_000
"""How long a keeper answers after it sent the last successful renewal, ms."""
AWAY_MS = 3_000
"""How long a lease must not have changed before another node may take it over, ms."""
STAGGER_MS = 150
"""How much longer a candidate waits for each candidate whose copies reach further, ms."""
DOUBT_MS = 1_000
"""How long Redis must have been away to be in doubt, ms: it may come back without the end of its logs, or empty."""
MOST_NODES = 1_000
"""Numbers of nodes are below this: they are the last three digits of a term."""


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The lease as it is stored in Redis."""

    node: str
    """Name of the keeper; empty once it has given up the lease."""
    address: str
    """Address at which other nodes reach the keeper."""
    term: int
    beat: int
    """Counter that each renewal increases."""


class LeaseHolding(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper knows of its own lease."""

    lease: Lease
    """The lease as it was taken."""
    sent: int
    """When the last successful renewal was sent, ms of the keeper's monotonic clock."""

    def renewed(self, sent: int) -> LeaseHolding:
        """Return the state after a renewal that was sent at `sent` and succeeded; a late answer never shortens the
        lease.
        """
        return LeaseHolding(lease=self.lease, sent=max(self.sent, sent))

    def answers(self, now: int) -> bool:
        """Whether the keeper may acknowledge anything at `now`."""
        return now < self.sent + HOLD_MS


class LeaseWatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate knows of another node's lease."""

    lease: Lease | None
    """None when Redis has none: the house is new, or Redis has lost it."""
    since: int
    """When the candidate first saw the lease in this state, ms of its monotonic clock."""
    doubtful: bool = False
    """Whether Redis may have lost data: it was away in the meantime, the lease is gone or older than before, or this
    candidate has not yet seen a keeper renew. Then the candidates' copies decide. Candidates wait twice as long, so
    that each learns how far the copies of the others reach, and `AWAY_MS` more for each that reaches further, since
    they may not all have found Redis again at the same time."""

    @classmethod
    def begun(cls, lease: Lease | None, now: int) -> LeaseWatch:
        """Return the state after the first look at the lease. It is doubtful, since the candidate doesn't know what was
        before.
        """
        return cls(lease=lease, since=now, doubtful=True)

    def away(self, now: int, reached: int) -> LeaseWatch:
        """Return the state after a failed look; `reached`: when a look last succeeded."""
        return LeaseWatch(lease=self.lease, since=now, doubtful=self.doubtful or now - reached >= DOUBT_MS)

    def looked(self, lease: Lease | None, now: int) -> LeaseWatch:
        """Return the state after another successful look at the lease."""
        if lease == self.lease:
            return self
        return LeaseWatch(lease=lease, since=now, doubtful=not _goes_on(self.lease, lease))

    def due(self, now: int, rank: int = 0) -> bool:
        """Whether the candidate may take over the house; `rank`: number of candidates whose copies reach further.

        The same wait applies when Redis has no lease, so that a living keeper can write its own again. No wait applies
        to a lease that was given up.
        """
        given_up = self.lease is not None and not self.lease.node and not self.doubtful
        least, each = (2 * AWAY_MS, AWAY_MS) if self.doubtful else (AWAY_MS, STAGGER_MS)
        return now - self.since >= (0 if given_up else least) + rank * each


def next_term(number: int, *known: int) -> int:
    """A term above all known ones, with the node's `number` (1 to 999) as its last three digits.

    So two nodes that know the same terms choose different ones, and Redis accepts only one of them. Raises ValueError
    for another `number`.
    """
    if not 0 < number < MOST_NODES:
        msg = f"A node's number is from 1 to {MOST_NODES - 1}, and not {number}."
        raise ValueError(msg)
    return (max((0, *known)) // MOST_NODES + 1) * MOST_NODES + number


def _goes_on(before: Lease | None, lease: Lease | None) -> bool:
    """Whether a keeper has renewed the lease since, and Redis has lost neither the lease nor its newest beats."""
    return lease is not None and (before is None or (lease.term, lease.beat) > (before.term, before.beat))
