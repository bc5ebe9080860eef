"""A session writer with all its dependencies, on a clock that tests move, for tests of writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.ports import EventLog
from moothall.services.desks.copies import OtherLogs
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.log.session_writer import SessionWriter
from moothall.testing.clock import ManualClock, SeededRandomness, SeededSigner
from moothall.testing.log_memory import FailingLog

FLOOR = ChannelId("floor")
SESSION = SessionId("s")
ENGINE = Actor(Role.ENGINE, "scripted")
TECHNICIAN = Actor(Role.TECHNICIAN, "t1")


class Stage:
    """A session writer with its dependencies."""

    def __init__(self, log: EventLog, session: SessionId = SESSION, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.log = log
        self.published: list[Publication] = []
        self.writer = SessionWriter(
            session, log=log, clock=self.clock, randomness=SeededRandomness(), signer=SeededSigner()
        )

    async def send(
        self, name: str, commands: do.AnyCommand | Sequence[do.AnyCommand], actor: Actor = SYSTEM
    ) -> Receipt | Refusal:
        return await self.writer.send(actor, CommandId(name), commands)

    async def done(self, name: str, *commands: do.AnyCommand, actor: Actor = SYSTEM) -> Receipt:
        """Send commands that must not be refused; returns the receipt."""
        answer = await self.send(name, commands, actor)
        assert isinstance(answer, Receipt), answer
        return answer

    @property
    def events(self) -> list[ev.AnyEvent]:
        return [event for publication in self.published for event in publication.events]

    async def records(self) -> Sequence[LogRecord]:
        return await self.log.read(self.writer.session, 0, 100_000)

    async def bodies(self) -> bytes:
        """Return the bodies of all events in the log, one a line."""
        return b"\n".join(record.body for record in await self.records() if record.body is not None)

    def copies(self, *others: Stage) -> OtherLogs:
        """Return where else the words of its lines are stored: in its own log and in those of `others`."""
        writers = {made.writer.session: made.writer for made in (self, *others)}

        async def find(session: SessionId) -> SessionWriter | None:
            return writers.get(session)

        return OtherLogs(self.log, find)

    def texts(self) -> list[str]:
        """Return the texts of the lines that aren't removed, in the order of their times."""
        lines = [line for _, line in self.writer.state.segments.items() if not line.gone]
        return [line.whole for line in sorted(lines, key=lambda line: (line.t0, line.id))]


@asynccontextmanager
async def stage(
    log: EventLog | None = None, session: SessionId = SESSION, clock: ManualClock | None = None
) -> AsyncIterator[Stage]:
    made = Stage(log or FailingLog(), session, clock)
    await made.writer.load()
    made.writer.publish_to(made.published.append)
    running = asyncio.ensure_future(made.writer.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def opened(made: Stage) -> None:
    """Write four events: the session has a channel and an engine, and its time runs."""
    commands: list[do.AnyCommand] = [
        do.CreateSession(title="x", languages=("en",)),
        do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        do.OpenSession(),
        do.AttachEngine(channel=FLOOR, model="scripted"),
    ]
    for n, command in enumerate(commands):
        await made.done(f"open-{n}", command)


async def said(made: Stage, line: str, t0: int, *texts: str, first: int = 0, ends: bool = True) -> None:
    """Commit words of 400 ms, one each half second from `t0` on, and end their line if `ends`."""
    segment = SegmentId(line)
    words = tuple(le.Word(text, t0 + 500 * n, t0 + 500 * n + 400) for n, text in enumerate(texts))
    start = None if first else do.SegmentStart(t0=t0, language="en")
    commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=first, words=words, start=start)
    await made.done(f"w-{line}-{first}", commit, actor=ENGINE)
    if ends:
        end = do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=words[-1].t1, reason=le.EndReason.SENTENCE)
        await made.done(f"e-{line}", end, actor=ENGINE)
