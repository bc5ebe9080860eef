"""Keeps the logs of a node that stands by up to date with the shared logs, so that it can take the house over at any
moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import LogTrimmed, RecordBroken, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Asides, Clock, LogChanges, LogHead, NodeLog, SingleCopies
from moothall.services.cluster.copying import PAGE, Copied, Readable, common_end, copy, refuse_contradiction
from moothall.services.supervision.waiting import until_set

logger = logging.getLogger(__name__)

FOLLOW_MS = 250
"""Interval between two polls for changes of the shared logs, in ms; `ring` starts a poll at once."""
SOON_MS = 1_000
"""An event that arrives less than this long (ms) after a poll that brought all copies up to date was written in that
time."""
STALE_MS = 10_000
"""How long the copy of one session may lack events that this node's disk refuses, in ms, before its readers are sent to
another node: words may have been removed meanwhile."""
REFUSED = Backoff(first_ms=FOLLOW_MS, last_ms=5_000)
"""Back-off between two attempts to store events of a session that this node's disk refuses."""
WHOLE_MS = 60_000
"""Interval at which all logs are compared, in ms: a Redis that was emptied and refilled counts its changes from 1
again."""


class FollowedLogs(Readable, Protocol):
    """The logs that the copies follow: the logs that all nodes share (`SharedLog`), or those of another node."""

    async def changed(self, after: int, count: str = "", /) -> LogChanges:
        """The logs that have changed after change `after` (`SharedLog.changed`)."""
        ...

    async def head(self, session: SessionId, /) -> LogHead | None:
        """The head of a session's log; None where the session has no log."""
        ...

    async def first(self, session: SessionId, /) -> int:
        """Offset of the first event that the log still has, or will get."""
        ...


class Came(NamedTuple):
    """The arrival of an event at this node."""

    offset: int
    since: int
    """When it arrived, in ms of this node's monotonic clock."""


class _Unstored(NamedTuple):
    """The changes of one session that this node's own log has refused to store."""

    since: int
    """When the log first refused, in ms of the monotonic clock."""
    forgotten: Epoch | None
    """Epoch of an erased log, whose copy must be erased before anything else is stored; None where no erasure waits."""
    head: LogHead | None
    """Head of the shared log up to which the copy has to be brought after that; None where there is no log."""
    failures: int
    """Number of failed attempts in a row, less one."""
    again: int
    """When the next attempt is due, in ms of the same clock."""


@dataclass(eq=False, repr=False)
class LogFollower:
    """The copies of a node that stands by. Nothing else writes the node's own logs while `run` runs."""

    shared: FollowedLogs
    own: NodeLog
    clock: Clock
    _: KW_ONLY
    every_ms: int = FOLLOW_MS
    archive: Readable | None = None
    """Source of events that the shared logs have trimmed: the keeper. None where there is no such source."""
    then: Callable[[], Awaitable[None]] | None = None
    """Called by `run` each time when every copy is up to date with its shared log (except where this node's disk
    refuses) and the observers were notified. Raises StorageUnavailable."""
    asides: Asides | None = None
    """Store for the end of a copy that contradicts the shared log. Where it is None, such a copy is left unchanged."""
    singles: SingleCopies | None = None
    """Notes of the events that this node alone had as the keeper. A note is closed once the shared log has these
    events, or they were set aside."""
    erase_sound: Callable[[SessionId], Awaitable[None]] | None = None
    """Deletes the sound that this node has of a session whose log was erased. Raises StorageUnavailable."""
    copies: dict[SessionId, LogHead] = field(default_factory=dict)
    """Head of each copy, as far as it is known. Bound: the sessions that there are."""

    came: dict[SessionId, Came] = field(default_factory=dict)
    """Arrival of the last event of each copy; left out where it may have been written long before it arrived. Bound:
    the sessions that there are."""
    reached_at: int | None = None
    """When the last completed round that brought every copy up to date began, in ms of the monotonic clock; None before
    the first."""

    def __post_init__(self) -> None:
        self._whole = self.clock.monotonic()
        """When all logs were last compared, in ms of the monotonic clock."""
        self._change = 0
        """The last change of the shared logs that this node has seen."""
        self.count = ""
        """The id of the count that this change belongs to; empty before it was read."""
        self._looked = bool(self.copies)
        """Whether `copies` holds all copies of this node, those of logs that the shared store has lost included."""
        # Bound: the sessions that there are, here and in the two collections below.
        self._refused: set[SessionId] = set()
        """Sessions whose copy contradicts the shared log."""
        self._unstored: dict[SessionId, _Unstored] = {}
        """Sessions of which the own log refuses to store something. Their changes are retried; the other sessions
        continue."""
        self._stale: set[SessionId] = set()
        """The sessions of `_unstored` whose changes have been refused for `STALE_MS`."""
        self._answers = False
        """Whether the shared logs have answered an extra request in this round, so that they are known to be reachable.
        """
        self._reached = True
        self._rung = asyncio.Event()
        # Bound: the sessions that are read at this node.
        self._behind: dict[SessionId, int] = {}
        """Last offset, by the keeper's report, of the logs of sessions that are read at this node and lag behind."""
        self._observer: Copied | None = None
        self._renewed: Callable[[SessionId], Awaitable[None]] | None = None

    def observe(self, observer: Copied, renewed: Callable[[SessionId], Awaitable[None]]) -> None:
        """Register the observers. `observer` is called with each batch that was copied; `renewed` with each session
        whose copy was changed in another way than by appending. The next batch is copied when the call has returned.
        """
        self._observer, self._renewed = observer, renewed

    def ring(self) -> None:
        """Make `run` poll at once, since something has changed."""
        self._rung.set()

    def ring_for(self, session: SessionId, offset: int) -> None:
        """Note that the log of a session that is read here ends at `offset` by the keeper's report, and make `run` poll
        at once.

        While the shared logs can't be reached, `run` reads these events from the keeper, which continues with one copy.
        """
        self._behind[session] = offset
        self._rung.set()

    def end(self, session: SessionId) -> int:
        """Last offset of this node's copy of a session; 0 where there is no copy."""
        head = self.copies.get(session)
        return 0 if head is None else head.offset

    def follows(self, session: SessionId) -> bool:
        """Whether there is a copy that can be continued from the shared log."""
        return session in self.copies and session not in self._refused and session not in self._unstored

    def shows(self, session: SessionId) -> bool:
        """Whether the copy of a session may be shown to readers. A copy that can't learn of removals may not."""
        return session in self.copies and session not in self._refused and session not in self._stale

    @property
    def looked(self) -> bool:
        """Whether all copies of this node are known."""
        return self._looked

    @property
    def reach(self) -> int:
        """Number of events in all copies together."""
        return sum(head.offset for head in self.copies.values())

    async def run(self) -> None:
        """Follow the shared logs until cancelled. Failed reads and writes are retried."""
        while True:
            self._rung.clear()
            try:
                await self._bring_up()
                if self.then is not None:
                    await self.then()
                self._reached = True
            except StorageUnavailable as error:
                if self._reached:  # Logged once per outage.
                    logger.warning("cluster: the shared logs can't be followed (%s)", type(error).__name__)
                self._reached = False
                await self._read_at_keeper()
            await until_set(self._rung, self.clock, self.every_ms)

    async def catch_up(self) -> None:
        """Bring every copy up to the present head of its shared log.

        Raises StorageUnavailable, also where this node's disk refuses events of one session; all other sessions are
        brought up nevertheless. A log that contradicts its copy or can't be read is logged and left unchanged.
        """
        self._unstored = {session: refused._replace(again=0) for session, refused in self._unstored.items()}
        await self._bring_up()
        if self._unstored:
            raise StorageUnavailable(f"This node's disk can't store copied events of {len(self._unstored)} sessions.")

    async def _bring_up(self) -> None:
        """As `catch_up`, but changes that this node's disk refuses wait until their next attempt is due. Raises
        StorageUnavailable where the shared logs can't be reached.
        """
        now = self.clock.monotonic()
        self._answers = False
        if not self._looked:
            await self._look()
        if now - self._whole >= WHOLE_MS:
            self._change, self._whole = 0, now
        for session, refused in list(self._unstored.items()):
            if now >= refused.again:
                await self._take(session, refused.forgotten, refused.head)
            await self._note_stale(session)
        while True:
            changes = await self.shared.changed(self._change, self.count)
            for session, epoch in changes.forgotten.items():
                await self._take(session, epoch, None)
            for session, head in changes.heads.items():
                before = self._unstored.get(session)
                await self._take(session, None if before is None else before.forgotten, head)
            self._change, self.count = changes.upto, changes.count
            if not changes.heads and not changes.forgotten:
                break
        await self._look_for_told()
        self.reached_at = now

    async def _look_for_told(self) -> None:
        """Bring up the sessions that the keeper has reported as longer and that no change of the shared logs named."""
        for session, offset in list(self._behind.items()):
            there = self.copies.get(session)
            if there is None or there.offset >= offset or session in self._refused or session in self._unstored:
                del self._behind[session]
            elif (head := await self.shared.head(session)) is not None:
                await self._take(session, None, head)

    async def _take(self, session: SessionId, forgotten: Epoch | None, head: LogHead | None) -> None:
        """Erase the copy of an erased log (epoch `forgotten`), then bring the copy up to `head`. Changes that this
        node's disk refuses are kept for the next attempt. Raises StorageUnavailable where the shared logs can't be
        reached.
        """
        before = self._unstored.get(session)
        if before is not None and before.forgotten is not None:
            forgotten = before.forgotten  # No event of a later log has been copied yet.
        if before is not None and self.clock.monotonic() < before.again:
            self._unstored[session] = before._replace(forgotten=forgotten, head=head)
            return
        try:
            if forgotten is not None:
                await self._forget(session, forgotten)
            forgotten = None
            if head is not None:
                await self._follow(session, head)
                await self._note_single(session, head)
        except StorageUnavailable as error:
            if not self._answers:
                await self.shared.head(session)
                self._answers = True  # The shared logs answer, so the error is of this node's disk.
            self._note_unstored(session, error, forgotten, head)
            return
        if before is not None:
            del self._unstored[session]
            self._stale.discard(session)
            logger.info("session %s: the disk stores copied events again", session)

    def _note_unstored(
        self, session: SessionId, error: StorageUnavailable, forgotten: Epoch | None, head: LogHead | None
    ) -> None:
        before, now = self._unstored.get(session), self.clock.monotonic()
        if before is None:
            logger.error("session %s: copied events can't be stored; retrying. %s", session, error)
        since, failures = (now, 0) if before is None else (before.since, before.failures + 1)
        self._unstored[session] = _Unstored(since, forgotten, head, failures, now + REFUSED.wait_ms(failures))

    async def _note_stale(self, session: SessionId) -> None:
        refused = self._unstored.get(session)
        late = refused is not None and self.clock.monotonic() - refused.since >= STALE_MS
        if late and session not in self._stale:
            self._stale.add(session)
            await self._notify_renewed(session)

    async def _notify_renewed(self, session: SessionId) -> None:
        if self._renewed is not None:
            await self._renewed(session)

    async def _read_at_keeper(self) -> None:
        """Read from the keeper, while the shared logs can't be reached, the events that it has reported. They are
        decided: the shared logs will get the same.
        """
        for session, offset in list(self._behind.items()):
            head = self.copies.get(session)
            if self.archive is None or head is None or head.offset >= offset or session in self._refused:
                del self._behind[session]
                continue
            try:
                await self._copied_from(self.archive, session, head)
            # Events that it has not got by then will come from the shared logs.
            except (RecordBroken, StorageUnavailable) as error:
                logger.debug("session %s: it can't be read at the keeper (%s)", session, type(error).__name__)

    async def _forget(self, session: SessionId, epoch: Epoch) -> None:
        """Erase the copy of a log that was erased, since this node would restore the log when it takes over."""
        copy = self.copies.get(session)
        if copy is None:  # An erased log may be known by its epoch alone.
            session, copy = next(
                ((name, head) for name, head in self.copies.items() if head.epoch == epoch), (session, copy)
            )
        if copy is None or copy.epoch != epoch:
            return
        if self.asides is not None:
            await self.asides.forget(session)
        if self.singles is not None:
            await self.singles.end(session, 0, aside=True)
        if self.erase_sound is not None:
            await self.erase_sound(session)
        await self.own.forget(session)
        del self.copies[session]
        self.came.pop(session, None)
        logger.info("session %s: it was erased, and its copy here too", session)
        await self._notify_renewed(session)

    async def _follow(self, session: SessionId, head: LogHead) -> None:
        there = self.copies.get(session)
        if there == head:
            return
        try:
            if there is not None and session not in self._refused and _goes_on(there, head):
                with suppress(RecordBroken):  # Then `_copied` compares the whole log.
                    await self._grown(session, there)
                    return
            self.copies[session] = await self._copied(session, head)
            self._refused.discard(session)
        except (LogTrimmed, RecordBroken, StaleWriter) as error:
            if session not in self._refused:
                logger.error("session %s: its copy here doesn't follow. %s", session, error)
                self._refused.add(session)
                await self._notify_renewed(session)

    async def _note_single(self, session: SessionId, head: LogHead) -> None:
        """Close the note on events that this node alone had, once the shared log has them."""
        if self.singles is not None and session in self.singles.open and session not in self._refused:
            copy = self.copies.get(session)
            if copy is not None and copy.offset <= head.offset:
                await self.singles.end(session, copy.offset)

    async def _look(self) -> None:
        for session in await self.own.sessions():
            try:
                head = await self.own.head(session)
            except RecordBroken as error:  # The other sessions continue. `_follow` finds it broken too.
                logger.error("session %s: its copy here can't be read. %s", session, error)
                continue
            if head is not None:
                self.copies[session] = head
        self._looked = True

    async def _copied(self, session: SessionId, head: LogHead) -> LogHead:
        """Bring the copy up to the shared log and return its head. A copy that is ahead is left unchanged: the shared
        log has lost its end and will be refilled.
        """
        own = await self.own.head(session)
        if own is not None and own.epoch != head.epoch:
            msg = f"Session {session} is another one here than in Redis: they were made apart. Rename or remove one."
            raise RecordBroken(msg)
        if own is not None and own.term <= head.term:
            own = await self._agreeing(session, own, head)
        if own is None or own.term < head.term:
            own = await self.own.acquire(session, head.epoch, head.term)
        # `lost` is part of the epoch in readers' positions, which has to be the same here as at the keeper.
        own = msgspec.structs.replace(own, lost=head.lost)
        return own if own.offset >= head.offset else await self._grown(session, own)

    async def _agreeing(self, session: SessionId, own: LogHead, head: LogHead) -> LogHead:
        """The copy's head, after an end was cut off that contradicts what a keeper has written in the same term or a
        later one.

        The machines that are left did not acknowledge that end with two copies: the keeper started from the longest
        copy among the nodes that it could ask.
        """
        shorter, longer = (own, self.shared) if own.offset <= head.offset else (head, self.own)
        try:
            await refuse_contradiction(session, shorter, longer)
            return own
        except RecordBroken:
            if self.asides is None:
                raise
        after = await common_end(session, self.own, self.shared, await self.shared.first(session) - 1)
        other = await self.shared.read(session, after, 1)
        if after >= own.offset or not other or other[0].header.epoch != own.epoch:
            return own  # Nothing contradicts the copy: the shared log is being refilled, or was begun anew.
        end: list[LogRecord] = []
        while page := await self.own.read(session, after + len(end), PAGE):
            end += page
        where = await self.asides.keep(session, end)
        await self.own.cut(session, own.term, after)
        if self.singles is not None:
            await self.singles.end(session, after, aside=True)
        logger.error(
            "session %s: %d events here that the house does not have were set aside in %s. Ask somebody who knows "
            "the meeting whether they have to be typed in again",
            session,
            len(end),
            where,
        )
        left = await self.own.head(session)
        assert left is not None  # noqa: S101  # it was cut, and not forgotten
        self.copies[session] = left
        await self._notify_renewed(session)
        return left

    async def _grown(self, session: SessionId, own: LogHead) -> LogHead:
        """Append to the copy what the shared log has after `own`; return the copy's new head."""
        try:
            return await self._copied_from(self.shared, session, own)
        except LogTrimmed:
            if self.archive is None:
                raise
        own = await self._copied_from(self.archive, session, self.copies.get(session, own))
        return await self._copied_from(self.shared, session, own)

    async def _copied_from(self, source: Readable, session: SessionId, own: LogHead) -> LogHead:
        return await copy(source, self.own, session, own, copied=self._copied_on, asides=self.asides)

    async def _copied_on(self, head: LogHead, records: Sequence[LogRecord], removed: Sequence[int]) -> None:
        session, now = records[0].header.session, self.clock.monotonic()
        self.copies[session] = head
        if self.reached_at is not None and now - self.reached_at < SOON_MS:
            self.came[session] = Came(head.offset, now)
        else:
            self.came.pop(session, None)
        if self._observer is not None:
            await self._observer(head, records, removed)


def _goes_on(own: LogHead, shared: LogHead) -> bool:
    """Whether the shared log has only grown. Within a term a single keeper appends to it, and a keeper whose log has
    lost its end has to take it over with a higher term.
    """
    return (own.epoch, own.term, own.lost) == (shared.epoch, shared.term, shared.lost) and own.offset < shared.offset
