"""Readers who join or leave in the middle, are slow, or fail: nobody else notices."""

from __future__ import annotations

import pytest

from fanning import join, meeting, one_line, running, settle, until_written, walked
from meeting import LIVE, frames_of, partial, read
from moothall.core.ids import Position
from moothall.services.fanout import WALK
from moothall.services.slow_readers import SWEEP_MS
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from moothall.wire.outbox import MAX_FRAMES
from moothall.wire.reader import Reader


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
            await walked()
        assert not stalled.aborted
        await one_line(house, fanout)
        assert stalled.aborted
        assert (fanout.figures.cut, fanout.figures.readers, fanout.figures.slow) == (1, 1, 0)
        back, _ = await join(fanout, Position(house.recorder.epoch, 3))
    assert read(healthy.sent, Reader(feed=LIVE)).view == (await house.truth()).view
    assert read(back.sent, read(stalled.writes[0], Reader(feed=LIVE))).view == (await house.truth()).view


async def test_whoever_is_left_when_it_ends_is_cut() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        await settle()
    fanout.end()
    assert outlet.aborted
    assert fanout.figures.readers == 0


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
