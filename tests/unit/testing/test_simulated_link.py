from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import SessionId
from moothall.testing.loop import run
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as hub
from support.links.weak_link import GOOD, WEAK, Quality
from support.simulation.link import BROKEN, FRAME_HEADER, SENT_AHEAD, Closed, SimulatedLink

CAUGHT = hub.Caught(session=SessionId("s"))
LEAVE = hub.Leave(session=SessionId("s"))
HOUR_S = 3_600


def _on(test: Callable[[SimulatedLink], Awaitable[None]], quality: Quality = GOOD) -> float:
    """Run a test of a line; seconds that it took on a loop that jumps."""

    async def main() -> float:
        await test(SimulatedLink(quality, quality))
        return asyncio.get_running_loop().time()

    return run(main())


def test_messages_arrive_both_ways_when_they_are_due_and_are_counted() -> None:
    async def both_ways(link: SimulatedLink) -> None:
        await link.above.send(CAUGHT)
        assert await link.below.receive() == hub.encode(CAUGHT)
        await link.below.send(hub.encode(LEAVE))
        assert await link.above.receive() == LEAVE
        assert link.above.bytes_sent == link.below.bytes_received == len(hub.encode(CAUGHT)) + FRAME_HEADER
        assert link.below.bytes_sent == link.above.bytes_received == len(hub.encode(LEAVE)) + FRAME_HEADER
        assert link.bytes == link.below.bytes_sent + link.below.bytes_received

    assert 0.6 < _on(both_ways, WEAK) < 0.65
    assert _on(both_ways) == 0


@given(st.lists(st.binary(max_size=4_000), min_size=1, max_size=30))
def test_frames_arrive_in_order_each_once(frames: list[bytes]) -> None:
    async def in_order(link: SimulatedLink) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_all(link, frames))
            assert [await link.below.receive() for _ in frames] == frames

    async def _all(link: SimulatedLink, frames: list[bytes]) -> None:
        for frame in frames:
            await link._down.put(frame)

    took = _on(in_order, WEAK)
    assert took == pytest.approx(0.3 + sum(len(frame) + FRAME_HEADER for frame in frames) * 8 / 64_000)


def test_whoever_sends_more_than_the_link_takes_waits() -> None:
    async def waits(link: SimulatedLink) -> None:
        await link.below.send(bytes(SENT_AHEAD))
        await link.below.send(bytes(100))
        assert asyncio.get_running_loop().time() == pytest.approx(0.3 + (SENT_AHEAD + FRAME_HEADER) / 8_000)

    with pytest.raises(TimeoutError):
        _on(_within(waits), WEAK)  # Nobody receives.

    async def received(link: SimulatedLink) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(link.above._up.get())
            await waits(link)

    _on(received, WEAK)


def test_both_ends_hear_of_a_cut_and_what_was_on_its_way_is_lost() -> None:
    async def cut(link: SimulatedLink) -> None:
        await link.above.send(CAUGHT)
        await link.below.send(hub.encode(LEAVE))
        link.cut()
        assert await link.below.receive() == BROKEN
        assert await link.above.receive() is None
        await link.below.send(b"silent")
        await link.above.send(CAUGHT)
        assert await link.below.receive() == BROKEN

    _on(cut, WEAK)


def test_nobody_hears_of_a_link_that_died_until_they_give_up() -> None:
    async def dead(link: SimulatedLink) -> None:
        await link.above.send(CAUGHT)
        link.die()
        await link.below.send(hub.encode(LEAVE))
        for end in (link.below.receive(), link.above.receive()):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(end, HOUR_S)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_without_end(link), HOUR_S)
        link.below.close()
        assert await link.below.receive() == Closed(CloseCode.NORMAL)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.above.receive(), HOUR_S)
        link.above.abort()
        assert await link.above.receive() is None

    _on(dead, WEAK)


async def _without_end(link: SimulatedLink) -> None:
    while True:
        await link.below.send(bytes(1_000))


def test_what_was_sent_arrives_before_the_close() -> None:
    async def closed(link: SimulatedLink) -> None:
        await link.above.send(CAUGHT)
        await link.above.close(CloseCode.FENCED, "Another machine.")
        assert await link.above.receive() is None
        assert await link.below.receive() == hub.encode(CAUGHT)
        assert await link.below.receive() == Closed(CloseCode.FENCED, "Another machine.")

    _on(closed, WEAK)


def test_a_process_that_is_gone_is_missed_by_the_other() -> None:
    async def gone(link: SimulatedLink) -> None:
        link.below.abort()
        assert await link.above.receive() is None
        assert await link.below.receive() == BROKEN

    _on(gone, WEAK)


def test_what_is_no_message_is_an_error() -> None:
    async def junk(link: SimulatedLink) -> None:
        await link.below.send(b"\xc1")
        with pytest.raises(ProtocolError):
            await link.above.receive()

    _on(junk)


def _within(test: Callable[[SimulatedLink], Awaitable[None]]) -> Callable[[SimulatedLink], Awaitable[None]]:
    async def limited(link: SimulatedLink) -> None:
        async with asyncio.timeout(HOUR_S):
            await test(link)

    return limited
