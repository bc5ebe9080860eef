"""A session's page in a browser, with the real doors and fan-out, and a meeting whose events the test writes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from moothall.adapters.displays.display_door import DisplayDoor
from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.error_pages import error_pages
from moothall.adapters.pages.own_pages import own_pages_only
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.front_page import FrontPage
from moothall.adapters.reading.languages_door import LanguagesDoor
from moothall.adapters.reading.low_data_door import LowDataDoor
from moothall.adapters.reading.page_door import PageDoor
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.reading.reports_door import ReportsDoor
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.record.citing_door import CitingDoor
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.signals import AnySignal, Partial
from moothall.core.views.captions import CaptionsView, Line, Snapshot
from moothall.services.log.publication import Publication
from moothall.services.reading.fanout import SessionFanout
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess, ReadSession
from moothall.services.sessions.records import NotThere, Records
from moothall.services.sessions.reports import Reports
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.log_memory import MemoryLog
from moothall.testing.visitors import visitor_context
from support.links.site import Site
from support.sessions.recorder import MORNING, Recorder

FLOOR = ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "scripted")
CAPTIONER = Actor(Role.CAPTIONER, "c1")


def opened(
    segment: str, t0: int = 0, *, language: str = "en", speaker: str = "", origin: le.Origin = le.Origin.MACHINE
) -> le.SegmentOpened:
    return le.SegmentOpened(
        channel=FLOOR,
        segment=SegmentId(segment),
        t0=t0,
        language=language,
        origin=origin,
        speaker=SpeakerId(speaker) if speaker else None,
    )


def words(segment: str, first: int, text: str) -> le.WordsCommitted:
    """Return the commit of the words of `text`, each with the space before it."""
    said = tuple(le.Word(f" {word}", 0, 0) for word in text.split())
    return le.WordsCommitted(channel=FLOOR, segment=SegmentId(segment), first=first, words=said)


def ended(segment: str, text: str, t1: int = 900) -> le.SegmentEnded:
    return le.SegmentEnded(
        channel=FLOOR, segment=SegmentId(segment), t1=t1, reason=le.EndReason.SENTENCE, text=f" {text}"
    )


def corrected(segment: str, text: str, revision: int = 0) -> le.SegmentCorrected:
    return le.SegmentCorrected(
        channel=FLOOR, segment=SegmentId(segment), base_revision=revision, base_words=1, text=text, tail=""
    )


def partial(segment: str, first: int, text: str, language: str = "en") -> Partial:
    return Partial(channel=FLOOR, segment=SegmentId(segment), first=first, text=f" {text}", language=language)


class Stage:
    """One session of a running server."""

    def __init__(self) -> None:
        self.address = ""
        self.clock = ManualClock(wall=MORNING)
        self.refusing = False
        """Whether streams of events are refused with 503, as by a server that is shutting down."""
        self.reports = Reports(clock=self.clock, randomness=SeededRandomness(), readers=lambda _: 210)
        self.low_data_readers = 10
        """The capacity of the low-data door, in readers."""
        self.zone = UTC_ZONE
        self.offered: tuple[str, ...] = ()
        """Languages whose translation readers may request."""
        self.asked: list[str] = []
        """Paths with queries of all requests for streams and for pages of lines."""
        self._recorder = Recorder()
        self._log = MemoryLog()
        self._term = 0
        self._fanout: SessionFanout | None = None
        self._streams: set[asyncio.Transport] = set()
        self._count = 0

    @property
    def session(self) -> SessionId:
        return self._recorder.session

    @property
    def page(self) -> str:
        """The page's address."""
        return f"{self.address}/s/{self.session}"

    @property
    def fanout(self) -> SessionFanout:
        assert self._fanout is not None
        return self._fanout

    @property
    def offset(self) -> int:
        """Offset of the newest event."""
        return self._recorder.offset

    @property
    def position(self) -> str:
        """The present position, as addresses name it."""
        return f"{self._recorder.epoch}:{self.offset}"

    def cut(self) -> None:
        """Cut every stream, as a bad connection does."""
        for transport in self._streams:
            transport.abort()
        self._streams.clear()

    async def begin(self, *events: ev.AnyEvent) -> None:
        """Store the events that are in the log before the server starts."""
        head = await self._log.acquire(self.session, self._recorder.epoch)
        self._term = head.term
        await self._store(events, ENGINE)
        self._fanout = SessionFanout(
            session=self.session,
            epoch=self._recorder.epoch,
            offset=self.offset,
            loaded_channels=[event.channel for event in events if isinstance(event, ev.ChannelAdded)],
            log=self._log,
            clock=self.clock,
        )

    async def _store(self, events: Sequence[ev.AnyEvent], by: Actor) -> tuple[LogRecord, ...]:
        before = self.offset
        records = tuple(self._recorder.record(event, by) for event in events)
        await self._log.append(self.session, self._term, before, records)
        return records

    async def say(self, *events: ev.AnyEvent, signals: Sequence[AnySignal] = (), by: Actor = ENGINE) -> None:
        """Append and publish these events and signals together; signals alone are published without records."""
        records = await self._store(events, by) if events else ()
        self.fanout.publish(Publication(session=self.session, records=records, events=events, signals=tuple(signals)))

    async def lines(self, count: int, text: str = "This is line number {n} of the meeting, as it was said.") -> None:
        """Publish `count` finished lines, 4 s apart, at once."""
        events: list[ev.AnyEvent] = []
        for n in range(self._count, self._count + count):
            events += [opened(f"s{n}", n * 4_000), ended(f"s{n}", text.format(n=n), n * 4_000 + 3_500)]
        self._count += count
        await self.say(*events)

    async def remove(self, *offsets: int) -> None:
        """Erase the bodies of events."""
        event = ev.BodyRemoved(offsets=offsets, reason="request", by="staff-1")
        before = self.offset
        record = self._recorder.record(event)
        await self._log.remove(self.session, self._term, before, offsets, [record])
        self.fanout.publish(Publication(session=self.session, records=(record,), events=(event,)))

    # The callbacks of the doors

    async def find(self, session: SessionId) -> SessionFanout | None:
        return self._fanout if session == self.session else None

    async def view(self, session: SessionId, feed: Feed) -> CaptionsView | None:
        fanout = await self.find(session)
        view = None if fanout is None else await fanout.view(feed)
        return None if isinstance(view, Refusal) else view

    async def snapshot_of(self, session: SessionId, feed: Feed) -> Snapshot | None:
        view = await self.view(session, feed)
        return None if view is None else view.snapshot()

    async def page_of(self, session: SessionId, feed: Feed, before: int) -> tuple[Line, ...] | None:
        view = await self.view(session, feed)
        return None if view is None else view.page(before)

    async def number_of(self, session: SessionId, feed: Feed, segment: SegmentId) -> int | None:
        view = await self.view(session, feed)
        return None if view is None else view.number(segment)

    async def want(self, _: SessionId, language: str) -> ChannelId | Refusal:
        """Add a channel for another translation."""
        channel = ChannelId(f"mt-{language}")
        kind, asked = ev.ChannelKind.TRANSLATION, self.clock.wall()
        await self.say(ev.ChannelAdded(channel=channel, kind=kind, languages=(language,), requested=asked))
        return channel

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run the server for the duration of the context, on a free port of this machine."""

        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.endswith(("/events", "/low", "/lines")):
                return await handler(request)
            self.asked.append(request.path_qs)
            if request.path.endswith(("/events", "/low")):
                if self.refusing:
                    return web.Response(status=503)
                assert request.transport is not None
                self._streams.add(request.transport)
            return await handler(request)

        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        readers = Readers(
            find=self.find,
            may_read=lambda session: None,
            clock=self.clock,
            randomness=SeededRandomness(),
            origins=frozenset(),
        )
        events, low = EventsDoor(readers), LowDataDoor(readers, most=self.low_data_readers)
        templates = Pages(find_web_folder(), zone=lambda: self.zone)
        pages = PageDoor(
            templates,
            clock=self.clock,
            snapshot_of=self.snapshot_of,
            page_of=self.page_of,
            number_of=self.number_of,
            offered=lambda _: self.offered,
            instead=lambda _, channel: self.fanout.instead(channel),
        )
        languages = LanguagesDoor(
            visitor_context(templates, self.clock, self.snapshot_of),
            offered=lambda _: self.offered,
            want=self.want,
        )
        application = web.Application(
            middlewares=[error_pages(templates), own_pages_only(templates, frozenset({self.address})), watch]
        )
        secure(application)
        reporting = ReportsDoor(visitor_context(templates, self.clock, self.snapshot_of), self.reports)
        shown = DisplayDoor(
            templates, clock=self.clock, snapshot_of=self.snapshot_of, public="https://hall.example.org", framers=("*",)
        )
        front = FrontPage(templates, clock=self.clock, listed=SessionCatalogue(self._log).listed)
        citing = CitingDoor(_StageRecords(self, self._log), templates)
        for door in (pages, events, low, reporting, languages, shown, front, citing):
            application.add_routes(door.routes())
        application.router.add_get("/asking-worker.js", _worker)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each.run()) for each in (self.fanout, low)]
            await runner.setup()
            await Site(runner, listener).start()
            try:
                yield
            finally:
                self.cut()
                await events.close()
                await low.close()
                await reporting.close()
                await runner.cleanup()
                for task in running:
                    task.cancel()


class _Nowhere:
    """No sessions: the stage finds its own."""

    async def find(self, session: SessionId) -> ReadSession | None:
        return None

    def loaded(self, session: SessionId) -> ReadSession | None:
        return None


class _StageRecords(Records):
    """The records of the stage's session."""

    def __init__(self, on: Stage, log: MemoryLog) -> None:
        super().__init__(ReaderAccess(_Nowhere()), log)
        self._on = on

    async def find(
        self, session: SessionId, *, channel: ChannelId | None = None, language: str | None = None
    ) -> Snapshot | NotThere:
        return await self._on.snapshot_of(session, Feed(channel or FLOOR)) or NotThere.CHANNEL


@asynccontextmanager
async def stage(
    *more: ev.AnyEvent,
    title: str = "Plenary",
    begun: bool = True,
    low_data_readers: int = 10,
    zone: Zone = UTC_ZONE,
) -> AsyncIterator[Stage]:
    """Run a server with one session, whose log has `more` after its first events."""
    acting = Stage()
    acting.low_data_readers, acting.zone = low_data_readers, zone
    beginning: list[ev.AnyEvent] = [
        ev.SessionCreated(title=title, languages=("en", "ar")),
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "ar")),
    ]
    if begun:
        beginning.append(ev.SessionOpened(wall=MORNING))
    await acting.begin(*beginning, *more)
    async with acting.serving():
        yield acting


async def _worker(_: web.Request) -> web.Response:
    """Answer with an empty script: nobody asks questions here, but pages fetch it once they are open for long."""
    return web.Response(text="", content_type="text/javascript")
