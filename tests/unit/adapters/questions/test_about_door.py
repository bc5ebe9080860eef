from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from urllib.parse import urlencode

import msgspec
import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.about_door import ALLOWANCE, MAX_BODY_BYTES, AboutDoor
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.author_page import AuthorPage
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.questions.statements import AboutQuestions, Dimension
from moothall.services.questions.asking import Asking
from moothall.services.questions.balance import NAMESPACE, BalanceFigures
from moothall.services.questions.typing import TurnTyping
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.visitors import visitor_context
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example.org"
OURS = {"Origin": ORIGIN, "Accept-Language": "en", "Content-Type": "application/x-www-form-urlencoded"}
FILLED = {"id": "f1", "kind": "question", "text": "Why?", "language": "en"}
ABOUT = {"about-group": "media", "about-region": "africa", "about-gender": "", "about-young": "yes"}
CHOSEN = re.compile(r"<option value=\"[a-z]\S*\" selected>|type=\"checkbox\"[^>]* checked")


class AboutMeeting(MemoryMeeting):
    def __init__(
        self, hall: MemoryHall, live: LiveSession, client: TestClient[web.Request, web.Application], book: MemoryBook
    ) -> None:
        super().__init__(hall, live)
        self.client = client
        self.book = book

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(path, headers={"Accept-Language": "en"}) as answer:
            return answer.status, unescape(await answer.text())

    async def post(self, path: str, fields: dict[str, str] | bytes, **headers: str) -> tuple[int, str, str]:
        sent = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        async with self.client.post(path, data=sent, headers={**OURS, **headers}, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, answer.headers.get("Location", ""), unescape(await answer.text())

    async def asked(self, **fields: str) -> str:
        """Ask; gives the address of the author's page."""
        status, page, _ = await self.post("/s/s/ask", {**FILLED, **fields})
        assert status == 303
        return page

    async def kept(self) -> list[bytes]:
        return list((await self.book.read(f"{NAMESPACE}:{SESSION}")).values())


@asynccontextmanager
async def house_with(questions: AboutQuestions, *, young_people: bool = False) -> AsyncIterator[AboutMeeting]:
    async with memory_hall() as hall:
        live = await hall.sessions.open(SESSION)
        book = MemoryBook()
        asking = Asking(hall.sessions, book=book, clock=hall.clock, randomness=SeededRandomness(1))
        balance = BalanceFigures(
            hall.sessions, book=book, clock=hall.clock, randomness=SeededRandomness(2), questions=questions
        )
        await asking.load()
        await balance.load()
        snapshot_of = ReaderAccess(hall.sessions).snapshot
        author_page = AuthorPage(PAGES, TurnTyping(hall.sessions, hall.clock), SeededRandomness(5), balance)
        asks = AskingDoor(
            visitor_context(PAGES, ManualClock(hall.clock.wall()), snapshot_of, seed=3),
            asking,
            author_page=author_page,
            balance=balance,
        )
        about = AboutDoor(
            visitor_context(PAGES, ManualClock(hall.clock.wall()), snapshot_of, seed=4),
            asking,
            balance,
            author_page=author_page,
        )
        app = web.Application()
        app.add_routes([*asks.routes(), *about.routes()])
        secure(app)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            made = AboutMeeting(hall, live, client, book)
            await made.do(
                do.CreateSession(title="Open hall", languages=("en",), young_people=young_people),
                do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
                do.OpenSession(),
            )
            yield made


@pytest.fixture
async def house() -> AsyncIterator[AboutMeeting]:
    async with house_with(AboutQuestions()) as made:
        yield made


async def test_nothing_is_chosen_before_somebody_chooses(house: AboutMeeting) -> None:
    _, text = await house.get("/s/s/ask")
    assert '<details class="about-you">' in text
    assert "erased seven days after the meeting" in text
    assert not CHOSEN.search(text[text.index("about-you") :].partition("</details>")[0])
    for said in ("Technical community", "Latin American and Caribbean States", "It is my first time", "a disability"):
        assert said in text


async def test_what_is_said_with_a_question_is_kept_and_shown_nowhere(house: AboutMeeting) -> None:
    page = await house.asked(**ABOUT)
    (kept,) = await house.kept()
    assert msgspec.msgpack.decode(kept) == {"group": "media", "region": "africa", "young": "yes"}
    status, text = await house.get(page)
    assert status == 200
    assert "You have said something about yourself." in text
    assert not CHOSEN.search(text[text.index('id="About"') :].partition("</section>")[0])
    records = await house.hall.log.read(SESSION, 0, 100)
    assert not any(b"africa" in (record.body or b"") for record in records)


async def test_it_is_changed_and_taken_back_without_a_script(house: AboutMeeting) -> None:
    page = await house.asked()
    assert await house.kept() == []
    assert "You have said nothing about yourself." in (await house.get(page))[1]
    about = f"{page}/about"
    assert await house.post(about, {"about-gender": "woman"}) == (303, f"{page}#About", "")
    assert [msgspec.msgpack.decode(each) for each in await house.kept()] == [{"gender": "woman"}]
    await house.post(f"{about}?ui=fr&channel=floor", {"about-group": "academia", "about-first": "yes"})
    assert [msgspec.msgpack.decode(each) for each in await house.kept()] == [{"group": "academia", "first": "yes"}]
    assert (await house.post(f"{about}?ui=fr&channel=floor", {"take-back": "yes"}))[1].endswith(
        "?channel=floor&ui=fr#About"
    )
    assert await house.kept() == []


async def test_a_form_that_is_refused_still_holds_it(house: AboutMeeting) -> None:
    status, _, text = await house.post("/s/s/ask", {**FILLED, **ABOUT, "text": ""})
    assert status == 422
    assert '<option value="media" selected>' in text
    assert re.search(r'name="about-young" value="yes" autocomplete="off" checked', text)
    assert '<details class="about-you" open>' in text
    assert await house.kept() == []


async def test_where_it_cannot_be_kept_the_question_is_taken_all_the_same(house: AboutMeeting) -> None:
    house.book.full = True
    page = await house.asked(**ABOUT)
    assert "You have said nothing about yourself." in (await house.get(page))[1]
    status, _, _ = await house.post(f"{page}/about", ABOUT)
    assert status == 503
    house.book.full = False
    assert (await house.post(f"{page}/about", ABOUT))[0] == 303
    assert len(await house.kept()) == 1


async def test_only_what_can_be_read_is_taken_and_nobody_guesses_a_page(house: AboutMeeting) -> None:
    page = await house.asked()
    about = f"{page}/about"
    assert (await house.post(about[:-7] + "x/about", ABOUT))[0] == 404
    assert (await house.post(about.replace("/s/s/", "/s/none/"), ABOUT))[0] == 404
    assert (await house.post(about, b"x=" + b"y" * MAX_BODY_BYTES))[0] == 413
    assert (await house.post(about, b"{}", **{"Content-Type": "application/json"}))[0] == 415
    assert (await house.post(about, b"\xff"))[0] == 400
    assert await house.kept() == []


async def test_who_sends_all_the_time_is_slowed(house: AboutMeeting) -> None:
    page = await house.asked()
    answers = [(await house.post(f"{page}/about", ABOUT))[0] for _ in range(ALLOWANCE.burst + 1)]
    assert answers[-1] == 429


async def test_after_the_close_nobody_begins_and_whoever_has_begun_may_take_it_back(house: AboutMeeting) -> None:
    said, silent = await house.asked(**ABOUT), await house.asked(id="f2")
    await house.do(do.CloseSession())
    assert 'id="About"' in (await house.get(silent))[1], "others have, and the figures aren't made yet"
    await house.post(f"{said}/about", {"take-back": "yes"})
    assert await house.kept() == []


async def test_where_nobody_has_begun_it_ends_with_the_meeting(house: AboutMeeting) -> None:
    page = await house.asked()
    await house.do(do.CloseSession())
    assert 'id="About"' not in (await house.get(page))[1]
    assert (await house.post(f"{page}/about", ABOUT))[0] == 303
    assert await house.kept() == []


async def test_with_young_people_present_neither_gender_nor_region_is_asked() -> None:
    async with house_with(AboutQuestions(), young_people=True) as house:
        _, text = await house.get("/s/s/ask")
        assert 'name="about-group"' in text
        assert 'name="about-region"' not in text
        assert 'name="about-gender"' not in text
        await house.asked(**{**ABOUT, "about-gender": "man"})
        assert [msgspec.msgpack.decode(each) for each in await house.kept()] == [{"group": "media", "young": "yes"}]


async def test_a_house_may_ask_for_less_or_nothing() -> None:
    async with house_with(AboutQuestions(dimensions=(Dimension.FIRST,))) as house:
        text = (await house.get("/s/s/ask"))[1]
        assert re.findall(r'name="about-(\w+)"', text) == ["first"]
    async with house_with(AboutQuestions(dimensions=())) as house:
        assert "about-you" not in (await house.get("/s/s/ask"))[1]
        assert 'id="About"' not in (await house.get(await house.asked()))[1]
