"""Sign-in of staff with an account: the attempts in progress, and the roles of somebody who has signed in.

The identity provider names the account by its subject. Here it becomes a role and a pseudonym: a keyed hash of issuer,
subject and role, under a key that never leaves the book, so that a record distinguishes two people with the same role
and names neither.
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
"""How long somebody may take at the identity provider."""
MOST_ATTEMPTS = 10_000
"""Most attempts in progress. Overflow: the oldest has to be started again."""
SIGN_IN, KEY = "sign-in", "pseudonyms"
_PSEUDONYM_BYTES = 8
"""Longer than a link's id, so that the two can't be confused."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in in progress. `state`, `nonce`, `verifier` and `browser` are 256 random bits each."""

    state: str
    nonce: str
    verifier: str
    """The PKCE code verifier (RFC 7636), sent to the provider only together with the returned code."""
    browser: str
    """The secret that the browser which started the attempt keeps in a cookie."""
    to: str
    """The page that was requested; empty for the start page of the role."""
    until: int
    """When the attempt expires, Unix ms."""

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class SignIns:
    """All attempts to sign in, in memory, and the roles they lead to. Call `load` first.

    `roles`: the roles given to each group of the provider. `lifetime_ms`: how long a sign-in is valid.
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
        """Read the key of the pseudonyms, or create it. Raises StorageUnavailable."""
        self._key = (await self._book.read(SIGN_IN)).get(KEY, b"")
        if not self._key:
            key = self._randomness.bytes(32)
            await self._book.write([BookEntry(SIGN_IN, KEY, key)])
            self._key = key

    def begin(self, to: str) -> Attempt:
        """Start an attempt to reach the page `to`."""
        state, nonce, verifier, browser = (self._secret() for _ in range(4))
        until = self._clock.wall() + ATTEMPT_MS
        attempt = Attempt(state=state, nonce=nonce, verifier=verifier, browser=browser, to=to, until=until)
        self._attempts[state] = attempt
        if len(self._attempts) > MOST_ATTEMPTS:
            self._attempts.popitem(last=False)
        return attempt

    def take(self, state: str, browser: str) -> Attempt | None:
        """Remove and return the attempt of that state if this browser began it and it hasn't expired; else None."""
        attempt = self._attempts.get(state)
        if attempt is None or not hmac.compare_digest(attempt.browser.encode(), browser.encode("utf-8", "replace")):
            return None
        del self._attempts[state]
        return attempt if self._clock.wall() < attempt.until else None

    async def admit(self, issuer: str, subject: str, groups: Iterable[str], key: str) -> tuple[Staff, str] | None:
        """Admit an account that the provider has authenticated, in a browser that has `key` (empty: none).

        Return the first of its roles and the browser's new key; None for an account whose groups give no role. Raises
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
    """Parse `role=group` lines into the roles of each group. Raises ValueError for a role that can't be had by a
    sign-in.
    """
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
