"""Finds out whether all other nodes have lost Redis too: while the keeper can't reach Redis, it asks them over the link
of nodes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from moothall.core.cluster.one_copy import ASK_MS, CONFIRMED_MS, Confirmations
from moothall.core.ports import Clock
from moothall.wire.cluster.node_link import Without

logger = logging.getLogger(__name__)

OPEN = CONFIRMED_MS // ASK_MS
"""Number of the last questions whose answers still count."""


@dataclass(eq=False, repr=False)
class Confirming:
    """The keeper's side of the confirmations. The owner of `run` owns it. It does nothing while `nodes` is empty."""

    clock: Clock
    nodes: Callable[[], frozenset[str]]
    """Names of all other nodes of the house; empty where one copy is not allowed."""
    ask: Callable[[int], None]
    """Sends the question with this number to every linked node."""
    suspended: Callable[[], bool]
    """Whether this node keeps the house, can't reach Redis, and its lease has expired."""

    def __post_init__(self) -> None:
        self._known = Confirmations(nodes=frozenset())
        # Bound: `OPEN`. Overflow: the oldest question is dropped, and an answer to it is ignored.
        self._sent: dict[int, int] = {}
        """When each question was sent, in ms of the monotonic clock, by the question's number."""
        self._number = 0

    def allow(self, now: int) -> bool:
        """Whether the keeper may acknowledge with one copy at `now`, in ms of the monotonic clock (`Confirmations`)."""
        return self._known.allow(now)

    def returns(self, now: int) -> bool:
        """Whether no other node can have taken the house over by `now`, in ms of the monotonic clock
        (`Confirmations`).
        """
        return self._known.returns(now)

    def answered(self, node: str, answer: Without) -> None:
        """Record a node's answer. Answers to dropped questions and from unknown nodes are ignored."""
        sent = self._sent.get(answer.number)
        if sent is None or node not in self._known.nodes:
            return  # The question was dropped, or this node was never asked.
        known = self._known
        self._known = known.confirmed(node, sent) if answer.redis else known.not_confirmed(node, sent)

    async def run(self) -> None:
        """Until cancelled: while this node is suspended, send a question every `ASK_MS`."""
        while True:
            nodes = self.nodes()
            if nodes and self.suspended():
                self._known = self._known.of(nodes)
                self._number += 1
                self._sent[self._number] = self.clock.monotonic()
                if len(self._sent) > OPEN:
                    del self._sent[next(iter(self._sent))]
                self.ask(self._number)
            await self.clock.sleep(ASK_MS)
