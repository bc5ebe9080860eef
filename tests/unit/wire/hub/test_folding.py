from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Lane
from moothall.wire.hub.folding import can_fold, fold, unfold
from moothall.wire.hub.numbers import Reading

MOST = 1 << 20
DIGEST = "0f" * 32
FLOOR = Lane("ch:floor")
HEADS = {FLOOR: LaneHead(353, DIGEST), Lane("session"): LaneHead(12, "ab" * 32)}
KNOWN = b'{"ch:floor":{"offset":353,"digest":"%b"}}' % DIGEST.encode()
SIGNATURE = base64.b64encode(bytes(range(64)))


def folded(text: bytes, heads: dict[Lane, LaneHead] | None = None) -> tuple[bytes, bytes]:
    beside = bytearray()
    return fold(text, beside, HEADS if heads is None else heads), bytes(beside)


PIECES = st.sampled_from(
    [
        "0123456789abcdef", "0f" * 16, "0f" * 20, DIGEST, "f", '"', "{", SIGNATURE.decode(), "/" * 86 + "==", "A", "==",
        '"ch:floor":{"offset":353,"digest":"', '"session":{"offset":012,"digest":"', DIGEST + '"}', KNOWN.decode(), "é",
        '"session":{"offset":12,"digest":"' + "ab" * 32 + '"}', "\x01", "\n", " ",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=12), st.booleans())
def test_what_was_folded_comes_back(pieces: list[str], known: bool) -> None:
    text = "".join(pieces).encode()
    if can_fold(text):
        heads = HEADS if known else {}
        short, beside = folded(text, heads)
        reading = Reading(beside)
        assert unfold(short, reading, HEADS, MOST) == text, "who has more heads than the sender knows of reads the same"
        assert reading.spent


def test_ids_and_signatures_go_as_the_bytes_that_they_are() -> None:
    assert folded(b'"key":"0123456789abcdef"') == (b'"key":"\x04"', bytes.fromhex("0123456789abcdef"))
    assert folded(b"mt:" + b"a0" * 20) == (b"mt:\x02", b"\xa0" * 20)
    assert folded(b'"%b"' % SIGNATURE) == (b'"\x05"', bytes(range(64)))
    assert folded(b"deadbeef 123") == (b"deadbeef 123", b"")


def test_base64_that_no_bytes_would_give_stays_as_it_is() -> None:
    odd = SIGNATURE[:85] + b"/=="
    assert folded(odd) == (odd, b"")


def test_a_head_that_is_known_goes_as_its_name() -> None:
    assert folded(KNOWN) == (b'{"ch:floor":\x06}', b"")
    assert folded(KNOWN, {}) == (b'{"ch:floor":{"offset":353,"digest":"\x01"}}', bytes.fromhex(DIGEST))
    behind = {FLOOR: LaneHead(352, DIGEST)}
    assert folded(KNOWN, behind)[0] == b'{"ch:floor":{"offset":353,"digest":"\x01"}}'


def test_control_bytes_can_not_be_folded() -> None:
    assert can_fold("añez".encode())
    assert not can_fold(b"a\x06")
    assert not can_fold(b"a\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'"ch:pt":\x06', "the head of lane ch:pt, which nothing is known of"),
        (b"\x06", "and not which"),
        (b"\x01", "ends 32 bytes before"),
        (b'"session":\x06' * 8_000, "may have 1048576 bytes"),
    ],
)
def test_what_stands_for_nothing_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        unfold(text, Reading(b""), HEADS, MOST)
