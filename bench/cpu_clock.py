"""The clocks of a run on the CPU clock, the engine's and the server's, and the stamps that carry time between them.

docs/reference/replay.md explains what they count. Each process has its own clock, since CPU
time belongs to one process.
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
    """Ms on the engine's clock, which is media time; None for a message that leads to no text."""
    message: msgspec.Raw


class EngineCpuClock:
    """A clock that shows the CPU time of the process since `start`, without unbilled work, plus idle time."""

    def __init__(self, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`cpu_ns`: returns the CPU time of the whole process, all threads, in ns."""
        self._cpu_ns = cpu_ns
        self._mark = cpu_ns()
        self._offset = -self._mark

    def warmed_up(self) -> None:
        """Count CPU time for `cpu_ms` from now on."""
        self._mark = self._cpu_ns()

    def start(self, media: int) -> None:
        """Set the clock to media time `media`, in ms."""
        self._offset = media * NS_PER_MS - self._cpu_ns()

    def now(self) -> float:
        """Return the time in ms; media time after `start`."""
        return (self._cpu_ns() + self._offset) / NS_PER_MS

    async def until(self, t: float) -> None:
        """Be idle until `t`, in ms, which takes no real time. Other tasks run meanwhile, unbilled."""
        with self.unbilled():
            await asyncio.sleep(0)
        self._offset += max(0, round(t * NS_PER_MS) - (self._cpu_ns() + self._offset))

    @contextmanager
    def unbilled(self) -> Iterator[None]:
        """Don't count the CPU time of this block; can't be nested."""
        before = self._cpu_ns()
        try:
            yield
        finally:
            self._offset -= self._cpu_ns() - before

    def cpu_ms(self) -> float:
        """Return the CPU time of the whole process since `warmed_up`, unbilled work included, in ms."""
        return (self._cpu_ns() - self._mark) / NS_PER_MS


class ClockTime:
    """The media time of an engine whose clock shows media time (`moothall_models.engine.audio.MediaTime`)."""

    def arrived(self, end: int, now: float) -> None:
        """Do nothing: audio arrives before its time."""

    def at(self, now: float) -> int:
        """Return `now` in whole ms, rounded down."""
        return int(now)


Receipt = tuple[float, int]
"""The engine's time of a message (ms), and the CPU time at which the message arrived (ns)."""


class ServerCpuClock(SystemClock):
    """The server's clock on the CPU clock, for one engine and one session.

    Its wall time is when a reader on one dedicated core would have seen the effect of an engine's message: the engine's
    own time of the message, plus the CPU time of this process since it arrived, plus the time of a durable append.
    Waiting takes real time.
    """

    def __init__(self, append_us: int, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`append_us`: median time of an append on this machine, µs; it is waiting, so the CPU time lacks it."""
        super().__init__()
        self._origin = super().wall()
        self._append_ns = append_us * NS_PER_US
        self._cpu_ns = cpu_ns
        self._at_ns = 0
        self._since = 0
        self._begun = False
        self._last = self._origin

    def receipt(self, at: float) -> Receipt:
        """Return a receipt for a message that was made at `at` (ms of media time) and arrived now."""
        return at, self._cpu_ns()

    def begin(self, receipt: Receipt) -> None:
        """Begin to process that message: time continues from the message's own."""
        at, since = receipt
        self._at_ns, self._since, self._begun = round(at * NS_PER_MS), since, True

    def wall(self) -> int:
        """Return the Unix time in ms, where media time 0 is when this clock was made; never runs back."""
        if self._begun:
            passed = self._at_ns + self._cpu_ns() - self._since + self._append_ns
            self._last = max(self._last, self._origin + -(-passed // NS_PER_MS))
        return self._last
