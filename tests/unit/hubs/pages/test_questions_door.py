from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from moothall.adapters.pages.shared_pages import SAME_MS
from moothall.adapters.questions.questions_door import QuestionsDoor
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import InterventionId, PollId
from moothall.services.questions.author_view import OwnAct
from moothall.services.sessions.reader_access import ASKER, ReaderAccess
from moothall.services.sessions.staff import Staff
from moothall.testing.clock import ManualClock
from moothall.testing.visitors import visitor_context
from moothall.wire.hubs.acts import HandsAct
from moothall_hub.outbox.outbox import ActState
from moothall_hub.pages.questions_door import RoomList
from moothall_hub.room.local_questions import count
from support.hubs.desk import PAGES, OpenRoom, S, open_room


@pytest_asyncio.fixture
async def house() -> AsyncIterator[OpenRoom]:
    async with open_room() as made:
        await made.room.meeting.do(
            do.Ask(
                intervention=InterventionId("q1"),
                kind=InterventionKind.QUESTION,
                text="Who <pays>?",
                language="en",
                asker="x",
            ),
        )
        await made.room.meeting.stand(InterventionId("q1"), InterventionStatus.QUEUED)
        yield made


async def test_the_meetings_and_the_rooms_stand_on_one_page(house: OpenRoom) -> None:
    somebody, room = house.browser("a"), house.room
    await somebody.ask("Why?", name="Ana")
    await somebody.ask("Not for everybody")
    first, _ = room.local.of(S).by_id
    await room.local.put_on_wall(S, [first], on_wall=True)
    status, text = await house.browser("b").get("/s/s/questions")
    assert status == 200
    assert "Who <pays>?" in text
    assert "From your group" in text
    assert "No. 1 of your group · <bdi>Ana</bdi>" in text
    assert "Not for everybody" not in text, "the coordinator has not let it be seen"
    assert text.count("I\u2019d ask this too") == 2
    assert (await house.browser("a").get("/s/s/questions"))[1].count("I\u2019d ask this too") == 1, "one is their own"
    assert (await house.browser().get("/s/nowhere/questions"))[0] == 404
    room.meetings.away = True
    assert (await house.browser().get("/s/s/questions"))[0] == 503


def page_of(answer: web.Response) -> str:
    assert isinstance(answer.body, bytes)
    return gzip.decompress(answer.body).decode()


async def test_a_room_that_opens_it_has_it_made_once_until_something_changes(house: OpenRoom) -> None:
    local, clock = house.room.local, ManualClock()
    access = ReaderAccess(house.room.hall.sessions)
    door = QuestionsDoor(
        visitor_context(PAGES, clock, access.snapshot, seed=2),
        local,
        house.room.hands,
        questions_of=local.meeting,
        channel_of=access.channel_of,
        own_of=local.own_of,
        room=RoomList(local),
    )
    await house.browser("a").ask("Why?")
    (what,) = local.of(S).by_id
    asked = make_mocked_request("GET", "/s/s/questions", {"Accept-Encoding": "gzip"}, match_info={"session": S})
    first, second = [await door.list(asked) for _ in range(2)]
    await local.put_on_wall(S, [what], on_wall=True)
    third = await door.list(asked)
    reset = ASKER.set((Staff(link="c", role=Role.HUB, scope="hall", label=""),))
    coordinator = await door.list(asked)
    ASKER.reset(reset)
    after = await door.list(asked)
    leads = ['href="/desk"' in page_of(each) for each in (third, coordinator, after)]
    await clock.advance(SAME_MS)
    later = await door.list(asked)
    pages = [page_of(each) for each in (first, third)]
    assert ["Why?" in page for page in pages] == [False, True]
    assert leads == [False, True, False]
    assert second.body is first.body
    assert later.body is not third.body


async def test_each_browser_counts_once_for_the_meetings_and_for_the_rooms(house: OpenRoom) -> None:
    room = house.room
    await house.browser("a").ask("Why?")
    (what,) = room.local.of(S).by_id
    await room.local.put_on_wall(S, [what], on_wall=True)
    for token in "bbc":
        status, where, _ = await house.browser(token).post("/s/s/here/1/support?ui=en", {})
        assert (status, where) == (303, "/s/s/questions?ui=en#Here-1")
        status, where, _ = await house.browser(token).post("/s/s/asked/1/support", {})
        assert (status, where) == (303, "/s/s/questions#No-1")
    local = room.local.of(S)
    assert (count(local, what), count(local, InterventionId("q1"))) == (2, 2)
    _, text = await house.browser("b").get("/s/s/questions")
    assert text.count("You\u2019d ask this too") == 2
    assert text.count("2 here would ask this too") == 2


async def test_what_isnt_there_cant_be_supported(house: OpenRoom) -> None:
    somebody = house.browser("b")
    for path in ("here/1", "here/x", "here/1234567", "asked/2", "asked/0"):
        assert (await somebody.post(f"/s/s/{path}/support", {}))[0] == 404
    assert (await somebody.post("/s/nowhere/here/1/support", {}))[0] == 404
    status, _, text = await somebody.post("/s/s/asked/1/support", {}, origin="https://elsewhere.example")
    assert status == 403
    assert "This was sent from a page that is not ours" in text
    assert '<a href="/s/s/questions">' in text
    house.room.book.full = True
    assert (await somebody.post("/s/s/asked/1/support", {}))[0] == 503
    page = await house.browser("a").post("/s/s/asked/1/support", {})
    assert page[0] == 503


async def test_what_was_taken_back_cant_be_supported(house: OpenRoom) -> None:
    room = house.room
    await house.browser("a").ask("Why?")
    (what,) = room.local.of(S).by_id
    assert await room.local.bring(S, room.local.token(S, what), OwnAct.BACK) is None
    assert (await house.browser("b").post("/s/s/here/1/support", {}))[0] == 404


async def test_what_the_meeting_has_published_isnt_told_twice(house: OpenRoom) -> None:
    room = house.room
    await house.browser("a").ask("Why?")
    (what,) = room.local.of(S).by_id
    await room.local.put_on_wall(S, [what], on_wall=True)
    await room.local.forward(S, [what])
    await room.meeting.take()
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    _, text = await house.browser("b").get("/s/s/questions")
    assert text.count("Why?") == 1
    assert "From your group" not in text
    own = (await house.browser("a").get("/s/s/questions"))[1]
    assert own.count("I\u2019d ask this too") == 1, "whoever asked it is not asked"


async def test_ones_own_is_marked_and_isnt_supported_here_and_at_the_meeting(house: OpenRoom) -> None:
    room, somebody = house.room, house.browser("a")
    await somebody.ask("Why?")
    (what,) = room.local.of(S).by_id
    await room.local.put_on_wall(S, [what], on_wall=True)
    for path in ("/s/s/here/1/support", "/s/s/asked/2/support"):
        _, text = await somebody.get("/s/s/questions")
        assert text.count("You asked this") == 1
        assert f'action="{path}"' not in text
        status, _, text = await somebody.post(path, {})
        assert status == 409
        assert "You asked this yourself" in text
        assert what not in room.local.of(S).supporters
        if "here" in path:
            await room.local.forward(S, [what])
            await room.meeting.take()
            await room.meeting.stand(what, InterventionStatus.QUEUED)
    _, other = await house.browser("b").get("/s/s/questions")
    assert "You asked this" not in other
    assert 'action="/s/s/asked/2/support"' in other


async def test_after_the_close_the_list_says_what_became_of_what_was_left(house: OpenRoom) -> None:
    room, somebody = house.room, house.browser("b")
    assert 'action="/s/s/asked/1/support"' in (await somebody.get("/s/s/questions"))[1]
    await room.meeting.do(do.CloseSession(), actor=SYSTEM)
    _, text = await somebody.get("/s/s/questions")
    left = text[text.index('<div id="Left">') :].partition('<div id="Later">')[0]
    assert "The meeting ended before its turn came</h2>" in left
    assert "Who <pays>?" in left
    assert "In the queue" not in text
    assert "/support" not in text


async def test_answers_and_a_show_of_hands_are_shown(house: OpenRoom) -> None:
    room, q1 = house.room, InterventionId("q1")
    await room.meeting.do(
        do.OpenPoll(poll=PollId("p1"), question="Shall <we>?", language="en", options=("Yes", "No")),
    )
    _, text = await house.browser().get("/s/s/questions")
    assert "Shall <we>?" in text
    assert "Choose one answer." in text
    assert 'action="/s/s/hands/1"' in text
    await room.meeting.do(do.ClosePoll(poll=PollId("p1")))
    await room.meeting.stand(q1, InterventionStatus.TO_WRITE)
    await room.meeting.do(do.WriteAnswer(intervention=q1, text="We <do>.", language="en"))
    _, text = await house.browser().get("/s/s/questions")
    assert "It is closed. This is the result." in text
    assert "We <do>." in text
    await room.meeting.remove(q1)
    await room.meeting.do(do.CloseSession(), actor=SYSTEM)
    _, text = await house.browser().get("/s/s/questions")
    assert "What was written here was removed for good." in text
    assert "Ask or comment" not in text


async def test_whoever_votes_reads_that_it_waits_that_it_counts_and_that_it_came_late(house: OpenRoom) -> None:
    room, somebody = house.room, house.browser("b")
    asked = do.OpenPoll(poll=PollId("p1"), question="Shall <we>?", language="en", options=("Yes", "No"))
    await room.meeting.do(asked)

    async def answered(code: RefusalCode | None = None) -> None:
        while room.hands.voted(S, "b" * 22)[asked.poll].waits:
            for put in room.outbox.of(HandsAct):
                if room.outbox.standing[put.id].state is ActState.WAITING:
                    room.outbox.answer(put.id, code)
            await room.clock.sleep(1_000)

    async def row(option: int) -> str:
        _, text = await somebody.get("/s/s/questions")
        return text[text.index(f'data-option="{option}"') :].partition("</li>")[0]

    status, where, _ = await somebody.post("/s/s/hands/1?ui=en", {"option": "0"})
    assert (status, where) == (303, "/s/s/questions?ui=en#Hands")
    assert "Your choice" in await row(0)
    assert "It waits for the connection." in await row(0)
    assert "Your choice" not in (await house.browser("c").get("/s/s/questions"))[1]
    await answered()
    assert "Your choice" in await row(0)
    assert "It waits for the connection." not in await row(0)
    await somebody.post("/s/s/hands/1", {"option": "1"})
    await room.meeting.do(do.ClosePoll(poll=asked.poll))
    await answered(RefusalCode.CONFLICT)
    assert "Your choice" in await row(0)
    assert "It does not count." in await row(1)
    for number, option, expected in (("2", "0", 404), ("1", "7", 404), ("1", "9", 400), ("x", "0", 404)):
        assert (await somebody.post(f"/s/s/hands/{number}", {"option": option}))[0] == expected
    room.meetings.away = True
    assert (await somebody.post("/s/s/hands/1", {"option": "0"}))[0] == 503


async def test_a_room_reads_what_people_think_and_votes(house: OpenRoom) -> None:
    said, sums = InterventionId("c1"), OpinionSums(agree=6, disagree=0, passed=1)
    comment = do.Ask(intervention=said, kind=InterventionKind.COMMENT, text="Open it.", language="en", asker="y")
    await house.room.meeting.do(comment)
    await house.room.meeting.stand(said, InterventionStatus.QUEUED)
    for command in (do.SwitchVoting(on=True), do.PutToVote(comments=(said,))):
        await house.room.meeting.do(command)
    await house.room.meeting.do(do.CountOpinions(voters=7, sums={said: sums}, groups=()), actor=SYSTEM)
    status, text = await house.browser().get("/s/s/opinions")
    assert status == 200
    assert "Agree: 6. Disagree: 0. Pass: 1." in text
    browser = house.browser()
    await browser.get("/s/s/opinions")
    comment_there = house.room.meeting.live.state.questions.get(said)
    assert comment_there is not None
    vote = await browser.post(f"/s/s/opinions/{comment_there.number}", {"vote": "disagree"})
    assert vote[0] == 303
    text = (await browser.get("/s/s/opinions"))[1]
    assert "Comments left to vote on: 0" in text
    assert "Your choice" in text
    assert 'href="/s/s/opinions"' in (await house.browser().get("/s/s/questions"))[1]
