"""The figures of a meeting at a stand-by node, and after it has taken over."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from support.cluster.process import RedisProcesses
from support.cluster.typing import house

ANEW = "the server was started then"


async def test_a_node_that_stands_by_shows_the_keepers_figures_and_says_when_it_begins_anew(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        await typist.types(3)
        async with http.get(f"{second.address}/enter/{typist.planned.token}", allow_redirects=False) as entered:
            assert entered.status == 303

        async def figures() -> str:
            async with http.get(f"{second.address}/figures/{typist.session}?ui=en") as answer:
                assert answer.status == 200
                return await answer.text()

        assert ANEW not in await figures()
        await first.kill()
        await second.until("keeps the house")
        await typist.types(3)
        assert ANEW in await figures()
