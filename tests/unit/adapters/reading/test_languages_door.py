from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.languages_door import ALLOWANCE, LanguagesDoor
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import Session, Snapshot
from moothall.testing.clock import ManualClock
from moothall.testing.visitors import visitor_context

PAGES = Pages(find_web_folder())
Client = TestClient[web.Request, web.Application]
OURS = {"Origin": "https://hall.example.org", "Accept-Language": "en"}


class Hall:
    """A session that can be translated into Spanish, as long as somebody answers."""

    def __init__(self) -> None:
        self.wanted: list[tuple[str, str]] = []
        self.answer: ChannelId | Refusal = ChannelId("mt-es")

    async def snapshot_of(self, session: SessionId, feed: Feed) -> Snapshot | None:
        if session != "plenary":
            return None
        return Snapshot(epoch=Epoch("e1"), offset=0, feed=feed.name, session=Session(id=session), lines=(), before=None)

    async def want(self, session: SessionId, language: str) -> ChannelId | Refusal:
        self.wanted.append((session, language))
        return self.answer


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
async def client(hall: Hall) -> AsyncIterator[Client]:
    door = LanguagesDoor(
        visitor_context(PAGES, ManualClock(), hall.snapshot_of), offered=lambda _: ("es",), want=hall.want
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def ask(
    client: Client, body: str = "language=es", path: str = "/s/plenary/language", **headers: str
) -> tuple[int, str, str]:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.post(path, data=body, headers={**OURS, **form, **headers}, allow_redirects=False) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_whoever_asks_is_sent_to_the_text_with_all_that_was_chosen(client: Client, hall: Hall) -> None:
    assert (await ask(client))[:2] == (303, "/s/plenary?channel=mt-es")
    path = "/s/plenary/language?channel=floor&ui=fr&size=150&next=//evil.example"
    assert (await ask(client, path=path))[1] == "/s/plenary?channel=mt-es&size=150&ui=fr"
    assert hall.wanted == [("plenary", "es")] * 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("language=sw", 404),
        ("language=es-x", 404),
        ("language=", 400),
        ("", 400),
        ("language=" + "e" * 36, 400),
        ("language=es&x=" + "y" * 1_024, 400),
        ("&".join("language=es" for _ in range(20)), 400),
    ],
)
async def test_nothing_else_is_made(client: Client, hall: Hall, body: str, status: int) -> None:
    assert (await ask(client, body))[0] == status
    assert hall.wanted == []


async def test_it_is_asked_of_a_session_that_there_is(client: Client, hall: Hall) -> None:
    assert (await ask(client, path="/s/nowhere/language"))[0] == 404
    assert hall.wanted == []


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (RefusalCode.UNKNOWN, 404, "A translation into that language can&#39;t be made here"),
        (RefusalCode.BUSY, 503, "So many texts are being translated that this one has to wait."),
        (RefusalCode.UNAVAILABLE, 503, "reached at the moment. Please try again in a minute."),
    ],
)
async def test_a_refusal_is_a_sentence(client: Client, hall: Hall, code: RefusalCode, status: int, said: str) -> None:
    hall.answer = Refusal(code=code, message="No.")
    got, _, text = await ask(client)
    assert got == status
    assert said in text


async def test_who_asks_all_the_time_is_slowed(client: Client) -> None:
    for _ in range(ALLOWANCE.burst):
        assert (await ask(client))[0] == 303
    assert (await ask(client))[0] == 429
