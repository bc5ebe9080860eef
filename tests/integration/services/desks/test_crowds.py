"""Many people behind one address: 300 ask, read and vote in earnest; a flood gets only its
share, and one act removes it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import socketio

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, PollId, SessionId
from moothall.core.questions import floods
from moothall.core.rules import questions as question_rules
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import Conference, Server, Settings, Translation
from moothall.settings.sections import EngineSection as EngineSettings
from support.sessions.questions import SOMEBODY, ask, name

S = SessionId("plenary")
MANY = 300
AT_ONCE = 10
MODERATOR = Actor(Role.MODERATOR, "m1")


class Meeting:
    """A server that believes a proxy, with a meeting that is on."""

    def __init__(self, running: RunningServer, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.http = http
        self._acts = 0

    async def do(self, *commands: do.AnyCommand, actor: Actor = MODERATOR) -> None:
        self._acts += 1
        live = await self.running.backend.sessions.open(S)
        answer = await live.writer.send(actor, CommandId(f"act-{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer

    async def status(self, *statuses: InterventionStatus) -> int:
        return len((await self.running.backend.sessions.open(S)).state.questions.with_status(*statuses))

    def browser(self, address: str) -> Browser:
        return Browser(self, address)


class Browser:
    """Keeps cookies, and comes from an address."""

    def __init__(self, meeting: Meeting, address: str) -> None:
        self._meeting = meeting
        self._headers = {"Origin": meeting.running.address, "X-Forwarded-For": address, "Accept-Language": "en"}
        self._cookies: dict[str, str] = {}

    async def get(self, path: str) -> str:
        async with self._meeting.http.get(self._address(path), headers=self._sent()) as answer:
            assert answer.status == 200, path
            self._cookies |= {name: morsel.value for name, morsel in answer.cookies.items()}
            return await answer.text()

    async def post(self, path: str, **form: str) -> int:
        async with self._meeting.http.post(
            self._address(path), headers=self._sent(), data=form, allow_redirects=False
        ) as answer:
            return answer.status

    async def ask(self, text: str) -> int:
        form = re.search(r'name="id" value="([^"]+)"', await self.get("ask"))
        assert form
        return await self.post("ask", id=form[1], kind="question", text=text, language="en")

    def _address(self, path: str) -> str:
        return f"{self._meeting.running.address}/s/{S}/{path}"

    def _sent(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {**self._headers, **({"Cookie": cookies} if cookies else {})}


@pytest.fixture
async def meeting(tmp_path: Path) -> AsyncIterator[Meeting]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path), trusted_proxies=("127.0.0.1",)),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
        conference=Conference(people_at_one_address=MANY),
    )
    async with hall(settings) as running, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        made = Meeting(running, http)
        live = await running.backend.sessions.open(S)
        commands: list[do.AnyCommand] = [
            do.CreateSession(title="Plenary", languages=("en",)),
            do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
        ]
        answer = await live.writer.send(Actor(Role.SECRETARIAT, "s1"), CommandId("make"), commands)
        assert isinstance(answer, Receipt), answer
        yield made


async def side_by_side(act: Callable[[int], Awaitable[None]]) -> None:
    """What each of MANY does, AT_ONCE of them at a time."""

    async def some(first: int) -> None:
        for number in range(first, MANY, AT_ONCE):
            await act(number)

    async with asyncio.TaskGroup() as group:
        for first in range(AT_ONCE):
            group.create_task(some(first))


@asynccontextmanager
async def at_desk(running: RunningServer) -> AsyncIterator[tuple[socketio.AsyncClient, dict[str, object]]]:
    """A stock client, whose limit for a message is aiohttp's."""
    _, token = await running.backend.links.create(Role.MODERATOR, f"session:{S}", "Mo")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(running.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        try:
            yield client, await client.call("join", {"session": S}, namespace="/desk", timeout=60)
        finally:
            await client.disconnect()


async def test_300_people_behind_one_address_ask_read_and_vote_and_nothing_is_set_aside(meeting: Meeting) -> None:
    hasty, floods.HASTY_MS = floods.HASTY_MS, 0  # People read before they choose; nobody waits here.
    try:
        await ask_read_and_vote(meeting)
    finally:
        floods.HASTY_MS = hasty


async def ask_read_and_vote(meeting: Meeting) -> None:
    people = [meeting.browser("198.51.100.7") for _ in range(MANY)]

    async def asks(number: int) -> None:
        assert await people[number].ask(f"Question of no. {number}?") == 303

    await side_by_side(asks)
    assert await meeting.status(InterventionStatus.CHECKED) == MANY
    why = name("why")  # Of somebody else, since nobody supports what is their own.
    await meeting.do(ask("why", "Who pays?"), actor=SOMEBODY)
    await meeting.do(
        do.SetStatus(interventions=(why,), status=InterventionStatus.QUEUED),
        do.OpenPoll(poll=PollId("p"), question="Shall we?", language="en", options=("Yes", "No")),
    )

    async def votes(number: int) -> None:
        assert "Shall we?" in await people[number].get("questions")
        assert await people[number].post(f"asked/{MANY + 1}/support", too="yes") == 303
        assert await people[number].post("hands/1", option=str(number % 2)) == 303

    await side_by_side(votes)
    assert meeting.running.backend.ballots.set_aside(S) is None
    assert meeting.running.backend.ballots.lately(S) == {"support": {why: [MANY, 1]}, "hands": {"p": [MANY, 1]}}


async def test_a_flood_takes_the_share_of_its_address_and_goes_in_one_act(meeting: Meeting) -> None:
    flood = [meeting.browser(f"2001:db8:1:{number % 18:x}::1") for number in range(MANY)]

    async def asks(number: int) -> None:
        form = {"id": f"f{number}", "kind": "question", "text": "\U0001f600" * 1_900, "language": "en"}
        assert await flood[number].post("ask", **form) == 303

    await side_by_side(asks)
    form = {"id": "one-more", "kind": "question", "text": "And I?", "language": "en"}
    assert await meeting.browser("2001:db8:1:ff::1").post("ask", **form) == 422, "that /48 has had its share"
    assert await meeting.browser("2001:db8:2::1").ask("A question of somebody else?") == 303
    async with at_desk(meeting.running) as (client, shown):
        news = shown["news"]
        assert isinstance(news, dict)
        told, (crowd,) = news["interventions"], news["crowds"]
        assert told["items"][-1]["text"] == "A question of somebody else?", "the newest are there"
        assert told["more"]["count"] == MANY + 1 - len(told["items"])
        known = {item["id"] for item in told["items"]}
        more = told["more"]
        while more is not None:
            page = await client.call("older", {"first": more["before"]}, namespace="/desk", timeout=60)
            known |= {item["id"] for item in page["items"]}
            more = page["more"]
        assert len(known) == MANY + 1
        assert (crowd["count"], crowd["numbers"]) == (MANY, [1, MANY])
        wish = {"id": "no-flood", "kind": crowd["place"], "text": "It is a flood."}
        most, question_rules.MOST_AT_ONCE = (
            question_rules.MOST_AT_ONCE,
            MANY // 3,
        )  # A house may let more in than one command.
        try:
            answer = await client.call("crowd", wish, namespace="/desk", timeout=60)
        finally:
            question_rules.MOST_AT_ONCE = most
        assert await client.call("crowd", wish, namespace="/desk", timeout=60) == answer, "sent again it is the same"
        other = await client.call("crowd", {**wish, "id": "again"}, namespace="/desk", timeout=60)
        assert other["refusal"]["code"] == "stale"
    assert (await meeting.status(InterventionStatus.DECLINED), await meeting.status(InterventionStatus.CHECKED)) == (
        MANY,
        1,
    )
    assert await meeting.browser("2001:db8:1:ff::1").post("ask", **form) == 303, "its places are free again"


async def test_a_meeting_may_take_nothing_of_browsers_that_keep_no_cookie(meeting: Meeting) -> None:
    await meeting.do(do.LimitAsking(known=True))
    form = {"id": "f1", "kind": "question", "text": "Why?", "language": "en"}
    assert await meeting.browser("192.0.2.1").post("ask", **form) == 422
    assert await meeting.browser("192.0.2.1").ask("Why?") == 303
    await meeting.do(do.LimitAsking(known=False))
    assert await meeting.browser("192.0.2.1").post("ask", **form) == 303
