"""An engine process that the server starts and monitors."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.core.kernel.backoff import Backoff
from moothall.core.ports import Clock, Randomness
from moothall.services.supervision.pulses import ProcessFate, Pulses

logger = logging.getLogger(__name__)

TOKEN_VARIABLE = "MOOTHALL_ENGINE_TOKEN"  # noqa: S105  # only the variable's name
LIFE_VARIABLE = "MOOTHALL_ENGINE_LIFE"
LIFE_BYTES = 16
APART = Backoff(first_ms=250, last_ms=5_000)
"""Back-off between the starts of an engine that keeps ending. At least the first wait lies between an end and the next
start."""
ENGINE = (sys.executable, "-m", "moothall_models")
STEADY_MS = 30_000
"""An engine that ran for so long counts as healthy, and the back-off starts again."""
STOP_S = 5.0
"""Time limit, in s, for an engine to stop when it is asked to."""


@dataclass(eq=False, repr=False)
class EngineChild:
    """One engine process, which is started again whenever it ends, hangs or can't be started, until `run` is cancelled.

    The child's standard input is a pipe from this process. When this process dies, in whatever way, the child reads the
    end of the pipe and stops, so no orphan remains.

    `arguments`: for the engine's `program`. The token is passed in the environment, where `ps` doesn't show it.

    `patience_s`: how long it may take to stop when asked, before it is killed. `name`: for logs. `watched`: the monitor
    that kills the child when it makes no progress, and the source of an id for each run; None: no monitoring.
    """

    arguments: Sequence[str]
    _: KW_ONLY
    token: str
    threads: int
    clock: Clock
    program: Sequence[str] = ENGINE
    patience_s: float = STOP_S
    name: str = "engine child"
    watched: tuple[Pulses, Randomness] | None = None

    def __post_init__(self) -> None:
        self._command = (*self.program, *self.arguments, "--exit-with-parent")
        self._environment = {
            **os.environ,
            TOKEN_VARIABLE: self.token,
            "OMP_NUM_THREADS": str(self.threads),
        }
        self.pid: int | None = None
        """The running child's process id; None while none runs."""
        self.starts = 0
        """How often it was started."""
        self.failures = 0
        """How many times in a row it ended soon after its start."""
        self.unable = 0
        """How many times in a row it did so by itself, or was killed here since it hung. One that something else kills
        may be able to start."""
        self._killed = self._hung = False

    async def run(self) -> None:
        """Keep the process running until cancelled."""
        while True:
            began = self.clock.monotonic()
            ended = await self._run_once()
            ran = self.clock.monotonic() - began
            early = ran < STEADY_MS
            self.failures = self.failures + 1 if early else 0
            self.unable = self.unable + 1 if early and (self._hung or not self._killed) else 0
            # The back-off counts from start to start: a process that worked until it was killed has readers who wait,
            # so it restarts quickly however often that happens.
            apart = APART.wait_ms(self.failures)
            wait = max(APART.first_ms, apart - ran)
            logger.warning("%s %s; the next one starts in %d ms", self.name, ended, wait)
            await self.clock.sleep(wait)

    def kill(self) -> None:
        """Kill a process that hangs and its child processes, so that it is started again. Does nothing when none
        runs.
        """
        if self.pid is not None:
            self._hung = True
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _run_once(self) -> str:
        """Run one process from its start to its end; return what happened, for the log."""
        if self.watched is None:
            return await self._live("")
        pulses, randomness = self.watched
        life = randomness.bytes(LIFE_BYTES).hex()
        with pulses.started(self.name, life, self.kill):
            return await self._live(life)

    async def _live(self, life: str) -> str:
        self._killed = self._hung = False
        try:
            process = await start_child(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                env={**self._environment, LIFE_VARIABLE: life},
                # A process group of its own: `kill` reaches what it started, and Ctrl-C reaches only this process.
                start_new_session=True,
            )
        except OSError as error:
            # Too many processes, or too little memory: readers stay connected, and the shortage may pass.
            return f"could not be started ({error.strerror})"
        self.pid = process.pid
        self.starts += 1
        try:
            status = await process.wait()
            self._killed = status == -signal.SIGKILL
            self._tell_fate(life, status)
            return f"{process.pid} ended with {status}"
        finally:
            await to_the_end(self._stop(process))
            self.pid = None

    def _tell_fate(self, life: str, status: int) -> None:
        if self.watched is not None and status not in (0, -signal.SIGTERM):
            self.watched[0].ended(life, ProcessFate.KILLED if self._killed else ProcessFate.CRASHED)

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is not None:
            return
        signal_child(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self.patience_s):
                await process.wait()
        except TimeoutError:
            signal_child(process, signal.SIGKILL)
            await process.wait()
