"""The process that compares meanings, as the server asks it (`moothall.wire.meaning`): one message at a time.

It is started when it is first asked. Whatever goes wrong with it is the end of that process; another one is started no
sooner than `AGAIN_MS` later. Nothing of what it is asked is written anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Clock
from moothall.services.supervision.waiting import within
from moothall.wire.meaning import LENGTH, MOST_BYTES, FromMeaning, ToMeaning, framed

logger = logging.getLogger(__name__)

PROGRAM = (sys.executable, "-m", "moothall_models.meaning")
AGAIN_MS = 60_000
"""How long nothing is asked after the process has failed."""
ANSWER_MS = 20_000
"""How long an answer may take: the machine may do much else."""
_decoder: msgspec.msgpack.Decoder[FromMeaning] = msgspec.msgpack.Decoder(FromMeaning)


@dataclass(eq=False, repr=False)
class MeaningChild:
    """Asks the process. Call `close` at the end."""

    clock: Clock
    _: KW_ONLY
    program: Sequence[str] = PROGRAM

    def __post_init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._again = 0
        """When it may be started again, in monotonic ms."""
        self.life = 0
        """How many processes have ended: the next one holds nothing."""

    async def ask(self, message: ToMeaning) -> FromMeaning:
        """The answer to a message. Whoever gives up waiting leaves the rest to it. Raises StorageUnavailable."""
        return await asyncio.shield(asyncio.ensure_future(self._asked(message)))

    @property
    def pid(self) -> int | None:
        """The process; None while none runs."""
        return None if self._process is None else self._process.pid

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _asked(self, message: ToMeaning) -> FromMeaning:
        async with self._turn:
            try:
                process = self._process or await self._start()
                answer = await within(_exchange(process, message), self.clock, ANSWER_MS)
            except (OSError, EOFError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
                await self._failed(type(error).__name__)
            else:
                if answer is not None:
                    return answer
                await self._failed("no answer")
            raise StorageUnavailable("The process that compares meanings has failed.")

    async def _start(self) -> asyncio.subprocess.Process:
        if self.clock.monotonic() < self._again:
            raise StorageUnavailable("The process that compares meanings has failed, and is not started yet.")
        path = os.pathsep.join(filter(None, sys.path))  # It finds the packages that this process finds.
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self._process = await start_child(
            *self.program, stdin=pipe, stdout=pipe, stderr=nothing, env=environment, start_new_session=True
        )
        return self._process

    async def _failed(self, why: str) -> None:
        logger.warning("search: the process that compares meanings has failed (%s)", why)
        self._again = self.clock.monotonic() + AGAIN_MS
        await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self.life += 1
            signal_child(process, signal.SIGKILL)
            await to_the_end(_ended(process))


async def _exchange(process: asyncio.subprocess.Process, message: ToMeaning) -> FromMeaning:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(framed(message))
    await process.stdin.drain()
    (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if size > MOST_BYTES:
        raise EOFError
    return _decoder.decode(await process.stdout.readexactly(size))


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.stdout is not None:
        while await process.stdout.read(LENGTH.size << 12):
            pass
    await process.wait()
