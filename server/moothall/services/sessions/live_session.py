"""One loaded session: its writer and its fan-out, kept going, and begun again from the log when one of them fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from moothall.core.kernel.errors import StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.session.state import State
from moothall.services.log.session_writer import SessionWriter
from moothall.services.readers.fanout import SessionFanout
from moothall.services.supervision.supervising import RestartBudget, failure_of, note_failure

logger = logging.getLogger(__name__)

STORAGE_MS = 1_000
"""How often a log that is away is asked for; that counts as no failure of the session."""


class LiveSession:
    """A loaded session. It may be kept while it is `held`, read or on; `Sessions` owns its `run`.

    Its writer and fan-out stay the same objects when they are begun again, so desks, sound and engines go on.
    """

    def __init__(self, writer: SessionWriter, fanout: SessionFanout, clock: Clock) -> None:
        self.writer = writer
        self.fanout = fanout
        self.used = 0
        """When somebody last asked for it, read it or changed it; ms of the monotonic clock."""
        self.stopped = False
        """Whether it failed too often: it takes nothing more."""
        self._clock = clock
        self._tries = RestartBudget(clock)
        self._beginning = False
        self._holders = 0

    @property
    def id(self) -> SessionId:
        """Its id."""
        return self.writer.session

    @property
    def state(self) -> State:
        """How it stands."""
        return self.writer.state

    @property
    def begun_again(self) -> int:
        """How often it was in the last ten minutes."""
        return self._tries.lately

    @property
    def busy(self) -> bool:
        """Whether somebody holds it, waits for an answer, or it is just being begun again."""
        return bool(self._holders) or self.writer.asked or self._beginning

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside it stays loaded."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1

    async def run(self) -> None:
        """Keep it going until cancelled, or until it has failed too often. Other sessions don't notice.

        At the end its readers are sent away.
        """
        try:
            while (failure := await failure_of(self._run_once)) is not None:  # whatever it was, other meetings are on
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
        """Load it from its log, with more patience each time; whether that was done."""
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
            except Exception as failure:  # as in `run`
                self._note(failure)
                return False
            self.fanout.begin_again(
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
