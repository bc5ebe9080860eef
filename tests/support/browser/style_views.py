"""Whole pages of the style guide, from one of its doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer


class Door(Protocol):
    """What has routes."""

    def routes(self) -> list[web.RouteDef]: ...


async def shown(door: Door, paths: Mapping[str, str], *, status: int = 200) -> dict[str, str]:
    """The texts of pages below `/about/style/views/`, by the names of their `paths`; each answers with `status`."""
    app = web.Application()
    app.add_routes(door.routes())
    texts: dict[str, str] = {}
    async with TestClient(TestServer(app)) as client:
        for name, path in paths.items():
            async with client.get(f"/about/style/views/{path}") as answer:
                texts[name] = await answer.text()
                assert answer.status == status, path
    return texts
