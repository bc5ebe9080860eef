"""A lossless compact encoding of events for the hub link, which leaves out what both sides know.

A hub rebuilds each event from its body and a few numbers. It encodes the header anew; the sender has checked that this
gives the bytes that were hashed. Digests aren't sent: the hub computes them along the chain, and the signature of the
next checkpoint over them proves that all of it is what was written.

    batch   = version, raw DEFLATE of the rows with the dictionary of `moothall.wire.hubs.vocabulary`, beside
    row     = flags, steps, the fields that the flags announce, the body
    beside  = what can't be compressed: salts, and bytes that `fold` took out of texts, in the rows' order
              (`moothall.wire.hubs.encoding`)

The steps are four numbers: offset and `at` as differences from the previous row (in the first row from 0), `n`, and the
distance of `prev` from the offset. A row leaves out the session and the epoch, the type and the lane if its body names
them, and the author and the `cause` if they are the same as in the previous row. An event that can't be encoded in this
way, because its body was removed or another release wrote it, is sent whole: unchanged header, salt and body, and the
body's digest.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, body_digest, decode_header, link
from moothall.core.events.types import Heads, LaneHead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId
from moothall.wire.hubs.encoding import END, MOST_NUMBER, ByteReader, as_text, can_fold, fold, number, unfold
from moothall.wire.hubs.vocabulary import DICTIONARY, LANES, VERSION

MAX_BATCH_BYTES = 1 << 20
"""Most bytes of the inflated rows of a batch. A sender splits more events into several batches."""

# The flags in a row's first number: which fields the row contains.
_WHOLE = 1
"""The whole event, unchanged; no other flag applies."""
_AUTHOR = 2
_CAUSE = 4
_LANE = 8
"""Type and lane, since the body doesn't imply them: it is of a type that `LANES` doesn't list."""
_ROLES = frozenset(Role)
_encoder = msgspec.json.Encoder()


class _Before(msgspec.Struct):
    """The state after the previous row, to which the next row's differences refer: the same on both sides."""

    session: SessionId
    epoch: Epoch
    heads: dict[Lane, LaneHead]
    """The heads of the receiver's lanes."""
    offset: int = 0
    at: int = 0
    role: str = ""
    actor: str = ""
    cause: str = ""

    def then(self, record: LogRecord) -> None:
        """Update the state by the event of a row."""
        header = record.header
        self.heads[header.lane] = LaneHead(header.offset, record.digest.hex())
        self.offset, self.at = header.offset, header.at
        self.role, self.actor, self.cause = header.role, header.actor, header.cause


def pack(records: Sequence[LogRecord], *, session: SessionId, epoch: Epoch, heads: Heads | None = None) -> bytes:
    """Encode a batch of events, which have to be in the log's order.

    `heads`: the heads of the receiver's lanes before the batch, as far as the sender knows them; a head in a checkpoint
    that is the same isn't sent. Raises ValueError when the rows have more than `MAX_BATCH_BYTES`.
    """
    before = _Before(session, epoch, dict(heads or {}))
    rows, beside = bytearray(), bytearray()
    for record in records:
        _write(record, before, rows, beside)
        before.then(record)
    if len(rows) > MAX_BATCH_BYTES:
        raise ValueError(f"{len(records)} events have {len(rows)} bytes, and a batch may have {MAX_BATCH_BYTES}.")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return bytes([VERSION]) + deflate.compress(bytes(rows)) + deflate.flush() + bytes(beside)


def unpack(
    data: bytes, *, session: SessionId, epoch: Epoch, heads: Mapping[Lane, LaneHead], after: int
) -> list[LogRecord]:
    """Decode a batch, and compute the digests of its events from the lanes' `heads` before it.

    Only checkpoints prove that the events are what was written (`moothall_hub.mirror.checking`). `after`, the offset of
    the last event received, is used only in the error's text. Raises ProtocolError when the batch is invalid or too
    large.
    """
    try:
        return _unpack(data, session, epoch, heads)
    except ProtocolError as error:
        raise ProtocolError(f"The batch after event {after} of session {session} can't be read. {error}") from error


def _unpack(data: bytes, session: SessionId, epoch: Epoch, heads: Heads) -> list[LogRecord]:
    if not data or data[0] != VERSION:
        raise ProtocolError(f"It is of another version than {VERSION}: update the older one of the two servers.")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, DICTIONARY)
    try:
        text = inflate.decompress(data[1:], MAX_BATCH_BYTES + 1)
    except zlib.error:
        raise ProtocolError("Its compression is broken.") from None
    if len(text) > MAX_BATCH_BYTES:
        raise ProtocolError(f"It has more than {MAX_BATCH_BYTES} bytes.")
    if not inflate.eof:
        raise ProtocolError("It is cut off.")
    rows, beside = ByteReader(text), ByteReader(inflate.unused_data)
    before = _Before(session, epoch, dict(heads))
    records: list[LogRecord] = []
    while not rows.spent:
        records.append(_read(before, rows, beside))
        before.then(records[-1])
    if not beside.spent:
        raise ProtocolError("It has bytes that belong to no event.")
    return records


def _write(record: LogRecord, before: _Before, rows: bytearray, beside: bytearray) -> None:
    header, salt, body = record.header, record.salt, record.body
    if salt is None or body is None or not _steps(record, salt, body, before):
        rows += number(_WHOLE) + record.body_digest
        for part in (record.header_bytes, salt, body):
            rows += number(0) if part is None else number(len(part) + 1) + part
        return
    flags = _AUTHOR if (header.role, header.actor) != (before.role, before.actor) else 0
    flags |= _CAUSE if header.cause != before.cause else 0
    flags |= _LANE if _named(body) != (header.type, header.lane) else 0
    for step in (flags, header.offset - before.offset, header.at - before.at, header.n, header.offset - header.prev):
        rows += number(step)
    if flags & _AUTHOR:
        rows += header.role.encode() + END + header.actor.encode() + END
    if flags & _CAUSE:
        rows += fold(_shorter(header.cause, before.session).encode(), beside, {}) + END
    if flags & _LANE:
        rows += header.type.encode() + END + header.lane.encode() + END
    beside += salt
    rows += fold(body, beside, before.heads) + END


def _steps(record: LogRecord, salt: bytes, body: bytes, before: _Before) -> bool:
    """Whether an event can be encoded as a row of steps from which the same bytes are decoded."""
    header = record.header
    texts = "".join((header.actor, header.cause, header.type, header.lane)).encode()
    return (
        len(salt) == SALT_BYTES
        and body_digest(salt, body) == record.body_digest
        and (header.session, header.epoch) == (before.session, before.epoch)
        and header.offset >= before.offset
        and header.offset >= header.prev >= 0
        and header.at >= before.at
        and header.n >= 0
        and max(header.offset, header.at, header.n) <= MOST_NUMBER
        and not header.cause.startswith(".")
        and can_fold(texts + body)
        and _encoder.encode(header) == record.header_bytes
    )


def _read(before: _Before, rows: ByteReader, beside: ByteReader) -> LogRecord:
    flags = rows.number()
    if flags & _WHOLE:
        digest = rows.take(32)
        header_bytes = _read_whole(rows) or b""
        header, salt, body = _decoded(header_bytes), _read_whole(rows), _read_whole(rows)
    else:
        header, salt, body = _read_steps(flags, before, rows, beside)
        header_bytes, digest = _encoder.encode(header), body_digest(salt, body)
    head = before.heads.get(header.lane)
    previous = GENESIS if head is None else bytes.fromhex(head.digest)
    return LogRecord(
        header=header,
        header_bytes=header_bytes,
        salt=salt,
        body=body,
        body_digest=digest,
        digest=link(previous, header_bytes, digest),
    )


def _read_whole(rows: ByteReader) -> bytes | None:
    length = rows.number()
    return rows.take(length - 1) if length else None


def _read_steps(flags: int, before: _Before, rows: ByteReader, beside: ByteReader) -> tuple[Header, bytes, bytes]:
    offset, at, n, back = (rows.number() for _ in range(4))
    role, actor = (rows.text(), rows.text()) if flags & _AUTHOR else (before.role, before.actor)
    cause = before.cause
    if flags & _CAUSE:
        cause = as_text(unfold(rows.line(), beside, {}, MAX_BATCH_BYTES))
        cause = before.session + cause if cause.startswith(".") else cause
    said = (rows.text(), Lane(rows.text())) if flags & _LANE else None
    salt = beside.take(SALT_BYTES)
    body = unfold(rows.line(), beside, before.heads, MAX_BATCH_BYTES)
    named = said or _named(body)
    offset += before.offset
    if named is None or back > offset:
        raise ProtocolError(f"It lacks a part of event {offset}.")
    if role not in _ROLES:
        raise ProtocolError(f"Event {offset} is by a role that this release doesn't know.")
    header = Header(
        session=before.session,
        epoch=before.epoch,
        offset=offset,
        lane=named[1],
        prev=offset - back,
        type=named[0],
        at=before.at + at,
        role=Role(role),
        actor=actor,
        cause=CommandId(cause),
        n=n,
    )
    return header, salt, body


class _Named(msgspec.Struct, frozen=True):
    """The fields of a body from which the event's type and lane follow."""

    type: str
    channel: str = ""
    hub: str = ""


_named_decoder = msgspec.json.Decoder(_Named)


def _named(body: bytes) -> tuple[str, Lane] | None:
    """The type and lane that follow from a body; None for a type that isn't in `LANES`, which not all releases know."""
    try:
        said = read(_named_decoder, body)
    except Unreadable:
        return None
    lane = LANES.get(said.type)
    return None if lane is None else (said.type, Lane(lane.format(channel=said.channel, hub=said.hub)))


def _decoded(header_bytes: bytes) -> Header:
    try:
        return decode_header(header_bytes)
    except Unreadable as error:
        raise ProtocolError(f"A header of {len(header_bytes)} bytes can't be read: {error}.") from error


def _shorter(cause: str, session: SessionId) -> str:
    return cause.removeprefix(session) if cause.startswith(f"{session}.") else cause
