"""The sessions that are loaded: each with its writer and its fan-out, running.

A session is loaded from its log when somebody first asks for it, years later too, and unloaded when it is closed and
nobody has needed it for a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from moothall.core.errors import StaleWriter
from moothall.core.ids import SessionId, is_name
from moothall.core.ports import Clock, EventLog, Randomness, Signer
from moothall.core.session import State, Status
from moothall.services.carrying_on import note_failure
from moothall.services.fanout import SessionFanout
from moothall.services.publication import Publication
from moothall.services.session_writer import SessionWriter

logger = logging.getLogger(__name__)


LOOK_MS = 60_000
"""How often sessions are looked for that nobody needs in memory."""
UNUSED_MS = 600_000
"""How long nobody has read a closed session, or asked for it, before it is unloaded."""

Observer = Callable[["LiveSession", Publication], None]
"""Told of each publication of every session, after it went to the readers. Must not wait, and keeps no text."""


class LiveSession:
    """One loaded session."""

    def __init__(self, writer: SessionWriter, fanout: SessionFanout) -> None:
        self.writer = writer
        self.fanout = fanout
        self.used = 0
        """When somebody last asked for it, read it or changed it; ms of the monotonic clock."""

    @property
    def id(self) -> SessionId:
        """Its id."""
        return self.writer.session

    @property
    def state(self) -> State:
        """How it stands."""
        return self.writer.state

    async def run(self) -> None:
        """Keep it going until cancelled.

        When another server takes over its log, or something unforeseen fails, it ends here alone and says so.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.fanout.run())
                group.create_task(self.writer.run())
        except* StaleWriter:
            logger.error("session %s: another server has taken over its log", self.id)
        except* Exception as failure:  # whatever it was, other meetings are on
            note_failure(failure, f"session {self.id}: it takes nothing more until the next start")


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
        self._observers: list[Observer] = []
        self._running: dict[SessionId, asyncio.Task[None]] = {}
        # Bound: the sessions that there are.
        self._closed: set[SessionId] = set()

    def observe(self, observer: Observer) -> None:
        """From now on tell `observer` what is published in any session."""
        self._observers.append(observer)

    async def run(self, started: asyncio.Event) -> None:
        """Own the sessions until cancelled; `started` is set once they can be opened."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            started.set()
            try:
                while True:
                    await self._clock.sleep(LOOK_MS)
                    for live in self.all_loaded:
                        if not self._in_use(live):
                            await self._unload_unused(live)
            finally:
                self._group = None

    async def find(self, session: SessionId) -> LiveSession | None:
        """The session, loaded from its log if need be; None when there is none.

        Raises StorageUnavailable, and RecordBroken when its log can't be read.
        """
        if (live := self._loaded.get(session)) is not None:
            live.used = self._clock.monotonic()
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
            live.used = self._clock.monotonic()
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
        live = LiveSession(writer, fanout)

        def publish(publication: Publication) -> None:
            live.used = self._clock.monotonic()
            fanout.publish(publication)
            for observer in self._observers:
                try:
                    observer(live, publication)
                except Exception as error:  # whoever only looks on doesn't stop a session
                    note_failure(error, f"session {session}: an observer failed")

        writer.publish_to(publish)
        self._running[session] = self._group.create_task(live.run())
        logger.info("session %s: loaded at offset %d", session, writer.offset)
        return live

    def loaded(self, session: SessionId) -> LiveSession | None:
        """The session if it is loaded."""
        return self._loaded.get(session)

    def standing(self, session: SessionId) -> Status | None:
        """Where a session is in its life, as far as that is known without reading its log."""
        live = self._loaded.get(session)
        if live is not None:
            return live.state.status
        return Status.CLOSED if session in self._closed else None

    @property
    def all_loaded(self) -> tuple[LiveSession, ...]:
        """Those that are loaded, in the order in which they were."""
        return tuple(self._loaded.values())

    async def forget(self, session: SessionId) -> None:
        """Unload a rehearsal, send its readers away and erase its log, for good; no matter if there is none.

        Raises StorageUnavailable; then it is unloaded, and erased when it is forgotten again.
        """
        live, running = self._loaded.pop(session, None), self._running.pop(session, None)
        if live is not None and running is not None:
            running.cancel()
            await asyncio.wait({running})
            live.fanout.end()
        self._closed.discard(session)
        await self._log.forget(session)

    async def names(self) -> Sequence[SessionId]:
        """All sessions that have a log, in order of their names."""
        return await self._log.sessions()

    async def _unload_unused(self, live: LiveSession) -> None:
        """Unload a closed session that nobody has needed for a while; who asks for it later has it loaded again."""
        async with self._loading.setdefault(live.id, asyncio.Lock()):
            if self._in_use(live):
                return
            running = self._running.pop(live.id)
            del self._loaded[live.id]
            self._closed.add(live.id)
            running.cancel()
            await asyncio.wait({running})
        logger.info("session %s: unloaded at offset %d", live.id, live.writer.offset)

    def _in_use(self, live: LiveSession) -> bool:
        if self._loaded.get(live.id) is not live or live.state.status is not Status.CLOSED:
            return True
        now = self._clock.monotonic()
        if live.fanout.figures.readers:
            live.used = now
        return now - live.used < UNUSED_MS
