"""Splits raw audio of several channels, interleaved as sound cards deliver it, into a source for each channel."""

from __future__ import annotations

import array
import asyncio
from typing import Protocol, Self

from moothall.adapters.sound.audio_mixing import BYTES_PER_SAMPLE, RATE

ROOM = 60 * RATE
"""The most samples of a channel that may wait, 60 s. Overflow: readers of the other channels wait, and so does the
pipe.
"""
CHUNK = RATE // 10


class Interleaved(Protocol):
    """The source of the interleaved samples."""

    warning: str | None

    async def __aenter__(self) -> Self:
        """Open the source. Raises AudioError."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Close the source."""
        ...

    async def read(self, samples: int) -> bytes:
        """Return the next `samples` samples, those of all channels one after another; fewer at the end, and b"" after
        it.
        """
        ...


class AudioSplit:
    """Opens its source when the first channel is entered, and closes it when the last one is left."""

    def __init__(self, origin: Interleaved, channels: int) -> None:
        self._origin = origin
        self._channels = channels
        self._waiting: dict[int, bytearray] = {}
        """PCM bytes that were read and not yet taken, for each channel in use; bounded by ROOM."""
        self._taken = asyncio.Condition()
        self._reading = asyncio.Lock()
        self._ended = False

    def channel(self, number: int) -> SplitChannel:
        """The source of one channel, numbered from 0."""
        return SplitChannel(self, number)

    @property
    def warning(self) -> str | None:
        """A sentence on what was wrong with the source; None until its end, and when nothing was wrong."""
        return self._origin.warning

    async def enter(self, number: int) -> None:
        """Begin to keep the sound of a channel. Raises AudioError when the source can't be opened."""
        if not self._waiting:
            await self._origin.__aenter__()
        self._waiting[number] = bytearray()

    async def leave(self, number: int) -> None:
        """Keep no more sound of a channel."""
        async with self._taken:
            del self._waiting[number]
            self._taken.notify_all()
        if not self._waiting:
            await self._origin.__aexit__()

    async def read(self, number: int, samples: int) -> bytes:
        """Return the next `samples` samples of a channel; fewer at the end, and b"" after it."""
        wanted = samples * BYTES_PER_SAMPLE
        while len(self._waiting[number]) < wanted and not self._ended:
            async with self._reading:
                if len(self._waiting[number]) < wanted and not self._ended:
                    await self._read_more(number)
        async with self._taken:
            mine = self._waiting[number]
            pcm = bytes(mine[:wanted])
            del mine[:wanted]
            self._taken.notify_all()
        return pcm

    async def _read_more(self, number: int) -> None:
        """Read a tenth of a second of every channel, once the other channels have room for it."""
        most = ROOM * BYTES_PER_SAMPLE
        async with self._taken:
            await self._taken.wait_for(
                lambda: all(len(other) < most for name, other in self._waiting.items() if name != number)
            )
        pcm = await self._origin.read(CHUNK * self._channels)
        frame = self._channels * BYTES_PER_SAMPLE
        self._ended = len(pcm) < CHUNK * frame
        samples = array.array("h", pcm[: len(pcm) // frame * frame])
        for name in self._waiting:
            self._waiting[name] += samples[name :: self._channels].tobytes()


class SplitChannel:
    """One channel, read as an `AudioFile` or a `RawPcm` is."""

    def __init__(self, split: AudioSplit, number: int) -> None:
        self._split = split
        self._number = number
        self.cpu_ms: int | None = 0
        """Always 0: there is nothing to decode."""

    @property
    def warning(self) -> str | None:
        """A sentence on what was wrong with the sound of all channels; None until its end, and when nothing was
        wrong.
        """
        return self._split.warning

    async def __aenter__(self) -> Self:
        await self._split.enter(self._number)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._split.leave(self._number)

    async def read(self, samples: int) -> bytes:
        """Return the next `samples` samples; fewer only at the end, and b"" after it."""
        return await self._split.read(self._number, samples)
