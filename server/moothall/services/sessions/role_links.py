"""Role links, which admit people to their jobs: one link for each job, each revocable by itself.

A link contains a token of 160 random bits, of which only the SHA-256 is stored. A browser that opens it gets a key of
its own, which represents the links that it has opened (`browsers.py`); a link that is replaced or revoked is taken away
from all browsers at once. Readers' browsers have no stored entry: each keeps a proof that it opened the link.

A link may have terms (`link_terms.py`): an expiry, and a restriction to the first browser, which is recognised by a
secret mark. Staff who signed in with an account are stored with the browsers, as roles with a pseudonym.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
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
from moothall.services.sessions.secret_entries import SecretEntries, short_id, typed_secret
from moothall.services.sessions.staff import HALL, LONGEST_LABEL, Staff, opens_admin, session_scope
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

ROLES = STAFF_ROLES | {Role.HUB, Role.READER, Role.TOOL}
"""The roles that a link may have."""
MOST_LINKS = 10_000
"""Most links: a congress of 300 sessions with ten links each has 3,000. Overflow: refused."""
AFTER_CLOSE_MS = 24 * HOUR_MS
"""How long a link that ends with its session is valid after the close, by default."""
EXPIRY_MS = 60_000
"""How often expired links and sign-ins are looked for, so that their pages are closed."""
LINKS, TOOL_LINKS = "link", "tool-link"
"""Namespaces of the book. Links of tools have their own, since release 0.2.0 does not start if it reads an unknown
role.
"""
CAPTIONS_KEY = 40
"""Hexadecimal digits of a key for captioning software, after the link's id: 160 bits."""
_CAPTIONS = b"captions"


class _Kept(msgspec.Struct, frozen=True):
    staff: Staff
    digest: str
    """Hexadecimal SHA-256 of the token."""
    made: int = 0
    """When the token was made, Unix ms; 0 where an earlier release didn't store it."""
    terms: LinkTerms = FOR_EVER
    use: LinkUse = LinkUse()
    taken: str = ""
    """Hexadecimal SHA-256 of the first browser's mark; empty while there is none."""


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A successful opening of a link in a browser."""

    staff: Staff
    key: str
    """The browser's new key."""
    mark: str = ""
    """The mark by which the browser is recognised as the link's first; empty where the link doesn't require it."""


class Unentered(StrEnum):
    """Why a link could not be opened."""

    WRONG = "wrong"
    """The link doesn't exist, or has expired."""
    TAKEN = "taken"
    """It belongs to another browser."""
    SIGN_IN = "sign-in"
    """Its holder has to sign in with an account."""


class RoleLinks:
    """All role links of the house, in memory and in the book. Call `load` first.

    `after_close_ms`: how long a link that ends with its session is valid after the close. `demands_sign_in`: whether
    links to `/admin` require a sign-in.
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
        self._links = SecretEntries[_Kept]()
        self.making = asyncio.Lock()
        """Must be held while missing links are found and made: two people may ask for the same links at once."""
        self._browsers = Browsers(book=book, clock=clock, randomness=randomness)
        self.when_gone = Listeners[[str]]()
        """Called with the id of each link that is replaced, revoked or expired, and with the pseudonym of everybody who
        has to sign in again: pages that they opened have to be closed.
        """

    def end_with(self, closed_at: Callable[[SessionId], int | None]) -> None:
        """Use `closed_at` to find when a session was closed (Unix ms; None where it isn't)."""
        self._closed_at = closed_at

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        entries = {**await self._book.read(LINKS), **await self._book.read(TOOL_LINKS)}
        self._links.clear()
        self._links.update({key: msgspec.json.decode(body, type=_Kept) for key, body in entries.items()})
        await self._browsers.load()

    def list(self) -> tuple[Staff, ...]:
        """All links, in the order in which they were made."""
        return tuple(kept.staff for kept in self._links.values())

    def get(self, link: str) -> Staff | None:
        """The link of that id; None where there is none."""
        kept = self._links.get(link)
        return None if kept is None else kept.staff

    def label(self, link: str) -> str:
        """The label of a link; empty when it doesn't exist any more."""
        kept = self._links.get(link)
        return "" if kept is None else kept.staff.label

    def made(self, link: str) -> int | None:
        """When a link's token was made, Unix ms; None where that isn't known."""
        kept = self._links.get(link)
        return None if kept is None or not kept.made else kept.made

    def terms(self, link: str) -> LinkTerms:
        """The terms of a link; no limits where there is none of that id."""
        kept = self._links.get(link)
        return FOR_EVER if kept is None else kept.terms

    def use(self, link: str) -> LinkUse:
        """How often a link was opened, and when last. Readers' links are not counted.

        For links of an earlier release that didn't count, the time is taken from browsers that are still known.
        """
        kept = self._links.get(link)
        use = LinkUse() if kept is None else kept.use
        if use.forgotten:
            return use
        return msgspec.structs.replace(use, last=max(use.last, self._browsers.last_opened(link)))

    @property
    def used(self) -> frozenset[str]:
        """The scopes of all links of which it is known how often they were used."""
        return frozenset(kept.staff.scope for kept in self._links.values() if kept.use.last)

    async def forget_uses(self, session: SessionId) -> None:
        """Forget how often and when a session's links were used; the links stay. Raises StorageUnavailable."""
        scope = session_scope(session)
        for link in [name for name, kept in self._links.items() if kept.staff.scope == scope and kept.use.last]:
            if (kept := self._links.get(link)) is None:
                continue
            self._links[link] = new = msgspec.structs.replace(kept, use=LinkUse(forgotten=True))
            try:
                await self._book.write([_link_entry(new)])
            except BaseException:
                if self._links.get(link) is new:
                    self._links[link] = kept
                raise
            # If it was replaced or opened meanwhile, the book has to have that.
            if (now := self._links.get(link)) is not None and now is not new:
                await self._book.write([_link_entry(now)])

    def taken(self, link: str) -> bool:
        """Whether a link is bound to its first browser."""
        kept = self._links.get(link)
        return kept is not None and bool(kept.taken)

    def ends(self, link: str) -> int | None:
        """When a link expires, Unix ms; None where it has no expiry."""
        kept = self._links.get(link)
        return None if kept is None else self._ends(kept)

    def expired(self, link: str) -> bool:
        """Whether a link is still listed but has expired."""
        kept = self._links.get(link)
        return kept is not None and not self._lives(kept)

    def any_with_session(self) -> bool:
        """Whether any link ends with its session."""
        return any(kept.terms.with_session for kept in self._links.values())

    async def create(self, role: Role, scope: str, label: str, terms: LinkTerms = FOR_EVER) -> tuple[Staff, str]:
        """Make a link. Return the staff member that it represents and the token, which can't be shown again.

        Raises NoLink for an invalid role, scope or terms, or when there are too many links, and StorageUnavailable.
        """
        (made,) = await self.create_all([WantedLink(role=role, scope=scope, label=label, terms=terms)])
        return made

    async def create_all(self, wanted: Sequence[WantedLink]) -> Sequence[tuple[Staff, str]]:
        """Make several links, all or none. Return the staff member and token of each, in the same order.

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
        return [(kept.staff, token) for kept, token in made]

    def lacking(self, wanted: Sequence[WantedLink]) -> tuple[Sequence[WantedLink], Sequence[Staff]]:
        """The wanted links of which there is no valid link of the same role and scope, each once; and the valid links
        of the wanted roles and scopes that exist.
        """
        living: dict[tuple[Role, str], list[Staff]] = {}
        for kept in self._links.values():
            if self._lives(kept):
                living.setdefault((kept.staff.role, kept.staff.scope), []).append(kept.staff)
        once = {(each.role, each.scope): each for each in wanted}
        there = [staff for key in once for staff in living.get(key, ())]
        return [each for key, each in once.items() if key not in living], there

    async def replace(self, link: str, terms: LinkTerms | None = None) -> str:
        """Give a link a new token, and other terms if given; the old token, and pages opened with it, become invalid.

        Return the token. Raises NoLink when the link doesn't exist or has expired, and StorageUnavailable.
        """
        kept = self._known(link)
        if terms is None and not self._lives(kept):
            raise NoLink("This link has expired; make another.")
        new, token = self._drawn(kept.staff, kept.terms if terms is None else terms)
        browsers = self._browsers.without_link(link)
        await self._book.write([_link_entry(new), *entries_of(browsers)])
        self._known(link)  # It may have been revoked meanwhile.
        self._links[link] = new
        self._browsers.put(browsers)
        self._tell(link)
        return token

    async def free(self, link: str) -> None:
        """Release a link from its first browser, which is shut out, so that another may become the first.

        Raises NoLink and StorageUnavailable.
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
        """Delete a link and close the pages opened with it. Raises NoLink and StorageUnavailable."""
        kept = self._known(link)
        browsers = self._browsers.without_link(link)
        gone = [BookEntry(namespace, link, None) for namespace in (LINKS, TOOL_LINKS)]
        # First, so that nothing that begins meanwhile writes the link into the book again.
        del self._links[link]
        try:
            await self._book.write([*gone, *entries_of(browsers)])
        except BaseException:
            self._links[link] = kept
            raise
        self._browsers.put(browsers)
        self._tell(link)

    async def forget(self, session: SessionId) -> None:
        """Revoke every link of a session that was removed. Raises StorageUnavailable."""
        for staff in self.list():
            if staff.scope == session_scope(session):
                with suppress(NoLink):  # Somebody else revoked it meanwhile.
                    await self.revoke(staff.link)

    def of_token(self, token: str) -> Staff | None:
        """The staff member that a token represents; None for an unknown or expired one."""
        kept = self._links.opened_by(token.lower())
        return kept.staff if kept is not None and self._lives(kept) else None

    def of_visitor(self, key: str) -> tuple[Staff, ...]:
        """The staff members that a browser's key represents, in the order of opening; empty for an unknown key."""
        kept = (self._links[link] for link in self._browsers.opened(key) if link in self._links)
        good = (each.staff for each in kept if self._lives(each) and not self._leads_to_sign_in(each))
        return (*good, *self._browsers.jobs(key))

    async def enter(self, token: str, key: str, mark: str = "") -> Entered | Unentered:
        """Open a link in a browser. `key`: the browser's key, `mark`: its mark as a link's first browser; each empty
        where it has none.

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
        """Open a known link in a browser that has proved its right in another way. Return the browser's new key.

        Raises NoLink when the link doesn't exist any more, and StorageUnavailable.
        """
        return await self._open(self._known(staff.link), key, "")

    async def _open(self, kept: _Kept, key: str, mark: str) -> str:
        """Open a link and return a new key for the browser, so that a key planted by somebody else opens nothing.

        The link is counted and marked as taken before the write, so that of two concurrent browsers only one is
        admitted.
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
        """Store the sign-in of an account in the browser that has `key` (empty: none). Return the browser's new key.

        Links opened in it stay valid; earlier sign-ins in it end. Raises StorageUnavailable.
        """
        had = tuple(each.link for each in self.of_visitor(key) if each.link in self._links)
        return await self._browsers.renew(key, had, jobs)

    def signed_in(self) -> tuple[SignedIn, ...]:
        """All valid sign-ins, one for each role and browser, oldest browser first."""
        return self._browsers.signed_in()

    async def sign_out(self, pseudonym: str) -> bool:
        """End the sign-ins of a pseudonym in all browsers. Return whether there were any. Raises StorageUnavailable."""
        found = self._browsers.without_sign_in(pseudonym)
        if found:
            self._browsers.put(found)  # First, so that what changes meanwhile isn't undone.
            self._tell(pseudonym)
            await self._book.write(entries_of(found))
        return bool(found)

    async def leave(self, key: str) -> None:
        """Forget the browser with this key. Raises StorageUnavailable."""
        await self._browsers.forget(key)

    async def run(self) -> None:
        """Have pages closed whose links or sign-ins expire, until cancelled."""
        while True:
            await self._clock.sleep(EXPIRY_MS)
            await self.end_expired()

    async def end_expired(self) -> None:
        """Report each link and each sign-in that has expired since the last call.

        Expired operators' links, expired sign-ins, and browsers left without either are deleted. Raises
        StorageUnavailable.
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
            if self.terms(link).without_sign_in:
                with suppress(NoLink):  # Somebody else revoked it meanwhile.
                    await self.revoke(link)

    def reader_proof(self, token: str) -> tuple[Staff, str] | None:
        """The staff member of a reader's link, and the proof that a browser keeps of it; None for any other token."""
        staff = self.of_token(token)
        if staff is None or staff.role is not Role.READER:
            return None
        return staff, f"{staff.link}.{self._proof(self._links[staff.link])}"

    def of_reader_proof(self, text: str) -> Staff | None:
        """The staff member that a proof represents, as long as its link is valid; else None."""
        link, _, proof = text.partition(".")
        kept = self._links.get(link)
        if kept is None or not hmac.compare_digest(self._proof(kept).encode(), proof.encode("utf-8", "replace")):
            return None
        return kept.staff if self._lives(kept) else None

    def captions_key(self, link: str) -> str | None:
        """The key with which captioning software can send text for a link, and do nothing else; None where there is no
        such link. The key is valid as long as the link's token.
        """
        kept = self._links.get(link)
        return None if kept is None else f"{link}.{self._proof(kept, _CAPTIONS)[:CAPTIONS_KEY]}"

    def of_captions_key(self, text: str) -> Staff | None:
        """The staff member that a captioning key represents, as long as its link is valid; else None. Compares in
        constant time.
        """
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

    def _staff_of(self, wanted: WantedLink) -> Staff:
        label = " ".join(visible(wanted.label).split())[:LONGEST_LABEL]
        return Staff(link=short_id(self._randomness), role=wanted.role, scope=wanted.scope, label=label)

    def _drawn(self, staff: Staff, terms: LinkTerms) -> tuple[_Kept, str]:
        """A link with a new token, and the token."""
        token = typed_secret(self._randomness)
        return _Kept(staff, digest_of(token), self._clock.wall(), terms), token

    def _known(self, link: str) -> _Kept:
        kept = self._links.get(link)
        if kept is None:
            raise NoLink("There is no such link any more.")
        return kept

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
