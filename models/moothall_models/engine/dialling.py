"""How engines and translators come to their server: a WebSocket with their token, and with patience."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Generic, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import ConfigurationError, MoothallError, ProtocolError
from moothall.wire.engine import MAX_FRAME_BYTES
from moothall.wire.kinds import OTHER_VERSION, OtherVersion, UnknownKind, passed_over
from moothall.wire.pulse import GIVEN_UP

Got = TypeVar("Got")
Sent = TypeVar("Sent")
logger = logging.getLogger(__name__)

BACKOFF = Backoff(first_ms=200, last_ms=5_000)
CLOSE_TIMEOUT = 1.0
"""Seconds that a link gets to close in order."""


class GivenUp(MoothallError):
    """The server has given this process up: what hangs in it doesn't end, so that it has to."""


def raise_if_given_up(closed: ConnectionClosed) -> None:
    """Raises GivenUp where that is why the server closed the link."""
    if closed.rcvd is not None and closed.rcvd.code == GIVEN_UP:
        msg = "The server gave this process up since its work makes no progress; it ends, and has to be started again."
        raise GivenUp(msg) from None


def _raise_if_other_version(closed: ConnectionClosed) -> None:
    if closed.rcvd is not None and closed.rcvd.code == OTHER_VERSION:
        raise OtherVersion(f"The server refuses this process: {closed.rcvd.reason}") from None


class WebSocketLink(Generic[Got, Sent]):
    """A link over one WebSocket."""

    def __init__(
        self, socket: ClientConnection, decode: Callable[[bytes], Got], encode: Callable[[Sent], bytes]
    ) -> None:
        """`decode` raises ProtocolError."""
        self._socket = socket
        self._decode = decode
        self._encode = encode
        self.used = False
        """Whether the server has said anything."""
        self._unknown = 0
        """Messages of kinds that this release doesn't know."""

    async def receive(self) -> Got | None:
        """The next message of a kind that is known; None when the link has ended. Raises ProtocolError, and GivenUp."""
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
        """Write a message, and wait while the link is slow; silent when it has ended."""
        with suppress(ConnectionClosed):
            await self._socket.send(self._encode(message))


class JitteredBackoff:
    """How long to wait before each new try: with jitter, so that engines don't come back all at once."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """`jitter` gives numbers from 0 to 1."""
        self._jitter = jitter
        self._failures = 0

    def next_ms(self) -> float:
        """Between half and the whole of the step that it has reached, ms."""
        ms = BACKOFF.wait_ms(self._failures)
        self._failures += 1
        return ms * (0.5 + self._jitter() / 2)

    def reset(self) -> None:
        """It worked: begin again with the shortest."""
        self._failures = 0


def first_of(failed: BaseException) -> BaseException:
    """The first error in a group that isn't a group itself."""
    while isinstance(failed, BaseExceptionGroup):
        failed = failed.exceptions[0]
    return failed


class EngineServer:
    """Where a server's engine link is, and with which token."""

    def __init__(self, url: str, token: str, name: str) -> None:
        """`url`: `ws://HOST:PORT/` or `wss://…`; `name`: whose this is, for logs."""
        self._url = url
        self._token = token
        self._name = name

    async def talk(self, talk: Callable[[ClientConnection], Awaitable[None]]) -> None:
        """Dial, and talk until the link ends; comes back too when no server answers. Raises ConfigurationError."""
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
        """The connection, to be entered. Raises ConfigurationError for what is no address."""
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
