from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.decoding import Unreadable, made_of, number_in, read, read_toml, shared


class Thing(msgspec.Struct):
    a: int


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"a": "x"}',
        b'{"b": ' * 9_000,
        b'{"a": "\xff"}',
        '{"a": 1',
        '{"\ud800": 1}'.encode("utf-8", "surrogatepass"),
    ],
)
def test_whatever_is_wrong_is_one_error(data: bytes | str) -> None:
    with pytest.raises(Unreadable):
        read(msgspec.json.Decoder(Thing), data)


@pytest.mark.parametrize("data", [b"\x81\xa1b" * 60_000, b"\x81\xa1a\xa1\xff", b"\x81\xa1\xff\x01", b"\xc1", b""])
def test_in_messagepack_too(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(msgspec.msgpack.Decoder(Thing), data)


def test_what_is_right_is_read() -> None:
    assert read(msgspec.json.Decoder(Thing), b'{"a": 1}') == Thing(1)


class Wider(msgspec.Struct, kw_only=True):
    a: int
    b: str = "own"
    c: int = 0


def test_a_struct_is_made_of_what_it_shares_with_another() -> None:
    assert made_of(Wider, Thing(a=3), c=4) == Wider(a=3, c=4)
    assert made_of(Thing, Wider(a=3, b="x")) == Thing(a=3)
    assert made_of(Thing, Wider(a=3), a=5) == Thing(a=5)
    assert shared(Wider, Thing(a=3)) == shared(Wider(a=0), Thing(a=3)) == {"a": 3}


def test_what_is_neither_shared_nor_given_is_missing() -> None:
    with pytest.raises(TypeError, match="'a'"):
        made_of(Thing, msgspec.defstruct("Other", [("b", int)])(b=1))
    with pytest.raises(TypeError):
        made_of(Thing, Thing(a=1), d=2)


@pytest.mark.parametrize("text", ["a = ", "a = " + "[" * 2_000, "a = " + "{x = " * 2_000, f"a = {'1' * 5_000}"])
def test_a_table_that_cannot_be_read_is_one_error(text: str) -> None:
    with pytest.raises(Unreadable):
        read_toml(text)


def test_a_table_is_read() -> None:
    assert read_toml("a = 1\n[b]\nc = 'd'") == {"a": 1, "b": {"c": "d"}}


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("123456", 123_456)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert number_in(text, 6) == number


@pytest.mark.parametrize("text", ["", "1234567", "-1", "+1", "1.0", " 1", "1_0", "٣", "²", "x"])
def test_no_other_text_is(text: str) -> None:
    assert number_in(text, 6) is None
