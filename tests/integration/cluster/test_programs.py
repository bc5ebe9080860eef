"""Programs at two nodes: a token is good at each and after a take-over, and news are sent on, each under one id."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.admin.local_door import Caller
from moothall.core.tokens.scopes import TokenScope
from moothall.services.programme.office import TokenOrder
from support.cluster.process import RedisProcesses
from support.cluster.typing import house
from support.desks.admin import Browser
from support.halls.programs import Program
from support.halls.receiver import receiver

pytestmark = [pytest.mark.timeout(150), pytest.mark.slow]
PAGE = "/admin/webhooks"
MORE = '\n[webhooks]\nallowed_networks = ["127.0.0.0/8"]\n'


async def test_a_token_and_a_webhook_outlive_the_keeper(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    redis = redis_processes.empty("valkey")
    async with (
        receiver() as told,
        house(tmp_path, redis, more=MORE) as ((first, second), _),
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        keeper = Caller(first.data)
        token = await keeper.make_token(TokenOrder(label="sync", scopes=(TokenScope.SESSIONS,), days=1))
        secretary = Browser(http, first.address)
        link = await keeper.admin_link(new=True)
        assert link is not None
        await secretary.get(f"/enter/{link.rpartition('/')[2]}")
        await secretary.get(PAGE)
        fields = {"label": "site", "address": told.address, "event": "session.begun", "place": ""}
        assert await secretary.send(PAGE, **fields) == 200
        found = re.search(r"whsec_[A-Za-z0-9+/]{43}=", unescape(secretary.text))
        assert found is not None
        program = Program(http, second.address, token)  # The node that stands by carries it to the keeper.
        for name in ("land", "water"):
            plan = {"title": name, "languages": ["en"]}
            assert (await program.ask("PUT", f"/api/sessions/{name}", plan))[0] == 200
            assert (await program.ask("POST", f"/api/sessions/{name}/open"))[1]["status"] == "open"
            begun = await told.next(found[0])
            assert (begun["type"], begun["data"]["session"]) == ("session.begun", name)
            if name == "land":
                await first.kill()
                await second.until("keeps the house")
        assert len(told.ids) == 2  # What the killed keeper could not say was taken came again, under the same id.
