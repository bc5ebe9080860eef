"""Removes the words of one person from all sessions, by the removal that each desk has.

Who somebody is in a session follows from what the secretariat has joined, or from the private addresses of questions
that the person hands over: never from a name alone. The job is in the book until it is done: its acts have ids of their
own, so that after a crash it goes on, and nothing is removed twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.events.question_parts import HUB
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import PASSING, RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.removal.selection import Interventions, Lines, Selection, WordsOf, selected
from moothall.core.search.people import KnownSpeaker
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.removal import ForgetLines, RedactWith, SilenceSound, remove
from moothall.services.search.people import KnownSpeakers
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import until_set

logger = logging.getLogger(__name__)

JOBS = "person-removal"
"""Namespace of the book: removals that are not done yet, by id."""
AGAIN_MS = 60_000
"""After how long what could not be removed is tried again."""
MOST_JOBS = 50
"""Overflow: no other begins."""
FindAsked = Callable[[SessionId, str], InterventionId | None]
"""Returns the question to whose author's page a token leads in a session; None for a token that isn't of this house."""


class PersonPart(msgspec.Struct, frozen=True, kw_only=True):
    """What is removed from one session."""

    session: SessionId
    selection: Selection
    done: bool = False
    refused: str = ""
    """Why it can't be removed; empty while it can."""


class PersonJob(msgspec.Struct, frozen=True, kw_only=True):
    """The removal of a person's words. It holds no name."""

    id: str
    parts: tuple[PersonPart, ...]
    by: str
    """The pseudonym of who ordered it."""
    at: int
    """Unix ms."""
    person: str = ""
    """The id of a person who is joined, whose page goes with the words; empty for others."""


class PersonCount(msgspec.Struct, frozen=True, kw_only=True):
    """How much a session loses."""

    session: SessionId
    title: str
    lines: int = 0
    words: int = 0
    questions: int = 0
    unread: bool = False
    """Whether the session's log can't be read now."""


@dataclass(eq=False, repr=False)
class PersonRemovals:
    """Counts what a person's removal takes, and carries it out. Call `load` first; `run` must be running."""

    sessions: Sessions
    _: KW_ONLY
    book: Book
    clock: Clock
    randomness: Randomness
    people: KnownSpeakers
    copies: OtherLogs
    silence: SilenceSound
    forget: ForgetLines
    redact: RedactWith
    busy: AbstractAsyncContextManager[None]
    """Held during each removal, so that no line is moved meanwhile (`LineMoves.busy`)."""
    asked: FindAsked

    def __post_init__(self) -> None:
        # Bound: MOST_JOBS.
        self._jobs: dict[str, PersonJob] = {}
        self._begun = asyncio.Event()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.Decoder(PersonJob).decode
        self._jobs = {key: decode(body) for key, body in (await self.book.read(JOBS)).items()}

    @property
    def jobs(self) -> tuple[PersonJob, ...]:
        """The removals that are not done, the oldest first."""
        return tuple(sorted(self._jobs.values(), key=lambda job: (job.at, job.id)))

    def of_person(self, person: KnownSpeaker) -> tuple[PersonPart, ...]:
        """What is removed of a person whom the secretariat has joined: their lines and their name."""
        return tuple(
            PersonPart(session=each.session, selection=WordsOf(each.speaker, name=True)) for each in person.speakers
        )

    async def of_askers(self, pages: Sequence[tuple[SessionId, str]]) -> tuple[PersonPart, ...]:
        """What is removed of whoever can name these authors' pages, as session and token: in each of these sessions all
        that the same person asked. Unknown tokens name nothing. Raises StorageUnavailable.
        """
        found: dict[SessionId, dict[InterventionId, None]] = {}
        for session, token in pages:
            name, live = self.asked(session, token), None
            if name is not None:
                live = await self._find(session)
            each = None if live is None or name is None else live.state.questions.get(name)
            if live is None or each is None:
                continue
            same = [
                other.id
                for _, other in live.state.questions.interventions.items()
                # At a hub without names many people have one keyed hash.
                if other.id == each.id or (each.asker and each.asker == other.asker and not each.origin.startswith(HUB))
            ]
            found.setdefault(session, {}).update(dict.fromkeys(sorted(same)))
        return tuple(
            PersonPart(session=session, selection=Interventions(tuple(names))) for session, names in found.items()
        )

    async def preview(self, parts: Sequence[PersonPart]) -> tuple[PersonCount, ...]:
        """How much each session loses, without the sessions that lose nothing. Raises StorageUnavailable."""
        counts = [await self._count(each) for each in parts]
        return tuple(each for each in counts if each.unread or each.lines or each.questions)

    async def begin(self, parts: Sequence[PersonPart], by: str, person: str = "") -> bool:
        """Order a removal; returns once it is stored, so that it is carried out whatever happens. False where too many
        wait. Raises StorageUnavailable.
        """
        if len(self._jobs) >= MOST_JOBS:
            return False
        job = PersonJob(
            id=self.randomness.bytes(8).hex(), parts=tuple(parts), by=by, at=self.clock.wall(), person=person
        )
        await self._keep(job)
        self._begun.set()
        return True

    async def give_up(self, job: str) -> None:
        """Take back what is left of a removal. Raises StorageUnavailable."""
        if job in self._jobs:
            await self._drop(job)

    async def run(self) -> None:
        """Carry out what was ordered, until cancelled. What the store refuses is tried again."""
        while True:
            self._begun.clear()
            for job in self.jobs:
                try:
                    await self._carry_out(job)
                except StorageUnavailable:
                    logger.warning("removal %s: it can't go on at the moment", job.id)
            await until_set(self._begun, self.clock, AGAIN_MS)

    async def _carry_out(self, job: PersonJob) -> None:
        for n, part in enumerate(job.parts):
            if job.id not in self._jobs:
                return  # It was given up.
            if part.done:
                continue
            refused = await self._remove(job, n, part)
            if refused is None:
                return  # The store can't be reached; `run` goes on later.
            new = msgspec.structs.replace(part, done=not refused, refused=refused)
            if new != part and job.id in self._jobs:
                job = msgspec.structs.replace(job, parts=(*job.parts[:n], new, *job.parts[n + 1 :]))
                await self._keep(job)
        if any(part.refused for part in job.parts):
            return
        person = self.people.find(job.person)
        if person is not None:
            await self.people.forget(person)
        await self._drop(job.id)
        logger.info("removal %s: it is done, in %d sessions", job.id, len(job.parts))

    async def _remove(self, job: PersonJob, n: int, part: PersonPart) -> str | None:
        """Carry out a part; returns why it is refused, empty once it is done, None where it can be tried again."""
        try:
            live = await self.sessions.find(part.session)
            if live is None:
                return ""
            async with self.busy:
                answer = await remove(
                    live.writer,
                    Actor(Role.SECRETARIAT, job.by),
                    CommandId(f"person:{job.id}:{n}"),
                    part.selection,
                    copies=self.copies,
                    silence=self.silence,
                    forget=self.forget,
                    redact=self.redact,
                )
        except RecordBroken as error:
            return str(error)
        if not isinstance(answer, Refusal) or answer.code is RefusalCode.UNKNOWN:
            return ""
        return None if answer.code in PASSING else answer.message

    async def _count(self, part: PersonPart) -> PersonCount:
        live = await self._find(part.session)
        if live is None:
            return PersonCount(session=part.session, title="", unread=True)
        state = live.state
        if isinstance(part.selection, Interventions):
            of = [state.questions.get(name) for name in part.selection.interventions]
            there = sum(each is not None and not each.removed for each in of)
            return PersonCount(session=part.session, title=state.title, questions=there)
        found = await self.copies.of(live.writer, part.selection)
        cuts = [*selected(state, part.selection)]
        for each in (found.here, *found.elsewhere):
            cuts += selected(each.writer.state, Lines(each.segments))
        texts = [cut.line.whole for cut in cuts if not cut.line.gone and cut.line.whole.strip()]
        words = sum(len(text.split()) for text in texts)
        return PersonCount(session=part.session, title=state.title, lines=len(texts), words=words)

    async def _find(self, session: SessionId) -> LiveSession | None:
        try:
            return await self.sessions.find(session)
        except RecordBroken:
            return None

    async def _keep(self, job: PersonJob) -> None:
        await self.book.write([BookEntry(JOBS, job.id, msgspec.json.encode(job))])
        self._jobs[job.id] = job

    async def _drop(self, job: str) -> None:
        await self.book.write([BookEntry(JOBS, job, None)])
        self._jobs.pop(job, None)
