"""What readers get while nothing happens."""

from __future__ import annotations

from moothall.services.reading.feed import Subscription
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import PULSE_MS, Format, Freshness, ReaderPulse
from support.memory.fanout import join, meeting, one_line, running, settle
from support.sessions.meeting import LINES, LIVE, frames_of, opened


def pulses(outlet: MemoryOutlet) -> list[ReaderPulse]:
    return [frame.pulse for frame in frames_of(outlet.sent) if frame.pulse is not None]


async def test_a_quiet_feed_has_a_pulse_that_says_where_it_stands() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        first, _ = await join(fanout)
        second, _ = await join(fanout)
        await settle()
        for _ in range(3):
            await house.clock.advance(PULSE_MS)
            await settle()
    assert pulses(first) == [ReaderPulse(head=3, age=0, every=PULSE_MS)] * 3
    assert first.writes[1] is second.writes[1], "the same bytes for everybody"


async def test_a_frame_of_the_last_interval_is_pulse_enough() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlet, _ = await join(fanout)
        finished, _ = await join(fanout, feed=LINES)
        await settle()
        await house.clock.advance(PULSE_MS - 1)
        fanout.publish(await house.store(opened("s1")))
        await settle()
        fanout.publish(await house.store(*[opened("s2")]))
        await settle()
        await house.clock.advance(1)
        await settle()
        assert (pulses(outlet), pulses(finished)) == ([], [])
        await house.clock.advance(PULSE_MS)
        await settle()
    assert [pulse.head for pulse in pulses(outlet)] == [5]
    assert [pulse.head for pulse in pulses(finished)] == [5]


async def test_whoever_has_no_room_goes_without() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        stalled, subscription = await join(fanout, stalled=True)
        await settle()
        await house.clock.advance(2 * PULSE_MS)
        await settle()
        assert len(stalled.writes) == 1
        assert subscription.outbox is None
        assert fanout.figures.slow == 0
        stalled.drain()
        await house.clock.advance(PULSE_MS)
        await settle()
    assert [pulse.head for pulse in pulses(stalled)] == [3]


async def test_a_pulse_never_names_what_is_still_being_handed_out() -> None:
    house = await meeting()
    fanout = await house.fanout()
    async with running(fanout):
        outlets = [(await join(fanout))[0] for _ in range(250)]
        await settle()
        await house.clock.advance(PULSE_MS - 1)
        await one_line(house, fanout)
        await house.clock.advance(PULSE_MS)
        await settle()
    for outlet in outlets:
        seen = 3
        for frame in frames_of(outlet.sent):
            assert frame.pulse is None or frame.pulse.head <= seen
            seen = frame.events[-1].offset if frame.events else seen


async def test_a_hub_passes_on_how_long_ago_the_centre_was_heard() -> None:
    house = await meeting()
    fanout = await house.fanout()
    fanout.source = lambda: Freshness(age=31_000, lost=True)
    outlet = MemoryOutlet()
    await fanout.subscribe(outlet, LIVE, Format.SSE, None, pulse=True)
    assert pulses(outlet) == [ReaderPulse(head=3, age=31_000, every=PULSE_MS, lost=True)]


async def test_two_connections_of_one_name_are_one_reader() -> None:
    house = await meeting()
    fanout = await house.fanout()
    made = [
        await fanout.subscribe(MemoryOutlet(), LIVE, form, None, reader=reader)
        for form, reader in ((Format.SSE, "a"), (Format.WEBSOCKET, "a"), (Format.SSE, "b"), (Format.SSE, ""))
    ]
    assert fanout.figures.readers == 3
    assert set(fanout.readers.values()) == {3}
    old = made[0]
    assert isinstance(old, Subscription)
    fanout.unsubscribe(old)
    assert fanout.figures.readers == 3


async def test_whoever_reads_along_by_any_number_of_connections_takes_no_reader_away() -> None:
    house = await meeting()
    fanout = await house.fanout()
    for reader, aside in (("", False), ("m", True), ("m", True), ("m", True), ("", True)):
        await fanout.subscribe(MemoryOutlet(), LIVE, Format.SSE, None, reader=reader, aside=aside)
    assert set(fanout.readers.values()) == {1}
    assert fanout.figures.readers == 3, "as long as somebody follows it stays loaded"
