"""What the server above offered last, and what the coordinator chose from it. Both survive a restart."""

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
from moothall.wire.hubs.messages import HubProgramme, Offered, Welcome
from moothall.wire.hubs.programme import changed

logger = logging.getLogger(__name__)

NAMESPACE, PROGRAMME, ABOUT, CHOICE = "offers", "programme", "about", "choice"


class SessionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions that a hub keeps, and in which languages."""

    sessions: tuple[SessionId, ...] | None = None
    """None: every session that is on or is planned for today."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags of languages that are wanted beside each session's first text."""
    words: bool = False
    """Whether partial words are wanted too, besides finished lines."""
    chosen: bool = False
    """Whether a coordinator made this choice; False for the default."""


class CentreInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the server above says of itself and of this hub. An empty text is one that it has not sent."""

    hub: str = ""
    title: str = ""
    zone: str = ""
    """IANA name of the conference's time zone."""
    address: str = ""
    """The centre's public web address, which pages show and link to."""


class Offers:
    """The programme of the server above, and the coordinator's choice. Make it with `load`."""

    def __init__(self, book: Book, programme: HubProgramme, about: CentreInfo, choice: SessionChoice) -> None:
        self._book = book
        self._programme = programme
        self._know(about)
        self._choice = choice
        self._coming: HubProgramme | None = None
        """A programme that has been received in part. Bounded by what the server above offers."""
        self.when_changed = Listeners[[]]()
        """Called when the offer or the choice has changed."""
        self._unkept: set[str] = set()
        """Keys whose newest value is not in the book yet."""

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
        """The sessions that are offered."""
        return self._programme.sessions

    def of(self, session: SessionId) -> Offered | None:
        """The offer of one session; None when it is not offered."""
        return next((each for each in self.sessions if each.session == session), None)

    def planned(self) -> Sequence[Planned]:
        """The offers as a programme, for the front page. Its rooms have their names as ids."""
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
        """Take a new programme, or a part or a change of it.

        Raises StorageUnavailable; the new programme is in force even then.
        """
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
        """Take what the server above says of itself. Raises StorageUnavailable; it is in force even then.

        Pages link to its address, so an address that is not HTTP or HTTPS counts as none.
        """
        of_the_web = told.address.startswith(("https://", "http://"))
        about = made_of(CentreInfo, told, address=told.address if of_the_web else "")
        if about != self.about:
            self._know(about)
            self._unkept.add(ABOUT)
            self.when_changed.tell()
            await self.keep()

    async def keep(self) -> None:
        """Store what could not be stored before. Raises StorageUnavailable."""
        due = frozenset(self._unkept)
        there = {PROGRAMME: self._programme, ABOUT: self.about}
        if due:
            await self._book.write([BookEntry(NAMESPACE, key, msgspec.json.encode(there[key])) for key in sorted(due)])
            self._unkept -= due

    async def forget(self) -> None:
        """Forget the offer, since this computer now belongs to another hub. Raises StorageUnavailable."""
        self._programme, self._coming = HubProgramme(sessions=()), None
        self._know(CentreInfo())
        self._unkept.clear()
        self.when_changed.tell()
        await self._book.write([BookEntry(NAMESPACE, PROGRAMME, None), BookEntry(NAMESPACE, ABOUT, None)])

    def get(self) -> SessionChoice:
        """The choice of sessions and languages that is in force."""
        return self._choice

    async def set(self, choice: SessionChoice, /) -> None:
        """Store a new choice and apply it. Raises StorageUnavailable, and then the old choice stays."""
        await self._book.write([BookEntry(NAMESPACE, CHOICE, msgspec.json.encode(choice))])
        self._choice = choice
        self.when_changed.tell()

    def _know(self, about: CentreInfo) -> None:
        self.about = about
        rules = find_zone(about.zone) if about.zone else None
        self.zone = UTC_ZONE if rules is None else Zone(about.zone, rules)
        """The conference's time zone; UTC while it is unknown, or where this machine does not know its rules."""
