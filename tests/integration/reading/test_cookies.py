"""The attributes of each cookie: out of reach of scripts, of other sites' requests, and of HTTP where HTTPS is used."""

from __future__ import annotations

from http.cookies import Morsel
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import hall
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.sessions.staff import session_scope
from moothall.settings.sections import EngineSection, Server, Settings, Translation

SESSION = SessionId("plenary")


def flags(cookie: Morsel[str]) -> tuple[bool, str, bool, str]:
    return bool(cookie["httponly"]), cookie["samesite"], bool(cookie["secure"]), cookie["path"]


@pytest.mark.parametrize("public", ["", "https://hall.example.org"])
async def test_each_cookie_is_kept_from_scripts_and_from_other_sites(tmp_path: Path, public: str) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path), public_address=public),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    given: dict[str, tuple[bool, str, bool, str]] = {}
    async with hall(settings) as running, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        live = await running.backend.sessions.open(SESSION)
        floor = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
        begun = (do.CreateSession(title="Plenary", languages=("en",)), floor, do.OpenSession())
        await live.writer.send(SYSTEM, CommandId("begin"), begun)

        async def ask(method: str, path: str, data: dict[str, str] | None = None) -> None:
            headers = {"Origin": public or running.address}
            url = running.address + path
            async with http.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
                assert answer.status in (200, 303, 307), (path, answer.status, await answer.text())
                given.update({cookie.key: flags(cookie) for cookie in answer.cookies.values() if cookie.value})

        _, staff = await running.backend.links.create(Role.CHAIR, "hall", "")
        _, reader = await running.backend.links.create(Role.READER, session_scope(SESSION), "")
        await ask("GET", f"/enter/{staff}")
        await ask("GET", f"/s/{SESSION}?key={reader}")
        await ask("POST", f"/s/{SESSION}/report", {"kind": "late", "id": "r1"})
        await ask("POST", f"/s/{SESSION}/ask", {"id": "f1", "kind": "question", "text": "Why?", "language": "en"})
        await ask("GET", f"/s/{SESSION}/questions")
    own, secure = f"/s/{SESSION}", bool(public)
    assert given == {
        "moothall_staff": (True, "Lax", secure, "/"),
        "moothall_reader": (True, "Lax", secure, own),
        "asker": (True, "Lax", secure, own),
        "reporter": (True, "Lax", secure, f"{own}/report"),
    }
