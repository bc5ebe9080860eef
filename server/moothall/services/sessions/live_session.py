"""One loaded session: runs its writer and its fan-out, and restarts them from the log when one of them fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from moothall.core.kernel.errors import StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import State
from moothall.services.log.session_writer import SessionWriter
from moothall.services.reading.fanout import SessionFanout
from moothall.services.supervision.supervising import RestartBudget, failure_of, note_failure

logger = logging.getLogger(__name__)

STORAGE_MS = 1_000
"""How often loading is retried while the storage is unavailable; this doesn't count as a failure of the session."""


class LiveSession:
    """A loaded session. It is not unloaded while it is on, `held` or being read; `Sessions` owns its `run`.

    Writer and fan-out stay the same objects across restarts, so desks, sound and engines continue.
    """

    def __init__(self, writer: SessionWriter, fanout: SessionFanout, clock: Clock) -> None:
        self.writer = writer
        self.fanout = fanout
        self.used = 0
        """When it was last found, read or changed; ms of the monotonic clock."""
        self.stopped = False
        """Whether it failed too often, and accepts nothing any more."""
        self._clock = clock
        self._tries = RestartBudget(clock)
        self._beginning = False
        self._holders = 0

    @property
    def id(self) -> SessionId:
        """The session's id."""
        return self.writer.session

    @property
    def state(self) -> State:
        """The state folded from its log."""
        return self.writer.state

    @property
    def begun_again(self) -> int:
        """The number of restarts in the last ten minutes."""
        return self._tries.lately

    @property
    def busy(self) -> bool:
        """Whether it is held, has commands without an answer, or is restarting."""
        return bool(self._holders) or self.writer.asked or self._beginning

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the session loaded while the context is active."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1

    async def run(self) -> None:
        """Run writer and fan-out until cancelled, or until they failed too often. Other sessions are not affected.

        At the end its readers' connections are closed.
        """
        try:
            # no failure of one session may end the others
            while (failure := await failure_of(self._run_once)) is not None:
                self._note(failure)
                if not await self._begin_again():
                    return
        finally:
            self.fanout.end()

    async def _run_once(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fanout.run())
            group.create_task(self.writer.run())

    async def _begin_again(self) -> bool:
        """Reload the session from its log, with a longer delay each time. Return False when the restart budget is used
        up.
        """
        self._beginning = True
        try:
            while await self._tries.again():
                if await self._loaded_again():
                    logger.warning("session %s: it restarted at offset %d", self.id, self.writer.offset)
                    return True
        finally:
            self._beginning = False
        self.stopped = True
        logger.error("session %s: it failed too often and accepts nothing until it is loaded again", self.id)
        return False

    async def _loaded_again(self) -> bool:
        while True:
            try:
                await self.writer.load_again()
            except StorageUnavailable:
                await self._clock.sleep(STORAGE_MS)
                continue
            except Exception as failure:  # no failure of one session may end the others
                self._note(failure)
                return False
            self.fanout.renew(
                epoch=self.writer.reader_epoch, offset=self.writer.handed_on, channels=self.writer.state.channels
            )
            return True

    def _note(self, failure: Exception) -> None:
        first = failure
        while isinstance(first, ExceptionGroup):
            first = first.exceptions[0]
        if isinstance(first, StaleWriter):
            logger.error("session %s: another server has taken over its log", self.id)
        else:
            note_failure(failure, f"session {self.id}: it failed and restarts")


FindSession = Callable[[SessionId], Awaitable[LiveSession | None]]
"""Returns a session, or None for an unknown one. May raise StorageUnavailable."""
