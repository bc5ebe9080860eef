"""The audio of one source on its way from the source through the spool to the engine.

Positions count samples from the source's first sample; `t` is that sample's media time. Samples that the spool has
synced are acknowledged to the sender; appended samples can be read at once, so that text never waits for a disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from moothall.core.captioning.control_tokens import KEPT_MS as AIR_KEPT_MS
from moothall.core.kernel.errors import AudioError, SpoolFull, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, SourceId
from moothall.core.ports import Clock, Spool, SpooledPiece
from moothall.core.sessions.air import Air
from moothall.core.sessions.keeping import Span, kept_from, merged, without
from moothall.core.sessions.state import State, Status
from moothall.core.signals import ChannelState, Sound
from moothall.services.sound.listening import Listening
from moothall.services.sound.loudness import Loudness, Voice

logger = logging.getLogger(__name__)

RATE = 16_000
BYTES = 2
"""Bytes of a sample, PCM16."""
CHUNK = 1_600
"""Samples read from a source at a time: 100 ms."""
SYNC_MS = 1_000
"""How often the spool is synced (docs/why/architecture.md, "The spool")."""
KEEP_MS = 90_000
"""How much audio before the last committed word stays in the spool: a minute that may be recognised again, the
beginning of the line in it, and what an engine needs to warm up.
"""
CONTEXT_MS = 2_000
"""Audio before the last committed word that an engine gets to find the seam."""
MEMORY_MS = 60_000
"""How long audio that must not be kept stays in memory at most; then it is wiped."""
RETRY_MS = 1_000
"""The delay before a failed write to the spool is retried; the source waits meanwhile."""


class AudioSource(Protocol):
    """A source of PCM16 mono at 16 kHz."""

    async def read(self, samples: int) -> bytes:
        """The next `samples` samples; fewer at the end of the source, and no bytes after it. Raises AudioError."""
        ...


def to_ms(samples: int) -> int:
    """Duration of `samples` at 16 kHz in ms, rounded down."""
    return samples * 1000 // RATE


def to_samples(ms: int) -> int:
    """The number of samples in `ms` milliseconds at 16 kHz, rounded down."""
    return ms * RATE // 1000


def unheard_id(source: SourceId) -> CommandId:
    """The id of the act that notes a gap for a source's missing last words. It is fixed, so the gap is noted once."""
    return CommandId(f"unheard:{source}")


class LiveAudio:
    """One source's growing audio. It has one writer (`carry`) and any number of readers."""

    def __init__(self, source: SourceId, spool: Spool, t: int, clock: Clock, *, respoken: bool = False) -> None:
        self.source = source
        self.t = t
        """Media ms of sample 0."""
        self.respoken = respoken
        """Whether it is a respeaker's, which engines hear in place of the channel's own sound while the respeaker is on
        air.
        """
        self._spool = spool
        self._clock = clock
        self._grown = asyncio.Condition()
        self._ended = False
        self._stopped = False
        self.loudness = Loudness()
        self.listening = Listening()
        self._trimmed = 0
        self._unkept: int | None = None
        """Media ms since which audio must not be kept; None while it may be."""
        self._followed = False
        self._over: frozenset[tuple[int, int | None]] = frozenset()
        """Ended spans of which the disk holds nothing any more."""
        self._voice = Voice()
        self.by_level = False
        """Whether speech is detected by level alone, since no engine hears this audio."""
        self._quiet_through = 0
        """Media ms up to which an engine has sent all words, even if there were none."""
        self._refused = False
        """Whether the last write to the spool failed: only the first failure of a row is logged."""
        self.full = False
        """Whether no more is accepted, since unrecognised sound has filled the space that the spool may use."""
        self.acknowledged = spool.end
        """The number of samples that are safe on disk; a source may forget them."""

    @property
    def end(self) -> int:
        """The position after the last sample."""
        return self._spool.end

    @property
    def end_ms(self) -> int:
        """Media ms of the end."""
        return self.t + to_ms(self._spool.end)

    @property
    def ended(self) -> bool:
        """Whether no more samples will arrive."""
        return self._ended

    def position(self, t: int) -> int:
        """The position of media ms `t`, or of the first sample still stored if that is later. It may not have been
        written yet.

        Words can be in the log whose audio the disk refused: after a crash the source sends that audio again.
        """
        return max(to_samples(t - self.t), self._spool.start, 0)

    @property
    def start_ms(self) -> int:
        """Media ms of the first sample that is still stored."""
        return self.t + to_ms(self._spool.start)

    def hears(self, air: Air) -> bool:
        """Whether engines hear this audio while `air` says who is on air. Audio of a respeaker counts if it began no
        earlier than their time on air.
        """
        return air.respoken and self.t >= air.since if self.respoken else air.machine

    def away(self, air: Air) -> Sequence[Span]:
        """The spans in which engines didn't hear this audio, since somebody else was on air."""
        return () if self.respoken else air.away

    def _passed(self, state: State, channel: ChannelId) -> Sequence[Span]:
        """The spans for which no words are expected from an engine, sorted and disjoint."""
        away = self.away(state.channels[channel].air)
        return merged((*state.unkept, *away)) if away else state.unkept

    def awaited(self, state: State, channel: ChannelId, since: int) -> int:
        """How much sound after media ms `since` is to become text, in ms."""
        t0, t1 = max(since, self.t), self.end_ms
        spans = without([(t0, t1)], self._passed(state, channel)) if t0 < t1 else ()
        return sum(end - begin for begin, end in spans if end is not None)

    @property
    def speaks(self) -> bool:
        """Whether somebody seems to speak, judged by level; always False while engines hear audio that is kept."""
        return self._voice.speaks

    async def until(self, position: int) -> None:
        """Wait until the samples before `position` have arrived, or no more will."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._spool.end >= position or self._ended)

    async def over(self) -> None:
        """Wait until no more samples will arrive."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._ended)

    async def read(self, first: int, count: int, unless: Callable[[], bool] = lambda: False) -> bytes:
        """Samples from `first` on, at most `count`; waits for at least one, and is empty only at the end.

        Stops waiting once `unless` returns True, which is checked again at each `nudge`.
        """
        async with self._grown:
            await self._grown.wait_for(lambda: self._spool.end > first or self._ended or unless())
        return await self._spool.read(first, count)

    async def nudge(self) -> None:
        """Have waiting tasks check their conditions again."""
        async with self._grown:
            self._grown.notify_all()

    async def carry(self, audio: AudioSource, *, as_live: bool) -> None:
        """Copy `audio` into the spool to its end; `as_live` at the pace of real time.

        `audio` begins where the spool ends. Returns when it has ended and everything is on disk. Raises the AudioError
        of the source; samples before it are kept, and readers reach their end.
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
                await self._clock.sleep(RETRY_MS)  # Back-pressure: samples not yet read from the source can't be lost.
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
                "source %s: the spool has reached its limit, %d samples were taken in", self.source, self.end
            )
        self.full = full

    def stop(self) -> None:
        """End the audio here, as if the source had ended."""
        self._stopped = True

    async def end_here(self) -> None:
        """Mark the audio as ended."""
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
                await self._spool.trim(self._trimmed)  # Also after a failure: it frees space on the disk, or in memory.
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
        """The position of the first sample that is still stored."""
        return self._spool.start

    @property
    def version(self) -> str:
        """A mark that changes whenever samples are silenced (`Spool.version`)."""
        return self._spool.version

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """Up to `count` samples from position `first` as they may be copied to another node, silence where they must
        not be kept (`Spool.copied`).
        """
        return await self._spool.copied(first, count)

    @property
    def note(self) -> bytes:
        """The bytes that `keep` stored, also before a restart."""
        return self._spool.note

    async def keep(self, note: bytes) -> None:
        """Store some bytes beside the audio. They are only a help: a disk that fails is ignored."""
        with suppress(StorageUnavailable):
            await self._spool.keep(note)

    def committed(self, t: int) -> None:
        """Note that the words up to media ms `t` are in the log; audio more than `KEEP_MS` earlier may be deleted."""
        self._trimmed = max(self._trimmed, to_samples(t - self.t - KEEP_MS))

    def heard(self, heard: ChannelState, state: State) -> None:
        """Process an engine's report of its progress: where it hears silence and has no lag, it has sent all earlier
        words.

        After the session is closed, no more words are accepted, so the report is ignored.
        """
        if heard.sound is Sound.SILENCE and not heard.lag and state.status is not Status.CLOSED:
            self._quiet_through = max(self._quiet_through, heard.t)

    def drained(self, t: int, state: State) -> None:
        """Note that an engine has sent all words before media ms `t`, which ends its part of the audio."""
        if state.status is not Status.CLOSED:
            self._quiet_through = max(self._quiet_through, t)

    def rewound(self, t: int) -> None:
        """Note that the words after media ms `t` are struck, so that engines have to send them again."""
        self._quiet_through = min(self._quiet_through, t)

    def decided_through(self, state: State, channel: ChannelId) -> int:
        """Media ms up to which each word is either in the log or will never be, since nobody spoke or it must not be
        kept.

        At most the end.
        """
        air = state.channels[channel].air
        if self.respoken and not self.hears(air):
            return self.end_ms  # The respeaker's time on air with this audio is over for good.
        if not self.hears(air) and state.keeps:  # If the machine is put on air again, it resumes from there.
            began = kept_from(state.unkept, max(self.t, air.away[-1][0])) or 0
            return min(self.end_ms, max(began, self.end_ms - AIR_KEPT_MS))
        t = kept_from(
            self._passed(state, channel), max(self.t, self._quiet_through, state.channels[channel].committed_through)
        )
        return self.end_ms if t is None else min(t, self.end_ms)

    def unheard(self, state: State, channel: ChannelId) -> tuple[int, int] | None:
        """The span (media ms) with sound whose text may be missing; None where there is none.

        Spans without expected words at its ends are left out: those that must not be kept, and those in which somebody
        other than the machine was on air.
        """
        t0, t1 = self.decided_through(state, channel), self.end_ms
        for began, ended in self._passed(state, channel):
            if began < t1 and (ended is None or t1 <= ended):
                t1 = began
        return (t0, t1) if t0 < t1 else None

    async def follow(self, spans: Sequence[tuple[int, int | None]]) -> None:
        """Remove these spans from the disk, and keep nothing of an open last one. Call at the start and at each change.

        `spans` are in media ms, sorted and disjoint; the last may be open. An open span may begin earlier than in the
        call before, by merging with another. Returns when the disk holds nothing of them; it retries until then.
        """
        since = spans[-1][0] if spans and spans[-1][1] is None else None
        over = frozenset(span for span in spans if span[1] is not None)
        began, ended = self._unkept, False
        # A span may have begun and ended while the disk failed, or before the first call; or a crash may have come
        # between the decision and the deletion.
        unseen = [span for span in spans if not self._followed or span in over - self._over]
        if not self._followed:
            await self._forget(unseen)
            unseen, self._followed = [], True
        if began is not None:
            # A span that ended where it began doesn't exist any more.
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
            # The span may have ended a while ago: audio that followed it was only in memory until now.
            await self._sync()

    async def _forget(self, spans: Sequence[tuple[int, int | None]]) -> None:
        """Remove these spans from the disk; for an open span, up to the current end."""
        for t0, t1 in spans:
            if t1 is not None and to_samples(t1 - self.t) > self.end:  # Its last part has not arrived yet.
                await self._insist(self._spool.begin_memory_only, t0)
                await self._insist(self._spool.end_memory_only, t1)
            else:
                await self._insist(self._spool.silence, t0, self.end_ms if t1 is None else t1)

    async def age(self) -> None:
        """Wipe audio that is in memory only once it is a minute old, until cancelled."""
        ends: deque[int] = deque(maxlen=MEMORY_MS // SYNC_MS - 1)  # Bounded by its length: the oldest is dropped.
        while True:
            if len(ends) == ends.maxlen:
                self._spool.wipe_memory_only(ends[0])
            ends.append(self._spool.end)
            await self._clock.sleep(SYNC_MS)

    async def silence(self, t0: int, t1: int) -> None:
        """Replace the samples from media ms `t0` up to `t1` by silence; returns when the disk holds none of them."""
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
        """Delete the audio, since all words are in the log. What can't be deleted now is deleted at the next start."""
        try:
            await self._spool.discard()
        except StorageUnavailable:
            logger.warning("source %s: the disk can't delete its sound, which is no longer needed", self.source)

    async def close(self) -> None:
        """Close the files; the next start uses them again."""
        await self._spool.close()
