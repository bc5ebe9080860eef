"""The log of the keeper: each event is stored in the shared log, then in the node's own, and only then acknowledged. So
any one machine may die.

What the shared log has stored is decided. The own log is asked until it has stored it too, and while it refuses or
doesn't answer, nothing is acknowledged. After 2 s the house is given up, and the next keeper finds the event in the
shared log.

Where one copy is allowed, and only while all other nodes have confirmed that they can't reach the shared log either,
the keeper acknowledges events that the own log alone has (`alone`), in sessions that it holds by a term of its own. The
shared log gets these events before anything else is appended to it. So the own log always has what the shared log has,
an append with unknown outcome included.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.lease import MOST_NODES
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import (
    LogMissing,
    OffsetConflict,
    OutcomeUnknown,
    RecordBroken,
    StorageError,
    StorageUnavailable,
)
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import Asides, Clock, EventLog, LogHead, SharedLog, SingleCopies
from moothall.services.cluster.copying import copy, refuse_contradiction
from moothall.services.supervision.waiting import within

logger = logging.getLogger(__name__)

PATIENCE_MS = 2_000
"""How long the own log may refuse, or not answer, what the shared log has, in ms."""
AGAIN_MS = 50
STEPS = 1_000
"""A keeper's term in the house times this number is its first term of a session's log, so a keeper can acquire a log
anew this often."""
NOT_RECORDED = "not-recorded"
"""The value of `BodyRemoved.reason` for words that were not to be recorded."""


def keeper_of(term: int) -> int:
    """The number of the node that acquired a log with this term; 0 for a term of a single server."""
    return term // STEPS % MOST_NODES


class KeeperStatus(Protocol):
    """The node's hold on the house, as its stores see it (`moothall.services.cluster.keeping`)."""

    @property
    def term(self) -> int | None:
        """The node's term in the house; None while it stands by."""
        ...

    @property
    def answers(self) -> bool:
        """Whether the node may acknowledge anything now."""
        ...

    async def give_up(self) -> None:
        """Stop keeping the house."""
        ...


class _Held(NamedTuple):
    """State of a log that was acquired in both copies."""

    term: int
    """The house's term in which the log was acquired."""
    lost: int


class _Sent(NamedTuple):
    """An append or removal that the shared log may have, and the own log does not have yet."""

    after: int
    store: Callable[[int], Awaitable[None]]
    """Stores it in the own log, from the given offset on."""


@dataclass(eq=False, repr=False)
class TwoCopies:
    """The `EventLog` of the keeper. Reads are served by the own log, which has all that the shared log has.

    Every method that writes raises StorageUnavailable while this node doesn't keep the house.
    """

    shared: SharedLog
    own: EventLog
    kept: KeeperStatus
    clock: Clock
    _: KW_ONLY
    patience_ms: int = PATIENCE_MS
    asides: Asides | None = None
    """Store of the ends of this node's copies that were cut off while it stood by."""
    singles: SingleCopies | None = None
    """Notes of the events that have one copy. Where it is None, events with one copy are not allowed."""
    alone: Callable[[], bool] = lambda: False
    """Whether events that the own log alone has may be acknowledged now. Checked immediately before each answer."""

    def __post_init__(self) -> None:
        # Bound: the sessions that there are.
        self._held: dict[SessionId, _Held] = {}
        # Bound: the sessions that there are.
        self._turns: dict[SessionId, asyncio.Lock] = {}
        """Serialises the acts on each session's log."""
        # Bound: the sessions that there are. Overflow: none; a writer sends one act at a time.
        self._sent: dict[SessionId, _Sent] = {}
        self._single: set[SessionId] = set() if self.singles is None else set(self.singles.open)
        """Sessions of which the shared log may lack events that the own log has."""

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over both copies of a session's log, bring the shorter up to the longer, and return the head
        (`EventLog`).

        `term` must be None, since the keeper computes terms itself. A log that the shared store has lost, or whose end
        it has lost, is refilled from the own log. Raises RecordBroken where the two contradict each other.
        """
        if term is not None:
            raise ValueError("The keeper's logs are acquired with terms of the house.")
        async with self._turn(session):
            if self._is_alone(session):
                return await self._acquire_own(session)
            return await self._acquire_both(session, epoch, new=new)

    async def _acquire_both(self, session: SessionId, epoch: Epoch, *, new: bool) -> LogHead:
        house = self._term()
        own = await self.own.head(session)
        shared = await self._acquired(session, epoch, house * STEPS, own, new=new)
        if own is not None:
            _refuse_another(session, own, shared)
        own = await self.own.acquire(session, shared.epoch, shared.term)
        if own.offset < shared.offset:
            await refuse_contradiction(session, own, self.shared)
            await copy(self.shared, self.own, session, own, asides=self.asides)
        else:
            await refuse_contradiction(session, shared, self.own)
            await copy(self.own, self.shared, session, shared)
        head = await self.shared.head(session)
        self._refuse_unanswered()
        if head is None:
            raise LogMissing(f"The shared log of session {session} is gone again.")
        self._held[session] = _Held(house, head.lost)
        self._sent.pop(session, None)
        await self._has_two(session, head.offset)
        return head

    async def _acquire_own(self, session: SessionId) -> LogHead:
        """Acquire the own log with a new term, so that no earlier act can be stored in it later."""
        await self._settle(session)
        head = await self.own.head(session)
        assert head is not None  # noqa: S101  # it is held
        head = await self.own.acquire(session, head.epoch)
        return msgspec.structs.replace(head, lost=self._held[session].lost)

    async def _acquired(
        self, session: SessionId, epoch: Epoch, first: int, own: LogHead | None, *, new: bool
    ) -> LogHead:
        """Take the shared log over and return its head; begin it anew where it was lost."""
        there = await self.shared.head(session)
        try:
            # Where it was acquired before in this term of the house, its term is raised by one. The own log's may be
            # higher.
            least = first if own is None else max(first, own.term + 1)
            term = least if there is None or there.term < least else None
            return await self.shared.acquire(session, epoch, term, new=new and own is None)
        except LogMissing:
            if own is None:
                raise
        logger.warning("session %s: the shared log is lost, and filled again from %d events here", session, own.offset)
        held = self._held.get(session)  # The own log doesn't store how often its end was lost.
        lost = own.lost if held is None else held.lost
        await self.shared.begin_anew(session, own.epoch, max(first, own.term, there.term if there else 0) + 1, lost)
        head = await self.shared.head(session)
        if head is None:
            raise LogMissing(f"The shared log of session {session} is gone again.")
        return head

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events` in both copies (`EventLog`)."""

        async def share() -> None:
            await self.shared.append(session, term, expected_offset, events)

        async def follow(end: int) -> None:
            await self.own.append(session, term, end, events[end - expected_offset :])

        async with self._turn(session):
            if self._is_alone(session):
                await self._store_alone(session, expected_offset, follow)
            else:
                await self._store(session, expected_offset, events, share, follow)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase bodies in both copies and append `events` (`EventLog`).

        While only one copy is written, only words that were not to be recorded are erased. For any other removal it
        raises StorageUnavailable, since Redis would keep the words.
        """

        async def share() -> None:
            await self.shared.remove(session, term, expected_offset, offsets, events)

        async def follow(_: int) -> None:
            if self.asides is not None:  # The ends that were set aside may hold the words as well.
                await self.asides.forget(session)
            await self.own.remove(session, term, expected_offset, offsets, events)

        async with self._turn(session):
            if not self._is_alone(session):
                await self._store(session, expected_offset, events, share, follow)
            elif _is_unrecorded(events):
                await self._store_alone(session, expected_offset, follow)
            else:
                raise StorageUnavailable("Redis is away and would keep what is to be removed; nothing was removed.")

    async def fill(self) -> None:
        """Store in the shared logs the events that the own logs alone have, without waiting for an append.

        All sessions are tried; then the error of the first that failed is raised: StorageError or RecordBroken.
        """
        failed: StorageError | RecordBroken | None = None
        for session in tuple(self._single):
            try:
                async with self._turn(session):
                    await self._fill_one(session)
            except (StorageError, RecordBroken) as error:
                failed = failed or error
        if failed is not None:
            raise failed

    async def refill(self, session: SessionId) -> None:
        """Restore the events of one session that the shared log has lost, while nobody writes that session.

        Raises StorageError, and RecordBroken where the two contradict each other.
        """
        async with self._turn(session):
            own, there = await self.own.head(session), await self.shared.head(session)
            if own is None or (there is not None and there.offset >= own.offset):
                return
            # Checked before anything is acquired, since the terms show which copy contradicts which.
            if there is not None:
                _refuse_another(session, own, there)
                await refuse_contradiction(session, there, self.own)
            self._single.add(session)
            try:
                if there is not None and there.term > own.term:
                    await self._acquire_both(session, own.epoch, new=False)  # This invalidates every writer's term.
                else:
                    await self._fill_one(session)
            except StorageError:
                # A writer that appends will notice the loss itself; until then the session waits for the next call.
                self._single -= {session} - (frozenset() if self.singles is None else self.singles.open)
                raise

    async def list_erased(self, epoch: Epoch) -> None:
        """Put an erased log on the list of removals again, where Redis has lost that entry.

        Raises StorageUnavailable, StaleWriter.
        """
        await self.shared.list_erased(epoch, self._term())

    async def _fill_one(self, session: SessionId) -> None:
        if session not in self._single or self._is_alone(session):
            return
        house, own = self._term(), await self.own.head(session)
        if own is None:
            await self._has_two(session, 0)
        elif self._holds(session, house):
            await self._fill(session)
        else:  # The events are from before this node was the keeper, and the session has not been loaded since.
            await self._acquire_both(session, own.epoch, new=False)

    def _turn(self, session: SessionId) -> asyncio.Lock:
        return self._turns.setdefault(session, asyncio.Lock())

    def _holds(self, session: SessionId, house: int | None) -> bool:
        held = self._held.get(session)
        return held is not None and held.term == house

    def _is_alone(self, session: SessionId) -> bool:
        """Whether only the own log is written: allowed for sessions that no writer with an older term can write any
        more.
        """
        return self.singles is not None and self._holds(session, self.kept.term) and self.alone()

    async def _store(
        self,
        session: SessionId,
        expected_offset: int,
        events: Sequence[LogRecord],
        share: Callable[[], Awaitable[None]],
        follow: Callable[[int], Awaitable[None]],
    ) -> None:
        """Store an act in both copies."""
        self._term()
        await self._fill(session)
        self._sent[session] = _Sent(expected_offset, follow)
        try:
            await share()
        except OffsetConflict as error:
            del self._sent[session]
            await self._refuse_lost_end(session, expected_offset, error)
            raise
        except OutcomeUnknown:
            raise
        except StorageError:
            del self._sent[session]
            raise
        await self._decided(session, expected_offset, events, follow)
        del self._sent[session]

    async def _store_alone(
        self, session: SessionId, expected_offset: int, follow: Callable[[int], Awaitable[None]]
    ) -> None:
        """Store an act in the own log alone. Return only once the other nodes have confirmed again, or the shared log
        has it too.
        """
        await self._settle(session)
        await self._has_one(session, expected_offset + 1)
        await follow(expected_offset)
        if self.alone():
            return
        self._refuse_unanswered()
        try:
            await self._fill(session)
        except OutcomeUnknown:
            raise
        except StorageUnavailable as error:
            raise OutcomeUnknown("The own log has it, and the shared one not yet.") from error
        self._refuse_unanswered()

    async def _settle(self, session: SessionId) -> None:
        """Store in the own log an act that the shared log may have: it is decided, be it acknowledged or not."""
        sent, own = self._sent.get(session), await self.own.head(session)
        if sent is not None and own is not None and own.offset == sent.after:
            await self._has_one(session, sent.after + 1)
            await sent.store(sent.after)
        self._sent.pop(session, None)

    async def _fill(self, session: SessionId) -> None:
        """Store in the shared log what only the own log has, in the term of its writer. For most sessions there is
        nothing to do.

        Raises LogMissing where a term above the writer's is needed; the writer then acquires the log anew.
        """
        if session not in self._single:
            return
        own, there = await self.own.head(session), await self.shared.head(session)
        if own is None or (there is not None and (there.term > own.term or there.epoch != own.epoch)):
            raise LogMissing(f"The shared log of session {session} has to be filled first.")
        if there is not None and there.term < own.term:
            try:
                there = await self.shared.acquire(session, own.epoch, own.term, new=False)
            except LogMissing:
                there = None
        if there is None:
            lost = self._held[session].lost
            await self.shared.begin_anew(session, own.epoch, own.term, lost)
            there = LogHead(epoch=own.epoch, term=own.term, offset=0, lanes={}, lost=lost)
        await refuse_contradiction(session, there, self.own)
        try:
            await copy(self.own, self.shared, session, there)
        except OffsetConflict as error:  # An append that was in transit when Redis went away has arrived now.
            raise LogMissing(f"The shared log of session {session} has just changed; it is filled again.") from error
        logger.info("session %s: Redis has all of its %d events again", session, own.offset)
        await self._has_two(session, own.offset)

    async def _has_one(self, session: SessionId, first: int) -> None:
        if self.singles is None or session in self._single:
            return
        own = await self.own.head(session)
        assert own is not None  # noqa: S101  # it is held
        await self.singles.begin(session, own.epoch, first)
        self._single.add(session)

    async def _has_two(self, session: SessionId, through: int) -> None:
        self._single.discard(session)
        if self.singles is not None:
            try:
                await self.singles.end(session, through)
            except StorageUnavailable:  # The note is closed when the log is next acquired.
                logger.warning("session %s: the disk can't note that both copies are complete again", session)

    async def _refuse_lost_end(self, session: SessionId, expected_offset: int, error: OffsetConflict) -> None:
        """Raise LogMissing where the own log ends where its writer expects, so that the shared log must have lost its
        end.
        """
        own = await self.own.head(session)
        if own is not None and own.offset == expected_offset:
            msg = f"The shared log of session {session} doesn't end where it was left; it has to be filled again."
            raise LogMissing(msg) from error

    async def _decided(
        self,
        session: SessionId,
        expected_offset: int,
        events: Sequence[LogRecord],
        follow: Callable[[int], Awaitable[None]],
    ) -> None:
        """Store in the own log what the shared log has, by calling `follow` from the own log's end on, before anybody
        is notified.

        Raises OutcomeUnknown where that fails, or this node no longer keeps the house.
        """
        through = expected_offset + len(events)
        # A disk that doesn't answer is treated like one that refuses: meanwhile the lease is renewed, and nobody takes
        # over.
        if not await within(self._followed(session, expected_offset, through, follow), self.clock, self.patience_ms):
            logger.error("session %s: this node's own log can't store committed events; it gives up the house", session)
            await self.kept.give_up()
            raise OutcomeUnknown("This node's disk can't store events that the shared log has.")
        self._refuse_unanswered()

    async def _followed(
        self, session: SessionId, end: int, through: int, follow: Callable[[int], Awaitable[None]]
    ) -> bool:
        """Retry until the own log has stored the events, then return True."""
        while end < through:
            try:
                await follow(end)
                break
            except StorageUnavailable:
                await self.clock.sleep(AGAIN_MS)
                end = await self._own_end(session, end)
        return True

    async def _own_end(self, session: SessionId, before: int) -> int:
        try:
            head = await self.own.head(session)
        except StorageUnavailable:
            return before
        return before if head is None else head.offset

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`EventLog`)."""
        return await self.own.read(session, after, limit, lanes)

    async def head(self, session: SessionId) -> LogHead | None:
        """Head of a session's log; None where there is none (`EventLog`)."""
        return await self.own.head(session)

    async def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log (`EventLog`)."""
        return await self.own.sessions()

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """The records that commands whose ids end in `ending` have caused (`EventLog`)."""
        return await self.own.caused(ending)

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log in both copies, as if it had never been (`EventLog`)."""
        async with self._turn(session):
            house = self._term()
            own, there = await self.own.head(session), await self.shared.head(session)
            if (last := there or own) is not None:
                # Begin the log anew first, even if the shared log is lost: only a log that exists can be listed as
                # erased, and that makes the other nodes erase their copies.
                term = max([house * STEPS, *(head.term for head in (own, there) if head is not None)]) + 1
                await self.shared.begin_anew(session, last.epoch, term, last.lost)
                await self.shared.forget(session, term)
            if self.asides is not None:
                await self.asides.forget(session)
            await self.own.forget(session)
            self._held.pop(session, None)
            self._sent.pop(session, None)
            await self._has_two(session, 0)

    async def close(self) -> None:
        """Finish the writes that were accepted and close both copies (`EventLog`)."""
        await self.shared.close()
        await self.own.close()

    def _term(self) -> int:
        """The house's term. Raises StorageUnavailable while nothing may be acknowledged."""
        term = self.kept.term
        if term is None or not self.kept.answers:
            raise StorageUnavailable("This node doesn't keep the house at the moment; nothing was stored.")
        return term

    def _refuse_unanswered(self) -> None:
        if not self.kept.answers:
            raise OutcomeUnknown(
                "This node's lease was over before the answer; whether it is kept is decided elsewhere."
            )


def _refuse_another(session: SessionId, own: LogHead, shared: LogHead) -> None:
    if own.epoch != shared.epoch:
        msg = f"Session {session} is another one here than in Redis: they were made apart. Rename or remove one."
        raise RecordBroken(msg)


def _is_unrecorded(events: Sequence[LogRecord]) -> bool:
    """Whether a removal concerns words that were not to be recorded."""
    body = events[-1].body if events else None
    said = None if body is None else decode_event(body)
    return isinstance(said, BodyRemoved) and said.reason == NOT_RECORDED
