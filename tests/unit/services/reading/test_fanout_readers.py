"""Readers that join or leave midway: nobody else notices. Slow readers: test_slow_readers.py."""

from __future__ import annotations

from moothall.core.kernel.ids import Position
from moothall.services.reading.fanout import WALK
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from support.memory.fanout import join, meeting, one_line, running, settle, until_written
from support.sessions.meeting import LIVE, frames_of


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


async def test_whoever_is_left_when_it_ends_is_cut() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        await settle()
    fanout.end()
    assert outlet.aborted
    assert fanout.figures.readers == 0
