"""A target of fuzzing, and the inputs with which it begins."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

CORPUS = Path(__file__).with_name("corpus")
"""One file for each target: inputs that reached new branches, base64, one a line."""

HOSTILE = (
    b"",
    b"\0",
    b"\xff" * 40,
    b"[" * 3_000,
    b'{"a":' * 3_000,
    b"\x81\xa1a" * 3_000,
    b"\x91" * 3_000,
    b"a = " + b"[" * 3_000,
    b"a = " + b"1" * 5_000,
    b"retry: " + b"1" * 5_000 + b"\n\n",
    b'{"type":"hello","first":' + b"1" * 400 + b"}",
    b'"\xff"',
    '"\ud800"'.encode("utf-8", "surrogatepass"),
)
"""Inputs that have broken other parsers, and some of ours."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A parser, and the errors that it may raise.

    `call` takes bytes as a stranger sends them. It may return, or raise one of `declared`; whatever
    else it raises is a finding.
    """

    name: str
    call: Callable[[bytes], object]
    declared: tuple[type[Exception], ...] = ()
    """The errors that the parser's docstring names."""
    seeds: Sequence[bytes] = ()
    """Inputs as ordinary senders send them."""
    instrumented: tuple[str, ...] = ("moothall", "moothall_hub", "moothall_models")
    """Packages whose branches guide the fuzzer."""
    most: int = 4_096
    """The longest input, in bytes."""

    def try_with(self, data: bytes) -> bool:
        """Give `data` to the parser; returns whether it accepted it. Raises every error that isn't declared."""
        try:
            self.call(data)
        except self.declared:
            return False
        return True

    def corpus(self) -> list[bytes]:
        """Return the seeds, and the inputs that are kept of earlier runs."""
        path = CORPUS / f"{self.name}.txt"
        kept = path.read_text("ascii").split() if path.exists() else []
        return [*self.seeds, *map(base64.b64decode, kept)]


def parts(data: bytes, most: int = 64) -> list[bytes]:
    """Split one input into messages, at most `most`: each begins with two bytes of length, little-endian."""
    found: list[bytes] = []
    while len(data) >= 2 and len(found) < most:
        size = int.from_bytes(data[:2], "little")
        found.append(data[2 : 2 + size])
        data = data[2 + size :]
    return found


def joined(messages: Sequence[bytes]) -> bytes:
    """Return the bytes that `parts` splits into these messages."""
    return b"".join(len(each).to_bytes(2, "little") + each for each in messages)
