"""The people who have a page, in memory and in the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Book, BookEntry, Randomness
from moothall.core.programme.plan import Planned
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.lines import Shelf
from moothall.core.search.people import (
    KnownSpeaker,
    SpeakerOf,
    Unjoined,
    digest_of,
    listed_speakers,
    may_join,
    unjoined,
)

NAMESPACE = "people"


@dataclass(eq=False, repr=False, kw_only=True)
class KnownSpeakers:
    """Who is who. Call `load` first. `plans` returns all plans, `plan_of` that of a session; `young` says whether young
    people take part in one: nobody has a page for what they said there.
    """

    book: Book
    randomness: Randomness
    plans: Callable[[], Sequence[Planned]]
    plan_of: Callable[[SessionId], Planned | None]
    young: Callable[[SessionId], bool] = lambda _: False

    def __post_init__(self) -> None:
        # Bound: MOST_PEOPLE.
        self._people: dict[str, KnownSpeaker] = {}
        # Bound: MOST_SESSIONS for each of them.
        self._of: dict[SpeakerOf, KnownSpeaker] = {}
        """The person of each speaker."""

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.Decoder(KnownSpeaker).decode
        self._people = {key: decode(body) for key, body in (await self.book.read(NAMESPACE)).items()}
        self._of = {each: person for person in self._people.values() for each in person.speakers}

    @property
    def all(self) -> list[KnownSpeaker]:
        """Everybody, by name."""
        return sorted(self._people.values(), key=lambda person: (person.name.casefold(), person.id))

    @property
    def unjoined(self) -> list[Unjoined]:
        """Listed speakers of whom nobody has said who they are."""
        return unjoined(self._listed(), self._people.values())

    def find(self, person: str) -> KnownSpeaker | None:
        """A person; None for an unknown one."""
        return self._people.get(person)

    def shown(self, person: str) -> KnownSpeaker | None:
        """A person whose page everybody may see: it is on, and a programme lists them in a meeting without young
        people. None for anybody else.
        """
        known = self._people.get(person)
        return known if known is not None and known.shown and any(map(self._is_listed, known.speakers)) else None

    def person_of(self, speaker: SpeakerOf) -> str:
        """The id of the person who a speaker is, while their page is on and a programme lists them there; empty
        otherwise. It only looks things up: a search calls it in its own thread, once for each find's strand.
        """
        person = self._of.get(speaker)
        return person.id if person is not None and person.shown and self._is_listed(speaker) else ""

    def sessions_of(self, person: KnownSpeaker, known: Mapping[SessionId, SearchedSession]) -> list[SearchedSession]:
        """The public sessions in which a person spoke, as far as a programme lists them there, newest first; none in
        which young people take part.
        """
        found = []
        for each in person.speakers:
            session = known.get(each.session)
            spoke = session is not None and any(strand.speaker == each.speaker for strand in session.strands)
            if session is not None and spoke and session.shelf is Shelf.PUBLIC and self._is_listed(each):
                found.append(session)
        return sorted(found, key=lambda session: (-(session.opened or 0), session.session))

    async def join(self, name: str, speakers: Sequence[SpeakerOf]) -> tuple[KnownSpeaker, str] | None:
        """Make a person of these speakers. Returns the person, and the secret of their private link; None where they
        can't be one. Raises StorageUnavailable.
        """
        if not may_join(speakers, self._listed(), self.all, None):
            return None
        secret = self.randomness.bytes(20).hex()
        person = KnownSpeaker(
            id=f"p{self.randomness.bytes(8).hex()}", name=name, speakers=tuple(speakers), link=digest_of(secret)
        )
        await self._keep(person)
        return person, secret

    async def add(self, person: KnownSpeaker, speakers: Sequence[SpeakerOf]) -> bool:
        """Add speakers to a person. Returns False where they can't be theirs. Raises StorageUnavailable."""
        if not may_join(speakers, self._listed(), self.all, person):
            return False
        await self._keep(msgspec.structs.replace(person, speakers=(*person.speakers, *speakers)))
        return True

    async def list(self, person: KnownSpeaker, *, listed: bool) -> None:
        """Have search engines asked to list a person's page, or not. Raises StorageUnavailable."""
        await self._keep(msgspec.structs.replace(person, listed=listed))

    async def new_link(self, person: KnownSpeaker) -> str:
        """Replace a person's private link; returns its secret. Raises StorageUnavailable."""
        secret = self.randomness.bytes(20).hex()
        await self._keep(msgspec.structs.replace(person, link=digest_of(secret)))
        return secret

    async def show(self, person: KnownSpeaker, *, shown: bool) -> None:
        """Switch a person's page on or off, as the person wishes. Raises StorageUnavailable."""
        await self._keep(msgspec.structs.replace(person, shown=shown))

    async def wish_removal(self, person: KnownSpeaker, at: int) -> None:
        """Note that a person asks for their words to be removed since Unix ms `at`, or with 0 that they don't. Raises
        StorageUnavailable.
        """
        await self._keep(msgspec.structs.replace(person, wished=at))

    async def forget(self, person: KnownSpeaker) -> None:
        """Take back what was said of who a person is, and with it their page. Raises StorageUnavailable."""
        await self.book.write([BookEntry(NAMESPACE, person.id, None)])
        for each in self._people.pop(person.id).speakers:
            del self._of[each]

    async def _keep(self, person: KnownSpeaker) -> None:
        await self.book.write([BookEntry(NAMESPACE, person.id, msgspec.json.encode(person))])
        self._people[person.id] = person
        self._of.update(dict.fromkeys(person.speakers, person))

    def _listed(self) -> dict[SpeakerOf, str]:
        """The listed speakers who may have a page, with their names."""
        return listed_speakers(plan for plan in self.plans() if not self.young(plan.session))

    def _is_listed(self, each: SpeakerOf) -> bool:
        plan = self.plan_of(each.session)
        listed = plan is not None and not plan.rehearsal and any(one.id == each.speaker for one in plan.speakers)
        return listed and not self.young(each.session)
