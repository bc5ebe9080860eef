"""The audio of one source on its way: from its source, through the spool, to the engine.

Positions count samples from the source's first; `t` is the media time of that one. What the spool has synced is
acknowledged to the sender; everything appended can be read at once, so that text never waits for a disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from moothall.core.captioning.air import KEPT_MS as AIR_KEPT_MS
from moothall.core.kernel.errors import AudioError, SpoolFull, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, SourceId
from moothall.core.ports import Clock, Spool, SpooledPiece
from moothall.core.session.air import Air
from moothall.core.session.keeping import Span, kept_from, merged
from moothall.core.session.state import State, Status
from moothall.core.signals import ChannelState, Sound
from moothall.services.sound.listening import Listening
from moothall.services.sound.loudness import Loudness, Voice

logger = logging.getLogger(__name__)

RATE = 16_000
BYTES = 2
"""Of a sample, PCM16."""
CHUNK = 1_600
"""Samples taken from a source at a time: 100 ms."""
SYNC_MS = 1_000
"""The spool is synced this often (docs/why/architecture.md, "The spool")."""
KEEP_MS = 90_000
"""What stays in the spool behind the last committed word: a minute that may be recognised once more, the line that it
begins in, and what an engine warms up with."""
CONTEXT_MS = 2_000
"""Audio before the last committed word that an engine gets to find the seam."""
MEMORY_MS = 60_000
"""How long what is not to be kept stays in memory at most; then it is wiped."""
RETRY_MS = 1_000
"""How long a source is held when the spool can take no more."""


class AudioSource(Protocol):
    """A source of PCM16 mono at 16 kHz."""

    async def read(self, samples: int) -> bytes:
        """That many samples, fewer at the end, none after it. Raises AudioError."""
        ...


def to_ms(samples: int) -> int:
    """Duration of `samples` at 16 kHz in ms, rounded down."""
    return samples * 1000 // RATE


def to_samples(ms: int) -> int:
    """How many samples `ms` milliseconds hold at 16 kHz."""
    return ms * RATE // 1000


def unheard_id(source: SourceId) -> CommandId:
    """Id of the act that notes a gap where a source's last words are missing: it is noted once."""
    return CommandId(f"unheard:{source}")


class LiveAudio:
    """One source's audio, growing at its end. One writer (`carry`), any number of readers."""

    def __init__(self, source: SourceId, spool: Spool, t: int, clock: Clock, *, respoken: bool = False) -> None:
        self.source = source
        self.t = t
        """Media ms of sample 0."""
        self.respoken = respoken
        """Whether it is a respeaker's, which engines hear in place of the channel's own while its sender is on air."""
        self._spool = spool
        self._clock = clock
        self._grown = asyncio.Condition()
        self._ended = False
        self._stopped = False
        self.loudness = Loudness()
        self.listening = Listening()
        self._trimmed = 0
        self._unkept: int | None = None
        """Media ms since which nothing is kept; None while it is."""
        self._followed = False
        self._over: frozenset[tuple[int, int | None]] = frozenset()
        """Spans that are over and of which the disk holds nothing."""
        self._voice = Voice()
        self.by_level = False
        """Whether it is told by its level alone whether somebody speaks, since no engine hears it."""
        self._quiet_through = 0
        """Media ms up to which an engine has said all that there is to say, be it nothing."""
        self._refused = False
        """Whether the spool couldn't be written when last tried: only the first of many failures is logged."""
        self.full = False
        """Whether no more is taken, since sound that waits for its words has all the room that it may have."""
        self.acknowledged = spool.end
        """Samples that are safe on disk; a source may forget what lies before."""

    @property
    def end(self) -> int:
        """One past the last sample heard."""
        return self._spool.end

    @property
    def end_ms(self) -> int:
        """Media time of the end."""
        return self.t + to_ms(self._spool.end)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    def position(self, t: int) -> int:
        """The sample at media time `t`, or the first that is still kept; it may not have been recognised yet.

        Words can be in the log whose audio the disk refused: after a crash the source gives it again.
        """
        return max(to_samples(t - self.t), self._spool.start, 0)

    @property
    def start_ms(self) -> int:
        """Media time of the first sample that is still there."""
        return self.t + to_ms(self._spool.start)

    def hears(self, air: Air) -> bool:
        """Whether engines are to hear it while `air` says who is on air. A respeaker's begins when they go on air."""
        return air.respoken and self.t >= air.since if self.respoken else air.machine

    def away(self, air: Air) -> Sequence[Span]:
        """The spans in which they were not to, since somebody else was on air."""
        return () if self.respoken else air.away

    def _passed(self, state: State, channel: ChannelId) -> Sequence[Span]:
        """The spans of which no engine is to say anything that stays, in order and apart."""
        away = self.away(state.channels[channel].air)
        return merged((*state.unkept, *away)) if away else state.unkept

    @property
    def speaks(self) -> bool:
        """Whether somebody seems to speak, while nothing is kept or no engine hears it; else False."""
        return self._voice.speaks

    async def until(self, position: int) -> None:
        """Wait until the samples before `position` have come, or nothing more will."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._spool.end >= position or self._ended)

    async def over(self) -> None:
        """Wait until nothing more will come."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._ended)

    async def read(self, first: int, count: int, unless: Callable[[], bool] = lambda: False) -> bytes:
        """Samples from `first` on, at most `count`; waits until there is one, and is empty only at the end.

        Waits no longer once `unless` is true, which is asked again at each `nudge`.
        """
        async with self._grown:
            await self._grown.wait_for(lambda: self._spool.end > first or self._ended or unless())
        return await self._spool.read(first, count)

    async def nudge(self) -> None:
        """Have the waiting tasks look again."""
        async with self._grown:
            self._grown.notify_all()

    async def carry(self, audio: AudioSource, *, as_live: bool) -> None:
        """Take everything that `audio` gives, at the pace of real time where `as_live`.

        The source goes on where the spool ends. Comes back when it is over and everything is on disk. Raises
        AudioError as the source does; what came before is kept, and readers find their end there.
        """
        failure: AudioError | None = None
        async with asyncio.TaskGroup() as group:
            syncing = group.create_task(self._keep_syncing())
            try:
                await self._take(audio, as_live=as_live)
            except AudioError as error:
                failure = error
            await self.end_here()
            syncing.cancel()
        await self._sync()
        if failure is not None:
            raise failure

    async def _take(self, audio: AudioSource, *, as_live: bool) -> None:
        start, first = self._clock.monotonic(), self._spool.end
        while not self._stopped and (pcm := await audio.read(CHUNK)):
            if as_live:
                # A sample can be heard once it has been spoken, that is at the chunk's end.
                due = start + to_ms(self._spool.end - first) + to_ms(len(pcm) // BYTES)
                await self._clock.sleep(max(0, due - self._clock.monotonic()))
            await self._append(pcm)

    async def _append(self, pcm: bytes) -> None:
        while True:
            try:
                self._spool.append(pcm)
                self._voice.take(pcm, heard=self.by_level or self._unkept is not None)
            except StorageUnavailable as error:
                self._tell_full(isinstance(error, SpoolFull))
                await self._clock.sleep(RETRY_MS)  # The source is held: what it hasn't handed over can't be lost.
                continue
            self._tell_full(False)
            self.loudness.heard(pcm, self._clock.monotonic())
            self.listening.heard(pcm, kept=self._unkept is None)
            async with self._grown:
                self._grown.notify_all()
            return

    def _tell_full(self, full: bool) -> None:
        if full and not self.full:
            logger.warning(
                "source %s: the spool has the room that it may have, %d samples are there", self.source, self.end
            )
        self.full = full

    def stop(self) -> None:
        """Take no more of the source: it ends here, as if it were over."""
        self._stopped = True

    async def end_here(self) -> None:
        """Say that nothing more will come."""
        self._ended = True
        async with self._grown:
            self._grown.notify_all()

    async def _keep_syncing(self) -> None:
        while True:
            await self._clock.sleep(SYNC_MS)
            await self._sync()

    async def _sync(self) -> None:
        try:
            try:
                self.acknowledged = max(self.acknowledged, await self._spool.sync())
            finally:
                await self._spool.trim(self._trimmed)  # When the disk refuses, it makes room there, or in memory.
        except StorageUnavailable:
            if not self._refused:
                waiting = self.end - self.acknowledged
                logger.warning("source %s: the spool can't be written, %d samples wait", self.source, waiting)
            self._refused = True
            return
        if self._refused:
            logger.warning("source %s: the disk writes the spool again", self.source)
        self._refused = False

    @property
    def start(self) -> int:
        """The first sample that is still there."""
        return self._spool.start

    @property
    def version(self) -> str:
        """What of it has been made silent by now (`Spool`)."""
        return self._spool.version

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """Samples as they may be copied (`Spool`)."""
        return await self._spool.copied(first, count)

    @property
    def note(self) -> bytes:
        """What `keep` kept, also before a restart."""
        return self._spool.note

    async def keep(self, note: bytes) -> None:
        """Keep something small beside the audio. It is a help and no more: a disk that refuses is no failure."""
        with suppress(StorageUnavailable):
            await self._spool.keep(note)

    def committed(self, t: int) -> None:
        """The words up to media time `t` are in the log; audio well before it is not needed any more."""
        self._trimmed = max(self._trimmed, to_samples(t - self.t - KEEP_MS))

    def heard(self, heard: ChannelState, state: State) -> None:
        """An engine says how far it is: where it hears silence and isn't late, it has sent all words from before.

        Once the session is closed none of them is taken.
        """
        if heard.sound is Sound.SILENCE and not heard.lag and state.status is not Status.CLOSED:
            self._quiet_through = max(self._quiet_through, heard.t)

    def drained(self, t: int, state: State) -> None:
        """An engine has sent all words from before media time `t`, which ends what it was to hear."""
        if state.status is not Status.CLOSED:
            self._quiet_through = max(self._quiet_through, t)

    def decided_through(self, state: State, channel: ChannelId) -> int:
        """Media ms up to which each word is in the log or will never come, be it that nobody spoke or nothing is kept.

        No later than the end.
        """
        air = state.channels[channel].air
        if self.respoken and not self.hears(air):
            return self.end_ms  # They are not on air with it any more, nor ever again.
        if not self.hears(air) and state.keeps:  # The machine may be put on air again, and goes on from there.
            began = kept_from(state.unkept, max(self.t, air.away[-1][0])) or 0
            return min(self.end_ms, max(began, self.end_ms - AIR_KEPT_MS))
        t = kept_from(
            self._passed(state, channel), max(self.t, self._quiet_through, state.channels[channel].committed_through)
        )
        return self.end_ms if t is None else min(t, self.end_ms)

    def unheard(self, state: State, channel: ChannelId) -> tuple[int, int] | None:
        """From where to where (media ms) there is sound of which no text may have come yet; None when there is none.

        What is not kept at either end of it is left out: its words were never to be. So is what was said while
        somebody else than the machine was on air.
        """
        t0, t1 = self.decided_through(state, channel), self.end_ms
        for began, ended in self._passed(state, channel):
            if began < t1 and (ended is None or t1 <= ended):
                t1 = began
        return (t0, t1) if t0 < t1 else None

    async def follow(self, spans: Sequence[tuple[int, int | None]]) -> None:
        """Keep nothing of these spans (media ms, the last may be open): to be told at the start and at each change.

        They are in order and apart. One that lasts may begin earlier than was said before, by joining another one.
        Comes back when the disk holds nothing of them; until it does it is asked again.
        """
        since = spans[-1][0] if spans and spans[-1][1] is None else None
        over = frozenset(span for span in spans if span[1] is not None)
        began, ended = self._unkept, False
        # One may have begun and ended while the disk refused, or before anybody looked; and a crash may have come
        # between the word and the deed.
        unseen = [span for span in spans if not self._followed or span in over - self._over]
        if not self._followed:
            await self._forget(unseen)
            unseen, self._followed = [], True
        if began is not None:
            # One that ended where it began is none at all.
            t0, t1 = next((span for span in spans if span[0] <= began <= (span[1] or began)), (began, began))
            if t0 < began:
                await self._insist(self._spool.begin_memory_only, t0)
                self._unkept = t0
            if t1 is not None:
                await self._insist(self._spool.end_memory_only, t1)
                self._unkept, ended = None, True
        await self._forget([span for span in unseen if began is None or not span[0] <= began <= (span[1] or began)])
        if since is not None and self._unkept is None:
            self._unkept = since
            await self._insist(self._spool.begin_memory_only, since)
        self._over = over
        if ended:
            await self._sync()  # It may have ended a while ago: what memory has of it is safe now.

    async def _forget(self, spans: Sequence[tuple[int, int | None]]) -> None:
        """Remove these spans from the disk; a span that lasts begins as well."""
        for t0, t1 in spans:
            if t1 is not None and to_samples(t1 - self.t) > self.end:  # Some of it is still to come.
                await self._insist(self._spool.begin_memory_only, t0)
                await self._insist(self._spool.end_memory_only, t1)
            else:
                await self._insist(self._spool.silence, t0, self.end_ms if t1 is None else t1)

    async def age(self) -> None:
        """Wipe what is in memory only when it has been there for a minute, until cancelled."""
        ends: deque[int] = deque(maxlen=MEMORY_MS // SYNC_MS - 1)  # Bounded by its length: the older one goes.
        while True:
            if len(ends) == ends.maxlen:
                self._spool.wipe_memory_only(ends[0])
            ends.append(self._spool.end)
            await self._clock.sleep(SYNC_MS)

    async def silence(self, t0: int, t1: int) -> None:
        """Make silence of the samples from media ms `t0` up to `t1`; comes back when the disk has none of them."""
        await self._insist(self._spool.silence, t0, t1)

    async def _insist(self, act: Callable[..., Awaitable[None]], *times: int) -> None:
        positions = [max(0, to_samples(t - self.t)) for t in times]
        while True:
            try:
                await act(*positions)
            except StorageUnavailable:
                logger.warning("source %s: the disk can't delete sound yet; the server tries again", self.source)
                await self._clock.sleep(RETRY_MS)
                continue
            return

    async def discard(self) -> None:
        """All words are in the log: forget the audio. What a disk refuses to forget goes at the next start."""
        try:
            await self._spool.discard()
        except StorageUnavailable:
            logger.warning("source %s: the disk can't delete its sound, which is no longer needed", self.source)

    async def close(self) -> None:
        """Let go of the files; what they hold stays for the next start."""
        await self._spool.close()
