"""Time stamps by an authority of `openssl ts`: read, and each altered byte found."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from moothall.adapters.proof.stamp_check import read_authorities, signer_of
from moothall.core.kernel.errors import ConfigurationError, ProofBroken
from moothall.core.proof.der import OCTETS, SEQUENCE, SET, read_one, whole_number, written
from moothall.core.proof.time_stamps import MOST_STAMP_BYTES, read_stamp, stamp_request
from support.proof.authority import LocalAuthority

DATA = b"The floor is yours."
NONCE = 0x8000_0000_0000_0001


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def answer(authority: LocalAuthority) -> bytes:
    return authority.answer(stamp_request(hashlib.sha256(DATA).digest(), NONCE))


def test_an_authority_understands_the_request_and_its_answer_is_read(authority: LocalAuthority, answer: bytes) -> None:
    stamp = read_stamp(answer)
    assert stamp.is_of(DATA)
    assert not stamp.is_of(DATA + b" ")
    assert stamp.nonce == NONCE
    assert stamp.at > 1_764_000_000_000
    assert len(stamp.certificates) == 1
    assert signer_of(stamp, read_authorities(authority.root)) == "CN=Clock of the House"
    token = read_one(answer).parts()[1].whole
    assert read_stamp(token) == stamp


def test_one_altered_byte_anywhere_is_found(authority: LocalAuthority, answer: bytes) -> None:
    believed = read_authorities(authority.root)
    for at in range(9, len(answer)):
        altered = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        try:
            stamp = read_stamp(altered)
            signer_of(stamp, believed)
        except ProofBroken:
            continue
        # What isn't signed and says nothing: how the token lists algorithms, and who made it.
        assert (stamp.digest, stamp.at) == (read_stamp(answer).digest, read_stamp(answer).at), at
    for size in range(len(answer)):
        with pytest.raises(ProofBroken):
            read_stamp(answer[:size])


def test_a_stamp_with_two_signatures_is_refused(answer: bytes) -> None:
    kind, signed = read_one(answer).parts()[1].parts()
    *parts, signers = read_one(signed.content).parts()
    twice = written(SEQUENCE, *(part.whole for part in parts), written(SET, signers.content, signers.content))
    with pytest.raises(ProofBroken, match="2 signatures"):
        read_stamp(written(SEQUENCE, kind.whole, written(0xA0, twice)))


def test_a_certificate_for_other_uses_is_refused(authority: LocalAuthority, answer: bytes) -> None:
    stamp = read_stamp(answer)
    key = load_pem_private_key((authority.folder / "root.key").read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    forged = msgspec.structs.replace(stamp, signature=key.sign(stamp.signed, ECDSA(SHA256())))
    with pytest.raises(ProofBroken, match="isn't one for time stamps"):
        signer_of(forged, read_authorities(authority.root))


def test_another_authority_is_not_believed(answer: bytes, tmp_path: Path) -> None:
    other = LocalAuthority(tmp_path / "other")
    with pytest.raises(ProofBroken, match="doesn't lead to one"):
        signer_of(read_stamp(answer), read_authorities(other.root))
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(ConfigurationError, match="no certificates"):
        read_authorities(tmp_path / "empty.pem")


def test_a_certificate_that_says_its_use_twice_is_refused(answer: bytes) -> None:
    stamp = read_stamp(answer)
    certificate = read_one(stamp.certificates[0])
    body, *signed = certificate.parts()
    *parts, last = body.parts()
    uses = last.parts(0xA3)[0].content
    twice = written(SEQUENCE, *(each.whole for each in parts), written(0xA3, written(SEQUENCE, uses, uses)))
    forged = written(SEQUENCE, twice, *(each.whole for each in signed))
    for carried in (forged, forged[:-1]):
        with pytest.raises(ProofBroken, match="can't be read"):
            signer_of(msgspec.structs.replace(stamp, certificates=(carried,)), ())


def test_what_is_no_stamp_is_said() -> None:
    for data, sentence in (
        (b"", "ends within"),
        (bytes(MOST_STAMP_BYTES + 1), "at most"),
        (written(SEQUENCE, written(SEQUENCE, whole_number(2))), "refusal"),
        (written(SEQUENCE, written(SEQUENCE, whole_number(0))), "lacks a part"),
        (written(SEQUENCE, bytes.fromhex("06022a03"), written(0xA0)), "another kind"),
        (written(OCTETS, b"x"), "the tag 4"),
        (written(OCTETS, b"x") + b"x", "behind the end"),
        (b"\x30\x85\x01\x00\x00\x00\x00", "length"),
        (b"\x1f\x01", "unknown kind"),
    ):
        with pytest.raises(ProofBroken, match=sentence):
            read_stamp(data)
