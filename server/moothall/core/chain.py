"""The chain that makes a record verifiable: hashes over the bytes as they were first written.

    body_digest = SHA-256(salt ‖ body)                                  salt: 16 random bytes
    digest      = SHA-256(previous digest in the lane ‖ header ‖ body_digest)

Each lane has its own chain, so that a reader of public lanes can verify without the others. A removed
body leaves its digest behind: the chain still verifies. Headers hold no names (`moothall.core.kernel.actors`).
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
"""What stands for the digest before a lane's first event."""

_encoder = msgspec.json.Encoder()


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an event besides its body. Encoded once; the stored bytes are what is hashed."""

    session: SessionId
    epoch: Epoch
    offset: int
    """Place in the session's log, from 1."""
    lane: Lane
    prev: int
    """Offset of the lane's event before this one; 0 for the first."""
    type: str
    """The body's type, still known when the body is gone."""
    at: int
    """Unix ms when it was written; never less than the event before has."""
    role: Role
    actor: str
    """Pseudonym of who caused it."""
    cause: CommandId
    """Id of the command that caused it; (session, cause, n) is unique."""
    n: int
    """Counts the events of one command from 0."""

    @property
    def by(self) -> Actor:
        """Who caused it."""
        return Actor(self.role, self.actor)


class LogRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored and carried: the original bytes and the digests."""

    header: Header
    header_bytes: bytes
    salt: bytes | None
    """None together with `body` once removed."""
    body: bytes | None
    body_digest: bytes
    digest: bytes


_header_decoder = msgspec.json.Decoder(Header)


def body_digest(salt: bytes, body: bytes) -> bytes:
    """SHA-256 over salt and body, 32 bytes."""
    return hashlib.sha256(salt + body).digest()


def link(previous: bytes, header_bytes: bytes, digest_of_body: bytes) -> bytes:
    """The chain's next digest, 32 bytes."""
    return hashlib.sha256(previous + header_bytes + digest_of_body).digest()


def seal(previous: bytes, header: Header, salt: bytes, body: bytes) -> LogRecord:
    """Make the record of one event, `previous` being its lane's digest so far."""
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
    """Read a stored header; raises Unreadable (a ValueError) when it isn't one."""
    return read(_header_decoder, header_bytes)


def checkpoint_bytes(session: SessionId, epoch: Epoch, heads: Mapping[str, LaneHead]) -> bytes:
    """What a checkpoint signs: JSON of session, epoch and the lanes' heads in order of the lanes' names."""
    rows = [[lane, heads[lane].offset, heads[lane].digest] for lane in sorted(heads)]
    return b"moothall-checkpoint-1\n" + _encoder.encode([session, epoch, rows])
