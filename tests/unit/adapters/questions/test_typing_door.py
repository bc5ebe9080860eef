from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import MAX_BODY_BYTES
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.author_page import AuthorPage
from moothall.adapters.questions.typing_door import ALLOWANCE, TypingDoor
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId
from moothall.core.removal.selection import Lines
from moothall.core.signals import Unrecorded
from moothall.services.questions.asking import Asking, AskRequest
from moothall.services.questions.typing import TurnTyping
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.visitors import visitor_context
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MODERATOR = Actor(Role.MODERATOR, "m1")
PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example.org"
OURS = {"Origin": ORIGIN, "Accept-Language": "en"}


class TypingMeeting(MemoryMeeting):
    """A house with a question of Ana's, in the queue."""

    by = MODERATOR

    def __init__(
        self, hall: MemoryHall, live: LiveSession, asking: Asking, client: TestClient[web.Request, web.Application]
    ) -> None:
        super().__init__(hall, live)
        self.asking = asking
        self.client = client
        self.name = InterventionId("")

    async def stand(self, status: InterventionStatus) -> None:
        await self.do(do.SetStatus(interventions=(self.name,), status=status))

    async def ask(self, language: str = "pt") -> None:
        wish = AskRequest(
            kind=InterventionKind.QUESTION, text="Why?", language=language, form=f"f-{language}", name="Ana"
        )
        name = await self.asking.ask(SESSION, wish, "v1")
        self.name = InterventionId(name)
        await self.stand(InterventionStatus.QUEUED)

    @property
    def page(self) -> str:
        return f"/s/s/asked/{self.asking.token(SESSION, self.name)}"

    async def text(self) -> str:
        async with self.client.get(self.page, headers={"Accept-Language": "en"}) as answer:
            assert answer.status == 200
            return unescape(await answer.text())

    async def form(self, page: str = "", origin: str = ORIGIN, **fields: str) -> tuple[int, dict[str, str], str]:
        headers = {**OURS, "Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
        to = f"{page or self.page}/words?ui=en"
        async with self.client.post(to, data=urlencode(fields), headers=headers, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, dict(answer.headers), unescape(await answer.text())

    async def script(self, sent: object, **headers: str) -> tuple[int, dict[str, Any]]:
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        said = {**OURS, "Content-Type": "application/json", **headers}
        async with self.client.post(f"{self.page}/words", data=body, headers=said) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            if answer.content_type != "application/json":
                return answer.status, {}
            return answer.status, await answer.json()

    async def act(self, act: str) -> int:
        headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
        async with self.client.post(self.page, data=f"act={act}", headers=headers, allow_redirects=False) as answer:
            return answer.status

    def status(self) -> InterventionStatus:
        each = self.live.state.questions.get(self.name)
        assert each is not None
        return each.status

    @property
    def lines(self) -> list[tuple[str, str]]:
        lines = sorted((line for _, line in self.live.state.segments.items()), key=lambda line: line.t0)
        return [(line.language, line.whole) for line in lines]


@pytest.fixture
async def house() -> AsyncIterator[TypingMeeting]:
    async with memory_hall() as hall:
        live = await hall.session(languages=("en", "pt-BR"))
        asking = Asking(hall.sessions, book=MemoryBook(), clock=hall.clock, randomness=SeededRandomness(1))
        await asking.load()
        typing = TurnTyping(hall.sessions, hall.clock)
        page = AuthorPage(PAGES, typing, SeededRandomness(3))
        context = visitor_context(PAGES, ManualClock(hall.clock.wall()), ReaderAccess(hall.sessions).snapshot, seed=2)
        app = web.Application()
        app.add_routes(AskingDoor(context, asking, author_page=page).routes())
        app.add_routes(TypingDoor(context, asking, typing, author_page=page).routes())
        secure(app)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            made = TypingMeeting(hall, live, asking, client)
            await made.do(do.OpenSession(), by=SYSTEM)
            await made.ask()
            yield made


def line_of(text: str) -> str:
    found = re.search(r'name="line" value="([a-z0-9]+)"', text)
    assert found is not None
    return found[1]


async def test_who_is_called_has_a_field_and_is_told_until_when_to_begin(house: TypingMeeting) -> None:
    before = await house.text()
    assert 'id="Typing"' not in before
    assert "you are next" in before
    await house.stand(InterventionStatus.CALLED)
    text = await house.text()
    assert re.search(r'id="Turn" role="alert">\s*<p class="stands turn">Now: it is your turn', text)
    assert 'lang="pt-BR" dir="ltr"' in text
    assert re.search(
        r'data-left="(60000|5\d{4})" data-over="You can still begin.">Please begin within <span .*>1:00', text
    )
    assert re.search(r'data-left="(120000|11\d{4})" .*>Time left: <span class="running">2:00', text)
    assert "If you type, you have three times as long." in text
    await house.do(do.LimitTurns(ms=0))
    text = await house.text()
    assert "Time left" not in text
    assert "three times" not in text


async def test_without_a_script_a_line_is_sent_once(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    line = line_of(await house.text())
    for _ in range(2):
        status, headers, _ = await house.form(line=line, text="I wonder why.\r\n")
        assert (status, headers["Location"]) == (303, f"{house.page}?ui=en")
    assert house.lines == [("pt-BR", "I wonder why.")]
    text = await house.text()
    assert ">I wonder why.</li>" in text
    assert "You type, and so you have three times as long." in text
    assert "Please begin" not in text
    assert re.search(r'data-left="(360000|35\d{4})"', text)
    assert line_of(text) != line
    assert (await house.form(line=line_of(text), text="And when."))[0] == 303
    assert [words for _, words in house.lines] == ["I wonder why.", "And when."]


async def test_what_was_typed_stands_on_the_page_after_the_turn_and_the_close(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    assert "What you have typed</h2>" not in await house.text()
    for line, words in (("l1", "I <wonder>."), ("l2", "And when.")):
        await house.form(line=line, text=words)
    typed = '<li lang="pt-BR" dir="ltr">I <wonder>.</li><li lang="pt-BR" dir="ltr">And when.</li>'
    for act, actor in (
        (do.SetStatus(interventions=(house.name,), status=InterventionStatus.ANSWERED), MODERATOR),
        (do.CloseSession(), SYSTEM),
    ):
        await house.do(act, by=actor)
        text = await house.text()
        assert 'id="Typing"' not in text
        assert "What you have typed</h2>" in text
        assert typed in text
    await house.live.writer.remove(Actor(Role.SECRETARIAT, "s1"), CommandId("remove"), Lines((SegmentId("i1.l1"),)))
    text = await house.text()
    assert "wonder" not in text
    assert "And when." in text


async def test_what_is_not_taken_still_stands_there_with_the_reason(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    status, _, text = await house.form(line="l1", text=" ")
    assert status == 422
    assert "Please write something" in text
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    status, _, text = await house.form(line="l1", text="I <wonder>")
    assert (status, "be kept at the moment" in text, "I <wonder></textarea>" in text) == (503, True, True)
    log.full = False
    await house.do(do.PauseSession(), by=SYSTEM)
    status, _, text = await house.form(line="l1", text="I <wonder>")
    assert (status, "There is a break" in text, "I <wonder></textarea>" in text) == (423, True, True)
    await house.do(do.ResumeSession(), by=SYSTEM)
    await house.stand(InterventionStatus.ANSWERED)
    status, _, text = await house.form(line="l1", text="Too late")
    assert status == 409
    assert "It is not your turn any more" in text
    assert '<p class="words" dir="auto">Too late</p>' in text
    assert house.lines == []


async def test_without_a_script_what_is_not_recorded_is_shown_line_by_line(house: TypingMeeting) -> None:
    shown: list[str] = []
    house.hall.sessions.observe(
        lambda _, publication: shown.extend(each.text for each in publication.signals if isinstance(each, Unrecorded))
    )
    await house.stand(InterventionStatus.CALLED)
    await house.do(do.BeginNotRecorded())
    for line, words in (("l1", "Off the record."), ("l2", "And this.")):
        text = await house.text()
        assert '<input type="hidden" name="unkept" value="yes">' in text
        assert (await house.form(line=line, text=words, unkept="yes"))[0] == 303
        assert shown[-1].endswith(words)
    assert house.lines == []


async def test_what_was_written_while_nothing_was_recorded_is_kept_only_when_it_is_sent_again(
    house: TypingMeeting,
) -> None:
    await house.stand(InterventionStatus.CALLED)
    await house.do(do.BeginNotRecorded())
    await house.do(do.EndNotRecorded())
    status, _, text = await house.form(line="l1", text="Between us.", unkept="yes")
    assert status == 409
    assert "Nothing was recorded when you wrote this, and now it is." in text
    assert "Between us.</textarea>" in text
    assert 'name="unkept"' not in text
    assert house.lines == []
    assert (await house.form(line=line_of(text), text="Between us."))[0] == 303
    assert house.lines == [("pt-BR", "Between us.")]


async def test_one_types_in_the_language_of_the_question(house: TypingMeeting) -> None:
    await house.ask("ar")
    await house.stand(InterventionStatus.CALLED)
    assert re.search(r'<textarea id="Words" [^>]* lang="ar" dir="rtl"', await house.text())


async def test_a_script_sends_what_is_being_typed_and_a_page_that_is_loaded_again_has_it(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    written: dict[str, Any] = {"page": "p", "n": 1, "line": "l1", "text": "I wond"}
    assert await house.script(written) == (200, {"kept": [], "recorded": True})
    text = await house.text()
    assert line_of(text) == "l1"
    assert re.search(r"<textarea [^>]*>\s*I wond</textarea>", text)
    done = {**written, "n": 2, "line": "l2", "text": "", "done": [{"line": "l1", "text": "I wonder."}]}
    assert await house.script(done) == (200, {"kept": ["l1"], "recorded": True})
    assert '<li lang="pt-BR" dir="ltr">I wonder.</li>' in await house.text()
    await house.do(do.BeginNotRecorded())
    assert (await house.script({**written, "n": 3}))[1]["recorded"] is False
    assert 'data-recorded="no"' in await house.text()
    await house.stand(InterventionStatus.ANSWERED)
    assert await house.script({**written, "n": 4}) == (409, {"why": "turn"})


async def test_who_may_not_write_there_cant(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    written = {"page": "p", "n": 1, "line": "l1", "text": "I"}
    assert (await house.form(page="/s/s/asked/x", line="l1", text="I"))[0] == 404
    for broken in (b"{", b'{"a":' * 9_000, b'{"page": "\xff"}'):
        assert (await house.script(broken))[0] == 400
    assert (await house.script(b'"' + b"x" * MAX_BODY_BYTES + b'"'))[0] == 413
    assert (await house.script({**written, "line": "L"}))[0] == 422
    assert house.lines == []
    answers = [200]
    while answers[-1] == 200 and len(answers) <= ALLOWANCE.burst:
        answers.append((await house.script({**written, "n": 1 + len(answers)}))[0])
    assert answers[-1] == 429


async def test_its_author_puts_it_off_and_comes_back(house: TypingMeeting) -> None:
    assert "Not now, later" in await house.text()
    for _ in range(2):
        assert await house.act("later") == 303
        assert house.status() is InterventionStatus.LATER
    text = await house.text()
    assert "Later: you have put it off" in text
    assert "Not now, later" not in text
    assert await house.act("ready") == 303
    assert house.status() is InterventionStatus.QUEUED
    await house.stand(InterventionStatus.CALLED)
    assert await house.act("later") == 303
    assert (house.status(), house.live.state.questions.called) == (InterventionStatus.LATER, None)
    await house.stand(InterventionStatus.QUEUED)
    await house.stand(InterventionStatus.LATER)
    assert "I'm ready again" not in await house.text()
    assert await house.act("ready") == 303
    assert house.status() is InterventionStatus.LATER, "the staff has put it off"
    await house.do(do.CloseSession(), by=SYSTEM)
    assert "Not now, later" not in await house.text()
    assert await house.act("back") == 303
    assert house.status() is InterventionStatus.WITHDRAWN


async def test_while_a_turn_is_held_its_time_stands_still(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    assert await house.act("longer") == 303
    text = await house.text()
    assert re.search(r'data-left="(180000|17\d{4})" .*>Please begin within', text)
    assert "Time left" not in text
    await house.do(do.MapClock(t=150_000), by=SYSTEM)
    assert (await house.form(line="l1", text="At last."))[0] == 303
    assert re.search(r'data-left="(360000|35\d{4})" .*>Time left', await house.text())


async def test_the_time_that_has_run_out_is_said(house: TypingMeeting) -> None:
    await house.stand(InterventionStatus.CALLED)
    await house.do(do.MapClock(t=200_000), by=SYSTEM)
    text = await house.text()
    assert "You can still begin." in text
    assert "Your time is over. Please come to an end." in text
