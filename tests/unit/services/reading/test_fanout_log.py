"""A fan-out whose log is slow, unavailable or lacks an event, and the effect of a removal on its readers."""

from __future__ import annotations

import asyncio

import pytest

from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Position
from moothall.services.log.publication import Publication
from moothall.services.reading.feed_loading import RETRY_MS
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from moothall.wire.reader import Reader
from support.memory.fanout import join, meeting, one_line, running, settle, walked
from support.memory.gated_log import GatedLog
from support.sessions.meeting import LIVE, ended, frames_of, opened, partial, read, words


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
            await walked()
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
    assert not outlet.aborted
    fanout.end()
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
