"""Time stamps of authorities (RFC 3161): the request for one, and what one says, without its signature being checked.

A token is a signed message of CMS (RFC 5652) with the digest of what existed, and the time at which it did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.der import (
    BOOLEAN,
    NULL,
    OCTETS,
    SEQUENCE,
    SET,
    DerElement,
    read_all,
    read_one,
    whole_number,
    written,
)

STAMP_SUFFIX = ".tsr"
"""What is behind a file's name in that of the authority's answer about it."""
MOST_STAMP_BYTES = 64 << 10
"""The most bytes of an answer: a token with the certificates of those who vouch for it."""
_SIGNED, _STAMP = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_SHA256 = bytes.fromhex("0609608648016503040201")
_GRANTED = (0, 1)
"""The states of an answer with a token (RFC 3161 §2.4.2)."""
_FIRST, _SECOND = 0xA0, 0xA1


class TimeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says."""

    hash: str
    """The algorithm of `digest`, as `hashlib` calls it."""
    digest: bytes
    """The digest of what existed."""
    at: int
    """When, Unix ms."""
    nonce: int | None
    """The number of the request; None where it had none."""
    signed: bytes
    """The bytes that the signature covers."""
    signed_hash: str
    """The hash algorithm of the signature."""
    signature: bytes
    certificates: tuple[bytes, ...]
    """Certificates that the token carries, DER."""

    def is_of(self, data: bytes) -> bool:
        """Whether these are the bytes that existed."""
        return hashlib.new(self.hash, data).digest() == self.digest


def stamp_request(digest: bytes, nonce: int) -> bytes:
    """Ask for a stamp of a SHA-256 digest, with the certificates; `nonce` is a number that nobody can guess."""
    imprint = written(SEQUENCE, written(SEQUENCE, _SHA256, written(NULL)), written(OCTETS, digest))
    return written(SEQUENCE, whole_number(1), imprint, whole_number(nonce), written(BOOLEAN, b"\xff"))


def read_stamp(answer: bytes) -> TimeStamp:
    """Read an authority's answer, or a token alone. Raises ProofBroken, which says what is wrong."""
    if len(answer) > MOST_STAMP_BYTES:
        raise ProofBroken(f"A time stamp has {MOST_STAMP_BYTES} bytes at most; this has {len(answer)}.")
    try:
        parts = read_one(answer).parts()
        if parts[0].tag == SEQUENCE:
            if parts[0].parts()[0].number not in _GRANTED:
                raise ProofBroken("The authority gave no time stamp: its answer is a refusal.")
            parts = parts[1].parts()
        return _token(_inside(parts, _SIGNED))
    except (IndexError, StopIteration) as error:
        raise ProofBroken("The time stamp lacks a part.") from error


def _token(data: bytes) -> TimeStamp:
    parts = read_one(data).parts()
    content = read_one(_inside(parts[2].parts(), _STAMP)).of(OCTETS)
    certificates = [each.whole for part in parts[3:] if part.tag == _FIRST for each in read_all(part.content)]
    signers = parts[-1].parts(SET)
    if len(signers) != 1:
        raise ProofBroken(f"The time stamp has {len(signers)} signatures, and not one.")
    signer = signers[0].parts()
    attributes = next(part for part in signer if part.tag == _FIRST and part is not signer[1])
    hash_ = _hash(signer[2])
    _check_attributes(read_all(attributes.content), hash_, content)
    about = read_one(content).parts()
    imprint = about[2].parts()
    return TimeStamp(
        hash=_hash(imprint[0]),
        digest=imprint[1].of(OCTETS),
        at=about[4].time,
        nonce=next((part.number for part in about[5:] if part.tag == 0x02), None),
        signed=written(SET, attributes.content),
        signed_hash=hash_,
        signature=next(part for part in signer[3:] if part.tag == OCTETS).content,
        certificates=tuple(certificates),
    )


def _inside(parts: Sequence[DerElement], kind: str) -> bytes:
    """The content of a part that names its kind."""
    if parts[0].oid != kind:
        raise ProofBroken("This is no time stamp: it is a message of another kind.")
    return parts[1].of(_FIRST)


def _hash(algorithm: DerElement) -> str:
    name = algorithm.parts()[0].oid
    if name not in _HASHES:
        raise ProofBroken(f"The time stamp is made with the hash algorithm {name}, which isn't accepted.")
    return _HASHES[name]


def _check_attributes(attributes: Sequence[DerElement], hash_: str, content: bytes) -> None:
    """What is signed are attributes; they have to name the content."""
    named = {parts[0].oid: parts[1].parts(SET) for each in attributes for parts in [each.parts()]}
    if _CONTENT_TYPE not in named or named[_CONTENT_TYPE][0].oid != _STAMP:
        raise ProofBroken("What is signed in the time stamp isn't one.")
    if _MESSAGE_DIGEST not in named or named[_MESSAGE_DIGEST][0].of(OCTETS) != hashlib.new(hash_, content).digest():
        raise ProofBroken("The time stamp was altered: its content isn't what was signed.")
