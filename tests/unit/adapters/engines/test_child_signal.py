from __future__ import annotations

import asyncio
import logging
import signal

import pytest

from moothall.adapters.engines.child_signal import signal_child


async def start(*command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_running_child_gets_the_signal(number: signal.Signals) -> None:
    process = await start("cat")
    signal_child(process, number)
    assert await process.wait() == -number


async def test_a_child_that_has_ended_is_left_alone() -> None:
    process = await start("/bin/sh", "-c", "exit 3")
    assert await process.wait() == 3
    signal_child(process, signal.SIGKILL)
    assert process.returncode == 3


async def test_the_status_of_one_that_is_just_ending_is_still_asyncios(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            process = await asyncio.create_subprocess_exec("/bin/sh", "-c", "exit 3", stdout=asyncio.subprocess.PIPE)
            assert process.stdout is not None
            await process.stdout.read()
            signal_child(process, signal.SIGKILL)
            assert await process.wait() in {3, -signal.SIGKILL}
    assert caplog.messages == []
