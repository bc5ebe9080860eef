"""What the readers' doors share: what is asked before they open (who, which session, which feed, from where on), and
how a reader follows what it asked for.
"""

from __future__ import annotations

import logging
import socket
from asyncio import Transport
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from moothall.adapters.http.admission import Admission, has_begun
from moothall.adapters.http.forwarded import AddressOf, own_origins, remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.places import Full, Place, Places
from moothall.adapters.http.security_headers import origin_allowed
from moothall.adapters.pages.error_pages import crowded_page
from moothall.adapters.pages.templates import Pages
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, Position, SessionId, is_name
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock, Randomness
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.views.captions import CaptionsView
from moothall.services.metrics.measures import Measures
from moothall.services.readers.fanout import SessionFanout
from moothall.services.readers.feed import Outlet, Subscription
from moothall.services.sessions.reader_access import ASKER
from moothall.services.sessions.staff import Staff
from moothall.services.supervision.supervising import note_failure
from moothall.wire.close_codes import CloseCode
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, Received, decode

logger = logging.getLogger(__name__)

Find = Callable[[SessionId], Awaitable[SessionFanout | None]]
"""Gives a session's fan-out, loading it if need be; None for an unknown session."""
MayRead = Callable[[SessionId], Refusal | None]
"""Decides whether a session that exists may be read; a refusal says why not."""

MAX_READERS = 10_000
"""Readers of one process: 60 % of a core at 6 writes a second each, which cost 10 µs
(docs/adr/0005-sse-first-and-ready-frames.md)."""
NOTSENT_LOWAT = 16 << 10
"""Bytes the kernel may hold unsent. Without it a stalled reader shows only after thousands of captions."""
USER_TIMEOUT_MS = 60_000
"""How long sent bytes, or the kernel's own probes, may stay unacknowledged before it gives the connection up."""
PAIR_MS = 60_000
"""How long two connections may have one place. A page tries a new one for some seconds, then closes one of them."""
MOST_KINDS = 300
"""Pairs of door and language that readers are counted by. Overflow: the language of others isn't told."""
PROBE_S = 30
"""A connection on which nothing goes is probed by the kernel after so long, and then as often."""


STREAMS = frozenset(f"/s/{{session}}/{name}" for name in ("events", "ws", "poll", "low", "text"))
"""Where a reader begins to follow a text, with little data too."""
BEGINNINGS = STREAMS | {"/s/{session}"}
"""What a hall asks for at once when its line comes back, or a meeting begins."""


def visitor_gate(
    clock: Clock,
    randomness: Randomness,
    pages: Pages,
    address_of: AddressOf = remote_address,
    refused: Counter[str] | None = None,
) -> Middleware:
    """Readers who begin wait to be let in, by what that costs; how often else one address may ask is a rate.

    `refused`: where it is counted who was refused.
    """
    counted = Counter[str]() if refused is None else refused
    crowded = crowded_page(pages)
    others = AddressGate(clock, randomness, refused=counted).middleware(address_of, crowded)
    return Admission(randomness, counted).middleware(address_of, BEGINNINGS, others, crowded)


class Text(msgspec.Struct, frozen=True):
    """A text that may be read."""

    fanout: SessionFanout
    feed: Feed
    view: CaptionsView
    """What stands in the feed."""


class ReaderRequest(msgspec.Struct, frozen=True):
    """A reader's wish, found to be possible."""

    presence: Presence
    fanout: SessionFanout
    feed: Feed
    view: CaptionsView
    """What stands in the feed."""
    after: Position | None
    aside: bool = False
    """Whether a microphone page reads along, which counts as no reader."""
    reader: str = ""
    """The name that the reader gave itself (`Readers.enter`)."""

    async def subscribe(self, outlet: Outlet, form: Format) -> Subscription | Refusal:
        """Have the fan-out write to `outlet`, beginning with a pulse at least."""
        return await self.fanout.subscribe(
            outlet, self.feed, form, self.after, reader=self.reader, aside=self.aside, pulse=True
        )

    async def follow(self, outlet: Outlet, form: Format, ended: Awaitable[None]) -> None:
        """Have the fan-out write to `outlet` until `ended`."""
        subscription = await self.subscribe(outlet, form)
        if isinstance(subscription, Refusal):
            return
        try:
            await ended
        finally:
            self.fanout.unsubscribe(subscription)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why a door stays shut, as HTTP and as WebSocket say it."""

    status: int
    code: CloseCode
    message: str
    """A sentence for a person."""
    retry_after: int | None = None
    """Seconds."""

    def response(self) -> web.Response:
        """The answer in plain text."""
        headers = {"Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return web.Response(status=self.status, text=self.message + "\n", headers=headers)


Kind = tuple[str, str]
"""A door and the language that is read there."""
Stream = Callable[[web.Request, ReaderRequest], Awaitable[web.StreamResponse]]
"""How a door answers a wish that is possible."""

_FULL = {
    Full.ALL: "The server has as many readers as it can serve. Try again in a few seconds.",
    Full.ADDRESS: "Your address has as many readers as one may have. Try again in a few seconds.",
}
_REFUSALS = {
    RefusalCode.FORBIDDEN: (403, CloseCode.FORBIDDEN),
    RefusalCode.UNKNOWN: (404, CloseCode.UNKNOWN_SESSION),
    RefusalCode.BUSY: (503, CloseCode.TRY_LATER),
    RefusalCode.UNAVAILABLE: (503, CloseCode.TRY_LATER),
}


class Frames:
    """What the fan-out writes as server-sent events, decoded once for all readers that are given the same bytes."""

    def __init__(self) -> None:
        self._data = b""
        self._frames: list[tuple[bytes, Received]] = []

    def of(self, data: bytes) -> list[tuple[bytes, Received]]:
        """The frames in `data`, which holds whole ones, each with its JSON."""
        if data is not self._data:
            self._data = data
            self._frames = [(event.data, decode(event.data)) for event in EventStream().feed(data)]
        return self._frames


class Shared:
    """A slot that two connections of one reader may share: the silent one, and the one that replaces it.

    Both have it for `PAIR_MS` at most; the reader has closed the other by then.
    """

    def __init__(self, place: Place, gone: Callable[[], object]) -> None:
        self._place = place
        self._gone = gone
        self._connections: dict[Connection, None] = {}
        """The older one first."""
        self._since = 0
        """When the newer one came, monotonic ms."""

    @property
    def alone(self) -> bool:
        """Whether one connection has it."""
        return len(self._connections) == 1

    def join(self, end: Callable[[], object], now: int) -> Connection:
        """For a connection that `end` ends; it comes at `now`, monotonic ms."""
        self._since = now
        connection = Connection(self, end)
        self._connections[connection] = None
        return connection

    def part(self, now: int) -> None:
        """End the older connection where both have had the place for too long."""
        if len(self._connections) > 1 and now - self._since >= PAIR_MS:
            next(iter(self._connections)).end()

    def drop(self, connection: Connection) -> None:
        """For `Connection.leave` alone."""
        del self._connections[connection]
        if not self._connections:
            self._place.leave()
            self._gone()


class Connection:
    """One of those that share a place."""

    __slots__ = ("_shared", "end")

    def __init__(self, shared: Shared, end: Callable[[], object]) -> None:
        self._shared = shared
        self.end = end

    def leave(self) -> None:
        """Give its part back, once."""
        self._shared.drop(self)


class Presence:
    """A reader who is connected: its place, and as what it is counted. `leave` gives all of it back."""

    __slots__ = ("_kind", "_place", "_readers", "stays", "transport")

    def __init__(self, readers: Readers, transport: Transport | None, place: Place | Connection) -> None:
        """`transport`: its connection; None when it is gone already."""
        self._readers = readers
        self._place = place
        self._kind: Kind | None = None
        self.transport = transport
        self.stays = False
        """Whether it is still connected when its request is answered; then its connection calls `leave`."""

    def counted(self, request: web.Request, reading: ReaderRequest) -> None:
        """It has begun: count it from now on, as what it reads and how."""
        has_begun(request)
        if not reading.aside:
            self._kind = self._readers.count_in(request.path.rpartition("/")[2], reading)

    def leave(self) -> None:
        """It is gone. To be called once."""
        self._place.leave()
        self._readers.left(self, self._kind)

    def done(self) -> None:
        """Its request is answered."""
        if not self.stays:
            self.leave()


@dataclass(eq=False, repr=False, kw_only=True)
class Readers:
    """Shared by the readers' doors: their limits, and the way to the sessions.

    `origins`: those whose pages may read, exactly as browsers write them; `most`: readers at once, `each`: of
    one address, None for as many.
    """

    find: Find
    may_read: MayRead
    clock: Clock
    randomness: Randomness
    origins: frozenset[str]
    most: int = MAX_READERS
    each: int | None = None
    address_of: AddressOf = remote_address
    measures: Measures | None = None
    """What all doors of the server add to; without it, its own."""
    others_ahead: bool = False
    """Whether another node of the house may have shown what this one has yet to learn: that Redis took it. Then readers
    who have seen it come back; a snapshot would take them back in time."""

    def __post_init__(self) -> None:
        self._measures = self.measures or Measures(self.clock)
        self.frames = Frames()
        self._places = Places(self.randomness, most=self.most, each=self.each)
        # Bound: the places.
        self._named: dict[str, Shared] = {}
        """Places of readers who gave themselves a name."""
        # Bound: the places.
        self._by_link: dict[Presence, web.Request] = {}
        """What those readers asked whose browsers have opened links."""

    @property
    def count(self) -> int:
        """Readers that are connected."""
        return self._places.count

    @property
    def limit(self) -> int:
        """How many there may be now; `most` is what they began with."""
        return self._places.most

    def resize(self, most: int, each: int | None) -> None:
        """Other numbers of readers at once and of one address. Whoever reads goes on."""
        self._places.resize(most, each)

    def jitter(self, low: int, high: int) -> int:
        """A number from `low` to `high`, so that those who come back don't all come at once."""
        return low + int.from_bytes(self.randomness.bytes(4), "big") % (high - low + 1)

    def enter(self, request: web.Request) -> Presence | Refused:
        """Take a place, or say why not.

        A reader whose line has gone silent tries a new one before it closes the old one. It names itself by `reader`, a
        random name of its page's own, and two connections of that name have one place, for a while (`part`).
        """
        if not origin_allowed(request.headers.get("Origin"), own_origins(request, self.origins)):
            self._measures.readers_refused["origin"] += 1
            return Refused(status=403, code=CloseCode.FORBIDDEN, message="Pages of that origin may not read here.")
        name, transport = _reader(request), request.transport
        known = self._named.get(name)
        if known is not None and known.alone:
            return Presence(self, transport, known.join(partial(_abort, transport), self.clock.monotonic()))
        place = self._places.take(self.address_of(request))
        if isinstance(place, Full):
            self._measures.readers_refused[place.reason] += 1
            wait = self.jitter(3, 15)
            return Refused(status=503, code=CloseCode.TRY_LATER, message=_FULL[place], retry_after=wait)
        if not name or known is not None:
            return Presence(self, transport, place)
        self._named[name] = shared = Shared(place, lambda: self._named.pop(name))
        return Presence(self, transport, shared.join(partial(_abort, transport), self.clock.monotonic()))

    def part(self) -> None:
        """End the older of two connections that have had one place for too long. To be called again and again."""
        now = self.clock.monotonic()
        for shared in self._named.values():
            shared.part(now)

    def recheck(self, asker: Callable[[web.Request], tuple[Staff, ...]]) -> None:
        """Cut those who may not read any more what they read, because a link was taken back.

        `asker` says for which links a request stands now.
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

    async def answer(self, request: web.Request, stream: Stream, *, finished: bool = False) -> web.StreamResponse:
        """Answer a reader with `stream`, or with why not; it has a place for as long. `finished` as for `look_up`."""
        presence = self.enter(request)
        if isinstance(presence, Refused):
            return presence.response()
        try:
            reading = await self.look_up(request, presence, finished=finished)
            if isinstance(reading, Refused):
                return reading.response()
            presence.counted(request, reading)
            return await stream(request, reading)
        finally:
            presence.done()

    def count_in(self, door: str, reading: ReaderRequest) -> Kind:
        """For `Presence.counted` alone."""
        channel = reading.view.session.channels.get(reading.feed.channel)
        languages = () if channel is None else channel.languages
        kind = (door, next(iter(languages), "und"))
        readers = self._measures.readers
        if kind not in readers and len(readers) >= MOST_KINDS:
            kind = (door, "und")
        readers[kind] += 1
        return kind

    def left(self, presence: Presence, kind: Kind | None) -> None:
        """For `Presence.leave` alone."""
        self._by_link.pop(presence, None)
        if kind is not None:
            readers = self._measures.readers
            readers[kind] -= 1
            if not readers[kind]:
                del readers[kind]

    async def look_up(
        self, request: web.Request, presence: Presence, *, finished: bool = False
    ) -> ReaderRequest | Refused:
        """What the request's address asks for. `Last-Event-ID` wins over `after`.

        `finished`: the door gives finished lines alone; the feed in the address is ignored.
        """
        session = SessionId(request.match_info["session"])
        try:
            after = position_of(request)
            live = _live(request.query.get("feed", "live")) and not finished
        except ValueError as error:
            return Refused(status=400, code=CloseCode.BAD_REQUEST, message=str(error))
        if ASKER.get():
            self._by_link[presence] = request
        text = await self.text(session, request.query.get("channel", ""), live=live)
        if isinstance(text, Refused):
            return text
        here = text.fanout.position
        if self.others_ahead and after is not None and after.epoch == here.epoch and after.offset > here.offset:
            self._measures.readers_refused["ahead"] += 1
            message = "You have read further elsewhere than this server has come. Try again in a moment."
            return Refused(status=503, code=CloseCode.TRY_LATER, message=message, retry_after=self.jitter(1, 3))
        staff = any(each.role in STAFF_ROLES for each in ASKER.get())
        aside = staff and request.query.get("as") == "microphone"
        return ReaderRequest(presence, text.fanout, text.feed, text.view, after, aside, _reader(request))

    async def text(self, session: SessionId, channel: str, *, live: bool) -> Text | Refused:
        """A text that `ASKER` may read; the session's first one where `channel` is empty."""
        try:
            fanout = await self.find(session) if is_name(session) else None
            if fanout is None:
                return _refused(refuse(RefusalCode.UNKNOWN, "There is no such session here."))
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
            return Refused(status=503, code=CloseCode.TRY_LATER, message=message, retry_after=self.jitter(3, 15))
        except RecordBroken as error:
            self._measures.readers_refused["damaged"] += 1
            note_failure(error, f"session {session}: the log can't be read")
            message = "The session's record is damaged and can't be shown; its keepers have been told."
            return Refused(status=500, code=CloseCode.INTERNAL_ERROR, message=message)
        return _refused(view) if isinstance(view, Refusal) else Text(fanout, feed, view)


def _abort(transport: Transport | None) -> None:
    """Cut a connection, unless it was gone when it came."""
    if transport is not None:
        transport.abort()


def _reader(request: web.Request) -> str:
    """The name that a reader gives itself; empty where it gives none that will do."""
    name = request.query.get("reader", "")
    return name if is_name(name) else ""


def position_of(request: web.Request) -> Position | None:
    """What the reader has seen; `Last-Event-ID` wins over `after`. Raises ValueError with a sentence for the reader."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    return Position.parse(text) if text else None


def _live(text: str) -> bool:
    """Raises ValueError with a sentence for the reader."""
    if text not in ("live", "lines"):
        raise ValueError("The feed is 'live', for words as they come, or 'lines', for finished lines.")
    return text == "live"


def _refused(refusal: Refusal) -> Refused:
    status, code = _REFUSALS.get(refusal.code, (400, CloseCode.BAD_REQUEST))
    return Refused(status=status, code=code, message=refusal.message)


async def begin(request: web.Request, headers: Mapping[str, str]) -> tuple[web.StreamResponse, Transport | None]:
    """Send the headers of a stream. What follows is written to the transport; None when the reader is gone already."""
    unbuffered = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers={**headers, **unbuffered})
    try:
        await response.prepare(request)
    except ConnectionError:  # It left while the session was being looked up.
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
    """Have the kernel hold little for a reader, and probe it, so that the fan-out sees when one stalls or is gone."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _OPTIONS:
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def let_go(transport: Transport) -> bool:
    """Abort a connection whose reader has left or doesn't read, and say whether it was; nothing waits for them.

    A TLS transport that is closing can't be asked what it still holds.
    """
    if transport.is_closing() or transport.get_write_buffer_size():
        transport.abort()
        return True
    return False
