"""Logs at the keeper, for a node that lacks what Redis has given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import aiohttp

from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import ProtocolError, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.wire.node_link import LOG_PATH, unpack
from moothall.wire.node_proof import LINK_ADDRESS, LINK_SCHEME


class KeeperArchive:
    """The logs of the keeper, to be read from their first events on."""

    def __init__(self, keeper: Callable[[], str | None], connections: KeeperConnections, seal: NodeSeal) -> None:
        """`keeper`: where it is; None while there is none."""
        self._keeper = keeper
        self._connections = connections
        self._seal = seal

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`services.cluster.copying.Readable`).

        Raises StorageUnavailable.
        """
        keeper = self._keeper()
        if keeper is None:
            raise StorageUnavailable("No node keeps the house at the moment, so there is no archive.")
        target = f"{LOG_PATH.format(session=session)}?after={after}"
        head = self._seal.headers(method="GET", target=target, address=LINK_ADDRESS, scheme=LINK_SCHEME, host="")
        try:
            response = await self._connections.ask("GET", keeper + target, head, None, own=False)
            async with response:
                if response.status != 200:
                    raise StorageUnavailable(
                        f"The keeper answers {response.status} where session {session} is asked for."
                    )
                return unpack(await response.read())[:limit]
        except (aiohttp.ClientError, TimeoutError, OSError, ProtocolError) as error:
            msg = f"The log of session {session} can't be read at the keeper ({type(error).__name__})."
            raise StorageUnavailable(msg) from error
