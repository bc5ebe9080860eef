"""The hash chain that makes a record verifiable: it covers the bytes as they were first written.

    body_digest = SHA-256(salt ‖ body)                                  salt: 16 random bytes
    digest      = SHA-256(previous digest in the lane ‖ header ‖ body_digest)

Each lane has its own chain, so that a reader of the public lanes can verify them without the others. The digest of a
removed body is kept, so the chain still verifies. Headers hold no names (`moothall.core.kernel.actors`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import read
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId

SALT_BYTES = 16
GENESIS = bytes(32)
"""The previous digest for the first event of a lane."""

_encoder = msgspec.json.Encoder()


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of an event, everything but its body. It is encoded once; these stored bytes are hashed."""

    session: SessionId
    epoch: Epoch
    offset: int
    """Position in the session's log, from 1."""
    lane: Lane
    prev: int
    """Offset of the previous event in the lane; 0 for the lane's first event."""
    type: str
    """The body's type, which stays known after the body was removed."""
    at: int
    """Unix ms when it was written; never less than in the event before."""
    role: Role
    actor: str
    """Pseudonym of the actor who caused it."""
    cause: CommandId
    """Id of the command that caused it; (session, cause, n) is unique."""
    n: int
    """Number of the event among those of its command, from 0."""

    @property
    def by(self) -> Actor:
        """The actor who caused it."""
        return Actor(self.role, self.actor)


class LogRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored and sent: the original bytes and the digests."""

    header: Header
    header_bytes: bytes
    salt: bytes | None
    """None, like `body`, once the body was removed."""
    body: bytes | None
    body_digest: bytes
    digest: bytes


_header_decoder = msgspec.json.Decoder(Header)


def body_digest(salt: bytes, body: bytes) -> bytes:
    """SHA-256 over salt and body, 32 bytes."""
    return hashlib.sha256(salt + body).digest()


def link(previous: bytes, header_bytes: bytes, digest_of_body: bytes) -> bytes:
    """The next digest of the chain, 32 bytes."""
    return hashlib.sha256(previous + header_bytes + digest_of_body).digest()


def seal(previous: bytes, header: Header, salt: bytes, body: bytes) -> LogRecord:
    """Build the record of one event; `previous` is the last digest of its lane."""
    header_bytes = _encoder.encode(header)
    digest_of_body = body_digest(salt, body)
    return LogRecord(
        header=header,
        header_bytes=header_bytes,
        salt=salt,
        body=body,
        body_digest=digest_of_body,
        digest=link(previous, header_bytes, digest_of_body),
    )


def decode_header(header_bytes: bytes) -> Header:
    """Decode a stored header; raises Unreadable (a ValueError) when the bytes are not a valid one."""
    return read(_header_decoder, header_bytes)


def checkpoint_bytes(session: SessionId, epoch: Epoch, heads: Mapping[str, LaneHead]) -> bytes:
    """The bytes that a checkpoint signs: JSON of session, epoch and the lanes' heads, sorted by the lanes' names."""
    rows = [[lane, heads[lane].offset, heads[lane].digest] for lane in sorted(heads)]
    return b"moothall-checkpoint-1\n" + _encoder.encode([session, epoch, rows])
