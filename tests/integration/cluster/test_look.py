"""The look and many links on two nodes: each of them accepts the forms, and a take-over loses neither."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from pathlib import Path

import aiohttp

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.store import book_sqlite
from support.cluster.process import RedisProcesses
from support.cluster.typing import house
from support.desks.admin import Browser
from support.files.pictures import chunk, png


async def test_a_node_that_does_not_keep_the_house_takes_look_and_links_and_a_take_over_keeps_them(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        secretary = Browser(http, second.address)
        link = await Caller(first.data).admin_link(new=True)
        assert link is not None
        assert await secretary.get(f"/enter/{link.rpartition('/')[2]}") == 200
        await secretary.get("/admin/look")
        large = png(3, 2, extra=chunk(b"tEXt", bytes(150_000)))
        form = aiohttp.FormData()
        for name, value in (secretary.hidden("/admin/look") | {"name": "Water Forum", "light": "#7a0026"}).items():
            form.add_field(name, value)
        form.add_field("file", io.BytesIO(large), filename="logo.png")
        assert await secretary.post("/admin/look", form) == 200, secretary.text
        await secretary.get("/")
        assert "Water Forum" in secretary.text
        files = re.findall(r'"(/look/[0-9a-f]{16}\.(?:css|png))"', secretary.text)
        assert len(files) == 2
        await secretary.get("/admin/links?day=all")
        wanted = [("meeting", typist.session), ("role", "captioner"), ("role", "moderator")]
        assert (
            await secretary.post("/admin/links/many", [*secretary.hidden("/admin/links/many").items(), *wanted]) == 200
        )
        addresses = [unescape(each) for each in secretary.addresses()]
        assert len(addresses) == 2
        assert await secretary.send("/admin/links/table") == 200
        assert [row[-1] for row in csv.reader(io.StringIO(secretary.text))][1:] == addresses

        await first.kill()
        await second.until("keeps the house")
        await secretary.get("/")
        assert re.findall(r'"(/look/[0-9a-f]{16}\.(?:css|png))"', secretary.text) == files
        for file in files:
            async with http.get(second.address + file) as answer:
                assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as other:
            captioner = Browser(other, second.address)
            assert await captioner.get(f"/enter/{addresses[0].rpartition('/')[2]}") == 200
        assert png(3, 2)[8:] in (second.data / book_sqlite.FILE_NAME).read_bytes()
