"""What is due, and speakers' own words, at a house of two nodes and over a take-over."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, NoteId, SessionId
from moothall.core.proposals.own_words import DAY_MS
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Translation
from support.backup.houses import holding
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcesses
from support.halls.due import LaterClock, days_pass
from support.halls.process import CLOCK
from support.halls.removal import ANA, HIDDEN, SESSION, held
from support.sessions.questions import ask

NOTE, ASKED = b"kumquat", b"tamarind"
PAGE = f"/own-words/{SESSION}"
MEANT = "So barbecue it is."


async def acted(running: RunningServer, name: str, command: do.AnyCommand, by: Actor = SYSTEM) -> None:
    live = await running.backend.sessions.open(SESSION)
    assert isinstance(await live.writer.send(by, CommandId(name), command), Receipt)


async def before_it_was_due(data: Path) -> str:
    """Hold a meeting 91 days ago, with a note and a question that nobody published, and keep it until the day before
    yesterday; the secret of a speaker's link.
    """
    clock = LaterClock(SystemClock(), -91 * DAY_MS)
    settings = Settings(
        server=Server(port=0, data=str(data)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        metrics=Metrics(host=""),
    )
    async with hall(settings, clock=clock) as running:
        await held(running)
        await acted(running, "note", do.LeaveNote(text=NOTE.decode(), note=NoteId("n")), Actor(Role.CHAIR, "c"))
        await acted(running, "asked", ask("held", f"Why {ASKED.decode()}?"), Actor(Role.PARTICIPANT, "p"))
        await acted(running, "close", do.CloseSession())
        await days_pass(running, 89, clock)
        state = (await running.backend.sessions.open(SESSION)).state
        secret = await running.backend.own_words.make(state, ANA, clock.wall() + 14 * DAY_MS)
        assert isinstance(secret, str), secret
        return secret


async def gone(node: NodeProcess, words: bytes, *, there: bool = False) -> None:
    """Comes back when no file of a node has the words; `there`: when one does."""
    while bool(holding(node.data, [words])) is not there:
        await CLOCK.sleep(200)


def removals(node: NodeProcess) -> list[str]:
    events = (decode_event(each.body) for each in node.records(SessionId(SESSION)) if each.body is not None)
    return [event.reason for event in events if isinstance(event, ev.BodyRemoved)]


class Speaker:
    """Ana's browser."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def page(self, node: NodeProcess, path: str = PAGE) -> str:
        async with self.http.get(f"{node.address}{path}?ui=en") as answer:
            assert answer.status == 200
            return await answer.text()

    async def proposes(self, node: NodeProcess, text: str) -> None:
        (form,) = (
            each
            for each in re.findall(r"<form.*?</form>", await self.page(node), re.DOTALL)
            if 'value="propose"' in each
        )
        hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
        data, origin = {**hidden, "act": "propose", "text": text}, {"Origin": node.address}
        async with self.http.post(f"{node.address}{PAGE}?ui=en", data=data, headers=origin) as answer:
            assert answer.status == 200, await answer.text()


@pytest.mark.slow  # Without processes: unit/services/retention and unit/services/proposals/test_own_words.py.
async def test_the_keeper_removes_what_is_due_and_the_next_one_the_rest_and_a_speaker_goes_on(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """The first keeper keeps questions for ten days more than the second."""
    port = redis_processes.empty("valkey").port
    first = NodeProcess(tmp_path, 1, port, more='\n[retention]\nquestions = "100 days"\n')
    second = NodeProcess(tmp_path, 2, port)
    secret = await before_it_was_due(first.data)
    assert len(holding(first.data, [NOTE])) == len(holding(first.data, [ASKED])) == 1
    second.sign_like(first)
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            ana = Speaker(http)
            await first.start()
            await first.until("keeps the house")
            await second.start()
            for node in (first, second):
                await gone(node, ASKED, there=True)
                await gone(node, NOTE)
                assert holding(node.data, [ASKED]) != []
            assert HIDDEN in await ana.page(second, f"{PAGE}/enter/{secret}")
            await ana.proposes(second, "So pineapple it is.")
            await first.kill()
            await second.until("keeps the house")
            await gone(second, ASKED)
            assert "So pineapple it is." in await ana.page(second)
            await ana.proposes(second, MEANT)
            await first.start()
            await gone(first, ASKED)
            assert MEANT in await ana.page(first)
            await second.kill()
            await first.until("keeps the house")
            page = await ana.page(first)
            assert MEANT in page
            assert "pineapple" not in page
            assert [removals(node) for node in (first, second)] == [["due-staff", "due-staff"]] * 2
    finally:
        for node in (first, second):
            await node.stop()
