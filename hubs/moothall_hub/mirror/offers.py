"""What the server above offers, as it was told last, and what the coordinator chose of it. Both outlive a restart."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from moothall.adapters.system.time_zones import find_zone
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.ports import Book, BookEntry
from moothall.core.programme.plan import Planned, RoomId
from moothall.services.supervision.waiting import Listeners
from moothall.wire.hub.messages import HubProgramme, Offered, Welcome
from moothall.wire.hub.programme import changed

logger = logging.getLogger(__name__)

NAMESPACE, PROGRAMME, ABOUT, CHOICE = "offers", "programme", "about", "choice"


class SessionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions are kept here, and in which languages."""

    sessions: tuple[SessionId, ...] | None = None
    """None: each that is on or comes today."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags, beside each session's first text."""
    words: bool = False
    """Whether words are wanted as they come, and not only finished lines."""
    chosen: bool = False
    """Whether a coordinator has said so, rather than nobody."""


class CentreInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the server above says of itself and of this hub."""

    hub: str = ""
    title: str = ""
    zone: str = ""
    """IANA name of the conference's time zone."""
    address: str = ""
    """The centre's address, for people."""


class Offers:
    """The programme of the server above, and the coordinator's choice. Make it with `load`."""

    def __init__(self, book: Book, programme: HubProgramme, about: CentreInfo, choice: SessionChoice) -> None:
        self._book = book
        self._programme = programme
        self._know(about)
        self._choice = choice
        self._coming: HubProgramme | None = None
        """A programme of which more is to come. Bound: what the server above offers."""
        self.when_changed = Listeners[[]]()
        """Told when something else is offered or chosen."""
        self._unkept: set[str] = set()
        """Of what the book is behind."""

    @classmethod
    async def load(cls, book: Book) -> Offers:
        """Read the book; raises StorageUnavailable."""
        kept = await book.read(NAMESPACE)
        return cls(
            book,
            msgspec.json.decode(kept[PROGRAMME], type=HubProgramme) if PROGRAMME in kept else HubProgramme(sessions=()),
            msgspec.json.decode(kept[ABOUT], type=CentreInfo) if ABOUT in kept else CentreInfo(),
            msgspec.json.decode(kept[CHOICE], type=SessionChoice) if CHOICE in kept else SessionChoice(),
        )

    @property
    def sessions(self) -> Sequence[Offered]:
        """What is offered."""
        return self._programme.sessions

    def of(self, session: SessionId) -> Offered | None:
        """What is offered of a session."""
        return next((each for each in self.sessions if each.session == session), None)

    def planned(self) -> Sequence[Planned]:
        """The same as a programme, for the front page; its places are named by what people call them."""
        return [
            Planned(
                session=each.session,
                room=RoomId(each.place) if each.place else None,
                title=each.title,
                starts=each.begins,
                ends=each.ends,
                languages=each.texts[0].languages if each.texts else (),
            )
            for each in self.sessions
        ]

    async def take(self, told: HubProgramme) -> None:
        """What is offered from now on, or what of it has changed. Raises StorageUnavailable; it holds all the same."""
        whole = changed(self._coming or self._programme, told)
        self._coming = whole if told.more else None
        if told.more:
            return
        if whole == self._programme:
            return
        self._programme = whole
        self._unkept.add(PROGRAMME)
        self.when_changed.tell()
        await self.keep()

    async def welcomed(self, told: Welcome) -> None:
        """What the server above says of itself. Raises StorageUnavailable; it holds all the same.

        Pages lead to its address: what is none of the web is as if it had none.
        """
        of_the_web = told.address.startswith(("https://", "http://"))
        about = made_of(CentreInfo, told, address=told.address if of_the_web else "")
        if about != self.about:
            self._know(about)
            self._unkept.add(ABOUT)
            self.when_changed.tell()
            await self.keep()

    async def keep(self) -> None:
        """Write down what could not be written before; it holds already. Raises StorageUnavailable."""
        due = frozenset(self._unkept)
        there = {PROGRAMME: self._programme, ABOUT: self.about}
        if due:
            await self._book.write([BookEntry(NAMESPACE, key, msgspec.json.encode(there[key])) for key in sorted(due)])
            self._unkept -= due

    async def forget(self) -> None:
        """This computer belongs to another hub from now on. Raises StorageUnavailable."""
        self._programme, self._coming = HubProgramme(sessions=()), None
        self._know(CentreInfo())
        self._unkept.clear()
        self.when_changed.tell()
        await self._book.write([BookEntry(NAMESPACE, PROGRAMME, None), BookEntry(NAMESPACE, ABOUT, None)])

    def get(self) -> SessionChoice:
        """What the coordinator chose."""
        return self._choice

    async def set(self, choice: SessionChoice, /) -> None:
        """Keep what the coordinator chose, and follow it from now on. Raises StorageUnavailable."""
        await self._book.write([BookEntry(NAMESPACE, CHOICE, msgspec.json.encode(choice))])
        self._choice = choice
        self.when_changed.tell()

    def _know(self, about: CentreInfo) -> None:
        self.about = about
        rules = find_zone(about.zone) if about.zone else None
        self.zone = UTC_ZONE if rules is None else Zone(about.zone, rules)
        """The conference's; UTC while it isn't known, or where this machine doesn't know it."""
