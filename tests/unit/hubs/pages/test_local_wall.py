from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest_asyncio

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.ids import ChannelId, InterventionId, PollId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall_hub.pages.local_wall import MOST_SHOWN
from support.hubs.desk import OpenRoom, S, open_room


@pytest_asyncio.fixture
async def house() -> AsyncIterator[OpenRoom]:
    async with open_room() as made:
        yield made


async def wall(house: OpenRoom) -> dict[str, object]:
    status, text = await house.browser().get("/s/s/wall")
    assert status == 200
    return dict(json.loads(text))


async def shown(house: OpenRoom) -> str:
    status, text = await house.browser().get("/s/s/screen")
    assert status == 200
    return text


async def test_the_rooms_questions_stand_on_its_wall_the_newest_first_and_not_too_many(house: OpenRoom) -> None:
    somebody, local = house.browser("a"), house.room.local
    assert house.wall.asked_ago is None
    for n in range(MOST_SHOWN + 1):
        await somebody.ask(f"Why <{n}>?", name="Ana")
    await local.put_on_wall(S, list(local.of(S).by_id), on_wall=True)
    text = await shown(house)
    positions = [text.find(f"Why <{n}>?") for n in range(MOST_SHOWN + 1)]
    assert positions[0] == -1
    assert positions[1:] == sorted(positions[1:], reverse=True)
    assert "From your group" in text
    assert 'data-ask="/s/s/wall?ui=en"' in text
    assert "Why <4>?" in str((await wall(house))["html"])
    assert house.wall.asked_ago is not None


async def test_cleared_without_a_link_nothing_that_stood_there_stays(house: OpenRoom) -> None:
    room, what = house.room, InterventionId("q1")
    await house.browser("a").ask("Why?")
    await room.local.put_on_wall(S, list(room.local.of(S).by_id), on_wall=True)
    await room.meeting.do(
        do.Ask(intervention=what, kind=InterventionKind.QUESTION, text="Rude?", language="en", asker="x")
    )
    await room.meeting.stand(what, InterventionStatus.QUEUED)
    await room.meeting.stand(what, InterventionStatus.CALLED)
    assert (await wall(house))["cleared"] is None
    assert "Rude?" in await shown(house)
    await room.clock.sleep(5)
    await room.local.clear_wall(S)
    told = await wall(house)
    assert told["cleared"] == room.local.of(S).cleared
    assert "Why?" not in str(told["html"])
    text = await shown(house)
    assert "Rude?" not in text
    assert "Why?" not in text
    state = await room.meetings.state(S)
    assert state is not None
    seen = await house.wall.snapshot_of(S, Feed(channel=ChannelId("floor")))
    assert seen is not None
    assert seen.session.wall_cleared is not None
    assert seen.session.wall_cleared <= state.media_now(room.clock.wall())


async def test_what_comes_after_it_is_shown_again(house: OpenRoom) -> None:
    room = house.room
    await room.local.clear_wall(S)
    await room.clock.sleep(5)
    await room.meeting.do(
        do.OpenPoll(poll=PollId("p1"), question="Shall we?", language="en", options=("Yes", "No")),
    )
    assert "Shall we?" in await shown(house)


async def test_the_meetings_own_clearing_stays_where_it_is_newer(house: OpenRoom) -> None:
    room, feed = house.room, Feed(channel=ChannelId("floor"))
    await room.local.clear_wall(S)
    await room.clock.sleep(20)
    await room.meeting.do(do.ClearWall())
    state = await room.meetings.state(S)
    seen = await house.wall.snapshot_of(S, feed)
    assert state is not None
    assert seen is not None
    assert seen.session.wall_cleared == state.wall_cleared
    assert await house.wall.snapshot_of(SessionId("nowhere"), feed) is None


async def test_of_a_meeting_that_isnt_there_nothing_is_told(house: OpenRoom) -> None:
    assert (await house.client.get("/s/nowhere/wall")).status == 404
