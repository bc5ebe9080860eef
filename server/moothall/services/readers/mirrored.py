"""Sessions that are written elsewhere, as readers' doors know them: at a hub, and at a node that stands by.

Each is folded from the copy on the disk, with a fan-out of its own. They are what `moothall.services.sessions.sessions`
is where sessions are written. A hub's copy may have a hole for a while. Then what is there is shown, and an event that
speaks of something in the hole changes nothing; when the hole is filled, all is folded anew and every reader gets a
snapshot.
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
from moothall.core.session.state import ON, State, evolve
from moothall.core.signals import AnySignal
from moothall.services.log.publication import Publication, republished
from moothall.services.metrics.measures import Measures
from moothall.services.readers.fanout import SessionFanout
from moothall.services.supervision.supervising import RestartBudget, failure_of, note_failure
from moothall.services.supervision.waiting import Listeners
from moothall.wire.frames import HERE, Source

logger = logging.getLogger(__name__)

PAGE = 250
"""Records read at once; then others get their turn."""
LOOK_MS = 60_000
"""How often sessions are looked for that nobody needs in memory."""
UNUSED_MS = 600_000
"""How long nobody has read a session that isn't on, before it is unloaded."""
STORAGE_MS = 1_000
"""How often copies are asked for again that can't be read."""


class Copy(Protocol):
    """What is here of one session."""

    @property
    def session(self) -> SessionId:
        """Its id."""
        ...

    @property
    def epoch(self) -> Epoch | None:
        """Of the log that is copied; None while nothing of it is here."""
        ...

    @property
    def reader_epoch(self) -> Epoch:
        """What readers' positions are told apart by."""
        ...


class CopyReading(LogReading, Protocol):
    """What is on the disk."""

    async def copy(self, session: SessionId) -> Copy | None:
        """The copy of a session; None where there never was one. Raises StorageUnavailable, RecordBroken."""
        ...


class Step(Protocol):
    """What has come of one session, and is on the disk by now."""

    @property
    def copy(self) -> Copy:
        """What is here with it."""
        ...

    @property
    def records(self) -> Sequence[LogRecord]:
        """In order of their offsets."""
        ...

    @property
    def erase(self) -> Sequence[int]:
        """Events whose bodies went."""
        ...

    @property
    def show(self) -> bool:
        """Whether the records follow on what readers have, and go out to them as they are."""
        ...

    @property
    def renew(self) -> bool:
        """Whether something came into the middle: what readers see is folded anew."""
        ...


class MirroredSession:
    """A session that has a copy here."""

    def __init__(self, copy: Copy, fanout: SessionFanout) -> None:
        self.copy = copy
        self.state = State(id=copy.session)
        """The fold of all lanes that are here: the public ones and, at a hub, its own."""
        self.fanout = fanout
        self.reached: dict[Lane, int] = {}
        """The last event of each lane that `state` is made of."""
        self.stale = False
        """Whether unreadable events were added or erased: the session is folded again as soon as they can be read."""
        self.used = 0
        """When somebody last asked for it, or something came; ms of the monotonic clock."""

    @property
    def id(self) -> SessionId:
        """Its id."""
        return self.copy.session

    @property
    def offset(self) -> int:
        """The last event of a public lane."""
        return max([0, *(offset for lane, offset in self.reached.items() if is_public(lane))])

    def fold(self, records: Sequence[LogRecord]) -> None:
        """Take in what follows in each lane; what is folded already is passed over. Raises RecordBroken."""
        for record in records:
            lane, offset = record.header.lane, record.header.offset
            if offset > self.reached.get(lane, 0):
                event = None if record.body is None else decode_event(record.body)
                self.state = _after(self.state, event, record.header.at)
                self.reached[lane] = offset


Observer = Callable[[MirroredSession, Publication], None]
"""Told of what came and follows on what was there, after it went to the readers. Must not wait, and keeps no text."""


@dataclass(eq=False, repr=False)
class MirroredSessions:
    """The sessions that are copied here. `run` owns their tasks; no session can be loaded before it runs."""

    copies: CopyReading
    clock: Clock
    _: KW_ONLY
    unused_ms: int = UNUSED_MS
    source: Callable[[], Source] = lambda: HERE
    """How fresh new events are."""
    measures: Measures | None = None
    """What all sessions add to; without it, each its own."""
    loads: bool = True
    """Whether a session is loaded when something comes, and not before somebody asks for it."""

    def __post_init__(self) -> None:
        self._loaded: dict[SessionId, MirroredSession] = {}
        self._running: dict[SessionId, asyncio.Task[None]] = {}
        # One at a time loads, changes or unloads a session. Bound: the sessions that there are.
        self._changing: dict[SessionId, asyncio.Lock] = {}
        self._group: asyncio.TaskGroup | None = None
        self._observers: list[Observer] = []
        self.tell_renewed = Listeners[[SessionId]]()
        """Told of each session of which something came into the middle, or went."""

    def observe(self, observer: Observer) -> None:
        """From now on call `observer` with new events of any session."""
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
        """The session, loaded from its copy if need be; None when there is none.

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
        """The session if it is loaded."""
        return self._loaded.get(session)

    @property
    def all_loaded(self) -> tuple[MirroredSession, ...]:
        """Those that are loaded, in the order in which they were."""
        return tuple(self._loaded.values())

    async def names(self) -> Sequence[SessionId]:
        """All sessions that there is a copy of, in order of their names. Raises StorageUnavailable."""
        return await self.copies.sessions()

    async def take(self, step: Step) -> None:
        """Show what a step has brought, once it is on the disk. Steps of one session come in their order.

        Raises as `find` does; then it is tried again until all of it is shown.
        """
        session = step.copy.session
        live = self._loaded.get(session)
        if step.renew or (live is not None and live.stale):
            await self.renew(session)
            return
        async with self._lock(session):
            live = self._loaded.get(session)
            if live is None:
                # It is loaded with all that has come, so observers hear of that; and with it it stays loaded.
                live = await self._load(session) if step.records and self.loads else None
            if live is None:
                return
            live.copy = step.copy
            if step.records or step.erase:  # Else only the line was away, which keeps nothing in memory.
                live.used = self.clock.monotonic()
            if step.erase:
                async with self._tried_again(live):
                    await self._fold_anew(live)
            if step.show:
                live.fold(step.records)
                self._publish(live, step.records)

    def signal(self, session: SessionId, signals: Sequence[AnySignal]) -> None:
        """Show how a session's texts are doing, if it is loaded."""
        live = self._loaded.get(session)
        if live is not None and signals:
            live.fanout.publish(Publication(session=session, signals=tuple(signals)))

    async def renew(self, session: SessionId) -> None:
        """Fold a session anew from its copy: something came into the middle, or all of it was dropped.

        Then readers are sent away, until something has come again. Raises as `find` does.
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
        """What can't be read for now is folded later: else its readers would never get what has come meanwhile."""
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
        # When it has just been loaded, it has them already.
        reached = live.fanout.position.offset
        public = [each for each in records if is_public(each.header.lane)]
        publication = republished(live.id, [each for each in public if each.header.offset > reached])
        if publication.records:
            live.fanout.publish(publication)
        told = republished(live.id, public)
        for observer in self._observers if told.records else ():
            try:
                observer(live, told)
            except Exception as error:  # whoever only looks on doesn't stop a session
                note_failure(error, f"session {live.id}: an observer failed")

    def _lock(self, session: SessionId) -> asyncio.Lock:
        return self._changing.setdefault(session, asyncio.Lock())

    async def _load(self, session: SessionId) -> MirroredSession | None:
        """The session from its copy; None where there is none. The caller holds the lock."""
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
        """Fold it from its copy; returns whether there is a copy. The caller holds the lock."""
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
        """Keep its fan-out going, and begin it again from the copy when it fails. At the end readers are sent away."""
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
            except Exception as error:  # whatever it was, the other sessions are there still
                note_failure(error, f"session {live.id}: the copy can't be read")
                return False

    async def _unload_unused(self, live: MirroredSession) -> None:
        async with self._lock(live.id):
            if not self._in_use(live):  # It may be by now.
                await self._unload(live)
                logger.info("session %s: its copy is unloaded", live.id)

    async def _unload(self, live: MirroredSession) -> None:
        """Nobody finds it any more once this has begun. The caller holds the lock."""
        running = self._running.pop(live.id)
        del self._loaded[live.id]
        running.cancel()
        await asyncio.wait({running})
        live.fanout.end()  # Where it was not even begun.

    def _in_use(self, live: MirroredSession) -> bool:
        if self._loaded.get(live.id) is not live or live.state.status in ON:
            return True
        now = self.clock.monotonic()
        if live.fanout.figures.readers:
            live.used = now
        return now - live.used < self.unused_ms


def _after(state: State, event: AnyEvent | UnknownEvent | None, at: int) -> State:
    """The state after an event, or as it was where what the event speaks of lies in a hole, or in no lane of a hub."""
    try:
        return evolve(state, event, at)
    except LookupError:
        return state
