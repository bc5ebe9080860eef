"""Gathers the most advanced copies from the other nodes before this node keeps a house whose Redis may have lost
something: of each log the copy with the latest term and, within it, the highest offset; and the newest book.

The last keeper has on its disk what it acknowledged, and this node's copy may lag behind. Where Redis has lost nothing
it brings this node's copy up to date, and no other node is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Asides, Book, BookChange, Clock, LogChanges, LogHead, NodeLog, SingleCopies
from moothall.services.cluster.copying import Readable
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.two_books import entries_of, follow_book, noted_change
from moothall.wire.cluster.node_link import NodeState, WholeBook

logger = logging.getLogger(__name__)

AGAIN_MS = 200
"""Interval between two requests to a live node that has not answered, in ms: it may be giving the house up at this
moment."""
PATIENCE_MS = 10_000
"""Time limit for the requests to a node, in ms. After it a live node that doesn't answer no longer delays the
take-over."""


class OtherCopies(Readable, Protocol):
    """The log and book of another node. Every method raises StorageUnavailable where it can't be asked."""

    async def node_state(self) -> NodeState:
        """Heads of the node's logs, and the number of the last change in its book."""
        ...

    async def book(self) -> WholeBook:
        """The node's whole book."""
        ...


@dataclass(eq=False, repr=False)
class Gathering:
    """The gathering of one node, before it writes anything. Nothing else writes its own log and book meanwhile."""

    own: NodeLog
    book: Book
    clock: Clock
    _: KW_ONLY
    copies: dict[SessionId, LogHead]
    """Heads of the node's own logs, as far as they are known; kept up to date. Bound: the sessions that there are."""
    asides: Asides | None = None
    singles: SingleCopies | None = None
    erased: Collection[Epoch] = ()
    """Epochs of logs that were erased here; a copy of such a log is not taken in again."""

    async def run(self, others: Mapping[str, OtherCopies], living: Callable[[], Collection[str]]) -> None:
        """Ask every other node once, repeat the request to live nodes until they have answered, and take in what they
        have.

        `others`: the other nodes by name; `living`: the names of those that are alive now. Raises StorageUnavailable
        where this node's own book refuses the changes.
        """
        found: dict[str, NodeState] = {}
        left, until = {*others}, self.clock.monotonic() + PATIENCE_MS
        while left:
            for name in sorted(left):
                try:
                    found[name] = await others[name].node_state()
                except StorageUnavailable as error:
                    logger.debug("cluster: node %s can't be asked for its copies. %s", name, error)
            left = (left & {*living()}) - found.keys()
            if left and self.clock.monotonic() >= until:
                logger.error(
                    "cluster: nodes %s are alive but don't report their copies; continuing without them",
                    ", ".join(sorted(left)),
                )
                break
            if left:
                await self.clock.sleep(AGAIN_MS)
        # Copies of later terms are taken in first. A longer copy of an older term counts only where it continues them.
        for ahead in (_is_later, _is_longer):
            for name, node_state in found.items():
                heads = {
                    session: head
                    for session, head in node_state.heads.items()
                    if head.epoch not in self.erased and ahead(head, await self._own(session))
                }
                if heads:
                    logger.warning("cluster: %d sessions are completed from the copies of node %s", len(heads), name)
                    await self._take_logs(_Logs(others[name], heads), until)
        for name, node_state in found.items():
            await self._take_book(name, others[name], node_state)

    async def _own(self, session: SessionId) -> LogHead | None:
        try:
            return self.copies.get(session) or await self.own.head(session)
        except RecordBroken:  # `_take_logs` names it.
            return None

    async def _take_logs(self, there: _Logs, until: int) -> None:
        following = LogFollower(
            there, self.own, self.clock, asides=self.asides, singles=self.singles, copies=self.copies
        )
        while True:
            try:
                await following.catch_up()
                return
            except StorageUnavailable as error:
                if self.clock.monotonic() >= until:
                    logger.error("cluster: some copies of another node could not be stored here. %s", error)
                    return
            await self.clock.sleep(AGAIN_MS)

    async def _take_book(self, name: str, other: OtherCopies, node_state: NodeState) -> None:
        noted = await noted_change(self.book)
        if (
            node_state.change is None
            or node_state.change <= (noted or 0)
            or (noted is None and await entries_of(self.book))
        ):
            return
        logger.warning("cluster: the book is brought up to change %d, which node %s has", node_state.change, name)
        await follow_book(_Book(await other.book()), self.book)


def _is_later(there: LogHead, own: LogHead | None) -> bool:
    return own is None or (there.term, there.offset) > (own.term, own.offset)


def _is_longer(there: LogHead, own: LogHead | None) -> bool:
    return own is None or there.offset > own.offset


@dataclass
class _Logs:
    """Some logs of another node, in the form that `LogFollower` reads (`FollowedLogs`)."""

    other: OtherCopies
    heads: Mapping[SessionId, LogHead]

    async def changed(self, after: int, _count: str = "") -> LogChanges:
        return LogChanges(upto=1, heads={} if after else self.heads)

    async def head(self, session: SessionId) -> LogHead | None:
        return (await self.other.node_state()).heads.get(session)

    async def first(self, _: SessionId, /) -> int:
        return 1

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        return await self.other.read(session, after, limit)


@dataclass
class _Book:
    """Another node's book, in the form that `follow_book` reads (`FollowedBook`); always read as a whole."""

    whole: WholeBook

    async def changed(self) -> int:
        return self.whole.change

    async def changes(self, _: int) -> Sequence[BookChange] | None:
        return None

    async def namespaces(self) -> Sequence[str]:
        return list(self.whole.entries)

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        return self.whole.entries[namespace]
