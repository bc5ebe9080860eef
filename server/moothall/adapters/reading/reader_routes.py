"""What the readers' doors share: the checks before they open (who reads which session and feed, from which position),
and the way a reader follows the feed.
"""

from __future__ import annotations

import logging
import socket
from asyncio import Transport
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from moothall.adapters.http.admission import Admission, has_begun
from moothall.adapters.http.forwarded import AddressOf, own_origins, remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.security_headers import origin_allowed
from moothall.adapters.http.slots import NoSlot, Slot, Slots
from moothall.adapters.pages.error_pages import crowded_page
from moothall.adapters.pages.templates import Pages
from moothall.core.kernel.errors import NO_SESSION, RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, Position, SessionId, is_name
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock, Randomness
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.views.captions import CaptionsView
from moothall.services.metrics.measures import Measures
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import Outlet, Subscription
from moothall.services.sessions.reader_access import ASKER
from moothall.services.sessions.staff import Staff
from moothall.services.supervision.supervising import note_failure
from moothall.wire.close_codes import CloseCode
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, Received, decode

logger = logging.getLogger(__name__)

FindFanout = Callable[[SessionId], Awaitable[SessionFanout | None]]
"""Returns a session's fan-out, loading it when necessary; None for an unknown session."""
MayRead = Callable[[SessionId], Refusal | None]
"""Decides whether a session that exists may be read; returns None, or a refusal that says why not."""

MAX_READERS = 10_000
"""The most readers of one process: 60 % of a core at 6 writes a second each, which cost 10 µs
(docs/adr/0005-sse-first-and-ready-frames.md).
"""
NOTSENT_LOWAT = 16 << 10
"""How many unsent bytes the kernel may hold. Without this limit a stalled reader shows only after thousands of
captions.
"""
USER_TIMEOUT_MS = 60_000
"""How many ms sent bytes, or the kernel's own probes, may stay unacknowledged before the kernel gives the connection
up.
"""
PAIR_MS = 60_000
"""How many ms two connections may share one slot. A page tries a new connection for some seconds, then closes one of
them.
"""
PROBE_S = 30
"""After how many seconds without data the kernel probes a connection, and how often it does from then on."""


STREAMS = frozenset(f"/s/{{session}}/{name}" for name in ("events", "ws", "poll", "low", "text"))
"""Routes at which a reader begins to follow a text, with low data too."""
BEGINNINGS = STREAMS | {"/s/{session}"}
"""Routes that a whole hall requests at once when its connection returns, or when a meeting begins."""


def visitor_gate(
    clock: Clock,
    randomness: Randomness,
    pages: Pages,
    address_of: AddressOf = remote_address,
    refused: Counter[str] | None = None,
) -> Middleware:
    """The middleware that admits readers who begin by what that costs, and limits the rate of all other requests of an
    address.

    `refused`: counts the requests that were refused.
    """
    counted = Counter[str]() if refused is None else refused
    crowded = crowded_page(pages)
    others = AddressGate(clock, randomness, refused=counted).middleware(address_of, crowded)
    return Admission(randomness, counted).middleware(address_of, BEGINNINGS, others, crowded)


class ReadableText(msgspec.Struct, frozen=True):
    """A text that may be read."""

    fanout: SessionFanout
    feed: Feed
    view: CaptionsView
    """The present content of the feed."""


class ReaderRequest(msgspec.Struct, frozen=True):
    """A reader's request that has passed all checks."""

    presence: ReaderPresence
    fanout: SessionFanout
    feed: Feed
    view: CaptionsView
    """The present content of the feed."""
    after: Position | None
    aside: bool = False
    """Whether the reader is a microphone page that reads along, which doesn't count as a reader."""
    reader: str = ""
    """The name that the reader gave itself (`Readers.enter`); empty when it gave none."""

    async def subscribe(self, outlet: Outlet, form: Format) -> Subscription | Refusal:
        """Have the fan-out write to `outlet`, beginning with at least a pulse. Raises what `SessionFanout.subscribe`
        raises.
        """
        return await self.fanout.subscribe(
            outlet, self.feed, form, self.after, reader=self.reader, aside=self.aside, pulse=True
        )

    async def follow(self, outlet: Outlet, form: Format, ended: Awaitable[None]) -> None:
        """Have the fan-out write to `outlet` until `ended` completes. Returns at once when the session has no such
        text.
        """
        subscription = await self.subscribe(outlet, form)
        if isinstance(subscription, Refusal):
            return
        try:
            await ended
        finally:
            self.fanout.unsubscribe(subscription)


class DoorRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a door refuses a reader, as HTTP and as WebSocket report it."""

    status: int
    code: CloseCode
    message: str
    """A sentence for the reader."""
    retry_after: int | None = None
    """Seconds; None when trying again is of no use."""

    def response(self) -> web.Response:
        """The refusal as an HTTP answer in plain text."""
        headers = {"Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return web.Response(status=self.status, text=self.message + "\n", headers=headers)


class CountOnline(Protocol):
    """Counts who follows a session, for its attendance report."""

    def come(self, session: SessionId, who: str, language: str, page: str = "") -> Callable[[], None]:
        """Note that a browser begins to read a text in a language; `who` is its own, and so is `page`, by which it may
        be known already. Return what to call when it leaves.
        """
        ...

    def not_counted(self, session: SessionId) -> None:
        """Note that somebody reads who can't be counted."""
        ...


ReaderKind = tuple[str, str, str]
"""A session, a door, and the language that is read there (BCP-47)."""
StreamHandler = Callable[[web.Request, ReaderRequest], Awaitable[web.StreamResponse]]
"""Answers a request that has passed all checks, in the way of one door."""

_FULL = {
    NoSlot.ALL: "The server has as many readers as it can serve. Try again in a few seconds.",
    NoSlot.ADDRESS: "Your address has as many readers as one may have. Try again in a few seconds.",
}
_REFUSALS = {
    RefusalCode.FORBIDDEN: (403, CloseCode.FORBIDDEN),
    RefusalCode.UNKNOWN: (404, CloseCode.UNKNOWN_SESSION),
    RefusalCode.BUSY: (503, CloseCode.TRY_LATER),
    RefusalCode.UNAVAILABLE: (503, CloseCode.TRY_LATER),
}


class DecodedEvents:
    """Decodes the server-sent events that the fan-out writes, once for all readers that receive the same bytes."""

    def __init__(self) -> None:
        self._data = b""
        self._frames: list[tuple[bytes, Received]] = []

    def of(self, data: bytes) -> list[tuple[bytes, Received]]:
        """The frames in `data`, which must hold only whole frames, each with its JSON."""
        if data is not self._data:
            self._data = data
            self._frames = [(event.data, decode(event.data)) for event in EventStream().feed(data)]
        return self._frames


class Shared:
    """A slot that two connections of one reader may share: the silent connection, and the one that replaces it.

    They share it for `PAIR_MS` at most; by then the reader has closed the older connection.
    """

    def __init__(self, slot: Slot, gone: Callable[[], object]) -> None:
        self._slot = slot
        self._gone = gone
        self._connections: dict[Connection, None] = {}
        """The older connection comes first."""
        self._since = 0
        """When the newer connection joined, monotonic ms."""

    @property
    def alone(self) -> bool:
        """Whether only one connection has the slot."""
        return len(self._connections) == 1

    def join(self, end: Callable[[], object], now: int) -> Connection:
        """Add a connection that `end` ends, at `now`, monotonic ms."""
        self._since = now
        connection = Connection(self, end)
        self._connections[connection] = None
        return connection

    def part(self, now: int) -> None:
        """End the older connection when two connections have shared the slot for too long."""
        if len(self._connections) > 1 and now - self._since >= PAIR_MS:
            next(iter(self._connections)).end()

    def drop(self, connection: Connection) -> None:
        """Release the part of `connection`. Called only by `Connection.leave`."""
        del self._connections[connection]
        if not self._connections:
            self._slot.leave()
            self._gone()


class Connection:
    """One of the connections that share a slot."""

    __slots__ = ("_shared", "end")

    def __init__(self, shared: Shared, end: Callable[[], object]) -> None:
        self._shared = shared
        self.end = end

    def leave(self) -> None:
        """Give its part of the slot back. To be called once."""
        self._shared.drop(self)


class ReaderPresence:
    """A connected reader: its slot, and the door and language under which it is counted. `leave` releases both."""

    __slots__ = ("_gone", "_kind", "_readers", "_slot", "stays", "transport")

    def __init__(self, readers: Readers, transport: Transport | None, slot: Slot | Connection) -> None:
        """`transport`: the reader's connection; None when it is already lost."""
        self._readers = readers
        self._slot = slot
        self._kind: ReaderKind | None = None
        self._gone: Callable[[], None] | None = None
        self.transport = transport
        self.stays = False
        """Whether the connection stays open after its request is answered; then the connection calls `leave`."""

    def counted(self, request: web.Request, reading: ReaderRequest) -> None:
        """Count the reader from now on, by session, door and language, since it has begun to read."""
        has_begun(request)
        if not reading.aside:
            door = request.path.rpartition("/")[2]
            self._kind = kind = self._readers.count_in(request.match_info["session"], door, reading)
            self._gone = self._readers.came_online(request, reading, kind)

    def leave(self) -> None:
        """Release the slot and the count, since the reader is gone. To be called once."""
        self._slot.leave()
        self._readers.left(self, self._kind)
        if self._gone is not None:
            self._gone()

    def done(self) -> None:
        """Release the slot when the request is answered, unless the connection stays open."""
        if not self.stays:
            self.leave()


@dataclass(eq=False, repr=False, kw_only=True)
class Readers:
    """The limits that the readers' doors share, and their access to the sessions.

    `origins`: the origins whose pages may read, exactly as browsers write them; `most`: the most readers at once;
    `each`: the most readers of one address, None for no limit of its own.
    """

    find: FindFanout
    may_read: MayRead
    clock: Clock
    randomness: Randomness
    origins: frozenset[str]
    most: int = MAX_READERS
    each: int | None = None
    address_of: AddressOf = remote_address
    measures: Measures | None = None
    """The measures to which all doors of the server add; None makes a separate object."""
    online: CountOnline | None = None
    """Counts who follows each session; None: nobody does."""
    token_of: Callable[[web.Request, SessionId], str] = lambda _request, _session: ""
    """Returns the token of a request's browser for a session; empty where it has none."""
    others_ahead: bool = False
    """Whether another node of the house may have shown events that this node doesn't know yet to be in Redis. Then
    readers who have seen them are asked to come back; a snapshot would take them back in time.
    """

    def __post_init__(self) -> None:
        self._measures = self.measures or Measures(self.clock)
        self.frames = DecodedEvents()
        self._slots = Slots(self.randomness, most=self.most, each=self.each)
        # Bound: the slots.
        self._named: dict[str, Shared] = {}
        """The slots of readers who gave themselves a name, by the name."""
        # Bound: the slots.
        self._by_link: dict[ReaderPresence, web.Request] = {}
        """The requests of readers whose browsers have opened role links."""

    @property
    def count(self) -> int:
        """The number of connected readers."""
        return self._slots.count

    @property
    def limit(self) -> int:
        """The present limit of readers; `most` is the limit at the start."""
        return self._slots.most

    def resize(self, most: int, each: int | None) -> None:
        """Change the limits of readers at once and of one address. Connected readers stay."""
        self._slots.resize(most, each)

    def jitter(self, low: int, high: int) -> int:
        """A random number from `low` to `high`, so that reconnecting readers don't all come at once."""
        return low + int.from_bytes(self.randomness.bytes(4), "big") % (high - low + 1)

    def enter(self, request: web.Request) -> ReaderPresence | DoorRefusal:
        """Take a slot for the reader, or return why there is none.

        A reader whose connection has gone silent tries a new one before it closes the old one. It names itself by
        `reader`, a random name that its page has chosen, and two connections of that name share a slot for a while
        (`part`).
        """
        if not origin_allowed(request.headers.get("Origin"), own_origins(request, self.origins)):
            self._measures.readers_refused["origin"] += 1
            return DoorRefusal(status=403, code=CloseCode.FORBIDDEN, message="Pages of that origin may not read here.")
        name, transport = _reader(request), request.transport
        known = self._named.get(name)
        if known is not None and known.alone:
            return ReaderPresence(self, transport, known.join(partial(_abort, transport), self.clock.monotonic()))
        slot = self._slots.take(self.address_of(request))
        if isinstance(slot, NoSlot):
            self._measures.readers_refused[slot.reason] += 1
            wait = self.jitter(3, 15)
            return DoorRefusal(status=503, code=CloseCode.TRY_LATER, message=_FULL[slot], retry_after=wait)
        if not name or known is not None:
            return ReaderPresence(self, transport, slot)
        self._named[name] = shared = Shared(slot, lambda: self._named.pop(name))
        return ReaderPresence(self, transport, shared.join(partial(_abort, transport), self.clock.monotonic()))

    def part(self) -> None:
        """End the older of two connections that have shared a slot for too long. To be called regularly."""
        now = self.clock.monotonic()
        for shared in self._named.values():
            shared.part(now)

    def recheck(self, asker: Callable[[web.Request], tuple[Staff, ...]]) -> None:
        """Abort the connections of those who may no longer read their session because a role link was revoked.

        `asker` returns the roles that the links of a request give now.
        """
        for presence, request in tuple(self._by_link.items()):
            reset = ASKER.set(asker(request))
            try:
                refusal = self.may_read(SessionId(request.match_info["session"]))
            finally:
                ASKER.reset(reset)
            if refusal is not None:
                self._measures.cut["revoked"] += 1
                _abort(presence.transport)

    async def answer(
        self, request: web.Request, stream: StreamHandler, *, finished: bool = False
    ) -> web.StreamResponse:
        """Answer a reader with `stream`, or with a refusal; the reader has a slot until then. `finished` as for
        `look_up`.
        """
        presence = self.enter(request)
        if isinstance(presence, DoorRefusal):
            return presence.response()
        try:
            reading = await self.look_up(request, presence, finished=finished)
            if isinstance(reading, DoorRefusal):
                return reading.response()
            presence.counted(request, reading)
            return await stream(request, reading)
        finally:
            presence.done()

    def count_in(self, session: str, door: str, reading: ReaderRequest) -> ReaderKind:
        """Count a reader in, and return what it is counted as. Called only by `ReaderPresence.counted`."""
        channel = reading.view.session.channels.get(reading.feed.channel)
        languages = () if channel is None else channel.languages
        kind = (session, door, next(iter(languages), "und"))
        self._measures.readers[kind] += 1
        return kind

    def came_online(self, request: web.Request, reading: ReaderRequest, kind: ReaderKind) -> Callable[[], None] | None:
        """Have a reader counted for the attendance report: a browser by its cookie for the session, else an open page
        by the name that it gave itself, else a connection that stays. Return what to call when it is gone. Called only
        by `ReaderPresence.counted`.
        """
        if self.online is None:
            return None
        name, door, tag = kind
        session = SessionId(name)
        who = self.token_of(request, session) or reading.reader
        if not who and door == "poll":
            self.online.not_counted(session)
            return None
        return self.online.come(session, who or self.randomness.bytes(12).hex(), tag, reading.reader)

    def left(self, presence: ReaderPresence, kind: ReaderKind | None) -> None:
        """Count a reader out. Called only by `ReaderPresence.leave`."""
        self._by_link.pop(presence, None)
        if kind is not None:
            readers = self._measures.readers
            readers[kind] -= 1
            if not readers[kind]:
                del readers[kind]

    async def look_up(
        self, request: web.Request, presence: ReaderPresence, *, finished: bool = False
    ) -> ReaderRequest | DoorRefusal:
        """Look up the text that the request's address names, from the reader's position. `Last-Event-ID` takes
        precedence over `after`.

        `finished`: the door serves finished lines alone; the feed in the address is ignored.
        """
        session = SessionId(request.match_info["session"])
        try:
            after = position_of(request)
            live = _live(request.query.get("feed", "live")) and not finished
        except ValueError as error:
            return DoorRefusal(status=400, code=CloseCode.BAD_REQUEST, message=str(error))
        if ASKER.get():
            self._by_link[presence] = request
        text = await self.text(session, request.query.get("channel", ""), live=live)
        if isinstance(text, DoorRefusal):
            return text
        here = text.fanout.position
        if self.others_ahead and after is not None and after.epoch == here.epoch and after.offset > here.offset:
            self._measures.readers_refused["ahead"] += 1
            message = "You have read further elsewhere than this server has come. Try again in a moment."
            return DoorRefusal(status=503, code=CloseCode.TRY_LATER, message=message, retry_after=self.jitter(1, 3))
        staff = any(each.role in STAFF_ROLES for each in ASKER.get())
        aside = staff and request.query.get("as") == "microphone"
        return ReaderRequest(presence, text.fanout, text.feed, text.view, after, aside, _reader(request))

    async def text(self, session: SessionId, channel: str, *, live: bool) -> ReadableText | DoorRefusal:
        """A text that `ASKER` may read; the session's first text when `channel` is empty."""
        try:
            fanout = await self.find(session) if is_name(session) else None
            if fanout is None:
                return _refused(NO_SESSION)
            refusal = self.may_read(session)
            if refusal is not None:
                return _refused(refusal)
            channel = channel or next(iter(fanout.channels), "")
            if not is_name(channel):
                return _refused(refuse(RefusalCode.UNKNOWN, "The session has no such channel."))
            feed = Feed(ChannelId(channel), live)
            view = await fanout.view(feed)
        except StorageUnavailable:
            self._measures.readers_refused["storage"] += 1
            message = "The session can't be read at the moment. Try again in a few seconds."
            return DoorRefusal(status=503, code=CloseCode.TRY_LATER, message=message, retry_after=self.jitter(3, 15))
        except RecordBroken as error:
            self._measures.readers_refused["damaged"] += 1
            note_failure(error, f"session {session}: the log can't be read")
            message = "The session's record is damaged and can't be shown; its keepers have been told."
            return DoorRefusal(status=500, code=CloseCode.INTERNAL_ERROR, message=message)
        return _refused(view) if isinstance(view, Refusal) else ReadableText(fanout, feed, view)


def _abort(transport: Transport | None) -> None:
    """Abort a connection; do nothing when it was already lost when its request arrived."""
    if transport is not None:
        transport.abort()


def _reader(request: web.Request) -> str:
    """The name that a reader gives itself; empty when it gives none or no valid one."""
    name = request.query.get("reader", "")
    return name if is_name(name) else ""


def position_of(request: web.Request) -> Position | None:
    """The reader's position; `Last-Event-ID` takes precedence over `after`. None without either. Raises ValueError with
    a sentence for the reader.
    """
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    return Position.parse(text) if text else None


def _live(text: str) -> bool:
    """Whether the feed is `live`. Raises ValueError with a sentence for the reader."""
    if text not in ("live", "lines"):
        raise ValueError("The feed is 'live', for words as they come, or 'lines', for finished lines.")
    return text == "live"


def _refused(refusal: Refusal) -> DoorRefusal:
    status, code = _REFUSALS.get(refusal.code, (400, CloseCode.BAD_REQUEST))
    return DoorRefusal(status=status, code=code, message=refusal.message)


async def begin(request: web.Request, headers: Mapping[str, str]) -> tuple[web.StreamResponse, Transport | None]:
    """Send the headers of a stream, and return the answer and its transport, to which all data is written; None when
    the reader is already gone.
    """
    unbuffered = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers={**headers, **unbuffered})
    try:
        await response.prepare(request)
    except ConnectionError:  # The reader left while the session was looked up.
        return response, None
    transport = request.transport
    if transport is not None:
        show_stalls(transport)
    return response, transport


_OPTIONS = (
    ("TCP_NOTSENT_LOWAT", NOTSENT_LOWAT),
    ("TCP_USER_TIMEOUT", USER_TIMEOUT_MS),
    ("TCP_KEEPIDLE", PROBE_S),
    ("TCP_KEEPINTVL", PROBE_S),
)


def show_stalls(transport: Transport) -> None:
    """Limit what the kernel buffers for a reader, and have it probe the connection, so that the fan-out notices when
    the reader stalls or is gone.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _OPTIONS:
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def let_go(transport: Transport) -> bool:
    """Abort a connection whose reader has left or doesn't read, so that nothing waits for it; return whether it was
    aborted.

    A closing connection is aborted without a look at its buffer: a TLS transport that is closing can't report its size.
    """
    if transport.is_closing() or transport.get_write_buffer_size():
        transport.abort()
        return True
    return False
