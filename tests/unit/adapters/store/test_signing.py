from __future__ import annotations

import base64
import hashlib
import logging
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from moothall.adapters.store.signing import Ed25519Signer, key_id, verifier
from moothall.core.kernel.errors import ConfigurationError

RAW = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "signing.pem"


def test_a_key_is_made_once_and_read_by_its_owner_only(path: Path) -> None:
    first = Ed25519Signer.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["signing.pem"]
    before = path.read_bytes()
    assert Ed25519Signer.open(path).public_document() == first.public_document()
    assert path.read_bytes() == before


def test_the_id_is_the_beginning_of_the_public_keys_digest() -> None:
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(RAW))
    public = Ed25519PrivateKey.from_private_bytes(RAW).public_key().public_bytes_raw()
    assert signer.key_id == key_id(public) == hashlib.sha256(public).hexdigest()[:16]
    assert signer.public_document() == {
        "keys": [{"id": signer.key_id, "alg": "Ed25519", "public_key": base64.b64encode(public).decode()}]
    }


def test_a_signature_is_checked_by_the_published_document_alone() -> None:
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(RAW))
    verify = verifier(signer.public_document())
    signature = signer.sign(b"so many events")
    assert len(signature) == 64
    assert verify(signer.key_id, b"so many events", signature)
    assert not verify(signer.key_id, b"so many events!", signature)
    assert not verify(signer.key_id, b"so many events", signature[:-1])
    assert not verify(signer.key_id, b"so many events", b"")
    assert not verify("another", b"so many events", signature)


def test_keys_of_a_kind_to_come_are_passed_over() -> None:
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(RAW))
    document = signer.public_document()
    keys = document["keys"]
    assert isinstance(keys, list)
    verify = verifier({"keys": [{"id": "x", "alg": "ML-DSA", "public_key": "?"}, *keys], "more": 1})
    assert verify(signer.key_id, b"a", signer.sign(b"a"))
    assert not verify("x", b"a", signer.sign(b"a"))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": 1},
        {"keys": [{"id": "a"}]},
        {"keys": [{"id": "a", "alg": "Ed25519", "public_key": "not base64!"}]},
        {"keys": [{"id": "a", "alg": "Ed25519", "public_key": "AAAA"}]},
    ],
)
def test_a_document_that_is_none_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"/\.well-known/moothall\.json"):
        verifier(document)


def test_a_key_under_an_id_that_is_not_its_own_is_refused() -> None:
    public = base64.b64encode(Ed25519PrivateKey.from_private_bytes(RAW).public_key().public_bytes_raw()).decode()
    with pytest.raises(ConfigurationError, match="gives the id abc to a key that has another"):
        verifier({"keys": [{"id": "abc", "alg": "Ed25519", "public_key": public}]})


def pem(key: Ed25519PrivateKey | X25519PrivateKey, word: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(word) if word else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no signing key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no signing key"),
        (pem(Ed25519PrivateKey.from_private_bytes(RAW), b"word"), "holds no signing key"),
        (pem(X25519PrivateKey.from_private_bytes(RAW)), "is of another kind"),
    ],
)
def test_a_file_that_is_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "signing.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        Ed25519Signer.open(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="can't be made"):
        Ed25519Signer.open(tmp_path / "data" / "signing.pem")


def test_loading_makes_nothing(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        Ed25519Signer.load(path)
    assert not path.parent.exists()


def test_a_key_that_others_may_read_is_warned_of(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Ed25519Signer.open(path)
    with caplog.at_level(logging.WARNING):
        Ed25519Signer.load(path)
    assert caplog.messages == []
    path.chmod(0o640)
    Ed25519Signer.load(path)
    assert caplog.messages == ["users other than its owner can read the signing key; remove their access"]
