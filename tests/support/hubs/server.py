"""A server above for tests of a hub's uplink: it greets, and the test sends the rest."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.first import FIELD, HEARD, first_frames

WELCOME = wire.Welcome(protocol=1, hub="kisumu", title="Kisumu", above=("c" * 16,), wall=1_764_000_000_000, keys=b"{}")
Admit = Callable[[ServerConnection, Request], Response | None]


class Visit:
    """One connection of a hub."""

    def __init__(self, socket: ServerConnection, first: Sequence[bytes] = ()) -> None:
        self.socket = socket
        self.first = list(first)
        """Frames that came with the handshake, if the server reads those."""
        self.frames = 0

    async def hear(self) -> wire.FromHub | None:
        """Return the next message, without pulses, which it answers; None when the link has ended."""
        while True:
            try:
                frame = self.first.pop(0) if self.first else await self.socket.recv(decode=False)
                message = wire.decode_from_hub(frame)
            except ConnectionClosed:
                return None
            self.frames += 1
            if not isinstance(message, wire.HubPulse):
                return message
            await self.say(wire.HubPulse(sent=1, echo=message.sent, wall=WELCOME.wall))

    async def say(self, *messages: wire.ToHub) -> None:
        with contextlib.suppress(ConnectionClosed):  # the next `hear` reports it
            for message in messages:
                await self.socket.send(wire.encode(message))

    async def greet(self, welcome: wire.Welcome = WELCOME) -> wire.FromHub | None:
        """Read the hub's hello, and send a welcome; returns the hello."""
        hello = await self.hear()
        await self.say(welcome)
        return hello

    async def end(self) -> int | None:
        """Read everything until the link has ended; returns the close code."""
        while await self.hear() is not None:
            pass
        return self.socket.close_code


class HubServer:
    """The server's address, and the connections of hubs."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[Request] = []
        self.visits: asyncio.Queue[Visit] = asyncio.Queue()
        """Connections in the order in which they were opened."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, socket: ServerConnection) -> None:
        asked, answered = socket.request, socket.response
        heard = asked is not None and answered is not None and HEARD in answered.headers
        self.visits.put_nowait(Visit(socket, first_frames(asked.headers.get_all(FIELD)) if heard and asked else ()))
        await socket.wait_closed()


@asynccontextmanager
async def hub_server(
    admit: Admit | None = None, tls: ssl.SSLContext | None = None, *, hears: bool = False
) -> AsyncIterator[HubServer]:
    """Run the server on this machine; `admit` may turn hubs away. `hears`: whether it reads frames in the handshake."""
    server = HubServer()

    def seen(socket: ServerConnection, request: Request) -> Response | None:
        server.requests.append(request)
        return None if admit is None else admit(socket, request)

    def says(_: ServerConnection, __: Request, response: Response) -> None:
        if hears:
            response.headers[HEARD] = "1"

    async with serve(
        server.handle,
        "127.0.0.1",
        0,
        process_request=seen,
        process_response=says,
        ssl=tls,
        ping_interval=None,
        close_timeout=1,
    ) as listening:
        server.port = next(iter(listening.sockets)).getsockname()[1]
        yield server
