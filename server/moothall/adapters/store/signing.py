"""The key that signs checkpoints, and the document with which others check its signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from moothall.adapters.store.files import explained, write_new
from moothall.core.kernel.errors import ConfigurationError

logger = logging.getLogger(__name__)

FILE_NAME = "signing.key"
"""The key's name in a data folder: PKCS #8, unencrypted, readable by its owner alone."""


class Ed25519Signer:
    """The `Signer` of one key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes_raw()
        self._key_id = key_id(self._public)

    @classmethod
    def open(cls, path: Path) -> Ed25519Signer:
        """Return the signer with the key in the file at `path`; the key is made when there is no file.

        Raises ConfigurationError when the file can't be read or written, or holds no Ed25519 key.
        """
        with explained(f"The signing key {path} can't be made"):
            if not path.exists():
                made = Ed25519PrivateKey.generate()
                write_new(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Ed25519Signer:
        """Return the signer with the key in the file at `path`. Raises ConfigurationError as `open` does, and when
        there is no file.
        """
        with explained(f"The signing key {path} can't be read"):
            pem = path.read_bytes()
            if path.stat().st_mode & 0o077:
                logger.warning("users other than its owner can read the signing key; remove their access")
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            msg = f"{path} holds no signing key that can be read. Restore it from a backup; a new key can't replace it."
            raise ConfigurationError(msg) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError(f"The key in {path} is of another kind; Moothall signs with Ed25519.")
        return cls(key)

    @classmethod
    def of_seed(cls, seed: bytes) -> Ed25519Signer:
        """Return the signer with the key that these 32 secret bytes are (RFC 8032 §5.1.5)."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def key_id(self) -> str:
        """The short name of the key, as published (`Signer`): the first 16 hexadecimal digits of the SHA-256 of the raw
        public key.
        """
        return self._key_id

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message` (`Signer`)."""
        return self._key.sign(message)

    def public_document(self) -> dict[str, object]:
        """The document at `/.well-known/moothall.json`: `{"keys": [{"id", "alg": "Ed25519", "public_key":
        base64}]}`.
        """
        public_key = base64.b64encode(self._public).decode("ascii")
        return {"keys": [{"id": self._key_id, "alg": "Ed25519", "public_key": public_key}]}


class _PublishedKey(msgspec.Struct):
    id: str
    alg: str
    public_key: str


class _Document(msgspec.Struct):
    keys: list[_PublishedKey]


def key_id(public_key: bytes) -> str:
    """The short name of a raw public key, 16 hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of a raw public key signed the message; False for bytes that are no key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys(document: Mapping[str, object]) -> tuple[bytes, ...]:
    """The raw Ed25519 keys of the published document. Raises ConfigurationError as `verifier` does."""
    return tuple(_raw_keys(document).values())


def verifier(document: Mapping[str, object]) -> Callable[[str, bytes, bytes], bool]:
    """Make the function (key id, message, signature) → whether a key of the published document made the signature.

    Keys of other algorithms are ignored. Raises ConfigurationError when the document can't be read, or when a key
    doesn't have the id that the document states.
    """
    keys = _raw_keys(document)
    return lambda name, message, signature: name in keys and ed25519(keys[name], message, signature)


def _raw_keys(document: Mapping[str, object]) -> dict[str, bytes]:
    try:
        published = msgspec.convert(document, _Document)
        raw = {
            key.id: base64.b64decode(key.public_key, validate=True) for key in published.keys if key.alg == "Ed25519"
        }
        for public in raw.values():
            Ed25519PublicKey.from_public_bytes(public)
    except (msgspec.ValidationError, binascii.Error, ValueError) as error:
        msg = "The document of public keys can't be read; it is what the server gives at /.well-known/moothall.json."
        raise ConfigurationError(msg) from error
    for name, public in raw.items():
        if name != key_id(public):
            raise ConfigurationError(f"The document of public keys gives the id {name} to a key that has another.")
    return raw
