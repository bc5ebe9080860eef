"""The agenda and access needs on two nodes: each of them answers, and what was acknowledged outlives the keeper."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from moothall.adapters.store import book_sqlite
from support.cluster.process import RedisProcesses
from support.cluster.typing import house

NEED = {"id": "one-form", "text": "A seat in front", "name": "Ana"}


async def test_any_node_has_the_agenda_and_takes_needs_and_a_take_over_keeps_both(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), _),
        aiohttp.ClientSession() as http,
    ):

        async def agenda() -> str:
            async with http.get(f"{second.address}/agenda?ui=en") as answer:
                assert answer.status == 200
                return (await answer.text()).replace("\u2068", "").replace("\u2069", "")

        before = await agenda()
        assert "New: Plenary" in before
        origin = {"Origin": second.address}
        sent = http.post(f"{second.address}/agenda/access", data=NEED, headers=origin, allow_redirects=False)
        async with sent as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/agenda/access?sent=1")
        await first.kill()
        await second.until("keeps the house")
        after = await agenda()
        assert "New: Plenary" in after
        assert NEED["text"].encode() in (second.data / book_sqlite.FILE_NAME).read_bytes()
        async with http.get(f"{second.address}/help") as answer:
            assert answer.status == 200
