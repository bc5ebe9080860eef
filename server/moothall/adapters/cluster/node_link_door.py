"""The keeper's routes for nodes that stand by: the link of nodes, and the keeper's logs, which hold what Redis has
trimmed. Only nodes are served (`copies_door.node_of`).
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
"""Time limit, in s, for sending one message; the connection to a node that doesn't read for so long is cut, and the
node dials again."""
ASKED_S = 4.0
"""Interval of WebSocket pings, in s. A node that doesn't answer within half of it counts as gone: its readers are no
longer counted, and nothing is translated for them."""


class NodeLinkDoor:
    """Serves the link to the nodes that stand by. Call `close` at the end."""

    def __init__(self, nodes: ReadElsewhere, log: LogReading, clock: Clock, *, asked_s: float = ASKED_S) -> None:
        self._nodes = nodes
        self._log = log
        self._clock = clock
        self._asked_s = asked_s
        # Bound: nodes that have the key.
        self._open: dict[asyncio.Transport, None] = {}

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get(node_link.PATH, self.handle, allow_head=False),
            *LogDoor(self._log).routes(),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one node until it disconnects."""
        node = node_of(request)
        # The messages are small and urgent, so they are not compressed.
        socket = web.WebSocketResponse(
            max_msg_size=MAX_FRAME_BYTES, compress=False, autoclose=True, heartbeat=self._asked_s
        )
        with suppress(ConnectionError):
            await socket.prepare(request)
        transport = request.transport
        if transport is None or not socket.prepared:  # The node has disconnected already.
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
        """Drop all links without a closing handshake, so that nodes that stand by take over without delay."""
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
