"""All loaded sessions, each with its running writer and fan-out.

A session is loaded from its log when it is first needed, even years later, and unloaded when nobody has needed it for a
while: no reader, no desk, no sound, no command without an answer. A session that is on stays loaded, since it is
monitored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from moothall.core.kernel.errors import RecordBroken, Refusal
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.ports import Clock, EventLog, Randomness, Signer
from moothall.core.sessions.state import ON, Status
from moothall.services.log.publication import Publication
from moothall.services.log.session_writer import SessionWriter
from moothall.services.metrics.measures import Measures
from moothall.services.reading.fanout import SessionFanout
from moothall.services.sessions.live_session import LiveSession
from moothall.services.supervision.supervising import note_failure
from moothall.wire.frames import HERE, Freshness

logger = logging.getLogger(__name__)

LOOK_MS = 60_000
"""How often sessions are looked for that can be unloaded."""
BROKEN_MS = 10_000
"""How long a damaged log is not read again, since that takes as long as reading an intact one."""
UNUSED_MS = 600_000
"""How long a session that isn't on may be unused before it is unloaded, by default."""

Observer = Callable[["LiveSession", Publication], None]
"""Called with each publication of every session, after readers got it. It must not wait, and must not keep any text."""


class Sessions:
    """All loaded sessions. `run` owns them; sessions can be loaded only while it is running."""

    def __init__(
        self,
        *,
        log: EventLog,
        clock: Clock,
        randomness: Randomness,
        signer: Signer,
        unused_ms: int = UNUSED_MS,
        measures: Measures | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._randomness = randomness
        self._signer = signer
        self._measures = measures or Measures(clock)
        self._loaded: dict[SessionId, LiveSession] = {}
        self._unused_ms = unused_ms
        # Serialises loading, unloading and erasing of each session. Bound: all sessions.
        self._changing: dict[SessionId, asyncio.Lock] = {}
        self._group: asyncio.TaskGroup | None = None
        self._held_back: Callable[[], Refusal | None] = lambda: None
        self._elsewhere: Callable[[SessionId], Mapping[ChannelId, int]] = lambda _: {}
        self._source: Callable[[], Freshness] = lambda: HERE
        self._observers: list[Observer] = []
        self._loaders: list[Callable[[LiveSession], None]] = []
        self._forgetters: list[Callable[[SessionId], None]] = []
        self._running: dict[SessionId, asyncio.Task[None]] = {}
        # Bound: all sessions.
        self._broken: dict[SessionId, tuple[int, RecordBroken]] = {}
        """When a log was last found damaged (ms of the monotonic clock), and the error."""
        # Bound: all sessions.
        self._left: dict[SessionId, Status] = {}
        """The status of sessions at the time when they were unloaded."""

    def observe(self, observer: Observer) -> None:
        """Call `observer` from now on with the publications of all sessions."""
        self._observers.append(observer)

    def hold_back_with(self, held_back: Callable[[], Refusal | None]) -> None:
        """Call `held_back` from now on before a session is opened or reopened; a refusal prevents that."""
        self._held_back = held_back

    def count_elsewhere(self, readers: Callable[[SessionId], Mapping[ChannelId, int]]) -> None:
        """Use `readers` to find how many people read each channel of a session at other nodes of the house."""
        self._elsewhere = readers

    def date_by(self, source: Callable[[], Freshness]) -> None:
        """Use `source` to find how fresh the data is, for readers' pulses: a node may have been succeeded unnoticed."""
        self._source = source

    def _dated(self) -> Freshness:
        return self._source()

    def _may_begin(self) -> Refusal | None:
        return self._held_back()

    def tell_loaded(self, told: Callable[[LiveSession], None]) -> None:
        """Call `told` with each session that is loaded now or later. It must not wait."""
        self._loaders.append(told)
        for live in self.all_loaded:
            told(live)

    def tell_forgotten(self, told: Callable[[SessionId], None]) -> None:
        """Call `told` with each session whose log is erased. It must not wait."""
        self._forgetters.append(told)

    async def run(self, started: asyncio.Event) -> None:
        """Own the sessions until cancelled; `started` is set once they can be loaded."""
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
        """The session, loaded from its log if needed; None when it doesn't exist.

        Raises StorageUnavailable, and RecordBroken when its log can't be read.
        """
        if (live := self._loaded.get(session)) is not None:
            live.used = self._clock.monotonic()
            return live
        if not is_name(session) or await self._log.head(session) is None:
            return None
        async with self._lock(session):  # It may have been erased meanwhile.
            if session not in self._loaded and await self._log.head(session) is None:
                return None
            return await self._opened(session)

    async def open(self, session: SessionId) -> LiveSession:
        """The session, loaded if needed; a log is created when there is none. Raises as `find` does."""
        async with self._lock(session):
            return await self._opened(session)

    def _lock(self, session: SessionId) -> asyncio.Lock:
        return self._changing.setdefault(session, asyncio.Lock())

    async def _opened(self, session: SessionId) -> LiveSession:
        """The session, loaded if needed; the caller holds the session's lock."""
        live = self._loaded.get(session)
        if live is None:
            live = self._loaded[session] = await self._load_unless_broken(session)
            self._left.pop(session, None)
        live.used = self._clock.monotonic()
        return live

    async def _load_unless_broken(self, session: SessionId) -> LiveSession:
        found, broken = self._broken.get(session, (0, None))
        if broken is not None and self._clock.monotonic() - found < BROKEN_MS:
            raise RecordBroken(str(broken))
        self._broken.pop(session, None)
        try:
            return await self._load(session)
        except RecordBroken as error:
            self._broken[session] = self._clock.monotonic(), error
            raise

    async def _load(self, session: SessionId) -> LiveSession:
        if self._group is None:
            raise RuntimeError("Sessions can be opened only while `run` is running.")
        writer = SessionWriter(
            session,
            log=self._log,
            clock=self._clock,
            randomness=self._randomness,
            signer=self._signer,
            measures=self._measures,
        )
        writer.hold_back_with(self._may_begin)
        await writer.load()
        fanout = SessionFanout(
            session=session,
            epoch=writer.reader_epoch,
            offset=writer.offset,
            loaded_channels=writer.state.channels,
            log=self._log,
            clock=self._clock,
            measures=self._measures,
            source=self._dated,
            elsewhere=lambda: self._elsewhere(session),
        )
        live = LiveSession(writer, fanout, self._clock)

        def publish(publication: Publication) -> None:
            live.used = self._clock.monotonic()
            fanout.publish(publication)
            for observer in self._observers:
                try:
                    observer(live, publication)
                except Exception as error:  # a failing observer must not stop the session
                    note_failure(error, f"session {session}: an observer failed")

        writer.publish_to(publish)
        self._running[session] = self._group.create_task(live.run())
        logger.info("session %s: it is loaded at offset %d", session, writer.offset)
        for told in self._loaders:
            told(live)
        return live

    def loaded(self, session: SessionId) -> LiveSession | None:
        """The session if it is loaded; else None."""
        return self._loaded.get(session)

    def status_of(self, session: SessionId) -> Status | None:
        """The status of a session as far as it is known without reading its log; else None."""
        live = self._loaded.get(session)
        if live is not None:
            return live.state.status
        return self._left.get(session)

    @property
    def all_loaded(self) -> tuple[LiveSession, ...]:
        """The loaded sessions, in the order of loading."""
        return tuple(self._loaded.values())

    async def forget(self, session: SessionId) -> None:
        """Unload a rehearsal, close its readers' connections and erase its log for good. Does nothing if there is none.

        Raises StorageUnavailable; the session is unloaded then, and calling this again erases it.
        """
        async with self._lock(session):
            if (live := self._loaded.get(session)) is not None:
                await self._unload(live)
            self._left.pop(session, None)
            await self._log.forget(session)
        for told in self._forgetters:
            told(session)

    async def let_go(self, session: SessionId) -> None:
        """Unload a session now, unless somebody uses it. For whoever goes through many and needs each for a moment."""
        if (live := self._loaded.get(session)) is not None:
            live.used = self._clock.monotonic() - self._unused_ms
            await self._unload_unused(live)

    async def names(self) -> Sequence[SessionId]:
        """The ids of all sessions that have a log, sorted."""
        return await self._log.sessions()

    async def _unload_unused(self, live: LiveSession) -> None:
        """Unload a session that has not been needed for a while; `find` loads it again."""
        async with self._lock(live.id):
            if not self._in_use(live):  # It may have been used while this waited for the lock.
                await self._unload(live)
                logger.info("session %s: it is unloaded at offset %d", live.id, live.writer.offset)

    async def _unload(self, live: LiveSession) -> None:
        """Unload a session. `find` doesn't return it from the first step on; the caller holds the lock that prevents
        loading.
        """
        running = self._running.pop(live.id)
        del self._loaded[live.id]
        self._left[live.id] = live.state.status
        running.cancel()
        await asyncio.wait({running})

    def _in_use(self, live: LiveSession) -> bool:
        if self._loaded.get(live.id) is not live or live.state.status in ON or live.busy:
            return True
        now = self._clock.monotonic()
        if live.fanout.figures.readers:
            live.used = now
        return now - live.used < self._unused_ms
