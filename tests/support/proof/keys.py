"""Keys of logs and witnesses for tests: made from a name, so that each run has the same."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.core.proof.notes import NoteSignature, SignatureKind, SignedNote, TreeHead, VerifierKey, sign

ORIGIN = "meeting.example/log"


class SigningKey:
    """A key that signs notes, or checkpoints as a witness."""

    def __init__(self, name: str, kind: SignatureKind = SignatureKind.NOTE, seed: str = "") -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256((seed or name).encode()).digest())
        self.key = VerifierKey(name, kind, self.private.public_key().public_bytes_raw())

    def sign(self, text: str, time: int = 0) -> NoteSignature:
        return sign(self.key, text, self.private.sign, time)

    def checkpoint(self, size: int, root: bytes) -> SignedNote:
        text = TreeHead(self.key.name, size, root).text
        return SignedNote(text, (self.sign(text),))


def log_key(origin: str = ORIGIN, seed: str = "") -> SigningKey:
    return SigningKey(origin, SignatureKind.NOTE, seed)


def witness_key(name: str) -> SigningKey:
    return SigningKey(name, SignatureKind.COSIGNATURE)
