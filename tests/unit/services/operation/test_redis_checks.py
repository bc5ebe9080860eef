from __future__ import annotations

import msgspec
import pytest

from moothall.services.operation.findings import Verdict, all_well
from moothall.services.operation.redis_checks import RedisFacts, faults, needed_memory, redis_findings, sentences

GOOD = RedisFacts(
    where="10.0.0.7:6379",
    product="Valkey",
    version=(7, 2),
    tls=True,
    appends=True,
    syncs="always",
    evicts="noeviction",
    most_memory=0,
    machine_memory=8_000_000_000,
    used_memory=10_000_000,
    hides=True,
)
NEEDED = needed_memory(10)


def test_a_server_that_keeps_everything_is_fine() -> None:
    assert faults(GOOD, NEEDED) == []
    assert all_well(redis_findings(GOOD, NEEDED))
    assert redis_findings(GOOD, NEEDED)[0].sentence == "Valkey at 10.0.0.7:6379, compatible with Redis 7.2."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"version": (6, 2)}, "Redis 7 or newer"),
        ({"role": "slave"}, "Name the primary"),
        ({"clustered": True}, "not supported"),
        ({"appends": False}, "appendonly yes"),
        ({"writes": False}, "disk full"),
        ({"evicts": "allkeys-lru"}, "`maxmemory-policy allkeys-lru`"),
        ({"evicts": None}, "read INFO"),
        ({"most_memory": 100_000_000}, "100 MB, of which 10 are used: the streams may take 3888 MB"),
        ({"machine_memory": 1_000_000_000}, "1000 MB"),
        ({"error": "It is away."}, "10.0.0.7:6379 can't be asked: It is away."),
    ],
)
def test_what_could_lose_words_keeps_a_node_from_starting(wrong: dict[str, object], said: str) -> None:
    found = faults(msgspec.structs.replace(GOOD, **wrong), NEEDED)
    assert len(found) == 1
    assert said in sentences(found)


@pytest.mark.parametrize(
    ("poor", "said"),
    [
        ({"syncs": "everysec"}, "`appendfsync everysec`"),
        ({"local": True}, "both die together"),
        ({"hides": False}, "hide-user-data-from-log yes"),
        ({"tls": False}, "rediss://"),
    ],
)
def test_what_is_poor_is_told_and_keeps_nothing_from_starting(poor: dict[str, object], said: str) -> None:
    facts = msgspec.structs.replace(GOOD, **poor)
    assert faults(facts, NEEDED) == []
    told = [each for each in redis_findings(facts, NEEDED) if each.verdict is Verdict.MEND]
    assert len(told) == 1
    assert said in told[0].sentence


def test_what_a_server_does_not_say_is_not_held_against_it() -> None:
    silent = msgspec.structs.replace(GOOD, syncs=None, hides=None, most_memory=None, machine_memory=None)
    assert faults(silent, NEEDED) == []
    assert all_well(redis_findings(silent, NEEDED))
    unseen = [each.topic for each in redis_findings(silent, NEEDED) if each.verdict is Verdict.UNSEEN]
    assert unseen == ["Redis's memory", "Redis's sync"]


def test_of_a_server_that_is_away_nothing_else_is_said() -> None:
    away = msgspec.structs.replace(GOOD, error="It is away.")
    assert len(redis_findings(away, NEEDED)) == 1
