"""Where hubs dial: GET /hub/link, a WebSocket of binary messages (docs/reference/hub-link.md).

It stands in the web server: one port, one certificate and one proxy do for readers and hubs
(docs/adr/0020-hubs-dial-the-web-server.md). Little of what was written may wait below us, since what is said now has to
overtake what was missed: the kernel holds no more than `NOTSENT_LOWAT` unsent, and a frame counts as sent when the
transport has passed all of it on.
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
from moothall.core.kernel.errors import ProtocolError
from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.ports import Fenced, Registry
from moothall.wire.close_codes import MEANINGS, CloseCode, reason_bytes
from moothall.wire.hub import messages as wire
from moothall.wire.hub.first import FIELD, HEARD, first_frames
from moothall.wire.token_bucket import Allowance

logger = logging.getLogger(__name__)

TRIES = Allowance(per_second=1, burst=60)
"""How often one address may dial: a house behind one address may have some hubs that all come back at once."""
TRIES_PATIENCE_MS = 1_000
NOTSENT_LOWAT = 4 << 10
"""Bytes the kernel may hold unsent: half a second of 64 kbit/s."""
CLOSE_S = 2.0
"""How long the answer to a close is waited for."""
FRAME_HEAD = {125: 2, 65_535: 4}
"""Bytes of a frame's head, by its longest body (RFC 6455 §5.2); 10 beyond. A client's frame has 4 more, its mask."""

WRONG_KEY = f"{wire.KEY_NOT_KNOWN}\n"
FENCED = f"{MEANINGS[CloseCode.FENCED].reason}\n"


class HubSocket:
    """One hub's link over a WebSocket: a `HubConnection`."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, first: Sequence[bytes] = ()
    ) -> None:
        """`first`: frames that came with the handshake."""
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
            self.bytes_received += _on_line(len(message.data)) + 4
            return wire.decode_from_hub(message.data)
        if message.type is WSMsgType.TEXT:
            raise ProtocolError("A hub sent text, where all messages are binary.")
        return None

    async def send(self, message: wire.ToHub) -> None:
        """Write a message, and wait until the line has taken it; silent when the link has ended."""
        frame = wire.encode(message)
        try:
            await self._socket.send_bytes(frame)
        except (ConnectionError, RuntimeError):  # aiohttp's own, when it is closing.
            return
        self.bytes_sent += _on_line(len(frame))

    async def close(self, code: CloseCode, reason: str) -> None:
        """Say why, and end it; one that doesn't take it is cut."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size():
            self._transport.abort()  # A close would only wait behind what isn't taken.
        else:
            await self._socket.close(code=code, message=reason_bytes(reason), drain=False)


@dataclass(eq=False, repr=False)
class HubDoor:
    """Lets hubs in by their keys.

    `gate` has to be its own: AddressGate(clock, randomness, TRIES, TRIES_PATIENCE_MS).
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
        """For `app.add_routes`."""
        return [web.get(wire.PATH, self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one hub for as long as its link holds."""
        if request.headers.getall("Origin", []):
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
            return web.Response(status=503)  # The line broke during the handshake: nobody reads this.
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
        """The server is going away: say so to every hub. Returns when their links have ended."""
        self._closed = True
        self.links.close()
        if self._open:
            await asyncio.wait(set(self._open), timeout=2 * CLOSE_S)


def hold_little(transport: asyncio.Transport) -> None:
    """Have the transport and the kernel hold little, so that a sender knows what the line has taken."""
    transport.set_write_buffer_limits(high=0)
    sock = transport.get_extra_info("socket")
    if (
        sock is not None
        and sock.family in (sockets.AF_INET, sockets.AF_INET6)
        and hasattr(sockets, "TCP_NOTSENT_LOWAT")
    ):
        sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)


def _bearer(request: web.Request) -> str:
    """The key that comes with a request; empty where there is none, or more than one."""
    given = request.headers.getall("Authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def _on_line(size: int) -> int:
    return size + next((head for longest, head in FRAME_HEAD.items() if size <= longest), 10)
