"""The client of a service that drafts: what isn't a whole answer in time is an error, and nothing is followed."""

from __future__ import annotations

import ipaddress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.adapters.reports.drafting_service import MOST_BYTES, HttpDrafting
from moothall.core.kernel.errors import StorageUnavailable

HERE = (ipaddress.ip_network("127.0.0.1/32"),)


async def test_a_refusal_a_redirect_and_a_long_answer_are_errors() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.match_info["how"])
        assert "Authorization" not in request.headers
        match request.match_info["how"]:
            case "whole":
                return web.Response(body=b"x" * MOST_BYTES)
            case "long":
                return web.Response(body=b"x" * (MOST_BYTES + 1))
            case "away":
                return web.Response(status=302, headers={"Location": "/whole/chat/completions"})
            case _:
                return web.Response(status=401)

    app = web.Application()
    app.router.add_post("/{how}/chat/completions", answer)
    async with TestServer(app) as service:
        base = f"openai:m@http://127.0.0.1:{service.port}"
        assert len(await HttpDrafting(f"{base}/whole", "", HERE).ask(b"{}")) == MOST_BYTES
        for how, said in (("long", "too long"), ("away", "status 302"), ("refused", "status 401")):
            with pytest.raises(StorageUnavailable, match=said):
                await HttpDrafting(f"{base}/{how}", "", HERE).ask(b"{}")
        assert asked == ["whole", "long", "away", "refused"]
    with pytest.raises(StorageUnavailable, match="can't be reached"):
        await HttpDrafting(f"{base}/whole", "", HERE).ask(b"{}")
