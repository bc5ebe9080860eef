"""Decides which node keeps the house, as one node sees it: it stands by and watches the lease, or holds and renews it.

A keeper that can't reach Redis is suspended once its lease has expired: it acknowledges nothing, and remains the
keeper, since it may be that no node can take over. It knows this as long as every node that was alive is linked to it:
a node that takes over ends its link first. When one of them is not linked, the keeper can't tell whether Redis is down
for all nodes or its own network connection is cut. It then stands by, since words that it shows may have been removed
elsewhere.

Where one copy is allowed and all other nodes have confirmed that they can't reach Redis either, the keeper acknowledges
with one copy meanwhile (`confirming.py`). It resumes when a renewal of the lease succeeds, and stops when another node
has the lease. A candidate that can't reach Redis doesn't count the age of the lease meanwhile; it starts counting when
Redis is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass

from moothall.core.cluster.lease import BEAT_MS, Lease, LeaseHolding, LeaseWatch, next_term
from moothall.core.cluster.one_copy import Promise
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Clock, LeaseStore

logger = logging.getLogger(__name__)

UNLINKED_MS = 5_000
"""How long a suspended keeper remains the keeper without a link to one of the others, in ms. A broken link is dialled
again within a second, and a dead machine is detected within 6 s. So nobody reads words that were removed elsewhere for
longer than 10 s."""
LOOK_MS = BEAT_MS // 2
"""Interval between two reads of another node's lease, in ms."""


async def _whole(_: int) -> bool:
    return True


@dataclass(eq=False, repr=False)
class KeeperLease:
    """This node's side of the lease. The owner of `run` owns it."""

    leases: LeaseStore
    clock: Clock
    _: KW_ONLY
    node: str
    number: int
    """Number of this node, 1 to 999, unique in the house."""
    address: str
    """Address at which other nodes reach this one."""
    known_term: Callable[[], Awaitable[int]]
    """Returns the highest term of this node's own logs and of those of the nodes that answer."""
    rank: Callable[[], int] = lambda: 0
    """Number of candidates that precede this node in taking over (`moothall.core.cluster.nodes`)."""
    fit: Callable[[], bool] = lambda: True
    """Whether this node could keep the house."""
    confirmed: Callable[[int], bool] = lambda _: False
    """Whether all other nodes have recently confirmed, as of this time in ms of the monotonic clock, that they can't
    reach Redis either (`Confirmations.allow`)."""
    returns: Callable[[int], bool] = lambda _: False
    """Whether no other node can have taken the house over by this time, in ms of the same clock
    (`Confirmations.returns`)."""

    lived: Callable[[], frozenset[str]] = frozenset
    """Names of the other nodes that were alive, by their notes, when this node last reached Redis."""
    links: Callable[[], frozenset[str]] = frozenset
    """Names of the nodes that are linked to this one."""
    whole: Callable[[int], Awaitable[bool]] = _whole
    """Asks whether Redis has all that this node has as the keeper of this term. Raises StorageUnavailable."""

    def __post_init__(self) -> None:
        self._holding: LeaseHolding | None = None
        self.in_doubt = False
        """Whether Redis may have lost data when this node took the house over, or since."""
        self._promise = Promise()
        self._taking = False
        self._watch: LeaseWatch | None = None
        """The watch on another node's lease; None before the first read, and while this node keeps the house."""
        self._reached = True
        self._reached_at = self.clock.monotonic()
        self._taken, self._lost = asyncio.Event(), asyncio.Event()
        self._lost.set()

    @property
    def lease(self) -> Lease | None:
        """The lease as last seen, be it another node's or this node's own; None where there is none."""
        if self._holding is not None:
            return self._holding.lease
        return None if self._watch is None else self._watch.lease

    @property
    def term(self) -> int | None:
        """The term in which this node keeps the house; None while it stands by."""
        return None if self._holding is None else self._holding.lease.term

    @property
    def answers(self) -> bool:
        """Whether this node may acknowledge anything now. Callers check it immediately before each answer."""
        return self._holding is not None and self._holding.answers(self.clock.monotonic())

    @property
    def suspended(self) -> bool:
        """Whether this node keeps the house, can't reach Redis, and its lease has expired. The other nodes are asked
        only then, so that a short outage doesn't cost them a promise.
        """
        holding = self._holding
        return holding is not None and not self._reached and not holding.answers(self.clock.monotonic())

    @property
    def age(self) -> int:
        """Time since it was last certain that no other node has taken the house over, in ms; 0 while this node stands
        by or is `alone`.
        """
        holding, now = self._holding, self.clock.monotonic()
        return 0 if holding is None or self.alone else now - holding.sent

    @property
    def alone(self) -> bool:
        """Whether this node may acknowledge with one copy now: its lease has expired, and all other nodes have
        confirmed that they can't reach Redis. Callers check it immediately before each answer.
        """
        return self.suspended and self.confirmed(self.clock.monotonic())

    def confirm(self) -> bool:
        """Promise not to take the house over, if this node stands by and can't reach Redis (`Promise`); return whether
        it promised.

        It doesn't promise while it is taking the house over, since the attempt may have succeeded. An earlier attempt
        that got no answer did not.
        """
        if self._holding is not None or self._reached or self._taking:
            return False
        self._promise = self._promise.again()
        return True

    async def taken(self) -> None:
        """Wait until this node keeps the house."""
        await self._taken.wait()

    async def lost(self) -> None:
        """Wait until this node doesn't keep the house."""
        await self._lost.wait()

    async def run(self) -> None:
        """Watch, take and renew the lease until cancelled. After that it expires, unless `give_up` releases it."""
        while True:
            began = self.clock.monotonic()
            try:
                await (self._look() if self._holding is None else self._renew(self._holding))
                self._reached, self._reached_at = True, self.clock.monotonic()
            except StorageUnavailable:
                if self._watch is not None:
                    self._watch = self._watch.away(self.clock.monotonic(), self._reached_at)
                if self._reached:  # Logged once per outage.
                    logger.warning("cluster: Redis, and with it the lease of the house, can't be reached")
                self._reached = False
            every = LOOK_MS if self._holding is None else BEAT_MS
            await self.clock.sleep(max(1, began + every - self.clock.monotonic()))

    async def watch_links(self) -> None:
        """Until cancelled: stand by once this node has been a keeper without Redis, and without a link to a node that
        was alive, for `UNLINKED_MS`.
        """
        since, before = None, self.links()
        while True:
            now, links = self.clock.monotonic(), self.links()
            if not self.suspended:  # The link of a new node may exist before its note was read.
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
        """Stop keeping the house, and release the lease so that another node can take it at once. From the call on
        nothing is acknowledged.

        Where Redis may have lost data, and may lack something still, the lease is deleted instead: whoever takes the
        house then doubts what Redis has, and asks this node too. That is asked now, since what was known a second ago
        may be of a Redis that was emptied since. One that is emptied after that has no lease to give up.
        """
        holding = self._holding
        self._stand_by()
        if holding is not None:
            try:
                whole = await self.whole(holding.lease.term)
                await (self.leases.give_up if whole else self.leases.drop)(holding.lease)
            except StorageUnavailable:
                logger.warning("cluster: the lease can't be given up, and runs out")

    async def _look(self) -> None:
        seen, now = await self.leases.look(), self.clock.monotonic()
        self._watch = LeaseWatch.begun(seen, now) if self._watch is None else self._watch.looked(seen, now)
        self._promise = self._promise.found(now)
        if not self._watch.due(now, self.rank()) or not self.fit():
            return
        doubtful = self._watch.doubtful
        term = next_term(self.number, await self.known_term(), 0 if seen is None else seen.term)
        lease, sent = Lease(node=self.node, address=self.address, term=term, beat=0), self.clock.monotonic()
        if not self._promise.free(sent):  # This node may have promised while `known_term` was awaited.
            return
        self._taking = True
        try:
            if await self.leases.take(seen, lease):
                self.in_doubt = doubtful
                self._hold(lease, sent)
        finally:
            self._taking = False

    async def _renew(self, holding: LeaseHolding) -> None:
        sent, lease = self.clock.monotonic(), holding.lease
        renewed = await self.leases.renew(lease)
        own = holding.answers(sent) or self.returns(sent)
        if not renewed and own and await self.leases.look() is None:
            # Redis has lost the lease, and no other node can have taken it: it had not expired, or all nodes have
            # promised not to.
            renewed = await self.leases.take(None, lease)
            self.in_doubt = self.in_doubt or renewed
        if self._holding is not holding:
            return  # The lease was given up meanwhile.
        if renewed:
            self._holding = holding.renewed(sent)
        else:
            logger.warning("cluster: another node keeps the house; term %d is over", lease.term)
            self._stand_by()

    def _hold(self, lease: Lease, sent: int) -> None:
        logger.info("cluster: this node keeps the house from now on, in term %d", lease.term)
        self._holding, self._watch = LeaseHolding(lease=lease, sent=sent), None
        self._promise = Promise()
        self._lost.clear()
        self._taken.set()

    def _stand_by(self) -> None:
        self._holding, self._watch = None, None
        self._taken.clear()
        self._lost.set()
