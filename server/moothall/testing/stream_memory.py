"""Sound streams without sockets and processes: each fetch behaves as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from moothall.core.ports import Clock
from moothall.core.streams.watching import StreamFault, StreamProperties
from moothall.services.capture.pulling import BYTES, StreamLost, StreamOver

RATE = 16_000
_PERIOD = 20_000
_SAW_TOOTH = b"".join(sample.to_bytes(BYTES, "little") for sample in range(_PERIOD))


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """The behaviour of one fetch."""

    ms: int = 10_000_000
    """Milliseconds of sound that it gives."""
    then: StreamFault | None = None
    """How the stream is lost after that; with SILENT no more sound is given, and the fetch does not end. None: it ends
    by itself."""
    fast: bool = False
    """Whether sound is given at once instead of in real time."""
    slow_ms: int = 0
    """Milliseconds that each piece takes, instead of real time; 0: real time."""
    piece_ms: int = 0
    """Milliseconds of sound in such a piece; 0: a single sample."""
    leaves_ms: int = 0
    """Milliseconds that it takes to end the fetch."""
    bursts: bool = False
    once: bool = False
    """Whether it is a file, which begins at its start when it is fetched again."""
    over: bool = False
    """Whether all of it was fetched before; then the fetch raises StreamOver."""


class MemoryStreams:
    """The `StreamPort` of tests. The last behaviour is used for all further fetches."""

    def __init__(self, clock: Clock, *behaviours: Fetched) -> None:
        self._clock = clock
        self._behaviours: Sequence[Fetched] = behaviours
        self.addresses: list[str] = []
        """The addresses that were fetched, in order."""
        self.open = 0
        """The number of fetches that are running."""
        self.samples = 0
        """The number of samples that were given in all fetches."""

    @asynccontextmanager
    async def fetch(self, address: str, source: str = "") -> AsyncIterator[MemoryRun]:
        """Begin a fetch (`StreamPort`). Raises StreamOver and StreamLost, as its behaviour says."""
        behaviour = self._behaviours[min(len(self.addresses), len(self._behaviours) - 1)]
        self.addresses.append(address)
        if behaviour.over:
            raise StreamOver
        if not behaviour.ms and behaviour.then not in (None, StreamFault.SILENT):
            raise StreamLost(behaviour.then)
        self.open += 1
        try:
            yield MemoryRun(self, self._clock, behaviour)
        finally:
            await self._clock.sleep(behaviour.leaves_ms)
            self.open -= 1


class MemoryRun:
    """One fetch (`StreamRun`)."""

    def __init__(self, streams: MemoryStreams, clock: Clock, behaviour: Fetched) -> None:
        self._streams = streams
        self._clock = clock
        self._behaviour = behaviour
        self._left = behaviour.ms * RATE // 1_000
        self.found = StreamProperties(codec="aac", channels=2, rate=48_000)
        """The format of the stream."""
        self.once = behaviour.once
        """Whether the stream begins at its start when it is fetched again."""
        self.bursts = behaviour.bursts
        """Whether the first sound is older than the connection."""

    async def read(self, samples: int) -> bytes:
        """The next samples (`StreamRun`): a saw-tooth wave, so that it is not silence. Empty at the end."""
        count = min(samples, self._left)
        if not count:
            if self._behaviour.then is StreamFault.SILENT:
                await asyncio.get_running_loop().create_future()
            if self._behaviour.then is not None:
                raise StreamLost(self._behaviour.then)
            return b""
        if self._behaviour.slow_ms:
            count = min(count, max(1, self._behaviour.piece_ms * RATE // 1_000))
            await self._clock.sleep(self._behaviour.slow_ms)
        else:
            await self._clock.sleep(0 if self._behaviour.fast else count * 1_000 // RATE)
        self._left -= count
        first, self._streams.samples = self._streams.samples, self._streams.samples + count
        begin, turns = first % _PERIOD, count // _PERIOD + 2
        return (_SAW_TOOTH * turns)[BYTES * begin : BYTES * (begin + count)]
