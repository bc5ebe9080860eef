"""Sound outlives the node that has it on its disk: a microphone speaks while one keeper after the other is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from moothall.adapters.sound.sender import RATE, Sender
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SessionId
from moothall.services.sound.live_take import take_of
from moothall.testing.scripted import make_script, render, write_script
from support.cluster.nodes import NodeProcess, prepared
from support.cluster.process import RedisProcesses
from support.halls.process import engine_of, plain
from support.halls.readers import until

UNHEARD = 2 * RATE
"""Samples that are safe at a node when it is killed, and of which there are no words."""


class Log:
    """What a node's own log holds of a session."""

    def __init__(self, node: NodeProcess, session: SessionId) -> None:
        self.events = [decode_event(each.body) for each in node.records(session) if each.body is not None]
        commits = (event for event in self.events if isinstance(event, ev.WordsCommitted))
        self.words = [word for event in commits for word in event.words]


async def kill_with_unheard_sound(node: NodeProcess, session: SessionId, sender: Sender) -> int:
    """Kill a keeper while its engine stands still; how many samples it had acknowledged that were no words yet."""
    engine = engine_of(node.pid)
    assert engine is not None
    os.kill(engine, signal.SIGSTOP)
    # What the engine said before is still on its way, so that the log is asked each time.
    await until(lambda: sender.safe >= 16 * Log(node, session).words[-1].t1 + UNHEARD + RATE)
    os.kill(engine, signal.SIGKILL)  # It holds the node's output open, and none follows so soon.
    await node.kill()
    return sender.safe - 16 * Log(node, session).words[-1].t1


async def test_no_word_is_lost_or_doubled_when_keepers_are_killed_while_somebody_speaks(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    script = make_script(9, 40, pause_ms=300)
    (tmp_path / "script.json").write_bytes(write_script(script))
    redis, model = redis_processes.empty("valkey"), f"scripted:{tmp_path / 'script.json'}"
    first, second = (NodeProcess(tmp_path, number, redis.port, model=model) for number in (1, 2))
    planned = await prepared(first.data)
    second.sign_like(first)
    session = planned.session
    sound = render(script, tail_ms=120_000)
    sender = Sender([first.address, second.address], planned.token, f"/s/{session}/audio", sound)

    def says(node: NodeProcess, words: int) -> Callable[[], bool]:
        return lambda: len(Log(node, session).words) >= words

    try:
        await first.start()
        await first.until("keeps the house")
        await second.start()
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(sender.run())
            await until(says(first, 5))
            unheard = [await kill_with_unheard_sound(first, session, sender)]
            await second.until("keeps the house")
            await first.start()  # With what it had spooled before, which is of no use any more.
            await until(says(second, 18))
            await until(says(first, 18))
            unheard.append(await kill_with_unheard_sound(second, session, sender))
            await first.until("keeps the house")
            await until(says(first, len(script.words)))
            speaking.cancel()
    finally:
        await first.stop()
        await second.stop()
    log = Log(first, session)
    assert min(unheard) >= UNHEARD
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert not any(isinstance(event, ev.GapNoted) for event in log.events)
    attached = [event for event in log.events if isinstance(event, ev.SourceAttached)]
    assert len(attached) == 3
    for event in attached:
        _, base = take_of(event.source) or ("", 0)
        assert event.t - attached[0].t == base // 16
    for word, said in zip(log.words, script.words, strict=True):
        assert abs(word.t0 - attached[0].t - said.t0) <= 300
