from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import SESSION, channel_lane
from moothall.services.hubs.cursor import PAGE, Torn
from moothall.services.hubs.feeding import CLOSED, GATHER_MS, LIVE_BYTES, MISSED_BYTES, WAIT_MS, Feeding, deferrable
from moothall.testing.hub_link import plain_pack, plain_unpack
from moothall.wire.hubs.messages import WINDOW_BYTES, Batch, Caught, Follow, HeldEvents, Live, Stopped
from support.hubs.side import ALL, BELOW, HALL, MINE, ROOM, LogSource, Model, finished, opened
from support.sessions.recorder import Recorder

TEXT = channel_lane(ROOM)


async def feeding(source: LogSource, follow: Follow | None = None) -> Feeding:
    """One that has begun, and whose news its log tells."""
    made = Feeding(source, plain_pack, follow or Model(ROOM).follow(), "kisumu")

    def told(_: SessionId, lanes: frozenset[Lane]) -> None:
        made.notify(lanes)

    source.observe(told)
    begun = await made.begin(offered=True)
    assert isinstance(begun, Live)
    assert made.begun is begun
    return made


def offsets(batch: object) -> list[int]:
    assert isinstance(batch, Batch), batch
    return [record.header.offset for record in plain_unpack(batch.data)]


async def test_what_is_said_within_a_second_goes_out_together() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    assert it.live_due() == 0
    assert offsets(await it.live(5_000)) == [1]
    assert it.live_due() is None
    await source.write(TEXT)
    await source.write(TEXT)
    assert it.live_due() == 5_000 + GATHER_MS
    assert offsets(await it.live(6_000)) == [2, 3]
    assert it.live_due() is None


async def test_what_nobody_waits_for_goes_with_the_next_or_after_a_while() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    await it.live(0)
    await source.happen(opened("a"))
    assert it.live_due() == GATHER_MS
    assert await it.live(5_000) is None
    assert it.live_due() == 5_000 + WAIT_MS
    await source.happen(finished("a"), opened("b"))
    assert it.live_due() == GATHER_MS
    assert offsets(await it.live(7_000)) == [2, 3, 4]
    assert it.live_due() is None
    await source.happen(opened("c"))
    assert await it.live(9_000) is None
    await source.happen(opened("d"))
    assert await it.live(10_000) is None
    assert it.live_due() == 9_000 + WAIT_MS
    assert offsets(await it.live(9_000 + WAIT_MS)) == [5, 6]
    with_words = await feeding(source, Model(ROOM, words=True).follow())
    await with_words.live(0)
    await source.happen(opened("e"))
    assert offsets(await with_words.live(2_000)) == [7]


async def test_a_checkpoint_is_asked_for_where_something_was_missed() -> None:
    source = LogSource()
    await source.write(*[TEXT] * 100, size=200)
    begun = (await feeding(source)).begun
    assert begun is not None
    assert (begun.missed, source.to_sign) == (True, [begun.begin])
    record = (await source.log.read(HALL, 99, 1))[0]
    held = HeldEvents(offset=100, heads={TEXT: LaneHead(offset=100, digest=record.digest.hex())})
    here = msgspec.structs.replace(Model(ROOM).follow(), epoch=Epoch("e1"), known=held)
    begun = (await feeding(source, here)).begun
    assert begun is not None
    assert (begun.missed, len(source.to_sign)) == (False, 1)


async def test_news_of_other_lanes_is_none() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    await it.live(0)
    assert await it.own() is None
    assert not it.notify(frozenset({Lane("staff"), Lane("hub:kisumu-2"), Lane("w:floor")}))
    assert (it.live_due(), it.has_own) == (None, False)
    assert it.notify(frozenset({TEXT}))
    assert it.live_due() is not None
    assert await it.live(9_000) is None
    assert it.live_due() is None


async def test_what_one_batch_doesnt_hold_follows_at_once() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    await it.live(0)
    await source.write(TEXT, TEXT, TEXT, size=LIVE_BYTES // 2)
    assert offsets(await it.live(2_000)) == [2]
    assert it.live_due() == 0
    assert offsets(await it.live(2_000)) == [3]
    await it.live(2_000)
    await source.write(*[TEXT] * PAGE)
    assert len(offsets(await it.live(4_000))) == PAGE
    assert it.live_due() == 0
    assert await it.live(4_000) is None


async def test_the_hubs_own_lanes_come_with_those_below_it() -> None:
    source = LogSource()
    await source.write(SESSION, MINE)
    it = await feeding(source)
    assert it.has_own
    assert offsets(await it.own()) == [2]
    assert await it.own() is None
    await source.write(BELOW, MINE, Lane("hub:kisumu-2"), size=LIVE_BYTES)
    assert it.has_own
    assert offsets(await it.own()) == [3]
    assert offsets(await it.own()) == [4]
    assert await it.own() is None
    held = {MINE: LaneHead(offset=4, digest=(await source.log.read(HALL, 3, 1))[0].digest.hex())}
    again = Model(ROOM)
    again.epoch = Epoch("e1")
    follow = msgspec.structs.replace(again.follow(), own=held)
    assert offsets(await (await feeding(source, follow)).own()) == [3]
    elsewhere = msgspec.structs.replace(follow, epoch=Epoch("e0"))
    assert offsets(await (await feeding(source, elsewhere)).own()) == [2]


async def test_own_lanes_that_differ_stop_it() -> None:
    source = LogSource()
    await source.write(SESSION, MINE)
    source.hole = (0, 2)  # Which is one in what is public.
    wrong = msgspec.structs.replace(
        Model(ROOM).follow(), epoch=Epoch("e1"), own={MINE: LaneHead(offset=2, digest="ab" * 32)}
    )
    it = Feeding(source, plain_pack, wrong, "kisumu")
    stopped = await it.begin(offered=True)
    assert isinstance(stopped, Stopped)
    assert (stopped.lane, stopped.offset) == (MINE, 2)


async def test_a_public_lane_that_differs_stops_it() -> None:
    source = LogSource()
    await source.write(SESSION, TEXT)
    model = Model(ROOM)
    model.epoch, model.heads, model.offset = Epoch("e1"), {TEXT: LaneHead(offset=2, digest="ab" * 32)}, 2
    stopped = await Feeding(source, plain_pack, model.follow(), "kisumu").begin(offered=True)
    assert isinstance(stopped, Stopped)
    assert (stopped.lane, stopped.offset) == (TEXT, 2)


async def test_what_isnt_there_is_waited_for_where_it_is_to_come() -> None:
    source = LogSource()
    it = Feeding(source, plain_pack, Model(ROOM).follow(), "kisumu")
    assert await it.begin(offered=False) == Stopped(session=HALL, message=CLOSED)
    assert await it.begin(offered=True) is None
    assert it.waits
    assert it.notify(frozenset({SESSION}))
    assert not it.waits
    assert not it.notify(frozenset({SESSION}))
    await source.write(SESSION)
    assert isinstance(await it.begin(offered=True), Live)


async def test_a_session_without_a_text_waits() -> None:
    source = LogSource(channels=())
    await source.write(SESSION)
    it = Feeding(source, plain_pack, Model(ROOM).follow(), "kisumu")
    assert await it.begin(offered=True) is None
    assert it.waits
    it.look_again()
    assert (it.waits, it.looks) == (False, False)


async def test_what_is_not_public_is_as_good_as_none() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    it.look_again()
    assert it.looks
    assert await it.stays_open(offered=False)
    assert not it.looks
    source.public = False
    assert not await it.stays_open(offered=False)
    late = Feeding(source, plain_pack, Model(ROOM).follow(), "kisumu")
    assert await late.begin(offered=True) == Stopped(session=HALL, message=CLOSED)


async def test_a_log_that_was_begun_anew_is_torn() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    await it.live(0)
    await source.log.forget(HALL)
    assert await it.stays_open(offered=True)  # A copy is fetched anew: it will be there again.
    assert not await it.stays_open(offered=False)
    source.epoch = Epoch("e2")
    await source.write(SESSION, TEXT)
    with pytest.raises(Torn, match="begun anew"):
        await it.stays_open(offered=False)
    with pytest.raises(Torn, match="begun anew"):
        await it.live(2_000)


async def missing(source: LogSource, events: int = 100, size: int = 1_000) -> Feeding:
    await source.write(SESSION, *[TEXT] * events, size=size)
    it = await feeding(source)
    assert it.begun is not None
    assert it.begun.missed
    assert await it.live(0) is None
    return it


async def test_what_was_missed_fills_the_window_and_no_more() -> None:
    source = LogSource()
    it = await missing(source)
    found: list[int] = []
    while it.may_miss(WINDOW_BYTES - it.on_way):
        if (batch := await it.missed(WINDOW_BYTES - it.on_way)) is not None:
            found += offsets(batch)
            assert isinstance(batch, Batch)
            assert len(batch.data) <= 2 * MISSED_BYTES
    assert WINDOW_BYTES // 2 < it.on_way <= WINDOW_BYTES
    before = it.on_way
    it.taken(1)
    assert it.on_way < before
    assert it.may_miss(WINDOW_BYTES - it.on_way)
    while not isinstance(batch := await it.missed(WINDOW_BYTES), Caught):
        found += offsets(batch)
        it.taken(10_000)
    assert found == list(range(1, 102))
    assert not it.may_miss(WINDOW_BYTES)
    assert await it.missed(WINDOW_BYTES) is None


async def test_an_event_larger_than_the_window_goes_alone() -> None:
    source = LogSource()
    it = await missing(source, 60, 5 * WINDOW_BYTES)
    assert offsets(await it.missed(WINDOW_BYTES)) == [1]
    room = WINDOW_BYTES - it.on_way
    assert it.may_miss(room) == (room >= WINDOW_BYTES)
    it.taken(1)
    assert offsets(await it.missed(WINDOW_BYTES)) == [2]


async def test_what_packs_well_comes_in_larger_batches() -> None:
    source = LogSource()
    await source.write(SESSION, *[TEXT] * 400, size=1_000)
    it = Feeding(source, lambda records, **_: bytes(50 * len(records)), Model(ROOM).follow(), "kisumu")
    await it.begin(offered=True)
    sizes = []
    while isinstance(batch := await it.missed(WINDOW_BYTES), Batch):
        sizes.append(len(batch.data))
        it.taken(batch.number)
    assert sizes[0] < sizes[1] <= MISSED_BYTES


async def test_a_copy_sends_what_it_has_and_waits_for_the_rest() -> None:
    source = LogSource()
    await source.write(SESSION, *[TEXT] * 99, size=1_000)
    source.hole = (5, 100)
    it = await feeding(source)
    found: list[int] = []
    while it.may_miss(WINDOW_BYTES):
        if (batch := await it.missed(WINDOW_BYTES)) is not None:
            found += offsets(batch)
            it.taken(1_000)
    assert found == [1, 2, 3, 4, 5]
    source.hole = None
    assert it.notify(frozenset({TEXT}))
    assert it.may_miss(WINDOW_BYTES)
    while not isinstance(batch := await it.missed(WINDOW_BYTES), Caught):
        found += offsets(batch)
        it.taken(1_000)
    assert found == list(range(1, 101))


async def test_a_copy_that_was_dropped_meanwhile_sends_nothing() -> None:
    source = LogSource()
    it = await missing(source)
    await source.log.forget(HALL)
    assert await it.missed(WINDOW_BYTES) is None
    assert not it.may_miss(WINDOW_BYTES)


async def test_a_copy_that_has_a_new_hole_is_torn() -> None:
    source = LogSource()
    await source.write(SESSION)
    it = await feeding(source)
    await it.live(0)
    await source.write(TEXT, TEXT, TEXT)
    source.hole = (1, 3)
    with pytest.raises(Torn):
        await it.live(2_000)


async def test_what_every_lane_has_is_followed_once() -> None:
    source = LogSource()
    await source.write(*ALL)
    it = await feeding(source, Model(words=True).follow())
    assert offsets(await it.live(0)) == [1, 2, 3, 4]


async def test_own_lanes_of_which_a_copy_has_less_than_the_hub_go_on_where_the_hub_is() -> None:
    above, source = LogSource(), LogSource()
    for log in (above, source):
        await log.write(SESSION, MINE)
    await above.write(BELOW, MINE)
    head = await above.log.head(HALL)
    assert head is not None
    source.copy = True  # It was dropped, and fetches anew.
    model = Model(ROOM)
    model.epoch, model.own_heads = Epoch("e1"), {MINE: head.lanes[MINE], BELOW: head.lanes[BELOW]}
    it = await feeding(source, model.follow())
    assert await it.own() is None
    await source.write(BELOW, MINE)
    assert await it.own() is None  # The hub has had them.
    await source.write(BELOW)
    assert offsets(await it.own()) == [5]


FLOOR, LINE = ChannelId("floor"), SegmentId("floor-1-1")
OPENED = le.SegmentOpened(channel=FLOOR, segment=LINE, t0=0, language="en", origin=le.Origin.MACHINE)
ENDED = le.SegmentEnded(channel=FLOOR, segment=LINE, t1=9, reason=le.EndReason.PAUSE, text="Hello.")


@pytest.mark.parametrize(
    ("event", "lines", "words"),
    [(OPENED, True, False), (ENDED, False, False), (ev.ClockMapped(t=0, wall=5), True, True)],
)
def test_what_nobody_sees_may_wait(event: Event, lines: bool, words: bool) -> None:
    record = Recorder().record(event)
    assert (deferrable(record, words=False), deferrable(record, words=True)) == (lines, words)
