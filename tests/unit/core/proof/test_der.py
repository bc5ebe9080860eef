"""DER: what is written and read, without a time stamp around it."""

from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.der import OCTETS, DerElement, read_one, whole_number, written


def test_der_is_written_as_others_write_it() -> None:
    assert whole_number(0) == bytes.fromhex("020100")
    assert whole_number(128) == bytes.fromhex("02020080")
    assert written(OCTETS, bytes(200))[:3] == bytes.fromhex("0481c8")
    assert read_one(written(OCTETS, bytes(70_000))).content == bytes(70_000)
    assert read_one(bytes.fromhex("06032a8648")[:2] + b"\x2a\x86\x48").tag == 6
    assert DerElement(6, bytes.fromhex("2a864886f70d"), b"").oid == "1.2.840.113549"
    assert DerElement(0x18, b"20261130221500.5Z", b"").time == 1_796_076_900_500
    for bad in (DerElement(6, b"", b""), DerElement(4, b"", b""), DerElement(6, b"\x2a\x86", b"")):
        with pytest.raises(ProofBroken):
            _ = bad.oid
    for text in (b"yesterday", b"20261130221500.5", b"20261130221500.-5Z", b"20261330221500Z"):
        with pytest.raises(ProofBroken, match="time"):
            _ = DerElement(0x18, text, b"").time
