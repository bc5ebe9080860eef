"""The engine's clock. A module by itself, so that nothing else in an engine reads the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

NS = 1_000_000
"""Of a ms."""


class EngineClock:
    """The event loop's time, and the CPU time of the process."""

    def __init__(self, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`cpu_ns`: CPU time of the whole process, all threads."""
        self._cpu_ns = cpu_ns
        self._mark = cpu_ns()

    def warmed_up(self) -> None:
        """CPU counts from here on."""
        self._mark = self._cpu_ns()

    def now(self) -> float:
        """Ms since some moment; never runs back."""
        return asyncio.get_running_loop().time() * 1000

    def cpu_ms(self) -> float:
        """CPU of the whole process since `warmed_up`, all threads: what the engine's usage is made of."""
        return (self._cpu_ns() - self._mark) / NS
