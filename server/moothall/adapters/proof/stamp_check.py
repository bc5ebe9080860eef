"""Checks the signature of a time stamp, and that its authority's certificate leads to one that is believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from moothall.adapters.store.files import explained
from moothall.core.kernel.errors import ConfigurationError, ProofBroken
from moothall.core.proof.time_stamps import TimeStamp

LONGEST_WAY = 6
"""The most certificates from the authority's own to one that is believed."""
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_BAD = (
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)
"""What reading and checking certificates of anybody raises, some of it only where a part is looked at."""


def read_authorities(path: Path) -> Sequence[x509.Certificate]:
    """The certificates of a PEM file that are believed. Raises ConfigurationError."""
    with explained(f"The certificates {path} can't be read"):
        data = path.read_bytes()
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise ConfigurationError(f"{path} has no certificates as PEM.") from error


def signer_of(stamp: TimeStamp, believed: Sequence[x509.Certificate]) -> str:
    """The name of the authority that signed a stamp. Raises ProofBroken where none did whose certificate is for time
    stamps, was valid then, and leads to one of the `believed`, if there are any.
    """
    try:
        return _signer_of(stamp, believed)
    except _BAD as error:
        raise ProofBroken("A certificate in the time stamp can't be read.") from error


def _signer_of(stamp: TimeStamp, believed: Sequence[x509.Certificate]) -> str:
    carried = [x509.load_der_x509_certificate(each) for each in stamp.certificates]
    signer = next((each for each in (*carried, *believed) if _signed(stamp, each)), None)
    if signer is None:
        raise ProofBroken("The time stamp was altered, or its authority's certificate isn't there: no key fits it.")
    if not _is_for_stamps(signer):
        raise ProofBroken("The certificate of whoever signed the time stamp isn't one for time stamps.")
    if believed and not _leads(signer, carried, believed, datetime.fromtimestamp(stamp.at / 1000, UTC)):
        raise ProofBroken("The certificate of the time stamp doesn't lead to one that was given.")
    return signer.subject.rfc4514_string()


def _signed(stamp: TimeStamp, certificate: x509.Certificate) -> bool:
    hash_ = _HASHES[stamp.signed_hash]
    try:
        key = certificate.public_key()
        if isinstance(key, RSAPublicKey):
            key.verify(stamp.signature, stamp.signed, PKCS1v15(), hash_)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(stamp.signature, stamp.signed, ECDSA(hash_))
        else:
            return False
    except _BAD:
        return False
    return True


def _is_for_stamps(certificate: x509.Certificate) -> bool:
    """RFC 3161 §2.3: this use alone, and said to be critical."""
    try:
        use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return use.critical and list(use.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _leads(
    last: x509.Certificate, carried: Sequence[x509.Certificate], believed: Sequence[x509.Certificate], then: datetime
) -> bool:
    for _ in range(LONGEST_WAY):
        if not last.not_valid_before_utc <= then <= last.not_valid_after_utc:
            return False
        if last in believed:
            return True
        above = next((each for each in (*believed, *carried) if each != last and _issued(last, each)), None)
        if above is None:
            return False
        last = above
    return False


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except _BAD:
        return False
