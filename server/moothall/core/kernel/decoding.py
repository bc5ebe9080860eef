"""Makes values: out of bytes from outside, where each error of msgspec becomes one error of ours, and of one another.

It stands alone since every layer makes values with it.
"""

from __future__ import annotations

import tomllib
from typing import Any, Protocol, TypeVar

import msgspec

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


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


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises Unreadable.

    Beside its own error tomllib raises RecursionError for what is nested deep, and ValueError for a number of more
    digits than Python takes.
    """
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    except RecursionError as error:
        raise Unreadable("it is nested too deep") from error


def shared(kind: type[msgspec.Struct] | msgspec.Struct, source: msgspec.Struct) -> dict[str, Any]:
    """The fields of `source` that structs of that kind have as well, under the same names."""
    return {name: getattr(source, name) for name in kind.__struct_fields__ if name in source.__struct_fields__}


def made_of(kind: type[S], source: msgspec.Struct, /, **others: object) -> S:
    """A struct of that kind with the fields that it shares with `source`, and `others`, which go before those.

    So an event holds what its command says, and a line of the record what the line says that readers see.
    """
    return kind(**{**shared(kind, source), **others})


def number_in(text: str, digits: int) -> int | None:
    """The number that one to so many ASCII digits say; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None
