"""The connection of engines and translators to their server: a WebSocket with their token, and a back-off."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Generic, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.uri import parse_uri

from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import ConfigurationError, MoothallError, ProtocolError
from moothall.wire.engine import MAX_FRAME_BYTES
from moothall.wire.kinds import OTHER_VERSION, OtherVersion, UnknownKind, passed_over
from moothall.wire.pulse import GIVEN_UP

Got = TypeVar("Got")
Sent = TypeVar("Sent")
logger = logging.getLogger(__name__)

BACKOFF = Backoff(first_ms=200, last_ms=5_000)
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts to which a link needs no TLS: nobody can listen on the way to them."""
CLOSE_TIMEOUT = 1.0
"""Timeout of the closing handshake, s."""


class GivenUpByServer(MoothallError):
    """The server has given this process up because a pass in it hangs; the process has to end."""


def raise_if_given_up(closed: ConnectionClosed) -> None:
    """Raise GivenUp if the server closed the link for that reason."""
    if closed.rcvd is not None and closed.rcvd.code == GIVEN_UP:
        msg = "The server gave this process up since its work makes no progress; it ends, and has to be started again."
        raise GivenUpByServer(msg) from None


def _raise_if_other_version(closed: ConnectionClosed) -> None:
    if closed.rcvd is not None and closed.rcvd.code == OTHER_VERSION:
        raise OtherVersion(f"The server refuses this process: {closed.rcvd.reason}") from None


class WebSocketLink(Generic[Got, Sent]):
    """The client's end of a link over one WebSocket, for messages of one protocol."""

    def __init__(
        self, socket: ClientConnection, decode: Callable[[bytes], Got], encode: Callable[[Sent], bytes]
    ) -> None:
        """`decode` raises ProtocolError for an invalid frame, and UnknownKind for one that is to be ignored."""
        self._socket = socket
        self._decode = decode
        self._encode = encode
        self.used = False
        """Whether the server has sent any message."""
        self._unknown = 0
        """Number of messages of kinds that this release doesn't know."""

    async def receive(self) -> Got | None:
        """Wait for the next message of a known kind; None when the link has ended.

        Raises ProtocolError, also (OtherVersion) when the server speaks another version, and GivenUp.
        """
        while True:
            try:
                frame = await self._socket.recv(decode=False)
            except ConnectionClosed as closed:
                if self._unknown:
                    logger.info("engine link: %s", passed_over(self._unknown))
                raise_if_given_up(closed)
                _raise_if_other_version(closed)
                return None
            self.used = True
            try:
                return self._decode(frame)
            except UnknownKind:
                self._unknown += 1

    async def send(self, message: Sent) -> None:
        """Write a message, and wait while the connection is congested. Does nothing when the link has ended."""
        with suppress(ConnectionClosed):
            await self._socket.send(self._encode(message))


class JitteredBackoff:
    """An exponential back-off with jitter, so that many engines don't reconnect at the same moment."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """`jitter` returns random numbers from 0 to 1."""
        self._jitter = jitter
        self._failures = 0

    def next_ms(self) -> float:
        """The delay before the next try, ms: between half and the whole of the current step."""
        ms = BACKOFF.wait_ms(self._failures)
        self._failures += 1
        return ms * (0.5 + self._jitter() / 2)

    def reset(self) -> None:
        """Return to the shortest step, after a success."""
        self._failures = 0


def first_of(failed: BaseException) -> BaseException:
    """The first error in a group, nested groups included, that isn't a group itself."""
    while isinstance(failed, BaseExceptionGroup):
        failed = failed.exceptions[0]
    return failed


class EngineServer:
    """The address of a server's engine link, with the token for it."""

    def __init__(self, url: str, token: str, name: str) -> None:
        """`url`: `ws://HOST:PORT/` or `wss://…`; `name`: this process's name in its own logs."""
        self._url = url
        self._token = token
        self._name = name
        with suppress(InvalidURI):
            address = parse_uri(url)
            if not address.secure and address.host not in LOCAL:
                logger.warning(
                    "engine %s: the link has no TLS: token, sound and text can be read on the way to the server",
                    name,
                )

    async def talk(self, talk: Callable[[ClientConnection], Awaitable[None]]) -> None:
        """Dial, and run `talk` on the connection; returns when the link has ended, or when no server answers.

        Failures are logged. Raises ConfigurationError for an invalid address or a refused token.
        """
        try:
            async with self.dial() as socket:
                await talk(socket)
        except ProtocolError as broken:
            logger.error("engine %s: %s", self._name, broken)
        except InvalidStatus as refused:
            status = refused.response.status_code
            if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                msg = "The server refused the engine's token; give it the one that the server's settings name."
                raise ConfigurationError(msg) from None
            logger.warning("engine %s: the server answered with status %d", self._name, status)
        except (OSError, InvalidHandshake) as failed:
            logger.warning("engine %s: no server answers (%s)", self._name, type(failed).__name__)

    def dial(self) -> connect:
        """Make the connection, an asynchronous context manager. Raises ConfigurationError for an invalid address."""
        try:
            return connect(
                self._url,
                additional_headers={"Authorization": f"Bearer {self._token}"},
                max_size=MAX_FRAME_BYTES,
                compression=None,
                proxy=None,  # Audio and text go where the settings say, and nowhere else.
                close_timeout=CLOSE_TIMEOUT,
            )
        except InvalidURI as error:
            msg = f"'{self._url}' is no address of an engine link: it looks like ws://127.0.0.1:8090/."
            raise ConfigurationError(msg) from error
