"""The state of a hub's copy of one session, and how each message from the server above changes it. Pure.

The copy is complete up to `known`. After a cut of the uplink it has a second run of events behind the hole, `live`.
Missed events extend `known` until it reaches the beginning of `live`; then the two are joined. Each message gives a
`CopyStep`: the new copy, what to store with it in one transaction, and what to send and to show once that is stored.
Nothing is sent or shown before.

The caller subscribes with `follow`, at the beginning of each link and whenever other channels are wanted. After
`follow`, messages of the previous subscription are ignored until `began` has the answer. `Broken` marks an event whose
hash does not match: `broke` notes it, and no message is accepted until the copy is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.chain import GENESIS, LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved, LaneHead
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, Epoch, Lane
from moothall.core.kernel.lanes import SESSION, is_public
from moothall.record.verify import VerifySignature
from moothall.wire.hubs.messages import Erased, FeedPart, Follow, HeldEvents, Live, Stopped, Taken
from moothall_hub.mirror.checking import (
    Broken,
    Run,
    first_run,
    join,
    live_run,
    missing,
    next_head,
    take,
    with_lanes,
)
from moothall_hub.mirror.copied import CopyStep, EventRange, SessionCopy, dropped, lanes_of

_REMOVED = str(BodyRemoved.__struct_config__.tag)
_NOTHING = LaneHead(offset=0, digest=GENESIS.hex())
_HUB = "hub:"


def follow(copy: SessionCopy, channels: Sequence[ChannelId], *, words: bool) -> tuple[SessionCopy, Follow]:
    """Return the copy, which now awaits an answer, and the message that subscribes: it says how far the copy is.

    Raises ValueError for a broken copy, which has to be dropped first.
    """
    if copy.broken is not None:
        msg = f"The copy of session {copy.session} differs from its log at event {copy.broken.offset}; drop it first."
        raise ValueError(msg)
    known, live = copy.known, copy.live
    heads = copy.left if known is None else {**copy.left, **known.heads}
    if (copy.channels, copy.words) != (tuple(channels), words):
        live = None  # It is of other lanes, so it cannot be continued.
    asked = msgspec.structs.replace(
        copy, channels=tuple(channels), words=words, asked=True, number=copy.number + 1, stopped=""
    )
    return asked, Follow(
        session=copy.session,
        channels=asked.channels,
        words=words,
        epoch=copy.epoch,
        known=None if known is None else HeldEvents(offset=_end(known.offset, known.heads), heads=heads),
        live=None if live is None else HeldEvents(offset=live.offset, heads=dict(live.heads)),
        live_begin=0 if live is None else live.begin,
        own=copy.own,
        number=asked.number,
    )


def began(copy: SessionCopy, told: Live) -> CopyStep | Broken:
    """Take the answer to `follow`, which says where live events begin. An answer that is not awaited is ignored.

    A `number` of 0 comes from a server that does not say which `follow` it answers.
    """
    if not copy.asked or copy.broken is not None or told.number not in (0, copy.number):
        return CopyStep(copy=copy)
    found = _begun(copy, told)
    if isinstance(found, Broken):
        return found
    late = told.missed and copy.known is not None and bool(copy.known.heads)
    return _with(found, due=told.begin) if late else found


def batch(
    copy: SessionCopy, part: FeedPart, records: Sequence[LogRecord], signed: VerifySignature, *, number: int = 0
) -> CopyStep | Broken:
    """Take received events. `number` is the batch's own; it is acknowledged where the events are missed ones."""
    if copy.asked or copy.known is None or copy.broken is not None:
        return CopyStep(copy=copy)  # It was sent before the answer; the events in it that are wanted are sent again.
    if part is FeedPart.OWN:
        return _own(copy, copy.known, records)
    early = part is FeedPart.MISSED or copy.live is None
    before = copy.known if early or copy.live is None else copy.live
    first = before.begin == 0 and not before.heads
    run = _taken(before, records, signed)
    if isinstance(run, Broken):
        return run
    grown = msgspec.structs.replace(copy, known=run) if early else msgspec.structs.replace(copy, live=run)
    step = _kept(grown, records)
    middle = bool(records) and records[0].header.offset <= copy.top
    if part is FeedPart.LIVE:
        step = msgspec.structs.replace(step, show=not middle)
    else:
        step = msgspec.structs.replace(step, say=(*step.say, Taken(session=copy.session, number=number)))
        # The session's beginning is missed too: before it is here, readers cannot know what there is to read.
        middle = (first or bool(step.erase)) and bool(records)
    return _joined(_renewed(step) if middle else step)


def caught(copy: SessionCopy) -> CopyStep | Broken:
    """Take the server's message that it has sent all missed events. Broken where some are still missing."""
    if copy.asked or copy.broken is not None or copy.known is None or copy.live is None:
        return CopyStep(copy=copy)
    lacking = missing(copy.known, copy.live)
    if not lacking:
        return CopyStep(copy=copy)
    lane = min(lacking)
    at = lacking[lane].offset
    reason = f"The server says that all missed events were sent, but event {at} of lane {lane} has not arrived."
    return Broken(at, reason, lane)


def has_erased(copy: SessionCopy, epoch: Epoch, offset: int) -> bool:
    """Whether the removal of the `body.removed` at `offset` is done: that event is here, or there is no copy."""
    if copy.known is None:
        return True
    if copy.epoch != epoch:
        return False  # Once the other epoch is followed, everything of this one is deleted.
    known, live = copy.known.heads.get(SESSION, _NOTHING), copy.live
    behind = live is not None and live.begin < offset <= live.heads.get(SESSION, _NOTHING).offset
    return behind or offset <= known.offset


def stopped(copy: SessionCopy, told: Stopped) -> SessionCopy:
    """Take the server's message that it sends nothing more. The copy is broken where the message names an event,
    otherwise only stopped.
    """
    if told.offset is not None:
        return broke(copy, Broken(told.offset, told.message, told.lane))
    return msgspec.structs.replace(copy, asked=True, stopped=told.message)


def broke(copy: SessionCopy, found: Broken) -> SessionCopy:
    """Return the copy as broken: no more events are accepted."""
    return msgspec.structs.replace(copy, asked=False, broken=found)


def _begun(copy: SessionCopy, told: Live) -> CopyStep | Broken:
    lanes = lanes_of(told.channels, words=copy.words)
    base = {lane: head for lane, head in told.heads.items() if lane in lanes and head.offset}
    for lane, head in sorted(base.items()):
        if not 0 < head.offset <= told.begin or not _is_digest(head.digest):
            return Broken(told.begin, f"The server reports an impossible head of lane {lane}.", lane)
    step = _ready(_with_new_texts(copy, told, lanes, base), told, lanes)
    if told.goes_on:
        return _goes_on(step, told, base)
    step = _without_live(step)
    known = step.copy.known
    assert known is not None  # noqa: S101  # `_ready` has set it
    for lane, due in sorted(known.meets.items()):
        if base.get(lane, _NOTHING).offset < due.offset <= told.begin:
            return Broken(due.offset, f"The server lacks this event of lane {lane}, although it is signed here.", lane)
    if not told.missed and known.heads == base and not known.meets:
        return _with(step, known=msgspec.structs.replace(known, offset=_end(0, base)))
    live = live_run(known, begin=told.begin, base=base)
    lacking = {} if told.missed else missing(known, live)
    if lacking:
        lane = min(lacking)
        at = lacking[lane].offset
        return Broken(at, f"The server says that nothing was missed, but event {at} of lane {lane} is not here.", lane)
    return _joined(_with(step, live=live))


def _with_new_texts(
    copy: SessionCopy, told: Live, lanes: frozenset[Lane], base: Mapping[Lane, LaneHead]
) -> SessionCopy:
    """Add lanes without events, such as those of a channel that was just added, to both runs if the live run
    continues.
    """
    known, live = copy.known, copy.live
    if not told.goes_on or known is None or live is None or known.epoch != told.epoch:
        return copy
    new = lanes - live.lanes
    if not live.lanes <= lanes or new & (base.keys() | known.stood.keys() | live.stood.keys() | copy.left.keys()):
        return copy
    known, live = (msgspec.structs.replace(run, lanes=lanes) for run in (known, live))
    return msgspec.structs.replace(copy, known=known, live=live)


def _ready(copy: SessionCopy, told: Live, lanes: frozenset[Lane]) -> CopyStep:
    """Return the copy with a known run of exactly these lanes, and no answer awaited."""
    copy = msgspec.structs.replace(copy, asked=False, followed=told.channels)
    known = copy.known
    if known is None or known.epoch != told.epoch:
        anew = known is not None
        fresh = msgspec.structs.replace(
            dropped(copy) if anew else copy, followed=told.channels, known=first_run(copy.session, told.epoch, lanes)
        )
        return CopyStep(copy=fresh, anew=anew, renew=anew)
    if known.lanes == lanes:
        return CopyStep(copy=copy)
    # A live run that lacks a lane, or has a lane whose missed events are no longer fetched, cannot be joined.
    step = _without_live(CopyStep(copy=copy))
    back = {lane: head for lane, head in copy.left.items() if lane in lanes}
    off = {lane: head for lane, head in known.heads.items() if lane not in lanes}
    left = {**{lane: head for lane, head in copy.left.items() if lane not in back}, **off}
    return _with(step, known=with_lanes(known, lanes, back), left=left)


def _goes_on(step: CopyStep, told: Live, base: Mapping[Lane, LaneHead]) -> CopyStep | Broken:
    live = step.copy.live
    if live is None or told.begin != live.offset or base != live.heads:
        reason = "The server says that this continues the earlier live events, but those end differently."
        return Broken(told.begin, reason)
    return _joined(step)


def _without_live(step: CopyStep) -> CopyStep:
    """Give up the live run. Events of it that a signature vouches for stay readable until they are sent again."""
    live, known = step.copy.live, step.copy.known
    if live is None or known is None:
        return step
    held = (head.offset for head in (*known.heads.values(), *step.copy.left.values()))
    after = max([live.verified if live.sure else live.begin, *held])
    step = _with(step, live=None, top=min(step.copy.top, after))
    if after >= live.offset:
        return step
    return _renewed(msgspec.structs.replace(step, forget=EventRange(after, live.offset)))


def _joined(step: CopyStep) -> CopyStep | Broken:
    known, live = step.copy.known, step.copy.live
    if known is None or live is None:
        return step
    whole = join(known, live)
    if whole is None or isinstance(whole, Broken):
        return step if whole is None else whole
    return _renewed(_with(step, known=whole, live=None, gone=frozenset()))


def _renewed(step: CopyStep) -> CopyStep:
    fills = step.copy.fills if step.renew else step.copy.fills + 1
    return msgspec.structs.replace(_with(step, fills=fills), show=False, renew=True)


def _taken(run: Run, records: Sequence[LogRecord], signed: VerifySignature) -> Run | Broken:
    for record in records:
        grown = take(run, record, signed)
        if isinstance(grown, Broken):
            return grown
        run = grown
    return run


def _own(copy: SessionCopy, known: Run, records: Sequence[LogRecord]) -> CopyStep | Broken:
    """Take events of the lanes of this hub and of the hubs below it. They are not signed, but each lane has a chain."""
    heads = dict(copy.own)
    for record in records:
        lane = record.header.lane
        if is_public(lane) or not lane.startswith(_HUB):
            return Broken(record.header.offset, f"Lane {lane} belongs to no hub.", lane)
        head = next_head(known.session, known.epoch, heads.get(lane, _NOTHING), record)
        if isinstance(head, Broken):
            return head
        heads[lane] = head
    return CopyStep(copy=msgspec.structs.replace(copy, own=heads), records=tuple(records), show=True)


def _kept(copy: SessionCopy, records: Sequence[LogRecord]) -> CopyStep:
    """Build the step that stores events, without the bodies that one of them or an earlier event removes."""
    removals = [(each.header.offset, _removed_by(each)) for each in records if each.header.type == _REMOVED]
    erase = frozenset(offset for _, offsets in removals for offset in offsets)
    gone = copy.gone | erase
    kept = tuple(
        msgspec.structs.replace(each, body=None, salt=None) if each.header.offset in gone else each for each in records
    )
    done = tuple(offset for offset, _ in removals)
    grown = msgspec.structs.replace(
        copy,
        top=max([copy.top, *(each.header.offset for each in records)]),
        gone=_in_hole(copy, gone),
    )
    say = tuple(Erased(session=copy.session, offset=offset) for offset in done)
    return CopyStep(copy=grown, records=kept, erase=tuple(sorted(erase)), say=say)


def _in_hole(copy: SessionCopy, gone: frozenset[int]) -> frozenset[int]:
    """The removed events in the hole. They may still arrive with their bodies if they were sent before the removal."""
    if copy.known is None or copy.live is None:
        return frozenset()
    after, through = copy.known.offset, copy.live.begin
    return frozenset(offset for offset in gone if after < offset <= through)


def _removed_by(record: LogRecord) -> tuple[int, ...]:
    try:
        event = None if record.body is None else decode_event(record.body)
    except RecordBroken:
        return ()
    if not isinstance(event, BodyRemoved):
        return ()
    return tuple(offset for offset in event.offsets if offset < record.header.offset)


def _with(step: CopyStep, **fields: object) -> CopyStep:
    return msgspec.structs.replace(step, copy=msgspec.structs.replace(step.copy, **fields))


def _end(offset: int, heads: Mapping[Lane, LaneHead]) -> int:
    """The offset of the last event; some lanes may end after `offset`."""
    return max([offset, *(head.offset for head in heads.values())])


def _is_digest(text: str) -> bool:
    return len(text) == 2 * len(GENESIS) and all(sign in "0123456789abcdef" for sign in text)
