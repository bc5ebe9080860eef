"""What a hub may believe of the log that comes over its line: verified, being checked, or broken. Pure.

After an outage what is said now comes first, and what was missed later. So a hub holds *runs* of a session's log: in
each the events of the lanes that it follows stand one after the other, without a hole. A run begins behind an offset,
with the heads that the centre says its lanes had there. Nobody believes these yet: a signed checkpoint in the run
names the heads of all public lanes (`moothall.core.chain`), and where they are what the run's own bytes give, all of it
up to there is what was signed, and so is the beginning, since no other beginning leads to the same digests. What was
missed is added to the run from the first event on. Where that reaches the beginning of the later one, both have to
have the same heads there; then the signatures of the one vouch for the other, and they are one run.

Each lane has a chain of its own. So a run may follow fewer lanes from some moment on, or more: those that come in later
are missed from their first event on, or from where they were left.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

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
from moothall.core.events.types import LaneHead, RecordCheckpoint
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.kernel.lanes import SESSION, is_public
from moothall.record.verify import VerifySignature

Heads = Mapping[Lane, LaneHead]

_CHECKPOINT = str(RecordCheckpoint.__struct_config__.tag)
MAX_NUMBER = 10**15
"""No log has as many events, and every disk takes a number of this size."""
_NOTHING = LaneHead(offset=0, digest=GENESIS.hex())


class Broken(msgspec.Struct, frozen=True):
    """What came isn't what was written: nothing more of it is taken."""

    offset: int
    """The event at which it shows."""
    reason: str
    """A sentence."""
    lane: Lane | None = None
    """The lane of that event."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Events of a session's lanes, one after the other without a hole."""

    session: SessionId
    epoch: Epoch
    lanes: frozenset[Lane]
    """Those that are followed, all of them public: no other is signed."""
    begin: int
    """The offset behind which it begins."""
    base: Heads
    """Where the lanes stood there."""
    sure: bool
    """Whether that is certain: the log's beginning, or vouched for by a signature."""
    offset: int
    """The last event."""
    heads: Heads
    """Where the lanes stand."""
    verified: int
    """The offset up to which a signature vouches for all of it; where the run begins, for nothing."""
    meets: Heads = {}
    """Events that are to come in it, with their digests: what the run before it ends with, and what a signature says of
    lanes that came in later."""
    signed: int = 0
    """Its newest signature. `verified` is behind it as long as lanes are missing that the signature speaks of."""
    stood: Heads = {}
    """Where that signature says that all public lanes stood, those that aren't followed too."""

    @property
    def checked(self) -> bool:
        """Whether nothing of it is being checked still."""
        return self.verified == self.offset and not self.meets


def first_run(session: SessionId, epoch: Epoch, lanes: frozenset[Lane]) -> Run:
    """Of a log from its first event on. Raises ValueError for a lane that is not public."""
    return _run(session, epoch, lanes, begin=0, base={}, sure=True)


def live_run(known: Run, *, begin: int, base: Heads) -> Run:
    """Of what is said now: behind `begin`, where the centre says that the lanes of the known run stand at `base`.

    It may begin before the known run ends, so that lines which are still open are whole.
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
    """A run from the first event on that follows other lanes from here on.

    Lanes that come in begin where `ends` says that they were left, else with their first event. The newest signature
    vouches for them once they have come to where it says that they stood, and for all of the run only then. Raises
    ValueError for a lane that is not public.
    """
    heads = {lane: run.heads.get(lane) or ends.get(lane, _NOTHING) for lane in lanes}
    begun = {lane: head for lane, head in heads.items() if head.offset}
    offset = min((head.offset for head in heads.values()), default=0) if lanes - run.lanes else run.offset
    made = _run(run.session, run.epoch, lanes, begin=run.begin, base=run.base, sure=run.sure)
    stood = {lane: run.stood.get(lane, _NOTHING) for lane in lanes}
    meets = {lane: due for lane, due in stood.items() if due.offset > heads[lane].offset}
    # One that was left stands behind the signature, or just there: whatever else it holds was not written.
    other = [lane for lane, head in heads.items() if stood[lane].offset <= head.offset <= run.signed]
    vouched = run.signed if all(heads[lane] == stood[lane] for lane in other) else 0
    verified = min([vouched, *(heads[lane].offset for lane in meets)])
    return msgspec.structs.replace(
        made, offset=offset, heads=begun, verified=verified, meets=meets, signed=vouched, stood=run.stood
    )


def take(run: Run, record: LogRecord, signed: VerifySignature) -> Run | Broken:
    """The run with the event that comes next in its lanes; or what is wrong with it."""
    header = record.header
    at, lane = header.offset, header.lane
    if lane not in run.lanes:
        return Broken(at, f"It is of lane {lane}, which isn't followed.", lane)
    if at <= run.offset:
        return Broken(at, f"It comes behind event {run.offset}: it was there already, or stands out of order.", lane)
    head = next_head(run.session, run.epoch, run.heads.get(lane, _NOTHING), record)
    if isinstance(head, Broken):
        return head
    meets = run.meets
    if lane in meets and at >= meets[lane].offset:
        if head != meets[lane]:
            return Broken(at, f"It is not event {meets[lane].offset} of lane {lane} as that came before.", lane)
        meets = {other: due for other, due in meets.items() if other != lane}
    late = min((due.offset, other) for other, due in meets.items()) if meets else (at, lane)
    if late[0] < at:
        return Broken(late[0], f"It has not come, but event {at} of lane {lane}, which stands behind it, has.", late[1])
    verified = run.verified if meets else max(run.verified, run.signed)
    grown = msgspec.structs.replace(run, offset=at, heads={**run.heads, lane: head}, meets=meets, verified=verified)
    if header.type != _CHECKPOINT or record.body is None:
        return grown
    return _checkpoint(grown, run.heads, record.body, header, signed)


def next_head(session: SessionId, epoch: Epoch, head: LaneHead, record: LogRecord) -> LaneHead | Broken:
    """Where a lane that ended at `head` stands with its next event; or what is wrong with that."""
    header = record.header
    at, lane = header.offset, header.lane
    if (header.session, header.epoch) != (session, epoch):
        return Broken(at, "It belongs to another session or to another life of this one's log.", lane)
    if header.prev != head.offset or at <= head.offset:
        reason = f"It follows event {header.prev} of lane {lane}, but the one before it is {head.offset}."
        return Broken(at, reason, lane)
    if max(at, header.n) > MAX_NUMBER or header.n < 0:
        return Broken(at, "No event has such a number.", lane)
    wrong = _wrong(record, head)
    return Broken(at, wrong, lane) if wrong else LaneHead(offset=at, digest=record.digest.hex())


def missing(earlier: Run, later: Run) -> dict[Lane, LaneHead]:
    """Where the lanes have to end of which something is missing still between the two."""
    due = {lane: later.base.get(lane, _NOTHING) for lane in later.lanes}
    return {lane: head for lane, head in due.items() if earlier.heads.get(lane, _NOTHING).offset < head.offset}


def join(earlier: Run, later: Run) -> Run | Broken | None:
    """Both as one, where the earlier one has come to where the later one begins; None while it hasn't.

    Both follow the same lanes. What was missed has come whole once it is as long as the later run's beginning says.
    Broken where the two don't fit: then one of them is not what was written, and which of them is not is known when
    only one is vouched for.
    """
    if missing(earlier, later) or later.meets:
        return None
    for lane in sorted(later.lanes):
        due, have = later.base.get(lane, _NOTHING), earlier.heads.get(lane, _NOTHING)
        if have.offset == due.offset and have != due:
            reason = f"What was missed of lane {lane} ends otherwise than what came live begins."
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
    """What is wrong with an event's bytes; empty when nothing is."""
    try:
        named = decode_header(record.header_bytes) == record.header
    except Unreadable:
        named = False
    if not named:
        return "Its header's bytes say something else than what was read from them."
    if record.body is not None or record.salt is not None:
        body, salt = record.body, record.salt
        if body is None or salt is None or len(salt) != SALT_BYTES or body_digest(salt, body) != record.body_digest:
            return "Its body is not the one that was written."
    if link(bytes.fromhex(head.digest), record.header_bytes, record.body_digest) != record.digest:
        return "Its digest is not the one that its header, body and forerunners give."
    return ""


def _checkpoint(run: Run, before: Heads, body: bytes, header: Header, signed: VerifySignature) -> Run | Broken:
    """The run with all of it vouched for up to a checkpoint, whose lanes stood at `before` when it was made."""
    at = header.offset
    try:
        event = decode_event(body)
    except RecordBroken:
        return Broken(at, "Its body can't be read.", SESSION)
    if not isinstance(event, RecordCheckpoint):
        return Broken(at, "Its header calls it a checkpoint, and its body is none.", SESSION)
    try:
        signature = base64.b64decode(event.signature, validate=True)
    except ValueError:
        signature = b""  # No key will have signed that.
    if not signed(event.key, checkpoint_bytes(run.session, run.epoch, event.lanes), signature):
        return Broken(at, f"Its signature isn't one of key {event.key}.", SESSION)
    for lane in sorted(run.lanes):
        said, found = event.lanes.get(lane, _NOTHING), before.get(lane, _NOTHING)
        if said != found:
            reason = f"The checkpoint says that lane {lane} ends at event {said.offset}, with another digest or end."
            return Broken(at, reason, lane)
    stood = {**event.lanes, header.lane: run.heads[header.lane]}  # With itself.
    return msgspec.structs.replace(run, sure=True, verified=at, signed=at, stood=stood)
