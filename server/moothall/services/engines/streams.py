"""One engine and its streams: audio out, acts in, each act answered in its order."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection

from moothall.core.commands import AttachEngine
from moothall.core.glossary.merging import NOTHING
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ProtocolError, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId
from moothall.core.ports import Clock
from moothall.core.signals import ChannelState
from moothall.services.engines.acts import Acts, KeptActs
from moothall.services.engines.attaching import (
    attachment,
    behind_deadly_sound,
    end_line_before,
    expected,
    first_sample,
    known_place,
)
from moothall.services.engines.connection import EngineConnection
from moothall.services.engines.job import Job
from moothall.services.engines.room import Fits
from moothall.services.engines.stretches import Stretch, cut_short
from moothall.services.log.orders import Receipt
from moothall.services.sound.live_audio import BYTES, to_ms, to_samples
from moothall.services.supervision.pulses import Fate
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

OVERRUN_MS = 1_000
"""An engine that was sent so much of a span that is not kept is let go at once; less, and it may say what it heard
before."""
PORTION = 8_000
"""Samples in one message at most (0.5 s)."""
AHEAD_MS = 120_000
"""How far audio runs ahead of what the engine says it has heard: bounds the engine's memory."""
INBOX = 1_024
"""Messages of one stream that may wait; then the link is read no further, and the engine has to wait."""


class Engine:
    """A connected engine and its streams."""

    def __init__(
        self,
        link: EngineConnection,
        hello: wire.Hello,
        *,
        clock: Clock,
        over: Callable[[Stream], None],
        roomier: Callable[[], None],
        note_usage: Callable[[wire.Usage], None],
        fate: Callable[[str], Fate | None],
    ) -> None:
        """`over` is told of each stream that ended, `roomier` when the engine can carry more; `fate`: how a process
        ended, by its life.
        """
        self.fate = fate
        self.link = link
        self.hello = hello
        self.clock = clock
        self.over = over
        self.group: asyncio.TaskGroup | None = None
        self.streams: dict[int, Stream] = {}
        self._fits = Fits(hello)
        self._linked = True
        self._numbers = itertools.count(1)
        self._roomier = roomier
        self._note_usage = note_usage

    @property
    def free(self) -> int:
        """How many more channels it can carry in time; below 0 when it has too many."""
        return self._fits.channels - self.taken

    @property
    def more(self) -> int:
        """How many more it can take; none once its link is gone."""
        return self._fits.most - self.taken if self._linked else 0

    @property
    def taken(self) -> int:
        """How many it has."""
        return len(self.streams)

    def suits(self, job: Job) -> bool:
        """Whether it knows one of the languages that are spoken there."""
        channel = job.writer.state.channels[job.channel]
        return self._fits.knows(expected(channel))

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
                        await stream.inbox.put(message)
                case wire.Stands() | wire.SoundsLike():
                    if message.stream in self.streams:
                        self.streams[message.stream].job.told(message)
                case wire.Capacity():
                    self._fits.said(message, self.taken)
                    self._roomier()
                case wire.Usage():
                    self._note_usage(message)
                case wire.Hello():
                    msg = f"Engine {self.link.name} said hello twice."
                    raise ProtocolError(msg)

    def stop(self, under_way: Collection[int] = ()) -> None:
        """The link is gone: take nothing more. What streams with a pass `under_way` heard may be what ended it."""
        self._linked = False
        for stream in self.streams.values():
            if stream.number in under_way:
                stream.job.engine_ended(self.hello.life)
            if stream.task is not None:
                stream.task.cancel()


class Stream:
    """One attachment of a channel to an engine: one stretch of its audio, kept or not."""

    def __init__(self, engine: Engine, number: int, job: Job) -> None:
        self.engine = engine
        self.number = number
        self.job = job
        self.task: asyncio.Task[None] | None = None
        self.dropped = False
        """Nobody wants its words any more."""
        self.inbox: asyncio.Queue[wire.Act | wire.Tell | wire.Drained | wire.Lost] = asyncio.Queue(INBOX)
        self._stretch: Stretch | None = None
        """What it hears; None until it is attached."""
        self._stop: int | None = None
        """Sample at which it has to end."""
        self._sent = 0
        self._refused: RefusalCode | None = None
        self._accepted = False
        self._lost = False
        """The engine gave it up by itself."""
        self._left = False
        """The engine was told to forget it; what still comes is dropped."""
        self._heard_more = asyncio.Event()
        self._preferred = NOTHING
        """The names and terms that its engine was told of."""

    @property
    def attached(self) -> bool:
        """Whether its engine was told of it, and not to leave it."""
        return self._stretch is not None and not self._left

    @property
    def in_vain(self) -> bool:
        """Whether the engine gave it up with nothing accepted."""
        return self._lost and not self._accepted

    @property
    def refused(self) -> RefusalCode | None:
        """Why its last act was refused, if one was."""
        return self._refused

    async def detach(self) -> None:
        """Stop at once; what the engine still sends is dropped."""
        self.dropped = True
        if self.task is not None:
            self.task.cancel()
        await self.engine.link.send(wire.Detach(stream=self.number))

    async def leave(self) -> None:
        """Stop at once; the channel is attached anew, from where the log stands then."""
        self._left = True
        await self.engine.link.send(wire.Detach(stream=self.number))
        await self.inbox.put(wire.Lost(stream=self.number))

    async def tell_terms(self) -> None:
        """Tell the engine which names and terms are to be preferred, where that has changed and it understands it."""
        preferred = self.job.preferred
        if self.attached and self.engine.hello.takes_glossary and preferred != self._preferred:
            self._preferred = preferred
            await self.engine.link.send(wire.Glossary(stream=self.number, terms=preferred.terms, near=preferred.near))

    async def reconsider(self) -> None:
        """What is kept has changed: end where that asks for it."""
        if self._stretch is None or self._left:
            return  # It is only being attached, and looks then.
        stop = cut_short(self.job.writer.state, self._stretch)
        if stop is None:
            return
        audio = self.job.audio
        position = max(0, to_samples(stop - audio.t))
        if not self._stretch.kept:
            self.job.through = stop
            await self.leave()
        elif self._sent - position > to_samples(OVERRUN_MS):
            await self.leave()
        else:
            self._stop = position
            await audio.nudge()

    async def run(self) -> None:
        """Attach, send audio and take words until it is drained."""
        acts: Acts | None = None
        try:
            acts = await self._attach()
            if acts is not None:
                async with asyncio.TaskGroup() as group:
                    pump = group.create_task(self._pump())
                    await self._take(acts)
                    pump.cancel()
        finally:
            if acts is not None:
                acts.close()
            self.engine.over(self)

    async def _attach(self) -> Acts | None:
        job, writer = self.job, self.job.writer
        command = AttachEngine(channel=job.channel, model=self.engine.hello.model)
        generation = writer.state.channels[job.channel].generation + 1
        cause = CommandId(f"attach:{job.channel}:{generation}")
        answer = await writer.insist(SYSTEM, cause, command)
        if isinstance(answer, Refusal):
            logger.error("channel %s: no engine can be attached (%s)", job.channel, answer.code)
            self.dropped = True
            job.done.set()
            return None
        stretch = await behind_deadly_sound(job, self.engine.fate, self.engine.hello.model)
        if stretch is None:
            return None  # A break began meanwhile.
        await end_line_before(writer, stretch, job.channel, self.engine.hello.model)
        channel = writer.state.channels[job.channel]
        place = known_place(job.audio.note, channel, writer.state) if stretch.kept else None
        if place is not None and place.audio_from < stretch.floor:
            place = None
        self._sent = first_sample(stretch, job.audio, place, job.heard if job.unkept.began else None)
        self._stop = None if stretch.stop is None else max(0, to_samples(stretch.stop - job.audio.t))
        job.heard = job.audio.t + to_ms(self._sent)
        if not job.failures:  # Else readers go on being told that no text comes.
            job.heard_at = self.engine.clock.monotonic()
        self._stretch = stretch
        self._preferred = job.preferred
        job.begins_in(expected(channel))
        await self.engine.link.send(
            attachment(
                self.number,
                writer.state,
                channel,
                stretch,
                audio_from=job.heard,
                place=place,
                preferred=self._preferred,
                engine=self.engine.link.name,
            )
        )
        await self.reconsider()  # It may have changed while the line before was ended.
        if not stretch.kept:
            job.unkept.began = True
            return job.unkept
        model = self.engine.hello.model
        return KeptActs(writer, job.channel, job.audio, model=model, generation=channel.generation, place=place)

    async def _pump(self) -> None:
        audio, link = self.job.audio, self.engine.link
        while pcm := self._before_the_stop(await audio.read(self._sent, PORTION, unless=self._at_the_stop)):
            await link.send(wire.Audio(stream=self.number, t=audio.t + to_ms(self._sent), pcm=pcm))
            self._sent += len(pcm) // BYTES
            while audio.t + to_ms(self._sent) - self.job.heard > AHEAD_MS:
                self._heard_more.clear()
                await self._heard_more.wait()
        if not self._left:
            await link.send(wire.EndOfAudio(stream=self.number))

    def _at_the_stop(self) -> bool:
        return self._left or (self._stop is not None and self._sent >= self._stop)

    def _before_the_stop(self, pcm: bytes) -> bytes:
        if self._left:
            return b""
        return pcm if self._stop is None else pcm[: max(0, self._stop - self._sent) * BYTES]

    async def _take(self, acts: Acts) -> None:
        while True:
            match message := await self.inbox.get():
                case wire.Lost():
                    self._lost = not self._left
                    return
                case _ if self._left:
                    pass  # It was under way.
                case wire.Act():
                    await self._act(acts, message)
                case wire.Tell():
                    self._tell(acts, message)
                case wire.Drained():
                    self._drained()
                    return

    def _drained(self) -> None:
        if self._stop is None:
            self.job.done.set()
        else:
            self.job.through = max(self.job.through, self.job.audio.t + to_ms(self._stop))

    def _tell(self, acts: Acts, message: wire.Tell) -> None:
        signal = message.signal
        if signal.channel != self.job.channel:
            return
        if isinstance(signal, ChannelState):
            self._heard(signal.t)
            self.job.audio.heard(signal, self.job.writer.state)
            if not self.job.failures:  # Else what it hears doesn't become text, and is said so elsewhere.
                self.job.tell(signal, self.engine.clock.wall())
        else:
            acts.tell(signal)

    def _heard(self, t: int) -> None:
        self.job.heard = max(self.job.heard, t)
        self.job.heard_at = self.engine.clock.monotonic()
        self._heard_more.set()

    async def _act(self, acts: Acts, act: wire.Act) -> None:
        self.job.heard_again(act.again, still=True)
        answer = await acts.carry_out(act)
        if isinstance(answer, Receipt):
            self._accepted = True
            self.job.failures = 0
            self._heard(self.job.writer.state.channels[self.job.channel].committed_through)
            reply: wire.ToEngine = wire.Accepted(stream=self.number, id=act.id, offset=answer.last)
        else:
            self._refused = answer.code
            logger.info("channel %s: an act of %s was refused (%s)", self.job.channel, act.stream, answer.code)
            reply = wire.Refused(stream=self.number, id=act.id, refusal=answer)
        await self.engine.link.send(reply)
