"""Fan-out of one session: what its writer publishes goes to every reader, each frame encoded once per feed and door.

The writer calls `publish`, which only notes the publication. One task, `run`, folds what has gathered into each
feed's view, encodes it, and walks the readers without waiting for any of them: one that keeps up is written
straight through, one that doesn't gets an outbox (`moothall.wire.outbox`) and is cut when that is full. After each
`WALK` readers the walk lets the loop do other things. Because one task does all the walking, no event overtakes
another.

What has gathered during a walk leaves in few frames. So the backlog holds no more than what the writer can make
durable in the time of one walk (about 10 µs per reader), and the writer's own queue is bounded. Signals that wait
together are merged, the newest per key.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from moothall.core.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.events import BodyRemoved, ChannelAdded
from moothall.core.ids import ChannelId, Epoch, Position, SessionId
from moothall.core.lanes import Feed
from moothall.core.ports import Clock, EventLog
from moothall.core.views.captions import CaptionsView
from moothall.services.carrying_on import note_failure
from moothall.services.feed import Entry, FeedState, Outlet, Subscription
from moothall.services.feed_loading import FeedLoader
from moothall.services.publication import Publication
from moothall.wire.frames import Format, carry
from moothall.wire.outbox import Outbox, Outgoing

logger = logging.getLogger(__name__)

WALK = 500
"""Readers served before the loop gets a turn: some 5 ms."""
SWEEP_MS = 50
"""How often slow readers are looked at."""
MERGE = 64
"""Publications that may become one frame; what is left makes the next frame of the same turn."""


class FanoutFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How a session's fan-out is doing."""

    readers: int
    slow: int
    """Readers with an outbox at the moment."""
    cut: int
    """Readers given up so far for being slow."""
    backlog: int
    """Publications that wait for the walk."""


class SessionFanout:
    """See the module. One per loaded session; `run` has to be running for anything to be sent."""

    def __init__(
        self,
        *,
        session: SessionId,
        epoch: Epoch,
        offset: int,
        channels: Iterable[ChannelId],
        log: EventLog,
        clock: Clock,
    ) -> None:
        """Start where the writer has loaded its session: at `offset`, with these `channels`."""
        self.session = session
        self.epoch = epoch
        self._offset = offset
        self._channels = dict.fromkeys(channels)
        self._loader = FeedLoader(session=session, epoch=epoch, offset=offset, log=log, clock=clock)
        self._clock = clock
        # Overflow: none; see the module on why it stays small.
        self._backlog: deque[Publication] = deque()
        self._feeds: dict[Feed, FeedState] = {}
        self._loading: dict[Feed, asyncio.Lock] = {}
        self._slow: dict[Subscription, None] = {}
        self._cut = 0
        self._news = asyncio.Event()
        self._lagging = asyncio.Event()

    @property
    def position(self) -> Position:
        """The newest event that was published."""
        return Position(self.epoch, self._offset)

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """The session's channels, in the order in which they were added."""
        return tuple(self._channels)

    @property
    def figures(self) -> FanoutFigures:
        """How it is doing, for metrics and for whoever decides to unload the session."""
        return FanoutFigures(
            readers=sum(state.reader_count for state in self._feeds.values()),
            slow=len(self._slow),
            cut=self._cut,
            backlog=len(self._backlog),
        )

    @property
    def readers(self) -> dict[ChannelId, int]:
        """How many read each channel, the staff at their desks not counted."""
        found = dict.fromkeys(self._channels, 0)
        for feed, state in self._feeds.items():
            if not feed.staff:
                found[feed.channel] = found.get(feed.channel, 0) + state.reader_count
        return found

    def publish(self, publication: Publication) -> None:
        """Note what was made durable. Never waits; to be called in the order of the log.

        Records that were never published (the writer could not learn whether an append had succeeded) are read
        from the log when the next ones come. Raises ValueError when an offset was published before.
        """
        if publication.records:
            first = publication.records[0].header.offset
            if first <= self._offset:
                msg = f"Session {self.session} is at offset {self._offset}, but offset {first} was published again."
                raise ValueError(msg)
            self._offset = publication.records[-1].header.offset
            added = [event.channel for event in publication.events if isinstance(event, ChannelAdded)]
            self._channels.update(dict.fromkeys(added))
        elif self._backlog and not self._backlog[-1].records:
            older = self._backlog.pop()
            newest = {signal.key: signal for signal in (*older.signals, *publication.signals)}
            publication = Publication(session=self.session, signals=tuple(newest.values()))
        self._backlog.append(publication)
        self._news.set()

    async def run(self) -> None:
        """Serve the readers until cancelled. The session's owner awaits it.

        Whoever is still connected when it ends is cut, and goes on from its position elsewhere or later.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump())
                tasks.create_task(self._sweep())
        finally:
            for state in self._feeds.values():
                self._cut_off(state)

    def end(self) -> None:
        """Send every reader away: the session is no more."""
        for state in self._feeds.values():
            self._cut_off(state)

    async def view(self, feed: Feed) -> CaptionsView | Refusal:
        """What readers of `feed` see now; a refusal (`unknown`) when the session has no such channel.

        Raises StorageUnavailable when the log can't be read, RecordBroken when it holds what can't be.
        """
        state = await self._feed(feed)
        return state if isinstance(state, Refusal) else state.view

    async def subscribe(
        self, outlet: Outlet, feed: Feed, form: Format, after: Position | None
    ) -> Subscription | Refusal:
        """Bring a reader up to now and keep it there, beginning with a write to `outlet` before this returns.

        `after` is what the reader has seen. It gets the events since, or a snapshot: without `after`, with one of
        another epoch, one ahead of the log, or one more than 1,000 events back. The signals of the moment follow.
        Refuses and raises as `view` does. What goes out later goes out until `unsubscribe`, or until the outlet
        is closing.
        """
        state = await self._feed(feed)
        if isinstance(state, Refusal):
            return state
        # From here on nothing waits, so no frame can come between the replay and the registration.
        sent = self._clock.wall()
        past: bytes | None = None
        if after is not None and after.epoch == self.epoch and after.offset <= max(self._offset, state.view.offset):
            past = state.replay(after.offset, form)
        if past is None:
            past = carry(state.snapshot(sent), form)
        moment = state.moment(sent)
        data = past if moment is None else past + carry(moment, form)
        subscription = Subscription(outlet, feed, form)
        state.readers[form][subscription] = None
        if data and not outlet.is_closing():
            outlet.write(data)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send nothing more. What its outlet has been given stays its outlet's business. May be repeated."""
        subscription.gone = True
        self._slow.pop(subscription, None)
        state = self._feeds.get(subscription.feed)
        if state is not None:
            state.readers[subscription.form].pop(subscription, None)

    def writable(self, subscription: Subscription) -> None:
        """The outlet has room again: send at once what waits, without waiting for the next sweep.

        For transports that say so (`resume_writing`).
        """
        self._release(subscription)

    # Loading

    async def _feed(self, feed: Feed) -> FeedState | Refusal:
        state = self._feeds.get(feed)
        if state is not None:
            return state
        if feed.channel not in self._channels:
            message = f"The session {self.session} has no channel {feed.channel}."
            return Refusal(code=RefusalCode.UNKNOWN, message=message)
        return await self._loaded(feed)

    async def _loaded(self, feed: Feed) -> FeedState:
        """The feed of a channel that exists, loaded once for all who ask at the same time."""
        async with self._loading.setdefault(feed, asyncio.Lock()):
            state = self._feeds.get(feed)
            if state is None:
                state = self._feeds[feed] = await self._loader.load(feed)
        self._loading.pop(feed, None)
        return state

    # Sending

    async def _pump(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._backlog:
                await self._turn([self._backlog.popleft() for _ in range(min(MERGE, len(self._backlog)))])

    async def _turn(self, publications: Sequence[Publication]) -> None:
        """Give every feed what was published, and every reader its frame."""
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
            frame = state.advance(entries, signals, self._clock.wall())
            if frame is not None:
                await self._walk(state.outgoing(frame))

    async def _renew(self, old: FeedState) -> None:
        """Bodies were removed: fold the feed anew from the log, and give every reader a snapshot.

        Nothing of the removed text is kept or sent again; whoever comes back from before gets a snapshot as well.
        """
        del self._feeds[old.feed]
        state = None
        try:
            state = await self._loaded(old.feed)
        except (StorageUnavailable, RecordBroken):
            logger.warning("session %s: %s can't be loaded after a removal", self.session, old.feed.name)
            return
        finally:
            if state is None:
                self._cut_off(old)  # They come back, and the feed is loaded when they do.
        state.adopt(old)
        sent = self._clock.wall()
        await self._walk(state.outgoing(state.snapshot(sent)))
        moment = state.moment(sent)
        if moment is not None:
            await self._walk(state.outgoing(moment))

    def _cut_off(self, state: FeedState) -> None:
        for reader in state.all_readers():
            if not reader.gone:
                self.unsubscribe(reader)
                reader.outlet.abort()

    async def _walk(self, served: Sequence[tuple[Outgoing, Sequence[Subscription]]]) -> None:
        for outgoing, readers in served:
            for start in range(0, len(readers), WALK):
                if start:
                    await asyncio.sleep(0)
                self._serve(outgoing, readers[start : start + WALK])

    def _serve(self, outgoing: Outgoing, readers: Sequence[Subscription]) -> None:
        """The hot path: no task, no queue and no allocation for a reader that keeps up."""
        data = outgoing.data
        for reader in readers:
            outlet = reader.outlet
            if reader.gone:
                continue
            try:
                if outlet.is_closing():
                    self.unsubscribe(reader)
                elif reader.outbox is None and not outlet.get_write_buffer_size():
                    outlet.write(data)
                else:
                    self._offer(reader, outgoing)
            except Exception as error:  # whatever a door does with it: one reader doesn't stop the others
                self._drop(reader, error)

    def _drop(self, reader: Subscription, error: Exception) -> None:
        """Cut a reader whose outlet failed; it comes back from its position."""
        note_failure(error, f"session {self.session}: a reader of {reader.feed.name} is cut")
        self.unsubscribe(reader)
        with suppress(Exception):
            reader.outlet.abort()

    def _offer(self, reader: Subscription, outgoing: Outgoing) -> None:
        outbox = reader.outbox
        if outbox is None:
            outbox = reader.outbox = Outbox()
            self._slow[reader] = None
            self._lagging.set()
        self._send(reader, outbox, outbox.offer(outgoing, reader.outlet.get_write_buffer_size()))

    def _release(self, reader: Subscription) -> None:
        if reader.outlet.is_closing():
            self.unsubscribe(reader)
        elif reader.outbox is not None:
            self._send(reader, reader.outbox, reader.outbox.release(reader.outlet.get_write_buffer_size()))

    def _send(self, reader: Subscription, outbox: Outbox, data: bytes) -> None:
        if outbox.overflown:
            self._cut += 1
            logger.info("session %s: a reader of %s was too slow and is cut", self.session, reader.feed.name)
            self.unsubscribe(reader)
            reader.outlet.abort()
        elif data:
            reader.outbox = None
            self._slow.pop(reader, None)
            reader.outlet.write(data)

    async def _sweep(self) -> None:
        """Look at the slow ones from time to time; it sleeps while there are none."""
        while True:
            await self._lagging.wait()
            await self._clock.sleep(SWEEP_MS)
            for reader in list(self._slow):
                try:
                    self._release(reader)
                except Exception as error:  # as in `_serve`
                    self._drop(reader, error)
            if not self._slow:
                self._lagging.clear()
