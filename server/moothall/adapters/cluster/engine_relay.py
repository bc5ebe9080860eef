"""A relay for engines and translators on other machines: they dial any node, and a node that stands by passes their
bytes to the keeper's engine port.

The keeper checks their tokens. A connection ends when either side closes it, and all connections end when another node
becomes the keeper; the clients then dial again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

from moothall.adapters.cluster.keeper_connections import CONNECT_S
from moothall.core.kernel.errors import ConfigurationError

logger = logging.getLogger(__name__)

MOST = 200
"""The most connections at a time; an engine uses two. Overflow: the next connection is closed at once, and its client
dials again."""
PIECE = 64 << 10
"""Bytes of one read, and the limit of each stream's buffer, which bounds how far one side is ahead of the other."""
CAME, DIALLED = ("peername", "sockname"), ("sockname", "peername")
"""What a transport calls the client's and the server's address of a connection that came, or that was dialled."""


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
        # Bound: as `_passing`, two for each.
        self._connections: set[tuple[object, object]] = set()
        """The client's and the server's address of each connection that comes and that this relay dials: it is both
        where it has dialled itself."""
        self._told = ""
        """The keeper's address that was last logged to lead back here."""

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
        with suppress(asyncio.CancelledError, OSError, TimeoutError), self._no_loop(writer, CAME, keeper):
            await self._pass_on(keeper, reader, writer)
        del self._passing[task]
        writer.transport.abort()

    async def _pass_on(self, keeper: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = urlsplit(keeper).hostname or ""
        async with asyncio.timeout(CONNECT_S):
            answers, there = await asyncio.open_connection(host, self._port, limit=PIECE)
        try:
            with self._no_loop(there, DIALLED, keeper):
                sides = [asyncio.ensure_future(_copied(*side)) for side in ((reader, there), (answers, writer))]
                try:
                    await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await self._end(sides)
        finally:
            there.transport.abort()

    @contextmanager
    def _no_loop(self, writer: asyncio.StreamWriter, ends: tuple[str, str], keeper: str) -> Iterator[None]:
        """Note a connection inside the `with` block. `ends`: `CAME` or `DIALLED`. Raises ConnectionRefusedError
        where it is noted already, so that this relay has dialled itself.
        """
        connection = writer.get_extra_info(ends[0]), writer.get_extra_info(ends[1])
        if connection in self._connections and None not in connection:  # None: it has ended already.
            if keeper != self._told:
                self._told = keeper
                logger.warning(
                    "cluster: port %d at the keeper's address is this node's own; no engine reaches the keeper through "
                    "it. Give nodes of one machine the same `listen_port` and different `listen_host`.",
                    self._port,
                )
            raise ConnectionRefusedError
        self._connections.add(connection)
        try:
            yield
        finally:
            self._connections.discard(connection)

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
