"""Fetches sound by http and https: a file without an end (Icecast), or the segments of a playlist (HLS), as bytes in
order.

All requests use checked connections, anew for each redirect and each segment. Credentials are sent only to the origin
that the address names.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import hdrs
from yarl import URL

from moothall.adapters.streams.checked_connection import CONNECT_S, CheckedResolver
from moothall.core.ports import Clock
from moothall.core.streams.addresses import LONGEST_LED, Network, may_reach, read_address
from moothall.core.streams.playlist import MOST_BYTES, MediaSegment, Playlist, is_playlist, next_pieces, read_playlist
from moothall.core.streams.watching import StreamFault
from moothall.services.capture.pulling import StreamLost

MOST_REDIRECTS = 5
READ = 1 << 14
"""Bytes that are read at a time."""
QUIET_S = 15.0
"""After how many seconds without a byte a request is given up; the decoder's reader notices earlier."""
MOST_SEGMENT = 64_000_000
"""The most bytes of a segment. Overflow: the stream is given up."""
MOST_DEEP = 3
"""How many levels of playlists may refer to one another."""

Give = Callable[[bytes], Awaitable[None]]
"""Receives bytes; waits while too many are queued."""


class StreamCut(Exception):
    """The sound that follows can't be decoded together with the sound before: another codec, other time stamps, or
    missing segments.
    """


class HttpStream:
    """A stream at one http address, fetched by `give`."""

    def __init__(self, address: str, allowed: Sequence[Network], clock: Clock, agent: str) -> None:
        """`allowed` holds for the host that the address names, and not for hosts to which it leads. Raises StreamLost
        when `address` is no valid address.
        """
        self._address = _uri(address, StreamFault.ADDRESS)
        self._allowed = allowed
        self._clock = clock
        self._agent = agent
        self.connected = asyncio.Event()
        """Set once a server was reached."""
        self.answered = asyncio.Event()
        """Set once a server has answered anything."""
        self.last: int | None = None
        """Number of the last segment that was given, by this or an earlier connection; None before the first."""
        self.recorded: bool | None = None
        """Whether the playlist was complete (a recording) when it was first read; None before that."""
        self.once = False
        """Whether the stream is one file of a stated size: when fetched again it starts from its beginning."""
        self.over = False
        """Whether all of a recording was given and decoded, by this or an earlier connection."""
        self.endless = False
        """Whether the stream is one file that never ends; its server sends at once what it has buffered of the last
        seconds.
        """

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        resolver = CheckedResolver(self._allowed, host=self._address.raw_host or "")
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=2)
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_create_end.append(self._reached)
        async with aiohttp.ClientSession(
            connector=connector,
            trace_configs=[tracing],
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=QUIET_S),
            auto_decompress=False,
            max_line_size=8_190,
            max_field_size=8_190,
            headers={hdrs.USER_AGENT: self._agent, hdrs.ACCEPT_ENCODING: "identity", hdrs.ACCEPT: "*/*"},
            read_bufsize=READ,
        ) as session:
            yield session

    async def _reached(self, *_: object) -> None:
        self.connected.set()

    async def give(self, give: Give) -> None:
        """Pass all of the stream to `give`, in order. Returns when a recording is over, at once when all of it was
        given before.

        Raises StreamLost, also when a live stream ends, and Cut.
        """
        async with self._session() as session:
            try:
                await self._give(session, self._address, give)
            except StreamLost:
                raise
            except (aiohttp.ClientError, ssl.SSLError, TimeoutError, OSError, ValueError) as error:
                raise StreamLost(_trouble(error)) from None

    async def _give(self, session: aiohttp.ClientSession, address: URL, give: Give, depth: int = 0) -> None:
        async with self._get(session, address) as answer:
            head = b""
            while len(head) < 16 and (more := await answer.content.read(READ)):
                head += more
            if not is_playlist(head):
                if depth:
                    raise StreamLost(StreamFault.PLAYLIST)
                self.endless = _endless(answer)
                self.once = not self.endless
                await _pass_on(answer, head, give)
                if self.endless:
                    raise StreamLost(StreamFault.ENDED)
                return
            text, address = await _text(answer, head), answer.url
        playlist = read_playlist(text)
        if playlist is None or depth >= MOST_DEEP:
            raise StreamLost(StreamFault.PLAYLIST)
        if playlist.variants:
            await self._give(session, address.join(_uri(playlist.variants[0].uri)), give, depth + 1)
        else:
            await self._follow(session, address, playlist, give)

    async def _follow(self, session: aiohttp.ClientSession, address: URL, playlist: Playlist, give: Give) -> None:
        """Pass on the segments of a playlist, and fetch the playlist again until it ends."""
        if self.recorded is None:
            self.recorded = playlist.ended
        start, begun = "", False
        while True:
            pieces = next_pieces(playlist, self.last, goes_on=begun, recorded=self.recorded)
            for piece in pieces:
                if begun and (piece.cut or piece.number - 1 != self.last or piece.start != start):
                    raise StreamCut
                begun = True
                if piece.start and piece.start != start:
                    start = piece.start
                    await self._segment(session, address.join(_uri(start)), give)
                await self._one(session, address, piece, give)
            if playlist.ended:
                if not self.recorded:
                    raise StreamLost(StreamFault.ENDED)
                return
            await self._clock.sleep(playlist.target_ms // (4 if not pieces else 2))
            async with self._get(session, address) as answer:
                read = read_playlist(await _text(answer, b""))
            if read is None or read.variants:
                raise StreamLost(StreamFault.PLAYLIST)
            playlist = read

    async def _one(self, session: aiohttp.ClientSession, address: URL, piece: MediaSegment, give: Give) -> None:
        await self._segment(session, address.join(_uri(piece.uri)), give)
        self.last = piece.number

    async def _segment(self, session: aiohttp.ClientSession, address: URL, give: Give) -> None:
        async with self._get(session, address) as answer:
            size = 0
            async for data in answer.content.iter_chunked(READ):
                size += len(data)
                if size > MOST_SEGMENT:
                    raise StreamLost(StreamFault.PLAYLIST)
                await give(data)

    @asynccontextmanager
    async def _get(self, session: aiohttp.ClientSession, address: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield an answer with status 200, after at most five redirects. Raises StreamLost."""
        for _ in range(MOST_REDIRECTS):
            address = address.with_fragment(None)
            if (parts := read_address(str(address), LONGEST_LED)) is None or address.scheme not in ("http", "https"):
                raise StreamLost(StreamFault.ADDRESS)
            # aiohttp calls no resolver for a host that is an IP address.
            if _is_ip(parts.host) and not may_reach(parts.host, self._allowed_at(address)):
                raise StreamLost(StreamFault.PRIVATE)
            async with session.get(
                address.with_user(None), allow_redirects=False, headers=self._who(address)
            ) as answer:
                self.answered.set()
                if answer.status in (301, 302, 303, 307, 308):
                    address = address.join(_uri(answer.headers.get(hdrs.LOCATION, "")))
                    continue
                if answer.status != 200:
                    raise StreamLost(StreamFault.STATUS, answer.status)
                yield answer
                return
        raise StreamLost(StreamFault.CONNECTION)

    def _allowed_at(self, address: URL) -> Sequence[Network]:
        """The networks that may be reached at `address`. A redirect is the server's choice, while the house's
        exceptions are meant for the addresses that its staff enter.
        """
        return self._allowed if address.raw_host == self._address.raw_host else ()

    def _who(self, address: URL) -> dict[str, str]:
        """The Authorization header, only for the origin that the stream's address names."""
        if self._address.user is None or address.origin() != self._address.origin():
            return {}
        who = f"{self._address.user}:{self._address.password or ''}"
        return {hdrs.AUTHORIZATION: "Basic " + base64.b64encode(who.encode()).decode()}


async def _pass_on(answer: aiohttp.ClientResponse, head: bytes, give: Give) -> None:
    await give(head)
    async for data in answer.content.iter_chunked(READ):
        await give(data)


def _endless(answer: aiohttp.ClientResponse) -> bool:
    """Whether a file has no end of its own. Radio servers, whose headers begin with `icy-` or `ice-`, may state an
    invented length.
    """
    radio = any(name.lower().startswith(("icy-", "ice-")) for name in answer.headers)
    return radio or answer.content_length is None


async def _text(answer: aiohttp.ClientResponse, head: bytes) -> str:
    data = bytearray(head)
    async for more in answer.content.iter_chunked(READ):
        data += more
        if len(data) > MOST_BYTES:
            raise StreamLost(StreamFault.PLAYLIST)
    return data.decode("utf-8", "replace")


def _uri(text: str, trouble: StreamFault = StreamFault.PLAYLIST) -> URL:
    try:
        return URL(text)
    except (ValueError, IndexError):  # IndexError: yarl 1.25 on a user without a host, such as http://[::1]@
        raise StreamLost(trouble) from None


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _trouble(error: Exception) -> StreamFault:
    if isinstance(error, TimeoutError):
        return StreamFault.SILENT if isinstance(error, aiohttp.SocketTimeoutError) else StreamFault.CONNECTION
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return StreamFault.ENDED
    return StreamFault.CONNECTION


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended. Its exception is retrieved, so that asyncio doesn't log it."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
