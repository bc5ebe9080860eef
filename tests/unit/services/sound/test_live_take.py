from __future__ import annotations

import asyncio

import pytest

from moothall.core.kernel.ids import SessionId, SourceId
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.sound.live_source import LiveSource
from moothall.services.sound.live_take import LiveTake, source_of, take_of
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.testing.spool_memory import MemorySpools
from moothall.wire.audio import Piece, TakeEndReason
from support.memory.microphone import RATE, sound


async def a_take(base: int = 0, spooled: int = 0) -> LiveTake:
    source = source_of("takeone1", base)
    spool = await MemorySpools().open(SessionId("s"), source)
    spool.append(bytes(2 * spooled))
    return LiveTake("takeone1", base, LiveSource(spool.end), LiveAudio(source, spool, 4_000, LoopClock()))


@pytest.mark.parametrize("base", [0, 192_000])
def test_a_sources_name_says_which_take_it_is_and_from_where_on(base: int) -> None:
    assert take_of(source_of("takeone1", base)) == ("takeone1", base)


@pytest.mark.parametrize("name", ["stdin", "file-1234", "live-", "live-x", "live--5", "live-abc-x"])
def test_other_sources_are_no_takes(name: str) -> None:
    assert take_of(SourceId(name)) is None


def test_positions_are_the_takes_own() -> None:
    async def story() -> None:
        take = await a_take(base=100, spooled=50)
        assert (take.received, take.safe) == (150, 150)
        assert await take.feed(Piece(first=150, age=0, pcm=sound(150, 10)), 0)
        assert (take.received, take.safe, take.t(100 + RATE)) == (160, 150, 5_000)
        assert not await take.feed(Piece(first=200, age=0, pcm=sound(200, 10)), 0)
        assert take.received == 160

    loop.run(story())


def test_it_is_whole_once_it_is_on_the_disk_to_its_end() -> None:
    async def story() -> None:
        take = await a_take()
        await take.feed(Piece(first=0, age=0, pcm=sound(0, 100)), 0)
        await take.finish(TakeEndReason.STOPPED)
        await take.finish(TakeEndReason.LOST)
        assert (take.whole, take.reason) == (False, TakeEndReason.STOPPED)
        await take.audio.carry(take.source, as_live=False)
        assert (take.whole, take.safe) == (True, 100)

    loop.run(story())


def test_given_up_it_is_carried_no_further() -> None:
    async def story() -> None:
        take = await a_take()
        take.carrying = asyncio.ensure_future(take.audio.carry(take.source, as_live=False))
        await asyncio.sleep(0)  # The carrying begins.
        await take.give_up()
        await asyncio.gather(take.carrying, return_exceptions=True)
        assert (take.over, take.finished, take.carrying.cancelled()) == (True, True, True)
        other = await a_take()
        await other.give_up()
        assert other.over

    loop.run(story())


def test_what_is_done_is_safe_and_never_runs_back() -> None:
    async def story() -> None:
        wanted = 4_000
        source = source_of("takeone1", 100)
        audio = LiveAudio(source, await MemorySpools().open(SessionId("s"), source), 4_000, LoopClock())
        take = LiveTake("takeone1", 100, LiveSource(0), audio, lambda: wanted)
        assert take.done == 100
        wanted = 6_000
        assert take.done == 100  # Nothing is safe yet.
        audio.acknowledged = RATE + 7
        assert take.done == 100 + RATE
        wanted = 4_500
        assert take.done == 100 + RATE
        assert await take.feed(Piece(first=100, age=0, pcm=sound(0, 2 * RATE)), 0)
        take.heard.set()
        assert take.done == take.received == 100 + 2 * RATE

    loop.run(story())
