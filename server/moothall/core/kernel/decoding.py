"""Decodes bytes from outside, with one error type for all failures, and builds structs from the fields of other
structs.

It is a module of its own because every layer uses it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any, Protocol, TypeVar

import msgspec

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


class Unreadable(ValueError):
    """The bytes can't be decoded: another message, invalid UTF-8, or nesting that is too deep. The error's text may
    quote them.
    """


class Decoder(Protocol[T_co]):
    """A msgspec decoder, for JSON or MessagePack."""

    def decode(self, buf: Any, /) -> T_co:
        """Return the decoded value; raises msgspec's errors."""
        ...


def read(decoder: Decoder[T], data: bytes | bytearray | memoryview | str | msgspec.Raw) -> T:
    """Decode `data` with `decoder`. Raises Unreadable.

    Besides its own errors msgspec raises RecursionError for deep nesting and UnicodeDecodeError for strings that are
    not UTF-8. Any sender of bytes can cause both.
    """
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def read_json(data: bytes | str, kind: type[T]) -> T:
    """Decode a value of type `kind` from JSON. Raises Unreadable."""
    return read(msgspec.json.Decoder(kind), data)


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises Unreadable.

    Besides its own error tomllib raises RecursionError for deep nesting, and ValueError for an integer of more digits
    than Python converts.
    """
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    except RecursionError as error:
        raise Unreadable("it is nested too deep") from error


@cache
def _in_both(one: type[msgspec.Struct], other: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names of the fields that two types have. Kept, since each event of a log asks; the types are few."""
    return tuple(name for name in one.__struct_fields__ if name in other.__struct_fields__)


def shared(kind: type[msgspec.Struct] | msgspec.Struct, source: msgspec.Struct) -> dict[str, Any]:
    """The fields of `source` that structs of type `kind` have too, by name."""
    to = kind if isinstance(kind, type) else type(kind)
    return {name: getattr(source, name) for name in _in_both(to, type(source))}


def made_of(kind: type[S], source: msgspec.Struct, /, **others: object) -> S:
    """A struct of type `kind` with the fields that it shares with `source`; `others` take precedence over these.

    With this an event gets the fields of its command, and a line of the record gets the fields of the line that readers
    see.
    """
    return kind(**{**shared(kind, source), **others})


def number_in(text: str, digits: int) -> int | None:
    """The number that `text` holds as 1 to `digits` ASCII digits; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None
