from __future__ import annotations

import asyncio

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.consent import ConsentChanges, follow_consent
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.testing import loop
from support.memory.hall import MIC, MemoryHall, Sound, memory_hall


class Noise(Sound):
    """Samples that aren't silence."""

    async def read(self, samples: int) -> bytes:
        return b"\x01" * len(await super().read(samples))


async def opened(hall: MemoryHall) -> LiveSession:
    live = await hall.session()
    assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession()), Receipt)
    return live


def test_it_tells_of_each_change_and_of_nothing_else() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await opened(hall)
            changes = ConsentChanges(live.writer)
            waiting = asyncio.ensure_future(changes.next())
            await live.writer.send(SYSTEM, CommandId("late"), do.LimitTurns(ms=60_000))
            await hall.clock.sleep(10)
            assert not waiting.done()
            await live.writer.send(SYSTEM, CommandId("pause"), do.PauseSession())
            await waiting
            waiting = asyncio.ensure_future(changes.next())
            await live.writer.send(SYSTEM, CommandId("off"), do.BeginNotRecorded())
            await waiting
            changes.close()
            await live.writer.send(SYSTEM, CommandId("on"), do.EndNotRecorded())
            waiting = asyncio.ensure_future(changes.next())
            await hall.clock.sleep(10)
            assert not waiting.done()
            waiting.cancel()

    loop.run(story())


def test_the_audio_of_a_span_is_there_while_it_lasts_and_silence_afterwards() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await opened(hall)
            spool = await hall.spools.open(live.id, MIC)
            audio = LiveAudio(MIC, spool, 0, hall.clock)
            following = asyncio.ensure_future(follow_consent(live.writer, audio))
            carrying = asyncio.ensure_future(audio.carry(Noise(20 * RATE), as_live=True))
            await hall.clock.sleep(5_000)
            await live.writer.send(SYSTEM, CommandId("off"), do.BeginNotRecorded(back=2_000))
            await hall.clock.sleep(3_000)
            assert await audio.read(3 * RATE, RATE) == b"\x01" * 2 * RATE
            await live.writer.send(SYSTEM, CommandId("on"), do.EndNotRecorded())
            await carrying
            ((t0, t1),) = live.state.not_recorded
            assert (t0, t1) == (3_000, 8_000)
            everything = await spool.read(0, 20 * RATE)
            assert everything == b"\x01" * 2 * 3 * RATE + bytes(2 * 5 * RATE) + b"\x01" * 2 * 12 * RATE
            following.cancel()

    loop.run(story())
