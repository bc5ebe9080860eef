"""Redis returns empty, and the node that takes the house has a copy that lags: it asks the other node first."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from moothall.core.cluster.lease import BEAT_MS, HOLD_MS
from support.cluster.process import running
from support.cluster.typing import house, require_all
from support.halls.process import CLOCK


# The law of two copies (tests/property/services/cluster) and tests/property/core/cluster/test_take_over.py
# prove the same.
@pytest.mark.slow
async def test_a_node_whose_copy_lags_has_all_that_the_other_one_acknowledged(tmp_path: Path) -> None:
    """It was off meanwhile; the former keeper, which has all, can't take the house again, since a list lacks it."""
    with running("valkey", tmp_path) as redis:
        async with house(tmp_path, redis) as ((first, second), typist):
            await second.kill()
            await typist.types(20)
            assert len(first.records(typist.session)) - len(second.records(typist.session)) >= 20
            redis.kill()
            shutil.rmtree(redis.folder)
            settings = second.config.read_text(encoding="utf-8")
            second.config.write_text(f'{settings}nodes = ["n2"]\n', encoding="utf-8")
            async with asyncio.TaskGroup() as group:
                group.create_task(second.start())
                while "waiting for Redis" not in second.log.read_text(encoding="utf-8"):
                    await CLOCK.sleep(100)
                await CLOCK.sleep(HOLD_MS + BEAT_MS)  # Until its lease is over, else the keeper writes it anew.
                redis.start()
            await second.until("keeps the house")
            await typist.types(5)
            assert not first.keeps
            stored = len(second.records(typist.session))
            while len(first.records(typist.session)) < stored:
                await CLOCK.sleep(100)
        require_all(typist, second)
        followed = first.records(typist.session)  # It is stopped before the keeper.
        assert len(followed) >= stored
        assert list(followed) == list(second.records(typist.session))[: len(followed)]
    assert "sessions are completed from the copies of node n1" in second.log.read_text(encoding="utf-8")
