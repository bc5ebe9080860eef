"""*Something wrong?*: counts for the staff what readers say is wrong with the text, and returns "seen" and "mended".

Reports are kept in memory only, for five minutes. A reader is a random token, issued with the page; here it is known
only as a keyed hash, under a key of the session's own that is not stored. Addresses are not used.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from weakref import WeakSet

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock, Randomness

LAPSE_MS = 300_000
"""How long a report counts, and how long its reporter can see the answer."""
LOOK_MS = 5_000
"""How often lapsed reports are dropped."""
MAX_REPORTS = 20_000
"""Most reports of one session at a time: ten thousand readers with two complaints each. Overflow: refused as busy."""


class ReportKind(StrEnum):
    """The kinds of faults that readers can report."""

    NO_TEXT = "no-text"
    LATE = "late"
    LANGUAGE = "language"
    NAME = "name"
    WORD = "word"


class ReportOutcome(StrEnum):
    """The staff's answer to a report; `SENT`: none yet."""

    SENT = "sent"
    SEEN = "seen"
    MENDED = "mended"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of a session's current reports: "14 of 210 readers: wrong language"."""

    readers: int
    """The number of people reading it now."""
    counts: dict[ReportKind, int]
    """The number of reporters by kind, without zeros; mended reports don't count."""
    unseen: frozenset[ReportKind]
    """Kinds with reports that the staff hasn't marked as seen."""
    channels: dict[ReportKind, dict[ChannelId, int]]
    """The same counts by the channel that the reporters read."""


class _Report(msgspec.Struct):
    channel: ChannelId
    at: int
    """When it was last made, in ms of the monotonic clock."""
    answer: ReportOutcome = ReportOutcome.SENT


class _Session:
    def __init__(self, key: bytes) -> None:
        self.key = key
        self.reports: OrderedDict[tuple[bytes, ReportKind], _Report] = OrderedDict()
        """By reporter's hash and kind, oldest first."""
        self.news = asyncio.Event()
        """Set, and replaced by a new event, whenever its reports or their answers change."""


class ReportChanges:
    """An endless async iterator over the sessions in which something changed; several changes give one item.

    Bound: one entry per session. An iterator that is garbage-collected is unsubscribed.
    """

    def __init__(self) -> None:
        self._waiting: dict[SessionId, None] = {}
        self._news = asyncio.Event()

    def __aiter__(self) -> ReportChanges:
        return self

    async def __anext__(self) -> SessionId:
        """Wait for the next session and return it."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        session = next(iter(self._waiting))
        del self._waiting[session]
        return session

    def add(self, session: SessionId) -> None:
        """Add a session that has changed."""
        self._waiting[session] = None
        self._news.set()


class Reports:
    """Counts what readers report about the text. `run` must be running: it lets reports expire."""

    def __init__(self, *, clock: Clock, randomness: Randomness, readers: Callable[[SessionId], int]) -> None:
        """`readers` returns the number of people reading a session now."""
        self._clock = clock
        self._randomness = randomness
        self._readers = readers
        # Bound: sessions with reports of the last five minutes, and MAX_REPORTS in each.
        self._sessions: dict[SessionId, _Session] = {}
        self._subscribers: WeakSet[ReportChanges] = WeakSet()

    def report(self, session: SessionId, channel: ChannelId, kind: ReportKind, visitor: str) -> Refusal | None:
        """Store a report. A repetition within five minutes renews it and counts once; `visitor` is the reader's token.

        Refused as busy when the session has too many reports.
        """
        self._forget_lapsed(session)
        there = self._sessions.setdefault(session, _Session(self._randomness.bytes(32)))
        name = (self._name(there, visitor), kind)
        if len(there.reports) >= MAX_REPORTS and name not in there.reports:
            return refuse(RefusalCode.BUSY, "Many readers have reported this session already; the staff knows of it.")
        there.reports.pop(name, None)
        there.reports[name] = _Report(channel, self._clock.monotonic())
        self._tell(session)
        return None

    def tally(self, session: SessionId) -> Tally:
        """Count the current reports of a session."""
        self._forget_lapsed(session)
        there = self._sessions.get(session)
        counts: dict[ReportKind, int] = {}
        unseen: set[ReportKind] = set()
        channels: dict[ReportKind, dict[ChannelId, int]] = {}
        for (_, kind), report in there.reports.items() if there else ():
            if report.answer is ReportOutcome.MENDED:
                continue
            counts[kind] = counts.get(kind, 0) + 1
            by_channel = channels.setdefault(kind, {})
            by_channel[report.channel] = by_channel.get(report.channel, 0) + 1
            if report.answer is ReportOutcome.SENT:
                unseen.add(kind)
        return Tally(readers=self._readers(session), counts=counts, unseen=frozenset(unseen), channels=channels)

    def seen(self, session: SessionId, kind: ReportKind) -> None:
        """Mark the reports of `kind` as seen, which their reporters are shown."""
        self._answer(session, kind, ReportOutcome.SEEN)

    def mended(self, session: SessionId, kind: ReportKind) -> None:
        """Mark the reports of `kind` as mended, which their reporters are shown; they don't count any more."""
        self._answer(session, kind, ReportOutcome.MENDED)

    def answers(self, session: SessionId, visitor: str) -> dict[ReportKind, ReportOutcome]:
        """The answers to a visitor's reports of the last five minutes, in the order of `ReportKind`."""
        self._forget_lapsed(session)
        there = self._sessions.get(session)
        if there is None:
            return {}
        name = self._name(there, visitor)
        return {kind: there.reports[name, kind].answer for kind in ReportKind if (name, kind) in there.reports}

    async def changed(self, session: SessionId, visitor: str, known: dict[ReportKind, ReportOutcome]) -> None:
        """Wait until a visitor's answers differ from `known`. Returns at once if the session has no reports."""
        while self.answers(session, visitor) == known and (there := self._sessions.get(session)) is not None:
            await there.news.wait()

    def subscribe(self) -> ReportChanges:
        """Return an iterator over sessions that change from now on, for desks and the control room."""
        changes = ReportChanges()
        self._subscribers.add(changes)
        return changes

    async def run(self) -> None:
        """Let reports lapse, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            for session in tuple(self._sessions):
                self._forget_lapsed(session)

    def _answer(self, session: SessionId, kind: ReportKind, answer: ReportOutcome) -> None:
        self._forget_lapsed(session)
        there = self._sessions.get(session)
        found = [report for (_, of), report in there.reports.items() if of is kind] if there else []
        found = [report for report in found if report.answer not in (answer, ReportOutcome.MENDED)]
        for report in found:
            report.answer = answer
        if found:
            self._tell(session)

    def _tell(self, session: SessionId) -> None:
        there = self._sessions[session]
        there.news.set()
        there.news = asyncio.Event()
        for subscriber in self._subscribers:
            subscriber.add(session)

    def _forget_lapsed(self, session: SessionId) -> None:
        there = self._sessions.get(session)
        if there is None:
            return
        since = self._clock.monotonic() - LAPSE_MS
        before = len(there.reports)
        while there.reports and next(iter(there.reports.values())).at <= since:
            there.reports.popitem(last=False)
        if len(there.reports) < before:
            self._tell(session)
        if not there.reports:
            del self._sessions[session]

    @staticmethod
    def _name(there: _Session, visitor: str) -> bytes:
        return hmac.digest(there.key, visitor.encode(errors="replace"), hashlib.sha256)[:16]
