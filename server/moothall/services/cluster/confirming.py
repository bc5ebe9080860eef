"""Whether all other nodes are without Redis: the keeper asks them over the link of nodes for as long as it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from moothall.core.cluster.one_copy import ASK_MS, CONFIRMED_MS, Confirmations
from moothall.core.ports import Clock
from moothall.wire.cluster.node_link import Without

logger = logging.getLogger(__name__)

OPEN = CONFIRMED_MS // ASK_MS
"""Questions whose answers count: the last so many."""


@dataclass(eq=False, repr=False)
class Confirming:
    """The keeper's side. `run` owns it. It does nothing where `nodes` is empty."""

    clock: Clock
    nodes: Callable[[], frozenset[str]]
    """All other nodes of the house, by name; none where one copy is not allowed."""
    ask: Callable[[int], None]
    """Ask all that are linked, with the number of the question."""
    suspended: Callable[[], bool]
    """Whether this node keeps the house, can't reach Redis, and its lease is over."""

    def __post_init__(self) -> None:
        self._known = Confirmations(nodes=frozenset())
        # Bound: `OPEN`. Overflow: the oldest goes, and its answer confirms nothing.
        self._sent: dict[int, int] = {}
        """Number of each question → when it was sent."""
        self._number = 0

    def allow(self, now: int) -> bool:
        """Whether the keeper may acknowledge with one copy at `now` (`Confirmations`)."""
        return self._known.allow(now)

    def returns(self, now: int) -> bool:
        """Whether nobody else can have taken the house over by `now` (`Confirmations`)."""
        return self._known.returns(now)

    def answered(self, node: str, answer: Without) -> None:
        """What a node says."""
        sent = self._sent.get(answer.number)
        if sent is None or node not in self._known.nodes:
            return  # It is too late, or nobody has asked it.
        known = self._known
        self._known = known.confirmed(node, sent) if answer.redis else known.not_confirmed(node, sent)

    async def run(self) -> None:
        """Ask for as long as this node is suspended, until cancelled."""
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
