"""What nodes say of themselves, in Redis or Valkey: `moothall:nodes`, a hash of JSON by the node's name."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.adapters.cluster.server import RedisServer
from moothall.core.cluster.nodes import NodeNote

_NODES = "moothall:nodes"


class RedisNotes:
    """The `NodeNotes` of a node."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    async def tell(self, node: str, note: NodeNote) -> None:
        """Write this node's note (`NodeNotes`)."""
        await self._server.write("HSET", _NODES, node, msgspec.json.encode(note))

    async def all(self) -> Mapping[str, NodeNote]:
        """Every node's newest note (`NodeNotes`)."""
        fields = await self._server.read("HGETALL", _NODES)
        found: dict[str, NodeNote] = {}
        for name, value in zip(fields[::2], fields[1::2], strict=True):
            try:
                found[name.decode()] = msgspec.json.decode(value, type=NodeNote)
            except (UnicodeDecodeError, msgspec.DecodeError):
                continue  # Of a release that says it otherwise, or damaged.
        return found

    async def leave(self, node: str) -> None:
        """Take this node's note away (`NodeNotes`)."""
        await self._server.write("HDEL", _NODES, node)
