"""Events on the hub link in few bytes: what the other side knows is left out, and it comes back as the original bytes.

A hub rebuilds each event from its body and a few numbers. The header is encoded anew from them; the sender has checked
that this gives the bytes that were hashed, and sends the header's own where it doesn't. The digests aren't sent: the
hub makes them by the chain, and a checkpoint's signature over what it made says whether all of it is what was written.

    batch   = version, raw DEFLATE of the rows with the dictionary of `moothall.wire.hub.vocabulary`, what goes beside
    row     = flags, what they name, the body
    beside  = salts, digests, signatures and ids in the rows' order (`moothall.wire.hub.folding`)

Numbers are LEB128, seven bits a byte and the lowest first; texts end with a line feed. What a row leaves out: session
and epoch; offset and time, but for the step from the row before (of the first one: from 0); `prev`, but for the first
of each lane in a batch, so that a batch that is missing shows at once; type and lane, where the body has them; role and
actor where the row before has the same; the `cause` where that has it too, with the next `n`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, body_digest, decode_header, link
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId
from moothall.wire.hub.folding import Heads, can_fold, fold, unfold
from moothall.wire.hub.numbers import END, MOST_NUMBER, Reading, as_text, number
from moothall.wire.hub.vocabulary import DICTIONARY, LANES, ROLES, VERSION

MAX_BATCH_BYTES = 1 << 20
"""Most that the text of a batch may be once it is inflated. A sender cuts what is larger into several."""

# What a row's first number says it names.
_HEADER = 1
"""The header, as its bytes."""
_ACTOR = 2
_CAUSE = 4
_N = 8
_LANE = 16
"""Type and lane: the body is gone, or of a later release."""
_PREV = 32
_ODD = 64
"""The body's digest: body or salt are gone, or neither can be what was hashed."""
_UNFOLDED = 128
"""The body as it is, with its length."""
_encoder = msgspec.json.Encoder()


class _Sofar(msgspec.Struct):
    """What the rows up to here leave for the next one to step from: the same on both sides."""

    session: SessionId
    epoch: Epoch
    heads: dict[Lane, LaneHead]
    """Where the receiver's lanes stand."""
    seen: set[Lane] = msgspec.field(default_factory=set)
    """Those of which this batch has had an event."""
    offset: int = 0
    at: int = 0
    role: str = ""
    actor: str = ""
    cause: str = ""
    n: int = 0

    def then(self, record: LogRecord) -> None:
        """Step on."""
        header = record.header
        self.heads[header.lane] = LaneHead(header.offset, record.digest.hex())
        self.seen.add(header.lane)
        self.offset, self.at = header.offset, header.at
        self.role, self.actor = header.role, header.actor
        self.cause, self.n = header.cause, header.n

    def prev(self, lane: Lane) -> int | None:
        """What comes before the next event of a lane; None for its first in this batch."""
        return self.heads[lane].offset if lane in self.seen else None

    def digest(self, lane: Lane) -> bytes:
        """What its digest is made on."""
        head = self.heads.get(lane)
        return GENESIS if head is None else bytes.fromhex(head.digest)


def pack(records: Sequence[LogRecord], *, session: SessionId, epoch: Epoch, heads: Heads | None = None) -> bytes:
    """Make a batch of events, which stand in the log's order.

    `heads`: where the receiver's lanes stand before it, as far as the sender knows; where a checkpoint says the same,
    that needn't go. Raises ValueError when they are more than `MAX_BATCH_BYTES`.
    """
    sofar = _Sofar(session, epoch, dict(heads or {}))
    rows, beside = bytearray(), bytearray()
    for record in records:
        _write(record, sofar, rows, beside)
        sofar.then(record)
    if len(rows) > MAX_BATCH_BYTES:
        msg = f"{len(records)} events have {len(rows)} bytes, and a batch may have {MAX_BATCH_BYTES}."
        raise ValueError(msg)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return bytes([VERSION]) + deflate.compress(bytes(rows)) + deflate.flush() + bytes(beside)


def unpack(
    data: bytes, *, session: SessionId, epoch: Epoch, heads: Mapping[Lane, LaneHead], after: int
) -> list[LogRecord]:
    """The events of a batch, with the digests that they have when the lanes stand at `heads` before it.

    Whether they are what was written only checkpoints say (`moothall_hub.mirror.checking`). `after`, the last event
    that has come, is for the sentence alone. Raises ProtocolError when it can't be read, or is larger than it may be.
    """
    try:
        return _unpack(data, session, epoch, heads)
    except ProtocolError as error:
        msg = f"What comes behind event {after} of session {session} can't be read. {error}"
        raise ProtocolError(msg) from error


def _unpack(data: bytes, session: SessionId, epoch: Epoch, heads: Heads) -> list[LogRecord]:
    if not data or data[0] != VERSION:
        msg = f"It is of another version than {VERSION}: update the older one of the two servers."
        raise ProtocolError(msg)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, DICTIONARY)
    try:
        text = inflate.decompress(data[1:], MAX_BATCH_BYTES + 1)
    except zlib.error:
        msg = "Its compression is broken."
        raise ProtocolError(msg) from None
    if len(text) > MAX_BATCH_BYTES:
        msg = f"It has more than {MAX_BATCH_BYTES} bytes."
        raise ProtocolError(msg)
    if not inflate.eof:
        msg = "It ends before its end."
        raise ProtocolError(msg)
    rows, beside = Reading(text), Reading(inflate.unused_data)
    sofar = _Sofar(session, epoch, dict(heads))
    records: list[LogRecord] = []
    while not rows.spent:
        records.append(_read(sofar, rows, beside))
        sofar.then(records[-1])
    if not beside.spent:
        msg = "It has bytes that belong to no event."
        raise ProtocolError(msg)
    return records


def _write(record: LogRecord, sofar: _Sofar, rows: bytearray, beside: bytearray) -> None:
    header, body, salt = record.header, record.body, record.salt
    odd = body is None or salt is None or len(salt) != SALT_BYTES or body_digest(salt, body) != record.body_digest
    plain = body is not None and can_fold(body)
    named = None if odd or not plain else _named(body or b"")
    flags = (_ODD if odd else 0) | (0 if plain else _UNFOLDED)
    if not _steps(record, sofar):
        rows += number(flags | _HEADER) + number(len(record.header_bytes)) + record.header_bytes
    else:
        flags |= _ACTOR if (header.role, header.actor) != (sofar.role, sofar.actor) else 0
        flags |= _CAUSE if header.cause != sofar.cause else 0
        flags |= _N if header.n != _next_n(sofar, header.cause) else 0
        flags |= _LANE if named != (header.type, header.lane) else 0
        flags |= _PREV if header.prev != sofar.prev(header.lane) else 0
        rows += number(flags) + number(header.offset - sofar.offset) + number(header.at - sofar.at)
        if flags & _ACTOR:
            rows += number(ROLES.index(header.role)) + header.actor.encode() + END
        if flags & _CAUSE:
            rows += fold(_shorter(header.cause, sofar.session).encode(), beside, {}) + END
        if flags & _N:
            rows += number(header.n)
        if flags & _LANE:
            rows += header.type.encode() + END + header.lane.encode() + END
        if flags & _PREV:
            rows += number(header.offset - header.prev)
    if odd:
        beside += record.body_digest
        rows += number(0 if salt is None else len(salt) + 1)
    beside += salt or b""
    if plain:
        rows += fold(body or b"", beside, sofar.heads) + END
    else:
        rows += number(0 if body is None else len(body) + 1) + (body or b"")


def _steps(record: LogRecord, sofar: _Sofar) -> bool:
    """Whether a header can be told by its steps, and comes back as the same bytes."""
    header = record.header
    texts = (header.actor, header.cause, header.type, header.lane)
    return (
        (header.session, header.epoch) == (sofar.session, sofar.epoch)
        and header.type != ""
        and header.offset >= sofar.offset
        and header.offset >= header.prev >= 0
        and header.at >= sofar.at
        and header.n >= 0
        and max(header.offset - header.prev, header.offset, header.at, header.n) <= MOST_NUMBER
        and header.role in ROLES
        and not header.cause.startswith(".")
        and can_fold("".join(texts).encode())
        and _encoder.encode(header) == record.header_bytes
    )


def _read(sofar: _Sofar, rows: Reading, beside: Reading) -> LogRecord:
    flags = rows.number()
    header, header_bytes = None, b""
    if flags & _HEADER:
        header_bytes = rows.take(rows.number())
        header = _decoded(header_bytes)
    else:
        steps = _read_steps(flags, sofar, rows, beside)
    digest = beside.take(32) if flags & _ODD else b""
    salted = rows.number() if flags & _ODD else SALT_BYTES + 1
    salt = beside.take(salted - 1) if salted else None
    body = _read_body(flags, sofar.heads, rows, beside)
    if header is None:
        header = _header(steps, sofar, body)
        header_bytes = _encoder.encode(header)
    digest = digest or body_digest(salt or b"", body or b"")
    return LogRecord(
        header=header,
        header_bytes=header_bytes,
        salt=salt,
        body=body,
        body_digest=digest,
        digest=link(sofar.digest(header.lane), header_bytes, digest),
    )


class _Steps(msgspec.Struct, kw_only=True):
    """What a row says of its event's header."""

    offset: int
    at: int
    role: str
    actor: str
    cause: str
    n: int
    type: str = ""
    lane: str = ""
    back: int | None = None
    """How far back the lane's event before it stands."""


def _read_steps(flags: int, sofar: _Sofar, rows: Reading, beside: Reading) -> _Steps:
    offset, at = sofar.offset + rows.number(), sofar.at + rows.number()
    role, actor, cause = sofar.role, sofar.actor, sofar.cause
    if flags & _ACTOR:
        place = rows.number()
        if place >= len(ROLES):
            msg = f"It names role {place}, which this release doesn't know."
            raise ProtocolError(msg)
        role, actor = ROLES[place], rows.text()
    if flags & _CAUSE:
        cause = as_text(unfold(rows.line(), beside, {}, MAX_BATCH_BYTES))
        cause = sofar.session + cause if cause.startswith(".") else cause
    steps = _Steps(offset=offset, at=at, role=role, actor=actor, cause=cause, n=_next_n(sofar, cause))
    if flags & _N:
        steps.n = rows.number()
    if flags & _LANE:
        steps.type, steps.lane = rows.text(), rows.text()
    if flags & _PREV:
        steps.back = rows.number()
    return steps


def _read_body(flags: int, heads: Heads, rows: Reading, beside: Reading) -> bytes | None:
    if flags & _UNFOLDED:
        length = rows.number()
        return rows.take(length - 1) if length else None
    return unfold(rows.line(), beside, heads, MAX_BATCH_BYTES)


def _header(steps: _Steps, sofar: _Sofar, body: bytes | None) -> Header:
    kind, lane = (steps.type, Lane(steps.lane)) if steps.type else _named(body or b"") or ("", Lane(""))
    before = sofar.prev(lane) if steps.back is None else steps.offset - steps.back
    if not kind or before is None or before < 0 or steps.role not in ROLES:
        msg = f"It doesn't say all of event {steps.offset}."
        raise ProtocolError(msg)
    return Header(
        session=sofar.session,
        epoch=sofar.epoch,
        offset=steps.offset,
        lane=lane,
        prev=before,
        type=kind,
        at=steps.at,
        role=Role(steps.role),
        actor=steps.actor,
        cause=CommandId(steps.cause),
        n=steps.n,
    )


class _Named(msgspec.Struct, frozen=True):
    """What a body says of its lane."""

    type: str
    channel: str = ""
    hub: str = ""


_named_decoder = msgspec.json.Decoder(_Named)


def _named(body: bytes) -> tuple[str, Lane] | None:
    """An event's type and lane, as its body has them; None where both sides aren't sure to say the same."""
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
        msg = f"A header of {len(header_bytes)} bytes can't be read: {error}."
        raise ProtocolError(msg) from error


def _next_n(sofar: _Sofar, cause: str) -> int:
    return sofar.n + 1 if cause == sofar.cause else 0


def _shorter(cause: str, session: SessionId) -> str:
    return cause.removeprefix(session) if cause.startswith(f"{session}.") else cause
