"""Verify the log that a hub receives over its uplink: what is vouched for, still being checked, or broken. Pure.

After an outage the hub receives the live events first and the missed events later. So it holds *runs* of a session's
log. A run holds all events of the lanes that it follows between two offsets, without a hole. It begins after an offset,
with the lane heads that the centre claims for that offset. These heads are not trusted at first. A signed checkpoint in
the run names the heads of all public lanes (`moothall.core.chain`). Where the named heads equal those that the run's
own bytes give, everything in the run up to the checkpoint is what was signed, and the claimed beginning is right too,
since no other beginning leads to the same digests. Missed events are added to the earlier run, from the first event on.
Where it reaches the beginning of the later run, both must have the same heads; then the signatures of one vouch for the
other, and the two are joined.

Each lane has a chain of its own. So a run can follow fewer or more lanes from some moment on: a lane that is added
later is fetched from its first event on, or from where the hub stopped following it.
"""

from __future__ import annotations

import base64

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
from moothall.core.events.types import Heads, LaneHead, RecordCheckpoint
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.kernel.lanes import SESSION, is_public
from moothall.record.verify import VerifySignature

_CHECKPOINT = str(RecordCheckpoint.__struct_config__.tag)
MAX_NUMBER = 10**15
"""An upper bound for offsets: no log has as many events, and SQLite can store a number of this size."""
_NOTHING = LaneHead(offset=0, digest=GENESIS.hex())


class Broken(msgspec.Struct, frozen=True):
    """The received bytes are not what the centre wrote. Nothing more of the session is accepted."""

    offset: int
    """The offset of the first event that is wrong."""
    reason: str
    """A sentence that says what is wrong."""
    lane: Lane | None = None
    """The lane of that event; None when it is not known."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The events of a session's followed lanes between two offsets, without a hole."""

    session: SessionId
    epoch: Epoch
    lanes: frozenset[Lane]
    """The lanes that are followed. All of them are public, since no other lane is signed."""
    begin: int
    """The offset after which the run begins; its first event has a higher one."""
    base: Heads
    """The head of each lane at `begin`; a lane without events by then is left out."""
    sure: bool
    """Whether `base` is certain: the run begins with the log, or a signature vouches for it."""
    offset: int
    """The offset of the last event."""
    heads: Heads
    """The head of each lane after the last event."""
    verified: int
    """The offset up to which a signature vouches for every event; `begin` when none does yet."""
    meets: Heads = {}
    """Events that are still to be received in this run, by lane, with the digests that they must have: the ends of the
    preceding run, and the heads that a signature names for lanes that were added later."""
    signed: int = 0
    """The offset of the newest signature; 0 when there is none. `verified` is lower as long as events of a lane are
    missing that the signature covers."""
    stood: Heads = {}
    """The heads of all public lanes according to that signature, including lanes that are not followed."""

    @property
    def checked(self) -> bool:
        """Whether a signature vouches for all events of the run."""
        return self.verified == self.offset and not self.meets


def first_run(session: SessionId, epoch: Epoch, lanes: frozenset[Lane]) -> Run:
    """Return an empty run that begins with the log. Raises ValueError for a lane that is not public."""
    return _run(session, epoch, lanes, begin=0, base={}, sure=True)


def live_run(known: Run, *, begin: int, base: Heads) -> Run:
    """Return an empty run of live events after the offset `begin`, where the centre claims the heads `base`.

    It follows the lanes of `known`. It may begin before `known` ends, so that lines that are still open are complete.
    """
    ends = {**known.heads, **known.meets}
    meets = {
        lane: head
        for lane, head in ends.items()
        if lane in known.lanes and head.offset > base.get(lane, _NOTHING).offset
    }
    run = _run(known.session, known.epoch, known.lanes, begin=begin, base=base, sure=False)
    return msgspec.structs.replace(run, meets=meets)


def with_lanes(run: Run, lanes: frozenset[Lane], ends: Heads) -> Run:
    """Return `run`, which begins with the log, with `lanes` as the lanes that it follows from now on.

    An added lane continues from its head in `ends`, or else begins with its first event. The newest signature vouches
    for added lanes, and for the whole run again, only once they have reached the heads that it names. Raises ValueError
    for a lane that is not public.
    """
    heads = {lane: run.heads.get(lane) or ends.get(lane, _NOTHING) for lane in lanes}
    begun = {lane: head for lane, head in heads.items() if head.offset}
    offset = min((head.offset for head in heads.values()), default=0) if lanes - run.lanes else run.offset
    made = _run(run.session, run.epoch, lanes, begin=run.begin, base=run.base, sure=run.sure)
    stood = {lane: run.stood.get(lane, _NOTHING) for lane in lanes}
    meets = {lane: due for lane, due in stood.items() if due.offset > heads[lane].offset}
    # The head of an added lane is after the signature, or equals the signed head. Any other head up to there is not
    # what was written.
    other = [lane for lane, head in heads.items() if stood[lane].offset <= head.offset <= run.signed]
    vouched = run.signed if all(heads[lane] == stood[lane] for lane in other) else 0
    verified = min([vouched, *(heads[lane].offset for lane in meets)])
    return msgspec.structs.replace(
        made, offset=offset, heads=begun, verified=verified, meets=meets, signed=vouched, stood=run.stood
    )


def take(run: Run, record: LogRecord, signed: VerifySignature) -> Run | Broken:
    """Return the run with `record` as its next event, or say why that event is wrong."""
    header = record.header
    at, lane = header.offset, header.lane
    if lane not in run.lanes:
        return Broken(at, f"It is of lane {lane}, which isn't followed.", lane)
    if at <= run.offset:
        return Broken(at, f"It is repeated or out of order: event {run.offset} came before it.", lane)
    head = next_head(run.session, run.epoch, run.heads.get(lane, _NOTHING), record)
    if isinstance(head, Broken):
        return head
    meets = run.meets
    if lane in meets and at >= meets[lane].offset:
        if head != meets[lane]:
            return Broken(at, f"It differs from event {meets[lane].offset} of lane {lane} received earlier.", lane)
        meets = {other: due for other, due in meets.items() if other != lane}
    late = min((due.offset, other) for other, due in meets.items()) if meets else (at, lane)
    if late[0] < at:
        return Broken(late[0], f"It is missing, although the later event {at} of lane {lane} has arrived.", late[1])
    verified = run.verified if meets else max(run.verified, run.signed)
    grown = msgspec.structs.replace(run, offset=at, heads={**run.heads, lane: head}, meets=meets, verified=verified)
    if header.type != _CHECKPOINT or record.body is None:
        return grown
    return _checkpoint(grown, run.heads, record.body, header, signed)


def next_head(session: SessionId, epoch: Epoch, head: LaneHead, record: LogRecord) -> LaneHead | Broken:
    """Return the head of a lane that ended at `head`, after its next event `record`; or say why that event is wrong."""
    header = record.header
    at, lane = header.offset, header.lane
    if (header.session, header.epoch) != (session, epoch):
        return Broken(at, "It belongs to another session or to another epoch of this session's log.", lane)
    if header.prev != head.offset or at <= head.offset:
        reason = f"It follows event {header.prev} of lane {lane}, but the one before it is {head.offset}."
        return Broken(at, reason, lane)
    if max(at, header.n) > MAX_NUMBER or header.n < 0:
        return Broken(at, "No event has such a number.", lane)
    wrong = _wrong(record, head)
    return Broken(at, wrong, lane) if wrong else LaneHead(offset=at, digest=record.digest.hex())


def missing(earlier: Run, later: Run) -> dict[Lane, LaneHead]:
    """The heads that lanes still have to reach in `earlier` before it can be joined with `later`."""
    due = {lane: later.base.get(lane, _NOTHING) for lane in later.lanes}
    return {lane: head for lane, head in due.items() if earlier.heads.get(lane, _NOTHING).offset < head.offset}


def join(earlier: Run, later: Run) -> Run | Broken | None:
    """Join two runs that follow the same lanes; None while `earlier` has not reached the beginning of `later`.

    Broken where the two differ there: then one of them is not what was written. Which one is known only if a signature
    vouches for the other.
    """
    if missing(earlier, later) or later.meets:
        return None
    for lane in sorted(later.lanes):
        due, have = later.base.get(lane, _NOTHING), earlier.heads.get(lane, _NOTHING)
        if have.offset == due.offset and have != due:
            reason = f"The missed events of lane {lane} end with another event than the one before the live events."
            return Broken(due.offset, reason, lane)
    newest = later if later.signed else earlier
    verified = max(later.verified if later.sure else 0, earlier.verified, earlier.signed)
    return msgspec.structs.replace(
        later,
        begin=earlier.begin,
        base=earlier.base,
        sure=earlier.sure or later.sure,
        verified=verified,
        signed=newest.signed,
        stood=newest.stood,
    )


def _run(session: SessionId, epoch: Epoch, lanes: frozenset[Lane], *, begin: int, base: Heads, sure: bool) -> Run:
    if not all(map(is_public, lanes)):
        msg = f"Of the lanes {', '.join(sorted(lanes))} not all are public, and only public ones are signed."
        raise ValueError(msg)
    return Run(
        session=session,
        epoch=epoch,
        lanes=lanes,
        begin=begin,
        base=base,
        sure=sure,
        offset=begin,
        heads=base,
        verified=begin,
    )


def _wrong(record: LogRecord, head: LaneHead) -> str:
    """Say what is wrong with an event's bytes, in a sentence; empty when they are right."""
    try:
        named = decode_header(record.header_bytes) == record.header
    except Unreadable:
        named = False
    if not named:
        return "Its header does not match its bytes."
    if record.body is not None or record.salt is not None:
        body, salt = record.body, record.salt
        if body is None or salt is None or len(salt) != SALT_BYTES or body_digest(salt, body) != record.body_digest:
            return "Its body is not the one that was written."
    if link(bytes.fromhex(head.digest), record.header_bytes, record.body_digest) != record.digest:
        return "Its digest does not match its header, its body and the events before it."
    return ""


def _checkpoint(run: Run, before: Heads, body: bytes, header: Header, signed: VerifySignature) -> Run | Broken:
    """Return the run, verified up to a checkpoint; `before` are its heads just before the checkpoint itself."""
    at = header.offset
    try:
        event = decode_event(body)
    except RecordBroken:
        return Broken(at, "Its body can't be read.", SESSION)
    if not isinstance(event, RecordCheckpoint):
        return Broken(at, "Its header says checkpoint; its body is not one.", SESSION)
    try:
        signature = base64.b64decode(event.signature, validate=True)
    except ValueError:
        signature = b""  # No key can have made an empty signature.
    if not signed(event.key, checkpoint_bytes(run.session, run.epoch, event.lanes), signature):
        return Broken(at, f"Its signature isn't one of key {event.key}.", SESSION)
    for lane in sorted(run.lanes):
        said, found = event.lanes.get(lane, _NOTHING), before.get(lane, _NOTHING)
        if said != found:
            reason = f"The checkpoint says that lane {lane} ends at event {said.offset}, with another digest or end."
            return Broken(at, reason, lane)
    stood = {**event.lanes, header.lane: run.heads[header.lane]}  # Including the checkpoint itself.
    return msgspec.structs.replace(run, sure=True, verified=at, signed=at, stood=stood)
