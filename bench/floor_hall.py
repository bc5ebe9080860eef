"""The server of bench/floor.py, in a process and on a core of its own: a meeting in which somebody speaks all the time.

    python bench/floor_hall.py DATA CORE [LINES]

LINES lines are typed before it is ready. Prints one line of JSON when its doors are open: its address, the links of two
moderators and the link of a technician. For each line on standard input it prints its CPU time and what the log holds
of the questions; it ends when standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation

SESSION, FLOOR = SessionId("bench"), ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "bench")
COMMITS_S = 3
"""Commits a second, of one word each: about what a person says."""
WORDS = 12
"""Words in each line."""
LOOK_S = 0.02
"""The interval at which the lag of the loop is measured, in s."""


async def made(running: RunningServer) -> LiveSession:
    """Make a meeting that has begun, with an engine attached."""
    live = await running.backend.sessions.open(SESSION)
    floor = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
    create = do.CreateSession(title="Bench", languages=("en",))
    attach = do.AttachEngine(channel=FLOOR, model="bench")
    commands: tuple[do.AnyCommand, ...] = (create, floor, do.OpenSession(), attach)
    for n, command in enumerate(commands):
        assert isinstance(await live.writer.send(SYSTEM, CommandId(f"made:{n}"), command), Receipt)
    return live


async def typed(live: LiveSession, lines: int) -> None:
    """Type `lines` lines."""
    for n in range(lines):
        text = f"This is line number {n} of the meeting, as long as people's lines are on the whole."
        command = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"t{n}"), text=text, language="en")
        assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "t"), CommandId(f"t{n}"), command), Receipt)


async def talk(live: LiveSession) -> None:
    """Say one word after the other, in lines of WORDS words, until cancelled."""
    generation = live.state.channels[FLOOR].generation
    for n in count():
        await asyncio.sleep(1 / COMMITS_S)
        number, first = divmod(n, WORDS)
        segment, t = SegmentId(f"s{number}"), live.state.media_now(time.time_ns() // 1_000_000)
        start = do.SegmentStart(t0=t, language="en") if first == 0 else None
        word = le.Word(f" word{n}", t, t + 200)
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
                    reason=le.EndReason.SENTENCE,
                )
            )
        await live.writer.send(ENGINE, CommandId(f"say:{n}"), commands)


def figures(live: LiveSession, running: RunningServer, lag: Lag) -> dict[str, object]:
    """Return the state of the questions, the CPU time so far and the time spent waiting for a core, the refused
    requests, and the lag of the loop since the last call.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    everything = live.state.questions.with_status(*InterventionStatus)
    measures = running.backend.measures
    return {
        "cpu_s": used.ru_utime + used.ru_stime,
        "waited_s": int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9,
        "lag_ms": lag.told(),
        "files": len(os.listdir("/proc/self/fd")),
        "readers": sum(measures.readers.values()),
        "refused": {
            "connections": dict(measures.connections_refused),
            "requests": dict(measures.requests_refused),
            "readers": dict(measures.readers_refused),
        },
        "questions": len(everything),
        "supports": {each.id: each.support for each in everything},
        "status": {each.id: each.status.value for each in everything},
    }


async def lines() -> AsyncIterator[None]:
    """Yield once for each line of standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        yield


class Lag:
    """Measures the lag of the server's loop in ms: how late it runs what is due. Each report
    starts a new measurement.
    """

    def __init__(self) -> None:
        self._late: list[float] = []

    async def watch(self) -> None:
        while True:
            due = time.perf_counter() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self._late.append(1e3 * (time.perf_counter() - due))

    def told(self) -> dict[str, float]:
        late, self._late = sorted(self._late), []
        return {f"p{share}": round(late[len(late) * share // 100], 1) for share in (50, 95, 99)} if late else {}


async def serve(data: str, before: int) -> None:
    """Run the server until standard input ends."""
    settings = Settings(
        server=Server(port=0, data=data), engine=EngineSection(count=0), translation=Translation(translators=())
    )
    async with hall(settings) as running:
        live = await made(running)
        await typed(live, before)
        links = [(await running.backend.links.create(Role.MODERATOR, "hall", f"Moderator {n}"))[1] for n in (1, 2)]
        technician = (await running.backend.links.create(Role.TECHNICIAN, "hall", "Technician"))[1]
        print(json.dumps({"address": running.address, "links": links, "technician": technician}), flush=True)
        async with asyncio.TaskGroup() as group:
            lag = Lag()
            tasks = [group.create_task(talk(live)), group.create_task(lag.watch())]
            async for _ in lines():
                print(json.dumps(figures(live, running, lag)), flush=True)
            for each in tasks:
                each.cancel()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[2])})
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run(serve(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 0))
