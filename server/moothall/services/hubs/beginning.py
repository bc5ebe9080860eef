"""Where a hub that follows a session begins: what is said now first, then what it missed; or that its copy differs.

The hub says where its copy ends. If little came since, that is where it goes on. Else what comes as live begins close
to the log's end, far enough back that the lines still open are whole, and that each text has the last line that ended:
a room without words as they come would look at nothing until the next one does. The rest is what was missed.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane, words_lane
from moothall.services.hubs.cursor import LaneCursor, Torn, weight
from moothall.services.hubs.ports import Heads, LinkSource, LogStatus, Pack
from moothall.wire.hub.messages import Follow, Held, Live

LITTLE_EVENTS = 50
"""A hub that misses no more than so many events,"""
LITTLE_BYTES = 8 << 10
"""and no more than these bytes of a batch, one second of 64 kbit/s, goes on where it was."""
WINDOW_EVENTS = 200
"""How far back lines that are still open, or ended last, are looked for."""
MOST_PACKED = 256 << 10
"""What is more than this before it is packed is not little, and isn't packed to find out."""

_LINES = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (ev.SegmentOpened, ev.SegmentEnded, ev.ChannelRewound, ev.SegmentsMovedAway)
)


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub gets."""

    live: Live
    """The answer to its `Follow`."""
    lanes: frozenset[Lane]
    missed_from: Heads
    """Where its lanes stand before what it missed."""
    missed_through: int
    """The offset up to which it missed anything."""


class Differs(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's copy is not one of this log."""

    lane: Lane | None
    offset: int
    message: str
    """A sentence."""


def channels_of(follow: Follow, stand: LogStatus) -> tuple[ChannelId, ...]:
    """The texts that it gets: those it wants and that there are; the first one where there is none of them."""
    known = tuple(ChannelId(name) for name in dict.fromkeys(follow.channels) if name in stand.channels)
    return known or tuple(ChannelId(name) for name in stand.channels[:1])


def lanes_of(channels: tuple[ChannelId, ...], *, words: bool) -> frozenset[Lane]:
    """The lanes of some texts, with the two that come with them."""
    text = {channel_lane(channel) for channel in channels}
    return frozenset({SESSION, QUESTIONS} | text | ({words_lane(channel) for channel in channels} if words else set()))


async def begin(source: LinkSource, stand: LogStatus, follow: Follow, pack: Pack) -> Beginning | Differs | None:
    """Where it begins. None while that can't be said: the log has no text yet, or is a copy behind the hub's.

    Raises as the source does, and Torn where the log lacks what it names.
    """
    channels = channels_of(follow, stand)
    if not channels:
        return None
    lanes = lanes_of(channels, words=follow.words)
    same = follow.epoch == stand.epoch
    known = (follow.known if same else None) or Held(offset=0, heads={})
    ahead = max([known.offset] + ([follow.live.offset] if same and follow.live else []))
    if ahead > stand.offset:
        if stand.copy:
            return None
        message = f"The copy here has event {ahead}, but the log of the meeting ends at event {stand.offset}."
        return Differs(lane=None, offset=ahead, message=message)
    for held in (known, follow.live if same else None):
        wrong = None if held is None else await differs(source, stand, follow.session, lanes, held.heads)
        if wrong is not None:
            return wrong
    looking = _Looking(source, stand, follow.session, lanes, pack)
    goes_on, at, through = False, known.offset, known.offset
    if not await looking.goes_on_from(known):
        # A part with other lanes than those that are wanted now can't be joined to anything.
        live_part = follow.live if same and follow.live is not None and follow.live.heads.keys() <= lanes else None
        if live_part is not None and await looking.goes_on_from(live_part):
            goes_on, at, through = True, live_part.offset, follow.live_begin
        else:
            at = through = max(stand.begin, await looking.whole_lines(), known.offset)
    missing = await LaneCursor(source, follow.session, lanes, known.heads).read(min(through, stand.through))
    live = Live(
        session=follow.session,
        epoch=stand.epoch,
        channels=channels,
        begin=at,
        heads=await heads_at(source, stand, follow.session, lanes, at),
        missed=bool(missing) or (not stand.whole and known.offset < through),
        number=follow.number,
        goes_on=goes_on,
    )
    return Beginning(live=live, lanes=lanes, missed_from=known.heads, missed_through=through)


async def differs(
    source: LinkSource, stand: LogStatus, session: SessionId, lanes: frozenset[Lane], heads: Heads
) -> Differs | None:
    """Where a hub's lanes stand otherwise than they do here; what a copy lacks isn't compared. Raises as the source."""
    for lane in sorted(lanes & heads.keys()):
        head = heads[lane]
        if head.offset <= 0 or stand.through < head.offset <= stand.begin:
            continue
        page = await source.read(session, head.offset - 1, 1, frozenset({lane}))
        if not page or page[0].header.offset != head.offset or page[0].digest.hex() != head.digest:
            message = f"Event {head.offset} of lane {lane} in the copy here is not the one of the meeting's log."
            return Differs(lane=lane, offset=head.offset, message=message)
    return None


async def heads_at(
    source: LinkSource, stand: LogStatus, session: SessionId, lanes: frozenset[Lane], offset: int
) -> dict[Lane, LaneHead]:
    """Where the lanes stood at an offset that isn't in a hole. Raises as the source does."""
    found: dict[Lane, LaneHead] = {}
    for lane in lanes:
        head = stand.heads.get(lane)
        if head is not None and head.offset > offset:
            head = await _head_before(source, stand, session, lane, offset)
        if head is not None:
            found[lane] = head
    return found


async def _head_before(
    source: LinkSource, stand: LogStatus, session: SessionId, lane: Lane, offset: int
) -> LaneHead | None:
    """Where a lane stood that has events behind `offset`: each event names the one before it."""
    only = frozenset({lane})
    following = await source.read(session, offset, 1, only)
    before = following[0].header.prev if following else 0
    if before == 0:
        return None
    if not stand.whole and before <= stand.begin:
        return stand.base.get(lane)
    page = await source.read(session, before - 1, 1, only)
    if not page or page[0].header.offset != before:
        raise Torn(f"Event {before} of lane {lane}, which another one follows, isn't here.")
    return LaneHead(offset=before, digest=page[0].digest.hex())


class _Looking:
    """Looks for a place in one log."""

    def __init__(
        self, source: LinkSource, stand: LogStatus, session: SessionId, lanes: frozenset[Lane], pack: Pack
    ) -> None:
        self._source = source
        self._stand = stand
        self._session = session
        self._lanes = lanes
        self._pack = pack

    async def goes_on_from(self, held: Held) -> bool:
        """Whether what the hub holds ends so near the log's end, in all lanes, that it just goes on."""
        if not self._stand.whole and held.offset < self._stand.begin:
            return False
        there = await heads_at(self._source, self._stand, self._session, self._lanes, held.offset)
        if there != {lane: head for lane, head in held.heads.items() if lane in self._lanes and head.offset > 0}:
            return False
        cursor = LaneCursor(self._source, self._session, self._lanes, there, held.offset)
        since = await cursor.read()
        if len(since) > LITTLE_EVENTS or weight(since) > MOST_PACKED:
            return False
        packed = self._pack(since, session=self._session, epoch=self._stand.epoch, heads=there) if since else b""
        return len(packed) <= LITTLE_BYTES

    async def whole_lines(self) -> int:
        """The offset behind which all lines stand that are still open or ended last in their texts, or the end."""
        window = max(self._stand.begin, self._stand.offset - WINDOW_EVENTS)
        lanes = frozenset(lane for lane in self._lanes if lane.startswith("ch:"))
        opened: dict[SegmentId, int] = {}
        last: dict[ChannelId, int] = {}
        for record in await self._source.read(self._session, window, WINDOW_EVENTS, lanes):
            if record.header.offset > self._stand.offset:
                break  # It came since: of that `stand` doesn't say where the lanes are.
            if record.header.type not in _LINES or record.body is None:
                continue
            try:
                event = decode_event(record.body)
            except RecordBroken:
                continue  # The hub will say so.
            match event:
                case ev.SegmentOpened():
                    opened[event.segment] = record.header.offset
                case ev.SegmentEnded() if event.segment in opened:
                    last[event.channel] = opened.pop(event.segment)
                case ev.ChannelRewound() | ev.SegmentsMovedAway():
                    for segment in event.segments:
                        opened.pop(segment, None)
        return min([*opened.values(), *last.values()], default=self._stand.offset + 1) - 1
