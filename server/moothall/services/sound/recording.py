"""The recording of a session's sound: what is recorded, who may hear it, and for how long (docs/adr/0012).

Each session sets what happens to its sound: nothing is kept, it is kept for those who check the text, or it is
published with the text. The setting may change while the session is on: what was recorded is then erased, or the
recording begins. The recorder reads the spooled audio with a delay, so that sound which "not recorded" takes back was
never written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import msgspec

from moothall.core.events.types import SessionArranged, SoundKept
from moothall.core.kernel.errors import NO_CHANNEL, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, SessionId, SourceId
from moothall.core.ports import Clock
from moothall.core.sessions.state import State, Status
from moothall.services.log.publication import Publication
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import BYTES, RATE, LiveAudio, to_ms, to_samples
from moothall.services.sound.live_take import is_respoken
from moothall.services.sound.sharing import Sharing, keeps_sound
from moothall.services.supervision.waiting import until_set

logger = logging.getLogger(__name__)

HELD_BACK_MS = 35_000
"""The recorder's delay behind the sound: longer than "not recorded" can be set back (30 s)."""
PAGE_SAMPLES = 3 * RATE
"""More samples than a page of a file holds, which has about a second. A copy, or a file of a killed server, may end
inside a page, of which the samples aren't counted, though it may hold sound."""
PART = 3600 * RATE
"""Most samples of a part, an hour: a part is written anew when a piece of it is silenced."""
RETRY_MS = 10_000
LAST_TRIES, LAST_RETRY_MS = 5, 1_000
"""How often, and at which interval in ms, the last samples are retried when the audio has ended and the disk fails."""
SWEEP_MS = 60_000
DAY_MS = 86_400_000
MOST_CLIP_MS = 60_000
"""The longest clip that somebody who corrects a line can hear."""


class RecordingPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a recording. Positions count samples from the source's first, as in its spool."""

    session: SessionId
    source: SourceId
    first: int
    samples: int
    """The number of samples in it; it may grow."""
    written: int
    """When it last grew, Unix ms."""
    ended: bool = True
    """Whether the file was ended, so that all its sound is counted in `samples`."""

    @property
    def end(self) -> int:
        """The position after its last sample."""
        return self.first + self.samples

    def holds(self, first: int, last: int) -> bool:
        """Whether it may hold sound between positions `first` and `last`."""
        return first < self.end + (0 if self.ended else PAGE_SAMPLES) and self.first < last


class PartWriter(Protocol):
    """A part that is being written."""

    async def write(self, pcm: bytes) -> None:
        """Append samples, PCM16. Raises StorageUnavailable; then the part has to be closed."""
        ...

    async def close(self) -> None:
        """Finish the file; what was written can be played."""
        ...


class SoundStore(Protocol):
    """The store of recordings."""

    async def sessions(self) -> Sequence[SessionId]:
        """The sessions that have a recording."""
        ...

    async def parts(self, session: SessionId) -> Sequence[RecordingPart]:
        """The parts of a session, sorted by source and position."""
        ...

    async def begin(self, session: SessionId, source: SourceId, first: int) -> PartWriter:
        """Begin a part at position `first` of a source. Raises StorageUnavailable."""
        ...

    async def read(self, part: RecordingPart, first: int, count: int) -> bytes:
        """Up to `count` samples of a part from position `first` on."""
        ...

    async def silence(self, part: RecordingPart, first: int, last: int) -> None:
        """Write a part anew with silence from position `first` up to `last`. Raises StorageUnavailable."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase the whole recording of a session. Raises StorageUnavailable."""
        ...


class Recorder:
    """Records one source."""

    def __init__(
        self, store: SoundStore, writer: SessionWriter, audio: LiveAudio, clock: Clock, part_samples: int
    ) -> None:
        self.audio = audio
        self._part_samples = part_samples
        self._store = store
        self._writer = writer
        self._clock = clock
        self._part: PartWriter | None = None
        self._part_end = 0
        """The position where the current part has to end."""
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Record to the end of the audio, while the session keeps sound. When cancelled because the session was closed,
        record everything received so far.
        """
        at = await self._recorded()
        refused, tries = False, LAST_TRIES
        try:
            while await self._due(at):
                try:
                    at += await self._write(at)
                    refused = False
                except StorageUnavailable:
                    if not refused:
                        logger.warning("source %s: the recording can't be written", self.audio.source)
                    refused = True
                    await self.renew()
                    at = min(at, await self._recorded())
                    if self.audio.ended and not tries:
                        lacks = to_ms(self.audio.end - at)
                        logger.warning("source %s: the recording lacks its last %d ms", self.audio.source, lacks)
                        break  # The session's close waits for this task, and text has priority over sound.
                    tries -= self.audio.ended
                    await self._wait_to_retry()
        finally:
            if self._writer.state.status is Status.CLOSED:
                with suppress(StorageUnavailable):
                    while at < self.audio.end:
                        at += await self._write(at)
            await self.renew()

    async def _wait_to_retry(self) -> None:
        """Wait `RETRY_MS`, but at most a second once the audio has ended."""
        for _ in range(0, RETRY_MS, LAST_RETRY_MS):
            await self._clock.sleep(LAST_RETRY_MS)
            if self.audio.ended:
                return

    async def renew(self) -> None:
        """Close the current part; the next samples begin another one."""
        async with self._writing:
            part, self._part = self._part, None
            if part is not None:
                await part.close()

    async def _recorded(self) -> int:
        parts = await self._store.parts(self._writer.session)
        return max((part.end for part in parts if part.source == self.audio.source), default=0)

    async def _due(self, at: int) -> bool:
        """Wait until a second of audio is old enough not to be taken back, or the audio has ended; False when all is
        written.
        """
        await self.audio.until(at + RATE + to_samples(HELD_BACK_MS))
        return at < self.audio.end

    async def _write(self, at: int) -> int:
        """Write up to a second from position `at` on, unless it must not be kept. Return the number of samples."""
        if (skipped := self._skipped(at)) > 0:
            await self.renew()
            return skipped
        if at >= self._part_end:
            await self.renew()
        count = min(RATE, self.audio.end - at)
        pcm = await self._samples(at, count)
        async with self._writing:
            if self._skipped(at) > 0:
                return 0  # The session stopped keeping sound meanwhile.
            if self._part is None:
                self._part = await self._store.begin(self._writer.session, self.audio.source, at)
                self._part_end = at + self._part_samples
            await self._part.write(pcm)
        return count

    def _skipped(self, at: int) -> int:
        """The number of samples from position `at` on that the session doesn't let be kept at all."""
        state = self._writer.state
        if not keeps_sound(state):
            return self.audio.end - at
        return to_samples(state.sound_from - self.audio.t) - at

    async def _samples(self, at: int, count: int) -> bytes:
        """Samples for the recording, with silence where they must not be kept or are no longer in the spool."""
        missing = min(count, max(0, self.audio.position(0) - at))
        pcm = bytearray(bytes(missing * BYTES))
        if missing < count:
            pcm += await self.audio.read(at + missing, count - missing)
        for t0, t1 in self._writer.state.unkept:
            low = max(0, to_samples(t0 - self.audio.t) - at)
            high = count if t1 is None else min(count, to_samples(t1 - self.audio.t) - at)
            if low < high:
                pcm[low * BYTES : high * BYTES] = bytes((high - low) * BYTES)
        return bytes(pcm)


class TimedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part with its media times, for a player."""

    source: SourceId
    channel: ChannelId
    first: int
    t0: int
    """Media ms of its first sample."""
    t1: int
    """Media ms of its current end."""


TellSilenced = Callable[[SessionId, Sequence[tuple[SourceId, int, int]]], Awaitable[None]]
"""Takes a session, and spans of its sources: first sample, and the sample after the last."""


async def tell_nobody(_: SessionId, __: Sequence[tuple[SourceId, int, int]]) -> None:
    """There is no other server."""


@dataclass(eq=False, repr=False)
class Recordings:
    """All recordings. `run` must be running: it erases old ones; `record` runs for each source."""

    store: SoundStore
    _: KW_ONLY
    state_of: Callable[[SessionId], State | None]
    """Returns the state of a loaded session; None for others."""
    standing: Callable[[SessionId], Awaitable[Sharing | None]]
    """Returns the setting of any session; None for a session without a log."""
    clock: Clock
    keep_days: int
    part_samples: int = PART
    tell_silenced: TellSilenced = tell_nobody
    """Notes for other servers what has to be silenced, before it is silenced here. Raises StorageUnavailable."""

    def __post_init__(self) -> None:
        self._keep_ms = self.keep_days * DAY_MS
        self._live: dict[SessionId, list[Recorder]] = {}
        self._arranged = asyncio.Event()

    def published(self, session: SessionId) -> bool:
        """Whether everybody who may read the session may hear its sound."""
        state = self.state_of(session)
        return state is not None and state.sound is SoundKept.PUBLISHED and not state.young_people

    async def record(self, writer: SessionWriter, audio: LiveAudio) -> None:
        """Record a source to its end while the session keeps sound; resumes where an earlier run stopped.

        A respeaker's sound is not the meeting's, and is never recorded.
        """
        recorder = Recorder(self.store, writer, audio, self.clock, self.part_samples)
        self._live.setdefault(writer.session, []).append(recorder)
        try:
            await (audio.over() if audio.respoken else recorder.run())
        finally:
            self._live[writer.session].remove(recorder)
            if not self._live[writer.session]:
                del self._live[writer.session]

    async def parts(self, session: SessionId) -> tuple[TimedPart, ...]:
        """The parts of a loaded session that can be played, sorted by source and position."""
        state = self.state_of(session)
        if state is None:
            return ()
        timed = [
            TimedPart(
                source=part.source,
                channel=state.sources[part.source].channel,
                first=part.first,
                t0=state.sources[part.source].t + to_ms(part.first),
                t1=state.sources[part.source].t + to_ms(part.end),
            )
            for part in await self.store.parts(session)
            if part.source in state.sources and part.samples
        ]
        return tuple(sorted(timed, key=lambda part: (part.source, part.first)))

    async def clip(self, session: SessionId, channel: ChannelId, t0: int, t1: int) -> bytes | Refusal:
        """The sound of a channel from media ms `t0` to `t1` as PCM16, as far as it exists; for staff.

        Refused as `invalid` when it is too long, as `conflict` within a span that is not kept or where no sound is
        kept, as `unknown` when none of it exists.
        """
        state = self.state_of(session)
        if state is None or channel not in state.channels:
            return NO_CHANNEL
        if not 0 <= t0 < t1 <= t0 + MOST_CLIP_MS:
            return refuse(RefusalCode.INVALID, "Ask for at most 60 seconds of sound.")
        if not keeps_sound(state):
            # The spool has sound that an engine still needs, but nobody may hear that.
            return refuse(RefusalCode.CONFLICT, "No sound of this meeting is kept.")
        if t0 < state.sound_from or any(began < t1 and (ended is None or t0 < ended) for began, ended in state.unkept):
            return refuse(
                RefusalCode.CONFLICT, "No sound was kept of this time: there was a break, or recording was off."
            )
        for name, source in state.sources.items():
            first, last = (to_samples(t - source.t) for t in (t0, t1))
            if source.channel == channel and last > 0 and not is_respoken(name):
                pcm = await self._samples(session, name, max(0, first), last)
                if pcm:
                    return pcm
        return refuse(RefusalCode.UNKNOWN, "The sound of this time is no longer kept.")

    async def _samples(self, session: SessionId, source: SourceId, first: int, last: int) -> bytes:
        for recorder in self._live.get(session, ()):
            audio = recorder.audio
            if audio.source == source and audio.position(0) <= first < audio.end:
                return await audio.read(first, last - first)
        for part in await self.store.parts(session):
            if part.source == source and part.first <= first < part.end:
                return await self.store.read(part, first, last - first)
        return b""

    async def silence(self, session: SessionId, spoken: Sequence[tuple[ChannelId, int, int]]) -> None:
        """Replace these spans (channel, from, to, in media ms) by silence in all stored sound of a loaded session.

        Returns when no file has them any more. Raises StorageUnavailable, and has to be called again then.
        """
        state = self.state_of(session)
        if state is None:
            return
        spans = [
            (name, to_samples(t0 - source.t), to_samples(t1 - source.t))
            for name, source in state.sources.items()
            for channel, t0, t1 in spoken
            if source.channel == channel and t1 > source.t
        ]
        await self.tell_silenced(session, spans)
        for recorder in tuple(self._live.get(session, ())):
            for channel, t0, t1 in spoken:
                if state.sources[recorder.audio.source].channel == channel:
                    await recorder.audio.silence(t0, t1)
            await recorder.renew()
        for part in await self.store.parts(session):
            for source, first, last in spans:
                if part.source == source and part.holds(first, last):
                    await self.store.silence(part, first, last)

    async def forget(self, session: SessionId) -> None:
        """Erase the recording of a session that isn't live."""
        await self.store.forget(session)

    async def run(self) -> None:
        """Call `sweep` each minute, and when a session's setting has changed, until cancelled."""
        while True:
            self._arranged.clear()
            await self.sweep()
            await until_set(self._arranged, self.clock, SWEEP_MS)

    def hear(self, _: LiveSession, publication: Publication) -> None:
        """Take the publications of all sessions, to erase at once what a session keeps no longer."""
        if any(isinstance(event, SessionArranged) for event in publication.events):
            self._arranged.set()

    async def sweep(self) -> None:
        """Erase recordings that need not be kept any longer."""
        for session in await self.store.sessions():
            if session in self._live:
                await self._withdraw(session)
                continue
            try:
                standing = await self.standing(session)
            except StorageUnavailable:
                continue  # The setting is unknown; the next sweep asks again.
            if await self._is_due(session, standing):
                with suppress(StorageUnavailable):  # The next sweep tries again.
                    await self.store.forget(session)
                    logger.info("session %s: the recording is erased", session)

    async def _withdraw(self, session: SessionId) -> None:
        """Erase what a live session has recorded if it keeps no sound any more, or kept none in between."""
        state = self.state_of(session)
        if state is None:
            return
        if keeps_sound(state) and all(part.t0 >= state.sound_from for part in await self.parts(session)):
            return
        for recorder in tuple(self._live.get(session, ())):
            await recorder.renew()
        with suppress(StorageUnavailable):  # The next sweep tries again.
            await self.store.forget(session)
            logger.info("session %s: the recording is erased, since its sound is not kept any more", session)

    async def _is_due(self, session: SessionId, standing: Sharing | None) -> bool:
        if standing is None or standing.sound is SoundKept.NONE:
            return True
        if standing.sound is SoundKept.PUBLISHED:
            return False
        newest = max((part.written for part in await self.store.parts(session)), default=0)
        return standing.checked or self.clock.wall() - newest > self._keep_ms
