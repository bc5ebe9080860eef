from __future__ import annotations

import asyncio

import pytest

from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.services.supervision.waiting import Listeners, UnderWay, every, pulsing, until_set, within
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run
from moothall.wire.frames import PULSE_MS


def test_what_comes_in_time_is_given_and_what_fails_fails() -> None:
    async def story() -> None:
        clock = LoopClock()
        assert await within(asyncio.sleep(0.5, "there"), clock, 1_000) == "there"
        assert await within(asyncio.sleep(5, "late"), clock, 1_000) is None
        assert clock.monotonic() == 1_500

        async def fails() -> None:
            raise LookupError

        with pytest.raises(LookupError):
            await within(fails(), clock, 1_000)

    loop.run(story())


def test_an_event_is_waited_for_as_long_as_is_said() -> None:
    async def story() -> None:
        clock, told = LoopClock(), asyncio.Event()
        await until_set(told, clock, 700)
        assert clock.monotonic() == 700
        asyncio.get_running_loop().call_later(2, told.set)
        await until_set(told, clock, None)
        assert clock.monotonic() == 2_700
        await until_set(told, clock, 5_000)
        assert clock.monotonic() == 2_700

    loop.run(story())


def test_who_waits_can_be_cancelled() -> None:
    async def story() -> None:
        clock, told = LoopClock(), asyncio.Event()
        waiting = asyncio.ensure_future(until_set(told, clock, 10_000))
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    loop.run(story())


def test_it_is_said_at_once_and_then_each_interval_until_the_end() -> None:
    async def story() -> None:
        clock = LoopClock()
        said: list[int] = []

        async def say() -> None:
            said.append(clock.monotonic())

        async with pulsing(say, clock, wanted=True):
            await clock.sleep(2 * PULSE_MS + 1)
        await clock.sleep(PULSE_MS)
        assert said == [0, PULSE_MS, 2 * PULSE_MS]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(story())


def test_who_doesnt_want_it_has_none() -> None:
    async def story() -> None:
        async def say() -> None:
            raise AssertionError("nobody asked for it")

        async with pulsing(say, LoopClock(), wanted=False):
            await asyncio.sleep(60)

    run(story())


def test_all_listeners_are_told_in_their_order() -> None:
    told = list[str]()
    when_named = Listeners[[str]]()
    when_named.tell("nobody hears this")
    when_named(told.append)
    when_named(lambda name: told.append(name.upper()))
    when_named.tell("north")
    assert told == ["north", "NORTH"]


def test_of_each_key_one_piece_of_work_is_under_way_and_after_a_failure_it_can_be_begun_again() -> None:
    async def story() -> None:
        under_way, done = UnderWay(), []

        async def work(name: str, seconds: int) -> None:
            await asyncio.sleep(seconds)
            done.append(name)

        async def fails() -> None:
            raise LookupError

        async def broken() -> None:
            async with asyncio.TaskGroup() as group:
                under_way.begin(group, "a", fails)
                under_way.begin(group, "b", lambda: work("cancelled", 9))

        with pytest.raises(ExceptionGroup):
            await broken()
        async with asyncio.TaskGroup() as group:
            under_way.begin(group, "a", lambda: work("slow", 5))
            under_way.begin(group, "a", lambda: work("never", 0))
            under_way.begin(group, "b", lambda: work("beside it", 1))
            await asyncio.sleep(6)
            under_way.begin(group, "a", lambda: work("again", 0))
        assert done == ["beside it", "slow", "again"]

    run(story())


def test_an_act_comes_again_after_a_store_that_was_away_and_no_other_failure_is_hidden() -> None:
    began: list[int] = []
    away: list[StorageUnavailable] = []
    failures = [None, StorageUnavailable("away"), None, RecordBroken("torn")]

    async def scenario() -> None:
        clock = LoopClock()

        async def act() -> None:
            began.append(clock.monotonic())
            if (failure := failures[len(began) - 1]) is not None:
                raise failure

        with pytest.raises(RecordBroken, match="torn"):
            await every(1_000, act, clock, away.append)

    run(scenario())
    assert [at - began[0] for at in began] == [0, 1_000, 2_000, 3_000]
    assert away == [failures[1]]
