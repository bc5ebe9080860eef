"""The clocks of a run on the CPU clock, the engine's and the server's, and the stamps that carry time between them.

docs/reference/replay.md says what they count. Each process has its own, since CPU time is that of one process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from moothall.adapters.system.clock import SystemClock

NS_PER_MS = 1_000_000
NS_PER_US = 1_000


class Stamped(msgspec.Struct, frozen=True, array_like=True):
    """A frame from the engine to the server: a message of the engine link, with the engine's time of it."""

    at: float | None
    """Ms on the engine's clock, which is media time; None for what leads to no text."""
    message: msgspec.Raw


class EngineCpuClock:
    """now() = CPU of the process since `start`, without what is unbilled, plus idle time."""

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
        self._offset = media * NS_PER_MS - self._cpu_ns()

    def now(self) -> float:
        """Ms; media time once started."""
        return (self._cpu_ns() + self._offset) / NS_PER_MS

    async def until(self, t: float) -> None:
        """Be idle until `t`, which takes no real time. Other tasks get their turn, unbilled."""
        with self.unbilled():
            await asyncio.sleep(0)
        self._offset += max(0, round(t * NS_PER_MS) - (self._cpu_ns() + self._offset))

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
        return (self._cpu_ns() - self._mark) / NS_PER_MS


class ClockTime:
    """The media time of an engine whose clock is media time (`moothall_models.engine.audio.MediaTime`)."""

    def arrived(self, end: int, now: float) -> None:
        """Nothing: audio comes before its time."""

    def at(self, now: float) -> int:
        """`now`, in whole ms that have passed."""
        return int(now)


Receipt = tuple[float, int]
"""The engine's time of a message (ms), and the CPU time at which it arrived (ns)."""


class ServerCpuClock(SystemClock):
    """The server's clock. One engine, one session.

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

    def receipt(self, at: float) -> Receipt:
        """A message made at `at` (ms of media time) arrived now."""
        return at, self._cpu_ns()

    def begin(self, receipt: Receipt) -> None:
        """It is that message's turn: time goes on from its own."""
        at, since = receipt
        self._at_ns, self._since, self._begun = round(at * NS_PER_MS), since, True

    def wall(self) -> int:
        """Unix ms at which media time 0 is the moment that this clock was made; never runs back."""
        if self._begun:
            passed = self._at_ns + self._cpu_ns() - self._since + self._append_ns
            self._last = max(self._last, self._origin + -(-passed // NS_PER_MS))
        return self._last
