from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gated_log import GatedLog
from meeting import ENGINE, FLOOR, LINES, LIVE, Meeting, ended, frames_of, opened, partial, read, words
from moothall.adapters.log_memory import MemoryLog
from moothall.core import events as ev
from moothall.core.errors import RecordBroken, Refusal, RefusalCode
from moothall.core.ids import ChannelId, Epoch, Position
from moothall.core.lanes import Feed
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.services.fanout import SWEEP_MS, WALK, SessionFanout
from moothall.services.feed import Subscription
from moothall.services.feed_loading import RETRY_MS
from moothall.services.publication import Publication
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from moothall.wire.outbox import MAX_FRAMES
from moothall.wire.reader import Outcome, Reader


async def settle() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def one_line(house: Meeting, fanout: SessionFanout) -> None:
    """A line is published, and everybody is served who can be."""
    fanout.publish(await house.line())
    await settle()


async def until_written(outlet: MemoryOutlet) -> None:
    """Until a walk has begun with `outlet`, and not a turn of the loop longer."""
    before = len(outlet.writes)
    for _ in range(100):
        if len(outlet.writes) > before:
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing was written")


@asynccontextmanager
async def running(fanout: SessionFanout) -> AsyncIterator[None]:
    task = asyncio.ensure_future(fanout.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def meeting(log: MemoryLog | None = None) -> Meeting:
    made = Meeting(log)
    await made.open()
    return made


async def join(
    fanout: SessionFanout, after: Position | None = None, feed: Feed = LIVE, *, stalled: bool = False
) -> tuple[MemoryOutlet, Subscription]:
    outlet = MemoryOutlet(stalled=stalled)
    subscription = await fanout.subscribe(outlet, feed, Format.SSE, after)
    assert isinstance(subscription, Subscription)
    return outlet, subscription


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


async def test_nothing_is_sent_after_unsubscribe_even_in_the_middle_of_a_walk() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        readers = [await join(fanout) for _ in range(WALK + 1)]
        fanout.publish(await house.line())
        await until_written(readers[0][0])
        outlet, subscription = readers[-1]
        assert len(outlet.writes) == 1
        fanout.unsubscribe(subscription)
        fanout.unsubscribe(subscription)
        await settle()
        assert len(outlet.writes) == 1
        assert all(len(other.writes) == 2 for other, _ in readers[:-1])
        assert fanout.figures.readers == WALK


async def test_who_joins_in_the_middle_of_a_walk_gets_everything_once() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        readers = [await join(fanout) for _ in range(WALK + 1)]
        fanout.publish(await house.line())
        await until_written(readers[0][0])
        assert len(readers[-1][0].writes) == 1
        newcomer, _ = await join(fanout, Position(house.recorder.epoch, 3))
        await one_line(house, fanout)
    assert [event.offset for frame in frames_of(newcomer.sent) for event in frame.events] == [4, 5, 6, 7, 8, 9]


async def test_a_closed_outlet_is_dropped_and_never_written_to() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        outlet.closed = True
        gone = MemoryOutlet()
        gone.closed = True
        await fanout.subscribe(gone, LIVE, Format.SSE, None)
        await one_line(house, fanout)
        assert fanout.figures.readers == 0


async def test_a_slow_reader_gets_all_of_it_later_in_one_write() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        slow, _ = await join(fanout, stalled=True)
        for n in range(5):
            fanout.publish(await house.line())
            fanout.publish(await house.store(signals=[partial(f" {n}", segment="next")]))
            await settle()
        assert (fanout.figures.slow, len(slow.writes)) == (1, 1)
        slow.drain()
        await house.clock.advance(SWEEP_MS)
        assert (fanout.figures.slow, len(slow.writes)) == (0, 2)
        await one_line(house, fanout)
        assert len(slow.writes) == 3
    reader = read(slow.sent, Reader(feed=LIVE))
    assert reader.view == (await house.truth()).view
    assert reader.partial == partial(" 4", segment="next")


async def test_a_slow_reader_is_served_with_the_next_frame_or_when_its_transport_says_so() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        slow, subscription = await join(fanout, stalled=True)
        await one_line(house, fanout)
        slow.drain()
        await one_line(house, fanout)
        assert len(slow.writes) == 2
        slow.stalled = True
        await one_line(house, fanout)
        await one_line(house, fanout)
        assert len(slow.writes) == 3
        slow.drain()
        fanout.writable(subscription)
        assert len(slow.writes) == 4
        fanout.writable(subscription)
        assert len(slow.writes) == 4
    assert read(slow.sent, Reader(feed=LIVE)).view == (await house.truth()).view


async def test_the_sweep_waits_for_who_is_still_slow_and_drops_who_has_left() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        first, _ = await join(fanout, stalled=True)
        second, _ = await join(fanout, stalled=True)
        await one_line(house, fanout)
        first.closed = True
        await house.clock.advance(SWEEP_MS)
        assert (fanout.figures.readers, fanout.figures.slow) == (1, 1)
        second.drain()
        await house.clock.advance(SWEEP_MS)
        assert (fanout.figures.slow, house.clock.sleepers) == (0, 0)


async def test_a_reader_that_never_reads_is_cut_and_can_resume() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        stalled, _ = await join(fanout, stalled=True)
        healthy, _ = await join(fanout)
        for _ in range(MAX_FRAMES):
            fanout.publish(await house.line())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not stalled.aborted
        await one_line(house, fanout)
        assert stalled.aborted
        assert (fanout.figures.cut, fanout.figures.readers, fanout.figures.slow) == (1, 1, 0)
        back, _ = await join(fanout, Position(house.recorder.epoch, 3))
    assert read(healthy.sent, Reader(feed=LIVE)).view == (await house.truth()).view
    assert read(back.sent, read(stalled.writes[0], Reader(feed=LIVE))).view == (await house.truth()).view


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


@pytest.mark.parametrize("meanwhile", [0, 3])
async def test_what_is_published_while_a_feed_is_being_loaded_is_neither_lost_nor_doubled(meanwhile: int) -> None:
    log = GatedLog()
    house = await meeting(log)
    fanout = await house.fanout()
    async with running(fanout):
        log.gate = asyncio.Event()
        outlets = [MemoryOutlet() for _ in range(3)]
        joins = [asyncio.ensure_future(fanout.subscribe(outlet, LIVE, Format.SSE, None)) for outlet in outlets]
        await settle()
        assert log.waiting == 1
        for n in range(meanwhile):
            fanout.publish(await house.store(opened(f"a{n}"), signals=[partial(f" {n}")]))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        gate, log.gate = log.gate, None
        gate.set()
        await asyncio.gather(*joins)
        await one_line(house, fanout)
    truth = await house.truth()
    assert truth.view is not None
    for outlet in outlets:
        reader = read(outlet.sent, Reader(feed=LIVE))
        assert reader.view is not None
        assert reader.view.snapshot() == truth.view.snapshot()
        assert list(reader.signals.values()) == ([partial(f" {meanwhile - 1}")] if meanwhile else [])


async def test_what_was_stored_but_never_published_is_read_from_the_log() -> None:
    log = GatedLog()
    house = await meeting(log)
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        await house.line()
        await house.line()
        log.broken = True
        await one_line(house, fanout)
        assert len(outlet.writes) == 1
        log.broken = False
        await house.clock.advance(RETRY_MS)
    assert [event.offset for frame in frames_of(outlet.sent) for event in frame.events] == list(range(4, 13))


async def test_a_hole_that_the_log_cannot_fill_ends_the_fan_out_loudly() -> None:
    house = await meeting()
    fanout = await house.fanout()
    outlet, _ = await join(fanout)
    house.recorder.offset += 1
    record = house.recorder.record(opened("s1"))
    fanout.publish(Publication(session=house.session, records=(record,), events=(opened("s1"),)))
    with pytest.raises(ExceptionGroup) as caught:
        await fanout.run()
    assert caught.group_contains(RecordBroken, match="nothing after offset 3, but 5 was published")
    assert outlet.aborted


async def test_a_reader_who_leaves_while_a_removal_is_worked_out_gets_nothing_more() -> None:
    log = GatedLog()
    house = await meeting(log)
    fanout = await house.fanout()
    async with running(fanout):
        outlet, subscription = await join(fanout)
        removal = await house.remove(2)
        gate = log.gate = asyncio.Event()
        fanout.publish(removal)
        await settle()
        fanout.unsubscribe(subscription)
        gate.set()
        await settle()
    assert len(outlet.writes) == 1
    assert not outlet.aborted


async def test_after_a_removal_everybody_starts_over_and_nothing_of_it_is_kept() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        left, gone = await join(fanout)
        fanout.publish(await house.store(opened("s1"), words("s1", 0, " secret"), ended("s1", " secret")))
        fanout.publish(await house.store(signals=[partial(" now", segment="s2")]))
        await settle()
        mark = len(outlet.sent)
        removal = await house.remove(5, 6)
        fanout.unsubscribe(gone)
        fanout.publish(removal)
        await settle()
        back, _ = await join(fanout, Position(house.recorder.epoch, 4))
    after = outlet.sent[mark:]
    assert b"secret" not in after + back.sent
    assert frames_of(after)[0].snapshot is not None
    assert frames_of(back.sent)[0].snapshot is not None
    reader = read(after, Reader(feed=LIVE))
    assert reader.view == (await house.truth()).view
    assert reader.partial == partial(" now", segment="s2")
    assert len(left.writes) == 2


async def test_a_position_from_before_a_removal_is_not_continued_after_a_restart_either() -> None:
    house = await meeting()
    await house.store(opened("s1"), words("s1", 0, " secret"))
    await house.remove(5)
    await house.store(opened("s2"))
    fanout = await house.fanout()
    before, _ = await join(fanout, Position(house.recorder.epoch, 5))
    after, _ = await join(fanout, Position(house.recorder.epoch, 6))
    assert frames_of(before.sent)[0].snapshot is not None
    assert [event.offset for event in frames_of(after.sent)[0].events] == [7]


async def test_when_the_log_is_away_at_a_removal_the_readers_are_cut() -> None:
    log = GatedLog()
    house = await meeting(log)
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        removal = await house.remove(2)
        log.broken = True
        fanout.publish(removal)
        await settle()
        assert outlet.aborted
        log.broken = False
        back, _ = await join(fanout, Position(house.recorder.epoch, 3))
    assert frames_of(back.sent)[0].snapshot is not None


async def test_whoever_is_left_when_it_ends_is_cut() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        await settle()
    assert outlet.aborted
    assert fanout.figures.readers == 0


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


async def test_a_reader_whose_outlet_fails_is_cut_alone(caplog: pytest.LogCaptureFixture) -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        bad, _ = await join(fanout)
        slow, _ = await join(fanout, stalled=True)
        good, _ = await join(fanout)

        def fail(data: bytes) -> None:
            raise KeyError("what was said")

        await one_line(house, fanout)
        bad.write = slow.write = fail  # type: ignore[method-assign]
        await one_line(house, fanout)
        assert bad.aborted
        slow.drain()
        await house.clock.advance(SWEEP_MS)
        assert slow.aborted
        before = len(good.writes)
        await one_line(house, fanout)
        assert len(good.writes) == before + 1
        assert fanout.figures.readers == 1
    assert caplog.text.count("a reader of floor.live is cut: KeyError") == 2
    assert "what was said" not in caplog.text
