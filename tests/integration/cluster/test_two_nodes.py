"""Two nodes, a real Valkey or Redis: whichever dies, nothing that was acknowledged is lost, doubled or reordered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.json import encode

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.reading.reader_client import follow
from moothall.cli.doctor import examine
from moothall.cli.main import main
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.services.operation.status import NodeStatus
from moothall.settings.loading import load
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcesses
from support.cluster.typing import house, require_all, texts
from support.halls.process import CLOCK, FLOOR, free_port
from support.hubs.processes import HubProcess, ask, let_in_questions


def writers(node: NodeProcess, session: SessionId) -> list[str]:
    """Who wrote, as the log says it."""
    events = (decode_event(each.body) for each in node.records(session) if each.body is not None)
    return [event.node for event in events if isinstance(event, ev.WriterChanged)]


# The contract tests ask both programs the same.
@pytest.mark.parametrize("program", ["valkey", pytest.param("redis", marks=pytest.mark.slow)])
async def test_the_other_node_goes_on_when_the_keeper_is_killed(
    tmp_path: Path, program: str, redis_processes: RedisProcesses
) -> None:
    async with house(tmp_path, redis_processes.empty(program)) as ((first, second), typist):
        await first.kill()
        await second.until("keeps the house")
        await typist.types(5)
        await first.start()
        await typist.types(5)
        await second.kill()
        await first.until("keeps the house")
        await typist.types(5)
    require_all(typist, first)
    assert writers(first, typist.session) == ["n2", "n1"]
    held = texts(second, typist.session)
    assert held == typist.typed[: len(held)]


async def test_a_keeper_that_sleeps_and_wakes_writes_nothing_any_more(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        first.freeze()
        await second.until("keeps the house")
        await typist.types(5)
        first.thaw()
        await first.until("stands by")
        await typist.types(5)
        assert second.keeps
    require_all(typist, second)


async def test_an_orderly_stop_hands_the_house_on(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        second.reload()  # Which changes nothing while it stands by, and must not end it.
        assert await first.stop() == 0
        await second.until("keeps the house")
        await typist.types(5)
    require_all(typist, second)


async def test_commands_at_a_node_that_stands_by_are_told_who_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        keeper = NodeStatus(name="n1", keeper="n1", keeper_address=first.address)
        status = await Caller(first.data).status()
        while status.node is not None and status.node.unfilled:  # Redis begins empty, and is just being filled.
            await CLOCK.sleep(50)
            status = await Caller(first.data).status()
        assert (status.node, [each.session for each in status.sessions]) == (keeper, [typist.session])
        there = Caller(second.data)
        status = await there.status()
        assert status.node == NodeStatus(name="n2", keeper="n1", keeper_address=first.address)
        assert (status.address, status.sessions) == (second.address, ())
        for asked in (there.admin_link(new=True), there.drain(), there.new_probe(), there.retire("n1")):
            with pytest.raises(ConfigurationError, match=f"stands by and changes nothing.*keeper at {first.address}"):
                await asked
        with pytest.raises(ConfigurationError, match="when it is restarted"):
            await there.reload()
        here = Caller(first.data)
        for name, sentence in (
            ("n2", "linked to the keeper, so it lives"),
            ("n1", "n1 is this one"),
            ("x", "it knows: n2.$"),
        ):
            with pytest.raises(ConfigurationError, match=sentence):
                await here.retire(name)
        found = {each.topic: each.sentence for each in await examine(load(second.config, {}), quick=True)}
        assert "Redis's machine" in found
        assert await first.stop() == 0
        await second.until("keeps the house")
        node = (await Caller(second.data).status()).node
        assert node is not None
        assert node.keeps
        command = ["cluster", "retire", "n1", "--config", str(second.config)]
        while await asyncio.to_thread(main, command):  # The new keeper has to have looked at the others first.
            await CLOCK.sleep(100)
        assert await asyncio.to_thread(main, command) == 1, "it is out"


async def test_a_hub_at_a_node_that_stands_by_goes_on_when_that_one_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """It was paired through it, and verifies by the same key what either has signed."""
    hub = HubProcess(tmp_path / "hub", free_port(230))
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        await hub.pair(second.address, typist.planned.words)
        await hub.start()
        try:
            await hub.until_uplink("good")
            await let_in_questions(hub, typist.session)
            await ask(hub, typist.session, 1)
            await first.kill()
            await second.until("keeps the house")
            await typist.types(5)
            await ask(hub, typist.session, 2)
            await hub.until_uplink("good")
            wanted = typist.typed[-1].encode()
            async for frame, _ in follow(f"{hub.address}/s/{typist.session}", FLOOR, CLOCK):
                if wanted in encode(frame):
                    break
            while len(asked_in(second, typist.session)) < 2:
                await CLOCK.sleep(100)
        finally:
            await hub.stop()
    require_all(typist, second)
    assert asked_in(second, typist.session) == ["Is this no. 1?", "Is this no. 2?"]
    assert "ERROR" not in hub.log.read_text()


def asked_in(node: NodeProcess, session: SessionId) -> list[str]:
    events = (decode_event(each.body) for each in node.records(session) if each.body is not None)
    return [event.text for event in events if isinstance(event, qe.InterventionReceived)]


async def test_a_node_that_comes_too_late_with_its_lease_stands_by_again(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """Another has taken the book over while this one still opened the house."""
    redis = redis_processes.empty("valkey")
    redis.ask("HSET", "moothall:book:{book}:head", "owner", "n9", "term", 10**9, "change", 0, "next", 0)
    node = NodeProcess(tmp_path, 1, redis.port)
    await node.start()
    try:
        while "can't be opened here (StaleWriter)" not in node.log.read_text():
            await CLOCK.sleep(100)
        await node.until("stands by")
    finally:
        assert await node.stop() == 0
    assert "Traceback" not in node.log.read_text()
