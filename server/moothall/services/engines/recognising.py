"""Which engine hears which channel, and the engine link seen from the server.

A job is a channel whose audio wants to be recognised. Every engine that connects takes jobs as far as its
capacity goes; when its link ends its jobs go to another, from the last committed word on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.ports import Clock
from moothall.core.signals import ChannelState, Sound
from moothall.services.engines.attaching import expected
from moothall.services.engines.connection import EngineConnection
from moothall.services.engines.job import Again, GlossaryOf, Job, no_glossary
from moothall.services.engines.room import left_when_full, relief, roomiest
from moothall.services.engines.streams import Engine, Stream
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.consent import ConsentChanges
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.sound.loudness import Loudness
from moothall.services.supervision.carrying_on import note_failure
from moothall.services.supervision.pulses import Pulses
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

WATCH_MS = 1_000
QUIET_MS = 3_000
"""When nothing has come of an engine or a source for so long, readers are told."""

RELIEF_MS = 5_000
"""An engine with too many channels gives one away so often, where another has time: then both measure anew."""

AWAY_MS = 10_000
"""An engine that has been away for longer is not about to come back: one that is started again takes less."""

Beside = Callable[[SessionWriter, LiveAudio], Coroutine[None, None, None]]
"""Another reader of a source's audio, such as the recorder: comes back when it has all of it."""


class Recognising:
    """Brings jobs and engines together."""

    def __init__(
        self,
        clock: Clock,
        beside: Beside | None = None,
        glossary: GlossaryOf = no_glossary,
        pulses: Pulses | None = None,
    ) -> None:
        """`beside` reads the audio of each job too, and has to have done with it before the job is done."""
        self._glossary = glossary
        self._pulses = pulses or Pulses(clock)
        self._clock = clock
        self._beside = beside
        self._jobs: list[Job] = []
        self._waiting: list[Job] = []
        self._engines: list[Engine] = []
        self._again: Again = lambda *_: None
        self._refused = 0
        self._relieved = clock.monotonic()
        self._alone_since: int | None = clock.monotonic()
        """Since when no engine is connected."""
        self.usage: list[wire.Usage] = []
        """What engines said they used, one per drained stream; the last 100."""

    @property
    def engines(self) -> int:
        """How many engines are connected."""
        return len(self._engines)

    @property
    def refused(self) -> int:
        """How many engines are connected and can do nothing, since the service that they ask refuses its key."""
        return self._refused

    def unheard(self, session: SessionId) -> tuple[ChannelId, ...]:
        """The channels of a session that want to be recognised and whose languages no connected engine knows."""
        waiting = (job for job in self._waiting if job.writer.session == session and job.stretch is not None)
        return tuple(job.channel for job in waiting if self._engines and not self._suited(job))

    def loudness(self, session: SessionId) -> dict[ChannelId, Loudness]:
        """How loud the sound of a session is that is still coming."""
        jobs = (job for job in self._jobs if job.writer.session == session and not job.audio.ended)
        return {job.channel: job.audio.loudness for job in jobs}

    def unlike(self, session: SessionId) -> tuple[tuple[str, ...], str] | None:
        """The languages in which a text of a session is recognised, and the one that it sounds like instead."""
        for job in self._jobs:
            if job.writer.session == session and job.sounds_like is not None:
                return expected(job.writer.state.channels[job.channel]), job.sounds_like
        return None

    @property
    def room_left(self) -> int | None:
        """How many more channels fit at all, once no more fit in time; None as long as some do."""
        return left_when_full(self._engines)

    def crowded_out(self, session: SessionId) -> tuple[ChannelId, ...]:
        """The channels of a session that have waited for a while since no engine has room for them."""
        now = self._clock.monotonic()
        waiting = (job for job in self._waiting if job.writer.session == session and now - job.heard_at >= QUIET_MS)
        waiting = (job for job in waiting if job.stretch is not None and job.not_before <= now)
        return tuple(job.channel for job in waiting if self._suited(job))

    @property
    def alone(self) -> bool:
        """Whether no engine is connected at the moment."""
        return not self._engines

    def hopeless(self, session: SessionId, channel: ChannelId) -> bool:
        """Whether no engine will hear a channel soon: none has been there for a while, or none knows its languages."""
        alone = self._alone_since
        return channel in self.unheard(session) or (alone is not None and self._clock.monotonic() - alone >= AWAY_MS)

    def tell_again(self, told: Again) -> None:
        """From now on tell of lines that their engine hears once more."""
        self._again = told

    def _heard_again(self, session: SessionId, lines: tuple[SegmentId, ...], still: bool) -> None:
        self._again(session, lines, still)

    async def recognise(self, writer: SessionWriter, channel: ChannelId, audio: LiveAudio) -> None:
        """Have a channel recognised until its audio is over and every word of it is in the log."""
        job = Job(writer, channel, audio, self._glossary)
        job.again = self._heard_again
        job.heard_at = self._clock.monotonic()
        self._jobs.append(job)
        self._waiting.append(job)
        self._place()
        async with asyncio.TaskGroup() as group:
            if self._beside is not None:
                group.create_task(_read_beside(self._beside, writer, audio))
            watch = group.create_task(self._watch(job))
            consent = group.create_task(self._follow_consent(job))
            try:
                await job.done.wait()
            finally:
                if job in self._waiting:
                    self._waiting.remove(job)
                if job.stream is not None:
                    await job.stream.detach()
                self._jobs.remove(job)
                job.unkept.wipe()
            watch.cancel()
            consent.cancel()

    @asynccontextmanager
    async def held(self, writer: SessionWriter, channel: ChannelId) -> AsyncIterator[Job | None]:
        """While inside no engine hears the channel, and all that one said is in the log; then it is attached anew.

        Gives its job, None when no audio of the channel is being recognised.
        """
        job = next((job for job in self._jobs if job.writer is writer and job.channel == channel), None)
        if job is None:
            yield None
            return
        async with job.holding:
            job.held = True
            if job in self._waiting:
                self._waiting.remove(job)
            elif job.stream is not None:
                task = job.stream.task
                await job.stream.leave()
                if task is not None:
                    await asyncio.wait({task})
            try:
                yield job
            finally:
                job.held = False
                job.not_before = 0  # What was done meanwhile may have mended it.
                if job in self._jobs and job.stream is None and not job.done.is_set():
                    self._waiting.append(job)
                    self._place()

    async def serve(self, link: EngineConnection) -> None:
        """Talk to one engine until its link ends. Raises ProtocolError when it breaks the rules, and GivenUp."""
        hello = await link.receive()
        if hello is None:
            return
        if not isinstance(hello, wire.Hello) or hello.protocol != wire.PROTOCOL:
            msg = f"Engine {link.name} must begin with a hello of protocol {wire.PROTOCOL}."
            raise ProtocolError(msg)
        if hello.key_refused:
            await self._wait_with(link)
            return
        engine = Engine(
            link,
            hello,
            clock=self._clock,
            over=self._over,
            roomier=self._place,
            note_usage=self._note_usage,
            fate=self._pulses.fate,
        )
        with self._pulses.linked(f"engine {link.name}", hello.life, link.abort):
            await self._serve(engine)

    async def _serve(self, engine: Engine) -> None:
        link, hello, attached = engine.link, engine.hello, 0
        logger.info("engine %s: connected, model %s, %d channels", link.name, hello.model, hello.channels)
        self._engines.append(engine)
        self._alone_since = None
        try:
            async with asyncio.TaskGroup() as group:
                engine.group = group
                self._place()
                try:
                    await engine.receive()
                finally:
                    attached = engine.taken
                    engine.stop(self._pulses.streams(hello.life))
        except* ProtocolError as broken:
            raise broken.exceptions[0] from None
        finally:
            self._engines.remove(engine)
            self._alone_since = None if self._engines else self._clock.monotonic()
            logger.info("engine %s: gone, %d channels were attached", link.name, attached)
            for stream in list(engine.streams.values()):
                self._over(stream)

    async def _wait_with(self, link: EngineConnection) -> None:
        """An engine that can do nothing yet: as good as away, but that people are told why."""
        logger.warning("engine %s: the service that it asks refuses its key", link.name)
        self._refused += 1
        try:
            while await link.receive() is not None:
                pass
        finally:
            self._refused -= 1

    def _over(self, stream: Stream) -> None:
        """A stream ended: its job is done, or goes to whoever can take it."""
        stream.engine.streams.pop(stream.number, None)
        job = stream.job
        if job.stream is stream:
            job.stream = None
            if not (job.done.is_set() or stream.dropped or job.held):
                if stream.in_vain:
                    self._give_time(stream)
                self._waiting.insert(0, job)  # It has readers already: before those that were never placed.
        self._place()

    def _give_time(self, stream: Stream) -> None:
        """What one attachment was refused the next one is, too: no use to try again at once."""
        job = stream.job
        if not job.failures:
            logger.warning(
                "session %s channel %s: nothing of engine %s (%s) was accepted (%s); it is attached again, ever later",
                job.writer.session,
                job.channel,
                stream.engine.link.name,
                stream.engine.hello.model,
                stream.refused or "it lost its place",
            )
        job.failed(self._clock.monotonic())

    def _place(self) -> None:
        now = self._clock.monotonic()
        for job in [job for job in self._waiting if job.not_before <= now]:
            if job.stretch is None:  # In a break nobody hears it; when its sound is over no more will come.
                if job.audio.ended:
                    job.done.set()
                continue
            engine = roomiest(engine for engine in self._engines if engine.suits(job))
            if engine is not None:
                self._waiting.remove(job)
                engine.take(job)

    def _suited(self, job: Job) -> bool:
        return any(engine.suits(job) for engine in self._engines)

    async def _follow_consent(self, job: Job) -> None:
        """Have engines hear apart what is kept and what isn't, and nothing of a break."""
        changes = ConsentChanges(job.writer)
        try:
            while True:
                await changes.next()
                state = job.writer.state
                if state.recorded or state.in_break:
                    job.unkept.wipe()
                if job.stream is not None:
                    await job.stream.reconsider()
                self._place()  # A break may be over.
        finally:
            changes.close()

    async def _relieve(self, job: Job) -> None:
        """Take a job off an engine that has too many, where another one has time for it."""
        now = self._clock.monotonic()
        if job.stream is None or not job.stream.attached or now - self._relieved < RELIEF_MS:
            return
        engine = job.stream.engine
        if relief(engine, [other for other in self._engines if other is engine or other.suits(job)]) is not None:
            self._relieved = now
            logger.info("session %s channel %s: leaves engine %s", job.writer.session, job.channel, engine.link.name)
            await job.stream.leave()

    def _tell_why(self, job: Job) -> bool:
        """Log why a job waits though engines are there; whether there was anything to say."""
        if not self._suited(job):
            logger.warning(
                "session %s channel %s: no engine knows its languages (%s), so none is attached",
                job.writer.session,
                job.channel,
                ", ".join(job.writer.state.channels[job.channel].languages),
            )
        elif job.channel in self.crowded_out(job.writer.session):
            logger.warning(
                "session %s channel %s: no engine has room for it; its sound is kept, and its text comes when there is "
                "room: start another engine, or close a session that is over",
                job.writer.session,
                job.channel,
            )
        else:
            return False
        return True

    def _note_usage(self, usage: wire.Usage) -> None:
        self.usage = [*self.usage, usage][-100:]

    async def _watch(self, job: Job) -> None:
        """Say how late the text is when no engine says it."""
        end, grown = job.audio.end, self._clock.monotonic()
        told = False
        while True:
            await self._clock.sleep(WATCH_MS)
            now = self._clock.monotonic()
            if job in self._waiting:
                self._place()  # Its time may have come.
            await self._relieve(job)
            if job.stream is not None:
                await job.stream.tell_terms()
                if job.stream.attached and expected(job.writer.state.channels[job.channel]) != job.languages:
                    await job.stream.leave()  # Other languages are spoken than it was told of.
            if job.audio.end != end:
                end, grown = job.audio.end, now
            if job in self._waiting and job.stretch is None:
                self._tell_of_break(job, sound=now - grown < QUIET_MS)
                continue
            if job in self._waiting and self._engines and not told:
                told = self._tell_why(job)
            if now - job.heard_at < QUIET_MS and now - grown < QUIET_MS and not job.failures:
                continue
            none = now - grown >= QUIET_MS and not job.audio.ended
            sound = Sound.NONE if none else Sound.SPEECH
            job.tell(ChannelState(channel=job.channel, sound=sound, lag=job.behind, t=job.heard), self._clock.wall())

    def _tell_of_break(self, job: Job, *, sound: bool) -> None:
        """Say whether somebody seems to speak in a break, by how loud it is: no engine hears it."""
        heard = (Sound.SPEECH if job.audio.speaks else Sound.SILENCE) if sound else Sound.NONE
        job.heard_at = self._clock.monotonic()
        job.writer.signal(ChannelState(channel=job.channel, sound=heard, lag=0, t=job.audio.end_ms))


async def _read_beside(beside: Beside, writer: SessionWriter, audio: LiveAudio) -> None:
    """Let another read too. If it fails the text goes on: a recording is worth less."""
    try:
        await beside(writer, audio)
    except Exception as error:  # whatever it was
        note_failure(error, f"source {audio.source}: what reads beside the engine failed")
