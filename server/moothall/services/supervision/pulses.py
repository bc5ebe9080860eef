"""Monitors all processes that recognise or translate by their pulses, gives up those that hang, and records how they
ended.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Protocol

from moothall.core.kernel.errors import MoothallError, ProtocolError
from moothall.core.ports import Clock
from moothall.services.supervision.engine_watch import Fault, Patience, ProcessWatch
from moothall.wire.pulse import ProcessPulse

logger = logging.getLogger(__name__)

TICK_MS = 1_000
STALL_MS = 1_000
"""After a check that is this much too late, no process is judged: this process or its machine had stalled."""
STALLS = 64
"""Stalls that are remembered. Overflow: the oldest is forgotten, and ages that include it are too large."""
REMEMBERED = 64
"""Fates that are remembered. Overflow: the oldest is forgotten, and the sound that the process was hearing isn't
blamed.
"""


class NoProgress(MoothallError):
    """A process that was given up connects again, and its pulses still show no progress."""


class ProcessFate(Enum):
    """How a process ended, as far as that may be due to its work."""

    GIVEN_UP = auto()
    """It made no progress, or had no pulse."""
    CRASHED = auto()
    """It ended by itself."""
    KILLED = auto()
    """It was killed by an operator, or by the system when memory was exhausted."""


class PulseConnection(Protocol):
    """A connection on which one process sends its pulses."""

    @property
    def name(self) -> str:
        """The name for logs."""
        ...

    async def receive(self) -> ProcessPulse | None:
        """The next pulse; None at the end. Raises ProtocolError."""
        ...


class _Process:
    """One run of a process."""

    def __init__(self, name: str, watch: ProcessWatch) -> None:
        self.name = name
        self.watch = watch
        self.ends: list[Callable[[], None]] = []
        """Callbacks that end it, by killing the process, closing its connection, or both."""
        self.links = 0
        """The number of connections on which its pulses are received."""


class Pulses:
    """Judges engines and translators by their pulses. `run` must be running, else none is given up."""

    def __init__(self, clock: Clock, patience: Patience | None = None) -> None:
        self._clock = clock
        self._patience = patience or Patience()
        # Bound: processes that were started here, links of engines and translators, and links of pulses.
        self._processes: dict[str, _Process] = {}
        self._fates: dict[str, ProcessFate] = {}

    async def run(self) -> None:
        """Check all processes once a second, until cancelled."""
        looked = self._clock.monotonic()
        while True:
            await self._clock.sleep(TICK_MS)
            now = self._clock.monotonic()
            if now - looked - TICK_MS >= STALL_MS:
                for process in self._processes.values():
                    process.watch.anew(now)
            looked = now
            self.look()

    def look(self) -> None:
        """Give up the processes whose time limits are exceeded."""
        for life, process in list(self._processes.items()):
            verdict = process.watch.verdict(self._clock.monotonic())
            if verdict is not None and process.ends:
                self._give_up(life, process, verdict)

    @contextmanager
    def started(self, name: str, life: str, kill: Callable[[], None]) -> Iterator[None]:
        """Monitor a child process from its start to its end. `life`: the id of this run, given to the process."""
        with self._held(life, name, kill, working=False):
            yield

    @contextmanager
    def linked(self, name: str, life: str, abort: Callable[[], None]) -> Iterator[None]:
        """Monitor a process that has sent its hello while its connection lasts. Raises GivenUp.

        A process with an empty `life` sends no pulses, and isn't monitored.
        """
        if not life:
            yield
            return
        known = self._processes.get(life)
        if known is not None and known.watch.verdict(self._clock.monotonic()) is Fault.STUCK:
            raise NoProgress(f"{name} was given up: {Fault.STUCK}.")
        if known is not None:
            if not known.ends:  # A child process has a better name already.
                known.name = name
            known.watch.hello(self._clock.monotonic())
        with self._held(life, name, abort, working=True):
            yield

    async def serve(self, connection: PulseConnection) -> None:
        """Process pulses until their connection ends. Raises ProtocolError."""
        first = await connection.receive()
        if first is None:
            return
        process = self._process(first.life, connection.name, working=first.working)
        process.links += 1
        pulse: ProcessPulse | None = first
        try:
            while pulse is not None:
                if pulse.life != first.life:
                    raise ProtocolError("A link carries the pulses of one life.")
                process.watch.pulse(pulse, self._clock.monotonic())
                pulse = await connection.receive()
        finally:
            process.links -= 1
            self._forget_if_gone(first.life, process)

    def attachments(self, life: str) -> tuple[int, ...]:
        """The attachments whose passes a process was running, as far as is known."""
        process = self._processes.get(life)
        return () if process is None else process.watch.attachments

    def ended(self, life: str, fate: ProcessFate) -> None:
        """Record the fate of a child process that ended without being told to."""
        if life not in self._fates:  # A process that was given up was killed for that reason.
            self._remember(life, fate)

    def fate(self, life: str) -> ProcessFate | None:
        """How a process ended; None where it hasn't ended, or it isn't known."""
        return self._fates.get(life)

    def _process(self, life: str, name: str, *, working: bool) -> _Process:
        process = self._processes.get(life)
        if process is None:
            watch = ProcessWatch(self._patience, self._clock.monotonic(), working=working)
            process = self._processes[life] = _Process(name, watch)
        return process

    @contextmanager
    def _held(self, life: str, name: str, end: Callable[[], None], *, working: bool) -> Iterator[None]:
        process = self._process(life, name, working=working)
        process.ends.append(end)
        try:
            yield
        finally:
            if end in process.ends:
                process.ends.remove(end)
            self._forget_if_gone(life, process)

    def _forget_if_gone(self, life: str, process: _Process) -> None:
        if not process.ends and not process.links:
            self._processes.pop(life, None)

    def _give_up(self, life: str, process: _Process, verdict: Fault) -> None:
        logger.error("%s: %s; the server gives it up", process.name, verdict)
        self._remember(life, ProcessFate.GIVEN_UP)
        ends, process.ends = process.ends, []
        for end in ends:
            end()

    def _remember(self, life: str, fate: ProcessFate) -> None:
        self._fates[life] = fate
        while len(self._fates) > REMEMBERED:
            del self._fates[next(iter(self._fates))]


class Stalls:
    """Records times in which this process or its machine stood still, so that ages can be measured without them.

    A stall is detected by a check that is too late. Times are of the monotonic clock, ms.
    """

    def __init__(self) -> None:
        self._due: int | None = None
        # (latest possible begin, duration) of each stall.
        self._stalls: deque[tuple[int, int]] = deque(maxlen=STALLS)

    def look(self, now: int, following: int) -> None:
        """Note a check at `now`; the next one is due `following` ms later."""
        if self._due is not None and now - self._due >= STALL_MS:
            self._stalls.append((self._due, now - self._due))
        self._due = now + following

    def age(self, now: int, then: int | None) -> int | None:
        """Ms since `then` without the stalls since; None where `then` is None."""
        if then is None:
            return None
        return now - then - sum(lasted for began, lasted in self._stalls if then <= began)
