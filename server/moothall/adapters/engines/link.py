"""The WebSocket server for engines and translators; it admits clients that present a valid token.

Tokens can change while engines are connected: the connection of a token that becomes invalid is cut.
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

from moothall.adapters.http.security_headers import sent_by_a_page
from moothall.adapters.system.accepting import stop_accepting
from moothall.core.kernel.errors import ConfigurationError, ProtocolError
from moothall.services.supervision.pulses import NoProgress
from moothall.wire import engine as wire
from moothall.wire import pulse, translation
from moothall.wire.close_codes import reason_bytes
from moothall.wire.kinds import OTHER_VERSION, OtherVersion, UnknownKind, passed_over

M = TypeVar("M")
logger = logging.getLogger(__name__)

OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
PING_INTERVAL = 20.0
PING_TIMEOUT = 20.0
"""Seconds. An engine that doesn't answer a ping for so long counts as gone."""


class Holder(msgspec.Struct, frozen=True):
    """The owner of a token, and the links that the token opens."""

    name: str
    """The name for logs."""
    recognises: bool = True
    """Whether it opens the engines' link, which gets the channels' sound and whose words go into the log."""
    own: bool = False
    """Whether it is the server's own token, for processes that it starts itself."""
    translates: bool = False
    """Whether it opens the translators' link, which gets the text of all sessions, including those for the staff
    only."""


TokenHolders = Callable[[], Mapping[str, Holder]]
"""Returns the valid tokens, each with its holder."""


class Admitted(Protocol):
    """A link that was admitted."""

    holder: Holder
    token: str

    def cut(self) -> None:
        """Close it at once."""
        ...


class EngineTokens:
    """The server's own token, and the tokens of engines and translators on other machines."""

    def __init__(self, own: str, holder: Holder, others: Mapping[str, Holder]) -> None:
        self.own = own
        """The token of the server's own processes."""
        self._own = {own: holder}
        self._all = {**others, **self._own}
        # Bound: the number of engines.
        self.admitted: set[Admitted] = set()
        """The open links, maintained by `serve_engines`."""

    def __call__(self) -> Mapping[str, Holder]:
        """The valid tokens, each with its holder."""
        return self._all

    def change(self, others: Mapping[str, Holder]) -> None:
        """Replace the other machines' tokens. Links whose token is gone or has another holder now are cut."""
        self._all = {**others, **self._own}
        for each in tuple(self.admitted):
            if self._all.get(each.token) != each.holder:
                each.cut()


class _AdmittedConnection(ServerConnection):
    """A connection with a valid token."""

    holder = Holder("")
    token = ""

    def cut(self) -> None:
        """Close it at once, without waiting for the other side."""
        self.transport.abort()


class _Socket:
    """Base class of a link over a WebSocket."""

    def __init__(self, socket: ServerConnection, holder: Holder) -> None:
        self._socket = socket
        self._holder = holder
        self.passed_over = 0
        """How many messages were of kinds that this release doesn't know."""

    @property
    def name(self) -> str:
        """The name of its token's holder, for logs."""
        return self._holder.name

    @property
    def own(self) -> bool:
        """Whether it uses the server's own token."""
        return self._holder.own

    def abort(self) -> None:
        """Close the link at once, without waiting for the other side."""
        self._socket.transport.abort()

    async def _receive(self) -> bytes | None:
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed:
            return None

    async def _message(self, decode: Callable[[bytes], M]) -> M | None:
        """The next message of a known kind; None when the link has ended."""
        while (frame := await self._receive()) is not None:
            try:
                return decode(frame)
            except UnknownKind:
                self.passed_over += 1  # Its content is not kept.
        return None

    async def _send(self, frame: bytes) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed:
            return


class EngineSocket(_Socket):
    """One engine's link: an `EngineConnection` (`moothall.services.engines.recognising`)."""

    async def receive(self) -> wire.ToServer | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        return await self._message(wire.decode_to_server)

    async def send(self, message: wire.ToEngine) -> None:
        """Send a message, and wait while the link is slow. Does nothing when the link has ended."""
        await self._send(wire.encode(message))


class TranslatorSocket(_Socket):
    """The link of a process with translators: a `TranslatorConnection`
    (`moothall.services.translation.translators`).
    """

    async def receive(self) -> translation.FromTranslators | None:
        """The next message; None when the link has ended. Raises ProtocolError."""
        return await self._message(translation.decode_from_translators)

    async def send(self, message: translation.ToTranslators) -> None:
        """Send a message, and wait while the link is slow. Does nothing when the link has ended."""
        await self._send(translation.encode(message))


class PulseSocket(_Socket):
    """The link of a process's pulses: a `PulseConnection` (`moothall.services.supervision.pulses`)."""

    async def receive(self) -> pulse.ProcessPulse | None:
        """The next pulse; None when the link has ended. Raises ProtocolError."""
        frame = await self._receive()
        return None if frame is None else pulse.decode(frame)


@asynccontextmanager
async def serve_engines(
    host: str,
    port: int,
    tokens: TokenHolders,
    handle: Callable[[EngineSocket], Awaitable[None]],
    translate: Callable[[TranslatorSocket], Awaitable[None]] | None = None,
    *,
    feel: Callable[[PulseSocket], Awaitable[None]] | None = None,
    admitted: MutableSet[Admitted] | None = None,
) -> AsyncIterator[int]:
    """Listen for engines inside the `with` block; yields the port, which is chosen by the system when `port` is 0.

    `handle` gets the links of engines, `translate` those of translators, which dial `wire.translation.PATH`, and `feel`
    those of pulses, which dial `wire.pulse.PATH`; without a handler a link is closed. A handler has its link until it
    returns. A ProtocolError or GivenUp from it ends the link; any other error is logged by the library and ends it too.
    On leaving the block, all links are closed and their handlers awaited. Raises ConfigurationError when the address
    can't be used.
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
        except NoProgress as error:
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
    if sent_by_a_page(request.headers):
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
    """The holder of a token, or None. The comparison takes as long for a wrong token as for a right one."""
    found: Holder | None = None
    for good, holder in tokens.items():
        if hmac.compare_digest(token.encode(), good.encode()):
            found = holder
    return found
