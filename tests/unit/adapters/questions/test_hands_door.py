from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from html import unescape

import msgspec
import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE
from moothall.adapters.questions.hands_door import ALLOWANCE, HandsDoor
from moothall.adapters.questions.questions_door import QuestionsDoor
from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import PollId
from moothall.services.questions import ballot_box
from moothall.services.questions.ballots import Ballots
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.visitors import visitor_context
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting
from support.sessions.questions import nobodys

PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example.org"
OURS = {"Origin": ORIGIN, "Accept-Language": "en"}
LEADS = Actor(Role.MODERATOR, "m1")
P, Q = PollId("p"), PollId("q")
A, B = (letter * 22 for letter in "ab")
LIST = "/s/s/questions"


class HandsMeeting(MemoryMeeting):
    by = LEADS

    def __init__(
        self,
        hall: MemoryHall,
        live: LiveSession,
        book: MemoryBook,
        client: TestClient[web.Request, web.Application],
    ) -> None:
        super().__init__(hall, live)
        self.book = book
        self.client = client

    async def list(self, cookie: str = "", path: str = LIST) -> str:
        headers = {"Accept-Language": "en", **({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})}
        async with self.client.get(path, headers=headers) as answer:
            assert answer.status == 200
            return unescape(await answer.text())

    async def choose(
        self, option: object, cookie: str = A, path: str = "/s/s/hands/1", body: bytes | None = None, **headers: str
    ) -> tuple[int, str]:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        sent = {**OURS, **form, "Cookie": f"{COOKIE}={cookie}", **headers}
        data = {"option": str(option)} if body is None else body
        async with self.client.post(path, headers=sent, data=data, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            if answer.status in (429, 503):
                assert answer.headers["Retry-After"] == "60"
            return answer.status, answer.headers.get("Location", "")

    async def open(self, name: PollId = P, question: str = "Shall <we>?") -> None:
        await self.do(do.OpenPoll(poll=name, question=question, language="ar", options=("Yes & no", "No")))


@pytest.fixture
async def house() -> AsyncIterator[HandsMeeting]:
    async with memory_hall() as hall:
        live, book = await hall.session(), MemoryBook()
        ballots = Ballots(hall.sessions, book=book, clock=hall.clock, randomness=SeededRandomness(1))
        await ballots.load()
        access = ReaderAccess(hall.sessions)
        questions = QuestionsDoor(
            visitor_context(PAGES, ManualClock(hall.clock.wall()), access.snapshot, seed=3),
            ballots,
            ballots,
            questions_of=access.questions,
            channel_of=lambda _, segment: FLOOR if segment == "line" else "",
            own_of=nobodys,
        )
        hands = HandsDoor(visitor_context(PAGES, ManualClock(hall.clock.wall()), access.snapshot, seed=2), ballots)
        app = web.Application()
        app.add_routes([*hands.routes(), *questions.routes()])
        secure(app)
        running = asyncio.ensure_future(ballots.run())
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            made = HandsMeeting(hall, live, book, client)
            await made.do(do.OpenSession(), actor=SYSTEM)
            yield made
        running.cancel()


async def test_a_hand_is_raised_and_changed_without_a_script(house: HandsMeeting) -> None:
    assert "Show of hands" not in await house.list()
    await house.open()
    text = await house.list(A)
    assert '<h3 id="HandsAsked-1" class="words" lang="ar" dir="rtl">Shall <we>?</h3>' in text
    assert text.count("Remote: 0. On site: 0. Together: 0.") == 2
    assert 'name="option" value="0"' in text
    assert "Choose one answer." in text
    for option in (0, 1):
        assert await house.choose(option) == (303, "/s/s/questions#Hands")
    text = await house.list(A)
    assert 'name="option" value="1"' not in text
    assert "Your choice" in text
    assert "Your choice" not in await house.list(B)
    assert await house.choose(0, B, "/s/s/hands/1?ui=ar&channel=floor") == (
        303,
        "/s/s/questions?channel=floor&ui=ar#Hands",
    )


async def test_room_and_remote_stand_beside_each_other_and_the_result_stays(house: HandsMeeting) -> None:
    await house.open()
    await house.do(do.CountRoom(poll=P, room=(12, 4)))
    assert "Remote: 0. On site: 12. Together: 12." in await house.list(A)
    await house.choose(1)
    await house.hall.clock.sleep(2_500)
    await house.do(do.ClosePoll(poll=P))
    text = await house.list(A)
    assert "It is closed. This is the result." in text
    assert 'name="option"' not in text
    assert "Remote: 1. On site: 4. Together: 5." in text
    assert '<meter min="0" max="100" value="71" aria-hidden="true">' in text
    assert "Your choice" in text
    assert await house.choose(0) == (303, "/s/s/questions#Hands")
    await house.open(Q, "And now?")
    text = await house.list()
    assert text.index("And now?") < text.index("Earlier ones") < text.index("Shall <we>?")
    await house.do(do.ClosePoll(poll=Q, void=True))
    assert "And now?" not in await house.list()
    await house.open(Q, "And now?")
    await house.do(do.CloseSession(), actor=SYSTEM)
    text = await house.list()
    assert "It is closed. This is the result." in text, "nobody can raise a hand when the meeting is over"
    assert 'name="option"' not in text


async def test_what_is_refused(house: HandsMeeting) -> None:
    await house.open()
    assert (await house.choose(0, path="/s/s/hands/2"))[0] == 404
    assert (await house.choose(5))[0] == 404
    for number in ("x", "12345", "-1", "1.0"):
        assert (await house.choose(0, path=f"/s/s/hands/{number}"))[0] == 404
    assert (await house.choose(0, path="/s/none/hands/1"))[0] == 404
    for option in ("", "8", "-1", "00", "one"):
        assert (await house.choose(option))[0] == 400
    assert (await house.choose(0, body=b"\xff"))[0] == 400
    assert (await house.choose(0, body=b"option=1&x=" + b"x" * 300))[0] == 413


async def test_what_cannot_be_kept_is_not_there(house: HandsMeeting) -> None:
    await house.open()
    house.book.full = True
    assert (await house.choose(0))[0] == 503
    assert "Your choice" not in await house.list(A)
    house.book.full = False
    most, ballot_box.MOST_BALLOTS = ballot_box.MOST_BALLOTS, 0
    try:
        assert (await house.choose(0))[0] == 503
    finally:
        ballot_box.MOST_BALLOTS = most


async def test_one_address_is_held_back(house: HandsMeeting) -> None:
    await house.open()
    for _ in range(ALLOWANCE.burst):
        assert (await house.choose(0, path="/s/s/hands/x"))[0] == 404
    assert (await house.choose(0))[0] == 429


async def test_nobody_stands_for_all_browsers_that_keep_no_cookie(house: HandsMeeting) -> None:
    await house.open()
    for option in (0, 1, 0):
        assert (await house.choose(option, cookie=""))[0] == 303
    await house.hall.clock.sleep(2_500)
    assert "Remote: 1." in await house.list()
    assert (await house.hall.sessions.open(SESSION)).state.questions.polls[0].remote == (1, 0)


async def test_numbers_may_be_shown_only_once_it_is_closed(house: HandsMeeting) -> None:
    quiet = do.OpenPoll(poll=P, question="Shall <we>?", language="ar", options=("Yes & no", "No"), quiet=True)
    await house.do(quiet, do.CountRoom(poll=P, room=(12, 4)))
    text = await house.list(A)
    assert "The numbers are shown once it is closed." in text
    assert "On site: 12" not in text
    assert "<meter" not in text
    assert await house.choose(0) == (303, "/s/s/questions#Hands")
    assert "Your choice" in await house.list(A)
    await house.do(do.ClosePoll(poll=P))
    assert "On site: 12. Together:" in await house.list(A)
    await house.do(msgspec.structs.replace(quiet, quiet=False))
    assert "On site: 12" not in await house.list(A), "opened again it is as it was"
