"""An engine on another machine that dials a stand-by node: a process of its own, which hears the keeper's sound."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from moothall.adapters.sound.sender import Sender
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SessionId
from moothall.testing.scripted import make_script, render, write_script
from support.cluster.nodes import NodeProcess, prepared
from support.cluster.process import RedisProcesses
from support.halls.process import free_port, plain
from support.halls.readers import until

GOOD = "a-token-that-is-long-enough"


def words(node: NodeProcess, session: SessionId) -> list[le.Word]:
    """What its own log holds."""
    events = (decode_event(each.body) for each in node.records(session) if each.body is not None)
    return [word for event in events if isinstance(event, le.WordsCommitted) for word in event.words]


@pytest.mark.slow  # 22 s of real time.
async def test_an_engine_that_dials_a_node_that_stands_by_writes_there_whoever_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """It knows that node's address alone, and dials it again when the house has moved there."""
    script = make_script(9, 30, pause_ms=300)
    (tmp_path / "script.json").write_bytes(write_script(script))
    (tmp_path / "tokens").write_text(f"far {GOOD}\n")
    (tmp_path / "token").write_text(GOOD)
    for file in ("tokens", "token"):
        (tmp_path / file).chmod(0o600)
    redis, port = redis_processes.empty("valkey"), free_port(12)
    first, second = (
        NodeProcess(
            tmp_path,
            number,
            redis.port,
            engines=f'listen_host = "127.0.0.{number}"\nlisten_port = {port}\ntokens = "{tmp_path / "tokens"}"',
        )
        for number in (1, 2)
    )
    planned = await prepared(first.data)
    second.sign_like(first)
    session = planned.session
    sender = Sender(
        [first.address, second.address], planned.token, f"/s/{session}/audio", render(script, tail_ms=60_000)
    )
    try:
        await first.start()
        await first.until("keeps the house")
        await second.start()
        engine = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "moothall", "engine", "--url", f"ws://127.0.0.2:{port}/",
            "--token-file", str(tmp_path / "token"), "--name", "far",
            "--model", f"scripted:{tmp_path / 'script.json'}",
            env={**os.environ, "MOOTHALL_ENGINE_TOKEN": ""}, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.TaskGroup() as group:
                speaking = group.create_task(sender.run())
                await until(lambda: len(words(first, session)) >= 5)
                await first.kill()
                await second.until("keeps the house")
                await until(lambda: len(words(second, session)) >= len(script.words))
                speaking.cancel()
        finally:
            engine.terminate()
            status = await engine.wait()
    finally:
        await first.stop()
        await second.stop()
    assert plain(words(second, session)) == [word.text.strip() for word in script.words]
    assert status == 0
