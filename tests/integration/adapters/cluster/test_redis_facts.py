"""Redis and Valkey are checked before they are used."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moothall.adapters.cluster.address import RedisAddress, parsed
from moothall.adapters.cluster.redis_facts import AGAIN_MS, Trust, checked, redis_facts
from moothall.adapters.cluster.server import RedisServer
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.testing.clock import ManualClock
from support.cluster.process import PROGRAMS, Opened, RedisProcess, RedisProcesses, patient, running


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> RedisProcess:
    return redis_processes.empty(request.param)


async def test_a_server_says_what_it_is(process: RedisProcess, opened: Opened) -> None:
    facts = await checked(opened.server(process.reached()), 1)
    assert (facts.product.lower(), facts.where) == (process.program, f"127.0.0.1:{process.port}")
    assert facts.version >= (7, 0)
    assert (facts.role, facts.clustered, facts.tls, facts.local) == ("master", False, False, True)
    assert (facts.appends, facts.syncs, facts.writes, facts.evicts) == (True, "always", True, "noeviction")
    assert facts.most_memory == 0
    assert (facts.machine_memory or 0) > 1_000_000
    assert facts.used_memory > 100_000
    assert facts.error == ""


async def test_one_that_could_lose_words_is_refused_with_all_that_is_wrong(tmp_path: Path, opened: Opened) -> None:
    secret = tmp_path / "password"
    secret.write_text("rhubarb")
    options = ("--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru")
    acl = ("--user", "hall", "on", ">rhubarb", "~moothall:*", "+@all", "-config")
    for program in PROGRAMS:
        with running(program, tmp_path, *options, *acl) as process:
            there = parsed(f"redis://hall@localhost:{process.port}", password_file=secret)
            server = opened.server(patient(there))
            with pytest.raises(ConfigurationError) as refused:
                await checked(server, 400_000_000)
            for said in ("append-only", "volatile-lru", "104 MB", f"localhost:{process.port}"):
                assert said in str(refused.value)
            facts = await redis_facts(server)
            assert (facts.syncs, facts.hides) == (None, None)
            assert facts.local


async def test_one_that_is_changed_later_is_named_once_and_until_it_is_mended(
    tmp_path: Path, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for program in PROGRAMS:
        with running(program, tmp_path) as process:
            trust = Trust(opened.server(process.reached()), ManualClock(), 1)
            await trust.look()
            assert trust.faults == ()
            process.stop()
            process.options = ("--appendonly", "no")
            process.start()
            for _ in range(2):
                await trust.look()
            assert "append-only" in " ".join(trust.faults)
            process.ask("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
            await trust.look()
            assert len(trust.faults) == 2
            process.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
            process.ask("CONFIG", "SET", "appendonly", "yes")
            await trust.look()
            assert trust.faults == ()
    assert caplog.text.count("append-only") == caplog.text.count("volatile-lru") == len(PROGRAMS)
    assert caplog.text.count("may be trusted again") == len(PROGRAMS)


async def test_one_that_is_away_is_not_looked_at(opened: Opened) -> None:
    server = opened.server(RedisServer(RedisAddress("127.0.0.1", 1)))
    assert "can't be reached" in (await redis_facts(server)).error
    with pytest.raises(StorageUnavailable, match="can't be reached"):
        await checked(server, 1)
    trust = Trust(server, clock := ManualClock(), 1)
    watching = asyncio.ensure_future(trust.run())
    await clock.advance(AGAIN_MS)
    await trust.look()
    assert trust.faults == ()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
