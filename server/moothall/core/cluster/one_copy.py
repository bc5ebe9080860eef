"""When a keeper may go on with one copy while Redis is away: every other node has confirmed that it is without Redis
too, and has promised not to take the house over (docs/adr/0040).

The confirmations stand in the place of the lease and have its shape: the keeper counts each from before the question
was *sent*, by its monotonic clock, and asks anew each `ASK_MS`. The promise is kept by the node that gave it: it begins
to count when *it* has found Redis again, whenever that is, and reads no clock but its own. Clocks may run up to a fifth
faster or slower than they should: `CONFIRMED_MS` and `RETURN_MS` by the slowest clock end before `PROMISE_MS` by the
fastest.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.core.cluster.lease import HOLD_MS

ASK_MS = 500
"""Between two questions to each node."""
CONFIRMED_MS = HOLD_MS
"""A keeper acknowledges for so long after the last question that a node has confirmed was sent."""
PROMISE_MS = 15_000
"""A node that has confirmed takes nothing over for so long after it has found Redis again, and no longer than that."""
RETURN_MS = 8_000
"""A keeper that finds a Redis without a lease for so long after those questions has it still: nobody can have taken
it, since all have promised."""


class Confirmations(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper knows of the other nodes."""

    nodes: frozenset[str]
    """All of them, by name. Where it is empty nobody can confirm anything."""
    sent: Mapping[str, int] = {}
    """When the last question that each has confirmed was sent, by the keeper's monotonic clock, ms."""
    denied: Mapping[str, int] = {}
    """The same of the last that each has not confirmed."""

    def confirmed(self, node: str, sent: int) -> Confirmations:
        """After a node's Yes to a question; one that comes late takes nothing back."""
        return msgspec.structs.replace(self, sent=_later(self.sent, node, sent))

    def not_confirmed(self, node: str, sent: int) -> Confirmations:
        """After a node's No: what it confirmed before counts no more. What it has promised holds all the same."""
        return msgspec.structs.replace(self, denied=_later(self.denied, node, sent))

    def of(self, nodes: frozenset[str]) -> Confirmations:
        """The same where these are the other nodes."""
        return msgspec.structs.replace(self, nodes=nodes)

    def allow(self, now: int) -> bool:
        """Whether the keeper may acknowledge with one copy at `now`."""
        return self._promised(now, CONFIRMED_MS) and all(
            name not in self.denied or self.denied[name] < self.sent[name] for name in self.nodes
        )

    def returns(self, now: int) -> bool:
        """Whether nobody else can have taken the house over by `now`."""
        return self._promised(now, RETURN_MS)

    def _promised(self, now: int, lately: int) -> bool:
        return bool(self.nodes) and all(name in self.sent and now < self.sent[name] + lately for name in self.nodes)


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What a node that stands by has promised."""

    given: bool = False
    back: int | None = None
    """When it first found Redis again behind that, by its monotonic clock, ms."""

    def again(self) -> Promise:
        """After another confirmation: it counts anew from when Redis is found."""
        return Promise(given=True)

    def found(self, now: int) -> Promise:
        """After a look at Redis that succeeded at `now`."""
        return Promise(given=True, back=now) if self.given and self.back is None else self

    def free(self, now: int) -> bool:
        """Whether the node may take the house over at `now`."""
        return not self.given or (self.back is not None and now >= self.back + PROMISE_MS)


def _later(known: Mapping[str, int], node: str, sent: int) -> Mapping[str, int]:
    return {**known, node: max(sent, known.get(node, sent))}
