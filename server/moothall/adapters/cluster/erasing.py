"""Permanent erasure from Redis's files: words taken out of Redis remain in its files and its slow log until these are
rewritten.

The script that takes something out also notes in Redis that a rewrite is due (`scripts.TAKEN_OUT`). `FileErasure.erase`
rewrites the files of the primary and of the replicas, and waits until that is finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from moothall.adapters.cluster.scripts import NOTES, TAKEN_OUT, LuaScript
from moothall.adapters.cluster.server import RedisServer
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Clock

logger = logging.getLogger(__name__)

POLL_MS = 100
PATIENCE_MS = 10 * 60_000
"""Time limit for rewriting one file; a slow disk takes about this long for a dataset of 10 GB."""

# Returns the newest note. A Redis that has none, since it is new or was emptied, gets one.
_ASKED = LuaScript(f"""#!lua flags=allow-oom
if not redis.call('HGET', KEYS[1], 'asked') then
{TAKEN_OUT}
end
return redis.call('HGET', KEYS[1], 'asked')
""")
# A Redis that was emptied since has no note, or later ones.
_DONE = LuaScript("""#!lua flags=allow-oom
local notes = redis.call('HMGET', KEYS[1], 'asked', 'done')
if notes[1] and tonumber(notes[2] or '-1') < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'done', ARGV[1])
end
""")


class FileErasure:
    """Rewrites Redis's files on the primary and on all `replicas`."""

    def __init__(self, primary: RedisServer, clock: Clock, replicas: Sequence[RedisServer] = ()) -> None:
        self._primary = primary
        self._replicas = replicas
        self._clock = clock

    async def due(self) -> bool:
        """Whether something was taken out that files may still hold. True as well when Redis has lost its notes on
        this.

        Raises StorageUnavailable.
        """
        asked, done = await self._primary.read("HMGET", NOTES, "asked", "done")
        return done is None or int(done) < int(asked or 0)

    async def erase(self) -> None:
        """Rewrite the files that may hold what was taken out before this call. When it returns, no file holds any of
        it.

        Raises StorageUnavailable when a server can't do it, when a replica isn't configured here, or when one step
        takes longer than `PATIENCE_MS`. The erasure then stays due.
        """
        asked = int(await self._primary.run(_ASKED, [NOTES]))
        info = await self._info(self._primary, "replication")
        behind, follow = _number(info, "master_repl_offset"), _number(info, "connected_slaves")
        if follow > len(self._replicas):
            msg = (
                f"Redis at {self._primary.address.name} can't be rid of what was removed: {follow} replicas follow it, "
                f"and `replicas` of [cluster] names {len(self._replicas)}. Name them all."
            )
            raise StorageUnavailable(msg)
        for server in (self._primary, *self._replicas):
            if server is not self._primary:
                await self._followed(server, behind)
            await self._rewritten(server)
            await self._saved(server)
            await server.write("SLOWLOG", "RESET")  # The slow log holds the beginnings of arguments.
            logger.info("redis %s: its files were made anew, without what was removed", server.address.name)
        await self._primary.run(_DONE, [NOTES], asked)

    async def _rewritten(self, server: RedisServer) -> None:
        life = await self._life(server)
        info = await self._info(server, "persistence")
        if info.get("aof_enabled") != "1":
            return
        # A running rewrite may have begun before the removal, and a second one can't start while it runs.
        info = await self._until(server, life, lambda now: _idle(now, "aof_rewrite_in_progress"))
        before = _number(info, "aof_rewrites")
        await server.write("BGREWRITEAOF")
        info = await self._until(
            server,
            life,
            lambda now: (
                _number(now, "aof_rewrites") > before
                and _idle(now, "aof_rewrite_in_progress")
                and _idle(now, "aof_rewrite_scheduled")
            ),
        )
        if info.get("aof_last_bgrewrite_status") != "ok":
            raise _failed(server, "its append-only file")

    async def _saved(self, server: RedisServer) -> None:
        life = await self._life(server)
        info = await self._until(server, life, lambda now: _idle(now, "rdb_bgsave_in_progress"))
        before = _number(info, "rdb_saves")
        await server.write("BGSAVE", "SCHEDULE")
        # `rdb_saves` counts snapshots that were begun, also those that fail. One that was only scheduled begins when
        # Redis has no other child process; until then the status is that of an earlier one.
        info = await self._until(
            server,
            life,
            lambda now: _idle(now, "rdb_bgsave_in_progress") and _number(now, "rdb_saves") > before,
        )
        if info.get("rdb_last_bgsave_status") != "ok":
            raise _failed(server, "its snapshot")

    async def _followed(self, replica: RedisServer, behind: int) -> None:
        """Wait until a replica has replayed the primary's writes up to replication offset `behind`.

        The primary's replication id is read each time, since it changes when the primary gets its first replica.
        """
        began = self._clock.monotonic()
        while True:
            there, primary = await self._info(replica, "replication"), await self._info(self._primary, "replication")
            if _follows(there, primary, behind):
                return
            if self._clock.monotonic() - began > PATIENCE_MS:
                raise _failed(replica, "its files in time")
            await self._clock.sleep(POLL_MS)

    async def _until(self, server: RedisServer, life: str, over: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """Wait until `over` holds for what the server tells of its files. `life`: of the process that was asked: the
        counters of another one begin anew.
        """
        began = self._clock.monotonic()
        while not over(info := await self._info(server, "persistence")):
            if await self._life(server) != life:
                msg = f"Redis at {server.address.name} was started again before it had written its files anew."
                raise StorageUnavailable(msg)
            if self._clock.monotonic() - began > PATIENCE_MS:
                raise _failed(server, "its files in time")
            await self._clock.sleep(POLL_MS)
        return info

    async def _life(self, server: RedisServer) -> str:
        """The id of the server's process, which is another one after each start."""
        return (await self._info(server, "server")).get("run_id", "")

    async def _info(self, server: RedisServer, section: str) -> dict[str, str]:
        return info_of(await server.read("INFO", section))


def info_of(answer: bytes) -> dict[str, str]:
    """Parse Redis's answer to INFO into values by field name."""
    lines = answer.decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))


def _follows(replica: dict[str, str], primary: dict[str, str], behind: int) -> bool:
    """Whether `replica` replicates from this primary and has reached replication offset `behind`."""
    same = replica.get("role") == "slave" and replica.get("master_replid") == primary.get("master_replid")
    return same and _number(replica, "slave_repl_offset") >= behind


def _number(info: dict[str, str], name: str) -> int:
    return int(info.get(name) or 0)


def _idle(info: dict[str, str], name: str) -> bool:
    return info.get(name) != "1"


def _failed(server: RedisServer, what: str) -> StorageUnavailable:
    return StorageUnavailable(
        f"Redis at {server.address.name} could not write {what} anew, which may still hold words that were removed. "
        "Is its disk full? Its log says more; it is tried again."
    )
