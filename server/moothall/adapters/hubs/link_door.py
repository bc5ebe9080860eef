"""The endpoint that hubs dial: GET /hub/link, a WebSocket of binary messages (docs/reference/hub-link.md).

It belongs to the web server, so one port, one certificate and one proxy serve readers and hubs
(docs/adr/0020-hubs-dial-the-web-server.md). Buffers below this code are kept small, since new messages have to overtake
the backlog: the kernel holds at most `NOTSENT_LOWAT` unsent bytes, and a frame counts as sent when the transport has
passed all of it on.
"""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from collections import deque
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from aiohttp import WSMsgType, web

from moothall.adapters.http.forwarded import AddressOf, remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.security_headers import sent_by_a_page
from moothall.core.kernel.errors import ProtocolError
from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.ports import Fenced, Registry
from moothall.wire.close_codes import MEANINGS, CloseCode, reason_bytes
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.first import FIELD, HEARD, first_frames
from moothall.wire.token_bucket import Allowance

logger = logging.getLogger(__name__)

TRIES = Allowance(per_second=1, burst=60)
"""How often one address may dial: several hubs of a house may share an address and reconnect at once."""
TRIES_PATIENCE_MS = 1_000
NOTSENT_LOWAT = 4 << 10
"""The most unsent bytes that the kernel may hold: half a second at 64 kbit/s."""
CLOSE_S = 2.0
"""How long to wait for the answer to a close frame."""
FRAME_HEAD = {125: 2, 65_535: 4}
"""Bytes of a frame's head by the largest body it fits (RFC 6455 §5.2); 10 for larger bodies. A client's frame has 4
more for its mask."""

WRONG_KEY = f"{wire.KEY_NOT_KNOWN}\n"
FENCED = f"{MEANINGS[CloseCode.FENCED].reason}\n"


class HubSocket:
    """One hub's link over a WebSocket: a `HubConnection`."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, first: Sequence[bytes] = ()
    ) -> None:
        """`first`: frames that came with the handshake's headers."""
        self._socket = socket
        self._transport = transport
        self._first = deque(first)  # Bound: MOST_SIGNS altogether.
        self.bytes_sent = 0
        """Bytes sent on this link so far (`HubConnection`)."""
        self.bytes_received = 0
        """Bytes received on this link so far (`HubConnection`)."""

    async def receive(self) -> wire.FromHub | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        if self._first:
            return wire.decode_from_hub(self._first.popleft())
        message = await self._socket.receive()
        if message.type is WSMsgType.BINARY:
            self.bytes_received += _framed_size(len(message.data)) + 4
            return wire.decode_from_hub(message.data)
        if message.type is WSMsgType.TEXT:
            raise ProtocolError("A hub sent text, where all messages are binary.")
        return None

    async def send(self, message: wire.ToHub) -> None:
        """Send a message and wait until the transport has passed it on. Does nothing when the link has ended."""
        frame = wire.encode(message)
        try:
            await self._socket.send_bytes(frame)
        except (ConnectionError, RuntimeError):  # aiohttp raises these while it is closing.
            return
        self.bytes_sent += _framed_size(len(frame))

    async def close(self, code: CloseCode, reason: str) -> None:
        """Close the link with a code and a reason; abort it where the hub isn't reading."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size():
            self._transport.abort()  # A close frame would only wait behind the unsent data.
        else:
            await self._socket.close(code=code, message=reason_bytes(reason), drain=False)


@dataclass(eq=False, repr=False)
class HubDoor:
    """Admits hubs by their keys.

    `gate` must not be shared with other routes: AddressGate(clock, randomness, TRIES, TRIES_PATIENCE_MS).
    """

    links: HubLinks
    registry: Registry
    gate: AddressGate
    _: KW_ONLY
    address_of: AddressOf = remote_address

    def __post_init__(self) -> None:
        self._open: set[asyncio.Future[None]] = set()
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get(wire.PATH, self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one hub until its link ends."""
        if sent_by_a_page(request.headers):
            return web.Response(status=403, text="This address is for hubs, not for web pages.\n")
        wait = self.gate.take(self.address_of(request))
        if wait > TRIES_PATIENCE_MS:
            text = "Too many hubs dial from your address. Wait a little and try again.\n"
            return web.Response(status=429, text=text, headers={"Retry-After": str(-(-wait // 1000))})
        identity = self.registry.of_key(_bearer(request))
        if identity is None:
            logger.warning("hub link: refused a connection without a good key")
            return web.Response(status=401, text=WRONG_KEY, headers={"WWW-Authenticate": "Bearer"})
        if isinstance(identity, Fenced):
            logger.warning("hub %s: refused a machine that another one has replaced", identity.hub)
            return web.Response(status=403, text=FENCED)
        if self._closed or self.links.full_for(identity):
            text = "As many hubs are linked as the server takes, or it is restarting. Try again in a minute.\n"
            return web.Response(status=503, text=text, headers={"Retry-After": "60"})
        socket = web.WebSocketResponse(
            compress=False, max_msg_size=wire.MAX_FRAME_BYTES, timeout=CLOSE_S, writer_limit=0, decode_text=False
        )
        if not socket.can_prepare(request).ok:
            text = "This address is for the WebSocket of a hub.\n"
            return web.Response(status=426, text=text, headers={"Upgrade": "websocket"})
        try:
            first = first_frames(request.headers.getall(FIELD, []))
        except ProtocolError as error:
            return web.Response(status=400, text=f"{error}\n")
        if first:
            socket.headers[HEARD] = "1"
        try:
            await socket.prepare(request)
        except ConnectionResetError:
            return web.Response(status=503)  # The connection broke during the handshake, so nobody reads this.
        transport = request.transport
        if transport is None:
            return socket
        hold_little(transport)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(ended)
        try:
            await self.links.serve(HubSocket(socket, transport, first), identity)
        finally:
            self._open.discard(ended)
            ended.set_result(None)
        return socket

    async def close(self) -> None:
        """Tell every hub that the server is shutting down. Returns when their links have ended."""
        self._closed = True
        self.links.close()
        if self._open:
            await asyncio.wait(set(self._open), timeout=2 * CLOSE_S)


def hold_little(transport: asyncio.Transport) -> None:
    """Keep the buffers of transport and kernel small, so that the sender knows how much the connection has carried."""
    transport.set_write_buffer_limits(high=0)
    sock = transport.get_extra_info("socket")
    if (
        sock is not None
        and sock.family in (sockets.AF_INET, sockets.AF_INET6)
        and hasattr(sockets, "TCP_NOTSENT_LOWAT")
    ):
        sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)


def _bearer(request: web.Request) -> str:
    """The bearer token of a request; empty where there is none, or more than one Authorization header."""
    given = request.headers.getall("Authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def _framed_size(size: int) -> int:
    return size + next((head for longest, head in FRAME_HEAD.items() if size <= longest), 10)
