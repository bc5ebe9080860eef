"""Who keeps the house, as one node sees it: it stands by and watches the lease, or holds and renews it.

A keeper that can't reach Redis is suspended once its lease is over: it acknowledges nothing, and stays what it is,
since nobody may be able to take over. It knows that as long as all nodes that lived are linked to it: whoever takes
over ends its link first. Without one of them it can't tell a Redis that is away for all from a line of its own that is
cut, and stands by, since words that it shows may have been removed.

Where one copy is allowed, and all other nodes have confirmed that they are without Redis too, it acknowledges with one
copy meanwhile (`confirming.py`). It goes on when a renewal succeeds, and stops when the lease is another's. A candidate
that can't reach Redis watches nothing meanwhile: it begins to count when it is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass

from moothall.core.cluster.lease import BEAT_MS, Holding, Lease, Watch, next_term
from moothall.core.cluster.one_copy import Promise
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Clock, LeaseStore

logger = logging.getLogger(__name__)

UNLINKED_MS = 5_000
"""How long a suspended keeper goes on without one of the others. A line that is dialled again takes a second; one whose
machine is gone was found to be so within 6 s. So nobody reads what was removed elsewhere for longer than 10 s."""
LOOK_MS = BEAT_MS // 2
"""Between two looks at the lease of another node."""


@dataclass(eq=False, repr=False)
class Keeping:
    """This node's side of the lease. `run` owns it."""

    leases: LeaseStore
    clock: Clock
    _: KW_ONLY
    node: str
    number: int
    """Of this node: 1 to 999, and no other's."""
    address: str
    """Where other nodes find this one."""
    known_term: Callable[[], Awaitable[int]]
    """The highest term that this node's own logs, and those of nodes that answer, have had."""
    rank: Callable[[], int] = lambda: 0
    """How many candidates go first (`moothall.core.cluster.nodes`)."""
    fit: Callable[[], bool] = lambda: True
    """Whether this node could keep the house."""
    confirmed: Callable[[int], bool] = lambda _: False
    """Whether all other nodes have confirmed of late, at so many ms of the monotonic clock, that they are without Redis
    too (`Confirmations.allow`)."""
    returns: Callable[[int], bool] = lambda _: False
    """Whether none of them can have taken the house over by then (`Confirmations.returns`)."""

    lived: Callable[[], frozenset[str]] = frozenset
    """The other nodes that lived when Redis was last seen, as their notes say."""
    links: Callable[[], frozenset[str]] = frozenset
    """The nodes that are linked to this one."""

    def __post_init__(self) -> None:
        self._holding: Holding | None = None
        self.in_doubt = False
        """Whether this node took the house while Redis may have lost something."""
        self._promise = Promise()
        self._taking = False
        self._watch: Watch | None = None
        """None before the first look, and while this node keeps the house."""
        self._reached = True
        self._reached_at = self.clock.monotonic()
        self._taken, self._lost = asyncio.Event(), asyncio.Event()
        self._lost.set()

    @property
    def lease(self) -> Lease | None:
        """The lease as it was last seen, another's or its own."""
        if self._holding is not None:
            return self._holding.lease
        return None if self._watch is None else self._watch.lease

    @property
    def term(self) -> int | None:
        """The term in which this node keeps the house; None while it stands by."""
        return None if self._holding is None else self._holding.lease.term

    @property
    def answers(self) -> bool:
        """Whether this node may acknowledge anything now. To be asked right before each answer."""
        return self._holding is not None and self._holding.answers(self.clock.monotonic())

    @property
    def suspended(self) -> bool:
        """Whether this node keeps the house, can't reach Redis, and its lease is over. Nobody is asked before that, so
        that a short outage costs no promise.
        """
        holding = self._holding
        return holding is not None and not self._reached and not holding.answers(self.clock.monotonic())

    @property
    def age(self) -> int:
        """How long ago it was last sure that no other node has taken the house over, ms; 0 while it stands by."""
        holding, now = self._holding, self.clock.monotonic()
        return 0 if holding is None or self.alone else now - holding.sent

    @property
    def alone(self) -> bool:
        """Whether this node may acknowledge with one copy now: the lease is over, and all others have confirmed. To be
        asked right before each answer.
        """
        return self.suspended and self.confirmed(self.clock.monotonic())

    def confirm(self) -> bool:
        """Whether this node stands by, is without Redis and promises to take nothing over (`Promise`).

        Not while it is taking the house: it may have it. A node that asked for it and was not answered has it not.
        """
        if self._holding is not None or self._reached or self._taking:
            return False
        self._promise = self._promise.again()
        return True

    async def taken(self) -> None:
        """Come back once this node keeps the house."""
        await self._taken.wait()

    async def lost(self) -> None:
        """Come back once it doesn't."""
        await self._lost.wait()

    async def run(self) -> None:
        """Watch, take, renew, until cancelled; then the lease is given up by `give_up` or runs out."""
        while True:
            began = self.clock.monotonic()
            try:
                await (self._look() if self._holding is None else self._renew(self._holding))
                self._reached, self._reached_at = True, self.clock.monotonic()
            except StorageUnavailable:
                if self._watch is not None:
                    self._watch = self._watch.away(self.clock.monotonic(), self._reached_at)
                if self._reached:  # Said once.
                    logger.warning("cluster: Redis, and with it the lease of the house, can't be reached")
                self._reached = False
            every = LOOK_MS if self._holding is None else BEAT_MS
            await self.clock.sleep(max(1, began + every - self.clock.monotonic()))

    async def watch_links(self) -> None:
        """Stand by once this node has been a keeper without Redis, and without a node that lived, for `UNLINKED_MS`,
        until cancelled.
        """
        since, before = None, self.links()
        while True:
            now, links = self.clock.monotonic(), self.links()
            if not self.suspended:  # A node that has just come has a link before its note was seen.
                since, before = None, links
            elif (before | self.lived()) <= links:
                since = None
            elif since is None:
                since = now
            elif now - since >= UNLINKED_MS:
                logger.warning("cluster: neither Redis nor all other nodes are heard; this node stands by")
                self._stand_by()
            await self.clock.sleep(BEAT_MS)

    async def give_up(self) -> None:
        """Keep the house no more, and let another have it at once. Nothing is acknowledged from here on."""
        holding = self._holding
        self._stand_by()
        if holding is not None:
            try:
                await self.leases.give_up(holding.lease)
            except StorageUnavailable:
                logger.warning("cluster: the lease can't be given up, and runs out")

    async def _look(self) -> None:
        seen, now = await self.leases.look(), self.clock.monotonic()
        self._watch = Watch.begun(seen, now) if self._watch is None else self._watch.looked(seen, now)
        self._promise = self._promise.found(now)
        if not self._watch.due(now, self.rank()) or not self.fit():
            return
        doubtful = self._watch.doubtful
        term = next_term(self.number, await self.known_term(), 0 if seen is None else seen.term)
        lease, sent = Lease(node=self.node, address=self.address, term=term, beat=0), self.clock.monotonic()
        if not self._promise.free(sent):  # It may have been given a moment ago.
            return
        self._taking = True
        try:
            if await self.leases.take(seen, lease):
                self.in_doubt = doubtful
                self._hold(lease, sent)
        finally:
            self._taking = False

    async def _renew(self, holding: Holding) -> None:
        sent, lease = self.clock.monotonic(), holding.lease
        renewed = await self.leases.renew(lease)
        own = holding.answers(sent) or self.returns(sent)
        if not renewed and own and await self.leases.look() is None:
            # Redis has lost it, and nobody else can have taken it: within this lease, or as all have promised.
            renewed = await self.leases.take(None, lease)
        if self._holding is not holding:
            return  # It was given up meanwhile.
        if renewed:
            self._holding = holding.renewed(sent)
        else:
            logger.warning("cluster: another node keeps the house; term %d is over", lease.term)
            self._stand_by()

    def _hold(self, lease: Lease, sent: int) -> None:
        logger.info("cluster: this node keeps the house from now on, in term %d", lease.term)
        self._holding, self._watch = Holding(lease=lease, sent=sent), None
        self._promise = Promise()
        self._lost.clear()
        self._taken.set()

    def _stand_by(self) -> None:
        self._holding, self._watch = None, None
        self._taken.clear()
        self._lost.set()
