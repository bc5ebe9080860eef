"""A client for the log, the book and the sound that another node has.

A node reads the keeper's copies where Redis has trimmed them. A node that takes over a house whose Redis may have lost
something reads the copies of all other nodes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import aiohttp

from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import ProtocolError, StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import SpooledPiece
from moothall.wire.cluster import node_sound
from moothall.wire.cluster.node_link import (
    BOOK_PATH,
    LOG_PATH,
    STAND_PATH,
    NodeState,
    WholeBook,
    read_book,
    read_node_state,
    unpack,
)
from moothall.wire.cluster.node_proof import LINK_ADDRESS, LINK_SCHEME

T = TypeVar("T")

ANSWER_S = 5.0
"""Time limit, in s, of one request; a node that takes longer counts as unavailable."""


class NoSuchCopy(StorageUnavailable):
    """The node answers that it doesn't have what it was asked for."""


class NodeCopies:
    """A client of one other node. Every method raises StorageUnavailable where that node can't be asked."""

    def __init__(self, address: str | Callable[[], str | None], connections: KeeperConnections, seal: NodeSeal) -> None:
        """`address`: the node's address, or a function that returns the current one; None while there is none."""
        self._address = address
        self._connections = connections
        self._seal = seal

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order, from the first event on (`Readable`)."""
        return await self._asked(f"{LOG_PATH.format(session=session)}?after={after}", lambda data: unpack(data)[:limit])

    async def node_state(self) -> NodeState:
        """The heads of the node's logs, and the number of the book's last change that it has."""
        return await self._asked(STAND_PATH, read_node_state)

    async def book(self) -> WholeBook:
        """The node's whole book."""
        return await self._asked(BOOK_PATH, read_book)

    async def ask(self, target: str) -> tuple[bytes, Mapping[str, str]]:
        """Return the body and the headers of the answer to a GET of `target`."""
        address = self._address() if callable(self._address) else self._address
        if address is None:
            raise StorageUnavailable("No node keeps the house at the moment, so there is nobody to ask.")
        try:
            async with asyncio.timeout(ANSWER_S):
                response, sent = await self._answered(address, target)
                if self._seal.heard(sent, response.headers):
                    response.close()
                    response, _ = await self._answered(address, target)
                async with response:
                    if response.status != 200:
                        error = NoSuchCopy if response.status == 404 else StorageUnavailable
                        raise error(f"Node at {address} answers {response.status} to {target}.")
                    return await response.read(), response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as failed:
            msg = f"Node at {address} can't be asked for {target} ({type(failed).__name__})."
            raise StorageUnavailable(msg) from failed

    async def _answered(self, address: str, target: str) -> tuple[aiohttp.ClientResponse, Mapping[str, str]]:
        head = self._seal.headers(method="GET", target=target, address=LINK_ADDRESS, scheme=LINK_SCHEME, host="")
        return await self._connections.ask("GET", address + target, head, None, own=False), head

    async def _asked(self, target: str, read: Callable[[bytes], T]) -> T:
        data, _ = await self.ask(target)
        return _read(data, target, read)


class SoundAtKeeper:
    """The `KeeperSound` of a node that stands by: a client for the sound in the keeper's spool."""

    def __init__(self, keeper: NodeCopies) -> None:
        self._keeper = keeper

    async def listed(self) -> Sequence[node_sound.SpooledSound]:
        """All sound that this node has to copy (`KeeperSound`)."""
        data, _ = await self._keeper.ask(node_sound.SOUND_PATH)
        return _read(data, node_sound.SOUND_PATH, node_sound.decode)

    async def read(self, session: SessionId, source: SourceId, first: int) -> SpooledPiece | None:
        """Samples of one source from sample number `first` on, with the spool's version; None when the keeper has given
        the source up since it listed it (`KeeperSound`).
        """
        target = f"{node_sound.PIECE_PATH.format(session=session, source=source)}?first={first}"
        try:
            pcm, head = await self._keeper.ask(target)
        except NoSuchCopy:
            return None
        return SpooledPiece(pcm, head.get(node_sound.VERSION, ""))


def _read(data: bytes, target: str, read: Callable[[bytes], T]) -> T:
    try:
        return read(data)
    except ProtocolError as error:
        raise StorageUnavailable(f"A node can't be asked for {target}. {error}") from error
