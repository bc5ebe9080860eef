"""The proof by faults in short: the faults that end no node, one after the other. `make
cluster-faults` does all faults.

`tests/unit/bench/test_cluster_history.py` tests its criteria without processes.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from cluster_faults import Round, settings
from cluster_house import faulty_house
from cluster_strikes import KINDS
from support.cluster.process import RedisProcesses

FAULTS = ("valkey flushed", "keeper's disk full", "valkey older")
QUICK = ("--longest", "2", "--line-every", "0.4", "--typists", "2", "--readers", "2")


async def test_nothing_is_lost_doubled_or_reordered(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    redis_processes.empty("valkey")  # Skips where there is none.
    assert set(FAULTS) <= set(KINDS)
    async with faulty_house(tmp_path) as house:
        struck = Round(house, random.Random(1), settings(QUICK))  # noqa: S311  # repeatable is what it has to be
        whole = await struck.run(FAULTS, asyncio.Event(), verify=False)
    assert struck.wrong.said == []
    assert whole
    assert set(struck.pauses) == set(FAULTS)
    assert all(typist.typed for typist in struck.people.typists)
    assert struck.people.asker.asked
    assert all(reader.shown for reader in struck.people.readers)
