from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlencode

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE
from moothall.adapters.questions.questions_door import ALLOWANCE, QuestionsDoor
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId, SessionId
from moothall.core.removal.selection import Interventions
from moothall.services.log.act_queue import Receipt
from moothall.services.questions.ballots import Ballots
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.visitors import visitor_context
from support.halls.readers import until
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example.org"
OURS = {"Origin": ORIGIN, "Accept-Language": "en"}
MODERATOR = Actor(Role.MODERATOR, "m1")
LIST = "/s/s/questions"


class QuestionsMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(
        self,
        hall: MemoryHall,
        live: LiveSession,
        door: QuestionsDoor,
        client: TestClient[web.Request, web.Application],
    ) -> None:
        super().__init__(hall, live)
        self.door = door
        self.client = client

    async def list(self, path: str = LIST, cookie: str = "") -> str:
        headers = {"Accept-Language": "en", **({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})}
        async with self.client.get(path, headers=headers) as answer:
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert ("Set-Cookie" in answer.headers) == (not cookie)
            return unescape(await answer.text())

    async def support(
        self, number: object, cookie: str = "", path: str = "", body: str = "", **headers: str
    ) -> tuple[int, str]:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        sent = {**OURS, **({"Cookie": f"{COOKIE}={cookie}"} if cookie else {}), **form, **headers}
        address = path or f"/s/s/asked/{number}/support"
        async with self.client.post(address, data=body or None, headers=sent, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, answer.headers.get("Location", "")

    async def ask(self, *names: str, kind: InterventionKind = InterventionKind.QUESTION) -> None:
        for name in names:
            asked = do.Ask(
                intervention=InterventionId(name), kind=kind, text=f"{name} & <why>?", language="ar", asker=name
            )
            await self.do(asked)

    async def stand(
        self,
        status: InterventionStatus,
        *names: str,
        segment: SegmentId | None = None,
        into: InterventionId | None = None,
    ) -> None:
        found = tuple(InterventionId(name) for name in names)
        await self.do(do.SetStatus(interventions=found, status=status, segment=segment, into=into))


@pytest.fixture
async def house() -> AsyncIterator[QuestionsMeeting]:
    async with memory_hall() as hall:
        live = await hall.session()
        ballots = Ballots(hall.sessions, book=MemoryBook(), clock=hall.clock, randomness=SeededRandomness(1))
        await ballots.load()
        access = ReaderAccess(hall.sessions)

        async def own_of(_: SessionId, token: str) -> frozenset[InterventionId]:
            return frozenset({InterventionId("own")}) if token == "A" * 22 else frozenset()

        door = QuestionsDoor(
            visitor_context(PAGES, ManualClock(hall.clock.wall()), access.snapshot, seed=2),
            ballots,
            ballots,
            questions_of=access.questions,
            channel_of=lambda _, segment: FLOOR if segment == "line" else "",
            own_of=own_of,
        )
        hall.sessions.observe(door.observe)
        app = web.Application()
        app.add_routes(door.routes())
        secure(app)
        running = asyncio.ensure_future(ballots.run())
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            made = QuestionsMeeting(hall, live, door, client)
            await made.do(do.OpenSession(), by=SYSTEM)
            yield made
        running.cancel()


async def test_only_what_is_published_is_there(house: QuestionsMeeting) -> None:
    await house.ask("shown", "hidden")
    text = await house.list()
    assert "Nothing is in the queue yet. What is being checked stands here once it is approved." in text
    assert "Received: 2. Being checked: 2.</p>" in text, "what would be zero is left out"
    assert "收到：2。审核中：2。</p>" in await house.list(f"{LIST}?ui=zh"), "without a space"  # noqa: RUF001
    await house.stand(InterventionStatus.QUEUED, "shown")
    text = await house.list()
    assert "shown & <why>?" in text
    assert "hidden" not in text.replace("aria-hidden", "")
    assert '<p class="words" id="Text-1" lang="ar" dir="rtl">' in text
    assert "In the order in which they came." in text
    assert "It stands here because" not in text, "what is the same of all is said once"
    assert "Received: 2. Being checked: 1.</p>" in text
    assert "waited" not in text
    await house.stand(InterventionStatus.JOINED, "hidden", into=InterventionId("shown"))
    assert "Received: 2. Joined with others, not taken, or taken back: 1.</p>" in await house.list()


async def test_each_stands_where_it_belongs(house: QuestionsMeeting) -> None:
    await house.ask("now", "next", "after", "later", "answered", "written")
    segment = SegmentId("line")
    line = do.TypeSegment(channel=FLOOR, segment=segment, text="Because.", language="en")
    await house.do(line, by=Actor(Role.CAPTIONER, "c1"))
    await house.stand(InterventionStatus.QUEUED, "answered")
    await house.stand(InterventionStatus.CALLED, "answered")
    await house.stand(InterventionStatus.ANSWERED, "answered", segment=segment)
    await house.stand(InterventionStatus.QUEUED, "now", "next", "after")
    await house.stand(InterventionStatus.CALLED, "now")
    await house.stand(InterventionStatus.LATER, "later")
    await house.do(do.WriteAnswer(intervention=InterventionId("written"), text="By & by.", language="fa"))
    text = await house.list()
    places = [text.index(each) for each in ("now &", "next &", "after &", "later &", "answered &", "written &")]
    assert places == sorted(places)
    called = house.live.state.questions.turns[0].t
    assert f'href="/s/s/moment/{called}" data-live="/s/s/moment/{called}?live=1"' in text
    assert '<p class="words" lang="fa" dir="rtl">By & by.</p>' in text
    assert "Received: 6. Answered: 2." in text
    assert "Typical wait: less than a minute." in text


async def test_what_was_removed_leaves_the_page_and_its_number_stays(house: QuestionsMeeting) -> None:
    await house.ask("why", "who")
    await house.stand(InterventionStatus.QUEUED, "why", "who")
    assert "why & <why>?" in await house.list()
    name = InterventionId("why")
    answer = await house.live.writer.remove(Actor(Role.SECRETARIAT, "x"), CommandId("remove"), Interventions((name,)))
    assert isinstance(answer, Receipt)
    assert house.door.pages_kept == 0
    text = await house.list()
    assert "why & <why>?" not in text
    assert "Question no. 1" in text
    assert "What was written here was removed for good." in text
    assert text.count("<form") == 2  # Nobody asks too or reports what nobody can read.
    assert text.count("Report as offensive") == 1
    assert "who & <why>?" in text


async def test_nobody_gets_the_page_of_somebody_else_or_of_before(house: QuestionsMeeting) -> None:
    await house.ask("why")
    await house.ask("speak", kind=InterventionKind.REQUEST)
    await house.stand(InterventionStatus.QUEUED, "why", "speak")
    first = await house.list(cookie="a" * 22)
    assert first == await house.list(cookie="b" * 22)
    assert first.count("/support") == 1  # Nobody asks too what somebody else wants to say.
    await house.support(1, "a" * 22)
    assert "I\u2019d ask this too" not in await house.list(cookie="a" * 22)
    await house.stand(InterventionStatus.LATER, "why")
    assert await house.list(cookie="b" * 22) != first
    assert "Pregunta n.º 1" in await house.list(f"{LIST}?ui=es", cookie="b" * 22)
    await house.do(do.CloseSession(), by=SYSTEM)
    assert "/support" not in await house.list(cookie="b" * 22)


async def test_a_hall_that_opens_it_has_it_rendered_and_packed_once(house: QuestionsMeeting) -> None:
    await house.ask("shown")
    await house.stand(InterventionStatus.QUEUED, "shown")
    asked = make_mocked_request("GET", LIST, {"Accept-Encoding": "gzip"}, match_info={"session": SESSION})
    first, second = [await house.door.list(asked) for _ in range(2)]
    assert isinstance(first.body, bytes)
    assert "shown" in gzip.decompress(first.body).decode()
    assert second.body is first.body
    assert first.cookies[COOKIE].value != second.cookies[COOKIE].value


async def test_an_empty_list_says_so(house: QuestionsMeeting) -> None:
    text = await house.list()
    assert "Nothing is in the queue. What you ask is read first" in text
    assert "Received" not in text


async def test_addresses_keep_the_text_and_the_language(house: QuestionsMeeting) -> None:
    await house.ask("why")
    await house.stand(InterventionStatus.QUEUED, "why")
    text = await house.list(f"{LIST}?channel=floor&ui=fr")
    assert 'action="/s/s/asked/1/support?channel=floor&ui=fr"' in text
    assert 'href="/s/s?channel=floor&ui=fr"' in text
    status, location = await house.support(1, path="/s/s/asked/1/support?channel=floor&ui=fr")
    assert (status, location) == (303, "/s/s/questions?channel=floor&ui=fr#No-1")


async def test_who_would_ask_it_too_is_counted_and_told(house: QuestionsMeeting) -> None:
    await house.ask("why", "when")
    await house.stand(InterventionStatus.QUEUED, "why", "when")
    await house.do(do.OrderQueue(order=QueueOrder.SUPPORT))
    for cookie in ("a" * 22, "b" * 22, "a" * 22):
        assert await house.support(2, cookie) == (303, "/s/s/questions#No-2")
    name = InterventionId("when")

    def counted() -> bool:
        each = house.live.state.questions.get(name)
        return each is not None and each.support == 2

    await until(counted)
    text = await house.list(cookie="a" * 22)
    assert "2 would ask this too" in text
    assert 'data-count="when" aria-hidden="true">2</span>' in text
    assert "You\u2019d ask this too" in text
    assert text.count("I\u2019d ask this too") == 1
    assert re.search(r'id="Too-2" name="too" value="no" [^>]+>Withdraw my support<', text)
    assert text.index("when &") < text.index("why &")
    assert "data-moves" in text
    assert (await house.list(cookie="c" * 22)).count("I\u2019d ask this too") == 2
    assert await house.support(2, "a" * 22, body="too=no") == (303, "/s/s/questions#No-2")
    assert "You\u2019d ask this too" not in await house.list(cookie="a" * 22)


async def test_what_cannot_be_supported(house: QuestionsMeeting) -> None:
    await house.ask("why", "hidden")
    await house.stand(InterventionStatus.QUEUED, "why")
    assert (await house.support(2))[0] == 404
    assert (await house.support(9))[0] == 404
    assert (await house.support("x"))[0] == 404
    assert (await house.support("1" * 9))[0] == 404
    assert (await house.support(1, path="/s/none/asked/1/support"))[0] == 404
    await house.stand(InterventionStatus.CALLED, "why")
    assert (await house.support(1))[0] == 303
    await house.stand(InterventionStatus.ANSWERED, "why")
    assert (await house.support(1))[0] == 303, "the list says how it stands"
    await house.do(do.CloseSession(), by=SYSTEM)
    assert "/support" not in await house.list()


async def test_a_vote_leads_back_to_the_text_and_nowhere_else(house: QuestionsMeeting) -> None:
    await house.ask("why")
    await house.stand(InterventionStatus.QUEUED, "why")

    async def led(back: str, cookie: str) -> tuple[int, str]:
        return await house.support(1, cookie, body=urlencode({"back": back}))

    cookie = "B" * 22
    assert await led("/s/s?channel=floor&size=150", cookie) == (303, "/s/s?channel=floor&size=150#Growing")
    assert await led("/s/s/read?from=21", cookie) == (303, "/s/s/read?from=21#NowAsked")
    assert await led("none", cookie) == (204, "")
    for strange in ("//evil.example", "/s/other", "/s/s/ask", "/s/s?a#b", "/s/s?a\nb", "https://evil.example/s/s"):
        assert await led(strange, cookie) == (303, "/s/s/questions#No-1"), strange
    for back in ("none", "/s/s?channel=floor"):
        assert await led(back, "") == (303, "/s/s/questions#No-1"), "where a browser gets its token"


async def test_who_sends_all_the_time_is_slowed(house: QuestionsMeeting) -> None:
    await house.ask("why")
    await house.stand(InterventionStatus.QUEUED, "why")
    for _ in range(ALLOWANCE.burst):
        assert (await house.support(1))[0] == 303
    assert (await house.support(1))[0] == 429


async def test_a_session_that_may_not_be_read_shows_nothing(house: QuestionsMeeting) -> None:
    await house.hall.session(SessionId("closed"), access=Access.STAFF)
    for path in ("/s/closed/questions", "/s/none/questions"):
        async with house.client.get(path) as answer:
            assert answer.status == 404
    assert await ReaderAccess(house.hall.sessions).questions(SessionId("closed")) is None
    assert await ReaderAccess(house.hall.sessions).questions(SESSION) is not None


async def test_nobody_supports_their_own_question(house: QuestionsMeeting) -> None:
    await house.ask("own", "other")
    await house.stand(InterventionStatus.QUEUED, "own", "other")
    mine = await house.list(cookie="A" * 22)
    assert mine.count("You asked this") == 1
    assert '<li id="No-1" class="ones-own">' in mine
    assert "/asked/1/abuse" not in mine, "nobody reports their own"
    assert "Too-1" not in mine
    assert "Too-2" in mine
    assert (await house.support(1, "A" * 22))[0] == 409
    assert (await house.support(1, "A" * 22, body="too=no"))[0] == 303
    assert (await house.support(1, "B" * 22))[0] == 303
    assert "You asked this" not in await house.list(cookie="B" * 22)


async def test_after_the_close_every_question_has_a_fate_in_words(house: QuestionsMeeting) -> None:
    await house.ask("now", "waits", "put-off")
    await house.stand(InterventionStatus.QUEUED, "now", "waits", "put-off")
    await house.stand(InterventionStatus.LATER, "put-off")
    await house.stand(InterventionStatus.CALLED, "now")
    await house.do(do.CloseSession(), by=SYSTEM)
    text = await house.list()
    assert re.findall(r"<h2>(.*?)</h2>", text) == [
        "It had its turn when the meeting ended",
        "The meeting ended before its turn came",
    ]
    assert [text.index(f'id="No-{number}"') for number in (1, 2, 3)] == sorted(
        text.index(f'id="No-{number}"') for number in (1, 2, 3)
    )
