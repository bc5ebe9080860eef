"""Entries that a secret opens: role links, and tokens of programs. Of each secret only the SHA-256 is stored."""

from __future__ import annotations

import base64
import hmac
from collections import UserDict
from typing import Protocol, TypeVar

from moothall.core.ports import Randomness
from moothall.services.sessions.browsers import digest_of

SECRET_BYTES = 20
LONGEST_SECRET = 64
"""Most characters of a secret that is looked up."""
ID_BYTES = 5


class OpenedBySecret(Protocol):
    """An entry that a secret opens."""

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the secret."""
        ...


T = TypeVar("T", bound=OpenedBySecret)


class SecretEntries(UserDict[str, T]):
    """Entries by id, found by their secrets too."""

    def __init__(self) -> None:
        self._by_digest: dict[str, str] = {}
        super().__init__()

    def __setitem__(self, name: str, entry: T) -> None:
        before = self.data.get(name)
        if before is not None:
            del self._by_digest[before.digest]
        self.data[name] = entry
        self._by_digest[entry.digest] = name

    def __delitem__(self, name: str) -> None:
        del self._by_digest[self.data[name].digest]
        del self.data[name]

    def opened_by(self, secret: str) -> T | None:
        """The entry that a secret opens; None for an unknown one.

        The look-up is by digest: its duration reveals nothing about how much of a guess was right.
        """
        digest = digest_of(secret)
        name = self._by_digest.get(digest)
        if name is None or len(secret) > LONGEST_SECRET:
            return None
        entry = self.data[name]
        return entry if hmac.compare_digest(entry.digest, digest) else None


def typed_secret(randomness: Randomness) -> str:
    """Return 160 random bits as 32 characters that are easily typed from paper: a to z and 2 to 7."""
    return base64.b32encode(randomness.bytes(SECRET_BYTES)).decode().lower()


def short_id(randomness: Randomness) -> str:
    """A new random id. Ids are never reused, since the record names them as actors."""
    return randomness.bytes(ID_BYTES).hex()
