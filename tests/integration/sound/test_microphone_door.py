from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from moothall.adapters.desks.microphone_door import MicrophoneDoor, RoomNow
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.sound.audio_door import may_send
from moothall.core.commands import AddChannel
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.sessions.staff import Staff
from moothall.testing.clock import SeededRandomness
from support.links.site import Site
from support.memory.hall import MemoryHall, memory_hall

STAFF = {
    "t1": Staff(link="t1", role=Role.TECHNICIAN, scope="room:main", label=""),
    "h1": Staff(link="h1", role=Role.TECHNICIAN, scope="hall", label=""),
    "c1": Staff(link="c1", role=Role.CHAIR, scope="session:s", label=""),
    "i1": Staff(link="i1", role=Role.INTERPRETER, scope="session:s", label=""),
    "r1": Staff(link="r1", role=Role.RAPPORTEUR, scope="hall", label=""),
}
PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example"


class MicrophoneDoors:
    def __init__(self, hall: MemoryHall, http: aiohttp.ClientSession, base: str) -> None:
        self.hall = hall
        self.http = http
        self.base = base
        self.session: SessionId | None = None

    async def get(self, path: str, link: str = "", language: str = "en") -> tuple[int, str]:
        headers = {"Cookie": f"link={link}", "Accept-Language": language}
        async with self.http.get(self.base + path, headers=headers) as response:
            return response.status, await response.text()

    async def post(self, link: str, form: dict[str, str], origin: str = ORIGIN) -> tuple[int, str]:
        headers = {"Cookie": f"link={link}", "Origin": origin}
        async with self.http.post(
            self.base + "/s/s/microphone?ui=fr", headers=headers, data=form, allow_redirects=False
        ) as response:
            return response.status, response.headers.get("Location", "")

    async def token(self, link: str) -> str:
        """Of a fresh form."""
        found = re.search(r'name="form" value="([^"]+)"', (await self.get("/s/s/microphone", link))[1])
        assert found is not None
        return found[1]

    async def data(self, path: str, link: str) -> dict[str, Any]:
        status, html = await self.get(path, link)
        assert status == 200, html
        found = re.search(r'id="Data">(.*?)</script>', html)
        assert found is not None
        return dict(json.loads(found[1]))


@asynccontextmanager
async def house() -> AsyncIterator[MicrophoneDoors]:
    async with memory_hall() as hall:
        live = await hall.session()
        for name, kind in (("fr", ChannelKind.INTERPRETATION), ("de", ChannelKind.TRANSLATION)):
            command = AddChannel(channel=ChannelId(name), kind=kind, languages=(name,))
            await live.writer.send(SYSTEM, CommandId(f"add-{name}"), command)
        standing: list[MicrophoneDoors] = []

        def staff(request: web.Request) -> tuple[Staff, ...]:
            known = STAFF.get(request.cookies.get("link", ""))
            return () if known is None else (known,)

        async def add(session: SessionId, who: Staff, language: str) -> Refusal | None:
            command = AddChannel(channel=ChannelId(language), kind=ChannelKind.INTERPRETATION, languages=(language,))
            found = await hall.sessions.open(session)
            answer = await found.writer.send(SYSTEM, CommandId(f"add-{language}-by-{who.link}"), command)
            return answer if isinstance(answer, Refusal) else None

        door = MicrophoneDoor(
            PAGES,
            find=hall.sessions.find,
            staff=staff,
            may_act=lambda who, session: who.scope in ("hall", "room:main", f"session:{session}"),
            may_send=may_send,
            add=add,
            guard=FormGuard(SeededRandomness()),
            key_of=lambda request: request.cookies.get("link", ""),
            room=lambda name: RoomNow("Main <hall>", standing[0].session) if name == "main" else None,
        )
        app = web.Application()
        secure(app)
        app.add_routes(door.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await Site(runner).start()
        async with aiohttp.ClientSession() as http:
            standing.append(MicrophoneDoors(hall, http, f"http://127.0.0.1:{runner.addresses[0][1]}"))
            yield standing[0]
        await runner.cleanup()


def choices(html: str) -> list[str]:
    return re.findall(r'name="text" value="([^"]+)"', html)


async def test_who_sends_what_is_offered_what() -> None:
    async with house() as at:
        assert choices((await at.get("/s/s/microphone", "c1"))[1]) == ["floor", "fr"]
        assert choices((await at.get("/s/s/microphone", "i1"))[1]) == ["fr"]
        html = (await at.get("/s/s/microphone?channel=fr", "c1"))[1]
        assert 'value="fr" checked' in html
        data = await at.data("/s/s/microphone", "c1")
        assert (data["base"], data["follows"]) == ("/s/s", False)
        assert data["languages"] == {"floor": ["en", "ltr"], "fr": ["fr", "ltr"]}


@pytest.mark.parametrize(
    ("path", "link", "status"),
    [
        ("/s/s/microphone", "", 403),
        ("/s/s/microphone", "r1", 404),
        ("/s/nowhere/microphone", "h1", 404),
        ("/s/S!/microphone", "h1", 404),
        ("/room/main/microphone", "", 403),
        ("/room/main/microphone", "r1", 404),
        ("/room/nowhere/microphone", "h1", 404),
        ("/room/..%2f/microphone", "h1", 404),
    ],
)
async def test_nobody_else_gets_the_page(path: str, link: str, status: int) -> None:
    async with house() as at:
        found, html = await at.get(path, link)
        assert found == status
        assert "Data" not in html


async def test_a_rooms_page_is_there_before_between_and_during_its_sessions() -> None:
    async with house() as at:
        status, html = await at.get("/room/main/microphone", "t1")
        assert status == 200
        assert choices(html) == ["floor"]
        assert "Main &lt;hall&gt;" in html
        assert (await at.get("/room/main/microphone", "c1"))[0] == 404
        at.session = SessionId("s")
        assert choices((await at.get("/room/main/microphone", "t1"))[1]) == ["floor", "fr"]
        assert choices((await at.get("/room/main/microphone", "c1"))[1]) == ["floor", "fr"]
        assert (await at.data("/room/main/microphone", "t1"))["follows"] is True


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_speaks_the_readers_language_and_keeps_to_the_policy(language: str) -> None:
    async with house() as at:
        status, html = await at.get(f"/s/s/microphone?ui={language}", "c1", "xx")
        assert status == 200
        assert f'<html lang="{language}"' in html
        assert not re.search(r"<script(?![^>]*(src=|application/json))|style=|\son\w+=", html)


async def test_a_technician_adds_an_interpreters_text_once_and_nobody_else_does() -> None:
    async with house() as at:
        assert '<select id="Language"' not in (await at.get("/s/s/microphone", "c1"))[1]
        token = await at.token("h1")
        spanish = {"form": token, "language": "es"}
        assert (await at.post("c1", spanish))[0] == 404
        assert (await at.post("", spanish))[0] == 403
        assert (await at.post("h1", {"form": "made.up", "language": "es"}))[0] == 400
        assert (await at.post("h1", {"form": token, "language": "xx"}))[0] == 400
        assert (await at.post("h1", {**spanish, "more": "x" * 60_000}))[0] == 413
        assert (await at.post("h1", spanish)) == (303, "/s/s/microphone?channel=es&ui=fr")
        assert (await at.post("h1", spanish))[0] == 400  # the same form again
        assert (await at.post("h1", {"form": await at.token("h1"), "language": "fr"}))[0] == 409
        assert choices((await at.get("/s/s/microphone", "h1"))[1]) == ["floor", "fr", "es"]
