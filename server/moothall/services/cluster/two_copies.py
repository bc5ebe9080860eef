"""The log of the node that keeps the house: each event is in the shared log, then in the node's own, and only then is
anything acknowledged. So any one machine may die.

What the shared log took is decided: the own log gets it, however often it has to be asked, and while it refuses nobody
is answered. After 2 s the house is given up, and the next keeper finds it in the shared log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import LogMissing, OffsetConflict, OutcomeUnknown, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import Asides, Clock, EventLog, LogHead, SharedLog
from moothall.services.cluster.copying import copy, refuse_contradiction

logger = logging.getLogger(__name__)

PATIENCE_MS = 2_000
"""How long the own log may refuse what the shared one has."""
AGAIN_MS = 50
STEPS = 1_000
"""A keeper's term in the house, times this, is its first of a session: so often it may acquire one anew."""


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

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over both copies of a session's log, each brought up to the other, and return where it stands
        (`EventLog`). Terms are the keeper's affair: none is taken.

        A log that the shared store has lost, or whose end it has lost, is filled from the own one.
        Raises RecordBroken where the two contradict each other.
        """
        if term is not None:
            raise ValueError("The keeper's logs are acquired with terms of the house.")
        first = self._term() * STEPS
        own = await self.own.head(session)
        shared = await self._acquired(session, epoch, first, own, new=new)
        if own is not None and own.epoch != shared.epoch:
            msg = f"Session {session} is another one here than in Redis: they were made apart. Rename or remove one."
            raise RecordBroken(msg)
        own = await self.own.acquire(session, shared.epoch, shared.term)
        if own.offset < shared.offset:
            await refuse_contradiction(session, own, self.shared)
            await copy(self.shared, self.own, session, own)
        else:
            await refuse_contradiction(session, shared, self.own)
            await copy(self.own, self.shared, session, shared)
        head = await self.shared.head(session)
        self._refuse_unanswered()
        if head is None:
            raise LogMissing(f"The shared log of session {session} is gone again.")
        return head

    async def _acquired(
        self, session: SessionId, epoch: Epoch, first: int, own: LogHead | None, *, new: bool
    ) -> LogHead:
        """The shared log, taken over; filled from the own one where it was lost."""
        there = await self.shared.head(session)
        try:
            # In the same term of the house it was acquired before, and is raised by one.
            term = first if there is None or there.term < first else None
            return await self.shared.acquire(session, epoch, term, new=new and own is None)
        except LogMissing:
            if own is None:
                raise
        logger.warning("session %s: the shared log is lost, and filled again from %d events here", session, own.offset)
        await self.shared.begin_anew(session, own.epoch, max(first, own.term, there.term if there else 0) + 1, own.lost)
        head = await self.shared.head(session)
        if head is None:
            raise LogMissing(f"The shared log of session {session} is gone again.")
        return head

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events` in both copies (`EventLog`)."""
        self._term()
        try:
            await self.shared.append(session, term, expected_offset, events)
        except OffsetConflict as error:
            await self._refuse_lost_end(session, expected_offset, error)
            raise

        async def follow(end: int) -> None:
            await self.own.append(session, term, end, events[end - expected_offset :])

        await self._decided(session, expected_offset, events, follow)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase bodies in both copies and append `events` (`EventLog`)."""
        self._term()
        try:
            await self.shared.remove(session, term, expected_offset, offsets, events)
        except OffsetConflict as error:
            await self._refuse_lost_end(session, expected_offset, error)
            raise

        async def follow(_: int) -> None:
            await self.own.remove(session, term, expected_offset, offsets, events)
            if self.asides is not None:  # The words may stand there as well.
                await self.asides.forget(session)

        await self._decided(session, expected_offset, events, follow)

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
        end, until = expected_offset, self.clock.monotonic() + self.patience_ms
        while end < expected_offset + len(events):
            try:
                await follow(end)
                break
            except StorageUnavailable as error:
                if self.clock.monotonic() >= until:
                    logger.error(
                        "session %s: this node's own log refuses what is decided; the house is given up", session
                    )
                    await self.kept.give_up()
                    raise OutcomeUnknown("This node's disk refuses what the shared log has.") from error
            await self.clock.sleep(AGAIN_MS)
            end = await self._own_end(session, end)
        self._refuse_unanswered()

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
        self._term()
        await self.shared.forget(session)
        await self.own.forget(session)
        if self.asides is not None:
            await self.asides.forget(session)

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
