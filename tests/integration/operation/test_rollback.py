"""An earlier release's program opens, continues and verifies a data folder that this release has written, and then this
release does so again: the rollback of docs/reference/support.md.

Slow: it runs another program. `golden/test_support.py` gives events of a later release to this one.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events.types import Access, ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.core.programme.agenda import AgendaNote
from moothall.core.programme.look import Colours
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.browsers import SignedIn
from moothall.services.sessions.link_terms import LinkTerms
from moothall.services.sessions.role_links import Entered
from moothall.services.sessions.staff import HALL, Staff, session_scope
from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Translation
from support.releases.release import COMMITS, Release, unpacked
from support.sessions.every_event import FLOOR, SESSION, write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
PLENARY, OFF = SessionId("plenary"), SessionId("off")
SAID, AFTER = "We open the meeting.", "And we go on, a release before."
_EARLIER = """
import asyncio, sys
import aiohttp, moothall
from moothall.app.hall import hall
from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role, SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import Engine, Server, Settings, Translation

async def main(data, token, text):
    settings = Settings(
        server=Server(port=0, data=data), engine=Engine(count=0), translation=Translation(translators=())
    )
    line = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("after"), text=text, language="en")
    async with hall(settings) as running, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        found = {}
        for name in await running.backend.log.sessions():
            live = await running.backend.sessions.find(name)
            sent = await live.writer.send(SYSTEM, CommandId("back"), (do.DescribeSession(title=f"{name} back"),))
            assert isinstance(sent, Receipt), (name, sent)
        live = await running.backend.sessions.find(SessionId("plenary"))
        sent = await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("line"), (line,))
        assert isinstance(sent, Receipt), sent
        for path in ("/", "/s/plenary", "/s/open", f"/enter/{token}"):
            async with http.get(running.address + path) as answer:
                assert answer.status == 200, (path, answer.status)
        async with http.get(f"{running.address}/s/plenary/record.txt") as answer:
            print(moothall.__file__, await answer.text())

asyncio.run(main(*sys.argv[1:]))
"""
"""What the earlier program does: it writes into every session, and serves pages, a record and a link."""


def settings(data: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(data)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        metrics=Metrics(host=""),
    )


async def told(running: RunningServer, by: Actor, name: str, *commands: do.AnyCommand) -> None:
    live = await running.backend.sessions.open(PLENARY)
    assert isinstance(await live.writer.send(by, CommandId(name), commands), Receipt), name


async def held(running: RunningServer) -> str:
    """A meeting, a place, a plan, a look, and a link; its token."""
    made = do.CreateSession(title="Plenary", languages=("en",), access=Access.PUBLIC)
    floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId("first"), text=SAID, language="en")
    await told(running, SYSTEM, "made", made, floor, do.OpenSession())
    await told(running, Actor(Role.CAPTIONER, "c"), "said", line)
    room = Room(id=RoomId("main"), title="Main hall")
    plans = Planned(session=PLENARY, title="Plenary", room=room.id), Planned(session=OFF, title="Off", cancelled=True)
    programme = running.backend.programme
    await programme.keep(rooms=[room], planned=plans)
    await programme.agenda.annotate(PLENARY, AgendaNote(statement="Captions"))
    await running.backend.hubs.add("Kisumu", Details(country="KE", city="Kisumu"))
    await running.backend.look.write(name="Water Forum", colours=Colours(light="#7a0026"), logo=None)
    links, now = running.backend.links, running.backend.clock.wall()
    _, token = await links.create(Role.SECRETARIAT, HALL, "Office", LinkTerms(expires=now + 3_600_000))
    await links.create(Role.TOOL, session_scope(PLENARY), "StenoCo")
    entered = await links.enter(token, "")
    assert isinstance(entered, Entered)
    office = Staff(link="f" * 16, role=Role.SECRETARIAT, scope=HALL, label="")
    await links.sign_in((SignedIn(staff=office, since=now, until=now + 3_600_000),), entered.key)
    return token


async def logs(running: RunningServer) -> dict[SessionId, list[LogRecord]]:
    log = running.backend.log
    return {name: list(await log.read(name, 0, 10_000)) for name in await log.sessions()}


async def ran(release: Release, *arguments: str) -> str:
    """What a program of that release prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **release.environment},
    )
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()[-3_000:]
    return out.decode()


@pytest.mark.parametrize("name", COMMITS)
async def test_a_folder_of_this_release_goes_back_to_an_earlier_one_and_forward_again(
    tmp_path: Path, name: str
) -> None:
    release, data = unpacked(name, tmp_path / "release"), tmp_path / "data"
    data.mkdir()
    await write(data / FILE_NAME, SESSION, Access.PUBLIC)  # With an event of every type.
    async with hall(settings(data)) as running:
        token = await held(running)
        before = await logs(running)
    said = await ran(release, "-c", _EARLIER, str(data), token, AFTER)
    assert said.startswith(str(release.tree)), "It was another program."
    assert SAID in said
    assert AFTER in said
    assert "intact" in await ran(release, "-m", "moothall", "verify", "--data", str(data), PLENARY)
    async with hall(settings(data)) as running, aiohttp.ClientSession() as http:
        now = await logs(running)
        for session, records in before.items():
            assert now[session][: len(records)] == records, session
            assert len(now[session]) > len(records)
            live = await running.backend.sessions.find(session)
            assert live is not None
            assert live.state.title == f"{session} back"
        await told(running, SYSTEM, "closed", do.CloseSession())
        async with http.get(f"{running.address}/s/{PLENARY}/record.txt") as answer:
            text = await answer.text()
        assert text.index(SAID) < text.index(AFTER)
        assert running.backend.look.shown.name == "Water Forum"
        assert running.backend.hubs.get("kisumu") is not None
        assert [each.title for each in running.backend.programme.rooms()] == ["Main hall"]
        links = running.backend.links
        assert sorted(each.label for each in links.list()) == ["Kisumu", "Office", "StenoCo"]
        office = next(each.link for each in links.list() if each.label == "Office")
        assert links.terms(office).expires
        assert len(links.signed_in()) == 1
    assert "intact" in await ran(release, "-m", "moothall", "verify", "--data", str(data), PLENARY)
