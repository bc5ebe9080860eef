"""A node that stands by: its own logs follow the shared ones, so that it can take the house over at any moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import NamedTuple

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.errors import LogTrimmed, RecordBroken, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Asides, Clock, LogHead, NodeLog, SharedLog, SingleCopies
from moothall.services.cluster.copying import PAGE, Copied, Readable, common_end, copy, refuse_contradiction
from moothall.services.supervision.waiting import until_set

logger = logging.getLogger(__name__)

FOLLOW_MS = 250
"""Between two looks at which of the shared logs have changed, unless it is rung for one."""
SOON_MS = 1_000
"""An event that comes within this time after all copies were up to date was written within it."""
STALE_MS = 10_000
"""How long the copy of one session may lack what this node's disk refuses, before its readers are sent elsewhere: words
may have been removed meanwhile."""
REFUSED = Backoff(first_ms=FOLLOW_MS, last_ms=5_000)
"""How long what this node's disk refuses of a session waits until it is tried again."""
WHOLE_MS = 60_000
"""How often all are looked at: a Redis that was emptied and filled again counts its changes from the first."""


class Came(NamedTuple):
    """When an event came."""

    offset: int
    since: int
    """Ms of this node's monotonic clock."""


class _Unstored(NamedTuple):
    """What of a session this node's own log has refused."""

    since: int
    """Ms of the monotonic clock."""
    forgotten: Epoch | None
    """Of a log that was erased: its copy has to go before anything else comes."""
    head: LogHead | None
    """Of the shared log, behind that."""
    failures: int
    """In a row, but for the newest."""
    again: int
    """When it is tried again, ms of the same clock."""


@dataclass(eq=False, repr=False)
class Following:
    """The copies of a node that stands by. Nobody else writes its own logs while `run` runs."""

    shared: SharedLog
    own: NodeLog
    clock: Clock
    _: KW_ONLY
    every_ms: int = FOLLOW_MS
    archive: Readable | None = None
    """Where what the shared logs have given up is read: at the keeper."""
    then: Callable[[], Awaitable[None]] | None = None
    """What `run` does each time when every copy is where its shared log is, but for what this node's disk refuses, and
    those who look on have been told. Raises StorageUnavailable."""
    asides: Asides | None = None
    """Where the end of a copy goes that the shared log contradicts. Without it such a copy is left alone."""
    singles: SingleCopies | None = None
    """Where it is noted which events this node alone had as the keeper: it follows what became of them."""
    copies: dict[SessionId, LogHead] = field(default_factory=dict)
    """Where each copy stands, as far as it is known. Bound: the sessions that there are."""

    came: dict[SessionId, Came] = field(default_factory=dict)
    """Since when the last event of a copy has been here, where it came soon after it was written. Bound: the same."""
    reached_at: int | None = None
    """When it was last begun to bring every copy up to its shared log, and done, ms of the monotonic clock."""

    def __post_init__(self) -> None:
        self._whole = self.clock.monotonic()
        """When all logs were last looked at."""
        self._change, self._count = 0, ""
        """Up to which change of the shared logs this node has looked, and of which count that is."""
        self._looked = bool(self.copies)
        """Whether all copies are known that this node has, also of logs that the shared store has lost."""
        # Bound: the sessions that there are, here and in the two below.
        self._refused: set[SessionId] = set()
        """Those whose copy contradicts the shared log."""
        self._unstored: dict[SessionId, _Unstored] = {}
        """Those of which the own log refuses something. It is tried again; the others go on."""
        self._stale: set[SessionId] = set()
        """Of these, those that were for `STALE_MS`."""
        self._answers = False
        """Whether the shared logs were asked in this round, and are there."""
        self._reached = True
        self._rung = asyncio.Event()
        # Bound: the sessions that are read here.
        self._behind: dict[SessionId, int] = {}
        """How far the keeper has told that logs reach which are read here."""
        self._observer: Copied | None = None
        self._renewed: Callable[[SessionId], Awaitable[None]] | None = None

    def observe(self, observer: Copied, renewed: Callable[[SessionId], Awaitable[None]]) -> None:
        """From now on tell `observer` what comes, and `renewed` of which copies something went otherwise; the next is
        copied when it has come back.
        """
        self._observer, self._renewed = observer, renewed

    def ring(self) -> None:
        """Something has changed: have `run` look at once."""
        self._rung.set()

    def ring_for(self, session: SessionId, offset: int) -> None:
        """The keeper has told that the log of a session that is read here reaches so far: have `run` look at once.
        While the shared logs are away it reads that at the keeper, which goes on with one copy.
        """
        self._behind[session] = offset
        self._rung.set()

    def end(self, session: SessionId) -> int:
        """Up to which offset there is a copy; 0 where there is none."""
        head = self.copies.get(session)
        return 0 if head is None else head.offset

    def follows(self, session: SessionId) -> bool:
        """Whether there is a copy that goes on from the shared log."""
        return session in self.copies and session not in self._refused and session not in self._unstored

    def shows(self, session: SessionId) -> bool:
        """Whether the copy of a session may be shown: not one that can't learn what was removed."""
        return session in self.copies and session not in self._refused and session not in self._stale

    @property
    def reach(self) -> int:
        """Events that the copies hold, all sessions together."""
        return sum(head.offset for head in self.copies.values())

    @property
    def highest_term(self) -> int:
        """Of any copy."""
        return max((head.term for head in self.copies.values()), default=0)

    async def run(self) -> None:
        """Follow until cancelled. What can't be read or stored for now is tried again."""
        while True:
            self._rung.clear()
            try:
                await self._bring_up()
                if self.then is not None:
                    await self.then()
                self._reached = True
            except StorageUnavailable as error:
                if self._reached:  # Said once.
                    logger.warning("cluster: the shared logs can't be followed (%s)", type(error).__name__)
                self._reached = False
                await self._read_at_keeper()
            await until_set(self._rung, self.clock, self.every_ms)

    async def catch_up(self) -> None:
        """Bring every copy up to where its shared log is now.

        Raises StorageUnavailable, also where this node's disk refuses something of one session: all others are brought
        up all the same. A log that contradicts its copy, or can't be read, is left alone and named.
        """
        self._unstored = {session: refused._replace(again=0) for session, refused in self._unstored.items()}
        await self._bring_up()
        if self._unstored:
            raise StorageUnavailable(f"This node's disk refuses what came of {len(self._unstored)} sessions.")

    async def _bring_up(self) -> None:
        """The same, but for what this node's disk refuses, which waits until it is tried again. Raises
        StorageUnavailable where the shared logs are away.
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
            changes = await self.shared.changed(self._change, self._count)
            for session, epoch in changes.forgotten.items():
                await self._take(session, epoch, None)
            for session, head in changes.heads.items():
                before = self._unstored.get(session)
                await self._take(session, None if before is None else before.forgotten, head)
            self._change, self._count = changes.upto, changes.count
            if not changes.heads and not changes.forgotten:
                break
        await self._look_for_told()
        self.reached_at = now

    async def _look_for_told(self) -> None:
        """What the keeper has told of, and no change has."""
        for session, offset in list(self._behind.items()):
            there = self.copies.get(session)
            if there is None or there.offset >= offset or session in self._refused or session in self._unstored:
                del self._behind[session]
            elif (head := await self.shared.head(session)) is not None:
                await self._take(session, None, head)

    async def _take(self, session: SessionId, forgotten: Epoch | None, head: LogHead | None) -> None:
        """Have the copy forget a log that was erased, and follow the one there is. What this node's disk refuses is
        kept for the next time. Raises StorageUnavailable where the shared logs are away.
        """
        before = self._unstored.get(session)
        if before is not None and before.forgotten is not None:
            forgotten = before.forgotten  # Nothing of a later log has been copied yet.
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
                self._answers = True  # So it is this node's disk.
            self._note_unstored(session, error, forgotten, head)
            return
        if before is not None:
            del self._unstored[session]
            self._stale.discard(session)
            logger.info("session %s: this node's disk takes what comes again", session)

    def _note_unstored(
        self, session: SessionId, error: StorageUnavailable, forgotten: Epoch | None, head: LogHead | None
    ) -> None:
        before, now = self._unstored.get(session), self.clock.monotonic()
        if before is None:
            logger.error("session %s: what came can't be stored here, and is tried again. %s", session, error)
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
        """What the keeper has told of while the shared logs are away. Its log is decided: they will have the same."""
        for session, offset in list(self._behind.items()):
            head = self.copies.get(session)
            if self.archive is None or head is None or head.offset >= offset or session in self._refused:
                del self._behind[session]
                continue
            try:
                await self._copied_from(self.archive, session, head)
            except (RecordBroken, StorageUnavailable) as error:  # What it has not by then the shared logs have later.
                logger.debug("session %s: it can't be read at the keeper (%s)", session, type(error).__name__)

    async def _forget(self, session: SessionId, epoch: Epoch) -> None:
        """Erase the copy of a session that was erased: this node would bring it back when it takes over."""
        copy = self.copies.get(session)
        if copy is None:  # It may be known by its epoch alone.
            session, copy = next(
                ((name, head) for name, head in self.copies.items() if head.epoch == epoch), (session, copy)
            )
        if copy is None or copy.epoch != epoch:
            return
        if self.asides is not None:
            await self.asides.forget(session)
        if self.singles is not None:
            await self.singles.end(session, 0, aside=True)
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
                with suppress(RecordBroken):  # Then it is looked at as a whole.
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
        """That the shared log has what this node alone had, where it has."""
        if self.singles is not None and session in self.singles.open and session not in self._refused:
            copy = self.copies.get(session)
            if copy is not None and copy.offset <= head.offset:
                await self.singles.end(session, copy.offset)

    async def _look(self) -> None:
        for session in await self.own.sessions():
            head = await self.own.head(session)
            if head is not None:
                self.copies[session] = head
        self._looked = True

    async def _copied(self, session: SessionId, head: LogHead) -> LogHead:
        """Where the copy stands then. One that is ahead stays: the shared log has lost its end, and is filled again."""
        own = await self.own.head(session)
        if own is not None and own.epoch != head.epoch:
            msg = f"Session {session} is another one here than in Redis: they were made apart. Rename or remove one."
            raise RecordBroken(msg)
        if own is not None and own.term <= head.term:
            own = await self._agreeing(session, own, head)
        if own is None or own.term < head.term:
            own = await self.own.acquire(session, head.epoch, head.term)
        # Readers' positions are told apart by what the shared log says of it, here as at the keeper.
        own = msgspec.structs.replace(own, lost=head.lost)
        return own if own.offset >= head.offset else await self._grown(session, own)

    async def _agreeing(self, session: SessionId, own: LogHead, head: LogHead) -> LogHead:
        """The copy, without an end that contradicts what a keeper has written in the same term or a later one.

        No two machines that are left have acknowledged that end: the keeper began from the copy that reached furthest
        of those that it could ask.
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
            return own  # Nothing contradicts it: the shared log is just being filled again, or was made anew.
        end: list[LogRecord] = []
        while page := await self.own.read(session, after + len(end), PAGE):
            end += page
        where = await self.asides.keep(session, end)
        await self.own.cut(session, own.term, after)
        if self.singles is not None:
            await self.singles.end(session, after, aside=True)
        logger.error(
            "session %s: %d events here that the house does not have were set aside in %s. Whoever knows the meeting "
            "should look whether they have to be typed in again",
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
        """Where the copy stands with what the shared log has behind it."""
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
    """Whether the shared log only has more: within a term one keeper appends to it, and whoever loses its end has to
    take it over with a higher one.
    """
    return (own.epoch, own.term, own.lost) == (shared.epoch, shared.term, shared.lost) and own.offset < shared.offset
