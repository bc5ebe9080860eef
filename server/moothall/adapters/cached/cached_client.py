"""A client of the cached feed for programs: it polls the contents, and fetches the pages that it lacks."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import aiohttp

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.wire.cached_feed import EVERY_MS, CachedText

SOONEST_MS, LATEST_MS = 1_000, 60_000
"""Bounds for the polling interval that the contents ask for."""
MOST_BYTES = 8 << 20
"""The most bytes of an answer; a longer one is refused."""
FIRST_TRIES = 3


async def follow_cached(
    address: str, channel: ChannelId, clock: Clock, tries: int = 20
) -> AsyncGenerator[tuple[CachedText, int], None]:
    """Yield the text whenever it has changed and is complete, with the wall time (Unix ms), until the session is
    closed.

    `address`: the session's page. After an error it tries again, up to `tries` times in a row, but only `FIRST_TRIES`
    times before the first text. Raises ProtocolError when there is no such text, the server can't be reached, or an
    answer can't be read.
    """
    text, tag, failed, begun = CachedText(), "", 0, False
    base = f"{address}/cached/{channel}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        while True:
            try:
                contents, tag = await _contents(http, base, tag)
                if contents is not None:
                    for name in text.take(contents):
                        page = await _page(http, f"{base}/{name}")
                        if page is not None:
                            text.fill(name, page)
                failed = 0
            except (aiohttp.ClientError, TimeoutError) as error:
                failed, contents, tag = failed + 1, None, ""
                if failed > (tries if begun else FIRST_TRIES):
                    why = f"can't be reached: {type(error).__name__}"
                    raise ProtocolError(f"The server at {address} {why}.") from error
            if not text.whole:
                tag = ""  # A page has changed since the contents were made; the next contents name its successor.
            elif contents is not None:
                begun = True
                yield text, clock.wall()
                if text.contents is not None and text.contents.status is Status.CLOSED:
                    return
            every = EVERY_MS if text.contents is None else text.contents.every
            await clock.sleep(min(LATEST_MS, max(SOONEST_MS, every)))


async def _contents(http: aiohttp.ClientSession, address: str, tag: str) -> tuple[bytes | None, str]:
    """The contents and their ETag; None in place of the contents where they still have the ETag `tag`."""
    async with http.get(address, headers={"If-None-Match": tag} if tag else {}) as answer:
        if answer.status == 304:
            return None, tag
        if answer.status == 404:
            raise ProtocolError("There is no such text here that everybody may read. The cached feed has no others.")
        answer.raise_for_status()
        return await _body(answer), answer.headers.get("ETag", "")


async def _page(http: aiohttp.ClientSession, address: str) -> bytes | None:
    """A page; None where there is no page of that name any more."""
    async with http.get(address) as answer:
        if answer.status == 404:
            return None
        answer.raise_for_status()
        return await _body(answer)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_chunked(1 << 16):
        body += part
        if len(body) > MOST_BYTES:
            raise ProtocolError(f"The server answered with more than {MOST_BYTES} bytes.")
    return bytes(body)
