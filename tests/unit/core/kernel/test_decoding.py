from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.decoding import Unreadable, read


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
