"""Readers, sound and place of a meeting are changed while it is on: what readers, microphones and walls get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import CommandId, SessionId, SourceId
from moothall.core.programme.changes import AgendaChangeKind
from moothall.core.programme.plan import Room, RoomId
from moothall.core.sessions.state import State
from moothall.services.sessions.staff import room_scope, session_scope
from moothall.services.sound.live_audio import BYTES, RATE
from moothall.wire.close_codes import CloseCode
from support.desks.admin import AdminHouse, Browser, admin_house, make
from support.halls.microphone_door import say, send, shut, told, until
from support.memory.hall import FLOOR
from support.memory.microphone import greeting

BOARD, OTHER = SessionId("water-board"), SessionId("rain")
HALL_ROOM, GARDEN = RoomId("hall"), RoomId("garden")
PAGE = "/admin/meetings/water-board"
FORM = {"title": "Water board", "languages": "English, French", "ends": "", "place": "hall"}
LISTS = ("/?ui=en", "/agenda?ui=en")
TEXT = ("/s/water-board?ui=en", "/s/water-board/lines", "/s/water-board/record.txt")
CACHED = "/s/water-board/cached/floor"


async def begin(house: AdminHouse, session: SessionId) -> State:
    assert await house.running.backend.programme.send(session, do.OpenSession()) is None
    return await state(house, session)


async def state(house: AdminHouse, session: SessionId = BOARD) -> State:
    live = await house.running.backend.sessions.find(session)
    assert live is not None
    return live.state


@asynccontextmanager
async def on_air(folder: Path, **fields: str) -> AsyncIterator[tuple[AdminHouse, Browser]]:
    """A house with two rooms, in whose hall a meeting is on; and its secretary, who looks at the meeting's page."""
    async with admin_house(folder) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await programme.keep(rooms=[Room(id=HALL_ROOM, title="Hall"), Room(id=GARDEN, title="Garden")])
        await make(secretary, place="hall", **fields)
        await begin(house, BOARD)
        await secretary.get(PAGE)
        yield house, secretary


async def ask(secretary: Browser, **fields: str) -> int:
    """Send the form of the plan once."""
    await secretary.get(PAGE)
    return await secretary.send(f"{PAGE}/plan", **{**FORM, **fields})


async def change(secretary: Browser, **fields: str) -> int:
    """Send the form of the plan, and once more where it asks."""
    status = await ask(secretary, **fields)
    if 'name="sure"' in secretary.text:
        status = await secretary.send(f"{PAGE}/plan", **{**FORM, **fields})
    return status


async def member(house: AdminHouse, role: Role, scope: str) -> Browser:
    browser = await house.browser()
    _, token = await house.running.backend.links.create(role, scope, "")
    await browser.get(f"/enter/{token}")
    return browser


async def seen(browser: Browser) -> list[str]:
    """The places at which a browser finds the meeting."""
    there = [place for place in TEXT if await browser.get(place) == 200]
    return there + [place for place in LISTS if await browser.get(place) == 200 and "Water board" in browser.text]


async def test_readers_who_may_not_read_any_more_are_sent_away_and_let_in_again(tmp_path: Path) -> None:
    async with on_air(tmp_path) as (house, secretary):
        stranger, staff = await house.browser(), await member(house, Role.CAPTIONER, room_scope(HALL_ROOM))
        assert await seen(stranger) == [*TEXT, *LISTS]
        assert await stranger.get(CACHED) == 200
        async with stranger.http.get(f"{stranger.address}/s/water-board/events") as reading:
            assert await ask(secretary, access="link") == 200
            assert "Everybody who reads without a reader&#39;s link is sent away at once." in secretary.text
            assert (await state(house)).access is Access.PUBLIC
            assert await secretary.send(f"{PAGE}/plan", **FORM, access="link") == 200
            with suppress(aiohttp.ClientPayloadError):
                await reading.read()  # It is cut off.
        assert (await state(house)).access is Access.LINK
        assert await seen(stranger) == []
        assert await stranger.get(CACHED) == 404
        assert await stranger.get("/s/water-board?ui=en") == 404
        assert "not be open to you" in stranger.text
        assert await seen(staff) == [*TEXT]

        reader = await member(house, Role.READER, session_scope(BOARD))
        assert await seen(reader) == [*TEXT]
        async with reader.http.get(f"{reader.address}/s/water-board/events") as reading:
            assert await ask(secretary, access="staff") == 200
            assert "without a link for those who work here" in secretary.text
            assert await secretary.send(f"{PAGE}/plan", **FORM, access="staff") == 200
            with suppress(aiohttp.ClientPayloadError):
                await reading.read()
        assert await seen(reader) == []
        assert await seen(staff) == [*TEXT]

        assert await ask(secretary, access="public") == 200
        assert "sent away" not in secretary.text
        assert await seen(stranger) == [*TEXT, *LISTS]
        assert await stranger.get(CACHED) == 200


async def test_sound_that_is_not_to_be_kept_any_more_is_deleted_and_later_sound_is_kept_from_then_on(
    tmp_path: Path,
) -> None:
    async with on_air(tmp_path) as (house, secretary):
        reader, folder = await house.browser(), house.running.sound_folder
        live = await house.running.backend.sessions.find(BOARD)
        assert live is not None
        source = do.AttachSource(source=SourceId("mic"), channel=FLOOR, t=0, rate=RATE)
        await live.writer.send(SYSTEM, CommandId("source"), source)
        part = await folder.begin(BOARD, SourceId("mic"), 0)
        await part.write(bytes(RATE * BYTES))
        await part.close()
        path = folder.path(BOARD, SourceId("mic"), 0)
        assert path.exists()
        await reader.get("/s/water-board?ui=en")
        assert "<p>No sound is kept.</p>" not in reader.text
        assert await ask(secretary, sound="none") == 200
        assert "What has been recorded of the sound is deleted" in secretary.text
        assert path.exists()
        assert await secretary.send(f"{PAGE}/plan", **FORM, sound="none") == 200
        while path.exists():
            await house.running.backend.clock.sleep(10)
        await reader.get("/s/water-board?ui=en")
        assert "<p>No sound is kept.</p>" in reader.text
        assert await ask(secretary, sound="published") == 200
        assert live.state.sound is SoundKept.PUBLISHED
        assert live.state.sound_from > 0
        await reader.get("/s/water-board?ui=en")
        assert "<p>The sound is kept and published with the text.</p>" in reader.text


async def test_of_young_people_no_sound_is_kept_while_it_is_on_either(tmp_path: Path) -> None:
    async with on_air(tmp_path, young_people="1") as (house, secretary):
        assert (await state(house)).young_people
        assert await change(secretary, sound="published") == 200
        assert (await state(house)).sound is SoundKept.NONE


async def running_in(browser: Browser, room: str) -> str:
    async with browser.http.get(f"{browser.address}/room/{room}/now") as answer:
        return str((await answer.json())["session"])


async def test_walls_and_microphones_follow_to_another_place_as_far_as_their_links_cover_it(tmp_path: Path) -> None:
    async with on_air(tmp_path) as (house, secretary):
        programme = house.running.backend.programme
        of_hall = await member(house, Role.TECHNICIAN, room_scope(HALL_ROOM))
        of_meeting = await member(house, Role.TECHNICIAN, session_scope(BOARD))
        of_garden = await member(house, Role.TECHNICIAN, room_scope(GARDEN))
        assert (await running_in(of_hall, "hall"), await running_in(of_hall, "garden")) == (BOARD, "None")
        headers = {"Origin": house.running.served.public}
        socket = house.running.address.replace("http", "ws")
        async with of_hall.http.ws_connect(f"{socket}/room/hall/audio", headers=headers) as in_hall:
            await say(in_hall, greeting())
            assert (await until(in_hall, "go"))["session"] == BOARD
            await send(in_hall, 0, RATE)
            await until(in_hall, "safe")
            assert await change(secretary, place="garden") == 200
            await until(in_hall, "over")
            await say(in_hall, greeting("taketwo2"))
            assert await told(in_hall) == {"kind": "idle"}
        assert programme.room_of(BOARD) == GARDEN
        assert (await running_in(of_hall, "hall"), await running_in(of_hall, "garden")) == ("None", BOARD)
        assert programme.agenda.changes()[0].kind is AgendaChangeKind.ROOM
        async with of_garden.http.ws_connect(f"{socket}/room/garden/audio", headers=headers) as in_garden:
            await say(in_garden, greeting("takethree"))
            assert (await until(in_garden, "go"))["session"] == BOARD
        for browser, status in ((of_hall, 404), (of_meeting, 200), (of_garden, 200)):
            assert await browser.get("/s/water-board/microphone") == status
        async with (
            of_garden.http.ws_connect(f"{socket}/s/water-board/audio", headers=headers) as by_room,
        ):
            await say(by_room, greeting("takefour4"))
            await until(by_room, "go")
            assert await change(secretary, place="hall") == 200
            assert await shut(by_room) == CloseCode.FORBIDDEN
        async with of_meeting.http.ws_connect(f"{socket}/s/water-board/audio", headers=headers) as by_meeting:
            await say(by_meeting, greeting("takefive5"))
            await until(by_meeting, "go")
            assert await change(secretary, place="garden") == 200
            await send(by_meeting, 0, RATE)
            while (await until(by_meeting, "safe"))["at"] < RATE:
                pass


async def test_a_place_in_which_another_meeting_is_on_is_not_taken(tmp_path: Path) -> None:
    async with on_air(tmp_path) as (house, secretary):
        await make(secretary, title="Rain", place="garden")
        await begin(house, OTHER)
        assert await change(secretary, place="garden") == 400
        assert "“\u2068Rain\u2069” is on in that place, and nothing was changed." in secretary.text
        programme = house.running.backend.programme
        assert programme.room_of(BOARD) == HALL_ROOM
        await programme.send(OTHER, do.CloseSession())
        assert await change(secretary, place="garden") == 200
        assert programme.room_of(BOARD) == GARDEN


@pytest.mark.parametrize("fields", [{"place": "garden"}, {"access": "staff"}, {"sound": "none"}])
async def test_of_a_meeting_that_is_over_nothing_of_this_is_changed(tmp_path: Path, fields: dict[str, str]) -> None:
    async with on_air(tmp_path) as (house, secretary):
        await house.running.backend.programme.send(BOARD, do.CloseSession())
        before = await state(house)
        assert await change(secretary, **fields) == 409
        after = await state(house)
        assert (after.access, after.sound) == (before.access, before.sound)
        assert house.running.backend.programme.room_of(BOARD) == HALL_ROOM


async def test_the_start_of_a_meeting_that_is_on_stays(tmp_path: Path) -> None:
    async with on_air(tmp_path) as (_, secretary):
        assert 'name="starts"' not in secretary.text
        assert 'name="place"' in secretary.text
        assert await change(secretary, starts="2026-11-24T10:00", ends="2026-11-24T11:00") == 409
