"""What must be erased in addition to the copies, before the server above gets the confirmation."""

from __future__ import annotations

import asyncio

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.testing.clock import ManualClock
from moothall.wire.hubs.messages import Erased
from moothall_hub.mirror.erasing import ALL, RETRY_MS, HubErasure
from support.sessions.recorder import EPOCH, SESSION


class Others:
    """The room, and the hubs below."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.refuses = 0
        self.holds: set[int] = set()

    async def erase_removed(self, session: SessionId) -> None:
        if self.refuses:
            self.refuses -= 1
            raise StorageUnavailable("The disk is full.")
        self.done.append("room")

    async def forget(self, session: SessionId) -> None:
        self.done.append("room forgets")

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        self.done.append(offset)

    async def gone(self, session: SessionId) -> None:
        self.done.append("gone below")

    def outstanding(self, session: SessionId, offset: int) -> bool:
        return offset in self.holds


async def test_it_is_said_once_the_room_has_erased_it_and_all_below() -> None:
    others, clock = Others(), ManualClock()
    erasing = HubErasure(others.done.append, clock)
    erasing.has(room=others, below=others)
    others.refuses, others.holds = 1, {9}
    erasing.begun(SESSION, EPOCH, [8, 9])
    running = asyncio.ensure_future(erasing.erased(SESSION, [8, 9]))
    await clock.advance(RETRY_MS)
    await running
    eight, nine = (Erased(session=SESSION, offset=offset) for offset in (8, 9))
    assert others.done == [8, 9, "room", eight]
    erasing.clear(SESSION, 9)
    others.holds = set()
    erasing.clear(SESSION, 9)
    assert others.done[4:] == [nine]


async def test_a_session_that_is_no_more_goes_from_the_room_and_below() -> None:
    others = Others()
    erasing = HubErasure(others.done.append, ManualClock())
    erasing.has(room=others, below=others)
    await erasing.gone(SESSION)
    assert others.done == ["room forgets", "gone below", Erased(session=SESSION, offset=ALL)]


async def test_a_hub_without_room_and_hubs_below_says_so_at_once() -> None:
    said: list[Erased] = []
    erasing = HubErasure(said.append, ManualClock())
    erasing.begun(SESSION, EPOCH, [8])
    await erasing.erased(SESSION, [8])
    await erasing.gone(SESSION)
    assert [each.offset for each in said] == [8, ALL]
