"""One engine and its streams: audio out, acts in, each act answered in its order."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Protocol

from moothall.core.actors import SYSTEM, Actor, Role
from moothall.core.commands import AttachEngine, CommitWords, EndSegment, NoteGap
from moothall.core.errors import ProtocolError, Refusal, RefusalCode
from moothall.core.ids import ChannelId, CommandId
from moothall.core.ports import Clock
from moothall.core.session import Channel, State
from moothall.core.signals import ChannelState, Unsaved
from moothall.services.live_audio import BYTES, LiveAudio, to_ms
from moothall.services.session_writer import Receipt, SessionWriter
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

CONTEXT_MS = 2_000
"""Audio before the last committed word that an engine gets to find the seam."""
PORTION = 8_000
"""Samples in one message at most (0.5 s)."""
AHEAD_MS = 120_000
"""How far audio runs ahead of what the engine says it has heard: bounds the engine's memory."""
INBOX = 1_024
"""Messages of one stream that may wait; then the link is read no further, and the engine has to wait."""


class EngineConnection(Protocol):
    """One engine's link, whatever carries it."""

    @property
    def name(self) -> str:
        """For logs."""
        ...

    async def receive(self) -> wire.ToServer | None:
        """The next message, None at the end; raises ProtocolError."""
        ...

    async def send(self, message: wire.ToEngine) -> None:
        """Send a message; silent when the link is gone, `receive` tells."""
        ...


class BenchClock(Protocol):
    """What a run on the CPU clock wants to know (docs/reference/replay.md)."""

    def receipt(self, at: float) -> tuple[float, int]:
        """A message made at `at` (ms on the engine's clock) arrived now."""
        ...

    def begin(self, receipt: tuple[float, int]) -> None:
        """It is that message's turn."""
        ...

    def spent_us(self) -> int:
        """CPU since its receipt."""
        ...


class Job:
    """A channel whose audio wants to be recognised."""

    def __init__(self, writer: SessionWriter, channel: ChannelId, audio: LiveAudio) -> None:
        self.writer = writer
        self.channel = channel
        self.audio = audio
        self.done = asyncio.Event()
        self.stream: Stream | None = None
        self.heard = 0
        """Media ms up to which an engine has heard it."""
        self.heard_at = 0
        """When it last said so, on the monotonic clock."""


class Engine:
    """A connected engine and its streams."""

    def __init__(
        self,
        link: EngineConnection,
        hello: wire.Hello,
        *,
        clock: Clock,
        bench: BenchClock | None,
        over: Callable[[Stream], None],
        roomier: Callable[[], None],
        note_usage: Callable[[wire.Usage], None],
    ) -> None:
        """`over` is told of each stream that ended, `roomier` when the engine can carry more."""
        self.link = link
        self.hello = hello
        self.clock = clock
        self.bench = bench
        self.over = over
        self.group: asyncio.TaskGroup | None = None
        self.streams: dict[int, Stream] = {}
        self._capacity = hello.channels
        self._linked = True
        self._numbers = itertools.count(1)
        self._roomier = roomier
        self._note_usage = note_usage

    @property
    def free(self) -> int:
        """How many more channels it can take; none once its link is gone."""
        return self._capacity - len(self.streams) if self._linked else 0

    def take(self, job: Job) -> None:
        """Begin to recognise `job`."""
        if self.group is None:
            return
        stream = Stream(self, next(self._numbers), job)
        self.streams[stream.number] = stream
        job.stream = stream
        stream.task = self.group.create_task(stream.run())

    async def receive(self) -> None:
        """Hand every message to its stream, until the link ends."""
        while (message := await self.link.receive()) is not None:
            match message:
                case wire.Act() | wire.Tell() | wire.Drained() | wire.Lost():
                    stream = self.streams.get(message.stream)
                    if stream is not None:  # Else it was detached, and this was under way.
                        at = message.at if isinstance(message, wire.Act | wire.Tell) else None
                        receipt = self.bench.receipt(at) if self.bench is not None and at is not None else None
                        await stream.inbox.put((message, receipt))
                case wire.Capacity():
                    self._capacity = len(self.streams) + message.channels
                    self._roomier()
                case wire.Usage():
                    self._note_usage(message)
                case wire.Hello():
                    msg = f"Engine {self.link.name} said hello twice."
                    raise ProtocolError(msg)

    def stop(self) -> None:
        """The link is gone: end what runs for it, and take nothing more."""
        self._linked = False
        for stream in self.streams.values():
            if stream.task is not None:
                stream.task.cancel()


class Stream:
    """One attachment of a channel to an engine."""

    def __init__(self, engine: Engine, number: int, job: Job) -> None:
        self.engine = engine
        self.number = number
        self.job = job
        self.task: asyncio.Task[None] | None = None
        self.dropped = False
        """Nobody wants its words any more."""
        self.inbox: asyncio.Queue[tuple[wire.Act | wire.Tell | wire.Drained | wire.Lost, tuple[float, int] | None]] = (
            asyncio.Queue(INBOX)
        )
        self._generation = 0
        self._sent = 0
        self._heard_more = asyncio.Event()
        self._held: CommandId | None = None
        self._unsaved: dict[CommandId, str] = {}
        self._place: wire.Place | None = None
        """Where the engine stood after the last act that is in the log."""

    async def detach(self) -> None:
        """Stop at once; what the engine still sends is dropped."""
        self.dropped = True
        if self.task is not None:
            self.task.cancel()
        await self.engine.link.send(wire.Detach(stream=self.number))

    async def run(self) -> None:
        """Attach, send audio and take words until it is drained."""
        try:
            if await self._attach():
                async with asyncio.TaskGroup() as group:
                    pump = group.create_task(self._pump())
                    await self._take()
                    pump.cancel()
        finally:
            if self._unsaved:
                self.job.writer.signal(Unsaved(channel=self.job.channel, text=""))
            self.engine.over(self)

    async def _attach(self) -> bool:
        job, writer = self.job, self.job.writer
        command = AttachEngine(channel=job.channel, model=self.engine.hello.model)
        generation = writer.state.channels[job.channel].generation + 1
        cause = CommandId(f"attach:{job.channel}:{generation}")
        answer = await writer.insist(SYSTEM, cause, command)
        if isinstance(answer, Refusal):
            logger.error("channel %s: no engine can be attached (%s)", job.channel, answer.code)
            self.dropped = True
            job.done.set()
            return False
        channel = writer.state.channels[job.channel]
        self._generation = channel.generation
        self._place = _known_place(job.audio.note, channel, writer.state)
        back_to = channel.committed_through - CONTEXT_MS if self._place is None else self._place.audio_from
        first = job.audio.position(back_to)
        self._sent = first
        job.heard = job.audio.t + to_ms(first)
        job.heard_at = self.engine.clock.monotonic()
        await self.engine.link.send(self._attachment(writer.state, channel, job.heard))
        logger.info(
            "session %s channel %s: generation %d on engine %s from %d ms",
            writer.session,
            job.channel,
            channel.generation,
            self.engine.link.name,
            channel.committed_through,
        )
        return True

    def _attachment(self, state: State, channel: Channel, audio_from: int) -> wire.Attach:
        segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
        opened = None
        if segment is not None:
            opened = wire.OpenSegment(segment=segment.id, language=segment.language, t0=segment.t0, words=segment.words)
        return wire.Attach(
            stream=self.number,
            session=state.id,
            channel=channel.id,
            generation=channel.generation,
            languages=channel.languages,
            committed_through=channel.committed_through,
            last_words=channel.last_words,
            open_segment=opened,
            audio_from=audio_from,
            place=self._place,
        )

    async def _pump(self) -> None:
        audio, link = self.job.audio, self.engine.link
        while pcm := await audio.read(self._sent, PORTION):
            await link.send(wire.Audio(stream=self.number, t=audio.t + to_ms(self._sent), pcm=pcm))
            self._sent += len(pcm) // BYTES
            while audio.t + to_ms(self._sent) - self.job.heard > AHEAD_MS:
                self._heard_more.clear()
                await self._heard_more.wait()
        await link.send(wire.EndOfAudio(stream=self.number))

    async def _take(self) -> None:
        bench = self.engine.bench
        while True:
            message, receipt = await self.inbox.get()
            if bench is not None and receipt is not None:
                bench.begin(receipt)
            match message:
                case wire.Act():
                    await self._act(message)
                case wire.Tell():
                    self._tell(message)
                case wire.Drained():
                    self.job.done.set()
                    return
                case wire.Lost():
                    return

    def _tell(self, message: wire.Tell) -> None:
        if message.signal.channel != self.job.channel:
            return
        if isinstance(message.signal, ChannelState):
            self._heard(message.signal.t)
        self.job.writer.signal(message.signal)

    def _heard(self, t: int) -> None:
        self.job.heard = max(self.job.heard, t)
        self.job.heard_at = self.engine.clock.monotonic()
        self._heard_more.set()

    async def _act(self, act: wire.Act) -> None:
        writer = self.job.writer
        if self._held is not None and act.id != self._held:
            answer: Receipt | Refusal = Refusal(
                code=RefusalCode.UNAVAILABLE, message="An act before this one could not be stored."
            )
        elif not act.commands or any(not self._mine(command) for command in act.commands):
            answer = Refusal(code=RefusalCode.FORBIDDEN, message="An engine writes the channels attached to it.")
        else:
            if act.place is not None:
                # Before the act: between the two, a crash may come.
                places = [act.place] if self._place is None else [act.place, self._place]
                await self.job.audio.keep(wire.encode_places(places))
            signals = () if act.show is None or act.show.channel != self.job.channel else (act.show,)
            actor = Actor(Role.ENGINE, self.engine.hello.model)
            answer = await writer.send(actor, act.id, act.commands, signals)
        self._remember(act, answer)
        spent = self.engine.bench.spent_us() if self.engine.bench is not None else None
        if isinstance(answer, Receipt):
            self._place = act.place
            self._heard(writer.state.channels[self.job.channel].committed_through)
            self.job.audio.committed(writer.state.channels[self.job.channel].committed_through)
            reply: wire.ToEngine = wire.Accepted(stream=self.number, id=act.id, offset=answer.last, server_cpu_us=spent)
        else:
            logger.info("channel %s: an act of %s was refused (%s)", self.job.channel, act.stream, answer.code)
            reply = wire.Refused(stream=self.number, id=act.id, refusal=answer, server_cpu_us=spent)
        await self.engine.link.send(reply)

    def _mine(self, command: wire.EngineCommand) -> bool:
        if isinstance(command, CommitWords | EndSegment) and command.generation > self._generation:
            return False
        return command.channel == self.job.channel

    def _remember(self, act: wire.Act, answer: Receipt | Refusal) -> None:
        """Keep on the screens what can't be stored yet, and hold later acts back behind it."""
        later = isinstance(answer, Refusal) and answer.code in (RefusalCode.UNAVAILABLE, RefusalCode.BUSY)
        if later:
            words = (
                word.text for command in act.commands if isinstance(command, CommitWords) for word in command.words
            )
            self._held = self._held or act.id
            self._unsaved[act.id] = "".join(words).strip()
        else:
            self._held = None
            if self._unsaved.pop(act.id, None) is None:
                return
            if any(isinstance(command, NoteGap) for command in act.commands):
                self._unsaved.clear()  # The engine has given up what could not be stored in time.
        text = " ".join(text for text in self._unsaved.values() if text)
        self.job.writer.signal(Unsaved(channel=self.job.channel, text=text))


def _known_place(note: bytes, channel: Channel, state: State) -> wire.Place | None:
    """Of the places in `note` the one that goes with what stands in the log."""
    segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
    words = 0 if segment is None else len(segment.words)
    for place in wire.decode_places(note):
        if (place.committed_through, place.segment, place.words) == (
            channel.committed_through,
            channel.open_segment,
            words,
        ):
            return place
    return None
