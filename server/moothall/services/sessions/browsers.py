"""The browsers of staff: which role links each has opened, and which accounts have signed in there.

A browser is known by a key of its own, of which only the SHA-256 is stored. It gets a new key with each link and each
sign-in, so that a key planted in a browser by somebody else opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.services.sessions.staff import Staff

VISITORS = "visitor"
"""The book's namespace for browsers."""
MOST_BROWSERS = 5_000
"""Most browsers. Overflow: the browser that opened its last link longest ago has to open it again."""
VISIT_MS = 30 * 86_400_000
"""How long after its last link or sign-in a browser is known by its links."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A role that somebody has in one browser because they signed in with an account."""

    staff: Staff
    """The role; its `link` is the account's pseudonym: no role link has that id."""
    since: int
    """When they signed in, Unix ms."""
    until: int
    """When they have to sign in again, Unix ms."""


class Browser(msgspec.Struct, frozen=True):
    """The links opened and the sign-ins made in one browser."""

    links: tuple[str, ...]
    """Ids of the links that were opened in it, in that order."""
    since: int
    """When the last of them was opened or a sign-in was made, Unix ms."""
    signed: tuple[SignedIn, ...] = ()


BrowserChanges = Mapping[str, Browser | None]
"""The new state of browsers, by the digests of their keys; None for a browser that is forgotten."""


class Browsers:
    """All browsers of staff, in memory and in the book. Call `load` first."""

    def __init__(self, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._book = book
        self._clock = clock
        self._randomness = randomness
        # Bound: MOST_BROWSERS.
        self._known: dict[str, Browser] = {}

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        entries = await self._book.read(VISITORS)
        known = {key: msgspec.json.decode(body, type=Browser) for key, body in entries.items()}
        self._known = dict(sorted(known.items(), key=lambda item: item[1].since))

    def opened(self, key: str) -> tuple[str, ...]:
        """Ids of the links that the browser with this key has opened, in that order; empty after `VISIT_MS`."""
        browser = self._known.get(digest_of(key))
        return () if browser is None or self._clock.wall() - browser.since > VISIT_MS else browser.links

    def jobs(self, key: str) -> tuple[Staff, ...]:
        """The roles from valid sign-ins in the browser with this key."""
        browser, now = self._known.get(digest_of(key)), self._clock.wall()
        return () if browser is None else tuple(each.staff for each in browser.signed if now < each.until)

    def last_opened(self, link: str) -> int:
        """When a browser that is still known, and has opened that link, last opened any link, Unix ms; 0 where there is
        none.
        """
        return max((each.since for each in self._known.values() if link in each.links), default=0)

    def signed_in(self) -> tuple[SignedIn, ...]:
        """All valid sign-ins, one for each role and browser, oldest browser first."""
        now = self._clock.wall()
        return tuple(each for browser in self._known.values() for each in browser.signed if now < each.until)

    def signed_past(self, now: int) -> set[str]:
        """The pseudonyms of sign-ins that have expired at `now` and are still stored."""
        return {each.staff.link for browser in self._known.values() for each in browser.signed if each.until <= now}

    async def renew(
        self,
        key: str,
        links: tuple[str, ...],
        signed: tuple[SignedIn, ...] | None = None,
        *,
        with_: Sequence[BookEntry] = (),
    ) -> str:
        """Replace the browser that has `key` (empty: none) by one with these links, and return its new key.

        `signed`: its sign-ins; None: those of before. `with_` is written to the book atomically with it. Raises
        StorageUnavailable.
        """
        old, new = digest_of(key), new_secret(self._randomness)
        before = self._known.get(old)
        if signed is None:
            signed = () if before is None else before.signed
        changes: dict[str, Browser | None] = {} if before is None else {old: None}
        if before is None and len(self._known) >= MOST_BROWSERS:
            changes[next(iter(self._known))] = None
        changes[digest_of(new)] = Browser(links, self._clock.wall(), signed)
        await self._book.write([*with_, *entries_of(changes)])
        self.put(changes)
        return new

    async def forget(self, key: str) -> None:
        """Forget the browser with this key. Raises StorageUnavailable."""
        digest = digest_of(key)
        if digest in self._known:
            changes = {digest: None}
            await self._book.write(entries_of(changes))
            self.put(changes)

    def without_link(self, link: str) -> BrowserChanges:
        """The changes that take a link away from all browsers that have opened it."""
        found: dict[str, Browser | None] = {}
        for key, browser in self._known.items():
            if link in browser.links:
                left = tuple(each for each in browser.links if each != link)
                found[key] = _left(left, browser.since, browser.signed)
        return found

    def without_sign_in(self, pseudonym: str) -> BrowserChanges:
        """The changes that take a pseudonym's sign-ins away from all browsers."""
        found: dict[str, Browser | None] = {}
        for key, browser in self._known.items():
            left = tuple(each for each in browser.signed if each.staff.link != pseudonym)
            if left != browser.signed:
                found[key] = _left(browser.links, browser.since, left)
        return found

    def without_past(self, now: int) -> BrowserChanges:
        """The changes that take away links and sign-ins that have expired at `now`."""
        found: dict[str, Browser | None] = {}
        for key, browser in self._known.items():
            links = () if now > browser.since + VISIT_MS else browser.links
            signed = tuple(each for each in browser.signed if now < each.until)
            if (links, signed) != (browser.links, browser.signed):
                found[key] = _left(links, browser.since, signed)
        return found

    def put(self, changes: BrowserChanges) -> None:
        """Apply changes in memory; the caller writes `entries_of` them to the book."""
        for key, browser in changes.items():
            if browser is None:
                self._known.pop(key, None)
            else:
                self._known[key] = browser


def _left(links: tuple[str, ...], since: int, signed: tuple[SignedIn, ...]) -> Browser | None:
    """A browser with what it has left; None where that is nothing."""
    return Browser(links, since, signed) if links or signed else None


def entries_of(changes: BrowserChanges) -> list[BookEntry]:
    """The entries of the book that store these changes."""
    return [
        BookEntry(VISITORS, key, None if browser is None else msgspec.json.encode(browser))
        for key, browser in changes.items()
    ]


def digest_of(secret: str) -> str:
    """The hexadecimal SHA-256 of a secret, which is stored in place of the secret. Reads its first 200 characters."""
    return hashlib.sha256(secret[:200].encode("utf-8", "replace")).hexdigest()


def new_secret(randomness: Randomness) -> str:
    """Return 256 random bits in base64url."""
    return base64.urlsafe_b64encode(randomness.bytes(32)).decode().rstrip("=")
