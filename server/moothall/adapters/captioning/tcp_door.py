"""Captions as raw text over TCP, on a port of its own: what a CAT program types, including backspaces.

The first line holds the key, optionally followed by `session=`, `channel=`, `lang=` and `charset=`, separated by
spaces. The server answers `Ready.`, or a sentence that says why not before it closes the connection. Telnet negotiation
is ignored. Where the server has a certificate the port uses TLS, like its other ports.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.adapters.captioning.keys import CaptionKeys
from moothall.adapters.http.limits import network
from moothall.core.captioning.charsets import NO_TEXT, binary_stream, known_charset, without_telnet
from moothall.core.kernel.errors import (
    PASSING,
    ConfigurationError,
    RecordBroken,
    Refusal,
    RefusalCode,
    StorageUnavailable,
    refuse,
)
from moothall.core.ports import Clock
from moothall.services.captioning.caption_streams import CaptionStreams, Form, Post, TextStream
from moothall.services.log.act_queue import unavailable

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 100
"""The most connections. Overflow: the next one gets a sentence and is closed."""
MOST_EACH = 20
"""The most connections of one address."""
FIRST_LINE_S = 10
LONGEST_LINE = 300
"""Bytes of the first line."""
READ = 4 << 10
"""Bytes of one read; further data waits in the sender's machine."""
PACE_MS = 80
"""The least time between two posts: text typed within it goes into one post."""
AGAIN_MS = 1_000
"""Delay before a post is repeated that could not be stored."""
IDLE_S = 4 * 3_600
"""How long a connection may be silent."""
_STAYS = PASSING | {RefusalCode.CONFLICT}
"""Refusals after which the connection stays open: a session may not have begun or be over. What is typed then is not
kept."""


@dataclass(eq=False, repr=False)
class TcpDoor:
    """Serves the port from `open` until its stack unwinds."""

    keys: CaptionKeys
    streams: CaptionStreams
    clock: Clock
    _: KW_ONLY
    first_line_s: float = FIRST_LINE_S

    def __post_init__(self) -> None:
        self._there: dict[asyncio.Task[None], str] = {}
        """The connections' tasks, each with its address."""

    async def open(self, stack: AsyncExitStack, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Listen until the stack unwinds; return the port. Raises ConfigurationError where it can't listen."""
        try:
            server = await asyncio.start_server(self._serve, host, port, ssl=tls, limit=LONGEST_LINE)
        except OSError as error:
            message = f"[captioning] tcp_port {port} can't be listened on at {host}: {error.strerror or error}."
            raise ConfigurationError(message) from error
        stack.push_async_callback(self._close, server)
        return int(server.sockets[0].getsockname()[1])

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        there = tuple(self._there)
        for task in there:
            task.cancel()
        if there:
            await asyncio.wait(there)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task, address = asyncio.current_task(), network(str((writer.get_extra_info("peername") or ("",))[0]))
        each = Counter(self._there.values())[address]
        try:
            if task is None or len(self._there) >= MOST_CONNECTIONS or each >= MOST_EACH:
                writer.write(b"Too many connections are open. Try again later.\r\n")
                return
            self._there[task] = address
            _keep_alive(writer)
            refused = await self._follow(reader, writer, address)
            if refused is not None:
                writer.write(f"{refused.message}\r\n".encode())
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # The connection is closed or silent, or the server shuts down.
        finally:
            if task is not None:
                self._there.pop(task, None)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> Refusal | None:
        async with asyncio.timeout(self.first_line_s):
            try:
                line = await reader.readline()
            except ValueError:
                return refuse(RefusalCode.INVALID, "The first line is too long: it holds the key and its settings.")
        plain, held = without_telnet(line)
        key, *options = plain.decode("utf-8", "replace").split() or [""]
        named = dict(each.partition("=")[::2] for each in options)
        charset = known_charset(named.get("charset", "utf-8"))
        if charset not in ("utf-8", "cp1252"):
            return refuse(RefusalCode.INVALID, "This charset is not read here. These are: utf-8, windows-1252.")
        where = named.get("session", ""), named.get("channel", "")
        said = await self._put(address, key, where, Post(body=b"", lenient=True))
        if said is not None and said.code not in _STAYS:
            return said
        writer.write(f"{'Ready.' if said is None else said.message}\r\n".encode())
        language = named.get("lang", "")[:35]
        form = Post(body=b"", charset=charset, language=language, form=Form.STREAM, lenient=True)
        stream = await self._open(address, key, where)
        if isinstance(stream, Refusal):
            return stream
        with self.keys.linked(stream.session, stream.staff.link):
            return await self._typed(reader, writer, (address, key, where), form, held)

    async def _typed(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        who: tuple[str, str, tuple[str, str]],
        form: Post,
        held: bytes,
    ) -> Refusal | None:
        """Store what is typed until the sender disconnects (None), or is refused for good."""
        said: Refusal | None = None
        before = b""
        while True:
            async with asyncio.timeout(IDLE_S):
                data = await reader.read(READ)
            if not data:
                return None
            body, held = without_telnet(held + data)
            binary, before = binary_stream(before, body)
            if binary:
                return refuse(RefusalCode.INVALID, NO_TEXT)
            post = msgspec.structs.replace(form, body=body)
            refused = await self._put(*who, post)
            while refused is not None and refused.code in PASSING:
                await self.clock.sleep(AGAIN_MS)
                refused = await self._put(*who, post)
            if refused is not None and refused.code not in _STAYS:
                return refused
            if (refused is None) != (said is None):
                writer.write(f"{'Ready.' if refused is None else refused.message}\r\n".encode())
            said = refused
            await self.clock.sleep(PACE_MS)

    async def _open(self, address: str, key: str, where: tuple[str, str]) -> TextStream | Refusal:
        try:
            return await self.keys.open(address, key, *where)
        except (StorageUnavailable, RecordBroken):
            return unavailable()

    async def _put(self, address: str, key: str, where: tuple[str, str], post: Post) -> Refusal | None:
        """Store a post. The key is checked each time, since its link may have been revoked."""
        stream = await self._open(address, key, where)
        if isinstance(stream, Refusal):
            return stream
        taken = await self.streams.put(stream, post)
        return taken if isinstance(taken, Refusal) else None


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
