"""The machine's clock and its randomness.

They have a module of their own, so that no other file reads them (CONTRIBUTING.md, rule 5).
"""

from __future__ import annotations

import asyncio
import secrets
import time


class SystemClock:
    """The `Clock` of the machine."""

    def wall(self) -> int:
        """Unix time in ms; may jump."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """Milliseconds since some moment; never runs back."""
        return time.monotonic_ns() // 1_000_000

    async def sleep(self, ms: int) -> None:
        """Wait for `ms` milliseconds; for 0 or less yield to other tasks once."""
        await asyncio.sleep(max(0, ms) / 1000)


def seconds() -> float:
    """Seconds since some moment, for durations below a millisecond; never runs back."""
    return time.perf_counter()


class SystemRandomness:
    """The `Randomness` of the operating system."""

    def bytes(self, n: int) -> bytes:
        """`n` random bytes."""
        return secrets.token_bytes(n)
