"""*Something wrong?*: what readers say is wrong with the text, counted for the staff; and "seen" and "mended" back.

All of it is in memory and forgotten after five minutes. A reader is a random token that the page's door gave out; here
it is only known as a keyed hash, under a key of the session's own that nobody stores. No address is asked for.
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
"""How long a report counts, and how long its reporter can see what became of it."""
LOOK_MS = 5_000
"""How often lapsed reports are looked for."""
MAX_REPORTS = 20_000
"""Reports of one session at a time: ten thousand readers with two complaints each; one more is refused as busy."""


class ReportKind(StrEnum):
    """What can be wrong."""

    NO_TEXT = "no-text"
    LATE = "late"
    LANGUAGE = "language"
    NAME = "name"
    WORD = "word"


class ReportOutcome(StrEnum):
    """What became of a report."""

    SENT = "sent"
    SEEN = "seen"
    MENDED = "mended"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What readers of a session say now: "14 of 210 readers: wrong language"."""

    readers: int
    """How many read it now."""
    counts: dict[ReportKind, int]
    """Reporters by kind, those left out of whom there are none; what was mended counts no more."""
    unseen: frozenset[ReportKind]
    """Kinds with reports that nobody has marked as seen."""
    channels: dict[ReportKind, dict[ChannelId, int]]
    """The same counts by the text that the reporters read."""


class _Report(msgspec.Struct):
    channel: ChannelId
    at: int
    """When it was made, or made again; ms of the monotonic clock."""
    answer: ReportOutcome = ReportOutcome.SENT


class _Session:
    def __init__(self, key: bytes) -> None:
        self.key = key
        self.reports: OrderedDict[tuple[bytes, ReportKind], _Report] = OrderedDict()
        """In the order of their times."""
        self.news = asyncio.Event()
        """Set, and replaced, when something became of a report."""


class Changes:
    """An endless async iterator of the sessions in which something changed, each named once however often it did.

    Overflow: none; there is at most one entry a session. An iterator that is dropped has left.
    """

    def __init__(self) -> None:
        self._waiting: dict[SessionId, None] = {}
        self._news = asyncio.Event()

    def __aiter__(self) -> Changes:
        return self

    async def __anext__(self) -> SessionId:
        """The next session; waits for one."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        session = next(iter(self._waiting))
        del self._waiting[session]
        return session

    def add(self, session: SessionId) -> None:
        """Something changed there."""
        self._waiting[session] = None
        self._news.set()


class Reports:
    """Counts what readers report about the text. `run` must be running: it lets reports expire."""

    def __init__(self, *, clock: Clock, randomness: Randomness, readers: Callable[[SessionId], int]) -> None:
        """`readers` says how many read a session now."""
        self._clock = clock
        self._randomness = randomness
        self._readers = readers
        # Bound: sessions with reports of the last five minutes, and MAX_REPORTS in each.
        self._sessions: dict[SessionId, _Session] = {}
        self._subscribers: WeakSet[Changes] = WeakSet()

    def report(self, session: SessionId, channel: ChannelId, kind: ReportKind, visitor: str) -> Refusal | None:
        """Take a report. The same again within five minutes counts once, from now on; `visitor` is the reader's token.

        Refused as busy when the session has too many.
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
        """What readers say now."""
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
        """Tell those who reported `kind` that somebody has seen it."""
        self._answer(session, kind, ReportOutcome.SEEN)

    def mended(self, session: SessionId, kind: ReportKind) -> None:
        """Tell them that it is mended; they count no more."""
        self._answer(session, kind, ReportOutcome.MENDED)

    def answers(self, session: SessionId, visitor: str) -> dict[ReportKind, ReportOutcome]:
        """What became of a visitor's reports of the last five minutes, in the order of `ReportKind`."""
        self._forget_lapsed(session)
        there = self._sessions.get(session)
        if there is None:
            return {}
        name = self._name(there, visitor)
        return {kind: there.reports[name, kind].answer for kind in ReportKind if (name, kind) in there.reports}

    async def changed(self, session: SessionId, visitor: str, known: dict[ReportKind, ReportOutcome]) -> None:
        """Wait until a visitor's answers are others than `known`. With nothing reported it comes back at once."""
        while self.answers(session, visitor) == known and (there := self._sessions.get(session)) is not None:
            await there.news.wait()

    def subscribe(self) -> Changes:
        """The sessions in which something changes from now on, for desks and the control room."""
        changes = Changes()
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
