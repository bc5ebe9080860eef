from __future__ import annotations

import pytest

from hall_in_memory import FLOOR, MIC, Sound, memory_hall
from moothall.core.commands import AnyCommand, NoteGap, OpenSession
from moothall.core.events.types import GapReason
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.services.engines.job import BACKOFF, Job
from moothall.services.log.session_writer import Receipt
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.testing import loop


@pytest.mark.parametrize(("failures", "wait"), [(1, 1_000), (3, 4_000), (40, BACKOFF.last_ms)])
def test_it_waits_longer_each_time_that_nothing_was_accepted(failures: int, wait: int) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            job = Job(live.writer, FLOOR, LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock))
            for _ in range(failures):
                job.failed(5_000)
            assert job.not_before == 5_000 + wait
            assert job.behind == 0

    loop.run(story())


def test_after_a_restart_it_is_no_further_behind_than_its_last_word() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            await audio.carry(Sound(600 * RATE), as_live=False)
            gap = NoteGap(channel=FLOOR, t0=0, t1=597_000, reason=GapReason.STORAGE)
            commands: tuple[AnyCommand, ...] = (OpenSession(), gap)
            for number, command in enumerate(commands):
                assert isinstance(await live.writer.send(SYSTEM, CommandId(f"c{number}"), command), Receipt)
            assert Job(live.writer, FLOOR, audio).behind == 3_000

    loop.run(story())
