from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProtocolError
from moothall.wire.hub.numbers import END, MOST_NUMBER, Reading, as_text, number

NUMBERS = st.integers(0, MOST_NUMBER)


@given(st.lists(NUMBERS | st.integers(0, 300)))
def test_numbers_come_back(numbers: list[int]) -> None:
    reading = Reading(b"".join(map(number, numbers)))
    assert [reading.number() for _ in numbers] == numbers
    assert reading.spent


def test_small_numbers_are_short() -> None:
    assert [len(number(each)) for each in (0, 127, 128, 16_383, 16_384)] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize("data", [b"\x80" * 9 + b"\x7f", b"\xff" * 12])
def test_a_number_has_an_end(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="A number in it is too large"):
        Reading(data).number()


def test_texts_and_what_is_left() -> None:
    reading = Reading("añez".encode() + END + b"\xff" + END + b"rest")
    assert reading.text() == "añez"
    with pytest.raises(ProtocolError, match="not UTF-8"):
        reading.text()
    assert not reading.spent
    with pytest.raises(ProtocolError, match="has no end"):
        reading.line()
    with pytest.raises(ProtocolError, match="ends 2 bytes before"):
        reading.take(6)
    assert reading.rest() == b"rest"
    assert reading.spent
    assert as_text(b"") == ""
