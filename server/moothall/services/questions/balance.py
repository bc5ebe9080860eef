"""Who gets heard: figures by origin and by what authors say of themselves, and hints to the chair.

What authors say of themselves is stored in the book only, under a keyed hash of the author, with a key of its own for
each session. Nothing but this module reads it; only sums that identify nobody leave it
(`core/questions/disclosure.py`). Seven days after the close the final sums are stored for the figures of the year, and
everything else is destroyed: the statements, the key, and the shares that the sums were made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging

import msgspec

from moothall.core.kernel.errors import NO_QUESTION, RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.questions.balance import SpeakingShare, by_origin, unheard
from moothall.core.questions.disclosure import CellRow, Release, Shares, renewed, row, shares
from moothall.core.questions.interventions import Questions
from moothall.core.questions.statements import NOT_SAID, AboutQuestions, Dimension, Statement, stated
from moothall.core.sessions.state import State, Status
from moothall.services.questions.ballot_box import KEPT_MS
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

NAMESPACE = "balance"
"""Namespace of the sessions in which anybody has asked something. The statements of each are in a namespace of their
own, `balance:` and the session's id.

Sessions without statements are included: otherwise a new entry would reveal that somebody has made a first statement.
"""
SUMS = "balance-sums"
"""Namespace of the final sums, which are kept for good."""
LOOK_MS = 60_000
_KEY_BYTES = 32
_HASH_BYTES = 12


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """The final sums of a session, all that is kept of it."""

    closed: int
    """When the session was closed, Unix ms: the time limit for keeping statements counts from then."""
    origins: dict[str, SpeakingShare]
    groups: dict[Dimension, dict[str, CellRow]]
    """By dimension and cell; a null number is suppressed by disclosure control."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The entry of a session in the book."""

    key: bytes
    release: Release = Release()
    until: int | None = None
    """When it has to be destroyed, Unix ms; None while the session is not closed."""


class _Session:
    def __init__(self, kept: _Kept) -> None:
        self.kept = kept
        self.written: _Kept | None = None
        """The entry that the book has, as far as known; None if unknown."""
        self.said: dict[str, Statement] = {}

    def person(self, asker: str) -> str:
        return hmac.digest(self.kept.key, asker.encode(), hashlib.sha256)[:_HASH_BYTES].hex()


class BalanceFigures:
    """The figures of who gets heard. Call `load` first; `run` must be running, else no figure is updated."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        book: Book,
        clock: Clock,
        randomness: Randomness,
        questions: AboutQuestions,
        kept_ms: int = KEPT_MS,
    ) -> None:
        """`questions`: what authors are asked about themselves here. `kept_ms`: how long statements are kept after the
        close.
        """
        self._sessions = sessions
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._questions = questions
        self._kept_ms = kept_ms
        # Bound: sessions of the last seven days in which anybody has asked something, each with at most as many people
        # as a session accepts questions (`core.questions.limits.MOST`).
        self._kept: dict[SessionId, _Session] = {}
        self._ended: set[SessionId] = set()
        """Sessions whose final sums were made. They are never made again: the difference would reveal statements made
        in between.
        """
        self._told: dict[SessionId, dict[str, object]] = {}
        """The figures for desks, by loaded session."""
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        self._ended = {SessionId(name) for name in await self._book.read(SUMS)}
        for session, body in (await self._book.read(NAMESPACE)).items():
            name = SessionId(session)
            there = self._kept[name] = _Session(msgspec.msgpack.decode(body, type=_Kept))
            for person, said in (await self._book.read(_namespace(name))).items():
                there.said[person] = msgspec.msgpack.decode(said, type=Statement)
        self._sessions.tell_loaded(self.observe)

    def choices(self, *, young_people: bool) -> dict[Dimension, tuple[str, ...]]:
        """The statements that are possible in a session, by dimension."""
        return self._questions.choices(young_people=young_people)

    def may_say(self, session: SessionId) -> bool:
        """Whether authors can still make statements: after the close only until the statements are destroyed."""
        live = self._sessions.loaded(session)
        closed = live is None or live.state.status is Status.CLOSED
        return session in self._kept or not (closed or session in self._ended)

    def has_said(self, session: SessionId, intervention: InterventionId) -> bool:
        """Whether the author of this question has made any statement. Its content is never shown."""
        there, live = self._kept.get(session), self._sessions.loaded(session)
        each = None if live is None else live.state.questions.get(intervention)
        return there is not None and each is not None and there.person(each.asker) in there.said

    async def say(self, session: SessionId, intervention: InterventionId, said: Statement) -> Refusal | None:
        """Store what the author of this question says of themselves, in place of earlier statements.

        An empty statement changes nothing. None: it is on the disk. Raises StorageUnavailable.
        """
        live = await self._sessions.find(session)
        each = None if live is None else live.state.questions.get(intervention)
        if live is None or each is None:
            return NO_QUESTION
        if not self.may_say(session):
            return refuse(RefusalCode.CONFLICT, "The meeting is over and its figures are final.")
        kept = stated(said, self.choices(young_people=live.state.young_people))
        if not kept:
            return None
        async with self._writing:
            there = self._kept.get(session) or self._new()
            person = there.person(each.asker)
            entries = [BookEntry(_namespace(session), person, msgspec.msgpack.encode(kept))]
            if session not in self._kept:
                entries.append(_entry(session, there.kept))
            await self._book.write(entries)
            self._kept[session] = there
            there.said[person] = kept
        return None

    async def take_back(self, session: SessionId, intervention: InterventionId) -> None:
        """Erase all statements of this question's author, from the disk too. Raises StorageUnavailable.

        Published sums stay until five more people have changed in them. The shares behind them stay as they were
        published, under the keyed hash; otherwise the next sum would reveal who took something back.
        """
        live = await self._sessions.find(session)
        each = None if live is None else live.state.questions.get(intervention)
        async with self._writing:
            there = self._kept.get(session)
            if there is None or each is None:
                return
            person = there.person(each.asker)
            await self._book.write([BookEntry(_namespace(session), person, None)])
            there.said.pop(person, None)

    def observe(self, live: LiveSession) -> None:
        """Process that a session changed or was loaded: its close sets the time of destruction, reopening cancels it,
        so that the statements are kept as long as the session is open.
        """
        there = self._kept.get(live.id)
        if there is None:
            return
        closed = live.state.status is Status.CLOSED
        if closed != (there.kept.until is not None):
            until = self._clock.wall() + self._kept_ms if closed else None
            there.kept = msgspec.structs.replace(there.kept, until=until)

    def for_desks(self, session: SessionId) -> dict[str, object] | None:
        """The figures for desks as plain JSON values, at most a minute old; None where nobody has asked anything."""
        live = self._sessions.loaded(session)
        if session not in self._told and live is not None and live.state.questions.last:
            self._told[session] = self._plain(live)
        return self._told.get(session)

    async def sums(self) -> dict[SessionId, Sums]:
        """The final sums of all sessions that have some. Raises StorageUnavailable."""
        namespace = await self._book.read(SUMS)
        return {SessionId(name): msgspec.msgpack.decode(body, type=Sums) for name, body in namespace.items()}

    async def renew(self, session: SessionId) -> None:
        """Update the figures of a loaded session now, without waiting for the next minute."""
        live = self._sessions.loaded(session)
        if live is not None:
            await self._renew(live)

    async def forget(self, session: SessionId) -> None:
        """Destroy everything about a session. Raises StorageUnavailable."""
        async with self._writing:
            await self._destroy(session, BookEntry(SUMS, session, None))
            self._ended.discard(session)

    async def run(self) -> None:
        """Update the figures each minute, and destroy what is due, until cancelled."""
        await self._look_for_closed()
        while True:
            for live in self._sessions.all_loaded:
                await self._renew(live)
            now = self._clock.wall()
            for session, there in list(self._kept.items()):
                if there.kept.until is not None and there.kept.until <= now:
                    await self._end(session, there)
            for session in [name for name in self._told if self._sessions.loaded(name) is None]:
                del self._told[session]
            await self._clock.sleep(LOOK_MS)

    async def _look_for_closed(self) -> None:
        """Load sessions whose entries lack a time of destruction: they may have been closed just before the server
        stopped.
        """
        for session in [name for name, there in self._kept.items() if there.kept.until is None]:
            with contextlib.suppress(StorageUnavailable, RecordBroken):
                await self._sessions.find(session)

    async def _renew(self, live: LiveSession) -> None:
        async with self._writing:
            there = self._kept.get(live.id) or self._begun(live)
            if there is not None:
                release = await self._release(there, live.state)
                kept = msgspec.structs.replace(there.kept, release=release)
                try:
                    if there.written != kept:
                        await self._book.write([_entry(live.id, kept)])
                        there.written = kept
                    self._kept[live.id] = there
                    # Only stored figures are published: after a crash later ones must be compared with them.
                    there.kept = msgspec.structs.replace(there.kept, release=kept.release)
                except StorageUnavailable:
                    logger.warning("session %s: new figures can't be stored; the earlier ones stay", live.id)
        if live.state.questions.last:
            self._told[live.id] = self._plain(live)

    def _begun(self, live: LiveSession) -> _Session | None:
        """New data of a session that has none yet and needs some; else None."""
        state = live.state
        wanted = state.status is Status.OPEN and state.questions.last and self._sessions.loaded(live.id) is live
        return self._new() if wanted and live.id not in self._ended else None

    def _new(self) -> _Session:
        return _Session(_Kept(key=self._randomness.bytes(_KEY_BYTES)))

    async def _release(self, there: _Session, state: State) -> Release:
        """The figures that may be shown now. Computed in a thread: with 500 people it takes half a second."""
        have = {column: _named(there, found) for column, found in shares(state.questions).items()}
        choices = self.choices(young_people=state.young_people)
        return await asyncio.to_thread(renewed, there.kept.release, have, dict(there.said), choices)

    async def _end(self, session: SessionId, there: _Session) -> None:
        try:
            live = await self._sessions.find(session)
            async with self._writing:
                made = None if live is None else msgspec.msgpack.encode(await self._sums(live, there))
                await self._destroy(session, BookEntry(SUMS, session, made))
                self._ended.add(session)
        except (StorageUnavailable, RecordBroken):
            return  # The next round of `run` tries again.
        logger.info("session %s: the statements of authors about themselves are destroyed; the sums are kept", session)

    async def _destroy(self, session: SessionId, sums: BookEntry) -> None:
        namespace = await self._book.read(_namespace(session))
        entries = [BookEntry(_namespace(session), person, None) for person in namespace]
        await self._book.write([*entries, BookEntry(NAMESPACE, session, None), sums])
        self._kept.pop(session, None)
        self._told.pop(session, None)

    async def _sums(self, live: LiveSession, there: _Session) -> Sums:
        until = there.kept.until or self._clock.wall()
        return Sums(
            closed=until - self._kept_ms,
            origins=by_origin(live.state.questions, self._now(live.state)),
            groups=self._rows(live.state, await self._release(there, live.state)),
        )

    def _rows(self, state: State, release: Release) -> dict[Dimension, dict[str, CellRow]]:
        choices = self.choices(young_people=state.young_people)
        return {
            dimension: {cell: row(release, dimension, cell) for cell in (*cells, NOT_SAID)}
            for dimension, cells in choices.items()
        }

    def _plain(self, live: LiveSession) -> dict[str, object]:
        state, there = live.state, self._kept.get(live.id)
        now = self._now(state)
        groups = self._rows(state, Release() if there is None else there.kept.release)
        return {
            "origins": _origins(state.questions, now),
            "unheard": [
                msgspec.to_builtins(each) for each in unheard(state.questions, now) if state.status is Status.OPEN
            ],
            "groups": [
                {
                    "dimension": dimension.value,
                    "rows": [{"cell": cell, **msgspec.to_builtins(found)} for cell, found in rows.items()],
                }
                for dimension, rows in groups.items()
            ],
        }

    def _now(self, state: State) -> int:
        closed = state.closed_at if state.status is Status.CLOSED else None
        return state.media_now(self._clock.wall()) if closed is None else closed


def _origins(questions: Questions, now: int) -> list[dict[str, object]]:
    return [{"origin": origin, **msgspec.to_builtins(heard)} for origin, heard in by_origin(questions, now).items()]


def _named(there: _Session, found: Shares) -> Shares:
    return {there.person(asker): share for asker, share in found.items()}


def _entry(session: SessionId, kept: _Kept) -> BookEntry:
    return BookEntry(NAMESPACE, session, msgspec.msgpack.encode(kept))


def _namespace(session: SessionId) -> str:
    return f"{NAMESPACE}:{session}"
