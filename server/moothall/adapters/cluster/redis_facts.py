"""What a Redis or Valkey server says of itself, before it is trusted with a meeting."""

from __future__ import annotations

import ipaddress
import re

from moothall.adapters.cluster.erasing import info_of
from moothall.adapters.cluster.server import RedisServer
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.services.operation.redis_checks import RedisFacts, faults, sentences

SECTIONS = ("server", "persistence", "memory", "replication", "cluster")
SETTINGS = ("appendfsync", "hide-user-data-from-log")
_STATES = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")


async def redis_facts(server: RedisServer) -> RedisFacts:
    """Ask it; changes nothing there."""
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
    """The facts of a server that may be used. Raises ConfigurationError with all that is wrong with it, and
    StorageUnavailable when it can't be asked.
    """
    facts = await redis_facts(server)
    if facts.error:
        raise StorageUnavailable(facts.error)
    if wrong := faults(facts, needed):
        msg = f"{facts.product} at {facts.where} can't hold the meetings of a conference. {sentences(wrong)}"
        raise ConfigurationError(msg)
    return facts


async def _setting(server: RedisServer, name: str) -> str | None:
    """A setting of the server; None where it knows none of that name, or its user may not read it."""
    try:
        found = await server.read("CONFIG", "GET", name)
    except StorageUnavailable:
        await server.read("PING")  # It is there: so it doesn't permit it.
        return None
    return found[1].decode("utf-8", "replace") if found else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
