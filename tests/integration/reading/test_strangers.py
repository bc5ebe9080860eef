"""The strangers' test: every event type, every role, every door. Each event reaches only those for whom it is meant.

The log holds an event of every type and, in lanes of staff and hubs, notes, held texts and names with a secret word,
those of later releases included. A reader at any door gets exactly the types of the lanes of the feed, and never the
secret. The doors are the server's own routes: a route that this test doesn't know fails it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.reading.reader_routes import STREAMS
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core.events import types as ev
from moothall.core.events.codec import EVENT_TYPES, type_name
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import STAFF, Feed, hub_lane
from moothall.core.rules.authority import STAFF_ROLES, may_follow
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import PULSE
from support.halls import doors
from support.halls.doors import DOORS, MOST_TRIED, STAFF_ONLY, addresses, routes_of
from support.halls.foreign_posts import ORIGINS, wrongly_answered
from support.record.trees import unpacked
from support.sessions.every_event import FLOOR, HIDDEN, PT, SESSION, WORD, events, notes, write

NOWHERE = SessionId("nosuchone")


@pytest.fixture
async def open_hall(tmp_path: Path) -> AsyncIterator[RunningServer]:
    await write(tmp_path / FILE_NAME, SESSION, ev.Access.PUBLIC)
    await write(tmp_path / FILE_NAME, HIDDEN, ev.Access.STAFF)
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        yield running


def types_of(feed: Feed) -> list[str]:
    """The types that readers of the feed get, in order."""
    return [type_name(event) for event in events(ev.Access.PUBLIC)[1:] if event.lane() in feed.lanes]


def types_in(frames: list[str]) -> list[str]:
    decoded = [json.loads(text) for text in frames]
    return [str(event["body"]["type"]) for frame in decoded for event in frame.get("events", ())]


FEEDS = [Feed(channel, live) for channel in (FLOOR, PT) for live in (True, False)]


async def read_sse(running: RunningServer, feed: Feed, after: str) -> list[str]:
    query = {"channel": feed.channel, "feed": "live" if feed.live else "lines", "after": after}
    frames: list[str] = []
    stream = EventStream()
    wanted = len(types_of(feed))
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{running.address}/s/{SESSION}/events", params={k: v for k, v in query.items() if v}) as response,
    ):
        assert response.status == 200
        async for data in response.content.iter_any():
            assert WORD.encode() not in data
            frames += [event.data.decode() for event in stream.feed(data) if event.name != PULSE]
            if len(types_in(frames)) >= wanted or '"snapshot"' in "".join(frames):
                return frames
    return frames


async def read_ws(running: RunningServer, feed: Feed, after: str) -> list[str]:
    query = {"channel": feed.channel, "feed": "live" if feed.live else "lines", "after": after}
    frames: list[str] = []
    wanted = len(types_of(feed))
    address = f"{running.address}/s/{SESSION}/ws"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address, params={k: v for k, v in query.items() if v}) as socket,
    ):
        async for message in socket:
            assert WORD not in message.data
            frames.append(message.data)
            if len(types_in(frames)) >= wanted or '"snapshot"' in message.data:
                return frames
    return frames


async def read_polls(running: RunningServer, feed: Feed, after: str) -> list[str]:
    query = {"channel": feed.channel, "feed": "live" if feed.live else "lines", "after": after, "wait": "0"}
    address = f"{running.address}/s/{SESSION}/poll"
    async with (
        aiohttp.ClientSession() as http,
        http.get(address, params={k: v for k, v in query.items() if v}) as response,
    ):
        text = await response.text()
        assert WORD not in text
        return [json.dumps(frame) for frame in json.loads(text)["frames"]]


def test_the_log_holds_every_type() -> None:
    assert {type_name(event) for event in events(ev.Access.PUBLIC)} == set(EVENT_TYPES)
    assert WORD in str(notes())


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
async def test_readers_get_the_events_of_their_feed_and_no_others(open_hall: RunningServer, feed: Feed) -> None:
    for read in (read_sse, read_ws, read_polls):
        assert types_in(await read(open_hall, feed, "e1:1")) == types_of(feed)
        assert len(await read(open_hall, feed, "")) == 1


async def answer(http: aiohttp.ClientSession, running: RunningServer, route: str, address: str) -> tuple[int, str]:
    """Status, and what comes at once: headers, where it leads, and the body."""
    method, streams = route.split(" ", maxsplit=1)[0], DOORS.get(route, STAFF_ONLY).streams
    async with http.request(method, running.address + address, allow_redirects=False) as response:
        # Of what goes on, the first piece is all that is already there.
        body = await response.content.readany() if streams else await response.read()
        return response.status, f"{sorted(response.headers.items())} {unpacked(body).decode(errors='replace')}"


async def test_every_door_is_known_here(open_hall: RunningServer) -> None:
    unknown = [route for route in routes_of(open_hall) if route not in DOORS]
    assert unknown == [], f"Say in DOORS of {doors.__name__} what a stranger gets there, and what is to be tried."
    assert [route for route in DOORS if route not in open_hall.served.routes] == []


def test_whoever_follows_a_text_waits_to_be_let_in_and_has_no_rate() -> None:
    found = {route.removeprefix("GET ") for route, door in DOORS.items() if door.streams}
    assert found
    assert found <= STREAMS


async def test_at_no_door_a_stranger_is_shown_what_is_not_public(open_hall: RunningServer) -> None:
    wrong: list[tuple[str, int]] = []
    async with aiohttp.ClientSession() as http:
        for route in routes_of(open_hall):
            for address in addresses(route, SESSION):
                status, told = await answer(http, open_hall, route, address)
                assert WORD not in told, address
                assert str(HIDDEN) not in told, address
                if status not in DOORS.get(route, STAFF_ONLY).answers:
                    wrong.append((address, status))
    assert wrong == []


async def test_what_may_be_kept_has_an_entity_tag_that_stays(open_hall: RunningServer) -> None:
    """An answer without one says that nobody may keep it, or goes on. Pages of a meeting that is on may have another at
    each moment: they have the server's time and the position of the text.
    """
    without, moving = list[str](), list[str]()
    async with aiohttp.ClientSession() as http:
        for route in routes_of(open_hall):
            if route.startswith("GET ") and not DOORS.get(route, STAFF_ONLY).streams:
                address = open_hall.address + next(addresses(route, SESSION))
                async with http.get(address, allow_redirects=False) as response:
                    tag, status = response.headers.get("ETag", ""), response.status
                    if status == 200 and not tag and "no-store" not in response.headers.get("Cache-Control", ""):
                        without.append(route)
                if status == 200 and tag:
                    async with http.get(address, headers={"If-None-Match": tag}) as response:
                        page = response.content_type == "text/html" and route.startswith("GET /s/{session}")
                        if response.status == 304:
                            assert response.headers["ETag"] == tag
                        elif not page:
                            moving.append(route)
    assert without == moving == []


async def test_with_a_link_no_page_but_the_desks_socket_tells_more(open_hall: RunningServer) -> None:
    for role in sorted(STAFF_ROLES | {Role.HUB, Role.READER}):
        _, token = await open_hall.backend.links.create(role, "hall", "somebody")
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            async with http.get(f"{open_hall.address}/enter/{token}", allow_redirects=False) as entered:
                assert entered.status in (302, 303)
            for route in routes_of(open_hall):
                if route.startswith("GET ") and route != "GET /socket.io/":
                    # Strangers have tried all; a role more or less changes nothing in the events that have proofs.
                    for address in itertools.islice(addresses(route, SESSION), MOST_TRIED):
                        status, told = await answer(http, open_hall, route, address)
                        assert status < 500, (role, address)
                        if route == "GET /desk/{session}":  # so the link is one
                            assert (status == 200) == (role in STAFF_ROLES), role
                        assert WORD not in told, (role, address)


async def everything(running: RunningServer, http: aiohttp.ClientSession) -> None:
    """Open a link of every role."""
    for role in (Role.SECRETARIAT, Role.TECHNICIAN, Role.CHAIR, Role.CAPTIONER, Role.INTERPRETER, Role.HUB):
        _, token = await running.backend.links.create(role, "hall", "somebody")
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303


@pytest.mark.parametrize("origin", ORIGINS)
async def test_no_form_is_taken_from_elsewhere_whoever_has_sent_it(
    open_hall: RunningServer, origin: str | None
) -> None:
    before = await open_hall.backend.sessions.find(SESSION)
    assert before is not None
    stood = before.writer.offset
    posts = [
        (route, address)
        for route in routes_of(open_hall)
        if route.startswith("POST ")
        for address in addresses(route, SESSION)
    ]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await everything(open_hall, http)
        links = open_hall.backend.links.list()
        assert await wrongly_answered(http, open_hall.address, posts, origin) == []
    assert before.writer.offset == stood
    assert open_hall.backend.links.list() == links


async def test_plain_text_shows_the_lines_and_nothing_else(open_hall: RunningServer) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{open_hall.address}/s/{SESSION}/text?all=1") as response,
    ):
        text = (await response.content.readline()).decode()
        assert text == "00:00:00 Ana: Good evening.\n"
        response.close()


async def test_a_session_that_is_not_public_is_as_good_as_none(open_hall: RunningServer) -> None:
    async with aiohttp.ClientSession() as http:
        for route in routes_of(open_hall):
            if "{session}" not in route:
                continue
            pairs = zip(addresses(route, HIDDEN), addresses(route, NOWHERE), strict=True)
            for hidden, nothing in pairs:
                status, told = await answer(http, open_hall, route, hidden)
                other, said = await answer(http, open_hall, route, nothing)
                assert (status, plain(told, HIDDEN)) == (other, plain(said, NOWHERE)), hidden
                assert status in (401, 403, 404, 426), hidden


def plain(told: str, session: SessionId) -> str:
    """An answer without what differs between any two: the session's name, lengths and the time of day."""
    told = told.replace(session, "…")
    return re.sub(r"\('(Date|Content-Length|Content-Encoding|ETag)', '[^']*'\), ", "", told)


def test_every_role_and_lane_is_decided() -> None:
    lanes = {event.lane() for event in events(ev.Access.PUBLIC)} | {lane for lane, _, _ in notes()}
    for role in Role:
        allowed = {lane for lane in lanes if may_follow(role, lane)}
        public = {event.lane() for event in events(ev.Access.PUBLIC)} - {STAFF, hub_lane("kisumu")}
        if role is Role.ENGINE:
            assert allowed == set()
        elif role is Role.SYSTEM:
            assert allowed == lanes
        elif role in STAFF_ROLES:
            assert allowed == public | {STAFF}
        else:
            assert allowed == public
