"""Readers that don't keep up; how the fan-out uses this: test_fanout_readers.py."""

from __future__ import annotations

import pytest

from hall_in_memory import FLOOR, SESSION
from moothall.core.lanes import Feed
from moothall.services.feed import Subscription
from moothall.services.slow_readers import SlowReaders
from moothall.testing.clock import LoopClock
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format


async def test_one_whose_outlet_fails_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    gone: list[Subscription] = []
    slow = SlowReaders(SESSION, LoopClock(), gone.append)
    outlet = MemoryOutlet()
    reader = Subscription(outlet, Feed(FLOOR), Format.SSE)
    try:
        raise KeyError("what was said")
    except KeyError as error:
        slow.drop(reader, error)
    slow.forget(reader)
    assert outlet.aborted
    assert (gone, len(slow), slow.cut) == ([reader], 0, 0)
    assert "a reader of" in caplog.text
    assert "what was said" not in caplog.text
