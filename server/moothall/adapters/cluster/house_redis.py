"""The lease of the house and the list of nodes, in Redis or Valkey.

moothall:house    a hash: node, address, term and beat of the lease
moothall:nodes    a hash: the node's name → its note about itself, as JSON
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.adapters.cluster.log_redis import HOUSE
from moothall.adapters.cluster.scripts import LuaScript
from moothall.adapters.cluster.server import RedisServer
from moothall.core.cluster.lease import Lease
from moothall.core.cluster.nodes import NodeNote
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import StorageUnavailable

_HOUSE, _NODES = HOUSE, "moothall:nodes"

# ARGV: term and beat of the lease as it was read, or empty; node, address, term and beat of the new lease.
_TAKE = LuaScript("""#!lua flags=allow-oom
local there = redis.call('HMGET', KEYS[1], 'term', 'beat')
if (there[1] or '') ~= ARGV[1] or (there[2] or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'node', ARGV[3], 'address', ARGV[4], 'term', ARGV[5], 'beat', ARGV[6])
return 1
""")
# ARGV: the node's name and the term of its lease. The fragment returns 0 unless the node still has that lease.
_OWN = """#!lua flags=allow-oom
local there = redis.call('HMGET', KEYS[1], 'node', 'term')
if there[1] ~= ARGV[1] or there[2] ~= ARGV[2] then return 0 end
redis.call('HINCRBY', KEYS[1], 'beat', 1)
"""
_RENEW = LuaScript(f"{_OWN}return 1\n")
_DELETE = LuaScript(f"{_OWN}redis.call('DEL', KEYS[1])\nreturn 1\n")
_GIVE_UP = LuaScript(f"{_OWN}redis.call('HSET', KEYS[1], 'node', '', 'address', '')\nreturn 1\n")


class RedisLease:
    """The `LeaseStore` of a node. After a write whose outcome is unknown, the next `look` shows the outcome.

    A renewal that Redis carried out without an answer only makes the lease last longer than its keeper believes.
    """

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    async def look(self) -> Lease | None:
        """Read the lease (`LeaseStore`)."""
        node, address, term, beat = await self._server.read("HMGET", _HOUSE, "node", "address", "term", "beat")
        if term is None:
            return None
        try:
            return Lease(node=node.decode(), address=address.decode(), term=int(term), beat=int(beat))
        except (AttributeError, TypeError, ValueError) as error:
            raise StorageUnavailable("The lease of the house in Redis can't be read.") from error

    async def take(self, seen: Lease | None, lease: Lease) -> bool:
        """Write `lease` if the stored lease is still `seen`; return whether it was written (`LeaseStore`)."""
        before = ("", "") if seen is None else (seen.term, seen.beat)
        done = await self._server.run(_TAKE, [_HOUSE], *before, lease.node, lease.address, lease.term, lease.beat)
        return bool(done)

    async def renew(self, lease: Lease) -> bool:
        """Raise the lease's beat; return whether the node still has the lease (`LeaseStore`)."""
        return bool(await self._server.run(_RENEW, [_HOUSE], lease.node, lease.term))

    async def give_up(self, lease: Lease) -> None:
        """Release the lease, so that another node can take it at once (`LeaseStore`)."""
        await self._server.run(_GIVE_UP, [_HOUSE], lease.node, lease.term)

    async def drop(self, lease: Lease) -> None:
        """Delete the lease (`LeaseStore`)."""
        await self._server.run(_DELETE, [_HOUSE], lease.node, lease.term)


# ARGV: the node's name, its note in the bytes that were read.
_DROP = LuaScript("""#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
""")


class RedisNotes:
    """The `NodeNotes` of a node: what each node publishes about itself."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    async def tell(self, node: str, note: NodeNote) -> None:
        """Write this node's note (`NodeNotes`)."""
        await self._server.write("HSET", _NODES, node, msgspec.json.encode(note))

    async def all(self) -> Mapping[str, NodeNote]:
        """The newest note of each node, by name (`NodeNotes`). Notes that can't be decoded are left out."""
        fields = await self._server.read("HGETALL", _NODES)
        found: dict[str, NodeNote] = {}
        for name, value in zip(fields[::2], fields[1::2], strict=True):
            try:
                found[name.decode()] = read_json(value, NodeNote)
            except (UnicodeDecodeError, Unreadable):
                continue  # Written by a release with another format, or damaged.
        return found

    async def drop(self, node: str, note: NodeNote) -> bool:
        """Delete a node's note if it still equals `note`; return whether it was deleted (`NodeNotes`)."""
        (there,) = await self._server.read("HMGET", _NODES, node)
        try:
            if there is None or read_json(there, NodeNote) != note:
                return False
        except Unreadable:
            return False
        return bool(await self._server.run(_DROP, [_NODES], node, there))
