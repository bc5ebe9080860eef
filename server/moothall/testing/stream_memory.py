"""Streams without sockets and processes: each fetch does what it was told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from moothall.core.ports import Clock
from moothall.core.streams.watching import Found, Trouble
from moothall.services.capture.pulling import BYTES, StreamLost, StreamOver

RATE = 16_000


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What one fetch gives."""

    ms: int = 10_000_000
    """So much sound."""
    then: Trouble | None = None
    """How it is lost then; with SILENT nothing more comes and nothing ends. None: it comes to its own end."""
    fast: bool = False
    """Whether it comes at once instead of as it is spoken."""
    slow_ms: int = 0
    """How long each piece takes, where that isn't as it is spoken."""
    piece_ms: int = 0
    """How much sound such a piece is; 0: a single sample."""
    leaves_ms: int = 0
    """How long it takes to end it."""
    bursts: bool = False
    once: bool = False
    """Whether it is a file, which begins from its start when it is fetched again."""
    over: bool = False
    """Whether all of it was fetched before."""


class MemoryStreams:
    """The `StreamPort` of tests. The last behaviour is that of all further fetches."""

    def __init__(self, clock: Clock, *behaviours: Fetched) -> None:
        self._clock = clock
        self._behaviours: Sequence[Fetched] = behaviours
        self.addresses: list[str] = []
        """What was fetched, in order."""
        self.open = 0
        """How many are being fetched."""
        self.samples = 0
        """How many were given in all."""

    @asynccontextmanager
    async def fetch(self, address: str, source: str = "") -> AsyncIterator[MemoryRun]:
        """Begin to fetch (`StreamPort`)."""
        behaviour = self._behaviours[min(len(self.addresses), len(self._behaviours) - 1)]
        self.addresses.append(address)
        if behaviour.over:
            raise StreamOver
        if not behaviour.ms and behaviour.then not in (None, Trouble.SILENT):
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
        self.found = Found(codec="aac", channels=2, rate=48_000)
        """What it is."""
        self.once = behaviour.once
        """Whether it would begin from its start."""
        self.bursts = behaviour.bursts
        """Whether what comes first is older than the connection."""

    async def read(self, samples: int) -> bytes:
        """The next samples (`StreamRun`): a saw-tooth, so that it isn't silence."""
        count = min(samples, self._left)
        if not count:
            if self._behaviour.then is Trouble.SILENT:
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
        return b"".join(((first + n) % 20_000).to_bytes(BYTES, "little") for n in range(count))
