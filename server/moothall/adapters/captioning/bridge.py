"""The caption bridge: a local TCP port for CAT programs, and a WebSocket from there to the server.

Typed text, including its backspaces, is buffered until the server has acknowledged it. While the server can't be
reached the buffer grows up to a bound; then the bridge stops reading from the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import msgspec

from moothall.core.captioning.charsets import binary_stream, lenient_text, without_telnet
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Clock
from moothall.wire.captioning.link import (
    Begin,
    Characters,
    FromServer,
    PostAnswer,
    Unsent,
    answered,
    begun,
    broken,
    next_post,
    typed,
)

HOST, PORT = "127.0.0.1", 9740
"""Where CAT programs look for such a program by default."""
READ = 4 << 10
PACE_MS = 100
"""The least time between two posts: text typed within it goes into one post."""
AGAIN_MS = 1_000
"""Delay before a post is repeated that the server could not store."""
BACKOFF = Backoff(first_ms=500, last_ms=15_000)
WITHIN_S = 20.0
"""Time limit for an answer of the server."""
STOP = frozenset({400, 401, 403, 404})
"""HTTP statuses after which reconnecting won't help."""
_decoder: msgspec.json.Decoder[FromServer] = msgspec.json.Decoder(FromServer)


class Target(msgspec.Struct, frozen=True):
    """The server's side of a bridge: the address of its WebSocket, and the key, which is kept out of the address."""

    address: str
    key: str

    def __repr__(self) -> str:
        return f"Target({self.address})"


def target_of(link: str) -> Target:
    """Parse the address for captioning software that the captioner's page shows, or the captioner's link itself. Raises
    ConfigurationError.
    """
    parts = urlsplit(link.strip())
    query = dict(parse_qsl(parts.query))
    path, _, token = parts.path.rpartition("/")
    key = query.pop("key", "") or (token if path == "/enter" else "")
    if parts.scheme not in ("http", "https") or not parts.netloc or not key:
        message = "The link is the captioner's ('/enter/' is in it), or the address for captioning software ('key=')."
        raise ConfigurationError(message)
    where = f"?{urlencode(query)}" if query else ""
    scheme = "wss" if parts.scheme == "https" else "ws"
    return Target(f"{scheme}://{parts.netloc}/captions/link{where}", key)


@dataclass(eq=False, repr=False)
class Bridge:
    """Carries text from its port to the server until cancelled. `tell`: called with a sentence whenever the state
    changes.
    """

    target: Target
    http: aiohttp.ClientSession
    clock: Clock
    tell: Callable[[str], None]
    _: KW_ONLY
    pace_ms: int = PACE_MS

    def __post_init__(self) -> None:
        self.unsent = Unsent()
        self._more = asyncio.Event()
        """Set when a program has sent text or the server has answered."""
        self._room = asyncio.Event()
        self._room.set()
        self._programs: set[asyncio.Task[None]] = set()
        """Tasks of the captioning software's connections. Bound: the programs on this machine."""
        self._said = ""
        self._reached = False
        """Whether the server answered on the newest connection."""

    async def run(self, host: str = HOST, port: int = PORT, listening: Callable[[int], None] = lambda _: None) -> None:
        """Listen and carry. Raises ConfigurationError where it can't listen, or the server refuses the key; the unsent
        text is then still in `unsent`.
        """
        try:
            server = await asyncio.start_server(self._program, host, port)
        except OSError as error:
            message = f"{host}:{port} can't be listened on: {error.strerror or error}. Choose another --port."
            raise ConfigurationError(message) from error
        try:
            listening(int(server.sockets[0].getsockname()[1]))
            await self._carry()
        finally:  # From Python 3.12 on a server's `async with` waits until its clients have left by themselves.
            server.close()
            programs = list(self._programs)
            for program in programs:
                program.cancel()
            await asyncio.gather(*programs, return_exceptions=True)

    async def _program(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tell("The captioning software is connected.")
        negotiated, held, before = b"", b"", b""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # asyncio's server runs this as a task
        self._programs.add(task)
        try:
            while data := await reader.read(READ):
                data, negotiated = without_telnet(negotiated + data)
                binary, before = binary_stream(before, data)
                if binary:
                    self.tell("What the captioning software sends is no text. Set it to send plain text by TCP.")
                    break
                text, held = lenient_text(data, held)
                self._set(typed(self.unsent, text))
                await self._room.wait()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._programs.discard(task)
            writer.close()
            self.tell("The captioning software has left.")

    def _set(self, unsent: Unsent) -> None:
        self.unsent = unsent
        self._more.set()
        if unsent.full:
            self._room.clear()
            self._say(f"{unsent.size} characters wait: nothing more is read until the server has taken some.")
        else:
            self._room.set()

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self.tell(sentence)

    async def _carry(self) -> None:
        failures = 0
        while True:
            self._reached = False
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._connected()
            self.unsent = broken(self.unsent)
            failures = 0 if self._reached else failures + 1
            self._say(f"No connection to the server. {self.unsent.size} characters wait; it is tried again.")
            await self.clock.sleep(BACKOFF.wait_ms(failures))

    async def _connected(self) -> None:
        """Carry over one connection until it ends."""
        headers = {"Authorization": f"Bearer {self.target.key}"}
        try:
            link = await self.http.ws_connect(self.target.address, headers=headers, heartbeat=WITHIN_S)
        except aiohttp.WSServerHandshakeError as error:
            if error.status in STOP:
                why = "it was replaced, has ended, is for another meeting, or names none: add ?session= and its name"
                raise ConfigurationError(f"The server refuses the link ({error.status}): {why}.") from None
            raise
        async with link:
            begin = await asyncio.wait_for(link.receive(), WITHIN_S)
            first = _message(begin)
            if not isinstance(first, Begin):
                return
            self._reached = True
            self.unsent, again = begun(self.unsent, first)
            self._say(f"Connected: text goes to “{first.title}”.")
            if again is not None:
                await self._post(link, again)
            while not link.closed:
                self.unsent, post = next_post(self.unsent)
                if post is None:
                    if not await self._something(link):
                        return
                else:
                    await self._post(link, post)
                    await self.clock.sleep(self.pace_ms)

    async def _something(self, link: aiohttp.ClientWebSocketResponse) -> bool:
        """Wait for more text; return whether the connection is still alive."""
        self._more.clear()
        async with asyncio.TaskGroup() as group:
            ended = group.create_task(link.receive())
            more = group.create_task(self._more.wait())
            await asyncio.wait({ended, more}, return_when=asyncio.FIRST_COMPLETED)
            alive = not ended.done()
            ended.cancel()
            more.cancel()
        return alive

    async def _post(self, link: aiohttp.ClientWebSocketResponse, post: Characters) -> None:
        """Send a post, again if necessary, until the server has accepted or rejected it. Raises ConnectionError when
        the connection ends.
        """
        while True:
            await link.send_str(msgspec.json.encode(post).decode())
            answer = _message(await asyncio.wait_for(link.receive(), WITHIN_S))
            if not isinstance(answer, PostAnswer):
                raise ConnectionError("The connection has ended.")
            if answer.again:
                self._say(answer.sentence)
                await self.clock.sleep(AGAIN_MS)
                continue
            if not answer.kept:
                self._say(answer.sentence)
            elif self._said:
                self._say("Text is taken.")
            self._set(answered(self.unsent, answer))
            return


def _message(message: aiohttp.WSMessage) -> Begin | PostAnswer | None:
    if message.type is not aiohttp.WSMsgType.TEXT:
        return None
    try:
        return read(_decoder, message.data)
    except Unreadable:
        return None
