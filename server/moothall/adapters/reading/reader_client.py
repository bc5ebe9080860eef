"""A reader that isn't a browser: it follows a session over the SSE door and reconnects after each lost connection.

A connection counts as lost when neither a frame nor a pulse arrives for two and a half intervals of the pulse.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlencode

import aiohttp

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Position
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode

RETRY_MS = 500
FIRST_TRIES = 3
TIMEOUT_S = 45.0
"""How many seconds may pass without data before the first pulse has announced its interval; older servers send no
pulses.
"""
PATIENCE = 2.5
"""How many pulse intervals may pass without data before the connection counts as lost."""


async def follow(address: str, feed: Feed, clock: Clock, tries: int = 20) -> AsyncGenerator[tuple[Received, int], None]:
    """Yield the frames of `feed`, each with the wall time of its arrival (Unix ms), without losses or repeats.

    `address` is the session's page. Reconnects after a lost connection, or when the server can't serve it at the
    moment, up to `tries` times in a row; before the first frame it gives up after FIRST_TRIES. Raises ProtocolError
    when it gives up, when the server refuses, or when it sends what can't be decoded.
    """
    after: Position | None = None
    failed = 0
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        while True:
            query = {"channel": feed.channel, "feed": "live" if feed.live else "lines"}
            if after is not None:
                query["after"] = str(after)
            try:
                async with (
                    http.get(f"{address}/events?{urlencode(query)}") as response,
                    aclosing(_frames(response)) as frames,
                ):
                    async for received in frames:
                        if received.pulse is not None:
                            if after is not None and received.pulse.head > after.offset:
                                break  # Frames are missing: reconnect, and resume from the position.
                            continue
                        after = _position(received, after)
                        failed = 0
                        yield received, clock.wall()
            except aiohttp.ClientError as error:
                failed += 1
                if failed > (FIRST_TRIES if after is None else tries):
                    busy = isinstance(error, aiohttp.ClientResponseError)
                    why = "can't serve the session now" if busy else f"can't be reached: {type(error).__name__}"
                    raise ProtocolError(f"The server at {address} {why}.") from error
            await clock.sleep(RETRY_MS)


def _position(frame: Received, after: Position | None) -> Position | None:
    if frame.snapshot is not None:
        return Position(frame.snapshot.epoch, frame.snapshot.offset)
    if frame.events and after is not None:
        return Position(after.epoch, frame.events[-1].offset)
    return after


async def _frames(response: aiohttp.ClientResponse) -> AsyncGenerator[Received]:
    if response.status == 503:
        response.raise_for_status()  # The server is full or its store is away. Both pass.
    if response.status != 200:
        text = (await response.text())[:300].strip()
        raise ProtocolError(f"The server answered {response.status}: {text}")
    stream, patience = EventStream(), TIMEOUT_S
    while True:
        try:
            async with asyncio.timeout(patience):
                data = await response.content.readany()
        except TimeoutError as error:
            raise aiohttp.ServerTimeoutError from error
        if not data:
            return
        for event in stream.feed(data):
            frame = decode(event.data)
            if frame.pulse is not None:
                patience = PATIENCE * frame.pulse.every / 1_000
            yield frame
