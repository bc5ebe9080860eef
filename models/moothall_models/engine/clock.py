"""The engine's clock: real time, or the discrete-event clock of benchmarks.

The second one takes the machine out of a measurement: time is what this process computed plus what it would
have waited for audio, so that a loaded machine shows the same latency as an idle one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

NS = 1_000_000
"""Of a ms."""


class EngineClock(Protocol):
    """Time for the engine, ms. `cpu_ms` measures its usage with every clock."""

    def warmed_up(self) -> None:
        """CPU counts from here on."""
        ...

    def now(self) -> float:
        """Ms since some moment; never runs back."""
        ...

    async def until(self, t: float) -> None:
        """Wait until `now()` is at least `t`."""
        ...

    def unbilled(self) -> AbstractContextManager[None]:
        """What is computed inside takes no time."""
        ...

    def cpu_ms(self) -> float:
        """CPU of the whole process since `warmed_up`, all threads."""
        ...


class WallClock:
    """Real time: that of the event loop, so that a test's loop can make it jump."""

    def __init__(self, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        self._cpu_ns = cpu_ns
        self._mark = cpu_ns()

    def warmed_up(self) -> None:
        """CPU counts from here on."""
        self._mark = self._cpu_ns()

    def now(self) -> float:
        """Ms of the running event loop's clock."""
        return asyncio.get_running_loop().time() * 1000

    async def until(self, t: float) -> None:
        """Sleep."""
        await asyncio.sleep(max(0.0, t - self.now()) / 1000)

    def unbilled(self) -> AbstractContextManager[None]:
        """Nothing: real time can't be stopped."""
        return nullcontext()

    def cpu_ms(self) -> float:
        """CPU of the whole process since `warmed_up`, all threads."""
        return (self._cpu_ns() - self._mark) / NS


class CpuClock:
    """now() = CPU of the process since `start`, without what is unbilled, plus idle time (docs/reference/replay.md)."""

    def __init__(self, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`cpu_ns`: CPU time of the whole process, all threads."""
        self._cpu_ns = cpu_ns
        self._mark = cpu_ns()
        self._offset = -self._mark

    def warmed_up(self) -> None:
        """CPU counts from here on."""
        self._mark = self._cpu_ns()

    def start(self, media: int) -> None:
        """Now is media time `media` ms."""
        self._offset = media * NS - self._cpu_ns()

    def now(self) -> float:
        """Ms; media time once started."""
        return (self._cpu_ns() + self._offset) / NS

    async def until(self, t: float) -> None:
        """Be idle until `t`, which takes no real time. Other tasks get their turn, unbilled."""
        with self.unbilled():
            await asyncio.sleep(0)
        self._offset += max(0, round(t * NS) - (self._cpu_ns() + self._offset))

    @contextmanager
    def unbilled(self) -> Iterator[None]:
        """What is computed inside takes no time; not to be nested."""
        before = self._cpu_ns()
        try:
            yield
        finally:
            self._offset -= self._cpu_ns() - before

    def cpu_ms(self) -> float:
        """CPU of the whole process since `warmed_up`, with what was unbilled."""
        return (self._cpu_ns() - self._mark) / NS
