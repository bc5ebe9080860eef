"""Readers report a question as rude: the doors of the list and of reports, together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE
from moothall.adapters.questions.questions_door import REPORT_ALLOWANCE, AbuseDoor, QuestionsDoor
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.services.log.act_queue import Receipt
from moothall.services.questions.abuse_reports import AbuseReports, tell_desks
from moothall.services.questions.ballots import Ballots
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.visitors import visitor_context
from support.memory.hall import FLOOR, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting
from support.sessions.questions import nobodys

PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example.org"
MODERATOR = Actor(Role.MODERATOR, "m1")
BROWSER = "a" * 22


class AbuseMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(self, hall: MemoryHall, live: LiveSession, client: TestClient[web.Request, web.Application]) -> None:
        super().__init__(hall, live)
        self.client = client

    async def list(self, cookie: str) -> str:
        headers = {"Accept-Language": "en", "Cookie": f"{COOKIE}={cookie}"}
        async with self.client.get("/s/s/questions", headers=headers) as answer:
            return unescape(await answer.text())

    async def report(
        self, path: str = "/s/s/asked/1/abuse", origin: str = ORIGIN, browser: str = BROWSER
    ) -> tuple[int, str]:
        headers = {"Accept-Language": "en", "Cookie": f"{COOKIE}={browser}", "Origin": origin}
        async with self.client.post(path, headers=headers, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, answer.headers.get("Location", "")


@pytest.fixture
async def house() -> AsyncIterator[AbuseMeeting]:
    async with memory_hall() as hall:
        live = await hall.session()
        asked = do.Ask(
            intervention=InterventionId("q"), kind=InterventionKind.QUESTION, text="Why?", language="en", asker="q"
        )
        queued = do.SetStatus(interventions=(asked.intervention,), status=InterventionStatus.QUEUED)
        for name, by, command in (("a", SYSTEM, do.OpenSession()), ("b", MODERATOR, asked), ("c", MODERATOR, queued)):
            assert isinstance(await live.writer.send(by, CommandId(name), command), Receipt)
        access = ReaderAccess(hall.sessions)
        reports = AbuseReports(access.questions, tell_desks(hall.sessions), randomness=SeededRandomness(1))
        ballots = Ballots(hall.sessions, book=MemoryBook(), clock=hall.clock, randomness=SeededRandomness(2))
        questions = QuestionsDoor(
            visitor_context(PAGES, ManualClock(hall.clock.wall()), access.snapshot, seed=3),
            ballots,
            ballots,
            questions_of=access.questions,
            channel_of=lambda *_: FLOOR,
            own_of=nobodys,
            reported=reports.reported,
        )
        abuse = AbuseDoor(visitor_context(PAGES, ManualClock(hall.clock.wall()), access.snapshot, seed=4), reports)
        app = web.Application()
        for door in (questions, abuse):
            app.add_routes(door.routes())
        secure(app)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            yield AbuseMeeting(hall, live, client)


def flags(house: AbuseMeeting) -> tuple[str, ...]:
    each = house.live.state.questions.numbered(1)
    assert each is not None
    return each.flags


async def test_whoever_reports_comes_back_to_the_list_and_is_told_that_they_did(house: AbuseMeeting) -> None:
    assert 'action="/s/s/asked/1/abuse"' in await house.list(BROWSER)
    assert await house.report() == (303, "/s/s/questions#No-1")
    assert flags(house) == ("reported",)
    assert "You have reported it" in await house.list(BROWSER)
    assert "Why?" in await house.list(BROWSER)
    assert "You have reported it" not in await house.list("b" * 22)
    assert (await house.report(browser=""))[0] == 303
    assert "You have reported it" not in await house.list(""), "they come for the first time"
    assert (await house.report("/s/s/asked/1/abuse?ui=es"))[1] == "/s/s/questions?ui=es#No-1"


async def test_what_is_not_taken(house: AbuseMeeting) -> None:
    for path in ("/s/s/asked/2/abuse", "/s/s/asked/x/abuse", "/s/s/asked/1111111/abuse", "/s/none/asked/1/abuse"):
        assert (await house.report(path))[0] == 404, path
    assert flags(house) == ()


async def test_too_many_of_one_address_have_to_wait(house: AbuseMeeting) -> None:
    statuses = [(await house.report())[0] for _ in range(REPORT_ALLOWANCE.burst + 1)]
    assert statuses[0] == 303
    assert statuses[-1] == 429


async def test_where_nothing_can_be_stored_it_can_be_sent_again(house: AbuseMeeting) -> None:
    assert isinstance(house.hall.log, FailingLog)
    house.hall.log.full = True
    assert (await house.report())[0] == 503
    house.hall.log.full = False
    assert (await house.report())[0] == 303
