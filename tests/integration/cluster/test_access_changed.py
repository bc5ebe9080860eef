"""Who may read a session that is on is changed: another node's readers are sent away, and it opens again there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import aiohttp

from moothall.adapters.admin.local_door import Caller
from support.cluster.process import RedisProcesses
from support.cluster.typing import house
from support.desks.admin import Browser
from support.halls.process import CLOCK

PAGE = "/admin/meetings/plenary"


async def change(secretary: Browser, access: str) -> None:
    """Send the form of the plan, and once more where it asks."""
    await secretary.get(PAGE)
    for _ in range(2):
        assert await secretary.send(f"{PAGE}/plan", languages="English", access=access) == 200, secretary.text
        if 'name="sure"' not in secretary.text:
            return
    raise AssertionError("it asks twice")


async def test_another_nodes_readers_are_sent_away_and_it_opens_again_there(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), _),
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
        aiohttp.ClientSession() as stranger,
    ):
        link = await Caller(first.data).admin_link(new=True)
        secretary = Browser(http, first.address)
        assert link is not None
        assert await secretary.get(f"{first.address}/enter/{link.rsplit('/', 1)[1]}") == 200

        async def answers(status: int) -> None:
            while True:
                async with stranger.get(f"{second.address}/s/plenary/lines") as answer:
                    if answer.status == status:
                        return
                await CLOCK.sleep(50)

        await answers(200)
        async with stranger.get(f"{second.address}/s/plenary/events") as reading:
            assert reading.status == 200
            await change(secretary, "staff")
            with suppress(aiohttp.ClientPayloadError):
                await reading.read()  # It is cut off.
        await answers(404)
        await change(secretary, "public")
        await answers(200)
