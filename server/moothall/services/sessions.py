"""The sessions that are loaded: each with its writer and its fan-out, running for as long as the server does.

A session is loaded from its log when somebody first asks for it, years later too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from moothall.core.errors import StaleWriter
from moothall.core.ids import SessionId, is_name
from moothall.core.ports import Clock, EventLog, Randomness, Signer
from moothall.core.session import State
from moothall.services.fanout import SessionFanout
from moothall.services.session_writer import SessionWriter

logger = logging.getLogger(__name__)


class LiveSession:
    """One loaded session."""

    def __init__(self, writer: SessionWriter, fanout: SessionFanout) -> None:
        self.writer = writer
        self.fanout = fanout

    @property
    def id(self) -> SessionId:
        """Its id."""
        return self.writer.session

    @property
    def state(self) -> State:
        """How it stands."""
        return self.writer.state

    async def run(self) -> None:
        """Keep it going until cancelled. When another server takes over its log it ends here, and says so."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.fanout.run())
                group.create_task(self.writer.run())
        except* StaleWriter:
            logger.error("session %s: another server has taken over its log", self.id)


class Sessions:
    """All loaded sessions. `run` owns them; nothing can be opened before it runs."""

    def __init__(self, *, log: EventLog, clock: Clock, randomness: Randomness, signer: Signer) -> None:
        self._log = log
        self._clock = clock
        self._randomness = randomness
        self._signer = signer
        self._loaded: dict[SessionId, LiveSession] = {}
        self._loading: dict[SessionId, asyncio.Lock] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self, started: asyncio.Event) -> None:
        """Own the sessions until cancelled; `started` is set once they can be opened."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            started.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None

    async def find(self, session: SessionId) -> LiveSession | None:
        """The session, loaded from its log if need be; None when there is none.

        Raises StorageUnavailable, and RecordBroken when its log can't be read.
        """
        if (live := self._loaded.get(session)) is not None:
            return live
        if not is_name(session) or await self._log.head(session) is None:
            return None
        return await self.open(session)

    async def open(self, session: SessionId) -> LiveSession:
        """The session, with a log made for it when there is none. Raises as `find` does."""
        lock = self._loading.setdefault(session, asyncio.Lock())
        async with lock:
            live = self._loaded.get(session)
            if live is None:
                live = await self._load(session)
                self._loaded[session] = live
        self._loading.pop(session, None)
        return live

    async def _load(self, session: SessionId) -> LiveSession:
        if self._group is None:
            msg = "Sessions can be opened only while `run` is running."
            raise RuntimeError(msg)
        writer = SessionWriter(
            session, log=self._log, clock=self._clock, randomness=self._randomness, signer=self._signer
        )
        await writer.load()
        fanout = SessionFanout(
            session=session,
            epoch=writer.epoch,
            offset=writer.offset,
            channels=writer.state.channels,
            log=self._log,
            clock=self._clock,
        )
        writer.publish_to(fanout.publish)
        live = LiveSession(writer, fanout)
        self._group.create_task(live.run())
        logger.info("session %s: loaded at offset %d", session, writer.offset)
        return live

    def loaded(self, session: SessionId) -> LiveSession | None:
        """The session if it is loaded."""
        return self._loaded.get(session)

    async def names(self) -> Sequence[SessionId]:
        """All sessions that have a log, in order of their names."""
        return await self._log.sessions()
