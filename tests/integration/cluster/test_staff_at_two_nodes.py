"""The staff at two nodes at once and over a take-over: moderators' rows, walls and a removal, drafts of captioners and
of a speaker's turn, who is on air, the trend of the control room.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.core.kernel.ids import SessionId
from support.cluster.nodes import NodeProcess, Prepared
from support.cluster.process import RedisProcesses
from support.cluster.typing import Typist, house, texts
from support.halls.process import CLOCK

pytestmark = pytest.mark.timeout(150)
AGAIN_MS = 100
WELL, ROAD = "Is the well in Nyabera deep enough?", "Who pays for the road?"


class Page:
    """A staff page at one node: the newest of each message, and which acts it was told."""

    def __init__(self, client: socketio.AsyncClient, namespace: str, session: SessionId) -> None:
        self._client = client
        self._namespace = namespace
        self._session = session
        self.rows: dict[str, str] = {}
        """Where each question stands."""
        self.removed: set[str] = set()
        """Questions whose words are gone."""
        self.acts: list[str] = []
        self.cards: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        client.on("interventions", self._asked, namespace=namespace)
        client.on("acted", self._acted, namespace=namespace)
        client.on("cards", self._cards, namespace=namespace)
        client.on("*", lambda *_: None, namespace=namespace)

    async def join(self, **more: object) -> dict[str, Any]:
        joined = await self.ask("join", session=self._session, **more)
        await self._asked(joined.get("news", {}).get("interventions"))
        return joined

    async def ask(self, message: str, **wish: object) -> dict[str, Any]:
        answer = await self._client.call(message, wish, namespace=self._namespace, timeout=30)
        assert "refusal" not in answer, answer
        return dict(answer)

    async def bring(self, name: str, question: str, status: str, **more: object) -> None:
        command = {"do": "set-status", "interventions": [question], "status": status}
        await self.ask("act", id=name, commands=[command], **more)

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(holds)

    async def _asked(self, body: dict[str, Any] | None) -> None:
        async with self._news:
            self.rows |= {each["id"]: each["status"] for each in (body or {}).get("items", ())}
            self.removed |= {each["id"] for each in (body or {}).get("items", ()) if each["removed"]}
            self._news.notify_all()

    async def _acted(self, body: dict[str, Any]) -> None:
        async with self._news:
            self.acts.append(body["id"])
            self._news.notify_all()

    async def _cards(self, body: dict[str, Any]) -> None:
        async with self._news:
            self.cards += [card for card in body["cards"] if card["session"] == self._session]
            self._news.notify_all()


@asynccontextmanager
async def page(node: NodeProcess, planned: Prepared, namespace: str = "/desk") -> AsyncIterator[Page]:
    """A technician's page, opened at this node."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{node.address}/enter/{planned.token}", allow_redirects=False) as entered:
            assert entered.status == 303
        client = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=http)
        made = Page(client, namespace, planned.session)
        await client.connect(node.address, namespaces=[namespace], transports=["websocket"], wait_timeout=60)
        try:
            yield made
        finally:
            await client.disconnect()


async def asks(http: aiohttp.ClientSession, node: NodeProcess, session: str, text: str) -> str:
    """Ask by the form; the address of the author's own page."""
    form = {"id": f"form{len(text)}", "kind": "question", "text": text, "language": "en", "name": ""}
    ask = f"{node.address}/s/{session}/ask"
    async with http.post(ask, data=form, headers={"Origin": node.address}, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"].partition("?")[0]


async def writes(http: aiohttp.ClientSession, node: NodeProcess, own: str, **written: object) -> list[str]:
    """What the script of the author's page sends until it is taken; the lines that are kept."""
    while True:
        try:
            async with http.post(
                f"{node.address}{own}/words", json={"page": "p", **written}, headers={"Origin": node.address}
            ) as answer:
                if answer.status == 200:
                    return list((await answer.json())["kept"])
                assert answer.status == 503, await answer.text()
        except (aiohttp.ClientError, OSError):
            pass
        await CLOCK.sleep(AGAIN_MS)


async def on_wall(http: aiohttp.ClientSession, node: NodeProcess, session: str) -> str:
    async with http.get(f"{node.address}/s/{session}/screen?ui=en") as answer:
        return await answer.text()


async def until_wall(
    http: aiohttp.ClientSession, node: NodeProcess, session: str, text: str, *, shown: bool = True
) -> None:
    while (text in await on_wall(http, node, session)) is not shown:
        await CLOCK.sleep(AGAIN_MS)


async def test_acts_walls_typing_and_trends_at_two_nodes_and_over_a_take_over(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        session = typist.session
        own = {text: await asks(http, second, session, text) for text in (WELL, ROAD)}
        async with page(first, typist.planned) as here, page(second, typist.planned) as there:
            await here.join()
            await there.join()
            await _they_see_each_other(here, there)
            well, road = list(here.rows)
            await _a_question_leaves_both_walls(http, (first, second), (here, there), session, well)
            with pytest.raises(AssertionError, match="Test called no"):
                await here.bring("call-road", road, "called")
            await here.bring("call-road", road, "called", anyway=True)
            await there.until(lambda: there.rows[road] == "called")
            on_air = {"do": "put-on-air", "channel": "floor", "source": "person", "token": 7}
            await there.ask("act", id="on-air", commands=[on_air])
            await there.ask("typing", line="ahead", text="Half a li", language="en")
            kept = await writes(
                http, second, own[ROAD], n=1, line="l2", text="And th", done=[{"line": "l1", "text": "I ask it."}]
            )
            assert kept == ["l1"]
            async with page(second, typist.planned, "/control") as control:
                await control.join()
                await control.until(lambda: len(control.cards) > 1)
                before = control.cards[-1]
        await first.kill()
        await second.until("keeps the house")
        await _nothing_typed_is_lost_or_doubled(http, second, typist, own[ROAD])
        async with page(second, typist.planned, "/control") as control:
            first_told = (await control.join(trends="changed"))["cards"]
            await control.until(lambda: control.cards)
            card = control.cards[0]
            assert (card["session"], card["title"], card["stands"]) == (session, before["title"], before["stands"])
            rates = [len(each["rates"]) for each in first_told if each["session"] == session]
            assert sum(rates) <= 1, "the trend begins anew: the next keeper has seen nothing of it"
        async with page(second, typist.planned) as desk:
            joined = await desk.join()
            assert {each["id"] for each in joined["acts"]} >= {"up-0", "call-road", "ahead"}
            assert desk.rows[road] == "called"
            assert desk.removed == {well}
            air = joined["news"]["air"]["floor"]
            assert (air["source"], air["token"], bool(air["holder"])) == ("person", 7, True)
            machine = {"do": "put-on-air", "channel": "floor", "source": "machine"}
            await desk.ask("act", id="machine", commands=[machine])
            assert WELL not in await on_wall(http, second, session)
    lines = texts(second, session)
    for line in ("Half a line.", "I ask it.", "And that is all."):
        assert lines.count(line) == 1, line
    typed = [each for each in lines if each.startswith("Line ")]
    assert typed[: len(typist.typed)] == typist.typed
    assert not any(WELL.encode() in (each.body or b"") for each in second.records(session))


async def _they_see_each_other(here: Page, there: Page) -> None:
    """Each brings on one of two questions; both are told of both acts, and end at the same rows."""
    pages = (here, there)
    for each in pages:
        await each.until(lambda each=each: len(each.rows) == 2)  # type: ignore[misc]
    for n, (by, question) in enumerate(zip(pages, list(here.rows), strict=True)):
        await by.bring(f"up-{n}", question, "queued")
    for each in pages:
        await each.until(lambda each=each: {"up-0", "up-1"} <= set(each.acts))  # type: ignore[misc]
        await each.until(lambda each=each: list(each.rows.values()) == ["queued", "queued"])  # type: ignore[misc]


async def _a_question_leaves_both_walls(
    http: aiohttp.ClientSession,
    nodes: tuple[NodeProcess, NodeProcess],
    pages: tuple[Page, Page],
    session: SessionId,
    question: str,
) -> None:
    """It is called at one node, shown on walls at both, and removed at the other node while it is shown."""
    here, there = pages
    await there.bring("call-well", question, "called")
    await here.until(lambda: here.rows[question] == "called")
    for node in nodes:
        await until_wall(http, node, session, WELL)
    await there.ask("remove", id="remove-well", removes={"type": "interventions", "interventions": [question]})
    for each in (here, there):
        await each.until(lambda each=each: question in each.removed)  # type: ignore[misc]
    for node in nodes:
        await until_wall(http, node, session, WELL, shown=False)


async def _nothing_typed_is_lost_or_doubled(
    http: aiohttp.ClientSession, node: NodeProcess, typist: Typist, own: str
) -> None:
    """What was typed ahead becomes a line by the same id, and what a speaker has sent is sent again."""
    line = {"do": "type", "channel": "floor", "segment": "ahead", "text": "Half a line.", "language": "en"}
    for _ in range(2):
        await typist.act("ahead", line)
    done = [{"line": "l1", "text": "I ask it."}, {"line": "l2", "text": "And that is all."}]
    for n in (2, 3):
        assert await writes(http, node, own, n=n, line="l3", done=done) == ["l1", "l2"]
