"""Pairing by six words: what the secretariat gives out once lets one machine, or one browser, in as a hub.

The words are kept as a keyed digest, hold for a week, and are gone once they were used or new ones are given out.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from enum import StrEnum

import msgspec

from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.services.hubs.registry import Hubs, Paired
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import Staff
from moothall.wire.hub.pairing import COUNT, secret_of, words_of
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

WORDS, SECRETS, KEY = "hub-words", "hub-secret", "key"
"""Where the book has the words of each hub, and the key of their digests."""
_KEY_BYTES = 32
VALID_MS = 7 * 86_400_000
WRONG = Allowance(per_second=30, burst=30)
"""Wrong tries of words that begin alike, everybody's together, by a clock that runs in minutes. Overflow: those whose
words begin so aren't let in for a moment. A bound for all words together would be a way to keep everybody out."""
MINUTE = 60


class Unpaired(StrEnum):
    """Why nobody was let in."""

    WORDS = "words"
    """There were no six words of ours."""
    UNKNOWN = "unknown"
    """Nobody gave them out, or they were used, replaced, or are too old."""
    OFTEN = "often"
    """Too many wrong ones were tried."""


class _Given(msgspec.Struct, frozen=True):
    digest: str
    until: int
    """Unix ms."""


class Pairing:
    """Gives out pairing words, and exchanges them for a hub's key. Call `load` first."""

    def __init__(self, hubs: Hubs, links: RoleLinks, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._hubs = hubs
        self._links = links
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._key = b""
        self._given: dict[str, _Given] = {}
        # Bound: the 256 first words.
        self._wrong: dict[int, Bucket] = {}

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        self._key = (await self._book.read(SECRETS)).get(KEY, b"")
        if not self._key:
            self._key = self._randomness.bytes(_KEY_BYTES)
            await self._book.write([BookEntry(SECRETS, KEY, self._key)])
        kept = (await self._book.read(WORDS)).items()
        self._given = {name: msgspec.json.decode(body, type=_Given) for name, body in kept}

    def until(self, name: str) -> int | None:
        """Until when (Unix ms) the words that a hub has been given hold; None where it has none that wait."""
        given = self._given.get(name)
        return None if given is None or given.until <= self._clock.wall() else given.until

    async def words(self, name: str) -> tuple[str, ...] | None:
        """New words for a hub, which are never told again; those before are dead. None when there is no such hub.

        Raises StorageUnavailable.
        """
        if self._hubs.get(name) is None:
            return None
        secret = self._randomness.bytes(COUNT)
        given = _Given(self._digest(secret), self._clock.wall() + VALID_MS)
        await self._book.write([BookEntry(WORDS, name, msgspec.json.encode(given))])
        self._given[name] = given
        return words_of(secret)

    async def forget(self, name: str) -> None:
        """End the words of a hub that is no more. Raises StorageUnavailable."""
        if self._given.pop(name, None) is not None:
            await self._book.write([BookEntry(WORDS, name, None)])

    async def pair(self, typed: str, *, node: str, machine: str) -> Paired | Unpaired:
        """Let a machine speak for the hub whose words were typed. Raises StorageUnavailable; then they still hold.

        `node` is the machine's own name, `machine` what people call it.
        """
        name = self._take(typed)
        if isinstance(name, Unpaired):
            return name
        given = self._given.pop(name)  # At once: the same words sent twice at a time let one in.
        try:
            done = await self._hubs.pair(name, node=node, machine=machine, with_=[BookEntry(WORDS, name, None)])
        except BaseException:
            self._given.setdefault(name, given)
            raise
        return Unpaired.UNKNOWN if done is None else done

    async def admit(self, typed: str, key: str) -> tuple[Staff, str] | Unpaired:
        """Open the role link of the hub whose words were typed in a browser that has `key`, or nothing.

        Returns whom it stands for, and the browser's new key. Raises NoLink, StorageUnavailable; then they still hold.
        """
        name = self._take(typed)
        if isinstance(name, Unpaired):
            return name
        given = self._given.pop(name)
        try:
            staff = await self._hubs.link_of(name)
            if staff is None:
                return Unpaired.UNKNOWN
            new = await self._links.admit(staff, key)
            await self._book.write([BookEntry(WORDS, name, None)])
        except BaseException:
            self._given.setdefault(name, given)
            raise
        logger.info("hub %s: a browser entered by words, with link %s", name, staff.link)
        return staff, new

    def _take(self, typed: str) -> str | Unpaired:
        """The hub whose words these are. Wrong ones are counted by their first word, and all take the same time."""
        secret = secret_of(typed)
        if secret is None:
            return Unpaired.WORDS
        minute = self._clock.monotonic() // MINUTE
        wrong, wait = self._wrong.get(secret[0], Bucket.full(WRONG, minute)).take(WRONG, minute)
        if wait:
            return Unpaired.OFTEN
        digest, now, found = self._digest(secret), self._clock.wall(), ""
        for name, given in self._given.items():
            if hmac.compare_digest(given.digest, digest) and given.until > now:
                found = name
        if found:
            return found
        self._wrong[secret[0]] = wrong
        return Unpaired.UNKNOWN

    def _digest(self, secret: bytes) -> str:
        return hmac.digest(self._key, b"pairing" + secret, hashlib.sha256).hex()
