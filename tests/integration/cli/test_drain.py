"""`moothall drain`: the current meeting continues to its end, none begins, and the server ends by itself."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import hall
from moothall.cli.main import main
from moothall.cli.operating import require_running
from moothall.core.commands import CloseSession, CreateSession, OpenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.desks.admin import admin_house


async def test_a_meeting_that_is_on_goes_on_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    settings = Settings(
        server=Server(port=0, data=str(data)), engine=EngineSection(count=0), translation=Translation(translators=())
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.open(SessionId("plenary"))
        await live.writer.send(SYSTEM, CommandId("make"), CreateSession(title="Plenary", languages=("en",)))
        await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        assert await asyncio.to_thread(main, ["cluster", "retire", "south", "--data", str(data)]) == 1
        assert "This server is alone" in capsys.readouterr().err
        assert await asyncio.to_thread(main, ["drain", "--data", str(data)]) == 0
        status = await (await require_running(data)).status()
        assert status.draining
        assert [each.session for each in status.sessions] == ["plenary"]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), CloseSession()), Receipt)
        await asyncio.wait_for(running.draining.ended(), 60)


async def test_the_page_of_those_who_run_the_meetings_says_so(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        link = await house.running.office.admin_link(new=True)
        browser = await house.browser()
        await browser.get(link or "")
        assert await browser.get("/admin") == 200
        assert "is being replaced" not in browser.text
        house.running.draining.begin()
        await browser.get("/admin")
        assert "The server is being replaced" in browser.text


async def test_the_process_ends_by_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moothall", "serve", "--data", str(data), "--port", "0", "--model", "none"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "MOOTHALL_ENGINE__COUNT": "0", "MOOTHALL_TRANSLATION__TRANSLATORS": ""},
    )
    assert server.stdout is not None
    found = re.search(rb"http://\S+/", await server.stdout.readline())
    assert found is not None
    async with aiohttp.ClientSession() as http, http.get(found[0].decode()) as page:
        assert page.status == 200
    assert await asyncio.to_thread(main, ["drain", "--data", str(data)]) == 0
    assert await server.wait() == 0
    await server.stdout.read()
