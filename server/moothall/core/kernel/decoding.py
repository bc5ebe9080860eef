"""Decodes bytes from outside into values; each error of msgspec becomes one error of ours.

It stands alone since every layer reads bytes with it.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Unreadable(ValueError):
    """The bytes are not what they should be: no such message, no UTF-8, or nested too deep. It may quote them."""


class Decoder(Protocol[T_co]):
    """A decoder of msgspec's, of JSON or MessagePack."""

    def decode(self, buf: Any, /) -> T_co:
        """The value; raises its own errors."""
        ...


def read(decoder: Decoder[T], data: bytes | bytearray | memoryview | str | msgspec.Raw) -> T:
    """What `decoder` makes of `data`. Raises Unreadable.

    Beside its own errors msgspec raises RecursionError for what is nested deep, and UnicodeDecodeError for strings that
    are no UTF-8: any sender of bytes can cause both.
    """
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def read_json(data: bytes | str, kind: type[T]) -> T:
    """A value of that kind from JSON. Raises Unreadable."""
    return read(msgspec.json.Decoder(kind), data)
