"""An engine that the server starts itself and watches over."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from moothall.core.ports import Clock

logger = logging.getLogger(__name__)

TOKEN_VARIABLE = "MOOTHALL_ENGINE_TOKEN"  # noqa: S105  # the variable's name
FIRST_WAIT_MS = 250
LONGEST_WAIT_MS = 5_000
STEADY_MS = 30_000
"""An engine that ran for so long did well; the next wait is a short one again."""
STOP_S = 5.0
"""How long an engine may take to stop when it is asked to."""


class EngineChild:
    """One engine process, started again whenever it ends, until `run` is cancelled.

    The child's standard input is a pipe from here: when this process dies, however it dies, the child sees its end
    and stops, so no orphan goes on.
    """

    def __init__(self, arguments: Sequence[str], *, token: str, threads: int, clock: Clock) -> None:
        """`arguments` for `python -m moothall_models`; the token goes in the environment, where `ps` doesn't look."""
        self._arguments = tuple(arguments)
        self._environment = {
            **os.environ,
            TOKEN_VARIABLE: token,
            "OMP_NUM_THREADS": str(threads),
        }
        self._clock = clock
        self.pid: int | None = None
        """The running child."""
        self.failures = 0
        """How often in a row it ended soon after its start."""

    async def run(self) -> None:
        """Keep it running."""
        while True:
            began = self._clock.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "moothall_models",
                *self._arguments,
                "--exit-with-parent",
                stdin=asyncio.subprocess.PIPE,
                env=self._environment,
            )
            self.pid = process.pid
            try:
                code = await process.wait()
            finally:
                await _stop(process)
                self.pid = None
            steady = self._clock.monotonic() - began >= STEADY_MS
            self.failures = 0 if steady else self.failures + 1
            wait = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(self.failures, 8))
            logger.warning("engine child %d ended with %d; the next one starts in %d ms", process.pid, code, wait)
            await self._clock.sleep(wait)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
