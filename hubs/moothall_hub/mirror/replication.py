"""Connect the uplink with the disk: each message of a session is verified, stored, answered and shown, in that order.

One task handles all messages, so their order is kept. While the disk refuses, that task waits, and so the uplink gets
back-pressure. Nothing is answered or shown before it is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass
from typing import Protocol

from moothall.core.kernel.errors import ProtocolError, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.ports import Clock
from moothall.record.verify import VerifySignature
from moothall.services.supervision.supervising import note_failure
from moothall.services.supervision.waiting import Listeners
from moothall.wire.hubs.messages import Batch, Caught, Erased, FeedPart, FromHub, Leave, Live, Recall, Stopped
from moothall.wire.hubs.records import unpack
from moothall_hub.mirror import copying
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import CopyStep, SessionCopy
from moothall_hub.mirror.erasing import ALL, HubErasure
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.wanted import Want
from moothall_hub.uplink.status_bar import CopyNow

logger = logging.getLogger(__name__)

RETRY_MS = 1_000
"""Milliseconds until the next attempt when the disk refuses."""
STOPPED_MS = 60_000
"""Milliseconds until the hub follows a session again that the server above has stopped, or whose message failed
here."""

FollowMessage = Live | Batch | Caught | Stopped
ReplicationEvent = FollowMessage | Recall
"""A message of the server above about one session."""


class CopyStore(Protocol):
    """Stores copies (`moothall_hub.mirror.mirror`)."""

    async def keep(self, step: CopyStep) -> None:
        """Store a step in one transaction. Raises StorageUnavailable."""
        ...

    async def drop(self, session: SessionId) -> SessionCopy:
        """Erase all that is kept of a session. Raises StorageUnavailable."""
        ...


class CopyAudience(Protocol):
    """The readers of the copies (`moothall.services.reading.mirrored`)."""

    async def take(self, step: CopyStep) -> None:
        """Show the readers a step that is on the disk. Raises StorageUnavailable, RecordBroken."""
        ...

    async def renew(self, session: SessionId) -> None:
        """Read a session from the disk again, since earlier events have changed or it was dropped. Raises as `take`."""
        ...


@dataclass(eq=False, repr=False)
class Replication:
    """Keeps the copies of all sessions up to date. It needs the wanted sessions, each new link, and each message."""

    stored: InitVar[Iterable[SessionCopy]]
    """The copies on the disk at the start."""
    _: KW_ONLY
    store: CopyStore
    shown: CopyAudience
    closed: Callable[[SessionId], bool]
    """Whether a session is closed according to its copy."""
    signed: VerifySignature
    say: Callable[[FromHub], None]
    """Passes a message to the uplink, which drops it while there is no link."""
    missed: MissedSpans
    clock: Clock

    def __post_init__(self, stored: Iterable[SessionCopy]) -> None:
        self._copies = {copy.session: copy for copy in stored}
        self._wanted: Mapping[SessionId, Want] = {}
        self._linked = False
        self.observe = Listeners[[SessionId, frozenset[Lane]]]()
        """Called with the lanes of a session that have new events, or in which missing events were inserted."""
        self._turn = asyncio.Lock()
        """Lets one change run at a time. Otherwise a message that waits for the disk would undo what is asked for
        meanwhile."""
        self.erasing = HubErasure(self.say, self.clock)
        self.storing = True
        """Whether the disk can store new events. While it cannot, nothing new is shown, and the uplink waits."""
        # Each dict is bounded by the sessions that are wanted and those that are held.
        self._again: dict[SessionId, int] = {}
        """When to follow a stopped session again, in monotonic ms."""
        self._following: dict[SessionId, Want] = {}
        """What the hub asked for on this link, by session."""
        self._recalled: dict[SessionId, set[int]] = {}
        """Offsets of `body.removed` events that are not carried out here yet. Their sessions are followed on this link
        until they are."""

    @property
    def copies(self) -> Sequence[SessionCopy]:
        """The copies of all sessions."""
        return tuple(self._copies.values())

    def copy(self, session: SessionId) -> SessionCopy | None:
        """The copy of a session; None where there is none."""
        return self._copies.get(session)

    @property
    def unfinished(self) -> frozenset[SessionId]:
        """Sessions whose copy lacks events, or may get more although nobody wants the session any more."""
        return frozenset(copy.session for copy in self._copies.values() if not self._finished(copy))

    def now(self, session: SessionId) -> CopyNow | None:
        """The state of a copy as its readers see it; None where there is none."""
        copy = self._copies.get(session)
        if copy is None or copy.known is None:
            return None
        return CopyNow(
            filling=copy.live is not None,
            checking=copy.verified < copy.due,
            stopped=copy.broken is not None,
            missed=self.missed.of(session),
            texts=frozenset(copy.followed),
        )

    def events_missing(self) -> int:
        """About how many events are missing in the holes of all copies. An estimate, as offsets count all lanes."""
        return sum(
            max(0, copy.live.begin - copy.known.offset)
            for copy in self._copies.values()
            if copy.known is not None and copy.live is not None
        )

    async def linked(self) -> None:
        """Note that a new link is dialled, and ask for all that is wanted."""
        async with self._turn:
            self._linked = True
            self._following.clear()
            self._recalled.clear()
            self._again.clear()
            await self._ask()

    def cut(self) -> None:
        """Note that the link is gone."""
        self._linked = False
        self._following.clear()
        self._recalled.clear()

    async def want(self, wanted: Mapping[SessionId, Want]) -> None:
        """Set which sessions are wanted from now on, and ask for them if there is a link."""
        async with self._turn:
            self._wanted = wanted
            await self._ask_if_linked()

    async def fetch_again(self, session: SessionId) -> None:
        """Drop a copy, and follow its session from the first event on. Raises StorageUnavailable."""
        async with self._turn:
            await self._drop(session)
            await self._ask_if_linked()

    async def take(self, told: ReplicationEvent) -> None:
        """Process a message about a session. Returns once its events are on the disk."""
        async with self._turn:
            try:
                await self._take(told)
            except Exception as error:  # whatever it was, the other sessions continue
                if isinstance(told, Recall):
                    raise  # The server sends it again on the next link.
                note_failure(
                    error, f"session {told.session}: a message could not be processed; the hub follows it again"
                )
                self._leave(told.session)

    async def _take(self, told: ReplicationEvent) -> None:
        if isinstance(told, Recall):
            await self._recall(told)
            return
        copy = self._copies.get(told.session)
        if copy is None or told.session not in self._following:
            return  # The session is no longer wanted.
        found = self._step(copy, told)
        if isinstance(found, Broken):
            await self._broke(copy, found)
            return
        await self._keep(found)
        self._copies[told.session] = found.copy
        for message in found.say:
            if not isinstance(message, Erased):
                self.say(message)
        if found.copy.stopped:
            self._leave(told.session)
        await self._show(found)
        self.erasing.begun(told.session, found.copy.epoch, _removals(found))
        self._tell(found)
        await self._note_missed(copy, found, told)
        await self._erased(found)

    def _step(self, copy: SessionCopy, told: FollowMessage) -> CopyStep | Broken:
        match told:
            case Live():
                return copying.began(copy, told)
            case Batch():
                return self._batch(copy, told)
            case Caught():
                return copying.caught(copy)
            case Stopped():
                logger.warning("session %s: the server above stopped sending it", told.session)
                return CopyStep(copy=copying.stopped(copy, told))

    def _batch(self, copy: SessionCopy, told: Batch) -> CopyStep | Broken:
        known = copy.known
        if copy.asked or known is None or copy.broken is not None:
            return CopyStep(copy=copy)  # It was sent before the answer to `follow`.
        if told.part is FeedPart.OWN:
            heads, after = copy.own, max([0, *(head.offset for head in copy.own.values())])
        else:
            run = copy.live if told.part is FeedPart.LIVE and copy.live is not None else known
            heads, after = dict(run.heads), run.offset
        try:
            records = unpack(told.data, session=copy.session, epoch=known.epoch, heads=heads, after=after)
        except ProtocolError as error:
            return Broken(after + 1, f"The events after event {after} can't be read: {error}")
        return copying.batch(copy, told.part, records, self.signed, number=told.number)

    async def _broke(self, copy: SessionCopy, found: Broken) -> None:
        logger.error(
            "session %s: copying stopped at event %d, which differs from the centre's log", copy.session, found.offset
        )
        broken = CopyStep(copy=copying.broke(copy, found))
        await self._keep(broken)
        self._copies[copy.session] = broken.copy
        self._following.pop(copy.session, None)
        self.say(Leave(session=copy.session))

    async def _recall(self, told: Recall) -> None:
        """Erase what the message names, which may be here."""
        session = told.session
        copy = self._copies.get(session) or SessionCopy(session=session)
        if told.offset == ALL:
            if copy.epoch == told.epoch:
                await self._drop(session)
            await self.erasing.gone(session)
        elif copying.has_erased(copy, told.epoch, told.offset):
            self.erasing.begun(session, told.epoch, [told.offset])
            await self.erasing.erased(session, [told.offset])
        else:
            self._recalled.setdefault(session, set()).add(told.offset)
            await self._ask_if_linked()

    async def _erased(self, step: CopyStep) -> None:
        """Have the room erase what a step removed, before the removal is reported upwards."""
        copy, offsets = step.copy, _removals(step)
        epoch = copy.epoch
        if epoch is None or not offsets:
            return
        await self.erasing.erased(copy.session, offsets)
        waits = self._recalled.get(copy.session)
        if waits is not None:
            waits.difference_update([each for each in waits if copying.has_erased(copy, epoch, each)])
            if not waits:
                del self._recalled[copy.session]
                await self._ask_if_linked()

    async def _keep(self, step: CopyStep) -> None:
        while True:
            try:
                await self.store.keep(step)
            except StorageUnavailable:
                if self.storing:
                    logger.warning("session %s: the copy can't be stored at the moment", step.copy.session)
                self.storing = False
                await self.clock.sleep(RETRY_MS)
                continue
            if not self.storing:
                logger.warning("session %s: the disk stores copies again", step.copy.session)
            self.storing = True
            return

    def _leave(self, session: SessionId) -> None:
        """Unsubscribe from a session for `STOPPED_MS`."""
        if self._following.pop(session, None) is not None:
            self._again[session] = self.clock.monotonic() + STOPPED_MS
            self.say(Leave(session=session))

    def _tell(self, step: CopyStep) -> None:
        lanes = {record.header.lane for record in step.records}
        if step.renew and step.copy.known is not None:
            lanes |= step.copy.known.lanes
        if lanes:
            self.observe.tell(step.copy.session, frozenset(lanes))

    async def _show(self, step: CopyStep) -> None:
        session = step.copy.session
        try:
            await self.shown.take(step)
        except (StorageUnavailable, RecordBroken) as error:
            # The step is on the disk, and the readers' side continues from the disk.
            note_failure(error, f"session {session}: readers can't be shown it at the moment")

    async def _note_missed(self, before: SessionCopy, step: CopyStep, told: FollowMessage) -> None:
        """Keep which span of the session arrived late, so that its readers can be told."""
        if isinstance(told, Live) and step.copy.live is not None and not told.goes_on:
            begun = before.known is not None and bool(before.known.heads)
            self.missed.begin(told.session, worth=begun)
        elif isinstance(told, Batch) and told.part is FeedPart.MISSED:
            self.missed.add(told.session, step.records, step.copy.followed[:1])
        # The last missing event may also arrive among the live ones.
        if before.live is not None and step.copy.live is None and not isinstance(told, Live):
            try:
                await self.missed.end(told.session)
            except StorageUnavailable:
                logger.warning("session %s: the missed span can't be stored at the moment", told.session)

    async def _drop(self, session: SessionId) -> None:
        self._copies[session] = await self.store.drop(session)
        self._again.pop(session, None)
        logger.warning("session %s: the hub deleted its copy", session)
        await self.shown.renew(session)
        if self._following.pop(session, None) is not None:
            self.say(Leave(session=session))

    async def _ask_if_linked(self) -> None:
        if self._linked:
            await self._ask()

    async def _ask(self) -> None:
        held = {session: self._copies[session] for session in self._recalled if session in self._copies}
        recalled = {session: Want(channels=copy.channels, words=copy.words) for session, copy in held.items()}
        wanted = {**recalled, **self._wanted}
        for session in [session for session in self._following if session not in wanted]:
            del self._following[session]
            self.say(Leave(session=session))
        for session, want in wanted.items():
            copy = self._copies.get(session) or SessionCopy(session=session)
            later = self.clock.monotonic() < self._again.get(session, 0)
            if self._following.get(session) == want or copy.broken is not None or later:
                continue
            self._again.pop(session, None)
            asked, message = copying.follow(copy, want.channels, words=want.words)
            if (copy.channels, copy.words) != (asked.channels, asked.words):
                await self._keep(
                    CopyStep(copy=asked)
                )  # The rest is about this link only: a dial writes nothing to the disk.
            self._copies[session] = asked
            self._following[session] = want
            self.say(message)

    def _finished(self, copy: SessionCopy) -> bool:
        return copy.broken is not None or copy.known is None or (copy.whole and self.closed(copy.session))


def _removals(step: CopyStep) -> list[int]:
    """Offsets of the `body.removed` events that the step carries out."""
    return [message.offset for message in step.say if isinstance(message, Erased)]
