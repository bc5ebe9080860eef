"""Handles the live sound of one channel: each take is spooled at once, and takes are recognised one after another."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

from moothall.core.commands import AnyCommand, AttachSource, EndSource, MapClock, NoteGap, OpenSession
from moothall.core.events.types import GapReason
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SourceId
from moothall.core.ports import Clock, Spool, SpoolStore
from moothall.core.rules.decide import MOST_BEFORE
from moothall.core.sessions.keeping import merged, without
from moothall.core.sessions.parts import SessionSource
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound
from moothall.services.capture.ingest import DRIFT_MS, LOOK_MS, MAP_MS
from moothall.services.engines.recognising import Recognising
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.consent import follow_consent
from moothall.services.sound.live_audio import RATE, SYNC_MS, LiveAudio, to_ms, to_samples, unheard_id
from moothall.services.sound.live_source import LiveSource
from moothall.services.sound.live_take import LiveTake, source_of, take_of
from moothall.services.sound.seam import seam_of, wanted_from
from moothall.wire.audio import TakeEndReason

logger = logging.getLogger(__name__)

MOST_TAKES = 16
"""Most takes that may wait for an engine. Overflow: one more is refused as busy, and its microphone keeps its sound."""
HOLE_MS = 1_000
"""A hole between two takes that is shorter than this (ms) is not noted as a gap: nobody says a word in it."""
APART_MS = 500
"""Difference from the session's clock, in ms, that a microphone may have that doesn't set it: more than a connection
delays at times, less than a word with the silence that is left out around what is not recorded."""
APART_FOR_MS = 10_000
"""How long (ms) a take may exceed APART_MS: a sender that had been cut off needs some seconds to send its backlog."""
TELL_MS = 5_000
"""Interval at which readers are notified that no sound arrives while no microphone is on, in ms."""


@dataclass(eq=False, repr=False)
class LiveChannel:
    """Owns the takes of one channel of an open session, from the first microphone until the session is closed."""

    live: LiveSession
    channel: ChannelId
    _: KW_ONLY
    spools: SpoolStore
    recognising: Recognising
    clock: Clock
    leads: Callable[[LiveChannel], bool]
    """Whether this channel's microphone sets the session's clock, as one channel's does."""
    spooled: Mapping[SourceId, TakeEndReason | None]
    """The spooled sources to continue, oldest first, each with why it ended; None for a source that may still grow."""
    respoken: bool = False
    """Whether these are takes of respeakers, in addition to those of the channel's own sound."""

    def __post_init__(self) -> None:
        self.takes: deque[LiveTake] = deque()
        """Oldest first; only the last may still grow. Bound: MOST_TAKES."""
        self._group: asyncio.TaskGroup | None = None
        self._started = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._more = asyncio.Event()
        self._parted: LiveTake | None = None
        """The take that was recognised last, if it was ended because it differed from the session's clock, so that its
        microphone will come back; else None."""
        self._lost_since: int | None = None
        """Media ms at which the sound was lost; None where it wasn't."""

    @property
    def current(self) -> LiveTake | None:
        """The newest take, growing or waiting to be recognised."""
        return self.takes[-1] if self.takes else None

    @property
    def growing(self) -> bool:
        """Whether a take is open; its microphone may be cut off at the moment."""
        return self.current is not None and not self.current.finished

    async def run(self) -> None:
        """Spool and recognise takes until the session is closed. When this is cancelled or fails, the spools keep their
        sound.

        Unexpected exceptions are raised; then another `LiveChannel` continues with what is spooled.
        """
        told = self.clock.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await self._take_up_spooled()
                self._started.set()
                working = group.create_task(self._recognise_all())
                while self.live.state.status is not Status.CLOSED:
                    await self.clock.sleep(LOOK_MS)
                    if not self.takes and self.clock.monotonic() - told >= TELL_MS:
                        told = self.clock.monotonic()
                        self._tell_no_sound()
                self._group = None
                working.cancel()
                for take in self.takes:
                    await take.give_up()
            for take in self.takes:
                await self._note_missing(take)
                await take.audio.discard()
        except Exception:  # whatever it was: microphones come back
            self._group = None
            for take in self.takes:
                await take.break_off()
            raise
        finally:
            self._group = None
            self._started.set()
            for take in self.takes:
                await take.audio.close()

    @property
    def unheard(self) -> bool:
        """Whether there is sound of which not all words may be in the log."""
        return any(take.audio.unheard(self.live.state, self.channel) for take in self.takes)

    async def _note_missing(self, take: LiveTake) -> None:
        """Note a gap where the last words are missing because the session was closed before they came."""
        missing = take.audio.unheard(self.live.state, self.channel)
        if missing is not None:
            away = self.recognising.alone or self.recognising.hopeless(self.live.id, self.channel)
            reason = GapReason.ENGINE_LOST if away else GapReason.OVERLOAD
            gap = NoteGap(channel=self.channel, t0=missing[0], t1=missing[1], reason=reason)
            await self._command(unheard_id(take.audio.source), gap)

    async def _take_up_spooled(self) -> None:
        for source, ended in self.spooled.items():
            if self.current is not None:
                await self.current.finish(TakeEndReason.LOST)
            take = self.take_up(source, await self.spools.open(self.live.id, source))
            if take is not None and ended is not None:
                await take.finish(ended)

    async def begin(self, name: str, first: int, age: int, done: int = 0) -> LiveTake | Refusal | None:
        """The take of that name, which continues from what was received; None when it is over already.

        `first` is the first position that its microphone still has, heard `age` ms ago; `done` is the position up to
        which the microphone was told that its sound is done. Where samples before `first` are missing, or the name is
        another, the earlier take ends here. Where no sound of the take is stored here it continues as the log says.
        """
        await self._started.wait()
        async with self._beginning:
            if self._group is None:
                return self._not_running()
            near = (self.current, self._parted)
            known = next((take for take in near if take is not None and take.name == name), None)
            waiting = next((take for take in self.takes if take.name == name), None)
            bases: dict[int, int] = {}
            if known is None and waiting is not None:  # Another microphone has replaced it since.
                there = max(0, waiting.received - first)
                first, age = first + there, max(0, age - to_ms(there))
                if first == waiting.base:
                    return None
            elif known is None:
                sources = self._sources_of(name)
                if any(source.channel != self.channel for source in sources.values()):
                    return refuse(
                        RefusalCode.INVALID,
                        "This sound is already sent for another text; stop sending and begin again.",
                    )
                bases = {base: source.t for base, source in sources.items() if not source.ended}
                if sources and not bases:
                    return None
            elif known.apart:
                there = max(0, known.received - first)
                first, age = first + there, max(0, age - to_ms(there))
            elif first <= known.received:
                return known
            elif known.finished:
                return None
            if len(self.takes) >= MOST_TAKES:
                return refuse(RefusalCode.BUSY, "Too much sound is waiting to be recognised; try again in a minute.")
            if bases:
                return await self._go_on(bases, name, first, age, done)
            return await self._begin(known, name, first, age, done)

    async def _go_on(self, bases: Mapping[int, int], name: str, first: int, age: int, done: int) -> LiveTake | Refusal:
        """Continue a take of which no sound is stored here, with what its microphone still has."""
        writer = self.live.writer
        seam = seam_of(bases, writer.state, self.channel, first, done, respoken=self.respoken)
        logger.warning(
            "session %s: nothing of take %s is spooled here; it goes on at sample %d", self.live.id, name, seam.at
        )
        await self._catch_up(seam.t, age - to_ms(seam.at - first))
        taken = await self._taken(source_of(name, seam.at), seam.t)
        if isinstance(taken, LiveTake):
            taken.missing_from = seam.missing_from
            for base, t in bases.items():
                if base != taken.base:
                    source = source_of(name, base)
                    await self._command(f"end-source:{source}", EndSource(source=source, t=max(t, seam.t)))
        return taken

    async def _catch_up(self, t: int, age: int) -> None:
        """Set the session's clock forward, where it lags, to the sample at media ms `t` that was heard `age` ms ago.

        Another machine's clock may have mapped it, and this machine's clock may lag behind that.
        """
        wall = self.clock.wall()
        if t > self.live.state.media_now(wall):
            await self._command(f"map:{self.channel}:{t}:{wall}", MapClock(t=t + max(0, age), at=wall))

    async def _begin(self, known: LiveTake | None, name: str, first: int, age: int, done: int) -> LiveTake | Refusal:
        writer, opens = self.live.writer, False
        wall = self.clock.wall()  # Read before anything is stored, since `age` counts from now.
        if writer.state.status is Status.CREATED:
            # Each microphone has its own act id: of two that open the session at the same time one succeeds, and the
            # other joins.
            act = CommandId(f"open:{source_of(name, first)}")
            opened = await writer.send(SYSTEM, act, OpenSession(age=min(age, MOST_BEFORE)))
            opens = not isinstance(opened, Refusal)
            if isinstance(opened, Refusal) and writer.state.status is Status.CREATED:
                return opened
        # Sound that opens a session is at its beginning, however long the opening took.
        t = (min(age, MOST_BEFORE) if opens else writer.state.media_now(wall)) - age
        hole = known if known is not None and not known.apart else None
        if hole is not None and done >= first:  # Another machine had the samples in between.
            t = hole.t(first)
            await self._catch_up(t, age)
        elif hole is not None and abs(hole.t(first) - t) < HOLE_MS:
            t = hole.t(first)  # Counting samples is more accurate than a hello that was long in transit.
        # Sound from before the session's beginning isn't part of it, nor is a respeaker's sound from before going on
        # air.
        since = writer.state.channels[self.channel].air.since if self.respoken else 0
        if t < since:
            first, t = first + to_samples(since - t), since
        taken = await self._taken(source_of(name, first), t)
        if isinstance(taken, LiveTake) and hole is not None:
            taken.missing_from = hole.t(max(hole.received, done))
        return taken

    async def _taken(self, source: SourceId, t: int) -> LiveTake | Refusal:
        """Take in another source from media ms `t` on, in place of the current one."""
        writer, current = self.live.writer, self.current
        try:
            spool = await self.spools.open(writer.session, source)
        except StorageUnavailable as error:
            return refuse(RefusalCode.UNAVAILABLE, str(error))
        if source not in writer.state.sources:
            command = AttachSource(source=source, channel=self.channel, t=t, rate=RATE)
            attached = await writer.send(SYSTEM, CommandId(f"attach-source:{source}"), command)
            if isinstance(attached, Refusal):
                await spool.close()
                return attached
        if current is not None:
            current.over = True
            await current.finish(TakeEndReason.LOST)
        taken = self.take_up(source, spool)
        if taken is None:
            await spool.close()
            return self._not_running()
        return taken

    def _not_running(self) -> Refusal:
        if self.live.state.status is Status.CLOSED:
            return refuse(RefusalCode.CONFLICT, "The session is closed.")
        return refuse(RefusalCode.UNAVAILABLE, "The sound can't be taken in at the moment; send it again.")

    def take_up(self, source: SourceId, spool: Spool) -> LiveTake | None:
        """Begin a take on a source that is attached, after what is spooled of it; None where this channel isn't running
        any more.
        """
        known, named = self.live.state.sources[source], take_of(source)
        if self._group is None or named is None:
            return None
        name, base = named
        audio = LiveAudio(source, spool, known.t, self.clock, respoken=self.respoken)
        take = LiveTake(name, base, LiveSource(spool.end), audio, lambda: self._wanted(audio))
        self.takes.append(take)
        take.carrying = self._group.create_task(self._carry(take, spool))
        self._more.set()
        logger.info(
            "session %s: take %s sends to channel %s from sample %d", self.live.id, name, self.channel, take.received
        )
        return take

    def _wanted(self, audio: LiveAudio) -> int:
        state = self.live.state
        return wanted_from(state.unkept, audio.decided_through(state, self.channel))

    async def started(self) -> None:
        """Wait until the channel runs, or has failed to start."""
        await self._started.wait()

    async def _carry(self, take: LiveTake, spool: Spool) -> None:
        await take.audio.follow(self.live.state.unkept)  # Before any sound is written to the disk.
        async with asyncio.TaskGroup() as group:
            consent = group.create_task(follow_consent(self.live.writer, take.audio))
            mapping = group.create_task(self._map_clock(take))
            await take.audio.carry(take.source, as_live=False)
            mapping.cancel()
            while take.audio.acknowledged < take.audio.end:
                await self.clock.sleep(SYNC_MS)
                with suppress(StorageUnavailable):
                    take.audio.acknowledged = await spool.sync()
            take.carried.set()
            await take.heard.wait()  # Until then somebody may demand that the last half minute is not recorded.
            consent.cancel()

    async def _recognise_all(self) -> None:
        writer = self.live.writer
        while True:
            await self._more.wait()
            while self.takes:
                take = self.takes[0]
                await self._note_gap_before(take)
                await self.recognising.recognise(writer, self.channel, take.audio, self._later)
                if writer.state.status is Status.CLOSED:
                    return  # Its last words may have come too late; `_note_missing` checks that when the takes end.
                await take.carried.wait()
                source, end = take.audio.source, take.audio.end_ms
                await self._command(f"end-source:{source}", EndSource(source=source, t=end))
                self._lost_since = end if take.reason is TakeEndReason.LOST else None
                take.heard.set()
                if take.carrying is not None:
                    await asyncio.wait({take.carrying})
                self.takes.popleft()
                self._parted = take if take.apart else None
                await take.audio.discard()
            self._more.clear()

    def _later(self) -> int:
        """How much sound, in ms, waits in the takes behind the one that is recognised."""
        state = self.live.state
        return sum(take.audio.awaited(state, self.channel, 0) for take in list(self.takes)[1:])

    async def _note_gap_before(self, take: LiveTake) -> None:
        """Note gaps for sound that is missing before a take, except where it would not have been recorded or heard.

        Done only when all words from before the gap are in the log.
        """
        since, channel = self._lost_since, self.live.state.channels[self.channel]
        if take.missing_from is not None:
            since = max(take.missing_from, channel.committed_through)
        if since is None or since >= take.audio.t or (self.respoken and since < channel.air.since):
            return
        passed = merged((*self.live.state.unkept, *take.audio.away(channel.air)))
        holes = without([(since, take.audio.t)], passed)
        for n, (t0, t1) in enumerate(holes):
            if t1 is not None and t1 - t0 >= HOLE_MS:
                gap = NoteGap(channel=self.channel, t0=t0, t1=t1, reason=GapReason.SOURCE_LOST)
                await self._command(f"gap:{take.audio.source}" + (f":{n}" if n else ""), gap)

    async def _map_clock(self, take: LiveTake) -> None:
        """Keep media time at what the microphone has heard by now, however late that arrives.

        One microphone sets the session's clock. A take that differs from it for long is ended, and its sound continues
        as a new source at the present time: the take of another microphone whose sound card runs at another rate, or
        one that would set the clock back.
        """
        mapped, writer = self.clock.monotonic(), self.live.writer
        together = mapped
        while True:
            await self.clock.sleep(LOOK_MS)
            wall, now = self.clock.wall(), self.clock.monotonic()
            head = take.source.head(now)
            if head is None or take.finished:
                continue
            t, off = take.audio.t + head, abs(take.audio.t + head - writer.state.media_now(wall))
            leads = self.leads(self) and t >= writer.state.clock[0]
            if off <= APART_MS or leads:
                together = now
            if leads and (off > DRIFT_MS or now - mapped >= MAP_MS):
                mapped = now
                await self._command(f"map:{take.audio.source}:{wall}", MapClock(t=t, at=wall))
            elif now - together >= APART_FOR_MS:
                logger.info(
                    "session %s: take %s differs from the session's clock by %d ms", self.live.id, take.name, off
                )
                await take.part()

    def _tell_no_sound(self) -> None:
        channel = self.live.state.channels[self.channel]
        if self.live.state.status is Status.OPEN and not (self.respoken or channel.air.respoken):
            t = channel.committed_through
            self.live.writer.signal(ChannelState(channel=self.channel, sound=Sound.NONE, lag=0, t=t))

    def _sources_of(self, name: str) -> dict[int, SessionSource]:
        """The sources of a take in the log, by the position at which each begins."""
        named = ((take_of(source), known) for source, known in self.live.state.sources.items())
        return {take[1]: known for take, known in named if take is not None and take[0] == name}

    async def _command(self, name: str, command: AnyCommand) -> None:
        answer = await self.live.writer.insist(SYSTEM, CommandId(name), command)
        if isinstance(answer, Refusal):
            logger.warning("session %s: the command '%s' was refused (%s)", self.live.id, name, answer.code)
