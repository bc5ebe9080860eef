from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlencode

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE, MAX_BODY_BYTES
from moothall.adapters.questions.asking_door import ALLOWANCE, AskingDoor
from moothall.adapters.questions.author_page import AuthorPage
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId
from moothall.core.questions.interventions import Intervention
from moothall.core.removal.selection import Interventions
from moothall.services.log.act_queue import Receipt
from moothall.services.questions.asking import Asking
from moothall.services.questions.typing import TurnTyping
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.visitors import visitor_context
from support.memory.hall import FLOOR, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MODERATOR = Actor(Role.MODERATOR, "m1")
PAGES = Pages(find_web_folder())
ORIGIN = "https://hall.example.org"
OURS = {"Origin": ORIGIN, "Accept-Language": "en", "Content-Type": "application/x-www-form-urlencoded"}
FILLED = {"id": "f1", "kind": "comment", "text": "Thanks & <bye>", "name": "Ana", "language": "fr"}


class AskingMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(
        self,
        hall: MemoryHall,
        live: LiveSession,
        client: TestClient[web.Request, web.Application],
        hubs: dict[str, str],
    ) -> None:
        super().__init__(hall, live)
        self.hubs = hubs
        self.client = client

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        async with self.client.get(path, headers={"Accept-Language": "en", **headers}) as answer:
            assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
            return answer.status, dict(answer.headers), unescape(await answer.text())

    async def post(
        self,
        path: str = "/s/s/ask",
        body: bytes | None = None,
        cookie: str = "",
        fields: dict[str, str] | None = None,
        **more: str,
    ) -> tuple[int, dict[str, str], str]:
        sent = urlencode({**FILLED, **(fields or {}), **more}).encode() if body is None else body
        headers = {**OURS, **({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})}
        async with self.client.post(path, data=sent, headers=headers, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, dict(answer.headers), unescape(await answer.text())

    async def asked(self, **fields: str) -> str:
        """Ask; gives the address of the author's page."""
        status, headers, _ = await self.post(fields=fields)
        assert status == 303
        return headers["Location"]

    @property
    def all(self) -> list[Intervention]:
        return self.live.state.questions.with_status(*InterventionStatus)

    async def stand(self, number: int, status: InterventionStatus, reason: str = "", into: int | None = None) -> None:
        names = {each.number: each.id for each in self.all}
        other = None if into is None else names[into]
        await self.do(do.SetStatus(interventions=(names[number],), status=status, reason=reason, into=other))


@pytest.fixture
async def house() -> AsyncIterator[AskingMeeting]:
    async with memory_hall() as hall:
        live = await hall.session(languages=("pt-BR", "en"))
        asking = Asking(hall.sessions, book=MemoryBook(), clock=hall.clock, randomness=SeededRandomness(1))
        await asking.load()
        hubs: dict[str, str] = {}
        door = AskingDoor(
            visitor_context(PAGES, hall.clock, ReaderAccess(hall.sessions).snapshot, seed=2),
            asking,
            author_page=AuthorPage(PAGES, TurnTyping(hall.sessions, hall.clock), SeededRandomness(3)),
            hubs_of=lambda _: hubs,
        )
        app = web.Application()
        app.add_routes(door.routes())
        secure(app)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            made = AskingMeeting(hall, live, client, hubs)
            await made.do(do.OpenSession(), by=SYSTEM)
            yield made


async def test_the_form_comes_in_the_pages_language_with_a_cookie_for_this_session(house: AskingMeeting) -> None:
    status, headers, text = await house.get("/s/s/ask?ui=pt")
    assert status == 200
    assert re.search(r'<option value="pt" lang="pt" selected>', text)
    assert '<option value="pt-BR"' in text
    assert 'action="/s/s/ask?ui=pt"' in text
    assert re.fullmatch(rf"{COOKIE}=[A-Za-z0-9_-]{{40}}; HttpOnly; Path=/s/s; SameSite=Lax", headers["Set-Cookie"])
    forms = {re.search(r'name="id" value="(.+?)"', (await house.get("/s/s/ask"))[2])[1] for _ in range(3)}  # type: ignore[index]
    assert len(forms) == 3
    known = await house.get("/s/s/ask", Cookie=f"{COOKIE}={'a' * 22}")
    assert "Set-Cookie" not in known[1]
    for_later = await house.get("/s/s/ask", Purpose="prefetch")
    assert "Set-Cookie" not in for_later[1], "it is kept for when the line goes: nobody has asked yet"
    assert (await house.get("/s/none/ask"))[0] == 404


async def test_the_script_that_keeps_the_form_is_asked_for_anew_each_time(house: AskingMeeting) -> None:
    status, headers, text = await house.get("/asking-worker.js")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert headers["Content-Type"].startswith("text/javascript")
    assert "addEventListener('fetch'" in text


async def test_what_is_sent_is_taken_and_leads_to_its_page(house: AskingMeeting) -> None:
    page = await house.asked(text="  Thanks & <bye>\r\nAll  ", name=" Ana  María ")
    (each,) = house.all
    assert (each.kind, each.text, each.name, each.language) == (
        InterventionKind.COMMENT, "Thanks & <bye>\nAll", "Ana María", "fr",
    )  # fmt: skip
    status, headers, text = await house.get(page)
    assert status == 200
    assert "Your comment (no. 1)" in text
    assert "Being checked" in text
    assert '<p class="words" lang="fr" dir="ltr">' in text
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_what_turns_other_signs_round_is_not_kept(house: AskingMeeting) -> None:
    await house.asked(text="Who\x07 pays\u202e?\r\nAnd \u200fwhen?", name="A\u202dna\x1b")
    assert (house.all[0].text, house.all[0].name) == ("Who pays?\nAnd \u200fwhen?", "Ana")


async def test_the_form_leads_back_to_what_the_same_browser_has_asked(house: AskingMeeting) -> None:
    cookie = "a" * 22
    pages = [(await house.post(cookie=cookie, id=f"f{n}", kind="question"))[1]["Location"] for n in range(2)]
    text = (await house.get("/s/s/ask", Cookie=f"{COOKIE}={cookie}"))[2]
    assert re.findall(r'<a href="([^"]+)">Your question \(no. \d\)', text) == pages[::-1]
    for cookie in ("", f"{COOKIE}={'b' * 22}"):
        assert "/asked/" not in (await house.get("/s/s/ask", Cookie=cookie))[2]


async def test_whoever_has_a_hubs_link_chooses_for_whom_it_is(house: AskingMeeting) -> None:
    assert 'name="hub"' not in (await house.get("/s/s/ask"))[2]
    house.hubs["kisumu-library"] = "Kisumu & <Library>"
    text = (await house.get("/s/s/ask"))[2]
    assert (
        '<input type="radio" name="hub" value="kisumu-library" checked> For our group: \u2068Kisumu & <Library>\u2069'
        in text
    )
    assert '<input type="radio" name="hub" value=""> For myself' in text
    await house.asked(hub="kisumu-library")
    await house.asked(hub="", id="f2")
    assert [each.origin for each in house.all] == ["hub:kisumu-library", "remote"]
    _, _, text = await house.post(text="", hub="")
    assert '<input type="radio" name="hub" value="" checked>' in text, "what was chosen stands there still"


async def test_nobody_asks_for_a_hub_whose_link_they_dont_have(house: AskingMeeting) -> None:
    for hub in ("kisumu", "\0<", "x" * 1000):
        status, headers, text = await house.post(hub=hub)
        assert (status, headers["Cache-Control"]) == (422, "no-store")
        assert "The link of that group doesn't work here any more" in text
        assert "Thanks & <bye>" in text
        assert 'name="hub"' not in text, "sent again it is their own"
    assert house.all == []


async def test_sent_again_it_is_one_and_the_addresses_keep_text_and_language(house: AskingMeeting) -> None:
    token = "t" * 22
    first = await house.post("/s/s/ask?channel=floor&ui=fr", cookie=token)
    again = await house.post("/s/s/ask?channel=floor&ui=fr", cookie=token)
    assert first[1]["Location"] == again[1]["Location"]
    assert first[1]["Location"].endswith("?channel=floor&ui=fr")
    await house.asked(id="f2")
    assert len(house.all) == 2
    assert "Votre commentaire" in (await house.get(first[1]["Location"]))[2]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": " ", "kind": "question"}, "Please write your question or comment, in 1 to 2000 characters."),
        (
            {"text": "\u200b\u2060", "kind": "question"},
            "Please write your question or comment, in 1 to 2000 characters.",
        ),
        ({"text": "é" * 2_001}, "Please write your question or comment, in 1 to 2000 characters."),
        ({"name": "n" * 81}, "A name has at most 80 characters."),
    ],
)
async def test_what_is_refused_still_stands_in_the_form(
    house: AskingMeeting, fields: dict[str, str], said: str
) -> None:
    status, _, text = await house.post(fields=fields)
    assert status == 422
    assert said in text
    assert 'aria-invalid="true"' in text
    typed = {**FILLED, **fields}
    assert typed["text"].strip(" \u200b\u2060") in text
    assert f'value="{typed["name"]}"' in text
    assert '<option value="fr" lang="fr" selected>' in text
    assert f'value="{typed["kind"]}" checked' in text
    assert 'name="id" value="f1"' in text
    assert house.all == []


async def test_one_wish_to_speak_at_a_time_and_none_after_the_close(house: AskingMeeting) -> None:
    token = "t" * 22
    assert (await house.post(cookie=token, kind="request", text=""))[0] == 303
    status, _, text = await house.post(cookie=token, id="f2", kind="request", text="Please!")
    assert (status, "You have asked to speak already" in text) == (422, True)
    waiting, queued, called = [await house.asked(id=f"f0{n}", kind="question") for n in range(3)]
    for number, where in (
        (3, InterventionStatus.QUEUED),
        (4, InterventionStatus.QUEUED),
        (4, InterventionStatus.CALLED),
    ):
        await house.stand(number, where)
    await house.hall.clock.sleep(1)
    await house.do(do.CloseSession(), by=SYSTEM)
    await house.hall.clock.sleep(1)
    for page, stands in (
        (waiting, "The meeting ended before its turn came"),
        (queued, "The meeting ended before its turn came"),
        (called, "It had its turn when the meeting ended"),
    ):
        text = (await house.get(page))[2]
        assert f'<p class="stands">{stands}</p>' in text
        assert "The meeting is over. Those who run it say what becomes of it" in text
    status, _, text = await house.post(id="f3", text="Too late?")
    assert (status, "The meeting is over" in text, "Too late?" in text) == (422, True, True)
    form = (await house.get("/s/s/ask"))[2]
    assert ("The meeting is over" in form, 'class="asking" hidden' in form) == (True, True)
    page = await house.asked(id="f4", age="60000")
    assert house.all[-1].after_close
    assert "It came after the meeting was closed." in (await house.get(page))[2]


async def test_a_store_that_is_away_keeps_what_was_typed(house: AskingMeeting) -> None:
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    status, headers, text = await house.post()
    assert (status, headers["Retry-After"]) == (503, "60")
    assert "Thanks & <bye>" in text
    log.full = False
    await house.asked()


async def test_what_cannot_be_kept_of_its_authors_acts_is_said(house: AskingMeeting) -> None:
    page = await house.asked()
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    assert (await house.post(page, act="burn"))[0] == 400
    status, headers, text = await house.post(page, act="back")
    assert (status, headers["Retry-After"]) == (503, "60")
    assert "Please try again in a minute." in text
    log.full = False
    assert (await house.post(page, act="back"))[0] == 303
    assert house.all[0].status is InterventionStatus.WITHDRAWN


async def test_only_what_can_be_read_is_taken(house: AskingMeeting) -> None:
    assert (await house.post(body=b"x=" + b"y" * MAX_BODY_BYTES))[0] == 413
    assert (await house.post(body=b"\xff"))[0] == 400
    assert (await house.post(kind="motion"))[0] == 400
    assert (await house.post(id=""))[0] == 400
    assert (await house.post(id="x" * 65))[0] == 400
    assert (await house.post("/s/none/ask"))[0] == 404
    async with house.client.post("/s/s/ask", json=FILLED, headers={"Origin": ORIGIN}) as answer:
        assert answer.status == 415
    assert house.all == []
    await house.asked(language="<b>", age="-5")
    assert house.all[0].language == "en"


async def test_who_sends_all_the_time_is_slowed_and_loses_nothing(house: AskingMeeting) -> None:
    for number in range(2 * ALLOWANCE.burst):  # On a slow machine some of the allowance comes back meanwhile.
        status, headers, text = await house.post(id=f"n{number}")
        if status != 303:
            break
    assert number >= ALLOWANCE.burst
    assert (status, headers["Retry-After"]) == (429, "60")
    assert "That came very often." in text
    assert "Thanks & <bye>" in text


async def test_its_page_says_where_it_stands(house: AskingMeeting) -> None:
    first, second, third = [await house.asked(id=f"f{number}", kind="question") for number in range(3)]

    async def said(page: str) -> str:
        return (await house.get(page))[2]

    for number in (1, 2, 3):
        await house.stand(number, InterventionStatus.QUEUED)
    assert "In the queue: you are next</p>" in await said(first)
    assert "In the queue: 1 before you</p>" in await said(second)
    await house.stand(1, InterventionStatus.CALLED)
    assert "In the queue: you are next, about 2 minutes" in await said(second)
    text = await said(first)
    assert re.search(r'role="alert">\s*<p class="stands turn">Now: it is your turn', text)
    await house.stand(1, InterventionStatus.ANSWERED)
    assert "Answered" in await said(first)
    assert "Take it back" not in await said(first)
    await house.stand(2, InterventionStatus.JOINED, into=3)
    assert "Joined with a similar question (no. 3)" in await said(second)
    assert "Question no. 3: In the queue: you are next" in await said(second)
    await house.stand(3, InterventionStatus.LATER)
    assert ">Later<" in await said(third)
    await house.do(do.WriteAnswer(intervention=house.all[2].id, text="By & by.", language="en"))
    for page in (second, third):
        assert "Answered in writing" in await said(page)
        assert "By & by." in await said(page)


async def test_why_it_was_not_taken_and_how_it_was_mended(house: AskingMeeting) -> None:
    first, second = await house.asked(), await house.asked(id="f2", text="Wich one?")
    await house.stand(1, InterventionStatus.DECLINED, reason="it was asked <before>")
    assert "Not taken, because it was asked <before>" in (await house.get(first))[2]
    await house.do(do.Reword(intervention=InterventionId(house.all[1].id), text="Which one?"))
    text = (await house.get(second))[2]
    assert "Wich one?" in text
    assert "As it reads now" in text
    assert "Which one?" in text


async def test_the_answer_is_linked_where_it_stands_in_the_text(house: AskingMeeting) -> None:
    page = await house.asked()
    segment = SegmentId("answer")
    line = do.TypeSegment(channel=FLOOR, segment=segment, text="Because.", language="en")
    await house.do(line, by=Actor(Role.CAPTIONER, "c1"))
    await house.stand(1, InterventionStatus.QUEUED)
    await house.stand(1, InterventionStatus.CALLED)
    await house.do(do.SetStatus(interventions=(house.all[0].id,), status=InterventionStatus.ANSWERED, segment=segment))
    text = (await house.get(f"{page}?channel=floor&ui=en"))[2]
    called = house.live.state.questions.turns[-1].t
    way = f"/s/s/moment/{called}?channel=floor&ui=en"  # in the text that is read
    assert f'href="{way}" data-live="{way}&live=1"' in text


async def test_of_what_was_removed_its_author_reads_that_it_was(house: AskingMeeting) -> None:
    page = await house.asked(text="rhubarb", name="Ana")
    await house.stand(1, InterventionStatus.DECLINED, reason="rhubarb!")
    removing = Interventions((house.all[0].id,))
    answer = await house.live.writer.remove(Actor(Role.SECRETARIAT, "x"), CommandId("remove"), removing)
    assert isinstance(answer, Receipt)
    text = (await house.get(page))[2]
    assert "rhubarb" not in text
    assert "What was written here was removed for good." in text
    assert '<p class="stands">Not taken</p>' in text
    assert "because" not in text


async def test_an_answer_in_writing_has_its_own_language(house: AskingMeeting) -> None:
    page = await house.asked()
    await house.do(do.WriteAnswer(intervention=house.all[0].id, text="نعم & لا", language="ar"))
    assert '<p class="words" lang="ar" dir="rtl">نعم & لا</p>' in (await house.get(page))[2]


async def test_it_is_taken_back_from_its_page(house: AskingMeeting) -> None:
    page = await house.asked()
    status, headers, _ = await house.post(page, body=b"")
    assert (status, headers["Location"]) == (303, page)
    assert house.all[0].status is InterventionStatus.WITHDRAWN
    text = (await house.get(page))[2]
    assert "You have taken it back" in text
    assert "Take it back" not in text
    assert '<button class="quiet" id="AskAgain" name="act" value="again">' in text
    await house.post(page, body=b"act=again")
    assert [each.status for each in house.all] == [InterventionStatus.CHECKED]


async def test_nobody_guesses_a_page(house: AskingMeeting) -> None:
    page = await house.asked()
    name = house.all[0].id
    for wrong in (f"/s/s/asked/{'A' * 22}.{name}", "/s/s/asked/1", page[:-1]):
        assert (await house.post(wrong, body=b""))[0] == 404
        status, headers, _ = await house.get(wrong)
        assert (status, headers["X-Robots-Tag"], headers["Cache-Control"]) == (404, "noindex, nofollow", "no-store")
    assert house.all[0].status is InterventionStatus.CHECKED
