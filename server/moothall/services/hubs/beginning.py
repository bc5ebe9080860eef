"""Decides where a hub that follows a session begins: live events first, then what it missed; or that its copy diverges.

The hub sends where its copy ends. If few events came after that, it resumes there. Otherwise the live events begin
close to the end of the log, far enough back that the lines still open are complete and that each text has its last
finished line: a room that does not get words as they come would otherwise see nothing until the next line ends. The
events between the copy and that point are sent as missed.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.events.types import Heads, LaneHead
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane, words_lane
from moothall.services.hubs.cursor import LaneCursor, Torn, weight
from moothall.services.hubs.ports import LinkSource, LogStatus, Pack
from moothall.wire.hubs.messages import Follow, HeldEvents, Live

LITTLE_EVENTS = 50
"""A hub simply resumes where its copy ends if it lacks at most this many events. `LITTLE_BYTES` limits them as well."""
LITTLE_BYTES = 8 << 10
"""Most bytes of these events, packed as a batch: one second at 64 kbit/s."""
WINDOW_EVENTS = 200
"""How many events back to look for the openings of lines that are still open, or that ended last."""
MOST_PACKED = 256 << 10
"""Events with more bytes than this, unpacked, count as more than `LITTLE_BYTES`; they aren't packed to measure that."""

_LINES = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (le.SegmentOpened, le.SegmentEnded, le.ChannelRewound, le.SegmentsMovedAway)
)


class HubBeginning(msgspec.Struct, frozen=True, kw_only=True):
    """From where a hub is sent the live events of a session, and which events it missed."""

    live: Live
    """The answer to its `Follow`."""
    lanes: frozenset[Lane]
    missed_from: Heads
    """The heads of the hub's lanes before the events that it missed."""
    missed_through: int
    """The offset of the last event that it may have missed."""


class Differs(msgspec.Struct, frozen=True, kw_only=True):
    """The finding that a hub's copy diverges from this log: at which lane and offset, and why."""

    lane: Lane | None
    offset: int
    message: str
    """The reason, as a sentence for people."""


def channels_of(follow: Follow, log_status: LogStatus) -> tuple[ChannelId, ...]:
    """The wanted channels that exist in the session, or the session's first channel where none of them does."""
    known = tuple(ChannelId(name) for name in dict.fromkeys(follow.channels) if name in log_status.channels)
    return known or tuple(ChannelId(name) for name in log_status.channels[:1])


def lanes_of(channels: tuple[ChannelId, ...], *, words: bool) -> frozenset[Lane]:
    """The lanes of some channels, and the lanes `session` and `questions`, which go with any of them."""
    text = {channel_lane(channel) for channel in channels}
    return frozenset({SESSION, QUESTIONS} | text | ({words_lane(channel) for channel in channels} if words else set()))


async def begin(source: LinkSource, log_status: LogStatus, follow: Follow, pack: Pack) -> HubBeginning | Differs | None:
    """Find out where the hub begins. None while that can't be decided: the log has no channel yet, or is a copy that is
    behind the hub's.

    Raises what the source raises, and Torn where the log lacks an event that a later one refers to.
    """
    channels = channels_of(follow, log_status)
    if not channels:
        return None
    lanes = lanes_of(channels, words=follow.words)
    same = follow.epoch == log_status.epoch
    known = (follow.known if same else None) or HeldEvents(offset=0, heads={})
    ahead = max([known.offset] + ([follow.live.offset] if same and follow.live else []))
    if ahead > log_status.offset:
        if log_status.copy:
            return None
        message = f"The copy here has event {ahead}, but the log of the meeting ends at event {log_status.offset}."
        return Differs(lane=None, offset=ahead, message=message)
    for held in (known, follow.live if same else None):
        wrong = None if held is None else await differs(source, log_status, follow.session, lanes, held.heads)
        if wrong is not None:
            return wrong
    looking = _Looking(source, log_status, follow.session, lanes, pack)
    goes_on, at, through = False, known.offset, known.offset
    if not await looking.goes_on_from(known):
        # A live part with lanes that aren't wanted any more can't be joined to the new ones.
        live_part = follow.live if same and follow.live is not None and follow.live.heads.keys() <= lanes else None
        if live_part is not None and await looking.goes_on_from(live_part):
            goes_on, at, through = True, live_part.offset, follow.live_begin
        else:
            at = through = max(log_status.begin, await looking.whole_lines(), known.offset)
    missing = await LaneCursor(source, follow.session, lanes, known.heads).read(min(through, log_status.through))
    live = Live(
        session=follow.session,
        epoch=log_status.epoch,
        channels=channels,
        begin=at,
        heads=await heads_at(source, log_status, follow.session, lanes, at),
        missed=bool(missing) or (not log_status.whole and known.offset < through),
        number=follow.number,
        goes_on=goes_on,
    )
    return HubBeginning(live=live, lanes=lanes, missed_from=known.heads, missed_through=through)


async def differs(
    source: LinkSource, log_status: LogStatus, session: SessionId, lanes: frozenset[Lane], heads: Heads
) -> Differs | None:
    """Compare the heads of a hub's lanes with this log, and return the first divergence or None. Events that are
    missing here are not compared. Raises what the source raises.
    """
    for lane in sorted(lanes & heads.keys()):
        head = heads[lane]
        if head.offset <= 0 or log_status.through < head.offset <= log_status.begin:
            continue
        page = await source.read(session, head.offset - 1, 1, frozenset({lane}))
        if not page or page[0].header.offset != head.offset or page[0].digest.hex() != head.digest:
            message = f"Event {head.offset} of lane {lane} in the copy here is not the one of the meeting's log."
            return Differs(lane=lane, offset=head.offset, message=message)
    return None


async def heads_at(
    source: LinkSource, log_status: LogStatus, session: SessionId, lanes: frozenset[Lane], offset: int
) -> dict[Lane, LaneHead]:
    """The heads of the lanes at an offset, which must not lie in a hole of the log. Raises what the source raises."""
    found: dict[Lane, LaneHead] = {}
    for lane in lanes:
        head = log_status.heads.get(lane)
        if head is not None and head.offset > offset:
            head = await _head_before(source, log_status, session, lane, offset)
        if head is not None:
            found[lane] = head
    return found


async def _head_before(
    source: LinkSource, log_status: LogStatus, session: SessionId, lane: Lane, offset: int
) -> LaneHead | None:
    """The head at `offset` of a lane that has later events: each event names the one before it in its lane."""
    only = frozenset({lane})
    following = await source.read(session, offset, 1, only)
    before = following[0].header.prev if following else 0
    if before == 0:
        return None
    if not log_status.whole and before <= log_status.begin:
        return log_status.base.get(lane)
    page = await source.read(session, before - 1, 1, only)
    if not page or page[0].header.offset != before:
        raise Torn(f"Event {before} of lane {lane}, which another one follows, isn't here.")
    return LaneHead(offset=before, digest=page[0].digest.hex())


class _Looking:
    """Finds in one log the offset from which a hub gets live events."""

    def __init__(
        self, source: LinkSource, log_status: LogStatus, session: SessionId, lanes: frozenset[Lane], pack: Pack
    ) -> None:
        self._source = source
        self._log_status = log_status
        self._session = session
        self._lanes = lanes
        self._pack = pack

    async def goes_on_from(self, held: HeldEvents) -> bool:
        """Whether the part that a hub holds ends, in all lanes, so near the end of the log that it can simply resume
        there.
        """
        if not self._log_status.whole and held.offset < self._log_status.begin:
            return False
        there = await heads_at(self._source, self._log_status, self._session, self._lanes, held.offset)
        if there != {lane: head for lane, head in held.heads.items() if lane in self._lanes and head.offset > 0}:
            return False
        cursor = LaneCursor(self._source, self._session, self._lanes, there, held.offset)
        since = await cursor.read()
        if len(since) > LITTLE_EVENTS or weight(since) > MOST_PACKED:
            return False
        packed = self._pack(since, session=self._session, epoch=self._log_status.epoch, heads=there) if since else b""
        return len(packed) <= LITTLE_BYTES

    async def whole_lines(self) -> int:
        """The offset after which all openings lie of lines that are still open, or that ended last in their channel;
        else the end of the log.
        """
        window = max(self._log_status.begin, self._log_status.offset - WINDOW_EVENTS)
        lanes = frozenset(lane for lane in self._lanes if lane.startswith("ch:"))
        opened: dict[SegmentId, int] = {}
        last: dict[ChannelId, int] = {}
        for record in await self._source.read(self._session, window, WINDOW_EVENTS, lanes):
            if record.header.offset > self._log_status.offset:
                break  # Appended after `log_status` was read, which doesn't have the heads for it.
            if record.header.type not in _LINES or record.body is None:
                continue
            try:
                event = decode_event(record.body)
            except RecordBroken:
                continue  # The hub finds and reports the broken event itself.
            match event:
                case le.SegmentOpened():
                    opened[event.segment] = record.header.offset
                case le.SegmentEnded() if event.segment in opened:
                    last[event.channel] = opened.pop(event.segment)
                case le.ChannelRewound() | le.SegmentsMovedAway():
                    for segment in event.segments:
                        opened.pop(segment, None)
        return min([*opened.values(), *last.values()], default=self._log_status.offset + 1) - 1
