from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.services.supervision.pulses import REMEMBERED, STALL_MS, TICK_MS, NoProgress, ProcessFate, Pulses, Stalls
from moothall.testing.clock import ManualClock
from moothall.testing.engine_link import PulseEnd
from moothall.wire.pulse import ProcessPulse


def alive(life: str = "a", **how: object) -> ProcessPulse:
    return ProcessPulse(**{"life": life, "working": True, **how})  # type: ignore[arg-type]


class Stopped(ManualClock):
    """A clock that went on while this process was stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.missed = 0

    def monotonic(self) -> int:
        return super().monotonic() + self.missed


class Watched:
    def __init__(self) -> None:
        self.clock = Stopped()
        self.pulses = Pulses(self.clock)
        self.ended: list[str] = []
        self.link = PulseEnd()

    def end(self, name: str = "it") -> None:
        self.ended.append(name)


@asynccontextmanager
async def watching(*, serve: bool = True) -> AsyncIterator[Watched]:
    house = Watched()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(house.pulses.run())]
        if serve:
            tasks.append(group.create_task(house.pulses.serve(house.link)))
        await house.clock.advance(0)
        yield house
        for task in tasks:
            task.cancel()


async def test_one_that_is_frozen_is_ended_once_and_its_fate_is_known(caplog: pytest.LogCaptureFixture) -> None:
    async with watching() as house:
        with house.pulses.started("child", "a", house.end), house.pulses.linked("far", "a", house.end):
            await house.link.beat(alive(attachments=(1, 2)))
            await house.clock.advance(14_000)
            assert house.ended == []
            assert house.pulses.fate("a") is None
            with caplog.at_level(logging.ERROR):
                await house.clock.advance(30_000)
            assert house.ended == ["it", "it"], "its process and its link"
            assert house.pulses.attachments("a") == (1, 2)
            house.pulses.ended("a", ProcessFate.KILLED)
        assert house.pulses.fate("a") is ProcessFate.GIVEN_UP
        assert caplog.messages == ["child: no pulse; the server gives it up"]


async def test_one_that_freezes_after_its_hello_and_before_its_next_pulse_is_ended_as_soon() -> None:
    async with watching() as house:
        with house.pulses.started("child", "a", house.end):
            await house.link.beat(alive(working=False, loaded=3))
            with house.pulses.linked("far", "a", house.end):
                await house.clock.advance(14_000)
                assert house.ended == []
                await house.clock.advance(2_000)
                assert house.ended == ["it", "it"], "it isn't loading any more"


async def test_a_watcher_that_was_stopped_itself_gives_nobody_up() -> None:
    async with watching() as house:
        with house.pulses.started("child", "a", house.end):
            await house.link.beat(alive())
            house.clock.missed += 90_000
            await house.clock.advance(TICK_MS)
            await house.link.beat(alive())
            await house.clock.advance(14_000)
            assert house.ended == []
            await house.clock.advance(2_000)
            assert house.ended == ["it"]


async def test_a_little_late_is_no_stall() -> None:
    async with watching() as house:
        with house.pulses.started("child", "a", house.end):
            await house.link.beat(alive())
            for _ in range(9):
                house.clock.missed += STALL_MS - 1
                await house.clock.advance(TICK_MS)
            assert house.ended == ["it"]


async def test_one_that_never_gives_a_sign_is_ended_after_a_minute() -> None:
    async with watching(serve=False) as house:
        with house.pulses.started("child", "a", house.end):
            await house.clock.advance(59_000)
            assert house.ended == []
            await house.clock.advance(1_000)
            assert house.ended == ["it"]


async def test_one_that_still_hangs_is_not_let_in_again_and_one_that_goes_on_is() -> None:
    async with watching() as house:
        await house.link.beat(alive(busy_ms=20_000))
        with (
            pytest.raises(NoProgress, match="engine far was given up"),
            house.pulses.linked("engine far", "a", house.end),
        ):
            raise AssertionError
        await house.link.beat(alive(passes=1))
        with house.pulses.linked("engine far", "a", house.end):
            await house.clock.advance(2_000)
        assert house.ended == []


async def test_one_that_was_frozen_and_dials_again_gets_its_whole_patience() -> None:
    async with watching() as house:
        with house.pulses.linked("engine far", "a", house.end):
            await house.link.beat(alive())
            await house.clock.advance(16_000)
        assert house.ended == ["it"]
        with house.pulses.linked("engine far", "a", house.end):
            await house.clock.advance(14_000)
            assert house.ended == ["it"]


async def test_one_without_a_pulse_is_not_watched() -> None:
    async with watching(serve=False) as house:
        with house.pulses.linked("engine old", "", house.end):
            await house.clock.advance(900_000)
        assert house.ended == []
        assert house.pulses.attachments("") == ()


async def test_a_link_carries_the_pulses_of_one_life_and_may_end_before_the_first() -> None:
    pulses, link = Pulses(ManualClock()), PulseEnd()
    await link.beat(None)
    await pulses.serve(link)
    await link.beat(alive())
    await link.beat(alive("b"))
    with pytest.raises(ProtocolError, match="of one life"):
        await pulses.serve(link)
    await link.beat(alive())
    await link.beat(None)
    await pulses.serve(link)


async def test_so_many_ends_are_remembered_and_no_more() -> None:
    pulses = Pulses(ManualClock())
    for number in range(REMEMBERED + 1):
        pulses.ended(str(number), ProcessFate.CRASHED)
    assert (pulses.fate("0"), pulses.fate("1")) == (None, ProcessFate.CRASHED)


EVERY = 1_000


def test_an_age_leaves_out_the_stalls_since_then() -> None:
    stalls = Stalls()
    stalls.look(0, EVERY)
    stalls.look(91_000, EVERY)
    assert stalls.age(91_000, None) is None
    assert stalls.age(91_000, 500) == 500
    assert stalls.age(91_000, 90_900) == 100, "what came when it was over"
    stalls.look(92_000, EVERY)
    stalls.look(98_000, EVERY)
    assert stalls.age(98_000, 0) == 3_000
    assert stalls.age(98_000, 92_500) == 500


def test_a_little_late_is_no_stall_and_the_oldest_is_forgotten() -> None:
    stalls = Stalls()
    stalls.look(0, EVERY)
    now = EVERY + STALL_MS - 1
    stalls.look(now, EVERY)
    assert stalls.age(now, 0) == now
    for _ in range(REMEMBERED + 1):
        now += EVERY + STALL_MS
        stalls.look(now, EVERY)
    assert stalls.age(now, 0) == now - REMEMBERED * STALL_MS
