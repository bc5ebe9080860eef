"""Reads and writes DER (X.690), as far as time stamps need it: elements of a definite length with tags of one byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from moothall.core.kernel.errors import ProofBroken

BOOLEAN, INTEGER, OCTETS, NULL, OID, TIME, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x05, 0x06, 0x18, 0x30, 0x31
"""Tags of kinds."""
MOST_OID_BYTES = 64
"""The most bytes of an object identifier: those of time stamps have a dozen, and Python writes no number of more than
4,300 digits."""
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]+))?Z")
"""A time in UTC as DER has it (X.690 §11.7)."""


class DerElement(msgspec.Struct, frozen=True):
    """An element: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self, tag: int = SEQUENCE) -> Sequence[DerElement]:
        """The elements in it. Raises ProofBroken where it has another tag, or isn't made of elements."""
        return read_all(self.of(tag))

    def of(self, tag: int) -> bytes:
        """Its content. Raises ProofBroken where it has another tag."""
        if self.tag != tag:
            raise ProofBroken(f"A part of the time stamp has the tag {self.tag}, and not {tag}.")
        return self.content

    @property
    def oid(self) -> str:
        """The object identifier that it is: `1.2.840`. Raises ProofBroken."""
        content, numbers, number = self.of(OID), list[int](), 0
        if not 0 < len(content) <= MOST_OID_BYTES or content[-1] & 0x80:
            raise ProofBroken("An object identifier of the time stamp can't be read.")
        for byte in content:
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(number)
                number = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))

    @property
    def number(self) -> int:
        """The whole number that it is. Raises ProofBroken."""
        return int.from_bytes(self.of(INTEGER), "big", signed=True)

    @property
    def time(self) -> int:
        """The time that it is, Unix ms. Raises ProofBroken."""
        found = _TIME.fullmatch(self.of(TIME))
        whole, part = ("", b"") if found is None else (found[1].decode(), found[2] or b"")
        try:
            moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise ProofBroken("The time in the time stamp can't be read.") from error
        return int(moment.timestamp()) * 1_000 + int(part.ljust(3, b"0")[:3])


def read_all(data: bytes) -> Sequence[DerElement]:
    """The elements that follow each other in some bytes. Raises ProofBroken."""
    found: list[DerElement] = []
    at = 0
    while at < len(data):
        found.append(_read(data, at))
        at += len(found[-1].whole)
    return found


def read_one(data: bytes) -> DerElement:
    """The element that some bytes are. Raises ProofBroken where something is behind it."""
    found = _read(data, 0)
    if found.whole != data:
        raise ProofBroken("Something is behind the end of the time stamp.")
    return found


def _read(data: bytes, at: int) -> DerElement:
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & 0x1F == 0x1F:
        raise ProofBroken("The time stamp ends within a part, or has a part of an unknown kind.")
    size, start = head[1], at + 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start], "big")
        if start - at > 6 or size < 0x80:
            raise ProofBroken("The length of a part of the time stamp can't be read.")
    if start + size > len(data):
        raise ProofBroken("The time stamp ends within a part.")
    return DerElement(head[0], data[start : start + size], data[at : start + size])


def written(tag: int, *content: bytes) -> bytes:
    """An element of these contents."""
    data = b"".join(content)
    if len(data) < 0x80:
        return bytes((tag, len(data))) + data
    size = len(data).to_bytes((len(data).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + data


def whole_number(value: int) -> bytes:
    """A number from 0 on, as an element."""
    return written(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
