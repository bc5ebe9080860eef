"""The server above a hub in a simulation: one run of its process, and the acts of the hub's room that it carries out.

All of it is real but for the disk and the sockets: sessions, their writers, and the service of links
(`moothall.services.hubs.links`). When it is killed, its log stays as it was, and all other state is gone.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, NoteId, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.log_memory import MemoryLog
from moothall.wire.hubs import messages as wire
from speaking import ENGINE, FLOOR, Said, begin, speech
from support.memory.hall import MemoryHall
from support.simulation.link import AboveEnd

SESSION = SessionId("plenary")
SECOND = ChannelId("second")
MOST_ENDED = 20
MODERATOR = Actor(Role.MODERATOR, "moderator")
REMOVED = Actor(Role.SECRETARIAT, "secretariat")


class NotedActs:
    """An `ActTaker` that notes acts on a durable disk of its own. It takes simulated time."""

    def __init__(self, chance: random.Random) -> None:
        self.done: Counter[CommandId] = Counter()
        """How often each act was carried out."""
        self.order: list[CommandId] = []
        self.refused: dict[CommandId, wire.ActNotDone] = {}
        self._chance = chance

    async def take(self, hub_path: str, act: wire.Act, node: str) -> wire.ActDone | wire.ActNotDone:
        """Implement `ActTaker.take`."""
        await asyncio.sleep(self._chance.uniform(0, 0.05))
        if act.id in self.done:
            return wire.ActDone(id=act.id)
        if act.id in self.refused:
            return self.refused[act.id]
        if self._chance.random() < 0.02:
            return wire.ActNotDone(id=act.id, code=RefusalCode.UNAVAILABLE, message="Not now.")
        if self._chance.random() < 0.02:
            self.refused[act.id] = wire.ActNotDone(id=act.id, code=RefusalCode.CONFLICT, message="It came too late.")
            return self.refused[act.id]
        self.done[act.id] += 1
        self.order.append(act.id)
        await asyncio.sleep(self._chance.uniform(0, 0.05))
        return wire.ActDone(id=act.id)


Serve = Callable[[AboveEnd], Awaitable[None]]
"""Serves one link until it ends."""


class SimulatedCentre:
    """One run of the server above."""

    def __init__(self, life: int, log: MemoryLog, acts: NotedActs, chance: random.Random, pause_s: float) -> None:
        self.life = life
        self.hall = MemoryHall(log=log)
        self.acts = acts
        self._chance = chance
        self._pause_s = pause_s
        self._group: asyncio.TaskGroup | None = None
        self._links: list[AboveEnd] = []
        self._ended: list[SegmentId] = []
        """The newest lines, which may be removed."""

    async def run(self, serving: Callable[[SimulatedCentre], Serve]) -> None:
        """Run the server until it is killed."""
        try:
            async with asyncio.TaskGroup() as group:
                started = asyncio.Event()
                group.create_task(self.hall.sessions.run(started))
                await started.wait()
                live = await self.hall.sessions.open(SESSION)
                await begin(live, str(self.life), (FLOOR, SECOND))
                for channel in (FLOOR, SECOND):
                    group.create_task(self._speak(live, channel))
                self._serve = serving(self)
                self._group = group
        finally:
            for link in self._links:
                link.abort()
            self._group = None

    def accept(self, link: AboveEnd) -> bool:
        """Accept a dialled link; returns whether the server runs."""
        if self._group is None:
            return False
        self._links.append(link)
        self._group.create_task(self._served(link))
        return True

    async def _served(self, link: AboveEnd) -> None:
        try:
            await self._serve(link)
        finally:
            self._links.remove(link)

    async def _speak(self, live: LiveSession, channel: ChannelId) -> None:
        generation = live.state.channels[channel].generation
        for n, said in enumerate(self._said(live, generation, channel)):
            await asyncio.sleep(max(0, said.at - live.state.media_now(self.hall.clock.wall())) / 1_000)
            answer = await live.writer.send(ENGINE, CommandId(f"say:{self.life}:{channel}:{n}"), said.commands)
            assert isinstance(answer, Receipt), answer
            if isinstance(end := said.commands[-1], do.EndSegment):
                self._ended = [*self._ended[1 - MOST_ENDED :], end.segment]

    def _said(self, live: LiveSession, generation: int, channel: ChannelId) -> Iterator[Said]:
        late = 0
        for said in speech(live.state.media_now(self.hall.clock.wall()), generation, channel):
            yield said if not late else _later(said, late)
            if isinstance(said.commands[-1], do.EndSegment) and self._pause_s:
                late += round(1_000 * self._chance.expovariate(1 / self._pause_s))

    async def tell(self, hub: str, note: str) -> None:
        """Leave a note of the moderator for a hub, in the hub's lane."""
        live = self.hall.sessions.loaded(SESSION)
        if live is not None:
            left = do.LeaveHubNote(hub=hub, note=NoteId(note), text="Can you hear us?")
            await live.writer.send(MODERATOR, CommandId(f"leave:{note}"), left)

    async def remove_something(self) -> None:
        """Remove a line from the record that was said a few minutes ago at most."""
        live = self.hall.sessions.loaded(SESSION)
        if live is None:
            return
        if self._ended:
            line = self._ended.pop(self._chance.randrange(len(self._ended)))
            await live.writer.remove(REMOVED, CommandId(f"remove:{line}"), Lines(segments=(line,)))


def _later(said: Said, ms: int) -> Said:
    """Return the same commands, `ms` later."""
    commands: list[do.AnyCommand] = []
    for command in said.commands:
        match command:
            case do.CommitWords():
                words = tuple(msgspec.structs.replace(word, t0=word.t0 + ms, t1=word.t1 + ms) for word in command.words)
                start = command.start and msgspec.structs.replace(command.start, t0=command.start.t0 + ms)
                commands.append(msgspec.structs.replace(command, words=words, start=start))
            case do.EndSegment():
                commands.append(msgspec.structs.replace(command, t1=command.t1 + ms))
            case _:
                commands.append(command)
    return Said(said.at + ms, commands)
