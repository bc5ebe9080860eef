from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from moothall.adapters.questions.asking_door import ALLOWANCE
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.rules.questions import MAX_TEXT
from moothall.wire.hubs.acts import AskAct, StandAct
from moothall_hub.room.local_questions import Mode
from support.hubs.desk import OpenRoom, S, open_room

FILLED = {"id": "f1", "kind": "question", "text": "Why?", "language": "en"}


@pytest_asyncio.fixture
async def house() -> AsyncIterator[OpenRoom]:
    async with open_room() as made:
        yield made


async def test_the_form_is_everybodys_but_for_who_reads_it(house: OpenRoom) -> None:
    somebody = house.browser()
    status, text = await somebody.get("/s/s/ask?ui=en")
    assert status == 200
    assert "The coordinator of your group reads it first" in text
    assert "Those who run the meeting read it first" not in text
    assert 'action="/s/s/ask?ui=en"' in text
    await house.room.local.set_mode(S, Mode.OPEN)
    _, at_once = await somebody.get("/s/s/ask?ui=en")
    assert "Those who run the meeting read it first" in at_once
    assert "The coordinator of your group reads it first" not in at_once
    assert 'href="/microphone/s">Speaking by microphone' in text  # Why none opens here, and where one does.
    assert "For our group" not in text
    assert list(somebody.cookies) == ["asker"]
    assert (await somebody.get("/s/nowhere/ask"))[0] == 404


async def test_without_a_link_it_is_kept_and_its_author_reads_so(house: OpenRoom) -> None:
    house.room.outbox.full = True
    page = await house.browser("a").ask("Will the <board> publish?", name="Ana")
    (each,) = house.room.local.of(S).by_id.values()
    assert (each.text, each.name, each.kind) == ("Will the <board> publish?", "Ana", InterventionKind.QUESTION)
    status, text = await house.browser("b").get(page)
    assert status == 200
    assert "Kept here. The coordinator of your group reads it first." in text
    assert "Will the <board> publish?" in text


async def test_sent_twice_it_is_there_once(house: OpenRoom) -> None:
    somebody = house.browser("a")
    first = await somebody.post("/s/s/ask", FILLED)
    assert await somebody.post("/s/s/ask", FILLED) == first
    assert len(house.room.local.of(S).by_id) == 1


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"text": ""}, 422, "in 1 to 2000 characters"),
        ({"text": "x" * (MAX_TEXT + 1)}, 422, "in 1 to 2000 characters"),
        ({"kind": "motion"}, 400, "could not be understood"),
        ({"hub": "kisumu"}, 422, "The link of that group doesn't work here any more"),
    ],
)
async def test_what_is_not_taken_is_said_above_the_form(
    house: OpenRoom, fields: dict[str, str], status: int, sentence: str
) -> None:
    got, _, text = await house.browser("a").post("/s/s/ask", {**FILLED, **fields})
    assert got == status
    assert sentence in text
    assert house.room.local.of(S).by_id == {}


async def test_a_disk_that_is_full_and_copies_that_are_away_are_said(house: OpenRoom) -> None:
    house.room.book.full = True
    status, _, text = await house.browser("a").post("/s/s/ask", FILLED)
    assert status == 503
    assert "It can\u2019t be kept at the moment." in text
    assert "Why?" in text
    house.room.book.full = False
    house.room.meetings.away = True
    assert (await house.browser("a").post("/s/s/ask", FILLED))[0] == 503


async def test_pages_of_elsewhere_and_those_who_come_too_often_are_refused(house: OpenRoom) -> None:
    somebody = house.browser("a")
    assert (await somebody.post("/s/s/ask", FILLED, origin="https://elsewhere.example"))[0] == 403
    page = await somebody.ask("Why?")
    assert (await somebody.post(page, {}, origin="https://elsewhere.example"))[0] == 403
    for _ in range(2 * ALLOWANCE.burst):
        status, _, text = await somebody.post("/s/s/ask", FILLED)
        if status == 429:
            break
    assert status == 429
    assert "That came very often." in text
    assert "Why?" in text


async def test_after_the_close_nothing_is_taken(house: OpenRoom) -> None:
    await house.room.meeting.do(do.CloseSession(), actor=SYSTEM)
    assert "takes no more questions" in (await house.browser().get("/s/s/ask"))[1]
    status, _, text = await house.browser("a").post("/s/s/ask", FILLED)
    assert status == 422
    assert "takes no more questions" in text


async def test_a_meeting_may_take_nothing_of_browsers_that_keep_no_cookie(house: OpenRoom) -> None:
    await house.room.meeting.do(do.LimitAsking(known=True))
    status, _, text = await house.browser().post("/s/s/ask", FILLED)
    assert status == 422
    assert "only from browsers that keep a cookie" in text
    assert (await house.browser("a").post("/s/s/ask", FILLED))[0] == 303


async def test_the_coordinator_asks_for_others_by_their_names(house: OpenRoom) -> None:
    coordinator = await house.coordinator()
    assert "For our group: \u2068Kisumu\u2069" in (await coordinator.get("/s/s/ask"))[1]
    for name in ("Ana", "Bea"):
        await coordinator.ask("Why?", name=name, hub="kisumu")
    ana, bea = house.room.local.of(S).by_id.values()
    assert ana.asker != bea.asker


async def test_its_author_takes_it_back_also_from_the_meeting(house: OpenRoom) -> None:
    somebody = house.browser("a")
    page = await somebody.ask("Why?")
    (what,) = house.room.local.of(S).by_id
    await house.room.local.forward(S, [what])
    status, where, _ = await somebody.post(page, {})
    assert (status, where) == (303, page)
    assert [put.act for put in house.room.outbox.acts.values()][1:] == [
        StandAct(intervention=what, status=InterventionStatus.WITHDRAWN)
    ]
    assert house.room.outbox.of(AskAct)
    _, text = await somebody.get(page)
    assert "You have taken it back" in text
    assert "Take it back: this waits for the connection to the meeting." in text


async def test_a_wrong_token_opens_nothing(house: OpenRoom) -> None:
    somebody = house.browser("a")
    page = await somebody.ask("Why?")
    wrong = page.replace("/asked/", "/asked/x")
    assert (await somebody.get(wrong))[0] == 404
    assert (await somebody.post(wrong, {}))[0] == 404
    house.room.meetings.away = True
    assert (await somebody.get(page))[0] == 503
    house.room.book.full = True
    assert (await somebody.post(page, {}))[0] == 503


async def test_the_script_for_when_this_computer_is_away_is_served(house: OpenRoom) -> None:
    status, text = await house.browser().get("/asking-worker.js")
    assert status == 200
    assert "addEventListener('fetch'" in text
