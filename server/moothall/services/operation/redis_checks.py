"""Checks whether a Redis or Valkey server may hold the house, and says what to do where it may not: from facts to
findings.

`adapters/cluster/redis_facts.py` gathers the facts. A node doesn't start on a server with a fault that could lose
acknowledged words (`faults`); other findings are only reported, by `moothall doctor` too.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.services.operation.findings import MEGABYTE, Finding, Verdict, fine, mend, unseen

OLDEST = (7, 0)
"""The oldest version. It has scripts that declare their flags (`#!lua flags=`), and counters that show that its files
were made anew."""
EVENT_BYTES = 900
"""Bytes of Redis's memory for one event: 730 were measured for one of 380 bytes (Redis 8.0; Valkey 8.1 took 670)."""
EVENTS_A_DAY = 8 * 3_600 * 5
"""Events of a meeting that is on for eight hours, at five a second."""
DAYS = 3
"""Number of days whose streams must fit: the streams of closed meetings are trimmed once archives have them."""


def needed_memory(meetings: int, days: int = DAYS) -> int:
    """Bytes that the streams of so many meetings a day take."""
    return meetings * days * EVENTS_A_DAY * EVENT_BYTES


class RedisFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One server, by its own report. None where it doesn't say, or its user may not read it."""

    where: str
    """Host and port."""
    error: str = ""
    """Why it could not be asked, in which case the other fields mean nothing; empty when it could."""
    product: str = "Redis"
    version: tuple[int, int] = (0, 0)
    """The version of Redis that it is, or is compatible with."""
    role: str = "master"
    clustered: bool = False
    tls: bool = False
    local: bool = False
    """Whether it runs on this machine."""
    appends: bool = False
    """Whether it keeps an append-only file (AOF)."""
    syncs: str | None = None
    """The setting `appendfsync`: always, everysec or no."""
    writes: bool = True
    """Whether its last write, rewrite and snapshot succeeded."""
    evicts: str | None = None
    """The setting `maxmemory-policy`."""
    most_memory: int | None = None
    """The setting `maxmemory`, in bytes; 0 for no limit."""
    machine_memory: int | None = None
    used_memory: int = 0
    hides: bool | None = None
    """Whether its crash reports leave out data (`hide-user-data-from-log`); None where it has no such setting."""


def faults(facts: RedisFacts, needed: int) -> list[Finding]:
    """The faults that prevent a node from starting; empty when it may. `needed`: bytes of memory that its streams may
    take.
    """
    return [each for each in _required(facts, needed) if each.verdict is Verdict.MEND]


def redis_findings(facts: RedisFacts, needed: int) -> list[Finding]:
    """All findings about a server."""
    required = _required(facts, needed)
    if facts.error:
        return required
    return [*required, _synced(facts), _apart(facts), _kept_private(facts), _encrypted(facts)]


def _required(facts: RedisFacts, needed: int) -> list[Finding]:
    if facts.error:
        return [mend("Redis", f"{facts.where} can't be asked: {facts.error}")]
    return [_version(facts), _primary(facts), _persistent(facts), _evicting(facts), _memory(facts, needed)]


def _version(facts: RedisFacts) -> Finding:
    said = f"{facts.product} at {facts.where}, compatible with Redis {facts.version[0]}.{facts.version[1]}."
    if facts.version < OLDEST:
        return mend("Redis", f"{said} Install Redis 7 or newer, or Valkey.")
    return fine("Redis", said)


def _primary(facts: RedisFacts) -> Finding:
    if facts.clustered:
        return mend("Redis's role", "It is part of a Redis Cluster, which is not supported. Name a server by itself.")
    if facts.role != "master":
        return mend("Redis's role", "It is a replica, which takes no writes. Name the primary.")
    return fine("Redis's role", "It takes writes.")


def _persistent(facts: RedisFacts) -> Finding:
    topic = "Redis's disk"
    if not facts.appends:
        return mend(topic, "It keeps no append-only file: a restart would lose words. Set `appendonly yes`.")
    if not facts.writes:
        return mend(topic, "It could not write its files when it last tried. Is its disk full? Its log says more.")
    return fine(topic, "It keeps an append-only file.")


def _evicting(facts: RedisFacts) -> Finding:
    topic = "Redis's eviction"
    if facts.evicts is None:
        return mend(topic, "It doesn't say what it does when memory runs out. Let its user read INFO.")
    if facts.evicts != "noeviction":
        return mend(
            topic,
            f"It throws keys away when memory runs out (`maxmemory-policy {facts.evicts}`). Set it to `noeviction`.",
        )
    return fine(topic, "It throws nothing away.")


def _memory(facts: RedisFacts, needed: int) -> Finding:
    topic = "Redis's memory"
    limits = [limit for limit in (facts.most_memory, facts.machine_memory) if limit]
    if not limits:
        return unseen(topic, "It has no limit of memory, and doesn't say how much its machine has.")
    said = f"{min(limits) // MEGABYTE} MB, of which {facts.used_memory // MEGABYTE} are used"
    if min(limits) < needed:
        return mend(
            topic, f"{said}: the streams may take {needed // MEGABYTE} MB. Raise `maxmemory`, or its machine's memory."
        )
    return fine(topic, f"{said}.")


def _synced(facts: RedisFacts) -> Finding:
    topic = "Redis's sync"
    if facts.syncs is None:
        return unseen(topic, "Its user may not read `appendfsync`, which should be `always`.")
    if facts.syncs != "always":
        return mend(
            topic,
            f"`appendfsync {facts.syncs}`: a power cut there loses what was acknowledged last, unless the keeper's own "
            "disk has it. Set it to `always`.",
        )
    return fine(topic, "What it acknowledges is on its disk.")


def _apart(facts: RedisFacts) -> Finding:
    topic = "Redis's machine"
    if facts.local:
        return mend(topic, "It runs on a node's machine: both die together. Move it to a machine of its own.")
    return fine(topic, "It isn't this one.")


def _kept_private(facts: RedisFacts) -> Finding:
    topic = "Redis's log"
    if facts.hides is False:
        return mend(topic, "A crash report there could show words. Set `hide-user-data-from-log yes`.")
    return fine(topic, "Its crash reports leave out data, or it knows no such setting.")


def _encrypted(facts: RedisFacts) -> Finding:
    topic = "The way to Redis"
    if facts.tls or facts.local:
        return fine(topic, "Nobody can listen in.")
    return mend(topic, "It isn't encrypted. Use rediss://, unless the network between the machines is your own.")


def sentences(findings: Sequence[Finding]) -> str:
    """The topics and sentences of several findings, for one error message."""
    return " ".join(f"{each.topic}: {each.sentence}" for each in findings)
