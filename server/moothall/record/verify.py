"""Verifies that a record is still what was written.

The chain shows that no event was altered, added, reordered or removed. The signed checkpoints in it show that it was
not rewritten as a whole. Only the end can't be verified: events after the last checkpoint may be cut off unnoticed,
unless somebody who has seen more provides the heads that they saw.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.core.chain import (
    GENESIS,
    SALT_BYTES,
    Header,
    LogRecord,
    body_digest,
    checkpoint_bytes,
    decode_header,
    link,
)
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved, LaneHead, RecordCheckpoint, SessionClosed, SessionReopened
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.kernel.lanes import SESSION, is_public

VerifySignature = Callable[[str, bytes, bytes], bool]
"""(key id, message, signature) → whether the owner of that key has signed the message. An unknown key gives False."""

_CHECKPOINT = str(RecordCheckpoint.__struct_config__.tag)
_CLOSED = str(SessionClosed.__struct_config__.tag)
_REOPENED = str(SessionReopened.__struct_config__.tag)
_REMOVED = str(BodyRemoved.__struct_config__.tag)


class RecordVerdict(StrEnum):
    """The result for a whole record, worst first."""

    BROKEN = "broken"
    """Something in the record is not what was written."""
    TAIL_MISSING = "tail missing"
    """The record is known to have had more events."""
    REMOVED = "removed"
    """The record is complete, except for bodies whose removal is recorded."""
    INTACT = "intact"


class RecordFault(msgspec.Struct, frozen=True):
    """A fault, and the event at which it was found."""

    offset: int
    """Offset of the event."""
    reason: str
    """The fault as a sentence."""


class Gone(msgspec.Struct, frozen=True):
    """An event whose body was removed, as its header describes it."""

    offset: int
    lane: Lane
    at: int
    """Unix ms when it was written."""


class RemovalEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that says that bodies were removed."""

    offset: int
    at: int
    """Unix ms when it was written."""
    role: Role
    """The role of whoever ordered the removal."""
    reason: str
    """The reason, as in `BodyRemoved`."""
    gone: tuple[Gone, ...]
    """The events that lost their bodies, in order; without those that an earlier removal names."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found in a record."""

    events: int
    """How many events were read."""
    offset: int
    """Offset of the last event; 0 when there was none."""
    broken: tuple[RecordFault, ...]
    """Faults in order. Each damage is reported once, however many events follow it."""
    missing: tuple[RecordFault, ...]
    """Events that a checkpoint or an expected head names and that are missing, lane by lane."""
    removed: tuple[int, ...]
    """Offsets of the events whose bodies were removed."""
    checkpoints: int
    """Number of checkpoints with a valid signature."""
    signed: int
    """Offset of the last of these checkpoints: no event of the public lanes up to it can have been rewritten. 0 without
    one.
    """
    key: str
    """Id of the key of the last of these checkpoints; empty without one."""
    closed: int
    """Offset of the event that closed the session; 0 when it is not closed."""
    removals: tuple[RemovalEvent, ...]
    """Removals in order. Those after the last valid signature may have been made by anybody who can write to
    the log.
    """
    unsigned_ms: int
    """Time from the first event after the last valid signature to the last event, which nothing has signed, in ms."""
    heads: dict[Lane, LaneHead]
    """The head of each lane."""

    @property
    def verdict(self) -> RecordVerdict:
        """The overall result."""
        if self.broken:
            return RecordVerdict.BROKEN
        if self.missing:
            return RecordVerdict.TAIL_MISSING
        return RecordVerdict.REMOVED if self.removed else RecordVerdict.INTACT


def verify(
    records: Iterable[LogRecord],
    *,
    lanes: frozenset[Lane] | None = None,
    expected: Mapping[Lane, LaneHead] | None = None,
    signed: VerifySignature | None = None,
) -> Verification:
    """Verify a session's records from its first event on, in order. They are read once and not kept.

    `lanes`: the lanes that were read; None means all, and then offsets must have no gaps. `expected`: heads that were
    seen elsewhere, such as a printed checkpoint or a hub's copy. `signed`: checks signatures; without it only the
    content of checkpoints is verified.
    """
    walk = Walk(lanes, expected, signed)
    for record in records:
        walk.step(record)
    return walk.end()


class Walk:
    """The incremental form of `verify`, one record at a time. It keeps no records, only the heads of lanes and the
    findings.
    """

    def __init__(
        self,
        lanes: frozenset[Lane] | None = None,
        expected: Mapping[Lane, LaneHead] | None = None,
        signed: VerifySignature | None = None,
        explained: Collection[int] = (),
    ) -> None:
        """Arguments as of `verify`. `explained`: events whose bodies are known from elsewhere to have been removed."""
        self._explained = frozenset(explained)
        self._lanes = lanes
        self._expected = expected or {}
        self._signed = signed
        self._identity: tuple[SessionId, Epoch] | None = None
        self._offset = 0
        self._events = 0
        self._heads: dict[Lane, LaneHead] = {}
        self._broken: list[RecordFault] = []
        self._missing: dict[Lane, RecordFault] = {}
        self._with_body: set[int] = set()
        self._without_body: dict[int, Gone] = {}
        self._named_removed: set[int] = set()
        self._checkpoints = 0
        self._signed_through = 0
        self._key = ""
        self._closed = 0
        self._removals: list[RemovalEvent] = []
        self._unsigned: tuple[int, int] | None = None

    def step(self, record: LogRecord) -> None:
        """Verify the next record."""
        header = record.header
        self._events += 1
        self._check_position(header)
        self._check_chain(record)
        self._check_expected(header, record.digest)
        self._check_body(record)
        if header.type == _CLOSED:
            self._closed = header.offset
        elif header.type == _REOPENED:
            self._closed = 0
        if self._signed_through == header.offset:
            self._unsigned = None
        else:
            self._unsigned = (header.at if self._unsigned is None else self._unsigned[0], header.at)
        # Continue as if this record were right, so that one damage is reported once.
        self._offset = max(self._offset, header.offset)
        self._heads[header.lane] = LaneHead(header.offset, record.digest.hex())

    @property
    def broken(self) -> Sequence[RecordFault]:
        """The faults found so far, apart from missing events."""
        return self._broken

    def end(self) -> Verification:
        """Return all findings."""
        if self._lanes is None or SESSION in self._lanes:
            unexplained = self._without_body.keys() - self._named_removed - self._explained
            for offset in unexplained:
                self._fault(offset, "Its body is gone, and no event says that it was removed.")
        for lane, head in self._expected.items():
            if self._reads(lane) and self._head(lane).offset < head.offset:
                self._miss(lane, head.offset, "it was seen elsewhere")
        return Verification(
            events=self._events,
            offset=self._offset,
            broken=tuple(sorted(self._broken, key=lambda finding: finding.offset)),
            missing=tuple(self._missing[lane] for lane in sorted(self._missing)),
            removed=tuple(sorted(self._without_body)),
            checkpoints=self._checkpoints,
            signed=self._signed_through,
            key=self._key,
            closed=self._closed,
            removals=tuple(self._removals),
            unsigned_ms=0 if self._unsigned is None else self._unsigned[1] - self._unsigned[0],
            heads=dict(self._heads),
        )

    def _check_position(self, header: Header) -> None:
        self._identity = self._identity or (header.session, header.epoch)
        if (header.session, header.epoch) != self._identity:
            self._fault(header.offset, "It belongs to another session, or to another epoch of this session's log.")
        if not self._reads(header.lane):
            self._fault(header.offset, f"It is of lane {header.lane}, which wasn't asked for.")
        if self._lanes is None and header.offset != self._offset + 1:
            self._fault(header.offset, f"It comes after event {self._offset}: events are missing or out of order.")
        elif header.offset <= self._offset:
            self._fault(header.offset, f"It comes after event {self._offset}: events are out of order.")

    def _check_chain(self, record: LogRecord) -> None:
        header = record.header
        head = self._head(header.lane)
        if not _names(record.header_bytes, header):
            self._fault(header.offset, "Its header does not match its bytes.")
        elif header.prev != head.offset:
            reason = f"It follows event {header.prev} of lane {header.lane}, but the one before it is {head.offset}."
            self._fault(header.offset, reason)
        elif link(bytes.fromhex(head.digest), record.header_bytes, record.body_digest) != record.digest:
            reason = "Its digest is not that of its header, its body and the event before it in its lane."
            self._fault(header.offset, reason)

    def _check_expected(self, header: Header, digest: bytes) -> None:
        head = self._expected.get(header.lane)
        if head is not None and head.offset == header.offset and head.digest != digest.hex():
            self._fault(header.offset, "Its digest is not the one that was seen elsewhere.")

    def _check_body(self, record: LogRecord) -> None:
        header, body, salt = record.header, record.body, record.salt
        if body is None and salt is None:
            self._without_body[header.offset] = Gone(header.offset, header.lane, header.at)
            return
        if body is None or salt is None or len(salt) != SALT_BYTES or body_digest(salt, body) != record.body_digest:
            self._fault(header.offset, "Its body is not the one that was written.")
            return
        self._with_body.add(header.offset)
        if header.type not in (_CHECKPOINT, _REMOVED):
            return
        try:
            event = decode_event(body)
        except RecordBroken:
            self._fault(header.offset, "Its body can't be read.")
            return
        if isinstance(event, RecordCheckpoint):
            self._check_checkpoint(header, event)
        elif isinstance(event, BodyRemoved):
            self._check_removal(header, event)

    def _check_removal(self, header: Header, event: BodyRemoved) -> None:
        earlier = {offset for offset in event.offsets if offset < header.offset}
        new = sorted((earlier - self._named_removed) & self._without_body.keys())
        gone = tuple(self._without_body[offset] for offset in new)
        said = RemovalEvent(offset=header.offset, at=header.at, role=header.role, reason=event.reason, gone=gone)
        self._removals.append(said)
        self._named_removed |= earlier
        for offset in earlier & self._with_body:
            self._fault(offset, f"Event {header.offset} says that its body was removed, but here it is.")

    def _check_checkpoint(self, header: Header, event: RecordCheckpoint) -> None:
        if self._signed is not None:
            message = checkpoint_bytes(header.session, header.epoch, event.lanes)
            if self._signed(event.key, message, signature_bytes(event.signature)):
                self._checkpoints += 1
                self._signed_through, self._key = header.offset, event.key
            else:
                self._fault(header.offset, f"Its signature isn't one of key {event.key}.")
        named = {Lane(lane): head for lane, head in event.lanes.items()}
        for lane in sorted({*named, *self._heads}):
            if not (self._reads(lane) and is_public(lane)):
                continue
            said, found = named.get(lane, _NOTHING), self._head(lane)
            if said.offset > found.offset:
                self._miss(lane, said.offset, f"checkpoint {header.offset} names it")
            elif said != found:
                reason = f"It names event {said.offset} as the end of lane {lane}, with another digest or another end."
                self._fault(header.offset, reason)

    def _reads(self, lane: Lane) -> bool:
        return self._lanes is None or lane in self._lanes

    def _head(self, lane: Lane) -> LaneHead:
        return self._heads.get(lane, _NOTHING)

    def _fault(self, offset: int, reason: str) -> None:
        self._broken.append(RecordFault(offset, reason))

    def _miss(self, lane: Lane, offset: int, how: str) -> None:
        """Record that events of a lane are missing. Only the last one that is named is reported; those before it are
        missing too.
        """
        known = self._missing.get(lane)
        if known is None or known.offset < offset:
            self._missing[lane] = RecordFault(offset, f"Event {offset} of lane {lane} isn't there, and {how}.")


_NOTHING = LaneHead(offset=0, digest=GENESIS.hex())


def _names(header_bytes: bytes, header: Header) -> bool:
    try:
        return decode_header(header_bytes) == header
    except Unreadable:
        return False


def signature_bytes(text: str) -> bytes:
    """The signature's bytes; empty when the text isn't base64, which no key can have signed."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
