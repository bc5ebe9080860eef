"""Links that let people work here: one for each job, each revocable alone.

A link holds a token of 160 random bits, of which only the SHA-256 is kept. A browser that opens it gets a key of its
own, which stands for the links that it has opened (`browsers.py`); when a link is replaced or revoked, it is gone from
all of these at once. Readers' links work without any entry: their browsers keep a proof of having had it.

A link may have terms (`link_terms.py`): a time from which on it opens nothing, and the first browser as its only one,
which is known again by a mark of its own. Staff who signed in with an account stand in the same list of browsers, each
as a job and a pseudonym.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NoLink
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.visible import visible
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.rules.authority import STAFF_ROLES
from moothall.services.sessions.browsers import Browsers, SignedIn, digest_of, entries_of, new_secret
from moothall.services.sessions.link_terms import FOR_EVER, HOUR_MS, LinkTerms, LinkUse, WantedLink
from moothall.services.sessions.staff import HALL, LONGEST_LABEL, Staff, opens_admin, session_scope
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

ROLES = STAFF_ROLES | {Role.HUB, Role.READER, Role.TOOL}
"""What a link may be for."""
TOKEN_BYTES = 20
LONGEST_TOKEN = 64
"""Characters that are looked at. A token has 32, of an alphabet that can be typed from a sheet: a to z and 2 to 7."""
MOST_LINKS = 10_000
"""A congress of 300 sessions with ten links each has 3,000. One more is refused."""
AFTER_CLOSE_MS = 24 * HOUR_MS
"""How long after its session's close a link that ends with it is good, unless a setting says otherwise."""
EXPIRY_MS = 60_000
"""How often pages are looked for whose link has expired."""
LINKS, TOOL_LINKS = "link", "tool-link"
"""The namespaces of the book. Links of tools have their own: 0.2.0 does not start where it reads a role that it doesn't
know."""
_SHORT_ID_BYTES = 5
CAPTIONS_KEY = 40
"""Hexadecimal figures of a key for captioning software, behind its link's id: 160 bits."""
_CAPTIONS = b"captions"


class _Kept(msgspec.Struct, frozen=True):
    staff: Staff
    digest: str
    """SHA-256 of the token, hexadecimal."""
    made: int = 0
    """Unix ms when its token was made; 0 where an earlier release didn't note it."""
    terms: LinkTerms = FOR_EVER
    use: LinkUse = LinkUse()
    taken: str = ""
    """SHA-256 of the mark of the first browser, hexadecimal; empty while it has none."""


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that a link let in."""

    staff: Staff
    key: str
    """The browser's new key."""
    mark: str = ""
    """What it keeps to be known as the link's first browser; empty where that doesn't matter."""


class Unentered(StrEnum):
    """Why a link lets nobody in."""

    WRONG = "wrong"
    """There is no such link, or it has expired."""
    TAKEN = "taken"
    """It is another browser's."""
    SIGN_IN = "sign-in"
    """Whoever has it has to sign in."""


class RoleLinks:
    """All links of the house, in memory and in the book. Make it, then `load`.

    `after_close_ms`: how long after its session's close a link that ends with it is good. `demands_sign_in`: whether
    links to `/admin` lead to the sign-in.
    """

    def __init__(
        self,
        *,
        book: Book,
        clock: Clock,
        randomness: Randomness,
        after_close_ms: int = AFTER_CLOSE_MS,
        demands_sign_in: bool = False,
    ) -> None:
        self.after_close_ms = after_close_ms
        self._demands_sign_in = demands_sign_in
        self._closed_at: Callable[[SessionId], int | None] = lambda _: None
        self._ended: set[str] = set()
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._links: dict[str, _Kept] = {}
        self._by_digest: dict[str, str] = {}
        self._browsers = Browsers(book=book, clock=clock, randomness=randomness)
        self.when_gone = Listeners[[str]]()
        """Told of the id of each link that is replaced, revoked or expired, and of the pseudonym of everybody who
        has to sign in again: what they opened has to end.
        """

    def end_with(self, closed_at: Callable[[SessionId], int | None]) -> None:
        """Ask `closed_at` when a session was closed (Unix ms; None where it isn't)."""
        self._closed_at = closed_at

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        entries = {**await self._book.read(LINKS), **await self._book.read(TOOL_LINKS)}
        self._links = {key: msgspec.json.decode(body, type=_Kept) for key, body in entries.items()}
        self._by_digest = {kept.digest: link for link, kept in self._links.items()}
        await self._browsers.load()

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

    def terms(self, link: str) -> LinkTerms:
        """What limits the link of that id; nothing where there is none."""
        kept = self._links.get(link)
        return FOR_EVER if kept is None else kept.terms

    def use(self, link: str) -> LinkUse:
        """How often the link of that id was opened, and when last. Readers' links are not counted.

        Where an earlier release didn't count, its browsers that are still known say when.
        """
        kept = self._links.get(link)
        use = LinkUse() if kept is None else kept.use
        return msgspec.structs.replace(use, last=max(use.last, self._browsers.last_opened(link)))

    def taken(self, link: str) -> bool:
        """Whether the link of that id is one browser's."""
        kept = self._links.get(link)
        return kept is not None and bool(kept.taken)

    def ends(self, link: str) -> int | None:
        """Unix ms from which on the link of that id opens nothing; None while no time is set."""
        kept = self._links.get(link)
        return None if kept is None else self._ends(kept)

    def expired(self, link: str) -> bool:
        """Whether the link of that id is still listed and opens nothing any more."""
        kept = self._links.get(link)
        return kept is not None and not self._lives(kept)

    def any_with_session(self) -> bool:
        """Whether a link ends with its session."""
        return any(kept.terms.with_session for kept in self._links.values())

    async def create(self, role: Role, scope: str, label: str, terms: LinkTerms = FOR_EVER) -> tuple[Staff, str]:
        """Make a link; returns whom it stands for and the token, which is never told again.

        Raises NoLink for a role, a scope or terms that no link can have or when there are too many,
        StorageUnavailable.
        """
        (made,) = await self.create_all([WantedLink(role=role, scope=scope, label=label, terms=terms)])
        return made

    async def create_all(self, wanted: Sequence[WantedLink]) -> Sequence[tuple[Staff, str]]:
        """Make several links, all of them or none; whom each stands for and its token, in the same order.

        Raises as `create` does.
        """
        for each in wanted:
            _check(each)
        if len(self._links) + len(wanted) > MOST_LINKS:
            raise NoLink(f"There are {MOST_LINKS} links already; revoke some that nobody needs.")
        made = [self._drawn(self._staff_of(each), each.terms) for each in wanted]
        await self._book.write([_link_entry(kept) for kept, _ in made])
        for kept, _ in made:
            self._links[kept.staff.link] = kept
            self._by_digest[kept.digest] = kept.staff.link
        return [(kept.staff, token) for kept, token in made]

    def lacking(self, wanted: Sequence[WantedLink]) -> tuple[Sequence[WantedLink], Sequence[Staff]]:
        """Which of them there is no link for yet that is good, each once, and the good links of the same role and scope
        that are there.
        """
        living: dict[tuple[Role, str], list[Staff]] = {}
        for kept in self._links.values():
            if self._lives(kept):
                living.setdefault((kept.staff.role, kept.staff.scope), []).append(kept.staff)
        once = {(each.role, each.scope): each for each in wanted}
        there = [staff for key in once for staff in living.get(key, ())]
        return [each for key, each in once.items() if key not in living], there

    async def replace(self, link: str, terms: LinkTerms | None = None) -> str:
        """Give a link a new token, with its own or other terms; the old one and what it opened are dead.

        Returns the token. Raises NoLink when there is none of that id or it has expired, StorageUnavailable.
        """
        kept = self._known(link)
        if terms is None and not self._lives(kept):
            raise NoLink("This link has expired; make another.")
        token = await self._keep(kept.staff, kept.terms if terms is None else terms, kept.digest)
        self._tell(link)
        return token

    async def free(self, link: str) -> None:
        """Let another browser be the first that opens a link; the one that was is shut out.

        Raises NoLink, StorageUnavailable.
        """
        kept = self._known(link)
        freed = msgspec.structs.replace(kept, taken="")
        browsers = self._browsers.without_link(link)
        await self._book.write([_link_entry(freed), *entries_of(browsers)])
        if (now := self._links.get(link)) is not None:
            self._links[link] = msgspec.structs.replace(now, taken="")
        self._browsers.put(browsers)
        self._tell(link)

    async def revoke(self, link: str) -> None:
        """End a link and what it opened; the others stay. Raises NoLink, StorageUnavailable."""
        kept = self._known(link)
        browsers = self._browsers.without_link(link)
        gone = [BookEntry(namespace, link, None) for namespace in (LINKS, TOOL_LINKS)]
        await self._book.write([*gone, *entries_of(browsers)])
        del self._links[link]
        self._by_digest.pop(kept.digest, None)
        self._browsers.put(browsers)
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
        digest = digest_of(token.lower())
        link = self._by_digest.get(digest)
        if link is None or len(token) > LONGEST_TOKEN:
            return None
        kept = self._links[link]
        return kept.staff if hmac.compare_digest(kept.digest, digest) and self._lives(kept) else None

    def of_visitor(self, key: str) -> tuple[Staff, ...]:
        """Whom a browser's key stands for, in the order in which it opened the links; empty for an unknown key."""
        kept = (self._links[link] for link in self._browsers.opened(key) if link in self._links)
        good = (each.staff for each in kept if self._lives(each) and not self._leads_to_sign_in(each))
        return (*good, *self._browsers.jobs(key))

    async def enter(self, token: str, key: str, mark: str = "") -> Entered | Unentered:
        """Open a link in a browser that has `key` and, from an earlier time, `mark`, or nothing.

        Raises StorageUnavailable.
        """
        staff = self.of_token(token)
        if staff is None:
            return Unentered.WRONG
        kept = self._links[staff.link]
        if self._leads_to_sign_in(kept):
            return Unentered.SIGN_IN
        own = bool(mark) and hmac.compare_digest(kept.taken, digest_of(mark))
        if kept.terms.one_browser and kept.taken and not own:
            return Unentered.TAKEN
        if not kept.terms.one_browser:
            mark = ""
        elif not own:
            mark = new_secret(self._randomness)
        return Entered(staff=staff, key=await self._open(kept, key, mark), mark=mark)

    async def admit(self, staff: Staff, key: str) -> str:
        """Open a known link in a browser that has shown otherwise that it may; returns the browser's new key.

        Raises NoLink when the link is gone, StorageUnavailable.
        """
        return await self._open(self._known(staff.link), key, "")

    async def _open(self, kept: _Kept, key: str, mark: str) -> str:
        """Each link gives a new key, so that a key that somebody slipped into a browser opens nothing.

        The link is counted and taken before it is stored, so that of two browsers at the same time one comes in.
        """
        link, now = kept.staff.link, self._clock.wall()
        known = any(each.link == link for each in self.of_visitor(key)) or (
            bool(mark) and digest_of(mark) == kept.taken
        )
        counted = msgspec.structs.replace(
            kept, use=kept.use.again(now, known=known), taken=digest_of(mark) if mark else kept.taken
        )
        self._links[link] = counted
        had = tuple(each.link for each in self.of_visitor(key) if each.link != link and each.link in self._links)
        try:
            new = await self._browsers.renew(key, (*had, link), with_=[_link_entry(counted)])
        except BaseException:
            if self._links.get(link) == counted:
                self._links[link] = kept
            raise
        if (after := self._links.get(link)) is None or after.digest != kept.digest:
            await self.leave(new)
            raise NoLink("There is no such link any more.")
        return new

    async def sign_in(self, jobs: tuple[SignedIn, ...], key: str) -> str:
        """Let the browser that has `key`, or nothing, stand for somebody who signed in; returns its new key.

        What it opened by links stays; who signed in there before is signed out. Raises StorageUnavailable.
        """
        had = tuple(each.link for each in self.of_visitor(key) if each.link in self._links)
        return await self._browsers.renew(key, had, jobs)

    def signed_in(self) -> tuple[SignedIn, ...]:
        """Who is signed in now, a row for each job and browser, the first to come first."""
        return self._browsers.signed_in()

    async def sign_out(self, pseudonym: str) -> bool:
        """End what somebody's sign-in gives, in all browsers; whether there was any. Raises StorageUnavailable."""
        found = self._browsers.without_sign_in(pseudonym)
        if found:
            self._browsers.put(found)  # First, so that what changes meanwhile isn't undone.
            self._tell(pseudonym)
            await self._book.write(entries_of(found))
        return bool(found)

    async def leave(self, key: str) -> None:
        """Forget a browser; raises StorageUnavailable."""
        await self._browsers.forget(key)

    async def run(self) -> None:
        """Close what links and sign-ins have opened that expire meanwhile, until cancelled."""
        while True:
            await self._clock.sleep(EXPIRY_MS)
            await self.end_expired()

    async def end_expired(self) -> None:
        """Tell of each link and each sign-in that has expired since.

        Operators' links past their time, sign-ins past theirs, and browsers that stand for nobody are taken out.
        Raises StorageUnavailable.
        """
        now = self._clock.wall()
        links = {link for link, kept in self._links.items() if not self._lives(kept)}
        signed = self._browsers.signed_past(now)
        ended, self._ended = (links | signed) - self._ended, links | signed
        for each in sorted(ended):
            self._tell(each)
        past = self._browsers.without_past(now)
        if past:
            self._browsers.put(past)  # First, so that what changes meanwhile isn't undone.
            await self._book.write(entries_of(past))
        for link in sorted(links):
            if self._links[link].terms.without_sign_in:
                await self.revoke(link)

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
        return kept.staff if self._lives(kept) else None

    def captions_key(self, link: str) -> str | None:
        """The key of a link for captioning software, which can send text with it and do nothing else; None where there
        is no such link. It is good for as long as the link's token.
        """
        kept = self._links.get(link)
        return None if kept is None else f"{link}.{self._proof(kept, _CAPTIONS)[:CAPTIONS_KEY]}"

    def of_captions_key(self, text: str) -> Staff | None:
        """Whom such a key stands for, as long as its link lives; compared in constant time."""
        link, _, proof = text.partition(".")
        kept = self._links.get(link)
        if kept is None:
            return None
        right = self._proof(kept, _CAPTIONS)[:CAPTIONS_KEY].encode()
        same = hmac.compare_digest(right, proof.encode("utf-8", "replace"))
        return kept.staff if same and self._lives(kept) else None

    def _proof(self, kept: _Kept, use: bytes = b"reader") -> str:
        return hmac.digest(bytes.fromhex(kept.digest), use, hashlib.sha256).hex()

    def _ends(self, kept: _Kept) -> int | None:
        kind, _, name = kept.staff.scope.partition(":")
        closed = self._closed_at(SessionId(name)) if kept.terms.with_session and kind == "session" else None
        return kept.terms.ends(closed, self.after_close_ms)

    def _lives(self, kept: _Kept) -> bool:
        ends = self._ends(kept)
        return ends is None or self._clock.wall() < ends

    def _leads_to_sign_in(self, kept: _Kept) -> bool:
        return self._demands_sign_in and opens_admin(kept.staff) and not kept.terms.without_sign_in

    async def _keep(self, staff: Staff, terms: LinkTerms, old: str | None) -> str:
        kept, token = self._drawn(staff, terms)
        browsers = self._browsers.without_link(staff.link)
        await self._book.write([_link_entry(kept), *entries_of(browsers)])
        self._links[staff.link] = kept
        if old is not None:
            self._by_digest.pop(old, None)
        self._by_digest[kept.digest] = staff.link
        self._browsers.put(browsers)
        return token

    def _staff_of(self, wanted: WantedLink) -> Staff:
        label = " ".join(visible(wanted.label).split())[:LONGEST_LABEL]
        return Staff(link=self._short_id(), role=wanted.role, scope=wanted.scope, label=label)

    def _drawn(self, staff: Staff, terms: LinkTerms) -> tuple[_Kept, str]:
        """A link with a new token, and the token."""
        token = base64.b32encode(self._randomness.bytes(TOKEN_BYTES)).decode().lower()
        return _Kept(staff, digest_of(token), self._clock.wall(), terms), token

    def _known(self, link: str) -> _Kept:
        kept = self._links.get(link)
        if kept is None:
            raise NoLink("There is no such link any more.")
        return kept

    def _short_id(self) -> str:
        """An id that no link has had: as what they did names them, they are never used again."""
        return self._randomness.bytes(_SHORT_ID_BYTES).hex()

    def _tell(self, link: str) -> None:
        logger.info("link %s: its pages are closed", link)
        self.when_gone.tell(link)


def _check(wanted: WantedLink) -> None:
    kind, _, name = wanted.scope.partition(":")
    if wanted.role not in ROLES or not (wanted.scope == HALL or (kind in ("room", "session") and is_name(name))):
        raise NoLink("A link is for a job, and for everything, one place or one meeting.")
    if wanted.role is Role.TOOL and not visible(wanted.label).strip():
        raise NoLink("A link for an outside tool needs a name: readers see it beside its lines.")
    if wanted.terms.one_browser and wanted.role is Role.READER:
        raise NoLink("A link for readers is for many browsers.")
    if wanted.terms.with_session and kind != "session":
        raise NoLink("Only a link of one meeting can end with it.")


def _link_entry(kept: _Kept) -> BookEntry:
    namespace = TOOL_LINKS if kept.staff.role is Role.TOOL else LINKS
    return BookEntry(namespace, kept.staff.link, msgspec.json.encode(kept))
