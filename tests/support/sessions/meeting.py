"""A session's publications as its writer would make them, without the writer."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal, Partial
from moothall.services.log.publication import Publication
from moothall.services.metrics.measures import Measures
from moothall.services.reading.fanout import SessionFanout
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode
from moothall.wire.reader import Outcome, Reader
from support.sessions.recorder import Recorder

FLOOR = ChannelId("floor")
LIVE = Feed(FLOOR)
LINES = Feed(FLOOR, live=False)
ENGINE = Actor(Role.ENGINE, "scripted")


def partial(text: str, segment: str = "s1", first: int = 0, channel: ChannelId = FLOOR) -> Partial:
    return Partial(channel=channel, segment=SegmentId(segment), first=first, text=text, language="en")


def opened(segment: str, t0: int = 0) -> le.SegmentOpened:
    return le.SegmentOpened(channel=FLOOR, segment=SegmentId(segment), t0=t0, language="en", origin=le.Origin.MACHINE)


def words(segment: str, first: int, *texts: str) -> le.WordsCommitted:
    said = tuple(le.Word(text, 100 * (first + n), 100 * (first + n + 1)) for n, text in enumerate(texts))
    return le.WordsCommitted(channel=FLOOR, segment=SegmentId(segment), first=first, words=said)


def ended(segment: str, text: str) -> le.SegmentEnded:
    return le.SegmentEnded(channel=FLOOR, segment=SegmentId(segment), t1=900, reason=le.EndReason.SENTENCE, text=text)


class Meeting:
    """A log and its recorder; makes fan-outs that follow the log."""

    def __init__(self, log: MemoryLog | None = None, session: str = "plenary") -> None:
        self.recorder = Recorder(SessionId(session))
        self.log = log or MemoryLog()
        self.clock = ManualClock()
        self.lines = 0
        self._term = 0

    @property
    def session(self) -> SessionId:
        return self.recorder.session

    async def open(self, *channels: str, access: ev.Access = ev.Access.PUBLIC) -> None:
        """Create the session with its channels, and open it."""
        head = await self.log.acquire(self.session, self.recorder.epoch)
        self._term = head.term
        await self.store(
            ev.SessionCreated(title="Plenary", languages=("en", "de"), access=access),
            *[
                ev.ChannelAdded(channel=ChannelId(name), kind=ev.ChannelKind.FLOOR, languages=("en",))
                for name in channels or ("floor",)
            ],
            ev.SessionOpened(wall=1_764_000_000_000),
        )

    async def store(self, *events: ev.AnyEvent, signals: Sequence[AnySignal] = (), by: Actor = SYSTEM) -> Publication:
        """Make events durable; returns the publication, which is still to be published."""
        before = self.recorder.offset
        records = tuple(self.recorder.record(event, by) for event in events)
        await self.log.append(self.session, self._term, before, records)
        return Publication(session=self.session, records=records, events=events, signals=tuple(signals))

    async def remove(self, *offsets: int) -> Publication:
        event = ev.BodyRemoved(offsets=offsets, reason="request", by="staff-1")
        before = self.recorder.offset
        record = self.recorder.record(event)
        await self.log.remove(self.session, self._term, before, offsets, [record])
        return Publication(session=self.session, records=(record,), events=(event,))

    async def line(self) -> Publication:
        """Store a short finished line of three events."""
        self.lines += 1
        name, text = f"s{self.lines}", f" line {self.lines}."
        return await self.store(opened(name), words(name, 0, " line", f" {self.lines}."), ended(name, text), by=ENGINE)

    async def fanout(self, measures: Measures | None = None) -> SessionFanout:
        """Return a fan-out that starts at the log's end."""
        records = await self.log.read(self.session, 0, 1_000_000)
        bodies = [decode_event(record.body) for record in records if record.body is not None]
        return SessionFanout(
            session=self.session,
            epoch=self.recorder.epoch,
            offset=self.recorder.offset,
            loaded_channels=[body.channel for body in bodies if isinstance(body, ev.ChannelAdded)],
            log=self.log,
            clock=self.clock,
            measures=measures,
        )

    async def truth(self, feed: Feed = LIVE) -> Reader:
        """Return a reader that has received every event of the log."""
        fanout = await self.fanout()
        view = await fanout.view(feed)
        assert not isinstance(view, Refusal)
        return Reader(feed=feed, view=view)


def frames_of(stream: bytes) -> list[Received]:
    """Return the frames in the bytes of an event stream without chunks."""
    return [decode(event.data) for event in EventStream().feed(stream)]


def read(stream: bytes, reader: Reader) -> Reader:
    """Return `reader` after the stream, which must not have a hole."""
    for frame in frames_of(stream):
        reader, outcome = reader.take(frame)
        assert outcome is not Outcome.LOSS
    return reader
