"""Repeatable randomness and signatures, for tests of every layer. The other fakes use them."""

from __future__ import annotations

import hashlib
import random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SeededRandomness:
    """`Randomness` that gives the same bytes in every run."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def bytes(self, n: int) -> bytes:
        """`n` bytes, the same in every run."""
        return self._random.randbytes(n)


class SeededSigner:
    """`Signer` with a key that everybody knows; real Ed25519, no secret."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test").digest())

    @property
    def key_id(self) -> str:
        """The key's name as in `moothall.adapters.store.signing`: 16 hex digits of the public key's SHA-256."""
        return hashlib.sha256(self._key.public_key().public_bytes_raw()).hexdigest()[:16]

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature."""
        return self._key.sign(message)
