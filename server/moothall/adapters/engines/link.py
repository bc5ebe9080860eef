"""Where engines connect: a WebSocket server that admits holders of an engine's token.

Tokens can change while engines are connected: one whose token is gone is cut off.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableSet
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol, TypeVar

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from moothall.adapters.system.accepting import stop_accepting
from moothall.core.kernel.errors import ConfigurationError, ProtocolError
from moothall.services.supervision.pulses import GivenUp
from moothall.wire import engine as wire
from moothall.wire import pulse, translation
from moothall.wire.close_codes import reason_bytes
from moothall.wire.kinds import OTHER_VERSION, OtherVersion, UnknownKind, passed_over

Message = TypeVar("Message")
logger = logging.getLogger(__name__)

OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
PING_INTERVAL = 20.0
PING_TIMEOUT = 20.0
"""Seconds. An engine that does not answer a ping for so long is gone."""


class Holder(msgspec.Struct, frozen=True):
    """Whose a token is, and which links it opens."""

    name: str
    """For logs."""
    recognises: bool = True
    """The link of engines: their channels' sound comes here, and their words go into the log."""
    own: bool = False
    """Whether it is the server's own, of the processes that it starts."""
    translates: bool = False
    """The translators' link: the text of all sessions comes here, also of those for the staff alone."""


Tokens = Callable[[], Mapping[str, Holder]]
"""The tokens that are good at the moment, and whose they are."""


class Admitted(Protocol):
    """A link that was let in."""

    holder: Holder
    token: str

    def cut(self) -> None:
        """End it at once."""
        ...


class EngineTokens:
    """The server's own token, and those of engines and translators elsewhere."""

    def __init__(self, own: str, holder: Holder, others: Mapping[str, Holder]) -> None:
        self.own = own
        """The token of the server's own processes."""
        self._own = {own: holder}
        self._all = {**others, **self._own}
        # Bound: the engines that there are.
        self.admitted: set[Admitted] = set()
        """Links that are open, for `serve_engines`."""

    def __call__(self) -> Mapping[str, Holder]:
        """Those that are good at the moment."""
        return self._all

    def change(self, others: Mapping[str, Holder]) -> None:
        """Other ones from now on. Links whose token is gone, or is for something else now, are cut."""
        self._all = {**others, **self._own}
        for each in tuple(self.admitted):
            if self._all.get(each.token) != each.holder:
                each.cut()


class _AdmittedConnection(ServerConnection):
    """A connection with a good token."""

    holder = Holder("")
    token = ""

    def cut(self) -> None:
        """End it at once, without waiting for the other side."""
        self.transport.abort()


class _Socket:
    """One link over a WebSocket, by its frames."""

    def __init__(self, socket: ServerConnection, holder: Holder) -> None:
        self._socket = socket
        self._holder = holder
        self.passed_over = 0
        """How many messages were of kinds that this release doesn't know."""

    @property
    def name(self) -> str:
        """The name that belongs to its token, for logs."""
        return self._holder.name

    @property
    def own(self) -> bool:
        """Whether it came with the server's own token."""
        return self._holder.own

    def abort(self) -> None:
        """End the link at once, without waiting for the other side."""
        self._socket.transport.abort()

    async def _receive(self) -> bytes | None:
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed:
            return None

    async def _message(self, decode: Callable[[bytes], Message]) -> Message | None:
        """The next message of a kind that is known; None when the link has ended."""
        while (frame := await self._receive()) is not None:
            try:
                return decode(frame)
            except UnknownKind:
                self.passed_over += 1  # Nothing of it is kept.
        return None

    async def _send(self, frame: bytes) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed:
            return


class EngineSocket(_Socket):
    """One engine's link; `moothall.services.engines.recognising.EngineConnection`."""

    async def receive(self) -> wire.ToServer | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        return await self._message(wire.decode_to_server)

    async def send(self, message: wire.ToEngine) -> None:
        """Write a message, and wait while the link is slow; silent when the link has ended."""
        await self._send(wire.encode(message))


class TranslatorSocket(_Socket):
    """The link of a process with translators; `moothall.services.translation.translators.TranslatorConnection`."""

    async def receive(self) -> translation.FromTranslators | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        return await self._message(translation.decode_from_translators)

    async def send(self, message: translation.ToTranslators) -> None:
        """Write a message, and wait while the link is slow; silent when the link has ended."""
        await self._send(translation.encode(message))


class PulseSocket(_Socket):
    """The link of a process's pulses; `moothall.services.supervision.pulses.PulseConnection`."""

    async def receive(self) -> pulse.Pulse | None:
        """The next pulse; None when the link has ended. Raises ProtocolError."""
        frame = await self._receive()
        return None if frame is None else pulse.decode(frame)


@asynccontextmanager
async def serve_engines(
    host: str,
    port: int,
    tokens: Tokens,
    handle: Callable[[EngineSocket], Awaitable[None]],
    translate: Callable[[TranslatorSocket], Awaitable[None]] | None = None,
    *,
    feel: Callable[[PulseSocket], Awaitable[None]] | None = None,
    admitted: MutableSet[Admitted] | None = None,
) -> AsyncIterator[int]:
    """Listen for engines; gives the port (of use when `port` is 0: any that is free).

    `translate` gets the links of translators, which dial `wire.translation.PATH`, and `feel` those of pulses, which
    dial `wire.pulse.PATH`; without them they are turned away. `handle` has the link until it returns; a ProtocolError
    or GivenUp from it ends the link, any other error is logged by the library and ends it too. On leaving, all links
    are closed and their handlers waited for. Raises ConfigurationError when the address can't be had.
    """

    async def serve_one(socket: ServerConnection) -> None:
        path = "" if socket.request is None else socket.request.path
        assert isinstance(socket, _AdmittedConnection)  # noqa: S101  # as asked for
        holder, name = socket.holder, socket.holder.name
        there = set[Admitted]() if admitted is None else admitted
        there.add(socket)
        link: _Socket | None = None
        try:
            if path == pulse.PATH:
                if feel is not None:
                    await feel(PulseSocket(socket, holder))
            elif path != translation.PATH:
                link = recognising = EngineSocket(socket, holder)
                await handle(recognising)
            elif translate is not None:
                link = translating = TranslatorSocket(socket, holder)
                await translate(translating)
        except OtherVersion as error:
            logger.warning("engine %s: %s", name, error)
            await socket.close(OTHER_VERSION, reason_bytes(str(error)).decode())
        except ProtocolError as error:
            logger.warning("engine %s: %s", name, error)
            await socket.close(CloseCode.PROTOCOL_ERROR)
        except GivenUp as error:
            logger.warning("%s", error)
            await socket.close(pulse.GIVEN_UP, "no progress")
        finally:
            there.discard(socket)
            if link is not None and link.passed_over:
                logger.info("engine %s: %s", name, passed_over(link.passed_over))

    def admit(socket: ServerConnection, request: Request) -> Response | None:
        return _admit(socket, request, tokens())

    try:
        server = await serve(
            serve_one,
            host,
            port,
            process_request=admit,
            create_connection=_AdmittedConnection,
            compression=None,
            max_size=wire.MAX_FRAME_BYTES,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
            server_header=None,
        )
    except OSError as error:
        msg = f"Engines can't be served on {host}:{port}: {error.strerror or 'the address is not available'}."
        raise ConfigurationError(msg) from error
    async with server:
        try:
            yield next(iter(server.sockets)).getsockname()[1]
        finally:
            await stop_accepting(server.sockets)


def _admit(socket: ServerConnection, request: Request, tokens: Mapping[str, Holder]) -> Response | None:
    if request.headers.get_all("Origin"):
        logger.warning("engine link: refused a browser")
        return socket.respond(HTTPStatus.FORBIDDEN, "This address is for engines, not for web pages.\n")
    given = request.headers.get_all("Authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    token = token.strip()
    holder = _holder(token, tokens) if scheme.lower() == "bearer" and token else None
    if holder is None:
        logger.warning("engine link: refused a connection without a good token")
        response = socket.respond(
            HTTPStatus.UNAUTHORIZED, "An engine needs its token here; it stands in the server's settings.\n"
        )
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if not _opens(holder, request.path):
        logger.warning("engine link: the token of %s is not for %s", holder.name, request.path)
        return socket.respond(HTTPStatus.FORBIDDEN, "This token is of another kind: one recognises, one translates.\n")
    assert isinstance(socket, _AdmittedConnection)  # noqa: S101  # as asked for
    socket.holder, socket.token = holder, token
    return None


def _opens(holder: Holder, path: str) -> bool:
    if path == pulse.PATH:
        return True
    return holder.translates if path == translation.PATH else holder.recognises


def _holder(token: str, tokens: Mapping[str, Holder]) -> Holder | None:
    """Whose token it is; takes as long for a wrong one as for a right one."""
    found: Holder | None = None
    for good, holder in tokens.items():
        if hmac.compare_digest(token.encode(), good.encode()):
            found = holder
    return found
