"""Pairing by six words, which the secretariat gives out: they admit one machine, or one browser, as a hub, once.

The words are stored as a keyed digest, are valid for a week, and are deleted once they were used or replaced.
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
from moothall.wire.hubs.pairing import COUNT, secret_of, words_of
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

WORDS, SECRETS, KEY = "hub-words", "hub-secret", "key"
"""Namespaces of the book for the words of each hub and for the secret, and the secret's key: it keys the digests."""
_KEY_BYTES = 32
VALID_MS = 7 * 86_400_000
WRONG = Allowance(per_second=30, burst=30)
"""Wrong attempts with the same first word, by all clients together: 30 a minute, since the bucket is given a clock that
runs `SLOWER` times slower. Overflow: attempts with that first word are rejected for a while. With one limit for all
words anybody could lock everybody out.
"""
SLOWER = 60


class PairingRefusal(StrEnum):
    """Why an attempt to pair was rejected."""

    WORDS = "words"
    """The input is not six words of our list."""
    UNKNOWN = "unknown"
    """The words were never given out, or they were used, replaced, or have expired."""
    OFTEN = "often"
    """There were too many wrong attempts."""


class _Given(msgspec.Struct, frozen=True):
    digest: str
    until: int
    """When the words expire, Unix ms."""


class PairingWords:
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
        """Read the book. Raises StorageUnavailable."""
        self._key = (await self._book.read(SECRETS)).get(KEY, b"")
        if not self._key:
            self._key = self._randomness.bytes(_KEY_BYTES)
            await self._book.write([BookEntry(SECRETS, KEY, self._key)])
        kept = (await self._book.read(WORDS)).items()
        self._given = {name: msgspec.json.decode(body, type=_Given) for name, body in kept}

    def until(self, name: str) -> int | None:
        """Until when (Unix ms) the words of a hub are valid; None where it has none."""
        given = self._given.get(name)
        return None if given is None or given.until <= self._clock.wall() else given.until

    async def words(self, name: str) -> tuple[str, ...] | None:
        """Make new words for a hub, which can't be shown again; earlier words become invalid. None when there is no
        such hub.

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
        """Delete the words of a hub that was removed. Raises StorageUnavailable."""
        if self._given.pop(name, None) is not None:
            await self._book.write([BookEntry(WORDS, name, None)])

    async def pair(self, typed: str, *, node: str, machine: str) -> Paired | PairingRefusal:
        """Pair a machine with the hub whose words were typed. Raises StorageUnavailable; then the words stay valid.

        `node` is the machine's own id, `machine` what people call it.
        """
        name = self._take(typed)
        if isinstance(name, PairingRefusal):
            return name
        # Before anything is awaited, so that of two concurrent attempts with the same words only one succeeds.
        given = self._given.pop(name)
        try:
            done = await self._hubs.pair(name, node=node, machine=machine, with_=[BookEntry(WORDS, name, None)])
        except BaseException:
            self._given.setdefault(name, given)
            raise
        return PairingRefusal.UNKNOWN if done is None else done

    async def admit(self, typed: str, key: str) -> tuple[Staff, str] | PairingRefusal:
        """Open the role link of the hub whose words were typed, in a browser that has `key` (empty: none).

        Return the staff member that the link belongs to, and the browser's new key. Raises NoLink and
        StorageUnavailable; then the words stay valid.
        """
        name = self._take(typed)
        if isinstance(name, PairingRefusal):
            return name
        given = self._given.pop(name)
        try:
            staff = await self._hubs.link_of(name)
            if staff is None:
                return PairingRefusal.UNKNOWN
            new = await self._links.admit(staff, key)
            await self._book.write([BookEntry(WORDS, name, None)])
        except BaseException:
            self._given.setdefault(name, given)
            raise
        logger.info("hub %s: a browser entered by words, with link %s", name, staff.link)
        return staff, new

    def _take(self, typed: str) -> str | PairingRefusal:
        """The hub whose words these are. Wrong attempts are counted by their first word; all hubs are compared, in
        constant time.
        """
        secret = secret_of(typed)
        if secret is None:
            return PairingRefusal.WORDS
        slowed = self._clock.monotonic() // SLOWER
        wrong, wait = self._wrong.get(secret[0], Bucket.full(WRONG, slowed)).take(WRONG, slowed)
        if wait:
            return PairingRefusal.OFTEN
        digest, now, found = self._digest(secret), self._clock.wall(), ""
        for name, given in self._given.items():
            if hmac.compare_digest(given.digest, digest) and given.until > now:
                found = name
        if found:
            return found
        self._wrong[secret[0]] = wrong
        return PairingRefusal.UNKNOWN

    def _digest(self, secret: bytes) -> str:
        return hmac.digest(self._key, b"pairing" + secret, hashlib.sha256).hex()
