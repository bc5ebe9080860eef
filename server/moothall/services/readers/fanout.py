"""Fan-out of one session: what its writer publishes goes to every reader, each frame encoded once per feed and door.

The writer calls `publish`, which only notes the publication. One task, `run`, folds what has gathered into each
feed's view, encodes it, and walks the readers without waiting for any of them: one that keeps up is written
straight through, one that doesn't gets an outbox (`moothall.wire.outbox`) and is cut when that is full. Because one
task does all the walking, no event overtakes another.

A feed in which nothing happens has a pulse every 5 s, the same bytes for all of a door. It tells its readers that the
line is alive, where the feed stands, and how fresh that is. It is made while no frame is on its way (see `_pulses`), so
that it never names an event that a reader has yet to get; a reader without room for it goes without.

What has gathered during a walk leaves in few frames. So the backlog holds no more than what the writer can make
durable in the time of one walk (about 10 µs per reader), and the writer's own queue is bounded. Signals that wait
together are merged, the newest per key.
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
from moothall.services.readers.feed import Entry, FeedState, Outlet, Subscription
from moothall.services.readers.feed_loading import FeedLoader
from moothall.services.readers.slow_readers import SlowReaders
from moothall.wire.frames import HERE, PULSE_MS, Format, Source, carry
from moothall.wire.outbox import Outgoing

logger = logging.getLogger(__name__)

MERGE = 64
"""Publications that may become one frame; what is left makes the next frame of the same turn."""
WALK = 100
"""Readers served before the loop gets a turn: some 1 ms. An act at a desk takes several turns on its way."""


class FanoutFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How a session's fan-out is doing."""

    readers: int
    """Those who read along and are no readers, at microphones, and those at other nodes, too."""
    slow: int
    """Readers with an outbox at the moment."""
    backlog: int
    """Publications that wait for the walk."""
    outbox_bytes: int
    """Bytes that wait for slow readers."""


@dataclass(eq=False, repr=False, kw_only=True)
class SessionFanout:
    """The fan-out of one loaded session. `run` must be running, else nothing is sent."""

    session: SessionId
    epoch: Epoch
    """What readers' positions are told apart by."""
    offset: int
    """That of the newest publication; at first where the writer has loaded its session, with `loaded_channels`."""
    loaded_channels: InitVar[Iterable[ChannelId]]
    log: LogReading
    clock: Clock
    gapless: bool = True
    """Whether the log's offsets run without gaps; a hub's copy has some of the lanes only."""
    source: Callable[[], Source] = lambda: HERE
    """How fresh it all is, where it comes from another server."""
    measures: Measures | None = None
    """What all sessions of the server add to; without it, its own."""
    elsewhere: Callable[[], Mapping[ChannelId, int]] = dict
    """How many read each channel at other nodes of the house."""

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
        """Feeds as they were when it broke off or was renewed, whose readers get a snapshot each."""
        self._slow = SlowReaders(self.session, self.clock, self.unsubscribe, self._measures)
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        """Set while each feed has all that was published."""
        self._idle.set()

    @property
    def position(self) -> Position:
        """The newest event that was published."""
        return Position(self.epoch, self.offset)

    @property
    def settled(self) -> bool:
        """Whether all that was published, or folded anew, has been handed out; nothing of what was removed is kept."""
        return self._idle.is_set() and not self._before

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """The session's channels, in the order in which they were added."""
        return tuple(self._channels)

    @property
    def figures(self) -> FanoutFigures:
        """Its figures, for metrics and for the decision to unload the session."""
        return FanoutFigures(
            readers=sum(state.follower_count for state in self._feeds.values()) + sum(self.elsewhere().values()),
            slow=len(self._slow),
            backlog=len(self._backlog),
            outbox_bytes=self._slow.size,
        )

    @property
    def readers(self) -> dict[ChannelId, int]:
        """How many read each channel, the staff at their desks and at microphones not counted."""
        found = dict.fromkeys(self._channels, 0)
        for feed, state in self._feeds.items():
            if not feed.staff:
                found[feed.channel] = found.get(feed.channel, 0) + state.reader_count
        for channel, readers in self.elsewhere().items():
            found[channel] = found.get(channel, 0) + readers
        return found

    @property
    def signals(self) -> tuple[AnySignal, ...]:
        """The newest of each key that was handed out."""
        return self._loader.signals

    def publish(self, publication: Publication) -> None:
        """Note what was made durable. Never waits; to be called in the order of the log.

        Records that were never published (the writer could not learn whether an append had succeeded) are read
        from the log when the next ones come. Raises ValueError when an offset was published before.
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

        Then they stay, for `begin_again` or `end`.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump())
            tasks.create_task(self._slow.sweep())
            tasks.create_task(self._pulses())

    def begin_again(self, *, epoch: Epoch, offset: int, channels: Iterable[ChannelId]) -> None:
        """After a failure, before the next `run`: trust nothing but the log, and what is published after `offset`.

        Every reader gets a snapshot when it runs.
        """
        self.renew(epoch=epoch, offset=offset, channels=channels)

    def renew(self, *, epoch: Epoch, offset: int, channels: Iterable[ChannelId]) -> None:
        """Something has come into the middle of the log, or gone from it: fold every feed anew from what it holds.

        What is published next is behind `offset`. Every reader gets a snapshot; with another `epoch` so does a
        reader who comes back with an earlier position.
        """
        self.epoch, self.offset, self._channels = epoch, offset, dict.fromkeys(channels)
        self._loader = self._loader_from(offset)
        self._backlog.clear()
        self._before += self._feeds.values()
        self._feeds = {}
        self._news.set()

    def end(self) -> None:
        """Send every reader away; who comes back finds the session loaded anew, or none."""
        self._idle.set()
        for state in (*self._before, *self._feeds.values()):
            self._cut_off(state)

    async def view(self, feed: Feed) -> CaptionsView | Refusal:
        """What readers of `feed` see now; a refusal (`unknown`) when the session has no such channel.

        Raises StorageUnavailable when the log can't be read, RecordBroken when it holds what can't be.
        """
        state = await self._feed(feed)
        return state if isinstance(state, Refusal) else state.view

    def instead(self, channel: ChannelId) -> ChannelId | None:
        """The text that readers of this one are sent to at the moment (`moothall.core.signals.StandIn`)."""
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
        """Bring a reader up to now and keep it there, beginning with a write to `outlet` before this returns.

        `after` is what the reader has seen. It gets the events since, or a snapshot: without `after`, with one of
        another epoch, one ahead of the log, or one more than 1,000 events back. The signals of the moment follow, and
        with `pulse` a pulse, so that there is always something to write. `reader` and `aside`: see
        `Subscription`.
        Refuses and raises as `view` does. What goes out later goes out until `unsubscribe`, or until the outlet
        is closing.
        """
        state = await self._feed(feed)
        while isinstance(state, FeedState) and not self._idle.is_set() and self._ahead(after, state):
            # Another node of the house has shown what is about to be handed out here, which would come once more.
            await self._idle.wait()
            state = await self._feed(feed)
        if isinstance(state, Refusal):
            return state
        # From here on nothing waits, so no frame can come between the replay and the registration.
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
        """Send nothing more. What its outlet has been given stays its outlet's business. May be repeated."""
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
        """The feed of a channel that exists, loaded once for all who ask at the same time."""
        async with self._loading.setdefault(feed, asyncio.Lock()):
            state = self._feeds.get(feed)
            while state is None:
                loader = self._loader
                state = await loader.load(feed)
                if loader is not self._loader:  # It was begun again meanwhile, and this may be what was wrong.
                    state = None
            self._feeds[feed] = state
        self._loading.pop(feed, None)
        return state

    # Sending

    async def _pump(self) -> None:
        while True:
            while self._before:
                await self._renew(old := self._before[-1])
                self._before.remove(old)  # By now another one may be the last.
            if not self._backlog:
                self._idle.set()
            await self._news.wait()
            self._news.clear()
            while self._backlog and not self._before:
                await self._turn([self._backlog.popleft() for _ in range(min(MERGE, len(self._backlog)))])

    async def _turn(self, publications: Sequence[Publication]) -> None:
        """Give every feed what was published, and every reader its frame."""
        began, self._published_at = self._published_at, None
        if any(each.records for each in self._backlog):
            self._published_at = began  # The rest came no earlier.
        entries: list[Entry] = [pair for each in publications for pair in zip(each.records, each.events, strict=True)]
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
                self._cut_off(state)  # Their doors ask again who may read.
        if entries and began is not None:
            self._measures.written.note(self.clock.monotonic() - began)

    async def _pulses(self) -> None:
        while True:
            await self.clock.sleep(PULSE_MS)
            now = self.clock.monotonic()
            for state in list(self._feeds.values()):
                # A frame that is being handed out began within the last interval: a walk takes far less.
                if state.sent_at is None or now - state.sent_at >= PULSE_MS:
                    await walk(self._slow, state.outgoing(state.pulse(self.source(), self.clock.wall())))

    async def _renew(self, old: FeedState) -> None:
        """Fold the feed anew from the log, and give every reader a snapshot: bodies were removed, or it broke off.

        Nothing of a removed text is kept or sent again; a reader with an earlier position gets a snapshot as well.
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
                self._cut_off(old)  # They come back, and the feed is loaded when they do.
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
    """Give each of the readers their bytes; `slow` has those who have no room for them."""
    for outgoing, readers in served:
        for start in range(0, len(readers), WALK):
            if start:
                await asyncio.sleep(0)
            _serve(slow, outgoing, readers[start : start + WALK])


def _serve(slow: SlowReaders, outgoing: Outgoing, readers: Sequence[Subscription]) -> None:
    """The hot path: no task, no queue and no allocation for a reader that keeps up."""
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
        except Exception as error:  # whatever a door does with it: one reader doesn't stop the others
            slow.drop(reader, error)
