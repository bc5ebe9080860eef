from __future__ import annotations

import pytest

from hall_in_memory import FLOOR, MIC, memory_hall
from moothall.services.engine_job import FIRST_WAIT_MS, MOST_WAIT_MS, Job
from moothall.services.live_audio import LiveAudio
from moothall.testing import loop


@pytest.mark.parametrize(("failures", "wait"), [(1, FIRST_WAIT_MS), (3, 4 * FIRST_WAIT_MS), (40, MOST_WAIT_MS)])
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
