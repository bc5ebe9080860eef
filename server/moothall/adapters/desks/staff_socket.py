"""Socket.IO for the staff's pages: admission, rate limits, and outgoing messages.

One server has a namespace for each kind of page (`desk_socket.py`, `control_socket.py`). A browser without a staff
cookie, or with a page of another origin, gets no handshake. Readers' captions don't use it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Any

import msgspec
from aiohttp import web

from moothall.adapters.desks.socketio_alone import socketio
from moothall.adapters.http.forwarded import own_origins
from moothall.adapters.http.security_headers import origin_allowed
from moothall.adapters.pages.staff_frame import StaffOf
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.ports import Clock
from moothall.services.supervision.supervising import note_failure
from moothall.wire.frames import PULSE, PULSE_MS
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 64 << 10
"""The most bytes of a page's message, and of the body of a poll."""
MESSAGES = Allowance(per_second=40, burst=100)
"""The message rate of one page; messages over it are refused as busy."""
ASKED = 100
"""The most unanswered messages of one page. Overflow: the next one is refused as busy."""
MAX_PAGES = 500
"""The most staff pages at a time."""
MAX_EACH = 20
"""The most pages of one link, so that no link keeps the others out."""
WAITING = 2_000
"""The most messages that wait to be sent to one page. Overflow: the page is cut, and resumes from its position."""
SWEEP_MS = 5_000
"""Interval of the checks that links are still valid and that every connection has joined a namespace. A connection that
has joined none by the second check is cut."""
CLOSE_S = 0.2
"""At shutdown, how long a page that was notified may take to disconnect. It resumes from its position in any case."""
PING_S = 10
"""Interval of pings; a page that doesn't answer within the same time counts as gone."""

NAMESPACES = ["/desk", "/control"]

_PULSE = {"every": PULSE_MS}

Answer = dict[str, object]
StaffMessageHandler = Callable[["StaffConnection", Any], Awaitable[Answer]]


class _Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Closes the connection of a page whose packets can't be decoded; the library would log each one with its
    content.
    """

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        try:
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, TypeError, RecursionError) as error:
            logger.warning(
                "a staff page sent an unreadable packet (%s); its connection is closed", type(error).__name__
            )
            await self.eio.disconnect(eio_sid)


class StaffConnection:
    """One staff page that is connected to one namespace."""

    def __init__(self, sid: str, namespace: str, request: web.Request, clock: Clock) -> None:
        self.sid = sid
        self.namespace = namespace
        self.request = request
        self.waiting = 0
        """Messages that wait to be sent."""
        self.bytes_waiting = 0
        self.closing = False
        self.pushed_at = 0
        """When a message was last queued for it, in ms of the monotonic clock."""
        self.memory: object = None
        """The namespace's own state of the connection."""
        self.turn = asyncio.Lock()
        """Serialises the connection's messages: the holder is being answered, the others wait in order."""
        self.asked = 0
        """Messages that aren't answered yet."""
        self._bucket = Bucket.full(MESSAGES, clock.monotonic())

    def take(self, now: int) -> bool:
        """Count one message; return whether it is within the rate."""
        self._bucket, wait = self._bucket.take(MESSAGES, now)
        return not wait


class StaffSocket:
    """The Socket.IO server of the staff's pages. Nothing is sent unless the task `run` is running."""

    def __init__(self, *, staff: StaffOf, origins: frozenset[str], clock: Clock, ping_s: float = PING_S) -> None:
        """`origins`: the origins whose pages may connect, exactly as browsers write them. `ping_s`: see PING_S."""
        self.staff = staff
        self.clock = clock
        self._origins = origins
        self._connections: dict[tuple[str, str], StaffConnection] = {}
        self._holds: dict[str, Callable[[StaffConnection], bool]] = {}
        self._requests: dict[asyncio.Event, tuple[web.Request, asyncio.Task[object] | None]] = {}
        """The requests in progress: polls, and WebSockets that stay open."""
        self._idle: set[str] = set()
        """Connections that had joined no namespace at the last check."""
        self._closed = False
        self._answering: set[asyncio.Task[object]] = set()
        # Overflow: see WAITING; each page has its own bound.
        self._outgoing: asyncio.Queue[tuple[StaffConnection, str | None, object, int]] = asyncio.Queue()
        self._io = _Server(
            async_mode="aiohttp",
            cors_allowed_origins=[],  # `handle` checks the origin exactly before the library sees the request.
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            ping_interval=ping_s,
            ping_timeout=ping_s,
            # Otherwise the library doesn't read a connection while its close waits for the last messages, and takes it
            # for dead. The messages of one page are still carried out in order (`StaffConnection.turn`).
            async_handlers=True,
            http_compression=False,
            cookie=None,
            namespaces=NAMESPACES,
        )

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/socket.io/", self.handle, allow_head=False),
            web.post("/socket.io/", self.handle),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handle a handshake, a poll or a WebSocket of a staff page."""
        if not origin_allowed(request.headers.get("Origin"), own_origins(request, self._origins)):
            return _shut(403, "Pages of that origin may not connect here.")
        if not self.staff(request):
            return _shut(401, "Only the staff connects here: open the link that you were given.")
        if "j" in request.query:
            return _shut(400, "JSONP is not spoken here.")
        if "sid" not in request.query and (full := self._full(request)):
            return _shut(503, full)
        if self._closed:
            return _shut(503, "The server is restarting. Come back in a few seconds.")
        over = asyncio.Event()
        self._requests[over] = request, asyncio.current_task()
        try:
            answer: web.StreamResponse = await self._io.handle_request(request)
        finally:
            del self._requests[over]
            over.set()
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _full(self, request: web.Request) -> str:
        """Why no further page is accepted, in all or for this request's links; empty when one is."""
        if len(self._io.eio.sockets) >= MAX_PAGES:
            return "As many staff pages are open as the server takes. Try again in a minute."
        theirs = Counter(
            staff.link for environ in self._io.environ.values() for staff in self.staff(environ["aiohttp.request"])
        )
        if any(theirs[staff.link] >= MAX_EACH for staff in self.staff(request)):
            return f"{MAX_EACH} pages of your link are open, more than it may have. Close one and try again."
        return ""

    def serve(
        self,
        namespace: str,
        handlers: Mapping[str, StaffMessageHandler],
        *,
        on_open: Callable[[StaffConnection], None],
        on_close: Callable[[StaffConnection], None],
        holds: Callable[[StaffConnection], bool] = lambda _: True,
        apart: Collection[str] = (),
    ) -> None:
        """Register the handlers of a namespace. The answer of a handler is the acknowledgement of its message.

        Messages named in `apart` change nothing and may take long; they don't delay others. `holds`: whether a
        connection may still see what it is shown; called at each `recheck`.
        """
        known = self._io
        self._holds[namespace] = holds

        async def connect(sid: str, environ: dict[str, Any], _: object = None) -> None:
            connection = StaffConnection(sid, namespace, environ["aiohttp.request"], self.clock)
            self._connections[namespace, sid] = connection
            self.push(connection, PULSE, _PULSE)
            on_open(connection)

        async def disconnect(sid: str, *_: object) -> None:
            connection = self._connections.pop((namespace, sid), None)
            if connection is not None:
                connection.closing = True
                on_close(connection)

        async def anything(event: str, sid: str, *data: object) -> Answer:
            connection = self._connections.get((namespace, sid))
            handler = handlers.get(event)
            if connection is None or handler is None:
                return refused(RefusalCode.UNKNOWN, "There is no such message here.")
            turn = nullcontext() if event in apart else connection.turn
            return await self._counted(connection, turn, handler, data[0] if data else None)

        known.on("connect", connect, namespace=namespace)
        known.on("disconnect", disconnect, namespace=namespace)
        known.on("*", anything, namespace=namespace)

    async def _counted(
        self,
        connection: StaffConnection,
        turn: AbstractAsyncContextManager[object],
        handler: StaffMessageHandler,
        data: object,
    ) -> Answer:
        if not connection.take(self.clock.monotonic()) or connection.asked >= ASKED:
            return refused(RefusalCode.BUSY, "Too much at once; wait a second and send it again.")
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # the library runs each message in a task
        self._answering.add(task)
        connection.asked += 1
        try:
            async with turn:
                return await self._answer(connection, handler, data)
        finally:
            connection.asked -= 1
            self._answering.discard(task)

    async def _answer(self, connection: StaffConnection, handler: StaffMessageHandler, data: object) -> Answer:
        if not self.staff(connection.request):
            self.cut(connection)
            return refused(RefusalCode.FORBIDDEN, "The link that let you in was taken back.")
        try:
            return await handler(connection, data)
        except msgspec.ValidationError as error:
            return refused(RefusalCode.INVALID, f"The message can't be read: {error}.")
        except StorageUnavailable:
            message = "The meeting's log can't be reached at the moment. Try again in a few seconds."
            return refused(RefusalCode.UNAVAILABLE, message)
        except RecordBroken as error:
            note_failure(error, "a record can't be read")
            return refused(RefusalCode.UNAVAILABLE, "The record is damaged and can't be shown.")
        except Exception as error:  # outermost handler: the page gets a sentence, the log gets the position in the code
            note_failure(error, "a staff page's message failed")
            return refused(RefusalCode.UNAVAILABLE, "Something went wrong on our side; it has been noted.")

    def push(self, connection: StaffConnection, event: str, body: object, size: int = 0) -> None:
        """Queue a message; never waits. `size`: bytes counted in `bytes_waiting` until the message is sent."""
        if connection.closing:
            return
        if connection.waiting >= WAITING:
            self.cut(connection)
            return
        connection.waiting += 1
        connection.bytes_waiting += size
        connection.pushed_at = self.clock.monotonic()
        self._outgoing.put_nowait((connection, event, body, size))

    def connected(self, namespace: str) -> list[StaffConnection]:
        """The connections of a namespace."""
        return [each for (name, _), each in self._connections.items() if name == namespace]

    def cut(self, connection: StaffConnection) -> None:
        """End a connection; messages that wait for it are discarded."""
        if not connection.closing:
            connection.closing = True
            self._outgoing.put_nowait((connection, None, None, 0))

    async def run(self) -> None:
        """Send queued messages in order, send pulses, and cut connections that are no longer allowed, until
        cancelled.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._sweep())
            group.create_task(self._pulses())

    async def _pulses(self) -> None:
        """Send a pulse to each page that got nothing else, so that it knows that its connection is alive."""
        while True:
            await self.clock.sleep(PULSE_MS)
            now = self.clock.monotonic()
            for connection in list(self._connections.values()):
                if now - connection.pushed_at >= PULSE_MS and not connection.waiting:
                    self.push(connection, PULSE, _PULSE)

    async def _sweep(self) -> None:
        while True:
            await self.clock.sleep(SWEEP_MS)
            await self.look()

    async def look(self) -> None:
        """Disconnect sockets without a link, and those that have joined no namespace since the last check."""
        self.recheck()
        manager, sockets = self._io.manager, self._io.eio.sockets
        used = {manager.eio_sid_from_sid(each.sid, each.namespace) for each in self._connections.values()}
        idle = set(sockets) - used
        for sid in idle & self._idle:
            await sockets[sid].close(wait=False)
            sockets.pop(sid, None)
        self._idle = idle - self._idle

    def recheck(self) -> None:
        """Cut connections whose link was revoked, or no longer allows what they see."""
        for connection in list(self._connections.values()):
            if not (self.staff(connection.request) and self._holds[connection.namespace](connection)):
                self.cut(connection)

    async def _send(self) -> None:
        while True:
            connection, event, body, size = await self._outgoing.get()
            if event is None:
                await self._io.disconnect(connection.sid, namespace=connection.namespace)
                continue
            connection.waiting -= 1
            connection.bytes_waiting -= size
            if self._unsent(connection) >= WAITING:
                self.cut(connection)
            if not connection.closing:
                await self._io.emit(event, body, to=connection.sid, namespace=connection.namespace)

    def _unsent(self, connection: StaffConnection) -> int:
        """Messages in the library's own queue for a page, which is unbounded."""
        socket = self._io.eio.sockets.get(self._io.manager.eio_sid_from_sid(connection.sid, connection.namespace))
        return 0 if socket is None else int(socket.queue.qsize())

    async def close(self) -> None:
        """Shut down: tell every page, and after `CLOSE_S` cut those that are still connected."""
        self._closed = True
        for connection in self._connections.values():
            connection.closing = True
        for each in list(self._io.eio.sockets.values()):
            await each.close(wait=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                for over in list(self._requests):
                    await over.wait()
        going = set(self._answering)  # An act that is cancelled is in the log, or the page sends it again.
        for request, task in list(self._requests.values()):
            if request.transport is not None:
                request.transport.abort()
            elif task is not None:
                going.add(task)  # The library keeps a poll open after its page has gone.
        for task in going:
            task.cancel()
        if going:
            await asyncio.wait(going)
        await self._io.shutdown()


def refused(code: RefusalCode, message: str) -> Answer:
    """An answer that refuses a message."""
    return {"refusal": {"code": str(code), "message": message}}


def refusal(answer: Refusal) -> Answer:
    """An answer that carries a refusal with its details."""
    return {"refusal": msgspec.to_builtins(answer)}


def _shut(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence + "\n", headers={"Cache-Control": "no-store"})
