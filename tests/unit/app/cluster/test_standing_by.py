from __future__ import annotations

import asyncio

import pytest

from moothall.app.cluster.standing_by import watch_keeper
from moothall.services.cluster.following import FOLLOW_MS
from moothall.testing.clock import ManualClock


async def test_each_change_of_the_keeper_is_told_once() -> None:
    clock, keeper, moves = ManualClock(), ["http://first"], list[str]()
    watching = asyncio.ensure_future(watch_keeper(lambda: keeper[-1], clock, lambda: moves.append(keeper[-1])))
    await clock.advance(3 * FOLLOW_MS)
    assert moves == []
    for now in ("", "http://second"):
        keeper.append(now)
        await clock.advance(2 * FOLLOW_MS)
    assert moves == ["", "http://second"]
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
