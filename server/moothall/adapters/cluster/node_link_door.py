"""The keeper's doors for nodes that stand by: the link, and logs that Redis has given up. Whoever asks proves itself as
no visitor's request can.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import aiohttp
from aiohttp import web

from moothall.adapters.http.forwarded import CARRIED
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ProtocolError, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.ports import Clock, LogReading
from moothall.services.cluster.read_elsewhere import NodeLink, ReadElsewhere
from moothall.wire import node_link
from moothall.wire.kinds import UnknownKind
from moothall.wire.node_link import MAX_FRAME_BYTES, TICK_MS, Tick, decode_to_keeper, encode
from moothall.wire.node_proof import LINK_SCHEME, Carried

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
            web.get("/node/log/{session}", self.events, allow_head=False),
        ]

    async def events(self, request: web.Request) -> web.Response:
        """Events of a session's log, behind an offset."""
        node_of(request)
        session, after = request.match_info["session"], number_in(request.query.get("after", ""), 15)
        if not is_name(session) or after is None:
            raise web.HTTPBadRequest
        try:
            records = await self._log.read(SessionId(session), after, node_link.MOST_EVENTS)
        except (StorageUnavailable, RecordBroken) as error:
            raise web.HTTPServiceUnavailable from error
        return web.Response(body=node_link.pack(records), headers={"Cache-Control": "no-store"})

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


def node_of(request: web.Request) -> str:
    """The name of the node that speaks for itself; whoever else asks finds nothing here."""
    carried: Carried | None = request.get(CARRIED)
    if carried is None or carried.scheme != LINK_SCHEME:
        raise web.HTTPNotFound
    return carried.node
