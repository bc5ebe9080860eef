from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.cluster.one_copy import ASK_MS, CONFIRMED_MS, RETURN_MS
from moothall.services.cluster.confirming import OPEN, Confirming
from moothall.testing.clock import ManualClock
from moothall.wire.cluster.node_link import Without


class Confirmed:
    """A keeper that is suspended, and the questions that it asks."""

    def __init__(self, *nodes: str) -> None:
        self.clock = ManualClock()
        self.asked: list[int] = []
        self.suspended = True
        self.nodes = frozenset(nodes)
        self.confirming = Confirming(self.clock, lambda: self.nodes, self.asked.append, lambda: self.suspended)

    def says(self, node: str, number: int, *, redis: bool = True) -> None:
        self.confirming.answered(node, Without(number=number, redis=redis))

    @property
    def allows(self) -> bool:
        return self.confirming.allow(self.clock.monotonic())


@asynccontextmanager
async def running(house: Confirmed) -> AsyncIterator[None]:
    task = asyncio.ensure_future(house.confirming.run())
    await house.clock.advance(1)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_all_are_asked_twice_a_second_and_all_have_to_say_yes() -> None:
    house = Confirmed("n2", "n3")
    async with running(house):
        assert house.asked == [1]
        house.says("n2", 1)
        assert not house.allows
        house.says("n3", 1)
        assert house.allows
        await house.clock.advance(CONFIRMED_MS - 2)
        assert house.allows
        await house.clock.advance(1)
        assert not house.allows
        assert house.confirming.returns(house.clock.monotonic())
        assert house.asked == list(range(1, 2 + CONFIRMED_MS // ASK_MS))
        house.says("n2", 4)
        house.says("n3", 3)
        assert house.allows
        house.says("n2", 5, redis=False)
        assert not house.allows
    assert not house.confirming.returns(house.clock.monotonic() + RETURN_MS)


async def test_what_nobody_has_asked_and_what_was_asked_too_long_ago_confirms_nothing() -> None:
    house = Confirmed("n2")
    async with running(house):
        house.says("n9", 1)
        house.says("n2", 7)
        assert not house.allows
        await house.clock.advance(OPEN * ASK_MS)
        house.says("n2", 1)
        assert not house.allows
        house.says("n2", 2)
        assert house.allows


async def test_nobody_is_asked_by_a_keeper_that_has_redis_or_is_not_allowed_one_copy() -> None:
    house = Confirmed("n2")
    house.suspended = False
    async with running(house):
        await house.clock.advance(5 * ASK_MS)
        assert house.asked == []
    house = Confirmed()
    async with running(house):
        await house.clock.advance(5 * ASK_MS)
        assert house.asked == []
        assert not house.allows
