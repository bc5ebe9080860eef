from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end


def children() -> set[str]:
    """The child processes of this one, also those that have ended and that nobody has waited for."""
    pid = os.getpid()
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return set(file.read().split())


async def test_a_child_is_started() -> None:
    process = await start_child("/bin/sh", "-c", "exit 3")
    assert await process.wait() == 3


@pytest.mark.parametrize("turns", range(1, 4))
async def test_one_whose_start_is_cancelled_twice_is_gone(turns: int) -> None:
    before = children()
    task = asyncio.ensure_future(start_child("sleep", "600", stdin=asyncio.subprocess.PIPE))
    for _ in range(2):
        await asyncio.sleep(0)
    assert children() != before
    for _ in range(2):
        task.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
    await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():  # It was started before the cancellation came.
        process = task.result()
        process.kill()
        await process.wait()
    assert children() == before


async def test_none_is_left_where_none_could_be_started() -> None:
    before = children()
    with pytest.raises(FileNotFoundError):
        await start_child("/nowhere")
    task = asyncio.ensure_future(start_child("/nowhere"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before


async def test_work_goes_to_its_end_however_often_it_is_cancelled() -> None:
    begun, gate, ended = asyncio.Event(), asyncio.Event(), []

    async def work() -> int:
        begun.set()
        await gate.wait()
        ended.append(True)
        return 7

    task = asyncio.ensure_future(to_the_end(work()))
    await begun.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
    assert await to_the_end(work()) == 7


async def test_what_goes_wrong_in_it_is_told() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await to_the_end(work())


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
