"""Counts the browsers that follow a session while it is on, by the rule of shows of hands: one browser, one voice.

A browser is known by its cookie for the session, which only those have that asked, voted or saw the questions; any
other by the random name of its open page. A page that gets its cookie later stays who it was. Both are kept as keyed
hashes in memory, with a key of the session and of this run, which nobody else ever has, and are dropped when the
session is closed. The book gets numbers alone (`core/attendance/online.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections import Counter, defaultdict
from collections.abc import Callable

import msgspec

from moothall.core.attendance.online import HOUR_MS, OnlineCount, added
from moothall.core.attendance.ranges import PeopleRange
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.sessions.state import ON
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import every

logger = logging.getLogger(__name__)

NAMESPACE = "attendance"
LOOK_MS = 60_000
"""How often those who are there are counted, and the numbers stored."""
MOST_SEEN = 20_000
"""Browsers of one session that are told apart. Overflow: the rest is not counted, and no upper bound is told."""
_KEY_BYTES = 32
_HASH_BYTES = 8

_Person = bytes
_Leave = Callable[[], None]


class _Crowd:
    """The browsers of a session, or of one of its texts, that were there in a run."""

    def __init__(self) -> None:
        self.here: Counter[_Person] = Counter()
        """The connections of each browser that is there now."""
        self.seen: set[_Person] = set()  # Bound: MOST_SEEN.
        self.peak = 0

    def note(self, person: _Person) -> None:
        if len(self.seen) < MOST_SEEN:
            self.seen.add(person)
        self.peak = max(self.peak, len(self.here))

    @property
    def people(self) -> PeopleRange:
        full = len(self.seen) >= MOST_SEEN
        return PeopleRange(self.peak, None if full else max(len(self.seen), self.peak))


class _Run:
    """What this server knows of who follows one session."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.all = _Crowd()
        self.texts: defaultdict[str, _Crowd] = defaultdict(_Crowd)
        self.hour: int | None = None
        self.in_hour = _Crowd()
        self.hours: dict[int, PeopleRange] = {}
        self.elsewhere = 0
        self.uncounted = False
        self._before: dict[_Person, _Person] = {}
        """Browsers that were known by an open page before they had their cookie. Bound: MOST_SEEN. Overflow: the rest
        counts as others.
        """

    def person(self, who: str, page: str) -> _Person:
        """The browser with this cookie or this name; `page`: the name of its open page, where it has both."""
        person, before = self._hash(who), self._hash(page)
        if not self._knows(person) and self._knows(before) and len(self._before) < MOST_SEEN:
            self._before.setdefault(person, before)
        return self._before.get(person, person)

    def _hash(self, name: str) -> _Person:
        return hmac.digest(self.key, name.encode("utf-8", "replace"), hashlib.sha256)[:_HASH_BYTES]

    def _knows(self, person: _Person) -> bool:
        return person in self.all.seen or person in self.all.here

    def note(self, person: _Person, language: str, wall: int) -> None:
        """Count a browser that is there while the session is on."""
        hour = wall // HOUR_MS * HOUR_MS
        if hour != self.hour:
            self._end_hour()
            self.hour, self.in_hour = hour, _Crowd()
            self.in_hour.here = self.all.here
        self.all.note(person)
        self.in_hour.note(person)
        self.texts[language].note(person)

    def _end_hour(self) -> None:
        if self.hour is not None:
            self.hours[self.hour] = self.in_hour.people

    @property
    def count(self) -> OnlineCount:
        self._end_hour()
        texts = {language: crowd.people for language, crowd in self.texts.items() if crowd.seen}
        return OnlineCount(
            people=self.all.people,
            hours=dict(self.hours),
            languages=texts,
            elsewhere=self.elsewhere,
            uncounted=self.uncounted,
        )

    @property
    def used(self) -> bool:
        return bool(self.all.seen) or self.elsewhere > 0 or self.uncounted


class OnlineCounts:
    """The counts of all sessions. Call `load` first; `run` must be running, else nothing is stored."""

    def __init__(self, sessions: Sessions, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._sessions = sessions
        self._book = book
        self._clock = clock
        self._randomness = randomness
        # Bound: all sessions, some hundred bytes each.
        self._before: dict[SessionId, OnlineCount] = {}
        """The counts of earlier runs."""
        self._stored: dict[SessionId, OnlineCount] = {}
        # Bound: the sessions that are on, and those that somebody reads.
        self._runs: dict[SessionId, _Run] = {}

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        for name, body in (await self._book.read(NAMESPACE)).items():
            self._before[SessionId(name)] = msgspec.msgpack.decode(body, type=OnlineCount)
        self._stored = dict(self._before)

    def come(self, session: SessionId, who: str, language: str, page: str = "") -> _Leave:
        """Note that a browser has begun to read a text in a language. `who` is its cookie, its page's name or anything
        else that is its own; `page` is its page's name beside its cookie. Return what has to be called when it leaves.
        """
        run = self._run(session)
        person = run.person(who, page)
        text = run.texts[language]
        for crowd in (run.all, text):
            crowd.here[person] += 1
        if self._on(session):
            run.note(person, language, self._clock.wall())

        def leave() -> None:
            for crowd in (run.all, text):
                crowd.here[person] -= 1
                if not crowd.here[person]:
                    del crowd.here[person]

        return leave

    def not_counted(self, session: SessionId) -> None:
        """Note that somebody reads who can't be counted."""
        if self._on(session):
            self._run(session).uncounted = True

    def of(self, session: SessionId) -> OnlineCount | None:
        """The counts of a session; None where nobody has counted."""
        before, run = self._before.get(session), self._runs.get(session)
        if run is None or not run.used:
            return before if before is not None or not self._on(session) else OnlineCount()
        return run.count if before is None else added(before, run.count)

    async def look(self) -> None:
        """Count all that are there, store the numbers, and forget the browsers of sessions that are over. Raises
        StorageUnavailable: then the next look stores them.
        """
        for live in self._sessions.all_loaded:
            if live.state.status in ON and not live.state.rehearsal:
                self._count(live)
        changed = {name: self.of(name) for name in self._runs}
        entries = {
            name: count for name, count in changed.items() if count is not None and self._stored.get(name) != count
        }
        if entries:
            await self._book.write(
                [BookEntry(NAMESPACE, name, msgspec.msgpack.encode(count)) for name, count in entries.items()]
            )
            self._stored |= entries
        for name in [name for name in self._runs if not self._on(name)]:
            self._end(name)

    async def run(self) -> None:
        """Look each minute, until cancelled."""

        def unavailable(_: StorageUnavailable) -> None:
            logger.warning("the numbers of readers can't be stored at the moment; the next look stores them")

        await every(LOOK_MS, self.look, self._clock, unavailable)

    async def forget(self, session: SessionId) -> None:
        """Destroy everything about a session. Raises StorageUnavailable."""
        self._runs.pop(session, None)
        self._before.pop(session, None)
        if self._stored.pop(session, None) is not None:
            await self._book.write([BookEntry(NAMESPACE, session, None)])

    def _count(self, live: LiveSession) -> None:
        run, now = self._run(live.id), self._clock.wall()
        run.elsewhere = max(run.elsewhere, sum(live.fanout.elsewhere().values()))
        for language, crowd in run.texts.items():
            for person in crowd.here:
                run.note(person, language, now)

    def _end(self, session: SessionId) -> None:
        """Give the hashes and the key of a session up. Whoever still reads is told apart anew if it opens again."""
        run = self._runs[session]
        count = self.of(session)
        if count is not None:
            self._before[session] = count
        if run.all.here:
            anew = self._runs[session] = _Run(run.key)
            anew.all.here = run.all.here
            for language, crowd in run.texts.items():
                anew.texts[language].here = crowd.here
        else:
            del self._runs[session]

    def _run(self, session: SessionId) -> _Run:
        run = self._runs.get(session)
        if run is None:
            run = self._runs[session] = _Run(self._randomness.bytes(_KEY_BYTES))
        return run

    def _on(self, session: SessionId) -> bool:
        live = self._sessions.loaded(session)
        return live is not None and live.state.status in ON and not live.state.rehearsal
