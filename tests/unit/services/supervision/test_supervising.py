from __future__ import annotations

import asyncio

import pytest

from moothall.services.supervision.supervising import AGAIN_MS, note_failure, supervise
from moothall.testing import loop
from moothall.testing.clock import LoopClock


class Looker:
    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0
        self.looking = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise KeyError("what somebody said")
        self.looking.set()
        await asyncio.get_running_loop().create_future()


def test_what_fails_is_begun_again_and_the_log_says_where_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        clock, looker = LoopClock(), Looker(failures=2)
        task = asyncio.ensure_future(supervise(looker.run, clock))
        await looker.looking.wait()
        assert (looker.runs, clock.monotonic()) == (3, 2 * AGAIN_MS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    loop.run(story())
    assert [record.getMessage().partition(" in run:")[0] for record in caplog.records] == [
        "Looker.run failed and restarts: KeyError"
    ] * 2
    assert "somebody said" not in caplog.text


def test_what_comes_back_by_itself_is_over() -> None:
    async def story() -> None:
        async def once() -> None:
            pass

        await supervise(once, LoopClock())

    loop.run(story())


def test_of_a_group_the_first_failure_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    async def both(first: Looker, second: Looker) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(first.run())
            group.create_task(second.run())

    async def story() -> None:
        try:
            await both(Looker(failures=1), Looker(failures=1))
        except ExceptionGroup as error:
            note_failure(error, "it")

    loop.run(story())
    assert "it: KeyError in run:" in caplog.text
    assert "somebody said" not in caplog.text


def test_what_fails_as_it_is_cancelled_is_not_begun_again() -> None:
    async def story() -> None:
        clock, runs = LoopClock(), 0

        async def fail() -> None:
            await clock.sleep(1_000)
            raise KeyError

        async def run() -> None:
            nonlocal runs
            runs += 1
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())

        task = asyncio.ensure_future(supervise(run, clock))
        await clock.sleep(1_000)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert runs == 1

    loop.run(story())
