"""When a keeper may continue with one copy while Redis is away: every other node has confirmed that it can't reach
Redis either, and has promised not to take over the house (docs/adr/0040).

The confirmations replace the lease, and work like it: the keeper counts each from before the question was *sent*, by
its monotonic clock, and asks again every `ASK_MS`. The promise is counted by the node that gave it, from when *it* has
found Redis again, whenever that is, and by its own clock. Clocks may run up to a fifth too fast or too slow:
`CONFIRMED_MS` and `RETURN_MS` by the slowest clock end before `PROMISE_MS` by the fastest.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.core.cluster.lease import HOLD_MS

ASK_MS = 500
"""Interval between two questions to each node, ms."""
CONFIRMED_MS = HOLD_MS
"""How long a keeper may acknowledge after it sent the last question that a node has confirmed, ms."""
PROMISE_MS = 15_000
"""How long a node that has confirmed may not take over after it has found Redis again, ms."""
RETURN_MS = 8_000
"""How long after those questions a keeper that finds Redis without a lease still has the lease, ms: nobody can have
taken it, since all nodes have promised."""


class Confirmations(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper knows of the other nodes."""

    nodes: frozenset[str]
    """Names of all other nodes. If it is empty, nobody can confirm anything."""
    sent: Mapping[str, int] = {}
    """When the last question that each node has confirmed was sent, ms of the keeper's monotonic clock."""
    denied: Mapping[str, int] = {}
    """When the last question that each node has not confirmed was sent, by the same clock."""

    def confirmed(self, node: str, sent: int) -> Confirmations:
        """Return the state after a node's Yes to the question sent at `sent`; a late answer never shortens anything."""
        return msgspec.structs.replace(self, sent=_later(self.sent, node, sent))

    def not_confirmed(self, node: str, sent: int) -> Confirmations:
        """Return the state after a node's No: its earlier confirmations no longer count, but its promise
        still holds.
        """
        return msgspec.structs.replace(self, denied=_later(self.denied, node, sent))

    def of(self, nodes: frozenset[str]) -> Confirmations:
        """Return the state with these nodes as the other nodes."""
        return msgspec.structs.replace(self, nodes=nodes)

    def allow(self, now: int) -> bool:
        """Whether the keeper may acknowledge with one copy at `now`."""
        return self._promised(now, CONFIRMED_MS) and all(
            name not in self.denied or self.denied[name] < self.sent[name] for name in self.nodes
        )

    def returns(self, now: int) -> bool:
        """Whether it is certain that nobody else can have taken over the house by `now`."""
        return self._promised(now, RETURN_MS)

    def _promised(self, now: int, lately: int) -> bool:
        return bool(self.nodes) and all(name in self.sent and now < self.sent[name] + lately for name in self.nodes)


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """The promise of a node that stands by."""

    given: bool = False
    back: int | None = None
    """When the node first found Redis again after its promise, ms of its monotonic clock; None before that."""

    def again(self) -> Promise:
        """Return the state after another confirmation: the time counts again from when Redis is found."""
        return Promise(given=True)

    def found(self, now: int) -> Promise:
        """Return the state after a successful look at Redis at `now`."""
        return Promise(given=True, back=now) if self.given and self.back is None else self

    def free(self, now: int) -> bool:
        """Whether the node may take over the house at `now`."""
        return not self.given or (self.back is not None and now >= self.back + PROMISE_MS)


def _later(known: Mapping[str, int], node: str, sent: int) -> Mapping[str, int]:
    return {**known, node: max(sent, known.get(node, sent))}
