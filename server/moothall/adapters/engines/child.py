"""An engine that the server starts itself and watches over."""

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

TOKEN_VARIABLE = "MOOTHALL_ENGINE_TOKEN"  # noqa: S105  # the variable's name
LIFE_VARIABLE = "MOOTHALL_ENGINE_LIFE"
LIFE_BYTES = 16
APART = Backoff(first_ms=250, last_ms=5_000)
"""Between the starts of an engine that keeps ending; between an end and the next start lies the first wait at least."""
ENGINE = (sys.executable, "-m", "moothall_models")
STEADY_MS = 30_000
"""An engine that ran for so long did well; the next wait is a short one again."""
STOP_S = 5.0
"""How long an engine may take to stop when it is asked to."""


@dataclass(eq=False, repr=False)
class EngineChild:
    """One engine process, started again whenever it ends, hangs or can't be started, until `run` is cancelled.

    The child's standard input is a pipe from here: when this process dies, however it dies, the child sees its end
    and stops, so no orphan goes on.

    `arguments` for the engine's `program`; the token goes in the environment, where `ps` doesn't look.

    `patience_s` is how long it may take to stop when it is asked to, before it is killed. `name`: for logs.
    `watched`: who kills it when it makes no progress, and what names its lives; without them nobody does.
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
        """The running child."""
        self.starts = 0
        """How often it was started."""
        self.failures = 0
        """How often in a row it ended soon after its start."""

    async def run(self) -> None:
        """Keep it running."""
        while True:
            began = self.clock.monotonic()
            ended = await self._run_once()
            ran = self.clock.monotonic() - began
            self.failures = 0 if ran >= STEADY_MS else self.failures + 1
            # From start to start: one that worked until it was killed has readers who wait, however often that happens.
            apart = APART.wait_ms(self.failures)
            wait = max(APART.first_ms, apart - ran)
            logger.warning("%s %s; the next one starts in %d ms", self.name, ended, wait)
            await self.clock.sleep(wait)

    def kill(self) -> None:
        """End a process that hangs, and what it started, so that another one is started; nothing when none runs."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _run_once(self) -> str:
        """One process, from its start to its end; returns how it went, for the log."""
        if self.watched is None:
            return await self._live("")
        pulses, randomness = self.watched
        life = randomness.bytes(LIFE_BYTES).hex()
        with pulses.started(self.name, life, self.kill):
            return await self._live(life)

    async def _live(self, life: str) -> str:
        try:
            process = await start_child(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                env={**self._environment, LIFE_VARIABLE: life},
                start_new_session=True,  # Its group is what it started; Ctrl-C is ours to handle.
            )
        except OSError as error:
            # Too many processes, or no memory for one more: the readers stay, and it may pass.
            return f"could not be started ({error.strerror})"
        self.pid = process.pid
        self.starts += 1
        try:
            status = await process.wait()
            self._tell_fate(life, status)
            return f"{process.pid} ended with {status}"
        finally:
            await to_the_end(self._stop(process))
            self.pid = None

    def _tell_fate(self, life: str, status: int) -> None:
        if self.watched is not None and status not in (0, -signal.SIGTERM):
            self.watched[0].ended(life, ProcessFate.KILLED if status == -signal.SIGKILL else ProcessFate.CRASHED)

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
