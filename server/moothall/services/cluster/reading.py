"""Serves sessions to readers at a node that stands by: folded from its copies, with the keeper's signals.

Events come from the shared logs (`following`) and reach readers once they are in this node's copy. Signals come over
the link of nodes, each with the offset of the log's end when it was sent. A signal waits until the copy has reached
that offset, since a partial text on a line that isn't finished yet would be wrong for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.removals import NOTHING, Applied
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, Position, SessionId, reader_epoch
from moothall.core.ports import Clock, LogHead, LogReading
from moothall.core.rules.authority import may_read
from moothall.core.signals import AnySignal, taken_away
from moothall.services.cluster.following import LogFollower
from moothall.services.metrics.measures import Measures
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.mirrored import MirroredSession, MirroredSessions
from moothall.wire.cluster.node_link import (
    MOST_FOLLOWED,
    AskWithout,
    Compare,
    FollowSession,
    Kept,
    LeaveSession,
    News,
    NodeErased,
    ReadHere,
    ToKeeper,
    ToNode,
    Without,
    signals_of,
)
from moothall.wire.frames import Freshness

logger = logging.getLogger(__name__)

BEHIND_MS = 2_000
"""How long a node may lack events that the keeper has reported, in ms, where it reads them from the keeper (one copy).
"""
CUT_OFF_MS = 10_000
"""How long a node serves its copies without news of later changes, in ms: words may have been removed meanwhile."""
CACHED_MS = 6_000
"""The same for what caches ask: a cache gives out what it has for 4 s more, so that it is no later for its readers."""


class NodeCopy(msgspec.Struct, frozen=True):
    """This node's copy of a session."""

    session: SessionId
    head: LogHead

    @property
    def epoch(self) -> Epoch:
        """Epoch of the log that is copied."""
        return self.head.epoch

    @property
    def reader_epoch(self) -> Epoch:
        """Epoch in readers' positions: the same at every node."""
        return reader_epoch(self.head.epoch, self.head.lost)


class CopyGrown(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of events of one session that is stored in this node's copy."""

    copy: NodeCopy
    records: Sequence[LogRecord]
    erase: Sequence[int]
    renew: bool
    show: bool = True


class _Copies:
    """The node's own log, in the form that mirrored sessions read."""

    def __init__(self, own: LogReading, following: LogFollower) -> None:
        self._own = own
        self._following = following

    async def copy(self, session: SessionId) -> NodeCopy | None:
        head = self._following.copies.get(session)
        return None if head is None or not self._following.shows(session) else NodeCopy(session, head)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        return await self._own.read(session, after, limit, lanes)

    async def head(self, session: SessionId) -> LogHead | None:
        return self._following.copies.get(session)

    async def sessions(self) -> Sequence[SessionId]:
        return await self._own.sessions()

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        return await self._own.caused(ending)


class _Early(msgspec.Struct, frozen=True):
    """Signals that arrived before the events that they follow."""

    offset: int
    signals: tuple[AnySignal, ...]
    since: int
    """When the keeper reported the first of those events, in ms of the monotonic clock."""


@dataclass(eq=False, repr=False)
class NodeReading:
    """The sessions that readers follow at a node. The task of `run` owns them; the link of nodes calls `linked`, `hear`
    and `say`.
    """

    following: LogFollower
    own: LogReading
    clock: Clock
    measures: Measures | None = None
    confirms: Callable[[], bool] = lambda: False
    """Returns whether this node can't reach Redis. By returning True it promises not to take the house over."""
    applied: Callable[[], Applied] = lambda: NOTHING
    """Returns how far this node has come in the list of removals."""

    def __post_init__(self) -> None:
        self._heard = self.clock.monotonic()
        self._up = False
        self.sessions = MirroredSessions(
            _Copies(self.own, self.following),
            self.clock,
            source=lambda: self.source,
            measures=self.measures,
            loads=False,
        )
        # Bound: the sessions that are loaded.
        self._early: dict[SessionId, _Early] = {}
        # Bound: `MOST_FOLLOWED`.
        self._told: dict[SessionId, Mapping[ChannelId, int]] = {}
        """Sessions that the keeper knows to be read here, with the counts of readers that were sent last."""
        # Bound: the sessions that the keeper has asked about since the last `say`.
        self._same: dict[SessionId, Kept] = {}
        """Answers for copies that equal the keeper's, which wait for `say`."""
        # Overflow: none. Only the newest question is answered.
        self._without: Without | None = None
        self._erased: Applied | None = None
        """The position in the list of removals that was last sent."""
        self.news = asyncio.Event()
        """Set when `say` has messages that shouldn't wait for the next tick."""
        self.following.observe(self._grown, self._renew)

    @property
    def source(self) -> Freshness:
        """How fresh the text is that readers see."""
        return Freshness(age=self.clock.monotonic() - self._heard, lost=not self._up)

    @property
    def cut_off(self) -> bool:
        """Whether this node can't know the present state of the text, and so serves nobody: its copies have not been up
        to date with the shared logs for `CUT_OFF_MS`, and in addition the keeper hasn't been heard for as long or has
        reported events that are missing here.

        While Redis is away for all nodes nothing can be removed, and the keeper reports that there is nothing new.
        """
        return self.unheard_for(CUT_OFF_MS)

    def unheard_for(self, ms: int) -> bool:
        """The same as `cut_off`, for another time in ms than `CUT_OFF_MS`."""
        now, reached = self.clock.monotonic(), self.following.reached_at
        if reached is not None and now - reached < ms:
            return False
        if reached is None or now - self._heard >= ms:
            return True
        return any(now - early.since >= BEHIND_MS for early in self._early.values())

    def run(self, started: asyncio.Event) -> Coroutine[object, object, None]:
        """Run the tasks of the sessions until cancelled; `started` is set once sessions can be found."""
        return self.sessions.run(started)

    async def find(self, session: SessionId) -> SessionFanout | None:
        """The fan-out of a session that everybody may read and whose copy here is whole; None for every other session,
        of which only the keeper knows the present state, and for all sessions while this node is cut off.
        """
        if self.cut_off or not self.following.follows(session):
            return None
        if self.sessions.loaded(session) is None and len(self.sessions.all_loaded) >= MOST_FOLLOWED:
            return None
        try:
            live = await self.sessions.find(session)
        except (StorageUnavailable, RecordBroken) as error:
            logger.warning("session %s: it can't be read here (%s)", session, type(error).__name__)
            return None
        if live is None or not may_read(Role.READER, live.state.access):
            return None
        if session not in self._told:
            self.news.set()
        return live.fanout

    async def serves(self, session: SessionId, after: Position | None) -> bool:
        """Whether this node can serve a reader whose position, reached at another node, is `after`. It can't where its
        copy is shorter, since the reader would go back in time.
        """
        fanout = await self.find(session)
        if fanout is None:
            return False
        here = fanout.position
        if after is None or after.epoch != here.epoch or after.offset <= here.offset:
            return True
        self.following.ring()
        return False

    def settled(self, session: SessionId) -> bool:
        """Whether memory, and what was given to readers, hold no more of a session than the copy on the disk."""
        live = self.sessions.loaded(session)
        return live is None or (not live.stale and live.fanout.settled)

    def linked(self, *, up: bool) -> None:
        """Record that the link to the keeper is up or down. In both cases the keeper knows nothing of this node any
        more.

        When the link goes down, signals that only the keeper can clear are cleared: the notice that words are not
        recorded, whose span may end meanwhile, and partial texts. The keeper at the next link sends the present ones.
        """
        if self._up and not up:
            for live in self.sessions.all_loaded:
                self.sessions.signal(live.id, [taken_away(each) for each in live.fanout.signals])
        self._up = up
        self._told.clear()
        self._early.clear()
        self._same.clear()
        self._without = None
        self._erased = None
        if up:
            self._heard = self.clock.monotonic()

    def hear(self, message: ToNode) -> None:
        """Handle a message of the keeper. Raises ProtocolError."""
        self._heard = self.clock.monotonic()
        if isinstance(message, Compare):
            self._compare(message)
        if isinstance(message, AskWithout):
            self._without = Without(number=message.number, redis=self.confirms())
            self.news.set()
        if not isinstance(message, News):
            return
        live, signals = self.sessions.loaded(message.session), signals_of(message)
        if live is None:
            return
        early = self._early.pop(live.id, None)
        since = self.clock.monotonic() if early is None else early.since
        if early is not None:
            signals = tuple({each.key: each for each in (*early.signals, *signals)}.values())
        if self.following.end(live.id) < message.offset:
            self._early[live.id] = _Early(message.offset, signals, since)
            self.following.ring_for(live.id, message.offset)
        else:
            self.sessions.signal(live.id, signals)

    def _compare(self, asked: Compare) -> None:
        copy = self.following.copies.get(asked.session)
        if copy is not None and (copy.epoch, copy.lanes) == (asked.epoch, asked.lanes):
            self._same[asked.session] = Kept(session=asked.session, epoch=asked.epoch, lanes=asked.lanes)
            self.news.set()

    def say(self) -> list[ToKeeper]:
        """The messages about copies and readers here that the keeper doesn't have yet; from then on they count
        as sent.
        """
        self.news.clear()
        same, self._same = self._same, {}
        without, self._without = self._without, None
        read = {live.id: _read(live) for live in self.sessions.all_loaded}
        gone = self._told.keys() - read.keys()
        for session in gone:
            self._early.pop(session, None)
        said: list[ToKeeper] = [*(() if without is None else (without,)), *same.values()]
        if self._erased != (applied := self.applied()):
            self._erased = applied
            said.append(NodeErased(applied=applied))
        said += [LeaveSession(session=session) for session in gone]
        said += [FollowSession(session=new) for new in read.keys() - self._told.keys()]
        said += [ReadHere(session=id_, readers=now) for id_, now in read.items() if now != self._told.get(id_, {})]
        self._told = dict(read)
        return said

    async def _grown(self, head: LogHead, records: Sequence[LogRecord], removed: Sequence[int]) -> None:
        session = records[0].header.session
        live, copy = self.sessions.loaded(session), NodeCopy(session, head)
        renew = live is not None and live.copy.reader_epoch != copy.reader_epoch
        try:
            await self.sessions.take(CopyGrown(copy=copy, records=records, erase=removed, renew=renew))
        except (StorageUnavailable, RecordBroken) as error:  # `MirroredSessions` retries.
            logger.warning("session %s: new events can't be shown yet (%s)", session, type(error).__name__)
        early = self._early.get(session)
        if early is None:
            return
        if early.offset <= head.offset:
            del self._early[session]
            self.sessions.signal(session, early.signals)
        else:  # The copy grows, so this node isn't left behind: the time limit starts again.
            self._early[session] = msgspec.structs.replace(early, since=self.clock.monotonic())

    async def _renew(self, session: SessionId) -> None:
        try:
            await self.sessions.renew(session)  # Where the copy is gone, its readers are sent away.
        except (StorageUnavailable, RecordBroken) as error:  # `MirroredSessions` retries.
            logger.warning("session %s: it can't be loaded again yet (%s)", session, type(error).__name__)


def _read(live: MirroredSession) -> dict[ChannelId, int]:
    return {channel: readers for channel, readers in live.fanout.readers.items() if readers}
