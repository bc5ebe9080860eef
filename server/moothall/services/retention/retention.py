"""Removes what is due of each meeting, after it was listed for the notice's days (`core/retention/listing.py`).

What is removed follows from the log alone, and each removal is one act there: after a crash the next look continues.
The book has, for each session, what its log holds, what is listed since when, and what somebody has put off; a log that
has not changed is not read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, EventLog, LogHead
from moothall.core.programme.plan import OPEN_ENDED_MS, Planned
from moothall.core.removal.selection import Expired
from moothall.core.retention.listing import (
    MOST_REASON,
    DueItem,
    DueList,
    Keeping,
    KeptFacts,
    ListingNow,
    ListingTime,
    PutOff,
    due_at,
    item_of,
    listed,
    may_go,
)
from moothall.core.retention.periods import DAY_MS, LONGEST_DAYS, KeptKind, StatedPeriod, days_of
from moothall.core.sessions.state import ON
from moothall.services.log.erasing import expired
from moothall.services.log.folding import FoldedLog, fold
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import session_scope
from moothall.services.supervision.waiting import every

logger = logging.getLogger(__name__)

PERIODS, KEPT, TIME, PASSED = "retention-period", "retention", "retention-time", "passed"
"""Namespaces of the book; the last is the only key of `TIME`."""
LOOK_MS = 3_600_000
"""How often it is looked what is due."""


class PeriodNow(msgspec.Struct, frozen=True, kw_only=True):
    """The period of a kind, and where it comes from."""

    kind: KeptKind
    period: str
    default: str
    """That of the settings."""
    stated: StatedPeriod | None = None


@dataclass(eq=False, repr=False)
class Retention:
    """Lists and removes what is due. Call `load` first; `run` must be running."""

    sessions: Sessions
    _: KW_ONLY
    log: EventLog
    book: Book
    clock: Clock
    links: RoleLinks
    plan_of: Callable[[SessionId], Planned | None]
    defaults: Mapping[KeptKind, str]
    """The periods of the settings."""
    notice_days: int
    recorded: Callable[[], Awaitable[Collection[SessionId]]]
    """Returns the sessions of which sound is stored."""
    forget_text: Callable[[SessionId], Awaitable[None]]
    """Deletes what is stored of a session's text outside its log; may be called repeatedly. Raises
    StorageUnavailable."""

    def __post_init__(self) -> None:
        self._notice = self.notice_days * DAY_MS
        self._stated: dict[KeptKind, StatedPeriod] = {}
        # Bound: all sessions, some hundred bytes each.
        self._kept: dict[SessionId, Keeping] = {}
        self._time = ListingTime()
        self._unread: set[SessionId] = set()
        self._looking = asyncio.Lock()
        # Held while notes are changed or something is removed, so that nothing goes that somebody has just put off.
        # Bound: the requests that wait for an answer.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.decode
        kinds = {each.value: each for each in KeptKind}
        stated = await self.book.read(PERIODS)
        self._stated = {kinds[key]: decode(body, type=StatedPeriod) for key, body in stated.items() if key in kinds}
        kept = await self.book.read(KEPT)
        self._kept = {SessionId(key): decode(body, type=Keeping) for key, body in kept.items()}
        if (time := (await self.book.read(TIME)).get(PASSED)) is not None:
            self._time = decode(time, type=ListingTime)

    async def run(self) -> None:
        """Call `sweep` each hour, until cancelled."""

        def unavailable(_: StorageUnavailable) -> None:
            logger.warning("what is due can't be removed at the moment; it is looked again in an hour")

        await every(LOOK_MS, self.sweep, self.clock, unavailable)

    # Periods

    @property
    def periods(self) -> tuple[PeriodNow, ...]:
        """The periods of all kinds."""
        return tuple(
            PeriodNow(
                kind=kind,
                period=self.defaults[kind] if (stated := self._stated.get(kind)) is None else stated.period,
                default=self.defaults[kind],
                stated=stated,
            )
            for kind in KeptKind
        )

    async def state(self, periods: Mapping[KeptKind, str | None], by: str) -> Refusal | None:
        """State periods; None: that of the settings holds again. All of them or none. Raises StorageUnavailable."""
        async with self._changing:
            return await self._state(periods, by)

    async def _state(self, periods: Mapping[KeptKind, str | None], by: str) -> Refusal | None:
        new = dict(self._stated)
        for kind, period in periods.items():
            if period is None:
                new.pop(kind, None)
                continue
            try:
                days_of(period)
            except ValueError as error:
                return refuse(RefusalCode.INVALID, str(error))
            if (before := new.get(kind)) is None or before.period != period:
                new[kind] = StatedPeriod(period=period, by=by, at=self.clock.wall())
        changed = [kind for kind in KeptKind if new.get(kind) != self._stated.get(kind)]
        if changed:
            bodies = {kind: None if (said := new.get(kind)) is None else msgspec.json.encode(said) for kind in changed}
            await self.book.write([BookEntry(PERIODS, kind.value, body) for kind, body in bodies.items()])
            self._stated = new
            for session, kept in tuple(self._kept.items()):
                await self._keep(session, self._listed(session, kept))
        return None

    def _days(self, kind: KeptKind) -> int | None:
        stated = self._stated.get(kind)
        return days_of(self.defaults[kind] if stated is None else stated.period)

    # The list

    def due(self) -> tuple[DueItem, ...]:
        """What is listed or put off, the next to be removed first."""
        wall = self.clock.wall()
        now = ListingNow(wall, self._time.at(wall).passed, self._notice)
        found = [
            item_of(kept, (session, "" if (plan := self.plan_of(session)) is None else plan.title), kind, at, now)
            for session, kept in self._kept.items()
            for kind, at in self._due(session, kept).items()
            if (kind in kept.listed or kind in kept.put_off) and at is not None
        ]
        return tuple(sorted(found, key=lambda each: (each.removed, each.session, each.kind)))

    async def listing(self) -> DueList:
        """What is listed, after a look. Raises StorageUnavailable."""
        await self.look()
        return DueList(notice_days=self.notice_days, items=self.due())

    async def put_off(self, session: SessionId, kind: KeptKind, days: int, reason: str, by: str) -> Refusal | None:
        """Keep something for so many days from now on, for a reason. Raises StorageUnavailable."""
        reason, now = " ".join(reason.split()), self.clock.wall()
        async with self._changing:
            kept = self._kept.get(session)
            if kept is None or (kind not in kept.listed and kind not in kept.put_off):
                return refuse(RefusalCode.UNKNOWN, "That is not on the list of what is due.")
            if not 0 < len(reason) <= MOST_REASON or not 1 <= days <= LONGEST_DAYS:
                return refuse(
                    RefusalCode.INVALID,
                    f"To put something off, say why in at most {MOST_REASON} characters, "
                    f"and for 1 to {LONGEST_DAYS} days.",
                )
            off = PutOff(until=now + days * DAY_MS, reason=reason, by=by, at=now)
            kept = msgspec.structs.replace(kept, put_off={**kept.put_off, kind: off})
            await self._keep(session, self._listed(session, kept))
        logger.info("session %s: the removal of %s is put off by %d days", session, kind.value, days)
        return None

    async def look(self) -> None:
        """Bring the list up to date, reading the logs that have grown. Raises StorageUnavailable."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        time = self._time.at(self.clock.wall())
        await self.book.write([BookEntry(TIME, PASSED, msgspec.json.encode(time))])
        self._time = time
        there, recorded = await self.log.sessions(), frozenset(await self.recorded())
        used = self.links.used
        for session in there:
            facts = await self._facts(session)
            if facts is not None:
                async with self._changing:
                    kept = self._noted(session, facts, recorded, used)
                    await self._keep(session, self._listed(session, kept))
        for session in self._kept.keys() - set(there):
            await self.book.write([BookEntry(KEPT, session, None)])
            del self._kept[session]

    async def sweep(self) -> None:
        """Bring the list up to date, and remove what is due and was listed for long enough. Raises StorageUnavailable;
        the next call goes on.
        """
        await self.look()
        for session in tuple(self._kept):
            for kind in KeptKind:
                async with self._changing:
                    kept = self._kept.get(session)
                    if kept is None or not may_go(kept, kind, self._due(session, kept)[kind], self._now):
                        continue
                    try:
                        await self._remove(session, kind)
                    except (RecordBroken, StorageUnavailable) as error:  # One session holds up no other.
                        logger.warning("session %s: %s is due and can't be removed yet. %s", session, kind.value, error)

    async def forget(self, session: SessionId) -> None:
        """Forget a session that is erased. Raises StorageUnavailable."""
        if self._kept.pop(session, None) is not None:
            await self.book.write([BookEntry(KEPT, session, None)])

    async def _remove(self, session: SessionId, kind: KeptKind) -> None:
        live = await self.sessions.find(session)
        if live is None or live.state.status in ON:
            return  # It was opened again meanwhile.
        if kind is KeptKind.STAFF:
            await self.links.forget_uses(session)
        if kind is KeptKind.TEXT:
            await self.forget_text(session)
        name = CommandId(f"due:{kind.value}:{live.writer.offset}")
        answer = await live.writer.remove(SYSTEM, name, Expired(frozenset({kind})))
        if isinstance(answer, Refusal) and answer.code is not RefusalCode.UNKNOWN:
            logger.warning("session %s: %s is due and can't be removed yet (%s)", session, kind.value, answer.code)
            return
        logger.info("session %s: %s was due and is removed", session, kind.value)
        if (kept := self._kept.get(session)) is not None:
            left = {each: since for each, since in kept.listed.items() if each is not kind}
            off = {each: why for each, why in kept.put_off.items() if each is not kind}
            await self._keep(session, Keeping(facts=kept.facts, there=kept.there - {kind}, listed=left, put_off=off))

    def _due(self, session: SessionId, kept: Keeping) -> dict[KeptKind, int | None]:
        plan = self.plan_of(kept.facts.about or session)
        ends = None if plan is None else plan.ends
        if plan is not None and ends is None and plan.starts is not None:
            ends = plan.starts + OPEN_ENDED_MS
        return {kind: due_at(kept, kind, self._days(kind), ends) for kind in KeptKind}

    def _listed(self, session: SessionId, kept: Keeping) -> Keeping:
        return listed(kept, self._due(session, kept), self._now)

    @property
    def _now(self) -> ListingNow:
        """The moment of the last look, by the wall clock of now."""
        return ListingNow(self.clock.wall(), self._time.passed, self._notice)

    async def _facts(self, session: SessionId) -> KeptFacts | None:
        """What a session's log says as it is now; None where it can't be read."""
        kept = self._kept.get(session)
        try:
            head = await self.log.head(session)
            if head is None:
                return None
            facts = None if kept is None else kept.facts
            if facts is None or (facts.epoch, facts.offset) != (head.epoch, head.offset):
                facts = _facts_of(await fold(self.log, session), head)
        except RecordBroken:
            if session not in self._unread:
                logger.error("session %s: the log can't be read, so nothing of it is listed as due", session)
            self._unread.add(session)
            return None
        self._unread.discard(session)
        return facts

    def _noted(
        self, session: SessionId, facts: KeptFacts, recorded: Collection[SessionId], used: Collection[str]
    ) -> Keeping:
        """What is noted of a session, with new facts. `used`: the scopes of links that were used."""
        there = facts.kinds if session in recorded else facts.kinds - {KeptKind.SOUND}
        if session_scope(session) in used:
            there |= {KeptKind.STAFF}
        return msgspec.structs.replace(self._kept.get(session) or Keeping(facts=facts), facts=facts, there=there)

    async def _keep(self, session: SessionId, kept: Keeping) -> None:
        if self._kept.get(session) != kept:
            await self.book.write([BookEntry(KEPT, session, msgspec.json.encode(kept))])
            self._kept[session] = kept


def _facts_of(folded: FoldedLog, head: LogHead) -> KeptFacts:
    state = folded.state
    cause = CommandId("")
    kinds = [kind for kind in KeptKind if expired(state, folded.text_offsets, {kind}, cause) is not None]
    return KeptFacts(
        epoch=head.epoch,
        offset=head.offset,
        status=state.status,
        kind=state.kind,
        about=state.outcomes.report.session,
        commented_until=state.outcomes.document.comments_until,
        rehearsal=state.rehearsal,
        at=folded.at,
        closed=folded.closed,
        kinds=frozenset(kinds),
    )
