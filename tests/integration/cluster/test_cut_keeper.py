"""A keeper without Redis that has been succeeded serves nobody with words that may have been removed since."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from support.cluster.process import running
from support.cluster.typing import house, require_all
from support.halls.process import CLOCK
from support.links.weak_link import weak_link_to


# `test_keeping.py` proves the same by the clock; here links and doors are those of processes.
@pytest.mark.slow
async def test_a_keeper_that_was_cut_off_and_succeeded_sends_its_readers_away_until_it_follows(tmp_path: Path) -> None:
    with running("valkey", tmp_path) as redis:
        async with (
            weak_link_to(redis.port) as link,
            house(tmp_path, redis, first_by=link.port, patience_s=5) as ((first, second), typist),
            aiohttp.ClientSession() as reader,
        ):

            async def statuses() -> set[int]:
                found = set()
                for path in ("/readyz", f"/s/{typist.session}/poll?channel=floor"):
                    async with reader.get(first.address + path, timeout=aiohttp.ClientTimeout(5)) as answer:
                        found.add(answer.status)
                return found

            link.cut()
            await second.until("keeps the house")
            assert first.keeps, "nobody has told it"
            await first.until("stands by")
            assert await statuses() == {503}
            link.mend()
            while await statuses() != {200}:
                await CLOCK.sleep(100)
            await typist.types(5)
        require_all(typist, second)
