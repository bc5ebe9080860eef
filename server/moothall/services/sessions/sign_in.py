"""Staff who sign in with an account: what an attempt has to remember, and what somebody may do who came back from it.

Whoever signs in is known by the provider's word for the account. Here they are a job and a pseudonym: a keyed hash of
that word, under a key that never leaves the book, so that a record tells two people of a job apart and names neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from moothall.core.kernel.actors import Role
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.rules.authority import STAFF_ROLES
from moothall.services.sessions.browsers import SignedIn
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL, Staff

logger = logging.getLogger(__name__)

ATTEMPT_MS = 600_000
"""How long somebody may take at the provider."""
MOST_ATTEMPTS = 10_000
"""Attempts that are under way. Overflow: the oldest has to begin again."""
SIGN_IN, KEY = "sign-in", "pseudonyms"
_PSEUDONYM_BYTES = 8
"""More than a link's id has, so that none is taken for the other."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that is under way. Every part is 256 random bits."""

    state: str
    nonce: str
    verifier: str
    """The secret of PKCE (RFC 7636), which the provider sees only once the code comes back."""
    browser: str
    """What the browser that began keeps in a cookie."""
    to: str
    """The page to which it wants; empty for that of the job."""
    until: int
    """Unix ms."""

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class SignIns:
    """All attempts, in memory, and what they lead to. Make it, then `load`.

    `roles`: which of the provider's groups give which roles. `lifetime_ms`: how long a sign-in holds.
    """

    def __init__(
        self,
        links: RoleLinks,
        *,
        book: Book,
        clock: Clock,
        randomness: Randomness,
        roles: Mapping[str, Sequence[Role]],
        lifetime_ms: int,
    ) -> None:
        self._links = links
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._roles = roles
        self._lifetime_ms = lifetime_ms
        self._attempts: OrderedDict[str, Attempt] = OrderedDict()
        self._key = b""

    async def load(self) -> None:
        """Read the key of the pseudonyms, and make it the first time. Raises StorageUnavailable."""
        self._key = (await self._book.read(SIGN_IN)).get(KEY, b"")
        if not self._key:
            key = self._randomness.bytes(32)
            await self._book.write([BookEntry(SIGN_IN, KEY, key)])
            self._key = key

    def begin(self, to: str) -> Attempt:
        """Remember a new attempt."""
        state, nonce, verifier, browser = (self._secret() for _ in range(4))
        until = self._clock.wall() + ATTEMPT_MS
        attempt = Attempt(state=state, nonce=nonce, verifier=verifier, browser=browser, to=to, until=until)
        self._attempts[state] = attempt
        if len(self._attempts) > MOST_ATTEMPTS:
            self._attempts.popitem(last=False)
        return attempt

    def take(self, state: str, browser: str) -> Attempt | None:
        """The attempt of that state, once, for the browser that began it; None for any other."""
        attempt = self._attempts.get(state)
        if attempt is None or not hmac.compare_digest(attempt.browser.encode(), browser.encode("utf-8", "replace")):
            return None
        del self._attempts[state]
        return attempt if self._clock.wall() < attempt.until else None

    async def admit(self, issuer: str, subject: str, groups: Iterable[str], key: str) -> tuple[Staff, str] | None:
        """Let somebody in whom the provider vouches for, in a browser that has `key` or nothing.

        Returns the first of their jobs and the browser's new key; None for somebody whose groups give no job. Raises
        StorageUnavailable.
        """
        given = {role for group in groups for role in self._roles.get(group, ())}
        now = self._clock.wall()
        jobs = tuple(
            SignedIn(staff=self._staff(issuer, subject, role), since=now, until=now + self._lifetime_ms)
            for role in sorted(given, key=_first_secretariat)
        )
        if not jobs:
            return None
        new = await self._links.sign_in(jobs, key)
        for job in jobs:
            logger.info("sign-in %s: a browser was let in as %s", job.staff.link, job.staff.role)
        return jobs[0].staff, new

    def _staff(self, issuer: str, subject: str, role: Role) -> Staff:
        said = "\0".join((issuer, subject, role)).encode("utf-8", "replace")
        pseudonym = hmac.digest(self._key, said, hashlib.sha256)[:_PSEUDONYM_BYTES].hex()
        return Staff(link=pseudonym, role=role, scope=HALL, label="")

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._randomness.bytes(32)).decode().rstrip("=")


def roles_of(lines: Iterable[str]) -> dict[str, list[Role]]:
    """`role=group` lines as the roles of each group; raises ValueError for a role that nobody can sign in for."""
    found: dict[str, list[Role]] = {}
    for line in lines:
        name, _, group = line.partition("=")
        role = Role(name.strip())
        if role not in STAFF_ROLES or not group.strip():
            raise ValueError(name)
        found.setdefault(group.strip(), []).append(role)
    return found


def _first_secretariat(role: Role) -> tuple[bool, str]:
    return role is not Role.SECRETARIAT, role
