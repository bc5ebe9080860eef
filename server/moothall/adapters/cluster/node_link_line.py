"""A node's end of the link of nodes: it dials the keeper again and again, and reads logs and sound there."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import aiohttp

from moothall.adapters.cluster.keeper_connections import CONNECT_S, KeeperConnections
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import ProtocolError, StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Clock, SpooledPiece
from moothall.services.cluster.reading import NodeReading
from moothall.wire import node_sound
from moothall.wire.kinds import UnknownKind
from moothall.wire.node_link import LOG_PATH, MAX_FRAME_BYTES, PATH, TICK_MS, decode_to_node, encode, unpack
from moothall.wire.node_proof import LINK_ADDRESS, LINK_SCHEME

logger = logging.getLogger(__name__)

AGAIN_MS = 500
"""Between two tries."""
SILENT_S = 3 * TICK_MS / 1_000
"""A keeper that says nothing for so long may be stopped: the line is given up, and dialled again."""
_AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError, OSError)


class NodeLinkLine:
    """The line of one node. `run` owns it."""

    def __init__(
        self,
        keeper: Callable[[], str | None],
        reading: NodeReading,
        seal: NodeSeal,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`keeper`: where it is, None while there is none; `tls`: as for `KeeperConnections`."""
        self._keeper = keeper
        self._reading = reading
        self._seal = seal
        self._clock = clock
        self._tls: ssl.SSLContext | bool = True if tls is None else tls
        self._told = False

    async def run(self) -> None:
        """Be linked until cancelled."""
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
            if not self._told:  # Once, until it is linked again.
                logger.warning("the link to the keeper is away (%s)", type(errors.exceptions[0]).__name__)
            self._told = True
        except* ProtocolError as error:
            logger.error("the link to the keeper is cut. %s", error.exceptions[0])
        finally:
            self._reading.linked(up=False)

    async def _linked(self, client: aiohttp.ClientSession, keeper: str) -> None:
        head = self._seal.headers(method="GET", target=PATH, address=LINK_ADDRESS, scheme=LINK_SCHEME, host="")
        async with asyncio.timeout(CONNECT_S + SILENT_S):
            socket = await client.ws_connect(
                keeper + PATH, headers=head, max_msg_size=MAX_FRAME_BYTES, ssl=self._tls, compress=0
            )
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
                return  # It is closed.
            with suppress(UnknownKind):
                self._reading.hear(decode_to_node(message.data))

    async def _say(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """What is read here: a new session at once, how many read it each second."""
        while True:
            for message in self._reading.say():
                await socket.send_bytes(encode(message))
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_MS / 1_000):
                    await self._reading.news.wait()


class KeeperArchive:
    """The logs of the keeper, to be read from their first events on: for a node that lacks what Redis has given up."""

    def __init__(self, keeper: Callable[[], str | None], connections: KeeperConnections, seal: NodeSeal) -> None:
        """`keeper`: where it is; None while there is none."""
        self._keeper = keeper
        self._connections = connections
        self._seal = seal

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`services.cluster.copying.Readable`).

        Raises StorageUnavailable.
        """
        raw, _ = await self.ask(f"{LOG_PATH.format(session=session)}?after={after}", f"The log of session {session}")
        try:
            return unpack(raw)[:limit]
        except ProtocolError as error:
            raise StorageUnavailable(f"The log of session {session} can't be read as the keeper sends it.") from error

    async def ask(self, target: str, what: str) -> tuple[bytes, Mapping[str, str]]:
        """What the keeper answers a node, and the head of that; `what` begins a sentence. Raises StorageUnavailable."""
        keeper = self._keeper()
        if keeper is None:
            raise StorageUnavailable("No node keeps the house at the moment, so there is no archive.")
        head = self._seal.headers(method="GET", target=target, address=LINK_ADDRESS, scheme=LINK_SCHEME, host="")
        try:
            response = await self._connections.ask("GET", keeper + target, head, None, own=False)
            async with response:
                if response.status != 200:
                    raise StorageUnavailable(f"{what} can't be had: the keeper answers {response.status}.")
                return await response.read(), response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StorageUnavailable(f"{what} can't be read at the keeper ({type(error).__name__}).") from error


class SoundAtKeeper:
    """The `KeeperSound` of a node that stands by."""

    def __init__(self, archive: KeeperArchive) -> None:
        self._archive = archive

    async def listed(self) -> Sequence[node_sound.SpooledSound]:
        """All that is to be copied (`KeeperSound`)."""
        raw, _ = await self._archive.ask(node_sound.SOUND_PATH, "Its sound")
        try:
            return node_sound.decode(raw)
        except ProtocolError as error:
            raise StorageUnavailable(str(error)) from error

    async def read(self, session: SessionId, source: SourceId, first: int) -> SpooledPiece | None:
        """Samples of one source from a position on (`KeeperSound`)."""
        target = f"{node_sound.PIECE_PATH.format(session=session, source=source)}?first={first}"
        pcm, head = await self._archive.ask(target, f"Sound of session {session}")
        return SpooledPiece(pcm, head.get(node_sound.VERSION, ""))
