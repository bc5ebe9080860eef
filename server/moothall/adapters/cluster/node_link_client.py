"""A node's end of the link of nodes: a client that dials the current keeper and reconnects for ever."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from moothall.adapters.cluster.keeper_connections import CONNECT_S
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.core.kernel.errors import ProtocolError
from moothall.core.ports import Clock
from moothall.services.cluster.reading import NodeReading
from moothall.wire.cluster.node_link import MAX_FRAME_BYTES, PATH, TICK_MS, decode_to_node, encode
from moothall.wire.cluster.node_proof import LINK_ADDRESS, LINK_SCHEME
from moothall.wire.kinds import UnknownKind

logger = logging.getLogger(__name__)

AGAIN_MS = 500
"""Delay between two attempts."""
SILENT_S = 3 * TICK_MS / 1_000
"""Receive timeout, in s: a keeper that is silent for so long may have stopped, so the client reconnects."""
_AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError, OSError)


class NodeLinkClient:
    """The link of one node to the keeper. The task of `run` owns it."""

    def __init__(
        self,
        keeper: Callable[[], str | None],
        reading: NodeReading,
        seal: NodeSeal,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`keeper`: returns the keeper's address, None while there is no keeper; `tls`: as for `KeeperConnections`."""
        self._keeper = keeper
        self._reading = reading
        self._seal = seal
        self._clock = clock
        self._tls: ssl.SSLContext | bool = True if tls is None else tls
        self._told = False

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
            while True:
                keeper = self._keeper()
                if keeper is not None:
                    await self._tried(client, keeper)
                await self._clock.sleep(AGAIN_MS)

    async def _tried(self, client: aiohttp.ClientSession, keeper: str) -> None:
        try:
            await self._linked(client, keeper)
        except* _AWAY as errors:
            if not self._told:  # Logged once until the link is up again.
                logger.warning("the link to the keeper is away (%s)", type(errors.exceptions[0]).__name__)
            self._told = True
        except* ProtocolError as error:
            logger.error("the link to the keeper is cut. %s", error.exceptions[0])
        finally:
            self._reading.linked(up=False)

    async def _linked(self, client: aiohttp.ClientSession, keeper: str) -> None:
        head = self._seal.headers(method="GET", target=PATH, address=LINK_ADDRESS, scheme=LINK_SCHEME, host="")
        async with asyncio.timeout(CONNECT_S + SILENT_S):
            try:
                socket = await client.ws_connect(
                    keeper + PATH, headers=head, max_msg_size=MAX_FRAME_BYTES, ssl=self._tls, compress=0
                )
            except aiohttp.WSServerHandshakeError as refused:
                # Takes over the keeper's time where that is the reason; `run` dials again soon.
                self._seal.heard(head, refused.headers or {})
                raise
        async with socket, asyncio.TaskGroup() as tasks:
            self._reading.linked(up=True)
            self._told = False
            saying = tasks.create_task(self._say(socket))
            await self._hear(socket, keeper)
            saying.cancel()

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, keeper: str) -> None:
        while self._keeper() == keeper:
            message = await socket.receive(timeout=SILENT_S)
            if message.type is not aiohttp.WSMsgType.BINARY:
                return  # The keeper closed the link.
            with suppress(UnknownKind):
                self._reading.hear(decode_to_node(message.data))

    async def _say(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Report to the keeper what is read at this node: a new session at once, the numbers of readers each second."""
        while True:
            for message in self._reading.say():
                await socket.send_bytes(encode(message))
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_MS / 1_000):
                    await self._reading.news.wait()
