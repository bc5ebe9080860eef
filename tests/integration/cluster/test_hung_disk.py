"""The disk of a node hangs: its writes neither return nor fail, and the threads that wait for them can't be ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.cluster.lease import AWAY_MS
from support.cluster.process import RedisProcesses
from support.cluster.typing import house, require_all
from support.files.hung_disk import hung_disk, require_hanging_disks
from support.halls.process import CLOCK


# `unit/services/cluster/test_own_disk.py` and `unit/app/cluster/test_node.py` prove it by the clock; here threads of a
# process do hang.
@pytest.mark.slow
async def test_a_keeper_whose_disk_hangs_is_followed_and_ends(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    await require_hanging_disks()
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        async with hung_disk(first.pid):
            await second.until("keeps the house")
            await typist.types(5)
            await first.until("ended")
        assert await first.status() == 1
        said = first.log.read_text(encoding="utf-8")
        assert "gives up the house" in said
        assert "files can't be opened or closed; this process ends" in said
        await first.start()  # As whoever started it does.
        await typist.types(5)
        await second.kill()
        await first.until("keeps the house")
        await typist.types(5)
    require_all(typist, first)


# `unit/services/cluster/test_own_disk.py` and `unit/app/cluster/test_house.py` prove it by the clock.
@pytest.mark.slow
async def test_a_node_whose_disk_hangs_takes_the_house_only_once_it_answers(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    await require_hanging_disks()
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        async with hung_disk(second.pid):
            while len(first.records(typist.session)) - len(second.records(typist.session)) < 20:
                await CLOCK.sleep(100)
            await first.kill()
            await CLOCK.sleep(3 * AWAY_MS)
            assert not second.keeps
            assert not second.ended
        await second.until("keeps the house")
        await typist.types(5)
    require_all(typist, second)
