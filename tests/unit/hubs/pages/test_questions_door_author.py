from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, SegmentId
from moothall_hub.outbox.outbox import MOST_OWN_ACTS
from moothall_hub.room.ports import UplinkHealthState
from support.hubs.desk import Browser, OpenRoom, S, open_room

NOT_RECORDED = (
    "Nothing is recorded now, and nothing is sent. Your words stay in the box: send them when recording goes on."
)


@pytest_asyncio.fixture
async def house() -> AsyncIterator[OpenRoom]:
    async with open_room() as made:
        yield made


async def stands(browser: Browser, page: str) -> str:
    _, text = await browser.get(page)
    found = re.search(r'<p class="stands(?: turn)?">(.+?)</p>', text)
    assert found is not None
    return found[1]


def carried(text: str) -> dict[str, object]:
    found = re.search(r'id="CarriedData">(.+?)</script>', text)
    assert found is not None
    return dict(json.loads(found[1]))


async def passed_on(house: OpenRoom, browser: Browser, text: str = "Why?", **fields: str) -> tuple[str, InterventionId]:
    page = await browser.ask(text, **fields)
    what = InterventionId(page.partition("?")[0].rpartition(".")[2])
    await house.room.local.forward(S, [what])
    return page, what


async def test_where_it_stands_is_told_all_the_way(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody)
    room.uplink.now = msgspec.structs.replace(room.uplink.now, state=UplinkHealthState.DOWN)
    assert await stands(somebody, page) == "Waiting for the connection"
    room.uplink.now = msgspec.structs.replace(room.uplink.now, state=UplinkHealthState.GOOD)
    assert await stands(somebody, page) == "On its way to the meeting"
    room.outbox.answer(CommandId(f"ask:{what}"))
    assert await stands(somebody, page) == "At the meeting, being checked"
    room.outbox.standing.pop(CommandId(f"ask:{what}"))
    await room.local.load()
    await room.local.pass_on()
    room.outbox.acts.clear()
    await room.local.load()
    await room.local.pass_on()
    await room.meeting.take()
    assert await stands(somebody, page) == "Being checked"
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    assert (await stands(somebody, page)).startswith("In the queue: you are next")
    await room.meeting.stand(what, InterventionStatus.CALLED)
    _, text = await somebody.get(page)
    assert '<p class="stands turn">Now: it is your turn</p>' in text
    await room.meeting.stand(what, InterventionStatus.ANSWERED)
    assert await stands(somebody, page) == "Answered"
    assert "Take it back" not in (await somebody.get(page))[1]


async def test_whoever_reads_in_the_room_is_told_that_the_turn_is_near_or_has_come(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    turn = f"/s/{S}/your-turn"
    assert "<a " not in (await somebody.get(turn))[1], "nothing was asked"
    page, what = await passed_on(house, somebody)
    await room.meeting.take()
    assert "<a " not in (await somebody.get(turn))[1], "it isn't in the queue"
    for status, said in (
        (InterventionStatus.QUEUED, "In the queue: you are next"),
        (InterventionStatus.CALLED, "Now: it is your turn"),
    ):
        await room.meeting.stand(what, status)
        _, text = await somebody.get(turn)
        assert f'href="{page}"' in text
        assert said in text
        assert "<a " not in (await house.browser("b").get(turn))[1], "it is another's"
    await room.meeting.stand(what, InterventionStatus.ANSWERED)
    assert "<a " not in (await somebody.get(turn))[1]
    await room.meeting.do(do.CloseSession(), actor=SYSTEM)
    assert "<a " not in (await somebody.get(turn))[1]


async def test_its_answer_is_found_in_the_text_and_nothing_more_is_asked_after_the_close(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody)
    await room.meeting.take()
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    await room.meeting.stand(what, InterventionStatus.CALLED)
    said = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("a"), text="Because.", language="en")
    await room.meeting.do(said, actor=Actor(Role.CAPTIONER, "c1"))
    assert "See the answer" not in (await somebody.get(page))[1]
    await room.meeting.do(
        do.SetStatus(interventions=(what,), status=InterventionStatus.ANSWERED, segment=SegmentId("a"))
    )
    _, text = await somebody.get(page)
    assert re.search(rf'href="/s/{S}/moment/\d+\S*" data-live="/s/{S}/moment/\d+\S*live=1">See the answer', text)
    assert "Ask something else" in text
    await room.meeting.do(do.CloseSession(), actor=SYSTEM)
    assert "Ask something else" not in (await somebody.get(page))[1]


async def test_a_refusal_that_comes_late_is_a_state_with_its_sentence(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody)
    room.outbox.answer(CommandId(f"ask:{what}"), RefusalCode.CONFLICT, "So many <came> that no more are taken.")
    _, text = await somebody.get(page)
    assert "The meeting did not take it, because:" in text
    assert '<p lang="en" dir="ltr">So many <came> that no more are taken.</p>' in text
    assert "Take it back" not in text
    await room.meeting.do(do.CloseSession(), actor=SYSTEM)
    assert await stands(somebody, page) == "It came too late: the meeting was over."


async def test_what_was_decided_here_is_told_too(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    pages = [await somebody.ask(text) for text in ("Why?", "Why so?", "When?")]
    one, other, third = room.local.of(S).by_id
    await room.local.join(S, [one, other])
    await room.local.keep_here(S, [third])
    assert await stands(somebody, pages[1]) == "Joined with a similar question of your group (no. 1)"
    assert await stands(somebody, pages[2]) == "It stays in your group and is not passed on."
    assert "Take it back" in (await somebody.get(pages[2]))[1]
    assert "Take it back" not in (await somebody.get(pages[1]))[1]


async def test_a_written_answer_and_the_reason_of_the_meeting_are_there(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody)
    await room.meeting.take()
    await room.meeting.do(do.Reword(intervention=what, text="Why is it so?"))
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    _, text = await somebody.get(page)
    assert "As it reads now" in text
    assert "Why is it so?" in text
    await room.meeting.stand(what, InterventionStatus.TO_WRITE)
    await room.meeting.do(do.WriteAnswer(intervention=what, text="Because <so>.", language="en"))
    _, text = await somebody.get(page)
    assert "Because <so>." in text
    other, declined = await passed_on(house, somebody, "Rude?")
    await room.meeting.take()
    await room.meeting.stand(declined, InterventionStatus.DECLINED, reason="it is rude")
    assert await stands(somebody, other) == "Not taken, because it is rude"


async def test_of_what_the_meeting_removed_no_word_is_left(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody, "rhubarb", name="Ana")
    await room.meeting.take()
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    await room.meeting.remove(what)
    await room.local.erase_removed(S)
    _, text = await somebody.get(page)
    assert "rhubarb" not in text
    assert "What was written here was removed for good." in text


async def test_the_browser_keeps_it_until_the_meeting_has_it(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody, "Why </script>?", name="Ana")
    data = carried((await somebody.get(page))[1])
    fields = data["fields"]
    assert isinstance(fields, dict)
    assert (data["session"], data["safe"]) == ("s", False)
    assert {key: fields[key] for key in ("kind", "text", "name", "language")} == {
        "kind": "question",
        "text": "Why </script>?",
        "name": "Ana",
        "language": "en",
    }
    (each,) = room.local.of(S).by_id.values()
    assert fields["id"] == each.form
    room.outbox.answer(CommandId(f"ask:{what}"))
    assert carried((await somebody.get(page))[1])["safe"] is True


async def test_another_machine_of_the_hub_makes_the_same_question_of_the_same_form(house: OpenRoom) -> None:
    somebody = house.browser("a")
    page = await somebody.ask("Why?", name="Ana")
    data = carried((await somebody.get(page))[1])
    fields = data["fields"]
    assert isinstance(fields, dict)
    async with open_room() as elsewhere:
        status, where, _ = await elsewhere.browser("x").post("/s/s/ask", {str(k): str(v) for k, v in fields.items()})
        assert status == 303
        assert where.rpartition(".")[2] == page.rpartition(".")[2]
        assert elsewhere.room.local.of(S).by_id.keys() == house.room.local.of(S).by_id.keys()


async def test_one_that_was_joined_at_the_meeting_says_with_which(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody)
    other = InterventionId("other")
    await room.meeting.do(
        do.Ask(intervention=other, kind=InterventionKind.QUESTION, text="Why so?", language="en", asker="x")
    )
    await room.meeting.take()
    await room.meeting.do(do.SetStatus(interventions=(what,), status=InterventionStatus.JOINED, into=other))
    assert await stands(somebody, page) == "Joined with a similar question (no. 1)"
    _, text = await somebody.get(page)
    assert "<p>Question no. 1: Being checked</p>" in text
    # Its author is told that the other one was answered, where, and what was written.
    await room.meeting.stand(other, InterventionStatus.QUEUED)
    await room.meeting.stand(other, InterventionStatus.CALLED)
    said = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("a"), text="Because.", language="en")
    await room.meeting.do(said, actor=Actor(Role.CAPTIONER, "c1"))
    await room.meeting.do(
        do.SetStatus(interventions=(other,), status=InterventionStatus.ANSWERED, segment=SegmentId("a"))
    )
    _, text = await somebody.get(page)
    assert "<p>Question no. 1: Answered</p>" in text
    assert re.search(rf'href="/s/{S}/moment/\d+\S*" data-live="\S+">See the answer', text)
    assert '<p class="stands turn">' not in text
    _, desk = await (await house.coordinator()).get("/desk")
    assert "Question no. 2 · Joined with a similar question (no. 1) · Question no. 1: Answered" in desk


async def test_after_the_close_every_question_says_what_became_of_it(house: OpenRoom) -> None:
    room = house.room
    asked = [await passed_on(house, house.browser(letter), f"Why {letter}?") for letter in "abcdefg"]
    (_, called), (_, queued), _, (_, later), (_, refused), (_, written), (_, back) = asked
    await room.meeting.take()
    for what in (called, queued, later):
        await room.meeting.stand(what, InterventionStatus.QUEUED)
    await room.meeting.stand(later, InterventionStatus.LATER)
    await room.meeting.do(
        do.SetStatus(interventions=(refused,), status=InterventionStatus.DECLINED, reason="Off topic.")
    )
    taken_back = do.SetStatus(interventions=(back,), status=InterventionStatus.WITHDRAWN)
    await room.meeting.do(taken_back, actor=Actor(Role.PARTICIPANT, back))
    await room.meeting.do(do.WriteAnswer(intervention=written, text="So it is.", language="en"))
    await room.meeting.stand(called, InterventionStatus.CALLED)
    turn = f"/s/{S}/your-turn"
    _, text = await house.browser("a").get(turn)
    assert "I need longer" in text
    desk = await house.coordinator()
    assert "Question no. 1 · Now" in (await desk.get("/desk"))[1], "it isn't the coordinator's turn"
    await room.meeting.do(do.CloseSession(), actor=SYSTEM)
    ended = "The meeting ended before its turn came"
    said = ["It had its turn when the meeting ended", ended, ended, ended]
    said += ["Not taken, because Off topic.", "Answered in writing", "You have taken it back"]
    assert [await stands(house.browser("z"), page) for page, _ in asked] == said
    _, text = await house.browser("a").get(asked[0][0])
    assert '<p class="stands turn">' not in text
    _, text = await house.browser("b").get(asked[1][0])
    assert "The meeting is over. Those who run it say what becomes of it, and then it stands here." in text
    _, text = await desk.get("/desk")
    assert f"Question no. 2 · {ended}" in text
    assert "Question no. 1 · It had its turn when the meeting ended" in text
    assert "Question no. 7 · Taken back by its author" in text


async def test_whoever_presses_on_and_on_without_a_link_is_told_to_wait(house: OpenRoom) -> None:
    somebody = house.browser("a")
    page, _ = await passed_on(house, somebody)
    for press in range(MOST_OWN_ACTS):
        status, *_ = await somebody.post(page, {"act": "again" if press % 2 else "back"})
        assert status == 303
    status, _, said = await somebody.post(page, {"act": "back"})
    assert status == 503
    assert "Too much still waits to be passed on, so this was not done. Please try again later." in said


async def test_whoever_types_while_nothing_is_recorded_is_told_so_and_keeps_their_words(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    page, what = await passed_on(house, somebody)
    await room.meeting.take()
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    await room.meeting.stand(what, InterventionStatus.CALLED)
    _, text = await somebody.get(page)
    assert NOT_RECORDED in text, "for the script"
    assert re.search(r'id="Unkept" hidden', text)
    await room.meeting.do(do.BeginNotRecorded(), actor=SYSTEM)
    _, text = await somebody.get(page)
    assert f'id="Unkept">{NOT_RECORDED}<' in text
    words = f"{page.partition('?')[0]}/words"
    for fields in ({}, {"unkept": "yes"}):
        code, _, said = await somebody.post(words, {"line": "l1", "text": "So it is.", **fields})
        assert code == 409
        assert f'id="Wrong" role="alert">{NOT_RECORDED}<' in said
        assert re.search(r'id="Unkept" hidden', said), "once is enough"
        assert re.search(r"<textarea[^>]*>\s*So it is\.</textarea>", said)
    await room.meeting.do(do.EndNotRecorded(), actor=SYSTEM)
    code, _, said = await somebody.post(words, {"line": "l1", "text": "So it is.", "unkept": "yes"})
    assert code == 409
    assert "Nothing was recorded when you wrote this, and now it is." in said
    code, *_ = await somebody.post(words, {"line": "l1", "text": "So it is."})
    assert code == 303
