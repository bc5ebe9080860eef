"""What readers are sent. Slow and leaving readers: test_fanout_readers.py; the log and removals: test_fanout_log.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from moothall.core.events import types as ev
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, Epoch, Position, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.services.reading.fanout import WALK, walk
from moothall.services.reading.feed import Subscription
from moothall.services.reading.slow_readers import SlowReaders
from moothall.testing.clock import ManualClock
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from moothall.wire.outbox import Outgoing
from moothall.wire.reader import Outcome, Reader
from support.memory.fanout import join, meeting, one_line, running, settle
from support.sessions.meeting import ENGINE, FLOOR, LINES, LIVE, ended, frames_of, opened, partial, read, words


async def test_a_reader_gets_a_snapshot_and_then_what_happens() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        await one_line(house, fanout)
    snapshot, events = frames_of(outlet.sent)
    assert snapshot.snapshot is not None
    assert snapshot.snapshot.offset == 3
    assert [event.offset for event in events.events] == [4, 5, 6]
    assert read(outlet.sent, Reader(feed=LIVE)).view == (await house.truth()).view


async def test_a_commit_and_the_partial_behind_it_are_one_write() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        before = len(outlet.writes)
        rest = partial(" mor", first=1)
        fanout.publish(await house.store(opened("s1"), words("s1", 0, " Good"), signals=[rest], by=ENGINE))
        await settle()
    assert len(outlet.writes) == before + 1
    reader = read(outlet.sent, Reader(feed=LIVE))
    assert reader.partial == partial(" mor", first=1)


async def test_sent_is_the_clock_of_the_moment() -> None:
    house = await meeting()
    fanout = await house.fanout()
    house.clock.set_wall(1_764_000_555_000)
    outlet, _ = await join(fanout)
    assert frames_of(outlet.sent)[0].sent == 1_764_000_555_000


async def test_each_feed_carries_its_lanes_and_knows_its_own_order() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        live, _ = await join(fanout)
        lines, _ = await join(fanout, feed=LINES)
        fanout.publish(await house.line())
        fanout.publish(await house.store(words("other", 0, " x")))
        await settle()
        fanout.publish(await house.store(opened("s2")))
        await settle()
    assert [event.offset for frame in frames_of(live.sent) for event in frame.events] == [4, 5, 6, 7, 8]
    assert [event.offset for frame in frames_of(lines.sent) for event in frame.events] == [4, 6, 8]
    assert frames_of(lines.sent)[-1].prev == 6
    assert read(lines.sent, Reader(feed=LINES)).view == (await house.truth(LINES)).view


async def test_nothing_of_a_lane_that_is_not_the_feeds_reaches_it() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        secret = house.recorder.record(opened("staff"), lane="staff")
        await house.log.append(house.session, 1, secret.header.offset - 1, [secret])
        publication = await house.store(opened("s1"))
        fanout.publish(type(publication)(session=house.session, records=(secret,), events=(opened("staff"),)))
        fanout.publish(publication)
        await settle()
    assert b"staff" not in outlet.sent
    assert b'"prev":3,"events":[{"offset":5' in outlet.sent


async def test_a_newcomer_sees_the_signals_of_the_moment_at_once() -> None:
    house = await meeting()
    fanout = await house.fanout()
    unsaved = Unsaved(channel=FLOOR, text=" lost?")
    async with running(fanout):
        fanout.publish(await house.store(signals=[partial(" Goo")]))
        await settle()
        fanout.publish(await house.store(signals=[partial(" Good"), unsaved]))
        await settle()
        outlet, _ = await join(fanout)
        later, _ = await join(fanout)
    assert len(outlet.writes) == 1
    assert frames_of(outlet.sent)[1].signals == (partial(" Good"), unsaved)
    assert later.sent == outlet.sent


@pytest.mark.parametrize("loaded_first", [True, False])
async def test_resume_at_every_offset_has_no_gap_and_no_repeat(loaded_first: bool) -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        if loaded_first:
            await fanout.view(LIVE)
        for _ in range(12):
            await one_line(house, fanout)
        whole, _ = await join(fanout, Position(house.recorder.epoch, 0))
        truth = (await house.truth()).view
        assert truth is not None
        for offset in range(house.recorder.offset + 1):
            outlet, _ = await join(fanout, Position(house.recorder.epoch, offset))
            got = [event.offset for frame in frames_of(outlet.sent) for event in frame.events if event.offset > offset]
            assert got == list(range(offset + 1, house.recorder.offset + 1))
            assert whole.sent.endswith(outlet.sent)


@pytest.mark.parametrize("after", [Position(Epoch("other"), 2), Position(Epoch("k3j9x2"), 99)])
async def test_a_position_of_another_epoch_or_ahead_of_the_log_means_a_snapshot(after: Position) -> None:
    house = await meeting()
    outlet, _ = await join(await house.fanout(), after)
    assert frames_of(outlet.sent)[0].snapshot is not None


async def test_a_position_that_another_feed_has_reached_is_not_ahead() -> None:
    house = await meeting()
    await house.store(opened("s1"), words("s1", 0, " a"))
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout, Position(house.recorder.epoch, 5), LINES)
        assert outlet.sent == b""
        fanout.publish(await house.store(ended("s1", " a")))
        await settle()
    (frame,) = frames_of(outlet.sent)
    assert (frame.prev, frame.events[0].offset) == (4, 6)


async def test_an_unknown_channel_is_refused_until_it_is_added() -> None:
    house = await meeting()
    fanout = await house.fanout()
    feed = Feed(ChannelId("de"))
    refusal = await fanout.subscribe(MemoryOutlet(), feed, Format.SSE, None)
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.UNKNOWN
    assert await fanout.view(feed) == refusal
    added = ev.ChannelAdded(channel=feed.channel, kind=ev.ChannelKind.TRANSLATION, languages=("de",))
    fanout.publish(await house.store(added))
    assert fanout.channels == ("floor", "de")
    await join(fanout, feed=feed)


async def test_what_gathers_while_the_walk_is_busy_leaves_as_one_frame() -> None:
    house = await meeting()
    fanout = await house.fanout()
    outlet, _ = await join(fanout)
    for n in range(3):
        fanout.publish(await house.line())
        fanout.publish(await house.store(signals=[partial(f" {n}", segment="next")]))
        fanout.publish(await house.store(signals=[ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=n, t=n)]))
    assert fanout.figures.backlog == 6
    async with running(fanout):
        await settle()
    assert len(outlet.writes) == 2
    last = frames_of(outlet.sent)[-1]
    assert [event.offset for event in last.events] == list(range(4, 13))
    assert [getattr(signal, "text", None) for signal in last.signals] == [" 2", None]
    assert fanout.figures.backlog == 0


async def test_an_offset_that_was_published_is_not_published_again() -> None:
    house = await meeting()
    fanout = await house.fanout()
    publication = await house.line()
    fanout.publish(publication)
    assert fanout.position == Position(house.recorder.epoch, 6)
    with pytest.raises(ValueError, match="offset 4 was published again"):
        fanout.publish(publication)


async def test_the_three_doors_carry_the_same_frames() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlets = {form: MemoryOutlet() for form in Format}
        for form, outlet in outlets.items():
            await fanout.subscribe(outlet, LIVE, form, None)
        await one_line(house, fanout)
    texts = [event.split(b"data: ")[1].strip() for event in outlets[Format.SSE].writes]
    assert all(text in data for text, data in zip(texts, outlets[Format.SSE_CHUNKED].writes, strict=True))
    assert all(data.endswith(text) for text, data in zip(texts, outlets[Format.WEBSOCKET].writes, strict=True))


async def test_a_loss_in_the_stream_would_be_seen() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        for _ in range(2):
            await one_line(house, fanout)
    reader = read(outlet.writes[0], Reader(feed=LIVE))
    _, outcome = reader.take(frames_of(outlet.writes[2])[0])
    assert outcome is Outcome.LOSS


NEWS = Outgoing(b"news", 1, ())
PULSE = Outgoing(b"pulse", 0, (), pulse=True)


def slow_readers(gone: Callable[[Subscription], None] = lambda _: None) -> SlowReaders:
    return SlowReaders(SessionId("s"), ManualClock(), gone)


def reader(*, stalled: bool = False) -> Subscription:
    return Subscription(MemoryOutlet(stalled=stalled), LIVE, Format.SSE)


def writes(reader: Subscription) -> list[bytes]:
    assert isinstance(reader.outlet, MemoryOutlet)
    return reader.outlet.writes


async def test_everybody_gets_the_same_bytes_in_order() -> None:
    readers = [reader() for _ in range(2 * WALK + 1)]
    await walk(slow_readers(), [(NEWS, readers), (PULSE, readers)])
    assert all(writes(each) == [b"news", b"pulse"] for each in readers)
    assert all(writes(each)[0] is NEWS.data for each in readers)


async def test_one_without_room_keeps_news_for_later_and_goes_without_a_pulse() -> None:
    slow, full = slow_readers(), reader(stalled=True)
    full.outlet.write(b"before")
    await walk(slow, [(PULSE, [full])])
    assert (full.outbox, len(slow)) == (None, 0)
    await walk(slow, [(NEWS, [full]), (PULSE, [full])])
    assert full.outbox is not None
    assert (full.outbox.size, len(slow)) == (len(NEWS.data), 1)


async def test_who_is_gone_or_going_gets_nothing() -> None:
    left: list[Subscription] = []
    gone, closing = reader(), reader()
    gone.gone = True
    closing.outlet.abort()
    await walk(slow_readers(left.append), [(NEWS, [gone, closing])])
    assert (writes(gone), writes(closing), left) == ([], [], [closing])


async def test_what_another_node_has_shown_a_reader_does_not_come_once_more() -> None:
    """It comes here while that is published and not handed out yet."""
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        await join(fanout)
        await settle()
        fanout.publish(await house.line())
        seen = fanout.position
        outlet, _ = await join(fanout, seen)
        await settle()
        assert outlet.sent == b""
        await one_line(house, fanout)
        assert next(event.offset for frame in frames_of(outlet.sent) for event in frame.events) == seen.offset + 1


@pytest.mark.parametrize("access", [ev.Access.LINK, ev.Access.STAFF])
async def test_whose_access_changes_is_sent_away_and_the_staff_stay(access: ev.Access) -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        reader, _ = await join(fanout)
        desk, _ = await join(fanout, feed=Feed(LIVE.channel, staff=True))
        fanout.publish(await house.store(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE)))
        await settle()
        assert not reader.is_closing()
        fanout.publish(await house.store(ev.SessionArranged(access=access, sound=ev.SoundKept.NONE)))
        await settle()
        assert reader.is_closing()
        assert not desk.is_closing()
        later, _ = await join(fanout)
        fanout.publish(await house.store(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE)))
        await settle()
        assert later.is_closing() is (access is ev.Access.LINK)
