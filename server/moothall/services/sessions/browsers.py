"""The browsers of staff: which links each has opened, and who has signed in there.

A browser is known by a key of its own, of which only the SHA-256 is kept. It gets a new one with each link and each
sign-in, so that a key that somebody slipped into a browser opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.services.sessions.staff import Staff

VISITORS = "visitor"
"""The namespace of the book."""
MOST_BROWSERS = 5_000
"""Overflow: the browser that opened its link longest ago has to open it again."""
VISIT_MS = 30 * 86_400_000
"""How long a browser need not open its link again."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A job that somebody has in one browser because they signed in with an account."""

    staff: Staff
    """Its `link` is the pseudonym: no link of that id exists."""
    since: int
    """Unix ms."""
    until: int
    """Unix ms from which on they have to sign in again."""


class Browser(msgspec.Struct, frozen=True):
    """What a browser stands for."""

    links: tuple[str, ...]
    """Ids of the links that it has opened, in that order."""
    since: int
    """Unix ms when it opened the last of them, or somebody signed in."""
    signed: tuple[SignedIn, ...] = ()


Changes = Mapping[str, Browser | None]
"""Browsers as they are to be, by the digests of their keys; None for those that are forgotten."""


class Browsers:
    """All of them, in memory and in the book. Make it, then `load`."""

    def __init__(self, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._book = book
        self._clock = clock
        self._randomness = randomness
        # Bound: MOST_BROWSERS.
        self._known: dict[str, Browser] = {}

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        entries = await self._book.read(VISITORS)
        known = {key: msgspec.json.decode(body, type=Browser) for key, body in entries.items()}
        self._known = dict(sorted(known.items(), key=lambda item: item[1].since))

    def opened(self, key: str) -> tuple[str, ...]:
        """Ids of the links that the browser with this key has opened, in that order; empty after `VISIT_MS`."""
        browser = self._known.get(digest_of(key))
        return () if browser is None or self._clock.wall() - browser.since > VISIT_MS else browser.links

    def jobs(self, key: str) -> tuple[Staff, ...]:
        """What somebody is there who has signed in."""
        browser, now = self._known.get(digest_of(key)), self._clock.wall()
        return () if browser is None else tuple(each.staff for each in browser.signed if now < each.until)

    def last_opened(self, link: str) -> int:
        """Unix ms when a browser that is still known opened that link or another after it; 0 where none did."""
        return max((each.since for each in self._known.values() if link in each.links), default=0)

    def signed_in(self) -> tuple[SignedIn, ...]:
        """Who is signed in now, a row for each job and browser, the first to come first."""
        now = self._clock.wall()
        return tuple(each for browser in self._known.values() for each in browser.signed if now < each.until)

    def signed_past(self, now: int) -> set[str]:
        """The pseudonyms of those whose sign-in has ended at `now`, and who are still known."""
        return {each.staff.link for browser in self._known.values() for each in browser.signed if each.until <= now}

    async def renew(
        self,
        key: str,
        links: tuple[str, ...],
        signed: tuple[SignedIn, ...] | None = None,
        *,
        with_: Sequence[BookEntry] = (),
    ) -> str:
        """Let a browser that has `key`, or nothing, stand for these links; returns its new key.

        `signed`: who has signed in there; None: who had before. `with_` is written with it, or neither is.
        Raises StorageUnavailable.
        """
        old, new = digest_of(key), new_secret(self._randomness)
        before = self._known.get(old)
        if signed is None:
            signed = () if before is None else before.signed
        changes: dict[str, Browser | None] = {} if before is None else {old: None}
        if len(self._known) >= MOST_BROWSERS:
            changes[next(iter(self._known))] = None
        changes[digest_of(new)] = Browser(links, self._clock.wall(), signed)
        await self._book.write([*with_, *entries_of(changes)])
        self.put(changes)
        return new

    async def forget(self, key: str) -> None:
        """Forget the browser with this key; raises StorageUnavailable."""
        digest = digest_of(key)
        if digest in self._known:
            changes = {digest: None}
            await self._book.write(entries_of(changes))
            self.put(changes)

    def without_link(self, link: str) -> Changes:
        """Those that have opened a link, as they are without it."""
        found: dict[str, Browser | None] = {}
        for key, browser in self._known.items():
            if link in browser.links:
                left = tuple(each for each in browser.links if each != link)
                found[key] = _left(left, browser.since, browser.signed)
        return found

    def without_sign_in(self, pseudonym: str) -> Changes:
        """Those in which somebody signed in, as they are without that."""
        found: dict[str, Browser | None] = {}
        for key, browser in self._known.items():
            left = tuple(each for each in browser.signed if each.staff.link != pseudonym)
            if left != browser.signed:
                found[key] = _left(browser.links, browser.since, left)
        return found

    def without_past(self, now: int) -> Changes:
        """Those of which something has ended by itself at `now`, as they are without it."""
        found: dict[str, Browser | None] = {}
        for key, browser in self._known.items():
            links = () if now > browser.since + VISIT_MS else browser.links
            signed = tuple(each for each in browser.signed if now < each.until)
            if (links, signed) != (browser.links, browser.signed):
                found[key] = _left(links, browser.since, signed)
        return found

    def put(self, changes: Changes) -> None:
        """Have changes in memory; the caller writes `entries_of` them."""
        for key, browser in changes.items():
            if browser is None:
                self._known.pop(key, None)
            else:
                self._known[key] = browser


def _left(links: tuple[str, ...], since: int, signed: tuple[SignedIn, ...]) -> Browser | None:
    """A browser; None where it stands for nobody."""
    return Browser(links, since, signed) if links or signed else None


def entries_of(changes: Changes) -> list[BookEntry]:
    """What changes write to the book."""
    return [
        BookEntry(VISITORS, key, None if browser is None else msgspec.json.encode(browser))
        for key, browser in changes.items()
    ]


def digest_of(secret: str) -> str:
    """SHA-256 of a secret, hexadecimal: all of it that is kept."""
    return hashlib.sha256(secret[:200].encode("utf-8", "replace")).hexdigest()


def new_secret(randomness: Randomness) -> str:
    """256 random bits, base64url."""
    return base64.urlsafe_b64encode(randomness.bytes(32)).decode().rstrip("=")
