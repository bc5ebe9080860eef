"""A log that hubs follow, and a counting hub that follows it, for tests of the server's half of the link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, seal
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane, words_lane
from moothall.core.sessions.state import Status
from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.ports import ActTaker, ConferenceInfo, Fenced, LanesChanged, LogStatus, Pack
from moothall.services.hubs.removals import HubRemovals
from moothall.services.hubs.signals import HubSignals
from moothall.services.hubs.translating import TranslateForHub, none_translated
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LoopClock
from moothall.testing.hub_link import HubEnd, MemoryActs, MemoryRegistry, hub_link, plain_pack, plain_unpack
from moothall.testing.log_memory import MemoryLog
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.messages import FeedPart
from support.memory.spans import KeptSpans

HALL = SessionId("s")
ROOM, FRENCH = ChannelId("floor"), ChannelId("fr")
LANES = (SESSION, QUESTIONS, channel_lane(ROOM), words_lane(ROOM), channel_lane(FRENCH), words_lane(FRENCH))
MINE, BELOW = Lane("hub:kisumu"), Lane("hub:kisumu.north")
ALL = (*LANES, MINE, BELOW, Lane("hub:kisumu-2"), Lane("staff"))


class LogSource:
    """A `LinkSource` of one session, whose events the test writes."""

    def __init__(self, *, channels: Sequence[str] = (ROOM, FRENCH)) -> None:
        self.log = MemoryLog()
        self.epoch = Epoch("e1")
        self.spoken: tuple[ChannelId, ...] = ()
        self.public = True
        self.channels = tuple(channels)
        self.offers: list[wire.Offered] = [wire.Offered(session=HALL, title="Hall", status=Status.OPEN)]
        self.hole: tuple[int, int] | None = None
        """(complete through, continues after): a copy that lacks the events in between."""
        self.copy = False
        self.reads = 0
        self.to_sign: list[int] = []
        """Offsets after which a checkpoint was requested."""
        self.fails: list[Exception] = []
        """Errors that the next reads raise."""
        self._told: list[LanesChanged] = []
        self._offset = 0

    async def write(self, *lanes: Lane, size: int = 20) -> None:
        """Append an event to each lane, with `size` bytes of text."""
        await self.append([(lane, "noted", b'{"type":"noted","text":"%s"}' % (b"x" * size)) for lane in lanes])

    async def happen(self, *events: ev.AnyEvent) -> None:
        """Append these events."""
        await self.append([(event.lane(), type_name(event), encode_event(event)) for event in events])

    async def append(self, rows: Sequence[tuple[Lane, str, bytes]]) -> None:
        """Append events with these lanes, types and bodies, and notify the observers."""
        head = await self.log.acquire(HALL, self.epoch)
        heads = dict(head.lanes)
        records = []
        for n, (lane, kind, body) in enumerate(rows):
            before = heads.get(lane, LaneHead(offset=0, digest=GENESIS.hex()))
            offset = head.offset + n + 1
            header = Header(
                session=HALL,
                epoch=head.epoch,
                offset=offset,
                lane=lane,
                prev=before.offset,
                type=kind,
                at=1_000 + offset,
                role=Role.SYSTEM,
                actor="house",
                cause=CommandId(f"c-{offset}"),
                n=0,
            )
            record = seal(bytes.fromhex(before.digest), header, offset.to_bytes(SALT_BYTES, "big"), body)
            heads[lane] = LaneHead(offset=offset, digest=record.digest.hex())
            records.append(record)
        await self.log.append(HALL, head.term, head.offset, records)
        self.tell(frozenset(lane for lane, _, _ in rows))

    def tell(self, lanes: frozenset[Lane]) -> None:
        """Notify the observers of new events in these lanes."""
        for told in self._told:
            told(HALL, lanes)

    async def records(self, lanes: frozenset[Lane]) -> Sequence[LogRecord]:
        """Return all records of some lanes, including those that `hole` hides."""
        return await self.log.read(HALL, 0, 1_000_000, lanes)

    def _here(self, offset: int) -> bool:
        return self.hole is None or not self.hole[0] < offset <= self.hole[1]

    async def log_status(self, session: SessionId) -> LogStatus | None:
        if self.fails:
            raise self.fails.pop(0)
        head = await self.log.head(session)
        if head is None:
            return None
        through, begin = self.hole or (head.offset, 0)
        base = {record.header.lane: record for record in await self.log.read(session, 0, begin)}
        return LogStatus(
            epoch=head.epoch,
            offset=head.offset,
            heads=head.lanes,
            public=self.public,
            channels=self.channels,
            begin=begin,
            base={
                lane: LaneHead(offset=record.header.offset, digest=record.digest.hex())
                for lane, record in base.items()
                if record.header.offset <= begin
            },
            complete_through=through,
            copy=self.copy,
            spoken=self.spoken,
        )

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.fails:
            raise self.fails.pop(0)
        self.reads += 1
        found = await self.log.read(session, after, 1_000_000, lanes)
        return [record for record in found if self._here(record.header.offset)][:limit]

    async def sign(self, session: SessionId, behind: int) -> None:
        self.to_sign.append(behind)

    def observe(self, told: LanesChanged) -> None:
        self._told.append(told)

    async def offered(self) -> Sequence[wire.Offered]:
        if self.fails:
            raise self.fails.pop(0)
        return list(self.offers)


class Model:
    """A hub that follows a session and applies messages, checking that each event continues the one before."""

    def __init__(self, *channels: ChannelId, words: bool = False) -> None:
        self.channels = channels
        self.words = words
        self.epoch: Epoch | None = None
        self.known: list[LogRecord] = []
        self.heads: dict[Lane, LaneHead] = {}
        self.offset = 0
        self.hole = False
        self.begin = 0
        self.live: list[LogRecord] = []
        self.live_heads: dict[Lane, LaneHead] = {}
        self.base: dict[Lane, LaneHead] = {}
        self.live_offset = 0
        self.own: list[LogRecord] = []
        self.own_heads: dict[Lane, LaneHead] = {}
        self.stopped: wire.Stopped | None = None
        self.began: wire.Live | None = None
        self.caught = False
        self._asked = False

    def follow(self) -> wire.Follow:
        """Return its message `Follow`."""
        self._asked, self.caught = True, False
        return wire.Follow(
            session=HALL,
            channels=self.channels,
            words=self.words,
            epoch=self.epoch,
            known=wire.HeldEvents(offset=self.offset, heads=dict(self.heads)) if self.epoch else None,
            live=wire.HeldEvents(offset=self.live_offset, heads=dict(self.live_heads)) if self.hole else None,
            live_begin=self.begin,
            own=dict(self.own_heads),
        )

    def take(self, message: wire.ToHub) -> wire.Taken | None:
        """Apply a message; returns the acknowledgement, if it needs one."""
        match message:
            case wire.Live():
                self._begin(message)
            case wire.Batch(part=FeedPart.LIVE) if not self._asked:
                for record in plain_unpack(message.data):
                    self._add(record, live=True)
            case wire.Batch(part=FeedPart.MISSED) if not self._asked:
                for record in plain_unpack(message.data):
                    self._add(record, live=False)
                self._join()
                return wire.Taken(session=HALL, number=message.number)
            case wire.Batch(part=FeedPart.OWN) if not self._asked:
                for record in plain_unpack(message.data):
                    _follows(self.own_heads, record)
                    self.own.append(record)
            case wire.Caught():
                assert not self.hole
                self.caught = True
            case wire.Stopped():
                self.stopped = message
            case _:
                pass
        return None

    def _begin(self, told: wire.Live) -> None:
        assert self._asked
        self._asked, self.began = False, told
        if self.epoch != told.epoch:
            self.epoch, self.known, self.heads, self.offset, self.hole = told.epoch, [], {}, 0, False
            self.own, self.own_heads = [], {}
        if told.goes_on:
            assert (self.hole, told.begin, told.heads) == (True, self.live_offset, self.live_heads)
        elif told.missed:
            self.hole, self.live, self.begin, self.live_offset = True, [], told.begin, told.begin
            self.base, self.live_heads = dict(told.heads), dict(told.heads)
        else:
            assert told.heads == self.heads
            self.hole, self.live, self.offset = False, [], max(self.offset, told.begin)

    def _add(self, record: LogRecord, *, live: bool) -> None:
        at = record.header.offset
        if live and self.hole:
            assert at > self.live_offset
            _follows(self.live_heads, record)
            self.live.append(record)
            self.live_offset = at
        else:
            assert at > self.offset
            assert live or not self.hole or at <= self.begin
            _follows(self.heads, record)
            self.known.append(record)
            self.offset = at

    def _join(self) -> None:
        if self.hole and self.heads == self.base:
            self.known += self.live
            self.heads, self.offset, self.hole, self.live = self.live_heads, self.live_offset, False, []


def _follows(heads: dict[Lane, LaneHead], record: LogRecord) -> None:
    header = record.header
    before = heads.get(header.lane)
    assert header.prev == (0 if before is None else before.offset)
    heads[header.lane] = LaneHead(offset=header.offset, digest=record.digest.hex())


HELLO = wire.HubHello(protocol=wire.PROTOCOL, node="0123456789abcdef", release="0.2", wall=0)


class Centre:
    """The server's links of hubs over one log."""

    def __init__(
        self,
        source: LogSource | None = None,
        *,
        pack: Pack = plain_pack,
        path: str = "",
        acts: ActTaker | None = None,
        translate: TranslateForHub = none_translated,
    ) -> None:
        self.source = source or LogSource()
        self.registry = MemoryRegistry()
        self.acts = MemoryActs()
        self.clock = LoopClock()
        self.removals = HubRemovals(book=MemoryBook(), read=self.source.log.read, clock=self.clock)
        self.signals, self.spans = HubSignals(), KeptSpans()
        self.links = HubLinks(
            self.source,
            acts or self.acts,
            self.registry,
            self.clock,
            pack=pack,
            about=lambda: ConferenceInfo(keys=b"{}", zone="Africa/Nairobi", address="https://hall.example.org"),
            above=("centre",),
            path=path,
            removals=self.removals,
            signals=self.signals,
            translate=translate,
            tracing=self.spans,
        )
        self.identity = self.registry.pair("kisumu", "key-1")
        self.group: asyncio.TaskGroup | None = None

    async def dial(self, hello: wire.FromHub | None = HELLO, *, room: int = 4, key: str = "key-1") -> HubEnd:
        """Dial as the hub that has this key; returns its end of the link."""
        hub, ours = hub_link(room)
        assert self.group is not None
        identity = self.registry.of_key(key)
        assert identity is not None
        assert not isinstance(identity, Fenced)
        self.group.create_task(self.links.serve(ours, identity))
        if hello is not None:
            await hub.send(hello)
        return hub


@asynccontextmanager
async def centre(made: Centre | None = None) -> AsyncIterator[Centre]:
    """Run the links."""
    running = made or Centre()
    async with asyncio.TaskGroup() as group:
        running.group = group
        yield running
        running.links.close()


async def next_of(hub: HubEnd, *kinds: type[wire.ToHub]) -> wire.ToHub:
    """Return the next message of these kinds; pulses, programmes and all others are dropped."""
    while not isinstance(message := await hub.receive(), kinds):
        assert message is not None, hub.closed
    return message


async def ended(hub: HubEnd) -> int:
    """Wait until the server ends the link; returns the close code."""
    while await hub.receive() is not None:
        pass
    assert hub.closed is not None
    return int(hub.closed[0])


async def listen(hub: HubEnd, model: Model, *, until_quiet_ms: int = 3_000) -> None:
    """Feed messages to the model until only pulses and programmes arrived for `until_quiet_ms`."""
    while True:
        try:
            async with asyncio.timeout(until_quiet_ms / 1000):
                while isinstance(message := await hub.receive(), wire.HubPulse | wire.HubProgramme):
                    pass
        except TimeoutError:
            return
        if message is None:
            return
        if (answer := model.take(message)) is not None:
            await hub.send(answer)


def opened(segment: str, channel: ChannelId = ROOM) -> le.SegmentOpened:
    """Return the beginning of a line."""
    return le.SegmentOpened(channel=channel, segment=SegmentId(segment), language="en", t0=0, origin=le.Origin.MACHINE)


def finished(segment: str, channel: ChannelId = ROOM) -> le.SegmentEnded:
    """Return the end of a line, with its text."""
    return le.SegmentEnded(channel=channel, segment=SegmentId(segment), t1=1, reason=le.EndReason.SENTENCE, text="Yes.")
