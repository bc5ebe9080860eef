"""Blocks of a log in a backup: records with their original bytes, and the check that they continue a chain.

A full block has the same bytes in every restore point, and is stored once. The last block of a log is written anew
while the log grows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from moothall.core.backup.removed import named
from moothall.core.chain import GENESIS, LogRecord, body_digest, decode_header, link
from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Lane

EVENTS = 2_048
"""Events in a full block, some 2 MB."""


class _Stored(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    header: bytes
    salt: bytes | None
    body: bytes | None
    body_digest: bytes
    digest: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Stored])
_NOTHING = LaneHead(offset=0, digest=GENESIS.hex())


def encode_block(records: Iterable[LogRecord]) -> bytes:
    """The bytes of a block: MessagePack."""
    stored = [_Stored(each.header_bytes, each.salt, each.body, each.body_digest, each.digest) for each in records]
    return _encoder.encode(stored)


def decode_block(data: bytes) -> list[LogRecord]:
    """The records of a block. Raises RecordBroken."""
    try:
        return [
            LogRecord(
                header=decode_header(each.header),
                header_bytes=each.header,
                salt=each.salt,
                body=each.body,
                body_digest=each.body_digest,
                digest=each.digest,
            )
            for each in read(_decoder, data)
        ]
    except Unreadable as error:
        raise RecordBroken(f"A block of {len(data)} bytes of a backup can't be read.") from error


def without(
    records: Sequence[LogRecord], removed: Collection[tuple[int, str]] | Mapping[tuple[int, str], str]
) -> list[LogRecord]:
    """The records, but without body and salt of the events in `removed` (named as by `removed.named`)."""
    return [
        msgspec.structs.replace(each, salt=None, body=None)
        if each.body is not None and named(each) in removed
        else each
        for each in records
    ]


class ChainFollower:
    """Verifies records one after another, from given heads of a log on."""

    def __init__(self, offset: int, heads: Mapping[Lane, LaneHead]) -> None:
        self.offset = offset
        """Offset of the last verified event."""
        self.heads = dict(heads)
        """The head of each lane that has events."""

    def step(self, record: LogRecord) -> None:
        """Verify the next record and add it. Raises RecordBroken when it is not what was written."""
        header, head = record.header, self.heads.get(record.header.lane, _NOTHING)
        follows = header.offset == self.offset + 1 and header.prev == head.offset
        chained = link(bytes.fromhex(head.digest), record.header_bytes, record.body_digest) == record.digest
        body, salt = record.body, record.salt
        removed = body is None and salt is None
        whole = removed or body_digest(salt or b"", body or b"") == record.body_digest
        if not (follows and chained and whole):
            msg = f"Event {header.offset} of session {header.session} is not what was written."
            raise RecordBroken(msg)
        self.offset = header.offset
        self.heads[header.lane] = LaneHead(header.offset, record.digest.hex())
