"""What a hub may believe of the log that comes over its line: verified, being checked, or broken. Pure.

After an outage what is said now comes first, and what was missed later. So a hub holds *runs* of a session's log: in
each the events of the lanes that it follows stand one after the other, without a hole. A run begins behind an offset,
with the heads that the centre says its lanes had there. Nobody believes these yet: a signed checkpoint in the run
names the heads of all public lanes (`moothall.core.chain`), and where they are what the run's own bytes give, all of it
up to there is what was signed, and so is the beginning, since no other beginning leads to the same digests. What was
missed is a run as well, from where the hub stood. Where it reaches the beginning of the later one, both have to have
the same heads there; then the signatures of the one vouch for the other, and they are one run.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import msgspec

from moothall.core.chain import GENESIS, SALT_BYTES, LogRecord, body_digest, checkpoint_bytes, decode_header, link
from moothall.core.errors import RecordBroken
from moothall.core.event_codec import decode_event
from moothall.core.events import LaneHead, RecordCheckpoint
from moothall.core.ids import Epoch, Lane, SessionId
from moothall.core.lanes import is_public

VerifySignature = Callable[[str, bytes, bytes], bool]
"""(key id, message, signature) → whether the key's owner signed the message. An unknown key is a False."""
Heads = Mapping[Lane, LaneHead]

_CHECKPOINT = str(RecordCheckpoint.__struct_config__.tag)
_NOTHING = LaneHead(offset=0, digest=GENESIS.hex())


class Broken(msgspec.Struct, frozen=True):
    """What came isn't what was written: nothing more of it is taken."""

    offset: int
    """The event at which it shows."""
    reason: str
    """A sentence."""


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

    @property
    def checked(self) -> bool:
        """Whether nothing of it is being checked still."""
        return self.verified == self.offset


def first_run(session: SessionId, epoch: Epoch, lanes: frozenset[Lane]) -> Run:
    """Of a log from its first event on. Raises ValueError for a lane that is not public."""
    return _run(session, epoch, lanes, begin=0, base={}, sure=True)


def live_run(session: SessionId, epoch: Epoch, lanes: frozenset[Lane], *, begin: int, base: Heads) -> Run:
    """Of what is said now: behind `begin`, where the centre says that the lanes stand at `base`. As `first_run`."""
    return _run(session, epoch, lanes, begin=begin, base=base, sure=False)


def missed_run(known: Run) -> Run:
    """Of what follows a run and has not come: it is filled with `take`, and then `join` puts all together."""
    return _run(known.session, known.epoch, known.lanes, begin=known.offset, base=known.heads, sure=False)


def take(run: Run, record: LogRecord, signed: VerifySignature) -> Run | Broken:
    """The run with the event that comes next in its lanes; or what is wrong with it."""
    header = record.header
    at, lane = header.offset, header.lane
    if (header.session, header.epoch) != (run.session, run.epoch):
        return Broken(at, "It belongs to another session or to another life of this one's log.")
    if lane not in run.lanes:
        return Broken(at, f"It is of lane {lane}, which isn't followed.")
    if at <= run.offset:
        return Broken(at, f"It comes behind event {run.offset}: it was there already, or stands out of order.")
    head = run.heads.get(lane, _NOTHING)
    if header.prev != head.offset:
        return Broken(at, f"It follows event {header.prev} of lane {lane}, but the one before it is {head.offset}.")
    wrong = _wrong(record, head)
    if wrong:
        return Broken(at, wrong)
    heads = {**run.heads, lane: LaneHead(offset=at, digest=record.digest.hex())}
    grown = msgspec.structs.replace(run, offset=at, heads=heads)
    if header.type != _CHECKPOINT or record.body is None:
        return grown
    return _checkpoint(grown, run.heads, record.body, at, signed)


def join(earlier: Run, later: Run) -> Run | Broken | None:
    """Both as one, where the earlier one has come to where the later one begins; None while it hasn't.

    What was missed has come whole once it is as long as the later run's beginning says. Broken where the two don't fit:
    then one of them is not what was written, and which of them is not is known when only one is vouched for.
    """
    due = {lane: later.base.get(lane, _NOTHING) for lane in later.lanes}
    have = {lane: earlier.heads.get(lane, _NOTHING) for lane in later.lanes}
    if any(have[lane].offset < due[lane].offset for lane in due):
        return None
    for lane in sorted(due):
        if have[lane] != due[lane]:
            at = due[lane].offset
            return Broken(at, f"What was missed of lane {lane} ends otherwise than what came live begins.")
    verified = max(later.verified if later.sure else 0, earlier.verified)
    return msgspec.structs.replace(
        later, begin=earlier.begin, base=earlier.base, sure=earlier.sure or later.sure, verified=verified
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
    except (msgspec.DecodeError, UnicodeDecodeError):
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


def _checkpoint(run: Run, before: Heads, body: bytes, at: int, signed: VerifySignature) -> Run | Broken:
    """The run with all of it vouched for up to a checkpoint, whose lanes stood at `before` when it was made."""
    try:
        event = decode_event(body)
    except RecordBroken:
        return Broken(at, "Its body can't be read.")
    if not isinstance(event, RecordCheckpoint):
        return Broken(at, "Its header calls it a checkpoint, and its body is none.")
    try:
        signature = base64.b64decode(event.signature, validate=True)
    except ValueError:
        signature = b""  # No key will have signed that.
    if not signed(event.key, checkpoint_bytes(run.session, run.epoch, event.lanes), signature):
        return Broken(at, f"Its signature isn't one of key {event.key}.")
    for lane in sorted(run.lanes):
        said, found = event.lanes.get(lane, _NOTHING), before.get(lane, _NOTHING)
        if said != found:
            reason = f"The checkpoint says that lane {lane} ends at event {said.offset}, with another digest or end."
            return Broken(at, reason)
    return msgspec.structs.replace(run, sure=True, verified=at)
