"""What a node serves by itself while nobody keeps the house."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import aiohttp

from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.system.clock import SystemClock
from moothall.app.cluster.house import House, redis_server
from moothall.app.cluster.standing_by import standing_by
from moothall.settings.sections import Cluster, Server, Settings
from support.cluster.process import RedisProcesses

SHEET = re.compile(r'href="(/static/[^"]+\.css)"')


async def test_a_page_looks_like_one_also_while_nobody_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    settings = Settings(
        server=Server(data=str(tmp_path / "data")),
        cluster=Cluster(
            redis=f"redis://127.0.0.1:{redis_processes.empty('valkey').port}",
            node="n1",
            number=1,
            address="http://127.0.0.1:1",
            key_file=str(tmp_path / "nodes.key"),
        ),
    )
    server, listener = redis_server(settings), socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    house = House(settings, SystemClock(), server, RedisLog(server, "n1"), RedisBook(server, "n1"))
    async with standing_by(house, listener), aiohttp.ClientSession() as client:
        async with client.get(f"{address}/s/plenary", headers={"Accept": "text/html"}) as page:
            assert (page.status, page.headers["Retry-After"]) == (503, "1")
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
            sheets = SHEET.findall(await page.text())
        assert sheets
        for sheet in sheets:
            async with client.get(f"{address}{sheet}") as file:
                assert (file.status, file.content_type) == (200, "text/css")
        name = sheets[0].split("/", 3)[3]
        async with client.get(f"{address}/static/another/{name}") as file:
            assert file.status == 503  # Of another release: the keeper has it.
        async with client.get(f"{address}/readyz") as ready:
            assert ready.status == 503
        async with client.get(f"{address}/healthz") as alive:
            assert alive.status == 200
    await server.close()
