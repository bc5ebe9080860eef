"""The keeper's doors for nodes that stand by: the link, and its logs, which have what Redis has given up. Whoever asks
proves itself as no visitor's request can.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import aiohttp
from aiohttp import web

from moothall.adapters.cluster.copies_door import LogDoor, node_of
from moothall.core.kernel.errors import ProtocolError
from moothall.core.ports import Clock, LogReading
from moothall.services.cluster.read_elsewhere import NodeLink, ReadElsewhere
from moothall.wire.cluster import node_link
from moothall.wire.cluster.node_link import MAX_FRAME_BYTES, TICK_MS, Tick, decode_to_keeper, encode
from moothall.wire.kinds import UnknownKind

logger = logging.getLogger(__name__)

STUCK_S = 10.0
"""A node that takes nothing for so long is cut, and dials again."""
ASKED_S = 4.0
"""How often a node is asked whether it is there. One that hasn't answered after half as long is gone: its readers count
no more, and nothing is translated for them."""


class NodeLinkDoor:
    """Serves nodes. `close` at the end."""

    def __init__(self, nodes: ReadElsewhere, log: LogReading, clock: Clock, *, asked_s: float = ASKED_S) -> None:
        self._nodes = nodes
        self._log = log
        self._clock = clock
        self._asked_s = asked_s
        # Bound: nodes that have the key.
        self._open: dict[asyncio.Transport, None] = {}

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get(node_link.PATH, self.handle, allow_head=False),
            *LogDoor(self._log).routes(),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one node, until it is gone."""
        node = node_of(request)
        # What is told is small and has to be there at once: nothing is compressed.
        socket = web.WebSocketResponse(
            max_msg_size=MAX_FRAME_BYTES, compress=False, autoclose=True, heartbeat=self._asked_s
        )
        with suppress(ConnectionError):
            await socket.prepare(request)
        transport = request.transport
        if transport is None or not socket.prepared:  # It has gone again.
            return web.Response(status=503)
        link = self._nodes.begin(node)
        self._open[transport] = None
        logger.info("node %s is linked", node)
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = [tasks.create_task(self._tell(socket, link)), tasks.create_task(self._tick(socket))]
                await self._hear(socket, link)
                for task in sending:
                    task.cancel()
        except* (ConnectionError, TimeoutError) as gone:
            logger.info("node %s is cut (%s)", node, type(gone.exceptions[0]).__name__)
        except* ProtocolError as error:
            logger.error("node %s is cut. %s", node, error.exceptions[0])
        finally:
            self._nodes.end(link)
            del self._open[transport]
            transport.abort()
        return socket

    async def close(self, _: web.Application | None = None) -> None:
        """Send all nodes away, without a goodbye: whoever stands by has to be quick to take over."""
        for transport in list(self._open):
            transport.abort()

    async def _hear(self, socket: web.WebSocketResponse, link: NodeLink) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise ProtocolError("A node sends binary messages.")
            with suppress(UnknownKind):
                link.hear(decode_to_keeper(message.data))

    async def _tell(self, socket: web.WebSocketResponse, link: NodeLink) -> None:
        while True:
            await link.news.wait()
            for told in link.take():
                async with asyncio.timeout(STUCK_S):
                    await socket.send_bytes(encode(told))

    async def _tick(self, socket: web.WebSocketResponse) -> None:
        tick = encode(Tick())
        while True:
            async with asyncio.timeout(STUCK_S):
                await socket.send_bytes(tick)
            await self._clock.sleep(TICK_MS)
