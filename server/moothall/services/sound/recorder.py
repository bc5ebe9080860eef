"""Records a source: another reader of the spooled audio, which stays behind it (docs/adr/0012)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from moothall.core.events.types import SoundKept
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Clock
from moothall.core.session.state import State, Status
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_audio import BYTES, RATE, LiveAudio, to_ms, to_samples

logger = logging.getLogger(__name__)

HELD_BACK_MS = 35_000
"""How far the recording stays behind the sound: more than "not recorded" can be set back (30 s)."""
PART = 3600 * RATE
"""Samples of a part at most, an hour: what has to be made again when a piece of it is taken out."""
RETRY_MS = 10_000
LAST_TRIES, LAST_RETRY_MS = 5, 1_000
"""How often and how soon it is tried again when the audio is over and the disk refuses its last part."""


class RecordingPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a recording. Positions count samples from the source's first, as in its spool."""

    session: SessionId
    source: SourceId
    first: int
    samples: int
    """How many it holds; it may grow."""
    written: int
    """When it last grew, Unix ms."""

    @property
    def end(self) -> int:
        """One past its last sample."""
        return self.first + self.samples


class PartWriter(Protocol):
    """A part that is being recorded."""

    async def write(self, pcm: bytes) -> None:
        """Add samples, PCM16. Raises StorageUnavailable; then the part is to be closed."""
        ...

    async def close(self) -> None:
        """End it; what was written can be played."""
        ...


class SoundStore(Protocol):
    """Where recordings are."""

    async def sessions(self) -> Sequence[SessionId]:
        """Those with a recording."""
        ...

    async def parts(self, session: SessionId) -> Sequence[RecordingPart]:
        """A session's parts, by source and position."""
        ...

    async def begin(self, session: SessionId, source: SourceId, first: int) -> PartWriter:
        """A new part from that sample on. Raises StorageUnavailable."""
        ...

    async def read(self, part: RecordingPart, first: int, count: int) -> bytes:
        """Up to `count` samples of a part from position `first` on."""
        ...

    async def silence(self, part: RecordingPart, first: int, last: int) -> None:
        """Make a part again with silence from `first` up to `last`. Raises StorageUnavailable."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase all of a session's recording. Raises StorageUnavailable."""
        ...


def keeps_sound(state: State) -> bool:
    """Whether a session's sound is recorded at all."""
    return state.sound is not SoundKept.NONE and not state.young_people


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
        """Where the part that is being written has to end."""
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Record to the end of the audio; when it is given up because the session was closed, all that has come."""
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
                        break  # The session waits for us before it is closed, and text goes before sound.
                    tries -= self.audio.ended
                    await self._wait_to_retry()
        finally:
            if self._writer.state.status is Status.CLOSED:
                with suppress(StorageUnavailable):
                    while at < self.audio.end:
                        at += await self._write(at)
            await self.renew()

    async def _wait_to_retry(self) -> None:
        """Wait a while; once the audio is over, no longer than a second."""
        for _ in range(0, RETRY_MS, LAST_RETRY_MS):
            await self._clock.sleep(LAST_RETRY_MS)
            if self.audio.ended:
                return

    async def renew(self) -> None:
        """End the part that is being written; the next samples begin another one."""
        async with self._writing:
            part, self._part = self._part, None
            if part is not None:
                await part.close()

    async def _recorded(self) -> int:
        parts = await self._store.parts(self._writer.session)
        return max((part.end for part in parts if part.source == self.audio.source), default=0)

    async def _due(self, at: int) -> bool:
        """Wait until there is a second that nobody can take back any more, or the rest; False when all is written."""
        await self.audio.until(at + RATE + to_samples(HELD_BACK_MS))
        return at < self.audio.end

    async def _write(self, at: int) -> int:
        """Write up to a second from `at` on; returns how many samples."""
        if at >= self._part_end:
            await self.renew()
        count = min(RATE, self.audio.end - at)
        pcm = await self._samples(at, count)
        async with self._writing:
            if self._part is None:
                self._part = await self._store.begin(self._writer.session, self.audio.source, at)
                self._part_end = at + self._part_samples
            await self._part.write(pcm)
        return count

    async def _samples(self, at: int, count: int) -> bytes:
        """Samples as they may be kept: silence stands for what is not kept, and for what isn't there any more."""
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
