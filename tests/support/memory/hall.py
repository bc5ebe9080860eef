"""All parts of the server without a socket or a disk, on a loop whose time jumps, for tests of services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from moothall.core.commands import AddChannel, AnyCommand, CreateSession, OpenSession
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.types import Access, AnyEvent, ChannelKind
from moothall.core.glossary.merging import NOTHING
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import AudioError, Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.ports import Clock, SpoolStore
from moothall.core.signals import AnySignal
from moothall.services.capture.closing import Closing
from moothall.services.capture.ingest import Ingest
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.desks.desks import Desks, NewsOf
from moothall.services.desks.line_moves import LineMoves
from moothall.services.engines.recognising import Recognising
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.supervision.engine_watch import Patience
from moothall.services.supervision.pulses import Pulses
from moothall.testing.clock import LONG_AGO, LoopClock, SeededRandomness, SeededSigner
from moothall.testing.engine_link import EngineEnd, EngineServerEnd, engine_link
from moothall.testing.log_memory import FailingLog, MemoryLog
from moothall.testing.outlets import MemoryOutlet
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine as wire
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import decode

FLOOR = ChannelId("floor")
SESSION = SessionId("s")
MIC = SourceId("mic")


class MemoryHall:
    """Sessions, recognising and ingest around one log."""

    def __init__(
        self,
        log: MemoryLog | None = None,
        spools: SpoolStore | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        ahead: int = 0,
    ) -> None:
        """`clock`: of sessions; None for the loop's. `patience`: the time limits for engines. `ahead`: ms by which the
        machine's wall clock is fast.
        """
        self.clock = LoopClock(LONG_AGO + ahead)
        self.log = log or FailingLog()
        self.spools: SpoolStore = spools or MemorySpools()
        self.sessions = Sessions(
            log=self.log, clock=clock or self.clock, randomness=SeededRandomness(), signer=SeededSigner()
        )
        self.preferred = NOTHING
        """Terms that engines prefer in every text."""
        self.pulses = Pulses(self.clock, patience)
        self.recognising = Recognising(
            self.clock,
            glossary=lambda *_: self.preferred,
            pulses=self.pulses,
            loaded=lambda: (live.writer for live in self.sessions.all_loaded),
        )
        self.closing = Closing()
        self.ingest = Ingest(spools=self.spools, recognising=self.recognising, clock=self.clock, closing=self.closing)
        self.live = LiveIngest(
            sessions=self.sessions, spools=self.spools, recognising=self.recognising, clock=self.clock
        )
        self.closing.first(self.live.finish, self.live.awaits)
        self.group: asyncio.TaskGroup | None = None
        self.links: list[EngineServerEnd] = []

    async def session(
        self,
        name: SessionId = SESSION,
        access: Access = Access.PUBLIC,
        languages: tuple[str, ...] = ("en",),
        *,
        young_people: bool = False,
    ) -> LiveSession:
        """Make a session with one channel."""
        live = await self.sessions.open(name)
        commands: list[AnyCommand] = [
            CreateSession(title="Open hall", languages=languages, access=access, young_people=young_people),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=languages),
        ]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("create"), commands), Receipt)
        return live

    def desks(
        self,
        news: Mapping[str, NewsOf] | None = None,
        *,
        may_act: Callable[[Staff, SessionId], bool] = lambda *_: True,
        links: Mapping[str, Staff] | None = None,
        beside: Callable[[SessionId], Refusal | None] = lambda _: None,
    ) -> Desks:
        """Return the hall's desks. For news their `run` has to be started."""
        self.moves = LineMoves(self.sessions, log=self.log, clock=self.clock, may_act=may_act)
        known = links or {}
        return Desks(
            self.sessions,
            log=self.log,
            closing=self.closing,
            clock=self.clock,
            randomness=SeededRandomness(),
            held=self.recognising.held,
            undo_move=self.moves.undo,
            label=lambda link: known[link].label if link in known else "",
            news=news or {},
            room_conflict=beside,
        )

    async def events(self, name: SessionId = SESSION) -> list[AnyEvent | UnknownEvent]:
        """Return all events of a session's log."""
        records = await self.log.read(name, 0, 100_000)
        return [decode_event(record.body) for record in records if record.body is not None]

    def connect(self, name: str = "engine") -> EngineEnd:
        """Return the engine's end of a link that this server serves."""
        ours, theirs = engine_link(name)
        assert self.group is not None
        self.group.create_task(self.recognising.serve(theirs))
        self.links.append(theirs)
        return ours


@asynccontextmanager
async def memory_hall(hall: MemoryHall | None = None) -> AsyncIterator[MemoryHall]:
    """Run the hall."""
    made = hall or MemoryHall()
    try:
        async with asyncio.TaskGroup() as group:
            made.group = group
            started = asyncio.Event()
            owner = group.create_task(made.sessions.run(started))
            await started.wait()
            yield made
            owner.cancel()
            for link in made.links:
                link.cut()
    finally:
        made.group = None


class Sound:
    """An `AudioSource` of a number of samples of silence, which may break at its end."""

    def __init__(self, samples: int, *, breaks: bool = False) -> None:
        self.left = samples
        self.breaks = breaks
        self.entered = 0

    async def __aenter__(self) -> Sound:
        self.entered += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self, samples: int) -> bytes:
        count = min(samples, self.left)
        self.left -= count
        if not count and self.breaks:
            raise AudioError("The recording ends in the middle.")
        return bytes(2 * count)


async def assigned(
    hall: MemoryHall, name: str = SESSION, languages: tuple[str, ...] = ("en",)
) -> tuple[LiveSession, LiveAudio, asyncio.Task[None]]:
    """Open a session and assign its channel; returns the session, its sound, and the task that waits for its words."""
    live = await hall.session(SessionId(name), languages=languages)
    await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
    audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
    assert hall.group is not None
    return live, audio, hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))


async def hello(
    engine: EngineEnd,
    channels: int = 1,
    model: str = "scripted",
    languages: tuple[str, ...] = (),
    most: int | None = None,
    *,
    takes_glossary: bool = False,
    life: str = "",
) -> None:
    """Send an engine's hello."""
    said = wire.EngineHello(
        protocol=wire.PROTOCOL,
        name="e",
        model=model,
        languages=languages,
        channels=channels,
        most=most,
        takes_glossary=takes_glossary,
        life=life,
    )
    await engine.send(said)


async def attached(engine: EngineEnd) -> wire.Attach:
    """Return the next message, which must be an attachment."""
    message = await engine.receive()
    assert isinstance(message, wire.Attach), message
    return message


async def next_attached(engine: EngineEnd) -> wire.Attach:
    """Return the next attachment; messages before it are dropped."""
    while not isinstance(message := await engine.receive(), wire.Attach):
        assert message is not None
    return message


def shown(outlet: MemoryOutlet) -> list[AnySignal]:
    """Return all signals sent to a reader over SSE, in order."""
    return [signal for event in EventStream().feed(outlet.sent) for signal in decode(event.data).signals]
