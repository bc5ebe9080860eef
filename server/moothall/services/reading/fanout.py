"""Fan-out of one session: delivers its writer's publications to every reader, each frame encoded once per feed and
door.

The writer calls `publish`, which only queues the publication. One task, `_pump`, folds the queued publications into
each feed's view, encodes them, and serves the readers without waiting for any: a reader that keeps up is written to
directly, one that doesn't gets an outbox (`moothall.wire.outbox`) and is cut when that is full. Because a single task
sends all events, no event overtakes another.

A feed without news sends a pulse every 5 s, the same bytes for all readers of a door. It tells them that the connection
is alive, the feed's offset, and how fresh that is. It is made while no frame is being sent (see `_pulses`), so that it
never names an event that a reader has yet to get; a reader without buffer space for it gets none.

Publications that were queued during a walk leave in few frames. So the backlog holds no more than what the writer can
make durable in the time of one walk (about 10 µs per reader), and the writer's own queue is bounded. Signals that wait
together are merged: the newest per key is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass

import msgspec

from moothall.core.events.types import Access, BodyRemoved, ChannelAdded
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, Epoch, Position, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock, LogReading
from moothall.core.signals import AnySignal
from moothall.core.views.captions import CaptionsView
from moothall.services.log.publication import Publication
from moothall.services.metrics.measures import Measures
from moothall.services.reading.feed import DecodedRecord, FeedState, Outlet, Subscription
from moothall.services.reading.feed_loading import FeedLoader
from moothall.services.reading.slow_readers import SlowReaders
from moothall.wire.frames import HERE, PULSE_MS, Format, Freshness, carry
from moothall.wire.outbox import Outgoing

logger = logging.getLogger(__name__)

MERGE = 64
"""Most publications that become one frame; the rest make the next frame of the same turn."""
WALK = 100
"""Readers served before the event loop gets a turn: some 1 ms. An act at a desk takes several turns of the loop."""


class FanoutFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Load figures of a session's fan-out."""

    readers: int
    """All subscribers, microphones' pages and those at other nodes included."""
    slow: int
    """Readers that have an outbox at the moment."""
    backlog: int
    """Publications that wait to be sent."""
    outbox_bytes: int
    """Bytes that wait for slow readers."""


@dataclass(eq=False, repr=False, kw_only=True)
class SessionFanout:
    """The fan-out of one loaded session. `run` must be running, else nothing is sent."""

    session: SessionId
    epoch: Epoch
    """The epoch in readers' positions."""
    offset: int
    """The offset of the newest publication; initially that at which the writer loaded the session and
    `loaded_channels`.
    """
    loaded_channels: InitVar[Iterable[ChannelId]]
    log: LogReading
    clock: Clock
    gapless: bool = True
    """Whether the log's offsets have no gaps; a hub's copy has only some of the lanes."""
    source: Callable[[], Freshness] = lambda: HERE
    """Returns how fresh the data is, where it comes from another server."""
    measures: Measures | None = None
    """Measures shared by all sessions of the server; without them, its own."""
    elsewhere: Callable[[], Mapping[ChannelId, int]] = dict
    """Returns the number of readers of each channel at other nodes of the house."""

    def __post_init__(self, loaded_channels: Iterable[ChannelId]) -> None:
        self._measures = self.measures or Measures(self.clock)
        self._published_at: int | None = None
        """When the oldest records of the backlog were published, monotonic ms."""
        self._channels = dict.fromkeys(loaded_channels)
        self._loader = self._loader_from(self.offset)
        # Overflow: none; see the module on why it stays small.
        self._backlog: deque[Publication] = deque()
        self._feeds: dict[Feed, FeedState] = {}
        self._loading: dict[Feed, asyncio.Lock] = {}
        self._before: list[FeedState] = []
        """Feeds from before a restart or a renewal, whose readers still have to get a snapshot."""
        self._slow = SlowReaders(self.session, self.clock, self.unsubscribe, self._measures)
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        """Set while every feed is up to date."""
        self._idle.set()

    @property
    def position(self) -> Position:
        """The position of the newest publication."""
        return Position(self.epoch, self.offset)

    @property
    def settled(self) -> bool:
        """Whether everything published or folded anew has been sent, so that no removed text is held any more."""
        return self._idle.is_set() and not self._before

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """The session's channels, in the order in which they were added."""
        return tuple(self._channels)

    @property
    def figures(self) -> FanoutFigures:
        """Load figures, for metrics and for the decision to unload the session."""
        return FanoutFigures(
            readers=sum(state.follower_count for state in self._feeds.values()) + sum(self.elsewhere().values()),
            slow=len(self._slow),
            backlog=len(self._backlog),
            outbox_bytes=self._slow.size,
        )

    @property
    def readers(self) -> dict[ChannelId, int]:
        """The number of readers of each channel, without staff at desks and pages of microphones."""
        found = dict.fromkeys(self._channels, 0)
        for feed, state in self._feeds.items():
            if not feed.staff:
                found[feed.channel] = found.get(feed.channel, 0) + state.reader_count
        for channel, readers in self.elsewhere().items():
            found[channel] = found.get(channel, 0) + readers
        return found

    @property
    def signals(self) -> tuple[AnySignal, ...]:
        """The newest sent signal of each key."""
        return self._loader.signals

    def publish(self, publication: Publication) -> None:
        """Queue a durable publication. Never waits; must be called in the order of the log.

        Records that were never published (the writer could not learn whether an append had succeeded) are read from the
        log when the next ones are published. Raises ValueError when an offset was published before.
        """
        if publication.records:
            first = publication.records[0].header.offset
            if first <= self.offset:
                msg = f"Session {self.session} is at offset {self.offset}, but offset {first} was published again."
                raise ValueError(msg)
            self.offset = publication.records[-1].header.offset
            added = [event.channel for event in publication.events if isinstance(event, ChannelAdded)]
            self._channels.update(dict.fromkeys(added))
            if self._published_at is None:
                self._published_at = self.clock.monotonic()
        elif self._backlog and not self._backlog[-1].records:
            older = self._backlog.pop()
            newest = {signal.key: signal for signal in (*older.signals, *publication.signals)}
            publication = Publication(session=self.session, signals=tuple(newest.values()))
        self._backlog.append(publication)
        self._idle.clear()
        self._news.set()

    async def run(self) -> None:
        """Serve the readers until cancelled, or until something fails. The session's owner awaits it.

        After a failure the readers stay subscribed, for `renew` or `end`.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump())
            tasks.create_task(self._slow.sweep())
            tasks.create_task(self._pulses())

    def renew(self, *, epoch: Epoch, offset: int, channels: Iterable[ChannelId]) -> None:
        """Fold every feed anew from the log, since something was inserted into its middle or removed from it, or since
        `run` has failed: only the log and publications after `offset` are used.

        The next publication must be after `offset`. Every reader gets a snapshot; if `epoch` is new, so does a reader
        who resumes from an earlier position.
        """
        self.epoch, self.offset, self._channels = epoch, offset, dict.fromkeys(channels)
        self._loader = self._loader_from(offset)
        self._backlog.clear()
        self._before += self._feeds.values()
        self._feeds = {}
        self._news.set()

    def end(self) -> None:
        """Close all readers' connections; those who reconnect find the session loaded anew, or none."""
        self._idle.set()
        for state in (*self._before, *self._feeds.values()):
            self._cut_off(state)

    async def view(self, feed: Feed) -> CaptionsView | Refusal:
        """The current view of `feed`; a refusal (`unknown`) when the session has no such channel.

        Raises StorageUnavailable when the log can't be read, and RecordBroken when it is damaged.
        """
        state = await self._feed(feed)
        return state if isinstance(state, Refusal) else state.view

    def instead(self, channel: ChannelId) -> ChannelId | None:
        """The channel that readers of this one are sent to now (`moothall.core.signals.StandIn`); None for none."""
        return self._loader.instead(channel)

    async def subscribe(
        self,
        outlet: Outlet,
        feed: Feed,
        form: Format,
        after: Position | None,
        *,
        reader: str = "",
        aside: bool = False,
        pulse: bool = False,
    ) -> Subscription | Refusal:
        """Bring a reader up to date and keep it so; the first write to `outlet` happens before this returns.

        `after` is the reader's position. The reader gets the events since; or a snapshot without `after`, or when that
        has another epoch, is ahead of the log, or is too far back (`FeedState.replay`). The current signals follow,
        and with `pulse` a pulse, so that something is written in any case. `reader` and `aside`: see `Subscription`.

        Refuses and raises as `view` does. Frames are sent until `unsubscribe`, or until the outlet is closing.
        """
        state = await self._feed(feed)
        while isinstance(state, FeedState) and not self._idle.is_set() and self._ahead(after, state):
            # The reader got events at another node that are still queued here: it must not get them twice.
            await self._idle.wait()
            state = await self._feed(feed)
        if isinstance(state, Refusal):
            return state
        # No await from here on, so that no frame is sent between the replay and the registration.
        sent = self.clock.wall()
        past: bytes | None = None
        if after is not None and after.epoch == self.epoch and after.offset <= max(self.offset, state.view.offset):
            past = state.replay(after.offset, form)
        self._measures.joined["new" if after is None else "snapshot" if past is None else "resumed"] += 1
        if past is None:
            past = carry(state.snapshot(sent), form)
        moment = state.moment(sent)
        data = past if moment is None else past + carry(moment, form)
        if pulse:
            data += carry(state.pulse(self.source(), sent), form)
        subscription = Subscription(outlet, feed, form, reader, aside=aside)
        state.readers[form][subscription] = None
        if data and not outlet.is_closing():
            outlet.write(data)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more. Bytes already written to the outlet are not affected. May be repeated."""
        subscription.gone = True
        self._slow.forget(subscription)
        state = self._feeds.get(subscription.feed)
        if state is not None:
            state.readers[subscription.form].pop(subscription, None)

    def _ahead(self, after: Position | None, state: FeedState) -> bool:
        return after is not None and after.epoch == self.epoch and after.offset > state.view.offset

    # Loading

    def _loader_from(self, offset: int) -> FeedLoader:
        return FeedLoader(
            session=self.session,
            epoch=self.epoch,
            offset=offset,
            log=self.log,
            clock=self.clock,
            gapless=self.gapless,
        )

    async def _feed(self, feed: Feed) -> FeedState | Refusal:
        state = self._feeds.get(feed)
        if state is not None:
            return state
        if feed.channel not in self._channels:
            return refuse(RefusalCode.UNKNOWN, f"The session {self.session} has no channel {feed.channel}.")
        return await self._loaded(feed)

    async def _loaded(self, feed: Feed) -> FeedState:
        """The feed of a channel that exists, loaded once for all concurrent requests."""
        async with self._loading.setdefault(feed, asyncio.Lock()):
            state = self._feeds.get(feed)
            while state is None:
                loader = self._loader
                state = await loader.load(feed)
                # The fan-out was reset meanwhile, so this state may be outdated or wrong.
                if loader is not self._loader:
                    state = None
            self._feeds[feed] = state
        self._loading.pop(feed, None)
        return state

    # Sending

    async def _pump(self) -> None:
        while True:
            while self._before:
                await self._renew(old := self._before[-1])
                self._before.remove(old)  # Not `pop`: another feed may have been added meanwhile.
            if not self._backlog:
                self._idle.set()
            await self._news.wait()
            self._news.clear()
            while self._backlog and not self._before:
                await self._turn([self._backlog.popleft() for _ in range(min(MERGE, len(self._backlog)))])

    async def _turn(self, publications: Sequence[Publication]) -> None:
        """Fold publications into every feed, and send every reader its frame."""
        began, self._published_at = self._published_at, None
        if any(each.records for each in self._backlog):
            self._published_at = began  # Records still queued count as just as old.
        entries: list[DecodedRecord] = [
            pair for each in publications for pair in zip(each.records, each.events, strict=True)
        ]
        signals = [signal for each in publications for signal in each.signals]
        if entries:
            entries[:0] = await self._loader.unpublished(entries[0][0].header.offset)
        self._loader.take(entries, signals)
        removed = any(isinstance(event, BodyRemoved) for _, event in entries)
        for state in list(self._feeds.values()):
            if removed:
                await self._renew(state)
                continue
            access = state.view.session.access
            frame = state.advance(entries, signals, self.clock.wall())
            if frame is not None:
                state.sent_at = self.clock.monotonic()
                await walk(self._slow, state.outgoing(frame))
            if not state.feed.staff and state.view.session.access is not access is not Access.STAFF:
                self._cut_off(state)  # When they reconnect, their doors check again who may read.
        if entries and began is not None:
            self._measures.written.note(self.clock.monotonic() - began)

    async def _pulses(self) -> None:
        while True:
            await self.clock.sleep(PULSE_MS)
            now = self.clock.monotonic()
            for state in list(self._feeds.values()):
                # A frame that is being sent has a `sent_at` within this interval, since a walk takes far less.
                if state.sent_at is None or now - state.sent_at >= PULSE_MS:
                    await walk(self._slow, state.outgoing(state.pulse(self.source(), self.clock.wall())))

    async def _renew(self, old: FeedState) -> None:
        """Fold the feed anew from the log, and send every reader a snapshot: bodies were removed, or the fan-out was
        reset.

        Nothing of a removed text is held or sent again; a reader who resumes from an earlier position gets a snapshot
        as well.
        """
        if self._feeds.get(old.feed) is old:
            del self._feeds[old.feed]
        state = None
        try:
            state = await self._loaded(old.feed)
        except (StorageUnavailable, RecordBroken):
            logger.warning("session %s: feed %s can't be loaded again", self.session, old.feed.name)
            return
        finally:
            if state is None:
                self._cut_off(old)  # Readers reconnect, and the feed is loaded then.
        state.adopt(old)
        state.sent_at = self.clock.monotonic()
        sent = self.clock.wall()
        await walk(self._slow, state.outgoing(state.snapshot(sent)))
        moment = state.moment(sent)
        if moment is not None:
            await walk(self._slow, state.outgoing(moment))

    def _cut_off(self, state: FeedState) -> None:
        for reader in state.all_readers():
            if not reader.gone:
                self._measures.cut["session"] += 1
                self.unsubscribe(reader)
                reader.outlet.abort()


async def walk(slow: SlowReaders, served: Sequence[tuple[Outgoing, Sequence[Subscription]]]) -> None:
    """Send each group of readers its bytes; `slow` takes those for readers without buffer space."""
    for outgoing, readers in served:
        for start in range(0, len(readers), WALK):
            if start:
                await asyncio.sleep(0)
            _serve(slow, outgoing, readers[start : start + WALK])


def _serve(slow: SlowReaders, outgoing: Outgoing, readers: Sequence[Subscription]) -> None:
    """Write to readers. This is the hot path: no task, no queue and no allocation for a reader that keeps up."""
    data = outgoing.data
    for reader in readers:
        outlet = reader.outlet
        if reader.gone:
            continue
        try:
            if outlet.is_closing():
                slow.unsubscribe(reader)
            elif reader.outbox is None and not outlet.get_write_buffer_size():
                outlet.write(data)
            elif not outgoing.pulse:
                slow.offer(reader, outgoing)
        except Exception as error:  # a failing outlet must not affect other readers
            slow.drop(reader, error)
