"""Two nodes of two releases: one is upgraded after the other, back again, and once more, while somebody types."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcesses
from support.cluster.typing import house, require_all
from support.halls.process import free_port
from support.hubs.processes import HubProcess, ask, let_in_questions
from support.releases.release import WORK, Release, unpacked

pytestmark = [pytest.mark.slow]
BEFORE = "0.2.0"
"""The first release with nodes."""


async def changed(node: NodeProcess, release: Release) -> None:
    """Stop a node in an orderly way, and start it with another program."""
    assert await node.stop() == 0
    node.environment.update(release.environment)
    await node.start()


async def test_a_house_is_upgraded_and_rolled_back_node_by_node_with_a_hub_that_stays_behind(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    before = unpacked(BEFORE, tmp_path / "release")
    hub = HubProcess(tmp_path / "hub", free_port(231), environment=before.environment)
    old = before.environment
    async with house(tmp_path, redis_processes.empty("valkey"), environment=old) as ((first, second), typist):
        await hub.pair(second.address, typist.planned.words)
        await hub.start()
        try:
            await let_in_questions(hub, typist.session)
            # The end is an upgrade: a node of 0.2.0 may not end when it is stopped while it takes the house over.
            for number, release in enumerate((WORK, before, WORK), start=1):
                await changed(second, release)  # It stands by: nobody notices.
                await typist.types(5)
                await changed(first, release)  # It keeps the house, which the other one does from here on.
                await second.until("keeps the house")
                await typist.types(5)
                await changed(second, release)  # The house goes back.
                await first.until("keeps the house")
                await typist.types(5)
                await ask(hub, typist.session, number)
        finally:
            await hub.stop()
    require_all(typist, first, second)
