"""One session on one hub's link: live events, missed events, and the hub's own lanes, each read from the log on demand.

Nothing is queued in memory: each part is a cursor into the log, and a batch is made when the link can take it. So a hub
that stalls costs nothing, and what was removed from the log meanwhile isn't sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.kernel.lanes import hub_lane
from moothall.core.signals import StandIn, Summary
from moothall.services.hubs.beginning import Differs, HubBeginning, begin, differs
from moothall.services.hubs.cursor import PAGE, LaneCursor, Torn, weight, within
from moothall.services.hubs.ports import LinkSource, LogStatus, Pack
from moothall.services.hubs.signals import usual
from moothall.wire.hubs.messages import WINDOW_BYTES, Batch, Caught, FeedPart, Follow, Live, Signalled, Stopped

GATHER_MS = 800
"""Live events within this time after a batch are sent together, so that a correction reaches a hub within a second."""
LIVE_BYTES = 64 << 10
"""Most bytes of a live batch before packing: packed it fits into a frame in any case."""
MISSED_BYTES = WINDOW_BYTES // 3
"""Intended size of a packed batch of missed events: three of them fill the window."""
FEWEST_PACKED, MOST_PACKED = MISSED_BYTES, 16 * MISSED_BYTES
"""Bounds of the bytes that go into a batch of missed events before packing."""

CLOSED = "There is no such meeting here, or it isn't open to everybody."
WAIT_MS = 10_000
"""How long deferrable events (`deferrable`) wait at most."""


class Feeding:
    """Makes the batches of one session for one hub. Call `begin` first; only one task may use it."""

    def __init__(self, source: LinkSource, pack: Pack, follow: Follow, hub: str) -> None:
        """`hub` is the hub's path from the centre, by which its own lane is named."""
        self.follow = follow
        self.waits = False
        """Whether it can't begin yet; it tries again when the log has new events."""
        self.answered = False
        """Whether the hub's `Follow` was answered, by where it begins or by why it can't."""
        self.looks = False
        """Whether `stays_open` has to be called."""
        self.begun: Live | None = None
        self._source = source
        self._pack = pack
        self._hub = hub
        self._live = self._missed = self._own = LaneCursor(source, follow.session, frozenset(), {})
        self._own_also: frozenset[Lane] = frozenset()
        self._live_news = self._own_news = self._missed_news = False
        self._live_sent: int | None = None
        self._held_since: int | None = None
        """When the queue last began to hold only deferrable events (`deferrable`)."""
        self._through = 0
        self._caught = True
        self._number = 0
        # Bound: WINDOW_BYTES altogether, on one link.
        self._on_way: deque[tuple[int, int]] = deque()
        self._ratio = 4.0
        """Compression ratio of the last batch of missed events."""
        self._hears: frozenset[str] = frozenset()
        """The channels whose signals the hub receives."""
        self._told: dict[str, Summary] = {}
        """The last signals sent, by key."""
        self._needs = 0
        """Free bytes that the next batch of missed events needs at least."""

    @property
    def on_way(self) -> int:
        """Bytes of missed events that are in flight: sent, and not acknowledged by the hub."""
        return sum(size for _, size in self._on_way)

    @property
    def whole(self) -> bool:
        """Whether the hub has everything that it follows, deferrable events aside."""
        if self.begun is None:
            return self.waits  # The session has no log yet.
        return self._caught and not self._live_news and not self._on_way

    def notify(self, lanes: frozenset[Lane]) -> bool:
        """Note that the log has new events in these lanes. Return whether the hub follows any of them."""
        if self.begun is None:
            again = self.waits
            self.waits = False
            return again
        own = self._own_lanes(lanes)
        if own:
            self._own_also |= own - self._own.lanes
            self._own_news = True
        if lanes & self._live.lanes:
            self._live_news = self._missed_news = True
        return bool(own) or bool(lanes & self._live.lanes)

    def taken(self, number: int) -> None:
        """Note the hub's acknowledgement that it has stored all batches of missed events up to this number."""
        while self._on_way and self._on_way[0][0] <= number:
            self._on_way.popleft()

    async def begin(self, *, offered: bool) -> Live | Stopped | None:
        """The answer to the hub's `Follow`; None while there is none yet, and then `waits` is set.

        `offered`: whether the session is in the programme for hubs, so that a log is to be expected. Raises what the
        source raises, and Torn.
        """
        self.waits = True  # Before anything is read, so that news meanwhile isn't lost.
        log_status = await self._source.log_status(self.follow.session)
        if log_status is None and offered:
            return None
        if log_status is None or not log_status.public:
            return Stopped(session=self.follow.session, message=CLOSED)
        found = await begin(self._source, log_status, self.follow, self._pack)
        own = await self._own_differs(log_status)
        if isinstance(found, Differs) or own is not None:
            wrong = found if isinstance(found, Differs) else own
            assert wrong is not None  # noqa: S101  # one of the two is
            return Stopped(session=self.follow.session, message=wrong.message, lane=wrong.lane, offset=wrong.offset)
        if found is None:
            return None
        self._start(found, log_status)
        if found.live.missed:
            await self._source.sign(self.follow.session, found.live.begin)
        return found.live

    def look_again(self) -> None:
        """Note that the programme for hubs has changed, so that this session may have been opened or closed to hubs."""
        self.waits, self.looks = False, self.begun is not None

    async def stays_open(self, *, offered: bool) -> bool:
        """Whether everybody may still read the session. Raises as `begin` does.

        `offered`: whether the session is in the programme for hubs; a copy that is being fetched anew is absent for a
        while.
        """
        self.looks = False
        log_status = await self._source.log_status(self.follow.session)
        if log_status is not None and self.begun is not None and log_status.epoch != self.begun.epoch:
            raise Torn(_begun_anew(self.follow.session))
        return offered if log_status is None else log_status.public

    def live_due(self) -> int | None:
        """When the next live batch is due, in ms of the monotonic clock (0: at once); None while there is nothing to
        send.
        """
        if self._live_news:
            return 0 if self._live_sent is None else self._live_sent + GATHER_MS
        return None if self._held_since is None else self._held_since + WAIT_MS

    async def live(self, now: int) -> Batch | None:
        """The next live batch; None when there is nothing to send yet. Raises as `begin` does.

        Deferrable events go with the next event that is not, or alone after `WAIT_MS`.
        """
        self._live_news = False
        page = await self._live.read()
        records = within(page, LIVE_BYTES)
        if not records:
            return None
        if all(deferrable(record, words=self.follow.words) for record in page):
            self._held_since = now if self._held_since is None else self._held_since
            if now < self._held_since + WAIT_MS:
                return None
        self._held_since = None
        batch = self._batch(self._live, FeedPart.LIVE, records)
        self._live_sent = now
        if len(records) < len(page) or len(page) == PAGE:
            self._live_news, self._live_sent = True, None  # The rest is due at once.
        return batch

    def signal(self, known: Mapping[str, Summary]) -> Signalled | None:
        """The next signal of which the hub knows another value; None when it is up to date. `known`: the signals that
        differ from the usual.
        """
        if self.begun is None:
            return None
        over = {key: usual(signal) for key, signal in self._told.items()}
        for key, signal in {**over, **known}.items():
            if self._concerns(signal) and self._told.get(key, usual(signal)) != signal:
                self._told[key] = signal
                return Signalled(session=self.follow.session, signal=signal)
        return None

    def _concerns(self, signal: Summary) -> bool:
        """Whether the hub's readers can use the signal: it must not refer them to a channel that the hub lacks."""
        instead = signal.instead if isinstance(signal, StandIn) else None
        return signal.channel in self._hears and (instead is None or instead in self._hears)

    async def own(self) -> Batch | None:
        """The next batch of the lanes of the hub itself and of the hubs below it; None when there is nothing new.
        Raises as `live` does.
        """
        self._own_news = False
        if self._own_also:
            self._own.follow_also(self._own_also)
            self._own_also = frozenset()
        page = await self._own.read()
        records = within(page, LIVE_BYTES)
        if not records:
            return None
        self._own_news = True
        return self._batch(self._own, FeedPart.OWN, records)

    @property
    def has_own(self) -> bool:
        """Whether `own` may have something to send."""
        return self._own_news

    def may_miss(self, room: int) -> bool:
        """Whether missed events may be sent now that the window has `room` free bytes."""
        return not self._caught and self._missed_news and room >= self._needs

    async def missed(self, room: int) -> Batch | Caught | None:
        """The next batch of missed events, as far as the free bytes `room` allow; once, after the last, `Caught`; else
        None. Raises as `live` does.

        A batch is larger than `room` only where nothing else is in flight.
        """
        log_status = await self._source.log_status(self.follow.session)
        self._missed_news = False
        if log_status is None or self._caught:
            return None
        page = await self._missed.read(min(self._through, log_status.through))
        if not page:
            if log_status.through < self._through:
                return None  # The copy here lacks the rest too; `notify` is called when it arrives.
            self._caught = True
            return Caught(session=self.follow.session)
        most = min(max(FEWEST_PACKED, round(MISSED_BYTES * self._ratio)), MOST_PACKED)
        records = within(page, most)
        self._missed_news = True
        data = self._packed(self._missed, records)
        while len(data) > 2 * MISSED_BYTES and len(records) > 1:  # It compresses worse than the batch before.
            records = records[: len(records) // 2]
            data = self._packed(self._missed, records)
        if len(data) > room and room < WINDOW_BYTES:
            self._needs = min(len(data), WINDOW_BYTES)
            return None
        self._needs = 0
        self._ratio = weight(records) / max(1, len(data))
        self._missed.take(records)
        self._number += 1
        self._on_way.append((self._number, len(data)))
        return Batch(session=self.follow.session, part=FeedPart.MISSED, number=self._number, data=data)

    def _start(self, found: HubBeginning, log_status: LogStatus) -> None:
        source, session = self._source, self.follow.session
        self.begun, self.waits = found.live, False
        self._hears = frozenset((*found.live.channels, *log_status.spoken))
        self._live = LaneCursor(source, session, found.lanes, found.live.heads, found.live.begin)
        self._missed = LaneCursor(source, session, found.lanes, found.missed_from)
        self._through, self._caught = found.missed_through, not found.live.missed
        held = self.follow.own if self.follow.epoch == log_status.epoch else {}
        # The hub may have a lane that the copy here doesn't have yet.
        self._own = LaneCursor(source, session, self._own_lanes(frozenset({**log_status.heads, **held})), held)
        self._live_news = self._missed_news = self._own_news = True

    async def _own_differs(self, log_status: LogStatus) -> Differs | None:
        if self.follow.epoch != log_status.epoch:
            return None
        lanes = self._own_lanes(frozenset(self.follow.own))
        if log_status.copy:
            # A copy may be behind the hub: such lanes aren't compared, and resume once their events are here.
            lanes = frozenset(lane for lane in lanes if self.follow.own[lane].offset <= _end_of(log_status, lane))
        whole = msgspec.structs.replace(log_status, begin=0)  # Only public lanes can have a hole.
        return await differs(self._source, whole, self.follow.session, lanes, self.follow.own)

    def _own_lanes(self, lanes: frozenset[Lane]) -> frozenset[Lane]:
        mine = hub_lane(self._hub)
        return frozenset(lane for lane in lanes if lane == mine or lane.startswith(f"{mine}."))

    def _batch(self, cursor: LaneCursor, part: FeedPart, records: Sequence[LogRecord]) -> Batch:
        data = self._packed(cursor, records)
        cursor.take(records)
        return Batch(session=self.follow.session, part=part, data=data)

    def _packed(self, cursor: LaneCursor, records: Sequence[LogRecord]) -> bytes:
        begun = self.begun
        assert begun is not None  # noqa: S101  # nothing is packed before `_start`
        if any(record.header.epoch != begun.epoch for record in records):
            raise Torn(_begun_anew(self.follow.session))
        return self._pack(records, session=self.follow.session, epoch=begun.epoch, heads=cursor.heads)


def _end_of(log_status: LogStatus, lane: Lane) -> int:
    head = log_status.heads.get(lane)
    return 0 if head is None else head.offset


def _begun_anew(session: SessionId) -> str:
    return f"The log of session {session} was begun anew."


def deferrable(record: LogRecord, *, words: bool) -> bool:
    """Whether people see nothing of this event by itself, so that it can wait for the next one and save a frame.
    `words`: whether the hub follows words as they come.

    A frame costs 30 bytes for WebSocket and TLS, and a batch also what its first event can't infer. A hub that follows
    finished lines alone shows nothing of a line before its end, so the opening is sent with the end: that saves a fifth
    of the line's bytes.
    """
    return record.header.type == "clock.mapped" or (not words and record.header.type == "segment.opened")
