"""Tokens by which programs do acts of the staff, each revocable by itself and limited to its scopes.

A token is a secret like that of a role link, kept in the same way (`services/sessions/secret_entries.py`): only its
SHA-256 is stored. It opens no page, and a role link is no token.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NoLink
from moothall.core.kernel.visible import visible
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.tokens.scopes import TokenScope
from moothall.services.sessions.browsers import digest_of
from moothall.services.sessions.secret_entries import SecretEntries, short_id, typed_secret
from moothall.services.sessions.staff import HALL, LONGEST_LABEL, Staff

TOKENS = "program-token"
"""Namespace of the book. Releases that don't know it take no token for a role link."""
PREFIX = "moothall_"
"""The beginning of every token, by which people and programs that look for published secrets recognise one."""
MOST_TOKENS = 200
"""Most tokens, expired ones included. Overflow: refused."""
MOST_USES = 50
"""Uses of a token that are kept. Overflow: the oldest is dropped; `uses` goes on counting."""
DAY_MS = 86_400_000
MOST_DAYS = 366
"""The longest life of a token in days."""
USUAL_DAYS = 90


class ProgramUse(msgspec.Struct, frozen=True, array_like=True):
    """A use of a token: when and for what. It is not kept from where."""

    at: int
    """Unix ms."""
    act: str
    """Id of the operation, as `/openapi.json` names it."""


class ProgramToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is listed."""

    id: str
    """The pseudonym under which the record names its acts."""
    label: str
    scopes: tuple[str, ...]
    """Values of `TokenScope`; a later release may have stored others, which open nothing here."""
    made: int
    """Unix ms."""
    expires: int
    """Unix ms."""
    uses: int = 0
    """How often it was used."""
    last: tuple[ProgramUse, ...] = ()
    """The newest uses, the newest last."""

    @property
    def staff(self) -> Staff:
        """Whom the token stands for where a door asks for staff."""
        return Staff(link=self.id, role=Role.SECRETARIAT, scope=HALL, label=self.label)

    def opens(self, scope: TokenScope) -> bool:
        """Whether it may be used for acts of a scope."""
        return scope in self.scopes


class _Kept(msgspec.Struct, frozen=True):
    token: ProgramToken
    digest: str
    """Hexadecimal SHA-256 of the secret."""


class ProgramTokens:
    """All tokens, in memory and in the book. Call `load` first."""

    def __init__(self, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._tokens = SecretEntries[_Kept]()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        entries = await self._book.read(TOKENS)
        self._tokens.clear()
        self._tokens.update({key: msgspec.json.decode(body, type=_Kept) for key, body in entries.items()})

    def list(self) -> tuple[ProgramToken, ...]:
        """All tokens, the oldest first."""
        return tuple(sorted((kept.token for kept in self._tokens.values()), key=lambda each: (each.made, each.id)))

    def expired(self, token: ProgramToken) -> bool:
        """Whether a token opens nothing any more."""
        return self._clock.wall() >= token.expires

    async def create(self, label: str, scopes: Collection[TokenScope], days: int) -> tuple[ProgramToken, str]:
        """Make a token that lives for so many days. Return it and its secret, which can't be shown again.

        Raises NoLink when it lacks a name or a scope, lives too long, or there are too many; StorageUnavailable.
        """
        named = " ".join(visible(label).split())[:LONGEST_LABEL]
        if not named:
            raise NoLink("A token needs a name that says which program has it.")
        if not scopes:
            raise NoLink(f"A token needs a scope: {', '.join(TokenScope)}.")
        if not 1 <= days <= MOST_DAYS:
            raise NoLink(f"A token lives for 1 to {MOST_DAYS} days.")
        if len(self._tokens) >= MOST_TOKENS:
            raise NoLink(f"There are {MOST_TOKENS} tokens already; revoke some that no program needs.")
        now, secret = self._clock.wall(), PREFIX + typed_secret(self._randomness)
        token = ProgramToken(
            id=short_id(self._randomness),
            label=named,
            scopes=tuple(each.value for each in TokenScope if each in scopes),
            made=now,
            expires=now + days * DAY_MS,
        )
        kept = _Kept(token, digest_of(secret))
        await self._book.write([_entry(kept)])
        self._tokens[token.id] = kept
        return token, secret

    async def revoke(self, name: str) -> None:
        """Delete a token. Raises NoLink when there is none of that id, and StorageUnavailable."""
        kept = self._known(name)
        del self._tokens[name]  # First, so that no use writes it into the book again.
        try:
            await self._book.write([BookEntry(TOKENS, name, None)])
        except BaseException:
            self._tokens[name] = kept
            raise

    def of_secret(self, secret: str) -> ProgramToken | None:
        """The token that a secret opens, while it lives; else None. The duration reveals nothing of other secrets."""
        kept = self._tokens.opened_by(secret)
        return None if kept is None or self.expired(kept.token) else kept.token

    async def use(self, name: str, act: str) -> None:
        """Count a use, durably, before the act is done. Raises NoLink when it was revoked, and StorageUnavailable."""
        kept = self._known(name)
        use = ProgramUse(self._clock.wall(), act)
        last = (*kept.token.last, use)[-MOST_USES:]
        token = msgspec.structs.replace(kept.token, uses=kept.token.uses + 1, last=last)
        self._tokens[name] = counted = _Kept(token, kept.digest)
        await self._book.write([_entry(counted)])
        self._known(name)  # It may have been revoked meanwhile; then the deletion was written after this.

    def _known(self, name: str) -> _Kept:
        kept = self._tokens.get(name)
        if kept is None:
            raise NoLink("There is no such token any more.")
        return kept


def _entry(kept: _Kept) -> BookEntry:
    return BookEntry(TOKENS, kept.token.id, msgspec.json.encode(kept))
