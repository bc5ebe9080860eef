"""What a node doesn't serve itself it carries to the keeper: request by request, and WebSocket by WebSocket.

Bodies pass in pieces, both ways, at the pace of the slower side; nothing is held whole, packed or unpacked. Whoever
leaves ends the request at the keeper at once, and an answer that breaks off there breaks off here: never as if it were
whole. Nobody is told another node's answer twice, and what may change something is sent once.

What came from another node is not carried on: so nothing goes round while nodes disagree who keeps the house.
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
from moothall.adapters.http.places import Full, Place, Places
from moothall.adapters.http.taking import when_gone
from moothall.adapters.pages.error_pages import away
from moothall.adapters.pages.templates import Pages
from moothall.core.ports import Clock
from moothall.wire.cluster.node_proof import NODE, PROOF, REFUSED, Doubt

logger = logging.getLogger(__name__)

HEAD_S = 75.0
"""How long the keeper may take to begin an answer, from the last byte of the request on. Polls take up to a minute."""
MOST_CARRIED = 4_000
"""What one node carries at a time, WebSockets among it; each is one connection to the keeper, which has to have places
for them. Overflow: 503 with a moment to come back, an address that has its share first."""
COME_BACK_S = 1
"""When to ask again while nobody keeps the house: a take-over is over within 5 s."""
TELL_AGAIN_MS = 60_000
_SWITCHING = 101
_OWN_FIELDS = 5
"""Those with which a node proves itself, at most."""
_AWAY = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError)


class _Flight:
    """Something that is carried."""

    __slots__ = ("end", "keeper", "moved")

    def __init__(self, keeper: str, end: Callable[[], object]) -> None:
        self.keeper = keeper
        self.end = end
        self.moved = False
        """Whether it was ended since the house has moved."""


@dataclass(eq=False, repr=False)
class Forwarding:
    """Carries requests to whoever keeps the house. `open` before the first, `close` at the end."""

    keeper: Callable[[], str | None]
    """Where the keeper is, such as `http://10.0.0.1:8080`; None while there is none."""
    connections: KeeperConnections
    seal: NodeSeal
    pages: Pages
    clock: Clock
    _: KW_ONLY
    address_of: AddressOf
    """Whose a request is: as the node's own proxies say it."""
    over_https: Callable[[web.Request], bool]
    """Whether a visitor came over https."""
    origins: frozenset[str]
    """Of the node's own pages."""
    places: Places
    """For what is carried at a time, such as `MOST_CARRIED`."""
    head_s: float = HEAD_S

    def __post_init__(self) -> None:
        # Bound: `places`.
        self._flights: dict[_Flight, None] = {}
        self._told: int | None = None
        self._over = False

    async def open(self) -> None:
        """Before the first request."""
        await self.connections.open()

    async def close(self) -> None:
        """End all that is carried."""
        self.end()
        await self.connections.close()

    def end(self) -> None:
        """Carry nothing more, and end all that is carried: whoever waits is told to come back at once."""
        self._over = True
        for flight in list(self._flights):
            flight.moved = True
            flight.end()

    def house_moved(self) -> None:
        """End what is carried to whoever isn't the keeper any more: a node that was stopped would hold it."""
        keeper = self.keeper()
        for flight in [each for each in self._flights if each.keeper != keeper]:
            flight.moved = True
            flight.end()

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`, behind all that the node serves itself."""
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
        place = self.places.take(address)
        if isinstance(place, Full):
            self.places.refuse(place.reason)
            return self._unavailable(request)
        try:
            return await self._watched(request, keeper, path, place)
        finally:
            place.leave()

    async def _watched(self, request: web.Request, keeper: str, path: str, place: Place) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # the web server makes one for each request
        flight = _Flight(keeper, task.cancel)
        self._flights[flight] = None
        transport = request.transport
        if transport is not None:
            when_gone(transport, task.cancel)
        try:
            return await self._carry(request, flight, path, place)
        except asyncio.CancelledError:
            if not flight.moved or task.uncancel():
                raise
            return self._cut(request) or self._unavailable(request)
        finally:
            self._flights.pop(flight, None)
            if transport is not None:
                when_gone(transport, None)

    async def _carry(self, request: web.Request, flight: _Flight, path: str, place: Place) -> web.StreamResponse:
        websocket = asks_for_websocket(request)
        try:
            response, sent = await self._asked(request, flight.keeper, path, websocket=websocket)
            # Nothing was done there. A body is gone by now: whoever sent it is told to come back.
            if self.seal.heard(sent, response.headers) and not request.body_exists:
                response.close()
                response, _ = await self._asked(request, flight.keeper, path, websocket=websocket)
        except _AWAY:
            if request.content.exception() is not None:
                return web.Response(status=400)  # The request itself broke off: nobody reads it.
            return self._unavailable(request)
        try:
            if REFUSED in response.headers:
                self._note(response.headers[REFUSED])
                return self._unavailable(request)
            if response.status == _SWITCHING:
                if not websocket:
                    return self._unavailable(request)
                return await self._spliced(request, response, flight.keeper, place)
            return await self._passed(request, response)
        finally:
            response.close()

    async def _asked(
        self, request: web.Request, keeper: str, path: str, *, websocket: bool
    ) -> tuple[aiohttp.ClientResponse, Mapping[str, str]]:
        """The answer, and the proof that it was asked for with."""
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
        self, request: web.Request, response: aiohttp.ClientResponse, keeper: str, place: Place
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
        kept = place.moved()

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
        """End a connection in the middle of an answer, behind what was sent; None where no answer has begun."""
        if not request.writer.output_size:
            return None
        if request.transport is not None:
            request.transport.close()  # Without the end that a whole answer has.
        return web.Response(status=503)  # Nobody reads it.

    def _unavailable(self, request: web.Request) -> web.Response:
        return away(self.pages, request, COME_BACK_S)

    def _note(self, doubt: str) -> None:
        now = self.clock.monotonic()
        if doubt != Doubt.AWAY and (self._told is None or now - self._told >= TELL_AGAIN_MS):
            logger.error("the keeper takes nothing that this node carries, as %s: %s", doubt, what_to_do(doubt))
            self._told = now


async def _pieces(request: web.Request, goes_on: Callable[[], None]) -> AsyncIterator[bytes]:
    """A body as it comes."""
    async for piece in request.content.iter_any():
        goes_on()
        yield piece
    goes_on()
