from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.testing.clock import ManualClock
from moothall.wire.hubs.acts import HeadCountAct
from moothall.wire.hubs.messages import MOST_ACTS, Act, ActDone, ActNotDone
from moothall_hub.outbox.acts_up import RETRY_MS, ActsUp
from support.memory.fanout import settle


class Waiting:
    """An outbox without a disk, which may be away."""

    def __init__(self, many: int) -> None:
        self.acts = [
            Act(id=CommandId(f"heads:{n}"), session=SessionId("s"), at=n, act=HeadCountAct(people=n))
            for n in range(many)
        ]
        self.away = False
        self.on_way: set[CommandId] = set()
        self.told: Callable[[], None] = lambda: None

    def observe(self, told: Callable[[], None]) -> None:
        self.told = told

    async def count(self) -> int:
        return len(self._there())

    async def unsent(self, limit: int) -> Sequence[Act]:
        return [act for act in self._there() if act.id not in self.on_way][:limit]

    def sent(self, act_id: CommandId) -> None:
        self.on_way.add(act_id)

    def link_ended(self) -> None:
        self.on_way.clear()

    async def answered(self, act_id: CommandId, answer: ActDone | ActNotDone) -> None:
        self.acts = [act for act in self._there() if act.id != act_id]

    def _there(self) -> list[Act]:
        if self.away:
            raise StorageUnavailable("The disk is away.")
        return self.acts


class Room:
    def __init__(self) -> None:
        self.clock, self.outbox = ManualClock(), Waiting(MOST_ACTS + 1)
        self.offered: list[int] = []
        self.up = True
        self.acts = ActsUp(
            self.outbox,
            self.clock,
            offer=lambda acts: self.offered.extend(act.at for act in acts),
            up=lambda: self.up,
        )


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    await made.acts.load()
    task = asyncio.ensure_future(made.acts.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_as_many_go_up_as_may_be_on_their_way_and_more_with_each_answer(room: Room) -> None:
    await settle()
    assert (room.offered, room.acts.waiting) == (list(range(MOST_ACTS)), MOST_ACTS + 1)
    await room.acts.answered(ActDone(id=CommandId("heads:0")))
    room.acts.room()
    await settle()
    assert room.offered[MOST_ACTS:] == [MOST_ACTS]
    room.up = False
    room.acts.uplink_changed()
    room.outbox.told()
    await settle()
    assert len(room.offered) == MOST_ACTS + 1
    room.up = True
    room.acts.room()
    await settle()
    assert room.offered[MOST_ACTS + 1 :] == list(range(1, MOST_ACTS + 1))


async def test_a_disk_that_is_away_for_a_moment_leaves_no_act_and_no_answer_behind(room: Room) -> None:
    await settle()
    room.acts.uplink_changed()
    room.offered.clear()
    room.outbox.away = True
    room.acts.room()
    await settle()
    assert room.offered == []
    room.outbox.away = False
    await room.clock.advance(RETRY_MS)
    await settle()
    assert room.offered == list(range(MOST_ACTS)), "nobody has said that there are any"
    room.outbox.away = True
    answering = asyncio.ensure_future(room.acts.answered(ActDone(id=CommandId("heads:0"))))
    await settle()
    assert not answering.done()
    room.outbox.away = False
    await room.clock.advance(RETRY_MS)
    await answering
    assert await room.outbox.count() == MOST_ACTS
