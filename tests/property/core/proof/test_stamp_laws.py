"""Whatever an authority answers is read, or refused with a sentence."""

from __future__ import annotations

import hashlib

from hypothesis import example, given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProofBroken
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.proof.der import INTEGER, OCTETS, OID, SEQUENCE, SET, TIME, written
from moothall.core.proof.time_stamps import read_stamp

SIGNED, STAMP = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d0109100104")
CONTENT_TYPE, DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
SHA256 = bytes.fromhex("608648016503040201")
ELEMENTS = 40
"""How many elements an answer has."""
TAGS = st.sampled_from([INTEGER, OCTETS, OID, TIME, SEQUENCE, SET, 0xA0, 0xA1])
CONTENTS = (
    st.binary(max_size=8)
    | st.from_regex(rb"[0-9]{13,15}(\.[-+ 0-9]{0,3})?Z?", fullmatch=True)
    | st.integers(4_000, 20_000).map(lambda size: b"\xff" * size + b"\x01")
)
OTHER = st.builds(written, TAGS, CONTENTS) | st.binary(max_size=4)


def answer(at: int, other: bytes) -> tuple[bytes, int]:
    """An answer whose element number `at` is another, so that all around it fits; and how many elements it has."""
    made = 0

    def der(tag: int, *content: bytes) -> bytes:
        nonlocal made
        made += 1
        return other if made - 1 == at else written(tag, *content)

    imprint = der(SEQUENCE, der(SEQUENCE, der(OID, SHA256)), der(OCTETS, bytes(32)))
    numbers = der(INTEGER, b"\x01"), der(OID, b"\x2a\x03"), imprint, der(INTEGER, b"\x07")
    about = der(SEQUENCE, *numbers, der(TIME, b"20261130221500.5Z"), der(INTEGER, b"\x05"))
    said = der(SEQUENCE, der(OID, CONTENT_TYPE), der(SET, der(OID, STAMP)))
    digest = der(SEQUENCE, der(OID, DIGEST), der(SET, der(OCTETS, hashlib.sha256(about).digest())))
    parts = der(INTEGER, b"\x01"), der(SEQUENCE), der(SEQUENCE, der(OID, SHA256)), der(0xA0, said, digest)
    signer = der(SEQUENCE, *parts, der(SEQUENCE), der(OCTETS, b"signature"))
    content = der(SEQUENCE, der(OID, STAMP), der(0xA0, der(OCTETS, about)))
    signed = der(SEQUENCE, der(INTEGER, b"\x03"), der(SET), content, der(SET, signer))
    token = der(SEQUENCE, der(OID, SIGNED), der(0xA0, signed))
    return der(SEQUENCE, der(SEQUENCE, der(INTEGER, b"\x00")), token), made


def test_the_answer_that_is_altered_is_one() -> None:
    whole, made = answer(-1, b"")
    assert made == ELEMENTS
    assert (read_stamp(whole).at, read_stamp(whole).nonce) == (1_796_076_900_500, 5)


@example(at=0, other=written(OID, b"\xff" * 10_000 + b"\x01"))
@example(at=7, other=written(TIME, b"00010101000000.-5Z"))
@given(at=st.integers(0, ELEMENTS - 1), other=OTHER)
def test_an_altered_part_is_read_or_refused_with_a_sentence(at: int, other: bytes) -> None:
    try:
        stamp = read_stamp(answer(at, other)[0])
    except ProofBroken as error:
        assert str(error).endswith(".")  # noqa: PT017  # the sentence is what is asked for
        return
    assert UTC_ZONE.at(stamp.at).year >= 1
    assert stamp.at % 1_000 >= 0
