"""Sessions that are written on another server, for readers' doors at a hub or at a node that stands by.

Each is folded from the copy on the disk and has a fan-out of its own; the counterpart of
`moothall.services.sessions.sessions`. A hub's copy may have a hole for a while. Then the events that it has are shown,
and an event that refers to something in the hole has no effect; when the hole is filled, everything is folded anew and
every reader gets a snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from moothall.core.chain import LogRecord
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.types import AnyEvent
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId, is_name
from moothall.core.kernel.lanes import is_public
from moothall.core.ports import Clock, LogReading
from moothall.core.sessions.state import ON, State, evolve
from moothall.core.signals import AnySignal
from moothall.services.log.publication import Publication, republished
from moothall.services.metrics.measures import Measures
from moothall.services.reading.fanout import SessionFanout
from moothall.services.supervision.supervising import RestartBudget, failure_of, note_failure
from moothall.services.supervision.waiting import Listeners
from moothall.wire.frames import HERE, Freshness

logger = logging.getLogger(__name__)

PAGE = 250
"""Records per read; then the event loop gets a turn."""
LOOK_MS = 60_000
"""How often sessions are looked for that can be unloaded."""
UNUSED_MS = 600_000
"""How long a session that isn't on may be unused before it is unloaded."""
STORAGE_MS = 1_000
"""The delay before an unreadable copy is read again."""


class MirroredCopy(Protocol):
    """The copy of one session's log."""

    @property
    def session(self) -> SessionId:
        """The session's id."""
        ...

    @property
    def epoch(self) -> Epoch | None:
        """The epoch of the copied log; None while nothing of it is here."""
        ...

    @property
    def reader_epoch(self) -> Epoch:
        """The epoch in readers' positions."""
        ...


class CopyReading(LogReading, Protocol):
    """The copies on the disk."""

    async def copy(self, session: SessionId) -> MirroredCopy | None:
        """The copy of a session; None where there never was one. Raises StorageUnavailable and RecordBroken."""
        ...


class StoredChange(Protocol):
    """A change of one copy that is on the disk."""

    @property
    def copy(self) -> MirroredCopy:
        """The copy after the change."""
        ...

    @property
    def records(self) -> Sequence[LogRecord]:
        """New records, in order of their offsets."""
        ...

    @property
    def erase(self) -> Sequence[int]:
        """Offsets of events whose bodies were removed."""
        ...

    @property
    def show(self) -> bool:
        """Whether the records directly follow what readers have, so that they can be sent unchanged."""
        ...

    @property
    def renew(self) -> bool:
        """Whether something was inserted into the middle, so that the session has to be folded anew."""
        ...


class MirroredSession:
    """A loaded session that is folded from a copy."""

    def __init__(self, copy: MirroredCopy, fanout: SessionFanout) -> None:
        self.copy = copy
        self.state = State(id=copy.session)
        """The fold of all lanes that are here: the public ones and, at a hub, its own."""
        self.fanout = fanout
        self.reached: dict[Lane, int] = {}
        """The offset of the last event of each lane that is folded into `state`."""
        self.stale = False
        """Whether unreadable events were added or erased: the session is folded anew once they can be read."""
        self.used = 0
        """When it was last found or changed; ms of the monotonic clock."""

    @property
    def id(self) -> SessionId:
        """The session's id."""
        return self.copy.session

    @property
    def offset(self) -> int:
        """The offset of the last event of a public lane."""
        return max([0, *(offset for lane, offset in self.reached.items() if is_public(lane))])

    def fold(self, records: Sequence[LogRecord]) -> None:
        """Fold the next records of each lane; those that are folded already are skipped. Raises RecordBroken."""
        for record in records:
            lane, offset = record.header.lane, record.header.offset
            if offset > self.reached.get(lane, 0):
                event = None if record.body is None else decode_event(record.body)
                self.state = _after(self.state, event, record.header.at)
                self.reached[lane] = offset


CopyObserver = Callable[[MirroredSession, Publication], None]
"""Called with new events of a session, after readers got them. It must not wait, and must not keep any text."""


@dataclass(eq=False, repr=False)
class MirroredSessions:
    """All sessions with a copy here. `run` owns their tasks; sessions can be loaded only while it is running."""

    copies: CopyReading
    clock: Clock
    _: KW_ONLY
    unused_ms: int = UNUSED_MS
    source: Callable[[], Freshness] = lambda: HERE
    """Returns how fresh new events are."""
    measures: Measures | None = None
    """Measures shared by all sessions; without them, each session has its own."""
    loads: bool = True
    """Whether a session is loaded when new events arrive; else only by `find`."""

    def __post_init__(self) -> None:
        self._loaded: dict[SessionId, MirroredSession] = {}
        self._running: dict[SessionId, asyncio.Task[None]] = {}
        # Serialises loading, changing and unloading of each session. Bound: all sessions.
        self._changing: dict[SessionId, asyncio.Lock] = {}
        self._group: asyncio.TaskGroup | None = None
        self._observers: list[CopyObserver] = []
        self.tell_renewed = Listeners[[SessionId]]()
        """Called with each session into whose middle something was inserted, or from which something was removed."""

    def observe(self, observer: CopyObserver) -> None:
        """Call `observer` from now on with new events of any session."""
        self._observers.append(observer)

    async def run(self, started: asyncio.Event) -> None:
        """Own the sessions until cancelled; `started` is set once they can be loaded."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            started.set()
            try:
                while True:
                    await self.clock.sleep(LOOK_MS)
                    for live in self.all_loaded:
                        await self._unload_unused(live)
            finally:
                self._group = None

    async def find(self, session: SessionId) -> MirroredSession | None:
        """The session, loaded from its copy if needed; None when there is none.

        Raises StorageUnavailable, and RecordBroken when the copy can't be read.
        """
        live = self._loaded.get(session)
        if live is None and is_name(session):
            async with self._lock(session):
                live = self._loaded.get(session) or await self._load(session)
        if live is not None:
            live.used = self.clock.monotonic()
        return live

    def loaded(self, session: SessionId) -> MirroredSession | None:
        """The session if it is loaded; else None."""
        return self._loaded.get(session)

    @property
    def all_loaded(self) -> tuple[MirroredSession, ...]:
        """The loaded sessions, in the order of loading."""
        return tuple(self._loaded.values())

    async def names(self) -> Sequence[SessionId]:
        """The ids of all sessions with a copy, sorted. Raises StorageUnavailable."""
        return await self.copies.sessions()

    async def take(self, step: StoredChange) -> None:
        """Show a step to readers, once it is on the disk. Steps of one session must be in order.

        Raises as `find` does; then showing is retried in the background.
        """
        session = step.copy.session
        live = self._loaded.get(session)
        if step.renew or (live is not None and live.stale):
            await self.renew(session)
            return
        async with self._lock(session):
            live = self._loaded.get(session)
            if live is None:
                # Loading includes these records; they are still reported to observers below.
                live = await self._load(session) if step.records and self.loads else None
            if live is None:
                return
            live.copy = step.copy
            if step.records or step.erase:  # A step without events (a lost uplink) must not keep the session in memory.
                live.used = self.clock.monotonic()
            if step.erase:
                async with self._tried_again(live):
                    await self._fold_anew(live)
            if step.show:
                live.fold(step.records)
                self._publish(live, step.records)

    def signal(self, session: SessionId, signals: Sequence[AnySignal]) -> None:
        """Send signals to a session's readers, if it is loaded."""
        live = self._loaded.get(session)
        if live is not None and signals:
            live.fanout.publish(Publication(session=session, signals=tuple(signals)))

    async def renew(self, session: SessionId) -> None:
        """Fold a session anew from its copy: something was inserted into its middle, or the copy was dropped.

        If the copy was dropped, the session is unloaded and its readers' connections are closed. Raises as `find` does.
        """
        async with self._lock(session):
            try:
                await self._renew(session)
            finally:
                self.tell_renewed.tell(session)

    async def _renew(self, session: SessionId) -> None:
        live = self._loaded.get(session)
        if live is not None:
            async with self._tried_again(live):
                if not await self._renewed_from_copy(live):
                    await self._unload(live)

    @asynccontextmanager
    async def _tried_again(self, live: MirroredSession) -> AsyncIterator[None]:
        """Have the session folded later if it can't be read now: else its readers would never get what it lacks."""
        try:
            yield
        except (StorageUnavailable, RecordBroken):
            if not live.stale and self._group is not None:
                live.stale = True
                self._group.create_task(self._catch_up(live))
            raise

    async def _catch_up(self, live: MirroredSession) -> None:
        await self.clock.sleep(STORAGE_MS)
        if live.stale and self._loaded.get(live.id) is live and not await self._begun_again(live):
            async with self._lock(live.id):
                if self._loaded.get(live.id) is live:
                    await self._unload(live)

    def _publish(self, live: MirroredSession, records: Sequence[LogRecord]) -> None:
        # A session that was just loaded has these records already.
        reached = live.fanout.position.offset
        public = [each for each in records if is_public(each.header.lane)]
        publication = republished(live.id, [each for each in public if each.header.offset > reached])
        if publication.records:
            live.fanout.publish(publication)
        told = republished(live.id, public)
        for observer in self._observers if told.records else ():
            try:
                observer(live, told)
            except Exception as error:  # a failing observer must not stop the session
                note_failure(error, f"session {live.id}: an observer failed")

    def _lock(self, session: SessionId) -> asyncio.Lock:
        return self._changing.setdefault(session, asyncio.Lock())

    async def _load(self, session: SessionId) -> MirroredSession | None:
        """Load the session from its copy; None where there is none. The caller holds the lock."""
        if self._group is None:
            raise RuntimeError("Sessions can be loaded only while `run` is running.")
        copy = await self.copies.copy(session)
        if copy is None or copy.epoch is None:
            return None
        fanout = SessionFanout(
            session=session,
            epoch=copy.reader_epoch,
            offset=0,
            loaded_channels=(),
            log=self.copies,
            clock=self.clock,
            gapless=False,
            source=self.source,
            measures=self.measures,
        )
        live = MirroredSession(copy, fanout)
        await self._renewed_from_copy(live)
        self._loaded[session] = live
        live.used = self.clock.monotonic()
        self._running[session] = self._group.create_task(self._keep_going(live))
        logger.info("session %s: its copy is loaded at offset %d", session, live.offset)
        return live

    async def _renewed_from_copy(self, live: MirroredSession) -> bool:
        """Fold the session from its copy. Return whether there is a copy. The caller holds the lock."""
        copy = await self.copies.copy(live.id)
        if copy is None or copy.epoch is None:
            return False
        await self._fold_anew(live)
        live.copy, live.stale = copy, False
        live.fanout.renew(epoch=copy.reader_epoch, offset=live.offset, channels=live.state.channels)
        return True

    async def _fold_anew(self, live: MirroredSession) -> None:
        fresh, offset = MirroredSession(live.copy, live.fanout), 0
        while page := await self.copies.read(live.id, offset, PAGE):
            fresh.fold(page)
            offset = page[-1].header.offset
            await asyncio.sleep(0)
        live.state, live.reached = fresh.state, fresh.reached

    async def _keep_going(self, live: MirroredSession) -> None:
        """Run the session's fan-out, and restart it from the copy when it fails. At the end readers' connections are
        closed.
        """
        tries = RestartBudget(self.clock)
        try:
            while (failure := await failure_of(live.fanout.run)) is not None:
                note_failure(failure, f"session {live.id}: the fan-out failed and restarts")
                if not await tries.again() or not await self._begun_again(live):
                    logger.error("session %s: the fan-out stopped until the session is loaded again", live.id)
                    return
        finally:
            live.fanout.end()
            if self._loaded.get(live.id) is live:
                del self._loaded[live.id]

    async def _begun_again(self, live: MirroredSession) -> bool:
        while True:
            try:
                async with self._lock(live.id):
                    return await self._renewed_from_copy(live)
            except StorageUnavailable:
                await self.clock.sleep(STORAGE_MS)
            except Exception as error:  # a failure must not affect other sessions
                note_failure(error, f"session {live.id}: the copy can't be read")
                return False

    async def _unload_unused(self, live: MirroredSession) -> None:
        async with self._lock(live.id):
            if not self._in_use(live):  # It may have been used while this waited for the lock.
                await self._unload(live)
                logger.info("session %s: its copy is unloaded", live.id)

    async def _unload(self, live: MirroredSession) -> None:
        """Unload a session; `find` doesn't return it from the first step on. The caller holds the lock."""
        running = self._running.pop(live.id)
        del self._loaded[live.id]
        running.cancel()
        await asyncio.wait({running})
        live.fanout.end()  # In case its task was cancelled before it started.

    def _in_use(self, live: MirroredSession) -> bool:
        if self._loaded.get(live.id) is not live or live.state.status in ON:
            return True
        now = self.clock.monotonic()
        if live.fanout.figures.readers:
            live.used = now
        return now - live.used < self.unused_ms


def _after(state: State, event: AnyEvent | UnknownEvent | None, at: int) -> State:
    """The state after an event; unchanged where the event refers to something in a hole, or in a lane that a hub
    doesn't get.
    """
    try:
        return evolve(state, event, at)
    except LookupError:
        return state
