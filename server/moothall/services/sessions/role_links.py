"""Links that let people work here: one for each job, each revocable alone.

A link holds a token of 160 random bits, of which only the SHA-256 is kept. A browser that opens it gets a key of its
own, kept in the same way, that stands for the links it has opened; when a link is replaced or revoked, it is
gone from all of these at once. Readers' links work without any entry: their browsers keep a proof of having had it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import unicodedata

import msgspec

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NoLink
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.visible import visible
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.programme.plan import RoomId
from moothall.core.rules.authority import STAFF_ROLES
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

HALL = "hall"
"""The scope of a link that is good for everything in the house."""
ROLES = STAFF_ROLES | {Role.HUB, Role.READER}
"""What a link may be for."""
TOKEN_BYTES = 20
LONGEST_TOKEN = 64
"""Characters that are looked at. A token has 32, of an alphabet that can be typed from a sheet: a to z and 2 to 7."""
LONGEST_LABEL = 100
LONGEST_HUB = 40
"""Characters of a hub's name."""
MOST_LINKS = 10_000
"""A congress of 300 sessions with ten links each has 3,000. One more is refused."""
MOST_VISITORS = 5_000
"""Browsers of staff. Overflow: the browser that opened its link longest ago has to open it again."""
VISIT_MS = 30 * 86_400_000
"""How long a browser need not open its link again."""
LINKS, VISITORS = "link", "visitor"
_SHORT_ID_BYTES = 5


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a link stands for. It names a job, not a person."""

    link: str
    """Public id of the link: the pseudonym in the record of all acts with it."""
    role: Role
    scope: str
    """`hall`, `room:ID` or `session:ID`."""
    label: str
    """Its label, given when it was made, for the page of links."""


def hub_of(staff: Staff) -> str:
    """The hub whose coordinator a link is for; empty for any other link.

    It is the link's label as a name, so that two links of the same label are for the same hub; a label without Latin
    letters and figures gives the link's own id.
    """
    if staff.role is not Role.HUB:
        return ""
    return hub_name(staff.label) or staff.link


def hub_name(label: str) -> str:
    """A label as a hub's name; empty where it has neither Latin letters nor figures."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_HUB].strip("-")


class _Kept(msgspec.Struct, frozen=True):
    staff: Staff
    digest: str
    """SHA-256 of the token, hexadecimal."""
    made: int = 0
    """Unix ms when its token was made; 0 where an earlier release didn't note it."""


class _Visitor(msgspec.Struct, frozen=True):
    links: tuple[str, ...]
    since: int


def room_scope(room: RoomId) -> str:
    """The scope of a link for all sessions of a room."""
    return f"room:{room}"


def session_scope(session: SessionId) -> str:
    """The scope of a link that is good for one session."""
    return f"session:{session}"


def covers(scope: str, session: SessionId, room: RoomId | None) -> bool:
    """Whether a link of this scope is good for a session, which is planned in `room`."""
    kind, _, name = scope.partition(":")
    return scope == HALL or (kind == "session" and name == session) or (kind == "room" and name == room)


class RoleLinks:
    """All links of the house, in memory and in the book. Make it, then `load`."""

    def __init__(self, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._links: dict[str, _Kept] = {}
        self._by_digest: dict[str, str] = {}
        self._visitors: dict[str, _Visitor] = {}
        self.when_gone = Listeners[[str]]()
        """Told of the id of each link that is replaced or revoked: what it opened has to end."""

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        decode = msgspec.json.decode
        self._links = {key: decode(body, type=_Kept) for key, body in (await self._book.read(LINKS)).items()}
        self._by_digest = {kept.digest: link for link, kept in self._links.items()}
        visitors = {key: decode(body, type=_Visitor) for key, body in (await self._book.read(VISITORS)).items()}
        self._visitors = dict(sorted(visitors.items(), key=lambda item: item[1].since))

    def list(self) -> tuple[Staff, ...]:
        """All links, in the order in which they were made."""
        return tuple(kept.staff for kept in self._links.values())

    def get(self, link: str) -> Staff | None:
        """The link of that id."""
        kept = self._links.get(link)
        return None if kept is None else kept.staff

    def label(self, link: str) -> str:
        """What the link of that id is called; empty when it is gone."""
        kept = self._links.get(link)
        return "" if kept is None else kept.staff.label

    def made(self, link: str) -> int | None:
        """When a link's token was made, Unix ms; None where that isn't known."""
        kept = self._links.get(link)
        return None if kept is None or not kept.made else kept.made

    def opened(self, link: str) -> int | None:
        """When a browser that still stands for it last opened a link, Unix ms; None for none, as for readers' links."""
        return max((each.since for each in self._visitors.values() if link in each.links), default=None)

    async def create(self, role: Role, scope: str, label: str) -> tuple[Staff, str]:
        """Make a link; returns whom it stands for and the token, which is never told again.

        Raises NoLink for a role or scope that no link can have or when there are too many, StorageUnavailable.
        """
        kind, _, name = scope.partition(":")
        if role not in ROLES or not (scope == HALL or (kind in ("room", "session") and is_name(name))):
            raise NoLink("A link is for a job, and for everything, one place or one meeting.")
        if len(self._links) >= MOST_LINKS:
            raise NoLink(f"There are {MOST_LINKS} links already; revoke some that nobody needs.")
        staff = Staff(
            link=self._short_id(), role=role, scope=scope, label=" ".join(visible(label).split())[:LONGEST_LABEL]
        )
        return staff, await self._keep(staff, None)

    async def replace(self, link: str) -> str:
        """Give a link a new token; the old one and what it opened are dead. Returns the token.

        Raises NoLink when there is none of that id, StorageUnavailable.
        """
        kept = self._known(link)
        token = await self._keep(kept.staff, kept.digest)
        self._tell(link)
        return token

    async def revoke(self, link: str) -> None:
        """End a link and what it opened; the others stay. Raises NoLink, StorageUnavailable."""
        kept = self._known(link)
        visitors = self._without(link)
        await self._book.write([BookEntry(LINKS, link, None), *_entries(visitors)])
        del self._links[link]
        self._by_digest.pop(kept.digest, None)
        self._put(visitors)
        self._tell(link)

    async def forget(self, session: SessionId) -> None:
        """End every link of a session that is no more."""
        for staff in self.list():
            if staff.scope == session_scope(session):
                await self.revoke(staff.link)

    def of_token(self, token: str) -> Staff | None:
        """Whom a token stands for.

        The look-up is by digest: how long it takes says nothing of how much of a guess was right.
        """
        digest = _digest(token.lower())
        link = self._by_digest.get(digest)
        if link is None or len(token) > LONGEST_TOKEN:
            return None
        kept = self._links[link]
        return kept.staff if hmac.compare_digest(kept.digest, digest) else None

    def of_visitor(self, key: str) -> tuple[Staff, ...]:
        """Whom a browser's key stands for, in the order in which it opened the links; empty for an unknown key."""
        visitor = self._visitors.get(_digest(key))
        if visitor is None or self._clock.wall() - visitor.since > VISIT_MS:
            return ()
        return tuple(self._links[link].staff for link in visitor.links)

    async def enter(self, token: str, key: str) -> tuple[Staff, str] | None:
        """Open a link in a browser that has `key`, or nothing: whom it stands for, and the browser's new key.

        None for a wrong token; raises StorageUnavailable.
        """
        staff = self.of_token(token)
        return None if staff is None else (staff, await self.admit(staff, key))

    async def admit(self, staff: Staff, key: str) -> str:
        """Open a known link in a browser that has shown otherwise that it may; returns the browser's new key.

        Each link gives a new key, so that a key that somebody slipped into a browser opens nothing. Raises
        StorageUnavailable.
        """
        had = tuple(each.link for each in self.of_visitor(key) if each.link != staff.link)
        new = base64.urlsafe_b64encode(self._randomness.bytes(32)).decode().rstrip("=")
        visitors: dict[str, _Visitor | None] = {_digest(key): None} if had else {}
        if len(self._visitors) >= MOST_VISITORS:
            visitors[next(iter(self._visitors))] = None
        visitors[_digest(new)] = _Visitor((*had, staff.link), self._clock.wall())
        await self._book.write(_entries(visitors))
        self._put(visitors)
        return new

    async def leave(self, key: str) -> None:
        """Forget a browser; raises StorageUnavailable."""
        if _digest(key) in self._visitors:
            visitors: dict[str, _Visitor | None] = {_digest(key): None}
            await self._book.write(_entries(visitors))
            self._put(visitors)

    def reader_proof(self, token: str) -> tuple[Staff, str] | None:
        """Whom a reader's link stands for, and what a browser keeps as the proof of it; None for any other token."""
        staff = self.of_token(token)
        if staff is None or staff.role is not Role.READER:
            return None
        return staff, f"{staff.link}.{self._proof(self._links[staff.link])}"

    def of_reader_proof(self, text: str) -> Staff | None:
        """Whom a proof stands for, as long as its link lives."""
        link, _, proof = text.partition(".")
        kept = self._links.get(link)
        if kept is None or not hmac.compare_digest(self._proof(kept).encode(), proof.encode("utf-8", "replace")):
            return None
        return kept.staff

    def _proof(self, kept: _Kept) -> str:
        return hmac.digest(bytes.fromhex(kept.digest), b"reader", hashlib.sha256).hex()

    async def _keep(self, staff: Staff, old: str | None) -> str:
        token = base64.b32encode(self._randomness.bytes(TOKEN_BYTES)).decode().lower()
        kept = _Kept(staff, _digest(token), self._clock.wall())
        visitors = self._without(staff.link)
        entry = BookEntry(LINKS, staff.link, msgspec.json.encode(kept))
        await self._book.write([entry, *_entries(visitors)])
        self._links[staff.link] = kept
        if old is not None:
            self._by_digest.pop(old, None)
        self._by_digest[kept.digest] = staff.link
        self._put(visitors)
        return token

    def _known(self, link: str) -> _Kept:
        kept = self._links.get(link)
        if kept is None:
            raise NoLink("There is no such link any more.")
        return kept

    def _short_id(self) -> str:
        """An id that no link has had: as what they did names them, they are never used again."""
        return self._randomness.bytes(_SHORT_ID_BYTES).hex()

    def _without(self, link: str) -> dict[str, _Visitor | None]:
        """The browsers that have opened a link, as they are without it."""
        found: dict[str, _Visitor | None] = {}
        for key, visitor in self._visitors.items():
            if link in visitor.links:
                left = tuple(each for each in visitor.links if each != link)
                found[key] = _Visitor(left, visitor.since) if left else None
        return found

    def _put(self, visitors: dict[str, _Visitor | None]) -> None:
        for key, visitor in visitors.items():
            if visitor is None:
                self._visitors.pop(key, None)
            else:
                self._visitors[key] = visitor

    def _tell(self, link: str) -> None:
        logger.info("link %s: its pages are closed", link)
        self.when_gone.tell(link)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret[:200].encode("utf-8", "replace")).hexdigest()


def _entries(visitors: dict[str, _Visitor | None]) -> list[BookEntry]:
    return [
        BookEntry(VISITORS, key, None if visitor is None else msgspec.json.encode(visitor))
        for key, visitor in visitors.items()
    ]
