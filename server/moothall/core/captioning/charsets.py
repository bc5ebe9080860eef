"""Decodes the bytes of captioning software: known charsets, incomplete characters, and bytes that are not valid.

The charset is UTF-8 unless the sender names another. The bytes of an incomplete character are held for the next piece.
In a post every byte has to be valid. In a stream without posts nobody could send it again, so a byte that is not valid
UTF-8 is read as windows-1252, which older programs send without naming it.
"""

from __future__ import annotations

import codecs

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse

MOST_HELD = 3
"""Bytes that may be held: a character of UTF-8 has at most four."""
CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
"""Python's name of a charset by the names that senders use. As on the web ISO 8859-1 is read as windows-1252, its
superset.
"""
BINARY = frozenset(map(chr, (*range(7), 14, 15, *range(16, 27))))
"""Control characters that no text has; one or two may be transmission errors."""
MOST_BINARY = 3
BINARY_SHARE = 25
"""Of a stream that nobody could send again more than one byte in so many has to be such a character, too: programs
made for captions on television send some to their encoders."""
LOOKED_BACK = 256
"""Bytes before a piece of a stream that are looked at with it."""
NO_TEXT = "This is no text: send plain text."
_IAC, _SB, _SE = 255, 250, 240
_WITH_OPTION = range(251, 255)
MOST_NEGOTIATED = 200
"""Bytes of one Telnet negotiation. Overflow: they are discarded."""


def known_charset(name: str) -> str | None:
    """Python's name of a charset; None for an unsupported one."""
    return CHARSETS.get(name.strip().strip('"').lower())


def whole_text(data: bytes, charset: str, *, held: bytes = b"") -> tuple[str, bytes] | Refusal:
    """Decode a post. `charset`: Python's name; `held`: the bytes held from the post before. Returns the characters and
    the bytes to hold, or a refusal.

    Bytes that were held and don't go on in this post are dropped: it is read by itself. Bytes of UTF-16 are never held.
    """
    try:
        if charset != "utf-8":
            return _plain(data.decode(charset), b"")
        text, used = codecs.utf_8_decode(held + data, "strict", False)
    except UnicodeDecodeError:
        if held:
            return whole_text(data, charset)
        message = "The text is not in the charset that was named. Send UTF-8, or name the charset in Content-Type."
        return refuse(RefusalCode.INVALID, message)
    return _plain(text, (held + data)[used:])


def _plain(text: str, held: bytes) -> tuple[str, bytes] | Refusal:
    if sum(sign in BINARY for sign in text) > MOST_BINARY:
        return refuse(RefusalCode.INVALID, NO_TEXT)
    return text, held


def binary_stream(before: bytes, data: bytes) -> tuple[bool, bytes]:
    """Whether a stream is no text, by its next piece and the bytes `before` it; and the bytes to give next time."""
    looked = before + data
    found = sum(looked.count(sign.encode()) for sign in BINARY)
    return found > max(MOST_BINARY, len(looked) // BINARY_SHARE), looked[-LOOKED_BACK:]


def lenient_text(data: bytes, held: bytes = b"") -> tuple[str, bytes]:
    """Decode a piece of a UTF-8 stream after the bytes held before. Returns the characters and the bytes to hold."""
    text, data = "", held + data
    while True:
        try:
            more, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError as error:
            wrong = data[error.start : error.start + 1].decode("cp1252", "replace")
            text += data[: error.start].decode() + wrong
            data = data[error.start + 1 :]
        else:
            return text + more, data[used:]


def without_telnet(data: bytes) -> tuple[bytes, bytes]:
    """Remove Telnet negotiations (RFC 854) from a stream. Returns the data, and the beginning of an incomplete one to
    hold.

    `IAC IAC` is one byte 255; `IAC WILL`, `WONT`, `DO` and `DONT` have one more byte; `IAC SB` extends to `IAC SE`.
    """
    plain, at = bytearray(), 0
    while at < len(data):
        if data[at] != _IAC:
            plain.append(data[at])
            at += 1
            continue
        length = _negotiated(data, at)
        if length is None:
            return bytes(plain), data[at:] if len(data) - at <= MOST_NEGOTIATED else b""
        if data[at + 1] == _IAC:
            plain.append(_IAC)
        at += length
    return bytes(plain), b""


def _negotiated(data: bytes, at: int) -> int | None:
    """The length in bytes of the negotiation at `at`; None when it is incomplete."""
    if at + 1 == len(data):
        return None
    if data[at + 1] == _SB:
        end = data.find(bytes((_IAC, _SE)), at + 2)
        return None if end < 0 else end + 2 - at
    length = 3 if data[at + 1] in _WITH_OPTION else 2
    return None if at + length > len(data) else length
