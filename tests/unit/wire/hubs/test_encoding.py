from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Lane
from moothall.wire.hubs.encoding import END, MOST_NUMBER, ByteReader, as_text, can_fold, fold, number, unfold

NUMBERS = st.integers(0, MOST_NUMBER)


@given(st.lists(NUMBERS | st.integers(0, 300)))
def test_numbers_come_back(numbers: list[int]) -> None:
    reading = ByteReader(b"".join(map(number, numbers)))
    assert [reading.number() for _ in numbers] == numbers
    assert reading.spent


def test_small_numbers_are_short() -> None:
    assert [len(number(each)) for each in (0, 127, 128, 16_383, 16_384)] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize("data", [b"\x80" * 9 + b"\x7f", b"\xff" * 12])
def test_a_number_has_an_end(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="A number in it is too large"):
        ByteReader(data).number()


def test_texts_and_what_is_left() -> None:
    reading = ByteReader("añez".encode() + END + b"\xff" + END + b"rest")
    assert reading.text() == "añez"
    with pytest.raises(ProtocolError, match="not UTF-8"):
        reading.text()
    assert not reading.spent
    with pytest.raises(ProtocolError, match="has no end"):
        reading.line()
    with pytest.raises(ProtocolError, match="ends 2 bytes before"):
        reading.take(6)
    assert reading.take(4) == b"rest"
    assert reading.spent
    assert as_text(b"") == ""


MOST = 1 << 20
DIGEST = "0f" * 32
FLOOR = Lane("ch:floor")
HEADS = {FLOOR: LaneHead(353, DIGEST), Lane("session"): LaneHead(12, "ab" * 32)}
KNOWN = b'{"ch:floor":{"offset":353,"digest":"%b"}}' % DIGEST.encode()


def folded(text: bytes, heads: dict[Lane, LaneHead] | None = None) -> tuple[bytes, bytes]:
    beside = bytearray()
    return fold(text, beside, HEADS if heads is None else heads), bytes(beside)


PIECES = st.sampled_from(
    [
        "0123456789abcdef", "0f" * 16, "0f" * 20, DIGEST, "f", '"', "{", "A", "==",
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
        reading = ByteReader(beside)
        assert unfold(short, reading, HEADS, MOST) == text, "who has more heads than the sender knows of reads the same"
        assert reading.spent


def test_digests_and_ids_of_commands_go_as_the_bytes_that_they_are() -> None:
    assert folded(b'"%b"' % DIGEST.encode()) == (b'"\x01"', bytes.fromhex(DIGEST))
    assert folded(b"mt:" + b"a0" * 20) == (b"mt:\x02", b"\xa0" * 20)
    assert folded(b"deadbeef 123") == (b"deadbeef 123", b"")
    assert folded(b"0" * 41) == (b"0" * 41, b"")


def test_a_head_that_is_known_goes_as_its_name() -> None:
    assert folded(KNOWN) == (b'{"ch:floor":\x03}', b"")
    assert folded(KNOWN, {}) == (b'{"ch:floor":{"offset":353,"digest":"\x01"}}', bytes.fromhex(DIGEST))
    behind = {FLOOR: LaneHead(352, DIGEST)}
    assert folded(KNOWN, behind)[0] == b'{"ch:floor":{"offset":353,"digest":"\x01"}}'


def test_control_bytes_can_not_be_folded() -> None:
    assert can_fold("añez".encode())
    assert not can_fold(b"a\x03")
    assert not can_fold(b"a\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'"ch:pt":\x03', "the head of lane ch:pt, which is unknown here"),
        (b"\x03", "without the lane"),
        (b"\x01", "ends 32 bytes before"),
        (b'"session":\x03' * 8_000, "could exceed 1048576 bytes"),
    ],
)
def test_what_stands_for_nothing_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        unfold(text, ByteReader(b""), HEADS, MOST)
