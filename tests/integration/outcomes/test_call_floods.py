"""A flood of proposals in an open call: one browser and one address have a share, whoever is refused is told why and
keeps what they typed, what was taken stands, and the secretariat declines a flood in one act.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import aiohttp
import pytest
import socketio

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.questions.floods import KEPT_OF_FLOOD
from moothall.core.questions.limits import MOST_OPEN
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.calls import CallFields, OpenCalls
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import Conference, EngineSection, Server, Settings, Translation

SHARE = 25
"""How many proposals of one address may be open."""
OFFICE = Actor(Role.SECRETARIAT, "office")
FLOOD, OTHERS = "198.51.100.7", "192.0.2.1"
SENT, REFUSED, OFTEN = 303, 422, 429


class Call:
    """An open call in a server that believes a proxy."""

    def __init__(self, running: RunningServer, http: aiohttp.ClientSession, live: LiveSession) -> None:
        self.running = running
        self.http = http
        self.live = live

    def standing(self, *statuses: InterventionStatus) -> list[str]:
        return [each.text for each in self.live.state.questions.with_status(*statuses)]

    async def decide(self, *commands: do.AnyCommand) -> None:
        answer = await self.live.writer.send(OFFICE, CommandId(f"d{self.live.writer.offset}"), commands)
        assert isinstance(answer, Receipt), answer


class Visitor:
    """A browser, which comes from an address."""

    def __init__(self, call: Call, address: str) -> None:
        self.call = call
        self.headers = {"Origin": call.running.address, "X-Forwarded-For": address, "Accept-Language": "en"}
        self.page = ""

    async def open(self) -> None:
        """Open the page, and keep the cookie."""
        async with self.call.http.get(self._at(), headers=self.headers) as answer:
            assert answer.status == 200
            cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in answer.cookies.items())
            self.headers |= {"Cookie": cookies} if cookies else {}
            self.page = await answer.text()

    async def propose(self, text: str, form: str = "") -> int:
        """Send a proposal; a `form` that was sent before is the same proposal."""
        if not form:
            await self.open()
            found = re.search(r'name="id" value="([^"]+)"', self.page)
            assert found is not None
            form = found[1]
        return await self.post("", id=form, text=text, language="en", act="send")

    async def post(self, path: str, **fields: str) -> int:
        async with self.call.http.post(
            f"{self._at()}{path}", data=fields, headers=self.headers, allow_redirects=False
        ) as answer:
            self.page = unescape(await answer.text())
            return answer.status

    def _at(self) -> str:
        return f"{self.call.running.address}/calls/{self.call.live.id}"


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Call]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path), trusted_proxies=("127.0.0.1",)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        conference=Conference(people_at_one_address=SHARE),
    )
    async with hall(settings) as running, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        fields = CallFields(title="What shall we ask?", text="Propose.", language="en")
        backend = running.backend
        logs = OutcomeLogs(backend.sessions, entries=SessionCatalogue(backend.log).all)
        calls = OpenCalls(logs, PolicyQuestions(logs, clock=backend.clock), clock=backend.clock)
        name = await calls.make("form", OFFICE, fields)
        assert isinstance(name, str), name
        live = await backend.sessions.find(SessionId(name))
        assert live is not None
        yield Call(running, http, live)


async def test_a_browser_has_a_share_and_room_again_once_some_were_dealt_with(call: Call) -> None:
    ana = Visitor(call, FLOOD)
    texts = [f"Proposal no. {n} of one browser?" for n in range(MOST_OPEN + 1)]
    assert [await ana.propose(each) for each in texts] == [SENT] * MOST_OPEN + [REFUSED]
    assert f"{MOST_OPEN} of yours are still waiting." in ana.page
    assert texts[-1] in ana.page, "what was typed is still there"
    assert call.standing(InterventionStatus.CHECKED) == texts[:-1]
    first = call.live.state.questions.numbered(1)
    assert first is not None
    declined = do.SetStatus(interventions=(first.id,), status=InterventionStatus.DECLINED, reason="Asked already")
    await call.decide(declined)
    assert await ana.propose(texts[-1]) == SENT
    assert call.standing(InterventionStatus.CHECKED) == texts[1:]
    assert call.running.backend.asking.addresses.crowds(call.live.id, call.live.state.questions) == ()


async def test_a_flood_of_one_address_takes_its_share_and_goes_in_one_act(call: Call) -> None:
    flood = [Visitor(call, FLOOD) for _ in range(SHARE + 1)]
    texts = [f"Flood no. {n}?" for n in range(SHARE)]
    sent = await asyncio.gather(*(flood[n].propose(text, f"f{n}") for n, text in enumerate(texts)))
    assert sent == [SENT] * SHARE
    assert await flood[0].propose(texts[0], "f0") == SENT, "sent again it is the same"
    assert await flood[-1].propose("One more?", "more") == REFUSED, "the share is used up"
    assert "Too many questions and comments from your network are waiting." in flood[-1].page
    assert "One more?" in flood[-1].page
    other = Visitor(call, OTHERS)
    assert await other.propose("Who pays for the last mile?") == SENT
    assert sorted(call.standing(InterventionStatus.CHECKED)) == sorted([*texts, "Who pays for the last mile?"])
    _, token = await call.running.backend.links.create(Role.MODERATOR, f"session:{call.live.id}", "Mo")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{call.running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == SENT
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(call.running.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        shown = await client.call("join", {"session": call.live.id}, namespace="/desk", timeout=60)
        (crowd,) = shown["news"]["crowds"]
        assert (crowd["count"], crowd["numbers"]) == (SHARE, [1, SHARE]), "the desk is warned"
        wish = {"id": "no-flood", "kind": crowd["place"], "text": "It is a flood."}
        assert "receipt" in await client.call("crowd", wish, namespace="/desk", timeout=60)
        await client.disconnect()
    assert sorted(call.standing(InterventionStatus.DECLINED)) == sorted(texts)
    assert call.standing(InterventionStatus.CHECKED) == ["Who pays for the last mile?"]
    await other.open()
    assert "Not taken, because: It is a flood." in re.sub(r"[\u2068\u2069]", "", other.page)
    assert "Flood no." not in other.page, "its words were never published"
    assert await Visitor(call, FLOOD).propose("And in earnest?") == SENT, "there is room again"


async def test_of_a_flood_of_browsers_that_support_a_proposal_a_few_count(call: Call) -> None:
    assert await Visitor(call, OTHERS).propose("Who pays for the last mile?") == SENT
    first = call.live.state.questions.numbered(1)
    assert first is not None
    await call.decide(do.SetStatus(interventions=(first.id,), status=InterventionStatus.QUEUED))
    for _ in range(SHARE + 5):
        each = Visitor(call, FLOOD)
        await each.open()
        assert await each.post("/proposals/1/support", too="yes") == SENT
    found = call.running.backend.ballots.set_aside(call.live.id)
    assert found == {"support": {first.id: SHARE + 5 - KEPT_OF_FLOOD}, "hands": {}}, "the desk is told of it"


async def test_an_address_that_sends_without_end_is_told_to_wait_and_keeps_its_words(call: Call) -> None:
    words, answers = {"text": "The words of one among many.", "language": "en", "name": "n" * 300}, set[int]()
    many = [Visitor(call, FLOOD) for _ in range(50)]
    while OFTEN not in answers:  # At most 300 at once, and then two a second.
        answers = {*await asyncio.gather(*(each.post("", id="e", **words) for each in many))}
        assert answers <= {REFUSED, OFTEN}
    told = [each.page for each in many if "That came very often." in each.page]
    assert told
    assert all(words["text"] in page for page in told)
    assert await Visitor(call, OTHERS).propose("Who pays for the last mile?") == SENT
    assert call.standing(InterventionStatus.CHECKED) == ["Who pays for the last mile?"]
