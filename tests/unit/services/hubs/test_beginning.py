from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane, words_lane
from moothall.services.hubs.beginning import (
    LITTLE_EVENTS,
    MOST_PACKED,
    Differs,
    HubBeginning,
    begin,
    channels_of,
    heads_at,
    lanes_of,
)
from moothall.services.hubs.cursor import Torn
from moothall.services.hubs.ports import LogStatus
from moothall.testing.hub_link import plain_pack
from moothall.wire.hubs.messages import Follow, HeldEvents
from support.hubs.side import ALL, FRENCH, HALL, MINE, ROOM, LogSource, finished, opened

TEXT = channel_lane(ROOM)
LANES = lanes_of((ROOM,), words=False)
FIRST = Follow(session=HALL, channels=(ROOM,))


async def stood(source: LogSource) -> LogStatus:
    stand = await source.log_status(HALL)
    assert stand is not None
    return stand


async def held(source: LogSource, offset: int, lanes: frozenset[Lane] = LANES) -> HeldEvents:
    stand = msgspec.structs.replace(await stood(source), begin=0, complete_through=0)
    return HeldEvents(offset=offset, heads=await heads_at(source, stand, HALL, lanes, offset))


def follow(known: HeldEvents, live: HeldEvents | None = None, live_begin: int = 0, **fields: object) -> Follow:
    made = Follow(session=HALL, channels=(ROOM,), epoch=Epoch("e1"), known=known, live=live, live_begin=live_begin)
    return msgspec.structs.replace(made, **fields)


async def began(source: LogSource, wanted: Follow) -> HubBeginning:
    found = await begin(source, await stood(source), wanted, plain_pack)
    assert isinstance(found, HubBeginning), found
    return found


async def long_log(events: int = 300) -> LogSource:
    source = LogSource()
    await source.write(SESSION, QUESTIONS)
    await source.write(*[TEXT] * (events - 2), size=200)
    return source


def test_a_hub_gets_what_it_wants_of_what_there_is() -> None:
    stand = LogStatus(epoch=Epoch("e"), offset=0, heads={}, public=True, channels=(ROOM, FRENCH))
    for wanted, given in [
        ((), (ROOM,)),
        ((FRENCH, ROOM), (FRENCH, ROOM)),
        ((FRENCH, FRENCH), (FRENCH,)),
        ((ChannelId("xx"),), (ROOM,)),
        ((ChannelId("xx"), FRENCH), (FRENCH,)),
    ]:
        assert channels_of(Follow(session=HALL, channels=wanted), stand) == given
    assert lanes_of((FRENCH,), words=True) == {SESSION, QUESTIONS, channel_lane(FRENCH), words_lane(FRENCH)}


async def test_a_session_without_a_text_is_waited_for() -> None:
    source = LogSource(channels=())
    await source.write(SESSION)
    assert await begin(source, await stood(source), FIRST, plain_pack) is None


async def test_a_short_log_comes_from_its_first_event() -> None:
    source = LogSource()
    await source.write(*ALL)
    found = await began(source, msgspec.structs.replace(FIRST, number=7))
    assert (found.live.begin, found.live.heads, found.live.missed, found.live.goes_on) == (0, {}, False, False)
    assert (found.live.number, found.live.channels, found.lanes) == (7, (ROOM,), LANES)


async def test_a_long_log_begins_at_its_end_and_the_rest_was_missed() -> None:
    source = await long_log()
    found = await began(source, FIRST)
    stand = await stood(source)
    assert (found.live.begin, found.live.missed, found.missed_through) == (300, True, 300)
    assert found.live.heads == {lane: stand.heads[lane] for lane in (SESSION, QUESTIONS, TEXT)}
    assert found.missed_from == {}


@pytest.mark.parametrize("size", [10, 5_000])
async def test_who_lacks_little_goes_on_where_it_was(size: int) -> None:
    source = await long_log()
    known = await held(source, 300)
    await source.write(*[TEXT, MINE] * 20, size=size)
    found = await began(source, follow(known))
    assert found.live.missed == (size > 10)
    assert found.live.begin == (300 if size == 10 else 340)


async def test_many_events_or_many_bytes_are_not_little() -> None:
    source = await long_log()
    known = await held(source, 300)
    await source.write(*[TEXT] * LITTLE_EVENTS, size=10)
    packed = [b"x"]
    assert await begin(source, await stood(source), follow(known), lambda *_, **__: packed[0])
    assert (await begin_with(source, follow(known), 10)).live.missed is False
    await source.write(TEXT, size=10)
    assert (await begin_with(source, follow(known), 10)).live.missed is True
    known = await held(source, 351)
    await source.write(TEXT, size=MOST_PACKED)
    assert (await begin_with(source, follow(known), 10)).live.missed is True


async def begin_with(source: LogSource, wanted: Follow, packed: int) -> HubBeginning:
    found = await begin(source, await stood(source), wanted, lambda *_, **__: bytes(packed))
    assert isinstance(found, HubBeginning)
    return found


async def test_lines_that_are_open_are_whole() -> None:
    source = await long_log()
    await source.happen(opened("old"), opened("a"), opened("b"), opened("c"), finished("none"))  # 301 to 305
    await source.happen(le.SegmentsMovedAway(channel=ROOM, segments=(SegmentId("old"),), session=None))
    await source.happen(le.ChannelRewound(channel=ROOM, t=0, segments=(SegmentId("a"),)))
    await source.append([(TEXT, "segment.ended", b"not JSON")])
    await source.write(*[TEXT] * 60, size=200)
    assert (await began(source, FIRST)).live.begin == 302
    await source.happen(le.SegmentsMovedAway(channel=ROOM, segments=(SegmentId("b"),), session=None))
    assert (await began(source, FIRST)).live.begin == 303
    await source.happen(le.SegmentsMovedAway(channel=ROOM, segments=(SegmentId("c"),), session=None))
    assert (await began(source, FIRST)).live.begin == (await stood(source)).offset


async def test_the_last_line_that_ended_in_each_text_comes_with_what_is_said_now() -> None:
    source = await long_log()
    await source.happen(opened("a"), finished("a"), opened("b"), opened("c", FRENCH), finished("b"))  # 301 to 305
    await source.happen(finished("c", FRENCH))
    await source.write(*[TEXT] * 60, size=200)
    assert (await began(source, FIRST)).live.begin == 302, "b, for c is of a text that it doesn't follow"
    both = msgspec.structs.replace(FIRST, channels=(ROOM, FRENCH))
    await source.happen(opened("d"), finished("d"))
    assert (await began(source, FIRST)).live.begin == 366
    assert (await began(source, both)).live.begin == 303


async def test_a_line_that_was_opened_since_the_log_was_looked_at_says_nothing_of_where_to_begin() -> None:
    source = LogSource()
    await source.write(*[SESSION] * 120, size=5_000)
    stand = await stood(source)
    await source.write(TEXT)
    await source.happen(opened("s1"))
    found = await begin(source, stand, FIRST, plain_pack)
    assert isinstance(found, HubBeginning)
    assert (found.live.begin, found.live.heads) == (120, {SESSION: stand.heads[SESSION]})


async def test_a_line_that_was_opened_long_ago_is_not_looked_for() -> None:
    source = await long_log(10)
    await source.happen(opened("a"))
    await source.write(*[TEXT] * 250, size=100)
    assert (await began(source, FIRST)).live.begin == 261


async def test_what_it_holds_behind_a_hole_goes_on_where_it_ends_near_the_end() -> None:
    source = await long_log()
    known, live = await held(source, 100), await held(source, 295)
    found = await began(source, follow(known, live, 250))
    assert (found.live.goes_on, found.live.begin, found.live.heads) == (True, 295, live.heads)
    assert (found.live.missed, found.missed_through, found.missed_from) == (True, 250, known.heads)
    far = await held(source, 200)
    found = await began(source, follow(known, far, 150))
    assert (found.live.goes_on, found.live.begin, found.missed_through) == (False, 300, 300)


async def test_a_part_with_other_lanes_is_not_gone_on_with() -> None:
    source = await long_log()
    await source.write(channel_lane(FRENCH))
    both = lanes_of((ROOM, FRENCH), words=False)
    known = await held(source, 100)
    for live in (await held(source, 301, both), await held(source, 301, LANES - {SESSION})):
        found = await began(source, follow(known, live, 250))
        assert (found.live.goes_on, found.live.begin, found.live.missed) == (False, 301, True)


async def test_a_text_that_is_wanted_later_was_missed_from_its_first_event() -> None:
    source = await long_log()
    await source.write(channel_lane(FRENCH), channel_lane(FRENCH))
    known = await held(source, 302)
    found = await began(source, follow(known, channels=(ROOM, FRENCH)))
    assert (found.live.begin, found.live.missed, found.missed_from) == (302, True, known.heads)
    assert found.live.heads[channel_lane(FRENCH)].offset == 302


async def test_events_that_dont_concern_it_are_not_missed() -> None:
    source = await long_log()
    known = await held(source, 300)
    await source.write(*[Lane("staff")] * 500)
    found = await began(source, follow(known))
    assert (found.live.begin, found.live.missed) == (300, False)


async def test_another_life_of_the_log_is_taken_from_its_first_event() -> None:
    source = await long_log()
    known = HeldEvents(offset=5_000, heads={TEXT: LaneHead(offset=4_000, digest="ab")})
    found = await began(source, follow(known, known, 3_000, epoch=Epoch("old")))
    assert (found.live.begin, found.live.missed, found.missed_from, found.live.epoch) == (300, True, {}, "e1")


async def test_a_copy_that_differs_is_told_where() -> None:
    source = await long_log()
    good = await held(source, 300)
    for lane, offset, digest in [(TEXT, 299, ""), (TEXT, 300, "ab" * 32), (SESSION, 2, ""), (SESSION, 250, "")]:
        head = LaneHead(offset=offset, digest=digest or good.heads[lane].digest)
        wrong = HeldEvents(offset=300, heads={**good.heads, lane: head})
        for wanted in (follow(wrong), follow(good, wrong, 200)):
            found = await begin(source, await stood(source), wanted, plain_pack)
            assert isinstance(found, Differs)
            assert (found.lane, found.offset) == (lane, offset)
            assert str(offset) in found.message
    # Of lanes that it doesn't follow nothing is said, right or wrong.
    other = HeldEvents(offset=300, heads={**good.heads, Lane("staff"): LaneHead(offset=3, digest="ab")})
    assert (await began(source, follow(other))).live.missed is False
    nothing = HeldEvents(offset=300, heads={**good.heads, Lane("w:floor"): LaneHead(offset=0, digest="")})
    assert (await began(source, follow(nothing, words=True))).live.missed is False


async def test_a_copy_that_goes_further_than_the_log_differs() -> None:
    source = await long_log()
    good = await held(source, 300)
    for wanted in (
        follow(msgspec.structs.replace(good, offset=301)),
        follow(good, msgspec.structs.replace(good, offset=301)),
    ):
        found = await begin(source, await stood(source), wanted, plain_pack)
        assert isinstance(found, Differs)
        assert (found.lane, found.offset) == (None, 301)
        # What is a copy itself catches up.
        source.copy = True
        assert await begin(source, await stood(source), wanted, plain_pack) is None
        source.copy = False


async def test_a_copy_with_a_hole_serves_what_is_behind_it_first() -> None:
    source = await long_log()
    known = await held(source, 50)
    source.hole = (100, 280)
    found = await began(source, FIRST)
    assert (found.live.begin, found.live.missed, found.missed_through) == (300, True, 300)
    # Nobody may begin inside of the hole, and the lanes' ends before it are known from where it ends.
    await source.happen(opened("a"))
    source.hole = (100, 301)
    found = await began(source, follow(known))
    assert (found.live.begin, found.live.missed) == (301, True)
    await source.happen(opened("b"))
    found = await began(source, follow(known))
    assert found.live.begin == 301
    assert found.live.heads[SESSION].offset == 1
    assert found.live.heads[TEXT].offset == 301
    # A hub that was served by another one may hold what is missing here: that can't be compared.
    source.hole = None
    ahead = await held(source, 200)
    source.hole = (100, 301)
    found = await began(source, follow(ahead))
    assert (found.live.begin, found.live.missed) == (301, True)


async def test_a_lane_that_begins_behind_the_place_has_no_head_there() -> None:
    source = await long_log(3)
    await source.write(channel_lane(FRENCH))
    stand = await stood(source)
    assert (await heads_at(source, stand, HALL, frozenset({channel_lane(FRENCH), SESSION}), 2)).keys() == {SESSION}


async def test_a_log_that_lacks_what_it_names_is_torn() -> None:
    source = await long_log()
    stand = await stood(source)
    source.hole = (100, 200)
    with pytest.raises(Torn, match="Event 200 of lane ch:floor"):
        await heads_at(source, stand, HALL, LANES, 200)
    # Something may be gone since it was looked: then it isn't named.
    source.hole = (100, 300)
    assert TEXT not in await heads_at(source, stand, HALL, LANES, 200)
