"""Readers that don't keep up: in the fan-out that uses this class, and by themselves."""

from __future__ import annotations

import pytest

from moothall.core.kernel.ids import Position
from moothall.core.kernel.lanes import Feed
from moothall.services.metrics.measures import Measures
from moothall.services.reading.feed import Subscription
from moothall.services.reading.slow_readers import SWEEP_MS, SlowReaders
from moothall.testing.clock import LoopClock
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from moothall.wire.outbox import MAX_FRAMES
from moothall.wire.reader import Reader
from support.memory.fanout import join, meeting, one_line, running, settle, walked
from support.memory.hall import FLOOR, SESSION
from support.sessions.meeting import LIVE, partial, read


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


async def test_a_slow_reader_is_served_with_the_next_frame() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        slow, _ = await join(fanout, stalled=True)
        await one_line(house, fanout)
        slow.drain()
        await one_line(house, fanout)
        assert len(slow.writes) == 2
        slow.stalled = True
        await one_line(house, fanout)
        await one_line(house, fanout)
        assert len(slow.writes) == 3
        slow.drain()
        await house.clock.advance(SWEEP_MS)
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
        assert (fanout.figures.slow, house.clock.sleepers) == (0, 1), "but for the timer of pulses"


async def test_a_reader_that_never_reads_is_cut_and_can_resume() -> None:
    house = await meeting()
    measures = Measures(house.clock)
    fanout = await house.fanout(measures)
    async with running(fanout):
        stalled, _ = await join(fanout, stalled=True)
        healthy, _ = await join(fanout)
        for _ in range(MAX_FRAMES):
            fanout.publish(await house.line())
            await walked()
        assert not stalled.aborted
        await one_line(house, fanout)
        assert stalled.aborted
        assert (measures.cut["slow"], fanout.figures.readers, fanout.figures.slow) == (1, 1, 0)
        back, _ = await join(fanout, Position(house.recorder.epoch, 3))
    assert read(healthy.sent, Reader(feed=LIVE)).view == (await house.truth()).view
    assert read(back.sent, read(stalled.writes[0], Reader(feed=LIVE))).view == (await house.truth()).view


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
        bad.write = slow.write = fail  # type: ignore[method-assign]  # doors that break from now on
        await one_line(house, fanout)
        assert bad.aborted
        slow.drain()
        await house.clock.advance(SWEEP_MS)
        assert slow.aborted
        before = len(good.writes)
        await one_line(house, fanout)
        assert len(good.writes) == before + 1
        assert fanout.figures.readers == 1
    assert caplog.text.count("a reader of feed floor.live is disconnected: KeyError") == 2
    assert "what was said" not in caplog.text


async def test_one_whose_outlet_fails_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    gone: list[Subscription] = []
    measures = Measures(LoopClock())
    slow = SlowReaders(SESSION, LoopClock(), gone.append, measures)
    outlet = MemoryOutlet()
    reader = Subscription(outlet, Feed(FLOOR), Format.SSE)
    try:
        raise KeyError("what was said")
    except KeyError as error:
        slow.drop(reader, error)
    slow.forget(reader)
    assert outlet.aborted
    assert (gone, len(slow), measures.cut) == ([reader], 0, {"failed": 1})
    assert "a reader of" in caplog.text
    assert "what was said" not in caplog.text


async def test_what_a_slow_reader_costs_is_measured() -> None:
    house = await meeting()
    measures = Measures(house.clock)
    fanout = await house.fanout(measures)
    async with running(fanout):
        slow, _ = await join(fanout, stalled=True)
        await join(fanout, Position(house.recorder.epoch, 3))
        await join(fanout, Position(house.recorder.epoch, 10_000))
        assert measures.joined == {"new": 1, "resumed": 1, "snapshot": 1}
        for n in range(3):
            fanout.publish(await house.store(signals=[partial(f" {n}", segment="next")]))
            await settle()
        assert (fanout.figures.slow, measures.conflated) == (1, 2)
        assert fanout.figures.outbox_bytes > 0
        assert measures.written.count == 0
        for _ in range(MAX_FRAMES + 1):
            await one_line(house, fanout)
        assert (slow.aborted, measures.cut) == (True, {"slow": 1})
        assert measures.written.count == MAX_FRAMES + 1
        fanout.end()
        assert measures.cut == {"slow": 1, "session": 2}
