"""A fan-out whose log has gaps, into which an event is inserted later: it is renewed, and continues."""

from __future__ import annotations

import asyncio

import msgspec

from moothall.core.kernel.ids import Epoch, Position
from moothall.services.log.publication import Publication
from moothall.services.reading.fanout import SessionFanout
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.reader import Reader
from support.memory.fanout import join, meeting, one_line, running, settle, until_written, walked
from support.memory.gated_log import GatedLog
from support.sessions.meeting import LIVE, Meeting, frames_of, read

NEXT = Epoch("k3j9x2r1")


async def renewed(house: Meeting, fanout: SessionFanout) -> None:
    fanout.renew(epoch=NEXT, offset=house.recorder.offset, channels=fanout.channels)
    await settle()


async def same_as_the_log(house: Meeting, outlet: MemoryOutlet) -> None:
    reader, truth = read(outlet.sent, Reader(feed=LIVE)), await house.truth()
    assert reader.view is not None
    assert truth.view is not None
    assert msgspec.structs.replace(reader.view.snapshot(), epoch=truth.view.epoch) == truth.view.snapshot()


async def test_everybody_gets_a_snapshot_and_goes_on_in_the_new_epoch() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        await one_line(house, fanout)
        before = fanout.position
        await house.line()
        await renewed(house, fanout)
        assert frames_of(outlet.writes[-1])[0].snapshot is not None
        assert (fanout.epoch, fanout.position) == (NEXT, Position(NEXT, house.recorder.offset))
        await one_line(house, fanout)
        assert outlet.writes[-1].startswith(f"id: {fanout.position}\n".encode())
        late, _ = await join(fanout, before)
        assert frames_of(late.writes[0])[0].snapshot is not None
        again, _ = await join(fanout, fanout.position)
        assert again.writes == []
    await same_as_the_log(house, outlet)


async def test_it_may_be_renewed_while_it_walks_and_while_it_is_being_renewed() -> None:
    log = GatedLog()
    house = await meeting(log)
    fanout = await house.fanout()
    async with running(fanout):
        outlets = [(await join(fanout))[0] for _ in range(250)]
        fanout.publish(await house.line())
        await until_written(outlets[0])
        assert not outlets[-1].writes[1:], "the walk has begun"
        gate = log.gate = asyncio.Event()
        fanout.renew(epoch=NEXT, offset=house.recorder.offset, channels=fanout.channels)
        fanout.publish(await house.line())
        await settle()
        assert log.waiting
        fanout.renew(epoch=Epoch("k3j9x2r2"), offset=house.recorder.offset, channels=fanout.channels)
        log.gate = None
        gate.set()
        await settle()
        fanout.publish(await house.line())
        await settle()
    for outlet in outlets[::50]:
        await same_as_the_log(house, outlet)


async def test_a_gap_is_nothing_that_was_never_published() -> None:
    house = await meeting()
    whole = await house.fanout()
    fanout = SessionFanout(
        session=house.session,
        epoch=whole.epoch,
        offset=house.recorder.offset,
        loaded_channels=whole.channels,
        log=house.log,
        clock=house.clock,
        gapless=False,
    )
    async with running(fanout):
        outlet, _ = await join(fanout)
        line = await house.line()
        last = Publication(session=house.session, records=line.records[2:], events=line.events[2:])
        fanout.publish(last)
        await walked()
        assert [event.offset for event in frames_of(outlet.writes[-1])[0].events] == [line.records[2].header.offset]
