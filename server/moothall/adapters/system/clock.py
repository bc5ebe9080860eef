"""The machine's clock and its randomness.

A module by itself, so that no other file reads them (CONTRIBUTING.md, rule 5).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable


class SystemClock:
    """`Clock` of the machine."""

    def wall(self) -> int:
        """Unix time in ms; may jump."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """Milliseconds since some moment; never runs back."""
        return time.monotonic_ns() // 1_000_000

    async def sleep(self, ms: int) -> None:
        """Wait for `ms` milliseconds; 0 or less gives the others a turn."""
        await asyncio.sleep(max(0, ms) / 1000)


class SystemRandomness:
    """`Randomness` of the operating system."""

    def bytes(self, n: int) -> bytes:
        """`n` random bytes."""
        return secrets.token_bytes(n)


NS_PER_MS = 1_000_000
NS_PER_US = 1_000


class CpuClock(SystemClock):
    """The server's clock in benchmarks on the CPU clock (docs/reference/replay.md). One engine, one session.

    Its wall time is when a reader on one dedicated core would have seen what an engine's message led to: the engine's
    own time of the message, plus what this process has computed since it arrived, plus the time of a durable append.
    Waiting takes real time.
    """

    def __init__(self, append_us: int, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`append_us`: median time of an append on this machine, µs, which is waiting and not CPU."""
        super().__init__()
        self._origin = super().wall()
        self._append_ns = append_us * NS_PER_US
        self._cpu_ns = cpu_ns
        self._at_ns = 0
        self._since = 0
        self._begun = False
        self._last = self._origin

    def receipt(self, at: float) -> tuple[float, int]:
        """A message made at `at` (ms of media time) arrived now."""
        return at, self._cpu_ns()

    def begin(self, receipt: tuple[float, int]) -> None:
        """It is that message's turn: time goes on from its own."""
        at, since = receipt
        self._at_ns, self._since, self._begun = round(at * NS_PER_MS), since, True

    def spent_us(self) -> int:
        """CPU of this process since the receipt, µs."""
        return (self._cpu_ns() - self._since) // NS_PER_US if self._begun else 0

    def wall(self) -> int:
        """Unix ms at which media time 0 is the moment that this clock was made; never runs back."""
        if self._begun:
            passed = self._at_ns + self._cpu_ns() - self._since + self._append_ns
            self._last = max(self._last, self._origin + -(-passed // NS_PER_MS))
        return self._last
