"""A relay for engines and translators on other machines: they dial any node, and a node that stands by passes their
bytes to the keeper's engine port.

The keeper checks their tokens. A connection ends when either side closes it, and all connections end when another node
becomes the keeper; the clients then dial again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from moothall.adapters.cluster.keeper_connections import CONNECT_S
from moothall.core.kernel.errors import ConfigurationError

logger = logging.getLogger(__name__)

MOST = 200
"""The most connections at a time; an engine uses two. Overflow: the next connection is closed at once, and its client
dials again."""
PIECE = 64 << 10
"""Bytes of one read, and the limit of each stream's buffer, which bounds how far one side is ahead of the other."""


class EngineRelay:
    """Relays connections to the engine port of a node that stands by. `serving` owns the tasks."""

    def __init__(self, keeper: Callable[[], str | None], port: int) -> None:
        """`keeper`: returns the keeper's address, such as `http://10.0.0.1:8080`; None while there is no keeper.
        `port`: the engine port, the same on this node and on the keeper.
        """
        self._keeper = keeper
        self._port = port
        # Bound: `MOST`.
        self._passing: dict[asyncio.Task[None], str] = {}

    @asynccontextmanager
    async def serving(self, host: str) -> AsyncIterator[None]:
        """Listen at the engine port inside the `with` block. Raises ConfigurationError when the port can't be
        opened.
        """
        try:
            server = await asyncio.start_server(self._serve, host, self._port, limit=PIECE)
        except OSError as error:
            msg = f"Engines can't be listened for on {host}:{self._port}: {error.strerror}."
            raise ConfigurationError(msg) from error
        try:
            yield
        finally:
            server.close()
            await self._end(list(self._passing))

    def house_moved(self) -> None:
        """Close the connections to a node that is no longer the keeper."""
        keeper = self._keeper()
        for task in [each for each, at in self._passing.items() if at != keeper]:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task, keeper = asyncio.current_task(), self._keeper()
        if task is None or keeper is None or len(self._passing) >= MOST:
            writer.transport.abort()
            return
        self._passing[task] = keeper
        with suppress(asyncio.CancelledError, OSError, TimeoutError):
            await self._pass_on(urlsplit(keeper).hostname or "", reader, writer)
        del self._passing[task]
        writer.transport.abort()

    async def _pass_on(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(CONNECT_S):
            answers, there = await asyncio.open_connection(host, self._port, limit=PIECE)
        try:
            sides = [asyncio.ensure_future(_copied(*side)) for side in ((reader, there), (answers, writer))]
            try:
                await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._end(sides)
        finally:
            there.transport.abort()

    @staticmethod
    async def _end(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end of the stream, at the writer's pace. Raises ConnectionError."""
    while data := await reader.read(PIECE):
        writer.write(data)
        await writer.drain()
