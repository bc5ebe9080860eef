"""A reverse proxy from a node that stands by to the keeper, for every request and WebSocket that the node doesn't serve
itself.

Bodies are streamed in both directions at the pace of the slower side, and are neither buffered whole nor decompressed.
When a visitor disconnects, the request to the keeper ends at once. When the keeper's answer breaks off, the visitor's
answer breaks off too, so that it never looks complete. An answer is never passed on twice, and a request that may
change something is sent once.

A request that another node has carried here is not carried on, so no request circulates while nodes disagree about who
keeps the house.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

import aiohttp
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from moothall.adapters.cluster.heads import answer_head, asks_for_websocket, request_head, target
from moothall.adapters.cluster.keeper_connections import KeeperConnections, taken
from moothall.adapters.cluster.node_gate import NodeSeal, what_to_do
from moothall.adapters.cluster.splicing import Splice
from moothall.adapters.http.forwarded import CARRIED, AddressOf
from moothall.adapters.http.limits import MOST_FIELDS
from moothall.adapters.http.slots import NoSlot, Slot, Slots
from moothall.adapters.http.taking import when_gone
from moothall.adapters.pages.error_pages import away
from moothall.adapters.pages.templates import Pages
from moothall.core.ports import Clock
from moothall.wire.cluster.node_proof import NODE, PROOF, REFUSED, Doubt

logger = logging.getLogger(__name__)

HEAD_S = 75.0
"""The most time, in s, from the last byte of a request to the head of the keeper's answer. Polls take up to a
minute.
"""
MOST_CARRIED = 4_000
"""The most requests and WebSockets that one node carries at a time. Each takes a connection to the keeper, which has to
have slots for them. Overflow: 503 with `Retry-After`; an address that has used up its own share gets it earlier."""
COME_BACK_S = 1
"""`Retry-After`, in s, while nobody keeps the house: a take-over ends within 5 s."""
TELL_AGAIN_MS = 60_000
_SWITCHING = 101
_OWN_FIELDS = 5
"""The most header fields that a node adds to prove itself."""
_AWAY = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError)


class _Flight:
    """One request or WebSocket that is being carried."""

    __slots__ = ("end", "keeper", "moved")

    def __init__(self, keeper: str, end: Callable[[], object]) -> None:
        self.keeper = keeper
        self.end = end
        self.moved = False
        """Whether this node ended it, because another node became the keeper or this one shuts down."""


@dataclass(eq=False, repr=False)
class Forwarding:
    """Carries requests to the node that keeps the house. Call `open` before the first request and `close` at the
    end.
    """

    keeper: Callable[[], str | None]
    """The keeper's address, such as `http://10.0.0.1:8080`; None while there is no keeper."""
    connections: KeeperConnections
    seal: NodeSeal
    pages: Pages
    clock: Clock
    _: KW_ONLY
    address_of: AddressOf
    """Returns the visitor's address, as this node's own proxies report it."""
    over_https: Callable[[web.Request], bool]
    """Whether the visitor used https."""
    origins: frozenset[str]
    """The origins of this node's own pages."""
    slots: Slots
    """Connection slots, one for each carried request or WebSocket; `MOST_CARRIED` is their usual number."""
    head_s: float = HEAD_S

    def __post_init__(self) -> None:
        # Bound: `slots`.
        self._flights: dict[_Flight, None] = {}
        self._told: int | None = None
        self._over = False

    async def open(self) -> None:
        """Open the connection pools. Call before the first request."""
        await self.connections.open()

    async def close(self) -> None:
        """End everything that is carried, and close the connections to the keeper."""
        self.end()
        await self.connections.close()

    def end(self) -> None:
        """Accept nothing more to carry, and end what is carried: clients that still wait get a 503 that asks them to
        retry at once.
        """
        self._over = True
        for flight in list(self._flights):
            flight.moved = True
            flight.end()

    def house_moved(self) -> None:
        """End what is carried to a node that is no longer the keeper: a node that hangs would hold these requests."""
        keeper = self.keeper()
        for flight in [each for each in self._flights if each.keeper != keeper]:
            flight.moved = True
            flight.end()

    def routes(self) -> list[web.RouteDef]:
        """The catch-all route, for `app.add_routes` after all routes that the node serves itself."""
        return [web.route("*", "/{carried:.*}", self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Carry one request."""
        keeper = self.keeper()
        carried = CARRIED in request or NODE in request.headers or PROOF in request.headers
        if carried or keeper is None or self._over:
            return self._unavailable(request)
        path = target(request)
        if path is None:
            return web.Response(status=400, text="That names nothing here.\n")
        if len(request.headers) > MOST_FIELDS - _OWN_FIELDS:
            return web.Response(status=431, text="The request has too many header fields.\n")
        address = self.address_of(request)
        slot = self.slots.take(address)
        if isinstance(slot, NoSlot):
            self.slots.refuse(slot.reason)
            return self._unavailable(request)
        try:
            return await self._watched(request, keeper, path, slot)
        finally:
            slot.leave()

    async def _watched(self, request: web.Request, keeper: str, path: str, slot: Slot) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # aiohttp runs each request in a task
        flight = _Flight(keeper, task.cancel)
        self._flights[flight] = None
        transport = request.transport
        if transport is not None:
            when_gone(transport, task.cancel)
        try:
            return await self._carry(request, flight, path, slot)
        except asyncio.CancelledError:
            if not flight.moved or task.uncancel():
                raise
            return self._cut(request) or self._unavailable(request)
        finally:
            self._flights.pop(flight, None)
            if transport is not None:
                when_gone(transport, None)

    async def _carry(self, request: web.Request, flight: _Flight, path: str, slot: Slot) -> web.StreamResponse:
        websocket = asks_for_websocket(request)
        try:
            response, sent = await self._asked(request, flight.keeper, path, websocket=websocket)
            # The keeper refused the proof's time, so it did nothing. A request without a body is sent again; a body is
            # consumed by now, so its sender is asked to retry.
            if self.seal.heard(sent, response.headers) and not request.body_exists:
                response.close()
                response, _ = await self._asked(request, flight.keeper, path, websocket=websocket)
        except _AWAY:
            if request.content.exception() is not None:
                return web.Response(status=400)  # The visitor's own request broke off, so nobody reads this.
            return self._unavailable(request)
        try:
            if REFUSED in response.headers:
                self._note(response.headers[REFUSED])
                return self._unavailable(request)
            if response.status == _SWITCHING:
                if not websocket:
                    return self._unavailable(request)
                return await self._spliced(request, response, flight.keeper, slot)
            return await self._passed(request, response)
        finally:
            response.close()

    async def _asked(
        self, request: web.Request, keeper: str, path: str, *, websocket: bool
    ) -> tuple[aiohttp.ClientResponse, Mapping[str, str]]:
        """Return the keeper's answer, and the proof headers that were sent with the request."""
        scheme = "https" if self.over_https(request) else "http"
        host = request.headers.get(hdrs.HOST, "")
        head = request_head(request, websocket=websocket)
        said = self.seal.headers(
            method=request.method,
            target=path,
            address=self.address_of(request),
            scheme=scheme,
            host=host if f"{scheme}://{host}" in self.origins else "",
        )
        head.update(said)
        loop = asyncio.get_running_loop()
        waiting = True
        async with asyncio.timeout(self.head_s) as late:

            def goes_on() -> None:
                if waiting:
                    late.reschedule(loop.time() + self.head_s)

            data = _pieces(request, goes_on) if request.can_read_body else None
            try:
                return await self.connections.ask(request.method, keeper + path, head, data, own=websocket), said
            finally:
                waiting = False

    async def _passed(self, request: web.Request, response: aiohttp.ClientResponse) -> web.StreamResponse:
        answer = web.StreamResponse(
            status=response.status, reason=response.reason, headers=answer_head(response.headers)
        )
        try:
            await answer.prepare(request)
            async for piece in response.content.iter_any():
                await answer.write(piece)
        except _AWAY:
            self._cut(request)
        return answer

    async def _spliced(
        self, request: web.Request, response: aiohttp.ClientResponse, keeper: str, slot: Slot
    ) -> web.StreamResponse:
        answer = web.StreamResponse(status=_SWITCHING, headers=answer_head(response.headers, websocket=True))
        with suppress(ConnectionError):
            await answer.prepare(request)
        visitor, there = request.transport, taken(response)
        if visitor is None or there is None:
            if there is not None:
                there[0].abort()
            self._cut(request)
            return answer
        kept = slot.moved()

        def ended() -> None:
            kept.leave()
            self._flights.pop(flight, None)

        splice = Splice(ended)
        flight = _Flight(keeper, splice.abort)
        if splice.begin(visitor, *there):
            self._flights[flight] = None
        else:
            there[0].abort()
            kept.leave()
        return answer

    def _cut(self, request: web.Request) -> web.StreamResponse | None:
        """Close the visitor's connection in the middle of an answer, after the bytes already sent. None where no answer
        has begun.
        """
        if not request.writer.output_size:
            return None
        if request.transport is not None:
            request.transport.close()  # The terminating chunk is missing, so the answer doesn't look complete.
        return web.Response(status=503)  # The client has gone, so nobody reads this.

    def _unavailable(self, request: web.Request) -> web.Response:
        return away(self.pages, request, COME_BACK_S)

    def _note(self, doubt: str) -> None:
        now = self.clock.monotonic()
        if doubt != Doubt.AWAY and (self._told is None or now - self._told >= TELL_AGAIN_MS):
            logger.error("the keeper refuses this node's forwarded requests (%s): %s", doubt, what_to_do(doubt))
            self._told = now


async def _pieces(request: web.Request, goes_on: Callable[[], None]) -> AsyncIterator[bytes]:
    """Chunks of a request's body as they arrive. `goes_on` is called at each chunk and at the end."""
    async for piece in request.content.iter_any():
        goes_on()
        yield piece
    goes_on()
