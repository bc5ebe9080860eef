"""The engine's clock. A module by itself, below 40 lines, since nothing else in an engine may read the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

NS = 1_000_000
"""Nanoseconds in a millisecond."""


class EngineClock:
    """The event loop's time, and the CPU time of the process."""

    def __init__(self, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`cpu_ns` returns the CPU time of the whole process, all threads, in ns."""
        self._cpu_ns = cpu_ns
        self._mark = cpu_ns()

    def warmed_up(self) -> None:
        """Count CPU time from now on."""
        self._mark = self._cpu_ns()

    def now(self) -> float:
        """Monotonic time in ms, from an arbitrary origin. May be called only while an event loop runs."""
        return asyncio.get_running_loop().time() * 1000

    def cpu_ms(self) -> float:
        """CPU time of the whole process since `warmed_up`, all threads, in ms; reported as the engine's usage."""
        return (self._cpu_ns() - self._mark) / NS
