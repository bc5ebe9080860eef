"""Calls and policy questions from the secretariat's form to the pages that everybody reads, and what visitors send."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape
from pathlib import Path

from moothall.adapters.policy import policy_door
from moothall.core.commands import AnyCommand, CreateSession, Reword, SetStatus
from moothall.core.events.outcome_parts import MessageKind, PublishedMessage
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import Access, LogKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, MessageId, PolicyQuestionId, SessionId
from moothall.core.outcomes.commands import AssignReport, PublishReport, SubmitReport, WriteSection
from moothall.services.log.act_queue import Receipt
from support.desks.admin import AdminHouse, Browser, admin_house, make
from support.search import installed

TEXT = "Propose what the meetings are to answer.\n\nOne question each."
OFFICE = Actor(Role.SECRETARIAT, "office")


async def called(office: Browser, **fields: str) -> str:
    """Make a call with the form; returns its name."""
    await office.get("/admin/policy")
    given = {"title": "What shall we ask?", "text": TEXT, "language": "en", "until": "", "act": "call", **fields}
    assert await office.send("/admin/policy", **given) == 200, office.text
    return office.url.rpartition("/")[2]


async def proposed(visitor: Browser, call: str, text: str, **fields: str) -> int:
    assert await visitor.get(f"/calls/{call}") == 200
    return await visitor.send(f"/calls/{call}", text=text, language="en", name="Ana <x>", **fields)


async def decided(house: AdminHouse, call: str, *commands: tuple[int, SetStatus | Reword]) -> None:
    """Carry out acts of the moderator's desk; each names the number of a proposal."""
    live = await house.running.backend.sessions.find(SessionId(call))
    assert live is not None
    for n, (number, command) in enumerate(commands):
        each = live.state.questions.numbered(number)
        assert each is not None
        named = (
            SetStatus(interventions=(each.id,), status=command.status, reason=command.reason, into=command.into)
            if isinstance(command, SetStatus)
            else Reword(intervention=each.id, text=command.text)
        )
        answer = await live.writer.send(OFFICE, CommandId(f"d{live.writer.offset}:{n}"), named)
        assert isinstance(answer, Receipt), answer


def status(to: InterventionStatus, *, reason: str = "", into: InterventionId | None = None) -> SetStatus:
    return SetStatus(interventions=(), status=to, reason=reason, into=into)


QUEUED = status(InterventionStatus.QUEUED)


def plain(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))).replace("\u2068", "").replace("\u2069", "")


async def test_a_proposal_becomes_a_policy_question_of_a_meeting(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office, ana, ben = await house.secretary(), await house.browser(), await house.browser()
        await make(office, young_people="")
        call = await called(office)
        assert await ana.get("/policy") == 200
        assert f"/calls/{call}" in ana.text
        assert await proposed(ana, call, "Who pays for the last mile to the villages?") == 200
        assert ana.url.startswith(f"/s/{call}/asked/")
        own = ana.url
        await decided(house, call, (1, QUEUED))
        # Nearly the same is shown first; what was typed is still there, and nothing was sent.
        assert await proposed(ben, call, "Who pays for the last mile to villages?") == 200
        assert "Nothing was sent yet" in plain(ben.text)
        assert "Who pays for the last mile to villages?" in ben.text
        assert await ben.send(f"/calls/{call}/proposals/1/support", too="yes") == 200
        assert "You support this" in plain(ben.text)
        assert await proposed(ben, call, "Who pays for the last mile to villages?", act="send") == 200
        await decided(house, call, (2, status(InterventionStatus.DECLINED, reason="Asked already")))
        await asyncio.wait_for(counted(house, call), 10)
        await office.get(f"/admin/policy/calls/{call}/proposals/1")
        chosen = {"text": "Who is to pay for the last mile?", "language": "en", "sessions": "water-board"}
        assert await office.send(f"/admin/policy/calls/{call}/proposals/1", act="select", **chosen) == 200
        assert "Selected as a policy question" in plain(office.text)
        page = plain((await read(ana, own)).text)
        assert "Selected as a policy question Who is to pay for the last mile?" in page
        page = plain((await read(ana, f"/calls/{call}")).text)
        assert "Selected as a policy question" in page
        assert "Who is to pay for the last mile?" in page
        assert "Water board" in page
        assert "Not taken, because: Asked already" in page
        assert "Who pays for the last mile to villages?" not in page  # Nobody published it.
        question = re.search(r"/policy/(p-[0-9a-f]+)", ana.text)
        assert question is not None
        page = plain((await read(ana, question[0])).text)
        assert "Who is to pay for the last mile?" in page
        assert "Water board" in page
        page = plain((await read(ana, "/s/water-board")).text)
        assert "What the meeting is to answer" in page
        assert "Who is to pay for the last mile?" in page
        await pages_of_answers(house, ana, PolicyQuestionId(question[1]))
        found = json.loads((await read(ana, f"/calls/{call}", accept="application/json")).text)
        assert [each["fate"] for each in found["proposals"]] == ["selected", "not-taken"]
        assert json.loads((await read(ana, "/policy", accept="application/json")).text)["questions"][0]["text"]


async def pages_of_answers(house: AdminHouse, ana: Browser, question: PolicyQuestionId) -> None:
    """A report has two answers, of which each page shows one."""
    report = await house.running.backend.sessions.open(SessionId("report.water-board"))
    texts = ("A <fund> pays.", "Nobody pays.")
    said = tuple(
        PublishedMessage(id=MessageId(f"m{n}"), kind=MessageKind.OPTION, text=text, question=question, own=True)
        for n, text in enumerate(texts)
    )
    made = CreateSession(title="Water board", languages=("en",), access=Access.PUBLIC, kind=LogKind.REPORT)
    assigned = AssignReport(session=SessionId("water-board"), template="session")
    written = WriteSection(section="summary", text="A fund.", base_revision=0)
    published = PublishReport(title="Water", language="en", sections=(), messages=said)
    commands: tuple[AnyCommand, ...] = (made, assigned, written, SubmitReport(), published)
    for n, command in enumerate(commands):
        answer = await report.writer.send(SYSTEM, CommandId(f"r{n}"), command)
        assert isinstance(answer, Receipt), answer
    most, policy_door.MOST_ANSWERS = policy_door.MOST_ANSWERS, 1
    try:
        for path, shown in (("", texts[:1]), ("?page=2", texts[1:]), ("?page=9", texts[1:]), ("?page=x", texts[:1])):
            page = unescape((await read(ana, f"/policy/{question}{path}")).text)
            assert [text in page for text in texts] == [text in shown for text in texts], path
            assert "of 2" in page
        found = json.loads((await read(ana, f"/policy/{question}?page=2", accept="application/json")).text)
        assert ([each["text"] for each in found["answers"]], found["pages"]) == ([texts[1]], 2)
    finally:
        policy_door.MOST_ANSWERS = most


async def counted(house: AdminHouse, call: str) -> None:
    """Wait until the ballots are in the log."""
    live = house.running.backend.sessions.loaded(SessionId(call))
    assert live is not None
    heard = asyncio.Event()
    live.writer.listen(lambda _: heard.set())
    while (each := live.state.questions.numbered(1)) is None or each.support == 0:
        await heard.wait()
        heard.clear()


async def answered(browser: Browser, path: str) -> int:
    async with browser.http.get(browser.address + path) as answer:
        return answer.status


async def read(browser: Browser, path: str, accept: str = "text/html") -> Browser:
    async with browser.http.get(browser.address + path, headers={"Accept": accept}) as answer:
        browser.status, browser.text = answer.status, await answer.text()
    assert browser.status == 200, browser.text
    return browser


async def test_the_pages_of_a_call_as_a_meeting_lead_to_its_own_and_no_list_of_meetings_has_it(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office, ana = await house.secretary(), await house.browser()
        call = await called(office)
        await ana.get("/agenda")
        assert 'href="/policy"' in ana.text
        for path in ("", "/ask", "/questions", "/read"):
            await ana.get(f"/s/{call}{path}?ui=fr")
            assert ana.url == f"/calls/{call}"
        await ana.get("/s/policy-questions")
        assert await proposed(ana, call, "Who pays?") == 200
        for path in ("/", "/agenda", "/agenda.ics", "/sitemap.xml", "/news.json", "/search?q=ask", "/hubs"):
            assert await ana.get(path) == 200
            assert call not in ana.text, path
        for path in ("/admin", "/staff", "/admin/links", "/admin/hubs"):
            assert await office.get(path) == 200
            assert call not in office.text, path
        assert await office.get(f"/moderate/{call}") == 200


async def test_a_call_that_is_over_takes_nothing_and_says_so(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office, ana = await house.secretary(), await house.browser()
        call = await called(office)
        assert await ana.get(f"/calls/{call}") == 200
        form = ana.hidden(f"/calls/{call}")
        await office.get(f"/admin/policy/calls/{call}")
        assert await office.send(f"/admin/policy/calls/{call}", act="end") == 200
        assert "Over" in plain(office.text)
        assert await ana.post(f"/calls/{call}", {**form, "text": "Too late?", "language": "en"}) == 422
        assert "This call is over" in plain(ana.text)
        assert await ana.get("/policy") == 200
        assert "Calls that are over" in plain(ana.text)
        # A call has no record that could be taken home.
        assert await answered(ana, f"/s/{call}/bundle.zip") == 404
        assert json.loads((await read(ana, f"/withdrawals.json?session={call}")).text) == {"sessions": []}
        # Nobody reports on a call.
        assert await answered(office, f"/report/{call}") == 404


async def test_the_register_is_kept_by_the_secretariat(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office, ana = await house.secretary(), await house.browser()
        await make(office)
        await make(office, title="Main hall")
        await office.get("/admin/policy")
        assert await office.send("/admin/policy", act="question", text="Who pays?", language="en") == 200
        path = office.url
        name = path.rpartition("/")[2]
        assert await office.send(path, act="state", text="Who pays, and how?", language="en") == 200
        assert await office.send(path, act="state", text="Who pays, and how?", language="en") == 200
        paper = {"title": "A study", "address": "https://example.org/study"}
        assert await office.send(path, act="paper", **paper) == 200
        prepare = "/admin/policy/sessions/water-board"
        assert await office.get(prepare) == 200
        fields = {"questions": name, "objectives": "Agree on a fund\n\nName who pays", "feeds": "main-hall"}
        assert await office.send(prepare, **fields) == 200
        await office.get("/s/water-board")
        page = plain(office.text)
        assert "Who pays, and how?" in page
        assert "Name who pays" in page
        assert "Main hall" in page
        await office.get("/s/main-hall")
        assert "Meetings that prepare it" in plain(office.text)
        await office.get("/moderate/main-hall")
        assert "Meetings that prepare it" in plain(office.text)
        await ana.get(f"/policy/{name}")
        page = plain(ana.text)
        assert "A study" in page
        assert "Earlier wordings Who pays? " in page
        await office.get(path)
        assert await office.send(path, act="close", reason="It is answered.") == 200
        await ana.get("/policy")
        assert "No longer asked" in plain(ana.text)
        assert "Because: It is answered." in plain(ana.text)
        await office.get(path)
        assert await office.send(path, act="state", text=" ", language="en") == 400
        assert "1 to 500 characters" in plain(office.text)
        assert await ana.get("/policy/nothing") == 404
        assert await ana.get("/calls/nothing") == 404
        assert await office.get("/admin/policy/questions/nothing") == 404
        assert await office.get("/admin/policy/sessions/nothing") == 404


async def test_what_is_typed_is_compared_for_the_pages_script(tmp_path: Path) -> None:
    with installed():
        await _compared(tmp_path)


async def _compared(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office, ana = await house.secretary(), await house.browser()
        call = await called(office)
        await proposed(ana, call, "Who pays for the last mile?")
        await decided(house, call, (1, QUEUED))
        assert await ana.post(f"/calls/{call}/similar", {"text": "Who pays for a last mile?"}) == 200
        assert [each["number"] for each in json.loads(ana.text)["similar"]] == [1]
        assert await ana.post(f"/calls/{call}/similar", {"text": "Something else"}) == 200
        assert json.loads(ana.text) == {"similar": []}
        assert await ana.post("/calls/nothing/similar", {"text": "a"}) == 404
        # By meaning, in another language, and not what the words have found.
        await proposed(ana, call, "How is the divide to be closed?")
        await decided(house, call, (2, QUEUED))
        assert 'id="Meant"' in (await read(ana, f"/calls/{call}")).text
        for text, found in (("Le fossé ?", [2]), ("How is the divide closed?", [])):
            assert await ana.post(f"/calls/{call}/similar", {"text": text, "by": "meaning"}) == 200
            assert [each["number"] for each in json.loads(ana.text)["similar"]] == found
