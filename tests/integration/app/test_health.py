"""The answers of a running server and of a running hub to a load balancer."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from moothall.adapters.http.limits import GENEROUS, PATIENCE_MS
from moothall.app.backend import DOORS, ENGINE_LINK
from moothall.app.hall import hall
from moothall.services.metrics.readiness import DRAINING
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.hubs.node import running_hub


def settings(folder: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )


async def asked(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        return answer.status, await answer.text()


async def test_a_server_is_ready_until_it_stops_or_a_part_of_it_closes(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running, aiohttp.ClientSession(running.address) as http:
        readiness, measures = running.backend.readiness, running.backend.measures
        assert await asked(http, "/healthz") == (200, "ok\n")
        assert await asked(http, "/readyz") == (200, "ready\n")
        for part in (DOORS, ENGINE_LINK):
            readiness.closed(part)
            assert await asked(http, "/readyz") == (503, f"{part}: not open\n")
            readiness.opened(part)
        measures.append_refused()
        status, why = await asked(http, "/readyz")
        assert (status, why.partition(":")[0]) == (503, "log")
        measures.appended(0, 1)
        readiness.drain()
        assert await asked(http, "/readyz") == (503, f"{DRAINING}\n")
        assert await asked(http, "/healthz") == (200, "ok\n")


async def test_a_server_that_has_stopped_was_not_ready_before(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        assert running.backend.readiness.lacking == ()
    assert DRAINING in running.backend.readiness.lacking


async def test_no_rate_of_an_address_counts_them(tmp_path: Path) -> None:
    spent = GENEROUS.burst + GENEROUS.per_second * PATIENCE_MS // 1_000
    async with hall(settings(tmp_path)) as running, aiohttp.ClientSession(running.address) as http:
        for _ in range(spent + 10):
            async with http.get("/healthz") as answer:
                assert answer.status == 200
        async with http.get("/.well-known/moothall.json") as other:
            assert other.status == 200


async def test_a_hub_without_a_link_is_ready(tmp_path: Path) -> None:
    async with running_hub(tmp_path) as hub, aiohttp.ClientSession(hub.own) as http:
        assert await asked(http, "/healthz") == (200, "ok\n")
        assert await asked(http, "/readyz") == (200, "ready\n")
        hub.parts.readiness.drain()
        assert await asked(http, "/readyz") == (503, f"{DRAINING}\n")
