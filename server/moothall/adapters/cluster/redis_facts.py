"""Facts that a Redis or Valkey server reports about itself, read before meetings are stored there and while it is
used.
"""

from __future__ import annotations

import ipaddress
import logging
import re

from moothall.adapters.cluster.erasing import info_of
from moothall.adapters.cluster.server import RedisServer
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.ports import Clock
from moothall.services.operation.findings import Finding
from moothall.services.operation.redis_checks import RedisFacts, faults, sentences

logger = logging.getLogger(__name__)

AGAIN_MS = 10_000
"""Interval of the checks: the server may be restarted with other settings, or its settings be changed while it runs."""
SECTIONS = ("server", "persistence", "memory", "replication", "cluster")
SETTINGS = ("appendfsync", "hide-user-data-from-log")
_STATES = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")


async def redis_facts(server: RedisServer) -> RedisFacts:
    """Read the facts from a server, which changes nothing there. Errors are returned in `RedisFacts.error`."""
    there = server.address
    try:
        info: dict[str, str] = {}
        for section in SECTIONS:
            info |= info_of(await server.read("INFO", section))
        settings = {name: await _setting(server, name) for name in SETTINGS}
    except StorageUnavailable as error:
        return RedisFacts(where=there.name, error=str(error))
    version = re.match(r"(\d+)\.(\d+)", info.get("redis_version", ""))
    hides = settings["hide-user-data-from-log"]
    return RedisFacts(
        where=there.name,
        product="Valkey" if info.get("server_name") == "valkey" else "Redis",
        version=(int(version[1]), int(version[2])) if version else (0, 0),
        role=info.get("role", ""),
        clustered=info.get("cluster_enabled") == "1",
        tls=there.tls,
        local=_is_local(there.host),
        appends=info.get("aof_enabled") == "1",
        syncs=settings["appendfsync"],
        writes=all(info.get(state, "ok") == "ok" for state in _STATES),
        evicts=info.get("maxmemory_policy"),
        most_memory=_number(info.get("maxmemory")),
        machine_memory=_number(info.get("total_system_memory")),
        used_memory=_number(info.get("used_memory")) or 0,
        hides=None if hides is None else hides == "yes",
    )


async def checked(server: RedisServer, needed: int) -> RedisFacts:
    """Return the facts of a server that meets the requirements. `needed`: the memory that it needs, in bytes.

    Raises ConfigurationError that lists all faults, and StorageUnavailable when the server can't be asked.
    """
    facts = await redis_facts(server)
    if facts.error:
        raise StorageUnavailable(facts.error)
    if wrong := faults(facts, needed):
        msg = f"{facts.product} at {facts.where} can't hold the meetings of a conference. {sentences(wrong)}"
        raise ConfigurationError(msg)
    return facts


class Trust:
    """Checks again and again whether the server still meets the requirements that it met when the node started.

    Where it doesn't, meetings continue, since the keeper's disk has all that it acknowledged. The faults are logged and
    shown, so that an operator can correct them.
    """

    def __init__(self, server: RedisServer, clock: Clock, needed: int) -> None:
        self._server, self._clock, self._needed = server, clock, needed
        self._wrong: list[Finding] = []

    @property
    def faults(self) -> tuple[str, ...]:
        """The server's faults in sentences, from the last check that reached it."""
        return tuple(each.sentence for each in self._wrong)

    async def run(self) -> None:
        """Check at each interval until cancelled."""
        while True:
            await self._clock.sleep(AGAIN_MS)
            await self.look()

    async def look(self) -> None:
        """Check once. Each fault is logged when it begins, and once more when all faults are over."""
        facts = await redis_facts(self._server)
        if facts.error:
            return
        before, self._wrong = {each.topic for each in self._wrong}, faults(facts, self._needed)
        if new := [each for each in self._wrong if each.topic not in before]:
            logger.error("%s at %s can't be trusted any more. %s", facts.product, facts.where, sentences(new))
        elif before and not self._wrong:
            logger.info("%s at %s may be trusted again", facts.product, facts.where)


async def _setting(server: RedisServer, name: str) -> str | None:
    """A setting of the server; None where the server doesn't know it, or the user may not read it."""
    try:
        found = await server.read("CONFIG", "GET", name)
    except StorageUnavailable:
        await server.read("PING")  # Raises when the server is unreachable; otherwise it refused only CONFIG.
        return None
    return found[1].decode("utf-8", "replace") if found else None


def _number(text: str | None) -> int | None:
    return None if text is None else number_in(text, 20)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
