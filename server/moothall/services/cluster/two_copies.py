"""The log of the node that keeps the house: each event is in the shared log, then in the node's own, and only then is
anything acknowledged. So any one machine may die.

What the shared log took is decided: the own log gets it, however often it has to be asked, and while it refuses, or
does not answer, nobody is answered. After 2 s the house is given up, and the next keeper finds it in the shared log.

Where that is allowed, and only while all other nodes have confirmed that they are without the shared log too, events
are acknowledged that the own log alone has (`alone`): of sessions that this keeper holds by a term of its own. The
shared log gets them before anything else is appended to it. So the own log always has what the shared one has, also of
an append whose outcome is unknown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.chain import LogRecord
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
"""How long the own log may refuse what the shared one has, or not answer."""
AGAIN_MS = 50
STEPS = 1_000
"""A keeper's term in the house, times this, is its first of a session: so often it may acquire one anew."""
NOT_RECORDED = "not-recorded"
"""Of `BodyRemoved.reason`: words that were not to be recorded."""


class Kept(Protocol):
    """Whether this node keeps the house (`moothall.services.cluster.keeping`)."""

    @property
    def term(self) -> int | None:
        """Its term; None while it stands by."""
        ...

    @property
    def answers(self) -> bool:
        """Whether it may acknowledge anything now."""
        ...

    async def give_up(self) -> None:
        """Keep the house no more."""
        ...


class _Held(NamedTuple):
    """What is known of a log that was acquired in both copies."""

    term: int
    """Of the house."""
    lost: int


class _Sent(NamedTuple):
    """An append or removal that the shared log may have, and the own one has not yet."""

    after: int
    store: Callable[[int], Awaitable[None]]
    """Bring it into the own log."""


@dataclass(eq=False, repr=False)
class TwoCopies:
    """The `EventLog` of the keeper. It is read from the own log, which has all that the shared one has.

    Every method that writes raises StorageUnavailable while this node doesn't keep the house.
    """

    shared: SharedLog
    own: EventLog
    kept: Kept
    clock: Clock
    _: KW_ONLY
    patience_ms: int = PATIENCE_MS
    asides: Asides | None = None
    """Ends of this node's copies that were set aside while it stood by."""
    singles: SingleCopies | None = None
    """Where it is noted which events have one copy. Without it there are none."""
    alone: Callable[[], bool] = lambda: False
    """Whether it may be acknowledged now what the own log alone has. To be asked right before each answer."""

    def __post_init__(self) -> None:
        # Bound: the sessions that there are.
        self._held: dict[SessionId, _Held] = {}
        # Bound: the sessions that there are.
        self._turns: dict[SessionId, asyncio.Lock] = {}
        """One act on a session's log at a time."""
        # Bound: the sessions that there are. Overflow: none; a writer sends one act at a time.
        self._sent: dict[SessionId, _Sent] = {}
        self._single: set[SessionId] = set() if self.singles is None else set(self.singles.open)
        """Sessions of which the shared log may lack events that the own one has."""

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over both copies of a session's log, each brought up to the other, and return where it stands
        (`EventLog`). Terms are the keeper's affair: none is taken.

        A log that the shared store has lost, or whose end it has lost, is filled from the own one.
        Raises RecordBroken where the two contradict each other.
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
        """The own log with a new term, so that nothing of before is stored in it later."""
        await self._settle(session)
        head = await self.own.head(session)
        assert head is not None  # noqa: S101  # it is held
        head = await self.own.acquire(session, head.epoch)
        return msgspec.structs.replace(head, lost=self._held[session].lost)

    async def _acquired(
        self, session: SessionId, epoch: Epoch, first: int, own: LogHead | None, *, new: bool
    ) -> LogHead:
        """The shared log, taken over; filled from the own one where it was lost."""
        there = await self.shared.head(session)
        try:
            # In the same term of the house it was acquired before, and is raised by one. The own one may be ahead.
            least = first if own is None else max(first, own.term + 1)
            term = least if there is None or there.term < least else None
            return await self.shared.acquire(session, epoch, term, new=new and own is None)
        except LogMissing:
            if own is None:
                raise
        logger.warning("session %s: the shared log is lost, and filled again from %d events here", session, own.offset)
        held = self._held.get(session)  # The own log can't say how often its end was lost.
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
        """Erase bodies in both copies and append `events` (`EventLog`). With one copy alone only what was not to be
        recorded is erased: whoever asks for more is told that it can't be done now, since Redis would keep it.
        """

        async def share() -> None:
            await self.shared.remove(session, term, expected_offset, offsets, events)

        async def follow(_: int) -> None:
            if self.asides is not None:  # The words may stand there as well.
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
        """Bring into the shared log what the own one alone has, though nothing is appended.

        Raises StorageError and RecordBroken as the first session that can't be filled does, once all were tried.
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
        """Bring into the shared log what it has lost of one, though nobody writes it.

        Raises StorageError, and RecordBroken where the two contradict each other.
        """
        async with self._turn(session):
            own, there = await self.own.head(session), await self.shared.head(session)
            if own is None or (there is not None and there.offset >= own.offset):
                return
            if there is not None:  # Before anything is acquired: who contradicts whom shows by the terms.
                _refuse_another(session, own, there)
                await refuse_contradiction(session, there, self.own)
            self._single.add(session)
            try:
                if there is not None and there.term > own.term:
                    await self._acquire_both(session, own.epoch, new=False)  # No writer's term is good any more.
                else:
                    await self._fill_one(session)
            except StorageError:
                # Whoever appends to it finds out for himself; until then it is left to the next time.
                self._single -= {session} - (frozenset() if self.singles is None else self.singles.open)
                raise

    async def list_erased(self, epoch: Epoch) -> None:
        """Put a log that was erased on the list of removals again, which Redis has lost.

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
        else:  # From before this node was the keeper, and nobody has loaded it since.
            await self._acquire_both(session, own.epoch, new=False)

    def _turn(self, session: SessionId) -> asyncio.Lock:
        return self._turns.setdefault(session, asyncio.Lock())

    def _holds(self, session: SessionId, house: int | None) -> bool:
        held = self._held.get(session)
        return held is not None and held.term == house

    def _is_alone(self, session: SessionId) -> bool:
        """Whether the own log alone is written: of a session that nobody with an older term can write any more."""
        return self.singles is not None and self._holds(session, self.kept.term) and self.alone()

    async def _store(
        self,
        session: SessionId,
        expected_offset: int,
        events: Sequence[LogRecord],
        share: Callable[[], Awaitable[None]],
        follow: Callable[[int], Awaitable[None]],
    ) -> None:
        """In both copies."""
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
        """In the own log. Before anybody is answered the others have confirmed again, or the shared log has it too."""
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
        """What the shared log may have is decided: the own one gets it too, whether anybody is answered or not."""
        sent, own = self._sent.get(session), await self.own.head(session)
        if sent is not None and own is not None and own.offset == sent.after:
            await self._has_one(session, sent.after + 1)
            await sent.store(sent.after)
        self._sent.pop(session, None)

    async def _fill(self, session: SessionId) -> None:
        """Bring into the shared log what the own one has, in the term that its writer has. Nothing for most sessions.

        Raises LogMissing where that takes a term above the writer's: it acquires the log anew.
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
        except OffsetConflict as error:  # By what was on its way when Redis went away, and has come now.
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
            except StorageUnavailable:  # It is said when the log is next acquired.
                logger.warning("session %s: the disk doesn't take that there are two copies again", session)

    async def _refuse_lost_end(self, session: SessionId, expected_offset: int, error: OffsetConflict) -> None:
        """Raises LogMissing where the own log is where its writer is, and so the shared one isn't where it was left."""
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
        """What the shared log has is brought into the own one, by `follow` from its end on, before anybody hears of it.

        Raises OutcomeUnknown when it isn't, or this node doesn't keep the house any more.
        """
        through = expected_offset + len(events)
        # A disk that doesn't answer is as one that refuses: meanwhile the lease goes on, and nobody takes over.
        if not await within(self._followed(session, expected_offset, through, follow), self.clock, self.patience_ms):
            logger.error("session %s: this node's own log refuses what is decided; the house is given up", session)
            await self.kept.give_up()
            raise OutcomeUnknown("This node's disk refuses what the shared log has.")
        self._refuse_unanswered()

    async def _followed(
        self, session: SessionId, end: int, through: int, follow: Callable[[int], Awaitable[None]]
    ) -> bool:
        """True once the own log has it, however often that takes."""
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
        """Where a session's log ends; None when there is none (`EventLog`)."""
        return await self.own.head(session)

    async def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log (`EventLog`)."""
        return await self.own.sessions()

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """Records that a command has caused (`EventLog`)."""
        return await self.own.caused(ending)

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log as if it had never been, in both copies (`EventLog`)."""
        async with self._turn(session):
            house = self._term()
            own, there = await self.own.head(session), await self.shared.head(session)
            if (last := there or own) is not None:
                # Anew first, also where the shared log is lost: by its end the copies at the other nodes go.
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
        """Finish what was promised and let go of both copies (`EventLog`)."""
        await self.shared.close()
        await self.own.close()

    def _term(self) -> int:
        """Of the house. Raises StorageUnavailable while nothing may be acknowledged."""
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
    """Whether a removal is of words that were not to be recorded."""
    body = events[-1].body if events else None
    said = None if body is None else decode_event(body)
    return isinstance(said, BodyRemoved) and said.reason == NOT_RECORDED
