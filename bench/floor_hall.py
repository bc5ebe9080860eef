"""The server of bench/floor.py, in a process and on a core of its own: a meeting in which somebody speaks all the time.

Prints one line of JSON when its doors are open: its address and the links of two moderators. On a line at standard
input it says how much CPU time it has used and what the log holds of the questions; at the end of that it ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from itertools import count

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import Engine, Server, Settings, Translation

SESSION, FLOOR = SessionId("bench"), ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "bench")
COMMITS_S = 3
"""Commits a second, of one word each: about what a person says."""
WORDS = 12
"""Words of a line."""


async def made(running: RunningServer) -> LiveSession:
    """A meeting that has begun."""
    live = await running.backend.sessions.open(SESSION)
    floor = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
    create = do.CreateSession(title="Bench", languages=("en",))
    attach = do.AttachEngine(channel=FLOOR, model="bench")
    commands: tuple[do.AnyCommand, ...] = (create, floor, do.OpenSession(), attach)
    for n, command in enumerate(commands):
        assert isinstance(await live.writer.send(SYSTEM, CommandId(f"made:{n}"), command), Receipt)
    return live


async def talk(live: LiveSession) -> None:
    """Say a word after the other, in lines of WORDS."""
    generation = live.state.channels[FLOOR].generation
    for n in count():
        await asyncio.sleep(1 / COMMITS_S)
        number, first = divmod(n, WORDS)
        segment, t = SegmentId(f"s{number}"), live.state.media_now(time.time_ns() // 1_000_000)
        start = do.SegmentStart(t0=t, language="en") if first == 0 else None
        word = ev.Word(f" word{n}", t, t + 200)
        commit = do.CommitWords(
            channel=FLOOR, generation=generation, segment=segment, first=first, words=(word,), start=start
        )
        commands: list[do.AnyCommand] = [commit]
        if first == WORDS - 1:
            commands.append(
                do.EndSegment(
                    channel=FLOOR,
                    generation=generation,
                    segment=segment,
                    t1=t + 200,
                    reason=ev.EndReason.SENTENCE,
                )
            )
        await live.writer.send(ENGINE, CommandId(f"say:{n}"), commands)


def figures(live: LiveSession) -> dict[str, object]:
    """What the log holds, and what it cost so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    everything = live.state.questions.with_status(*InterventionStatus)
    return {
        "cpu_s": used.ru_utime + used.ru_stime,
        "questions": len(everything),
        "supports": {each.id: each.support for each in everything},
        "status": {each.id: each.status.value for each in everything},
    }


async def lines() -> AsyncIterator[None]:
    """Once for each line of standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        yield


async def serve(data: str) -> None:
    """Run it until standard input ends."""
    settings = Settings(
        server=Server(port=0, data=data), engine=Engine(count=0), translation=Translation(translators=())
    )
    async with hall(settings) as running:
        live = await made(running)
        links = [(await running.backend.links.create(Role.MODERATOR, "hall", f"Moderator {n}"))[1] for n in (1, 2)]
        print(json.dumps({"address": running.address, "links": links}), flush=True)
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talk(live))
            async for _ in lines():
                print(json.dumps(figures(live)), flush=True)
            talking.cancel()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[2])})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run(serve(sys.argv[1]))
