"""Clocks that a test advances itself, repeatable randomness, and a signer with a known key."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
import random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LONG_AGO = 1_764_000_000_000
"""The default start of a test's wall clock, in Unix ms (24 November 2025)."""


class ManualClock:
    """A `Clock` whose time passes only when it is advanced."""

    def __init__(self, wall: int = LONG_AGO, monotonic: int = 0) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def sleepers(self) -> int:
        """How many tasks are asleep."""
        return sum(not future.done() for _, _, future in self._sleepers)

    def wall(self) -> int:
        """The Unix time in ms."""
        return self._wall

    def monotonic(self) -> int:
        """The ms that have passed since the start."""
        return self._monotonic

    async def sleep(self, ms: int) -> None:
        """Sleep until somebody has advanced the clock by `ms`; not at all for 0 or less."""
        if ms <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + ms, next(self._order), future))
        await future

    def set_wall(self, wall: int) -> None:
        """Set the wall clock, forwards or back, as a person might."""
        self._wall = wall

    async def advance(self, ms: int) -> None:
        """Advance both clocks by `ms`. Sleepers wake in the order of their times, and run until they wait again."""
        until = self._monotonic + ms
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            self._wall += due - self._monotonic
            self._monotonic = due
            if not future.done():  # Otherwise its sleeper was cancelled.
                future.set_result(None)
                await _settle()
        self._wall += until - self._monotonic
        self._monotonic = until


class LoopClock:
    """A `Clock` that shows the running event loop's time; on a loop of `moothall.testing.loop` that time jumps."""

    def __init__(self, wall: int = LONG_AGO) -> None:
        """`wall` is the Unix time, in ms, at the loop's time 0."""
        self._wall = wall

    def wall(self) -> int:
        """The Unix time in ms."""
        return self._wall + self.monotonic()

    def monotonic(self) -> int:
        """The loop's time in ms."""
        return round(asyncio.get_running_loop().time() * 1000)

    async def sleep(self, ms: int) -> None:
        """Sleep for `ms` of the loop's time."""
        await asyncio.sleep(max(0, ms) / 1000)


async def _settle() -> None:
    """Yield until every task that can run has had time to."""
    for _ in range(50):
        await asyncio.sleep(0)


class SeededRandomness:
    """`Randomness` that gives the same bytes in every run."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def bytes(self, n: int) -> bytes:
        """`n` bytes, the same in every run."""
        return self._random.randbytes(n)


class SeededSigner:
    """A `Signer` with a key that everybody knows: real Ed25519, but not secret."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test").digest())

    @property
    def key_id(self) -> str:
        """The key's name as in `moothall.adapters.store.signing`: 16 hex digits of the public key's SHA-256."""
        return hashlib.sha256(self._key.public_key().public_bytes_raw()).hexdigest()[:16]

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature."""
        return self._key.sign(message)
