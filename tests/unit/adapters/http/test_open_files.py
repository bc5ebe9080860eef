from __future__ import annotations

import asyncio
import logging
import resource
from contextlib import AsyncExitStack

import pytest

from moothall.adapters.http.open_files import (
    BESIDE,
    KEPT_BACK,
    AcceptFailures,
    ConnectionCapacity,
    room_for,
    watch_open_files,
)


def test_readers_leave_connections_for_pages() -> None:
    assert room_for(10_000, 1 << 20) == ConnectionCapacity(10_000 + BESIDE, 10_000)
    assert room_for(100_000, 1 << 20) == ConnectionCapacity(110_000, 100_000)
    assert room_for(10_000, 1_024) == ConnectionCapacity(1_024 - KEPT_BACK, 660)
    assert room_for(10_000, 256) == ConnectionCapacity(128, 103)


async def test_the_limit_is_raised_and_too_low_a_one_is_told(caplog: pytest.LogCaptureFixture) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[1]), before[1]))
    try:
        async with AsyncExitStack() as stack:
            assert watch_open_files(stack, 10, "max_readers").readers == 10
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before[1]
            assert not caplog.records
            many = before[1] * 2
            assert watch_open_files(stack, many, "max_readers").readers < many
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert f"not for max_readers = {many}" in caplog.text


async def test_connections_that_cannot_be_taken_are_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    told = AcceptFailures()
    failure = {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many open files")}
    caplog.set_level(logging.ERROR)
    for _ in range(500):
        told(loop, failure)
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None
    told(loop, {"message": "something else"})
    assert caplog.messages[-1] == "something else"
