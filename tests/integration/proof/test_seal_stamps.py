"""Seals get time stamps of an authority outside, which `moothall verify` checks; a failing one delays none."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.app.hall import RunningServer, hall
from moothall.cli.verifying import verify_command
from moothall.core import commands as do
from moothall.core.events.types import Access, SealVersion, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId
from moothall.core.ports import BookEntry
from moothall.services.log.act_queue import Receipt
from moothall.services.proof.seal_stamps import LOOK_MS, NEWEST, stamps_of
from moothall.settings.sections import EngineSection, ProofSection, Server, Settings, Translation
from support.halls.removal import SESSION, held
from support.proof.ahead import AheadClock
from support.proof.authority import LocalAuthority


class HastyClock(AheadClock):
    """Looks often for what is to be stamped."""

    async def sleep(self, ms: int) -> None:
        await super().sleep(20 if ms == LOOK_MS else ms)


class Outside:
    """The authority at an address; it can refuse."""

    def __init__(self, folder: Path) -> None:
        self.authority = LocalAuthority(folder)
        self.refusing = False
        self.refused, self.asked = asyncio.Event(), list[str]()

    async def stamp(self, request: web.Request) -> web.Response:
        self.asked.append(request.content_type)
        if self.refusing:
            self.refused.set()
            return web.Response(status=503)
        answer = await asyncio.to_thread(self.authority.answer, await request.read())
        return web.Response(body=answer, content_type="application/timestamp-reply")


@asynccontextmanager
async def running(folder: Path, outside: Outside) -> AsyncIterator[tuple[RunningServer, HastyClock]]:
    app = web.Application()
    app.add_routes([web.post("/stamps", outside.stamp)])
    clock = HastyClock()
    async with TestServer(app) as server:
        settings = Settings(
            server=Server(port=0, data=str(folder / "data")),
            engine=EngineSection(count=0),
            translation=Translation(translators=()),
            proof=ProofSection(time_stamps=str(server.make_url("/stamps"))),
        )
        async with hall(settings, clock=clock) as made:
            yield made, clock


async def send(made: RunningServer, name: str, by: Actor, command: do.AnyCommand) -> None:
    live = await made.backend.sessions.open(SESSION)
    assert isinstance(await live.writer.send(by, CommandId(name), command), Receipt)


async def got(made: RunningServer, path: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as http, http.get(f"{made.address}{path}") as answer:
        return answer.status, await answer.read()


async def comes(made: RunningServer, path: str) -> bytes:
    while True:
        status, body = await got(made, path)
        if status == 200:
            return body
        assert status == 404
        await made.backend.clock.sleep(10)


async def test_a_seal_is_stamped_and_its_stamp_is_checked_without_a_network(tmp_path: Path) -> None:
    outside = Outside(tmp_path / "tsa")
    outside.refusing = True
    path = f"/s/{SESSION}/seal.tlog-proof"
    proof, stamp, keys = (tmp_path / name for name in ("seal.tlog-proof", "seal.tlog-proof.tsr", "keys.json"))
    async with running(tmp_path, outside) as (made, clock):
        await held(made)
        await send(made, "close", SYSTEM, do.CloseSession())
        await send(made, "seal", Actor(Role.SECRETARIAT, "s"), do.SealRecord(version=SealVersion.CHECKED))
        await clock.grow(made)
        await asyncio.wait_for(outside.refused.wait(), 30)
        assert (await got(made, path))[0] == 404
    # It is asked for after a restart too.
    outside.refusing = False
    async with running(tmp_path, outside) as (made, clock):
        await clock.grow(made)
        proof.write_bytes(await comes(made, path))
        stamp.write_bytes(await comes(made, f"{path}.tsr"))
        keys.write_bytes(await comes(made, "/.well-known/moothall.json"))
        page = (await comes(made, f"/s/{SESSION}/proof?line=a&ui=en")).decode()
        assert "An authority outside says that the seal of the text, behind this line, existed at " in page
        assert f'href="{path}.tsr"' in page
        await made.backend.book.write([BookEntry(stamps_of(SESSION), NEWEST, b"x")])
        page = (await comes(made, f"/s/{SESSION}/proof?line=a&ui=en")).decode()
        assert "The time stamp of the seal is damaged here" in page
        assert f'href="{path}.tsr"' not in page
        assert [(await got(made, each))[0] for each in (path, f"{path}.tsr")] == [503, 503]
        await send(made, "reopen", SYSTEM, do.ReopenSession())
        await send(made, "hide", SYSTEM, do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
        assert [(await got(made, each))[0] for each in (path, f"{path}.tsr")] == [404, 404], "once it is hidden"
    assert set(outside.asked) == {"application/timestamp-query"}

    def said(*authorities: Path) -> tuple[int, str]:
        out = io.StringIO()
        code = verify_command(tmp_path / "none", str(proof), out, keys=[str(keys)], authorities=authorities)
        return code, out.getvalue()

    code, text = said(outside.authority.root)
    assert code == 0, text
    assert "(record.sealed)." in text
    assert "time-stamped by CN=Clock of the House." in text
    assert "Use --authority." not in text
    code, text = said()
    assert code == 0
    assert "Use --authority." in text
    other = LocalAuthority(tmp_path / "other")
    code, text = said(other.root)
    assert code == 1
    assert "doesn't lead to one that was given." in text
    stamp.write_bytes(outside.authority.answer((outside.authority.folder / "request.tsq").read_bytes())[:-1] + b"\x00")
    assert said(outside.authority.root)[0] == 1
    stamp.unlink()
    code, text = said(outside.authority.root)
    assert code == 3
    assert "There is no time stamp beside it, seal.tlog-proof.tsr." in text


async def test_where_no_authority_is_named_there_is_no_stamp(tmp_path: Path) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as made:
        await held(made)
        status, body = await got(made, f"/s/{SESSION}/seal.tlog-proof")
        assert (status, b"No seal of this meeting has a time stamp." in body) == (404, True)
        assert (await got(made, "/s/nobody/seal.tlog-proof.tsr"))[0] == 404
