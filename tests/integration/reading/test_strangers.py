"""The strangers' test: every event type, every role, every door. Each event reaches only those for whom it is meant.

The log holds an event of every type and, in lanes of staff and hubs, notes, held texts and names with a secret word,
those of later releases included. A reader at any door gets exactly the types of the lanes of the feed, and never the
secret. The doors are the server's own routes: a route that this test doesn't know fails it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from moothall.adapters.reading.reader_routes import STREAMS
from moothall.adapters.record.forms import TYPES
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.adapters.tokens import programme_acts_door, session_acts_door, stream_acts_door
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


class Door(msgspec.Struct, frozen=True):
    """What a stranger gets at a door of the server."""

    answers: frozenset[int]
    """Statuses that it gives to somebody without any link."""
    queries: tuple[str, ...] = ("",)
    """What is asked for there, each tried."""
    streams: bool = False
    """Whether it goes on; then only what comes at once is looked at here, and the events by a test of its own."""


def open_to_all(*queries: str, streams: bool = False) -> Door:
    return Door(frozenset({200}), queries or ("",), streams)


MOST_TRIED = 40
"""Addresses of one door that each role tries."""
STAFF_ONLY = Door(frozenset({401, 403, 404}))
"""Pages and acts that take a link."""
DOORS = {
    "GET /": open_to_all(),
    "GET /search": open_to_all("?q=the", "?q=hidden&in=links&ui=ar", "?q=a&meeting=hidden&speaker=hidden/a"),
    "GET /speakers/{person}": Door(frozenset({404})),
    "GET /speakers/{person}/own/{secret}": Door(frozenset({404})),
    "POST /speakers/{person}/own/{secret}": Door(frozenset({403})),
    "GET /agenda": open_to_all("", "?ui=ar"),
    "GET /agenda.ics": open_to_all("", "?ui=ar"),
    "GET /agenda/{session}.ics": Door(frozenset({200, 404})),
    "GET /agenda/access": open_to_all("", "?ui=ar&sent=1", "?about=session:plenary"),
    "POST /agenda/access": Door(frozenset({403})),
    "GET /attendance": open_to_all("", "?ui=ar&year=2025"),
    "GET /attendance.csv": open_to_all("", "?year=2025"),
    "GET /attendance.json": open_to_all("", "?year=2025"),
    "GET /attendance/{session}": Door(frozenset({200, 404}), ("", "?ui=ar")),
    "GET /attendance/{session}/report.csv": Door(frozenset({200, 404})),
    "GET /attendance/{session}/report.json": Door(frozenset({200, 404})),
    "POST /attendance/{session}/count": STAFF_ONLY,
    "POST /attendance/{session}/badges": STAFF_ONLY,
    "POST /attendance/{session}/roll": STAFF_ONLY,
    "POST /attendance/{session}/release": STAFF_ONLY,
    "GET /s/{session}/sign-in-sheet": Door(frozenset({200, 404}), ("", "?ui=ar")),
    "POST /s/{session}/sign-in-sheet": Door(frozenset({403})),
    "GET /s/{session}/sign-in-sheet/{secret}": Door(frozenset({404})),
    "POST /s/{session}/sign-in-sheet/{secret}": Door(frozenset({403})),
    "GET /recommendations": open_to_all("", "?ui=ar"),
    "GET /recommendations.csv": open_to_all(""),
    "GET /recommendations.json": open_to_all(""),
    "GET /policy": open_to_all("", "?ui=ar"),
    "GET /policy/{question}": Door(frozenset({404})),
    "GET /calls/{call}": Door(frozenset({404})),
    "POST /calls/{call}": Door(frozenset({403})),
    "POST /calls/{call}/similar": Door(frozenset({403})),
    "POST /calls/{call}/proposals/{number}/support": Door(frozenset({403})),
    "GET /help": open_to_all("", "?ui=ar"),
    "GET /bodies": open_to_all("", "?ui=ar"),
    "GET /bodies/{recipient}/outcomes.atom": Door(frozenset({404})),
    "GET /outcomes": open_to_all("", "?ui=ar"),
    "GET /outcomes/{document}": Door(frozenset({404}), ("", "?n=1")),
    "GET /outcomes/{document}/map": Door(frozenset({404})),
    "GET /outcomes/{document}/document.{form}": Door(frozenset({404})),
    "GET /help/hubs": open_to_all("", "?ui=ar"),
    "GET /s/{session}": open_to_all("", "?feed=lines", "?channel=pt&ui=ar", "?before=1"),
    "GET /s/{session}/read": open_to_all("", "?from=1"),
    "GET /s/{session}/catch-up": open_to_all("", "?channel=pt&ui=ar"),
    "GET /s/{session}/in/{language}": Door(frozenset({303, 404}), ("", "?ui=ar")),
    "GET /s/{session}/moment/{ms}": Door(frozenset({303, 404}), ("", "?channel=pt&ui=ar")),
    "GET /s/{session}/line/{segment}": Door(frozenset({303, 404}), ("", "?channel=pt&ui=ar")),
    "GET /s/{session}/lines": open_to_all("?before=9", "?channel=pt"),
    "GET /s/{session}/record.{form}": open_to_all("", "?sources=1&times=0&channel=pt"),
    "GET /s/{session}/cite": Door(frozenset({200, 303, 404}), ("?since=0:00", "?from=nothing")),
    "GET /s/{session}/cite.{style}": Door(frozenset({200, 404}), ("?since=0:00",)),
    "GET /s/{session}/history/{segment}": Door(frozenset({200, 404}), ("", "?channel=pt&ui=ar")),
    "GET /s/{session}/versions": open_to_all("", "?channel=pt&ui=ar"),
    "GET /s/{session}/versions/{first}": Door(frozenset({200, 404})),
    "GET /s/{session}/versions/{first}/{second}": Door(frozenset({200, 404})),
    "GET /s/{session}/record.{form}.tlog-proof": Door(frozenset({200, 404, 409}), ("", "?sources=1&channel=pt")),
    "GET /s/{session}/line.tlog-proof": Door(
        frozenset({200, 404, 410}), ("?line=a", *(f"?offset={n}" for n in range(1, 60)))
    ),
    "GET /s/{session}/seal.tlog-proof": Door(frozenset({200, 404}), ("",)),
    "GET /s/{session}/seal.tlog-proof.tsr": Door(frozenset({200, 404}), ("",)),
    "GET /s/{session}/proof": Door(frozenset({200, 404, 410}), ("?line=a", "?line=b&ui=ar")),
    "GET /log/checkpoint": Door(frozenset({200, 404})),
    "GET /log/{tree}/checkpoint": Door(frozenset({404})),
    "GET /log/tile/{path}": Door(frozenset({200, 404})),
    "GET /log/{tree}/tile/{path}": Door(frozenset({404})),
    "GET /log/open-entries/{path}": Door(frozenset({200, 404})),
    "GET /log/policy": open_to_all(),
    "GET /log/successions": open_to_all(),
    "GET /log/conflicts": open_to_all(),
    "GET /s/{session}/bundle.zip": Door(frozenset({404, 409})),
    "GET /bundle.zip": Door(frozenset({404})),
    "GET /news.atom": open_to_all("", "?session=open&ui=ar"),
    "GET /news.json": open_to_all("", "?language=pt"),
    "GET /s/{session}/card.png": Door(frozenset({200, 302}), ("?ui=en",)),
    "GET /sitemap.xml": open_to_all(),
    "GET /robots.txt": open_to_all(),
    "GET /oembed": Door(frozenset({200, 404}), ("", "?url=/s/open", "?url=/s/backstage", "?url=/s/open/line/a")),
    "GET /openapi.json": open_to_all(),
    "GET /records.jsonl": Door(frozenset({404})),
    "GET /proceedings.{form}": Door(frozenset({404})),
    "GET /removed.json": open_to_all(""),
    "GET /withdrawals.json": open_to_all("", "?session=backstage"),
    "GET /s/{session}/screen": open_to_all(),
    "GET /room/{room}/screen": Door(frozenset({200, 404})),
    "GET /room/{room}/now": Door(frozenset({200, 404})),
    "GET /s/{session}/overlay": open_to_all("?channel=pt"),
    "GET /s/{session}/embed": open_to_all("?feed=lines"),
    "GET /s/{session}/report": open_to_all(),
    "GET /s/{session}/outcome": Door(frozenset({200, 404}), ("", "?ui=ar")),
    "GET /s/{session}/outcome.{form}": Door(frozenset({200, 404})),
    "POST /s/{session}/outcome": Door(frozenset({403})),
    "GET /report/{session}": STAFF_ONLY,
    "POST /report/{session}": STAFF_ONLY,
    "GET /admin/reports": STAFF_ONLY,
    "POST /admin/reports": STAFF_ONLY,
    "POST /s/{session}/report": Door(frozenset({403})),
    "GET /s/{session}/ask": open_to_all("", "?channel=pt&ui=ar"),
    "POST /s/{session}/ask": Door(frozenset({403})),
    "GET /asking-worker.js": open_to_all(""),
    "GET /s/{session}/asked/{token}": Door(frozenset({404})),
    "POST /s/{session}/asked/{token}": Door(frozenset({403})),
    "POST /s/{session}/asked/{token}/about": Door(frozenset({403})),
    "POST /s/{session}/asked/{token}/words": Door(frozenset({403})),
    "POST /s/{session}/asked/{number}/support": Door(frozenset({403})),
    "POST /s/{session}/hands/{number}": Door(frozenset({403})),
    "POST /s/{session}/asked/{number}/abuse": Door(frozenset({403})),
    "GET /s/{session}/your-turn": open_to_all("", "?channel=pt&ui=ar"),
    "GET /s/{session}/questions": open_to_all("", "?channel=pt&ui=ar"),
    "GET /s/{session}/questions/{number}/{language}": Door(frozenset({404})),
    "POST /s/{session}/language": Door(frozenset({403})),
    "GET /s/{session}/events": open_to_all("", "?channel=pt&feed=lines", "?after=e1:1", streams=True),
    "GET /s/{session}/ws": Door(frozenset({426})),
    "GET /s/{session}/poll": open_to_all("?wait=0", "?wait=0&after=e1:1"),
    "GET /s/{session}/low": open_to_all("", "?channel=pt", streams=True),
    "GET /s/{session}/cached/{channel}": open_to_all("", "?channel=pt"),
    "GET /s/{session}/cached/{channel}/{page}": Door(frozenset({404})),
    "GET /s/{session}/text": open_to_all("?all=1", streams=True),
    "GET /s/{session}/sound": Door(frozenset({200, 206, 404})),
    "GET /s/{session}/sound/at": Door(frozenset({303, 404}), ("?t=1", "?t=1&channel=pt")),
    "GET /s/{session}/sound.json": Door(frozenset({200, 404})),
    "GET /s/{session}/clip": Door(frozenset({403}), ("?channel=floor&from=0&to=20",)),
    "GET /.well-known/moothall.json": open_to_all(),
    "GET /healthz": open_to_all(),
    "GET /readyz": open_to_all(),
    "GET /.well-known/moothall-probe/{pass}": Door(frozenset({404})),
    "GET /.well-known/moothall-probe/{pass}/stream": Door(frozenset({404})),
    "GET /.well-known/moothall-probe/{pass}/socket": Door(frozenset({404})),
    "GET /static/{version}/{name}": Door(frozenset({404})),
    "GET /enter/{token}": Door(frozenset({404, 410})),
    "POST /leave": Door(frozenset({403})),
    "POST /closedcaption": Door(frozenset({400, 403})),
    "GET /closedcaption/seq": Door(frozenset({403}), ("", "?session=plenary&key=guess")),
    "POST /captions": Door(frozenset({403})),
    "GET /captions": Door(frozenset({200, 404}), ("?event=plenary&last=0", "?event=nosuchone")),
    "GET /text-data.ashx": Door(frozenset({200, 404}), ("?event=plenary&last=0", "?event=nosuchone")),
    "GET /captions/link": Door(frozenset({403})),
    "GET /s/{session}/captions.m3u8": open_to_all("", "?channel=pt"),
    "GET /s/{session}/captions/{number}.vtt": Door(frozenset({200, 404})),
    "GET /s/{session}/microphone": STAFF_ONLY,
    "POST /s/{session}/microphone": STAFF_ONLY,
    "GET /s/{session}/audio": Door(frozenset({401, 403, 404, 426})),
    "GET /room/{room}/microphone": STAFF_ONLY,
    "GET /room/{room}/audio": Door(frozenset({401, 403, 404, 426})),
    "GET /desk/{session}": STAFF_ONLY,
    "GET /desk/{session}/refinements": STAFF_ONLY,
    "GET /desk/{session}/check": STAFF_ONLY,
    "POST /desk/{session}/check": STAFF_ONLY,
    "GET /desk/{session}/speakers": STAFF_ONLY,
    "POST /desk/{session}/speakers": STAFF_ONLY,
    "GET /own-words/{session}/enter/{secret}": Door(frozenset({404, 429})),
    "GET /own-words/{session}": Door(frozenset({404})),
    "POST /own-words/{session}": Door(frozenset({403})),
    "GET /caption/{session}": STAFF_ONLY,
    "POST /caption/{session}": STAFF_ONLY,
    "GET /moderate/{session}": STAFF_ONLY,
    "GET /podium/{session}": STAFF_ONLY,
    "GET /control": STAFF_ONLY,
    "GET /control/{session}/sound": STAFF_ONLY,
    "GET /control/{session}/standing": STAFF_ONLY,
    "GET /figures/{session}": STAFF_ONLY,
    "GET /socket.io/": STAFF_ONLY,
    "POST /socket.io/": STAFF_ONLY,
    "GET /staff": STAFF_ONLY,
    "POST /staff/rooms/{room}/next": STAFF_ONLY,
    "GET /admin": STAFF_ONLY,
    "GET /admin/balance.json": STAFF_ONLY,
    "GET /admin/agenda": STAFF_ONLY,
    "POST /admin/agenda": STAFF_ONLY,
    "GET /admin/meetings/{session}/agenda": STAFF_ONLY,
    "POST /admin/meetings/{session}/agenda": STAFF_ONLY,
    "GET /admin/policy": STAFF_ONLY,
    "POST /admin/policy": STAFF_ONLY,
    "GET /admin/policy/calls/{call}": STAFF_ONLY,
    "POST /admin/policy/calls/{call}": STAFF_ONLY,
    "GET /admin/policy/calls/{call}/proposals/{number}": STAFF_ONLY,
    "POST /admin/policy/calls/{call}/proposals/{number}": STAFF_ONLY,
    "GET /admin/policy/questions/{question}": STAFF_ONLY,
    "POST /admin/policy/questions/{question}": STAFF_ONLY,
    "GET /admin/policy/sessions/{session}": STAFF_ONLY,
    "POST /admin/policy/sessions/{session}": STAFF_ONLY,
    "GET /admin/access-needs": STAFF_ONLY,
    "POST /admin/access-needs/{need}": STAFF_ONLY,
    "POST /admin/meetings": STAFF_ONLY,
    "GET /admin/meetings/{session}": STAFF_ONLY,
    "POST /admin/meetings/{session}": STAFF_ONLY,
    "POST /admin/meetings/{session}/plan": STAFF_ONLY,
    "POST /admin/meetings/{session}/longer": STAFF_ONLY,
    "POST /admin/meetings/{session}/standing": STAFF_ONLY,
    "GET /admin/meetings/{session}/stream": STAFF_ONLY,
    "POST /admin/meetings/{session}/stream": STAFF_ONLY,
    "GET /admin/meetings/{session}/stream.json": STAFF_ONLY,
    "GET /admin/meetings/{session}/zoom": STAFF_ONLY,
    "POST /admin/meetings/{session}/zoom": STAFF_ONLY,
    "GET /admin/meetings/{session}/duplicate": STAFF_ONLY,
    "POST /admin/meetings/{session}/duplicate": STAFF_ONLY,
    "GET /admin/meetings/{session}/delete": STAFF_ONLY,
    "POST /admin/meetings/{session}/delete": STAFF_ONLY,
    "POST /admin/meetings/{session}/restore": STAFF_ONLY,
    "POST /admin/meetings/{session}/questions": STAFF_ONLY,
    "POST /admin/rooms": STAFF_ONLY,
    "POST /admin/rooms/{room}/next": STAFF_ONLY,
    "GET /admin/languages": STAFF_ONLY,
    "GET /admin/languages.json": STAFF_ONLY,
    "POST /admin/languages": STAFF_ONLY,
    "GET /admin/look": STAFF_ONLY,
    "POST /admin/look": STAFF_ONLY,
    "POST /admin/first-steps/hide": STAFF_ONLY,
    "POST /admin/first-steps/rehearsal": STAFF_ONLY,
    "GET /look/{name}": Door(frozenset({404})),
    "GET /admin/links": STAFF_ONLY,
    "GET /admin/webhooks": STAFF_ONLY,
    "POST /admin/webhooks": STAFF_ONLY,
    "POST /admin/webhooks/{hook}": STAFF_ONLY,
    "GET /admin/tokens": STAFF_ONLY,
    "POST /admin/tokens": STAFF_ONLY,
    "POST /admin/tokens/{token}/revoke": STAFF_ONLY,
    **{
        f"{act.method} {act.path}": Door(frozenset({401}))
        for act in (*session_acts_door.ACTS, *programme_acts_door.ACTS, *stream_acts_door.ACTS)
    },
    "GET /admin/past-records": STAFF_ONLY,
    "POST /admin/past-records": STAFF_ONLY,
    "POST /admin/meetings/{session}/ground": STAFF_ONLY,
    "GET /admin/meetings/{session}/original": STAFF_ONLY,
    "POST /admin/links/many": STAFF_ONLY,
    "POST /admin/links/table": STAFF_ONLY,
    "POST /admin/links": STAFF_ONLY,
    "POST /admin/links/{link}/replace": STAFF_ONLY,
    "POST /admin/links/{link}/revoke": STAFF_ONLY,
    "POST /admin/links/{link}/free": STAFF_ONLY,
    "POST /admin/signed-in/{pseudonym}/end": STAFF_ONLY,
    "POST /admin/programme": STAFF_ONLY,
    "GET /admin/programme.csv": STAFF_ONLY,
    "GET /hubs": open_to_all("", "?ui=ar"),
    "GET /hubs/thanks": open_to_all("", "?ui=ar"),
    "GET /hub/pair": open_to_all("", "?ui=ar"),
    "POST /hub/pair": Door(frozenset({403})),
    "GET /hub/link": Door(frozenset({401})),
    "GET /hub/{hub}": STAFF_ONLY,
    "GET /hub/{hub}/{session}": STAFF_ONLY,
    "GET /hub/{hub}/{session}/now": STAFF_ONLY,
    "POST /hub/{hub}/{session}/people": STAFF_ONLY,
    "POST /hub/{hub}/{session}/notes": STAFF_ONLY,
    "POST /hub/{hub}/{session}/notes/read": STAFF_ONLY,
    "GET /admin/hubs": STAFF_ONLY,
    "POST /admin/hubs": STAFF_ONLY,
    "GET /admin/hubs/{hub}": STAFF_ONLY,
    "POST /admin/hubs/{hub}": STAFF_ONLY,
    "POST /admin/hubs/{hub}/words": STAFF_ONLY,
    "POST /admin/hubs/{hub}/link": STAFF_ONLY,
    "POST /admin/hubs/{hub}/remove": STAFF_ONLY,
    "POST /admin/programme/import": STAFF_ONLY,
    "GET /admin/bodies": STAFF_ONLY,
    "POST /admin/bodies": STAFF_ONLY,
    "POST /admin/bodies/{recipient}/address": STAFF_ONLY,
    "POST /admin/bodies/{recipient}/reply": STAFF_ONLY,
    "POST /admin/bodies/send": STAFF_ONLY,
    "GET /admin/documents": STAFF_ONLY,
    "POST /admin/documents": STAFF_ONLY,
    "POST /admin/documents/{document}/publish": STAFF_ONLY,
    "GET /admin/retention": STAFF_ONLY,
    "POST /admin/retention/periods": STAFF_ONLY,
    "POST /admin/retention/put-off": STAFF_ONLY,
    "POST /admin/retention/person": STAFF_ONLY,
    "GET /admin/removed": STAFF_ONLY,
    "GET /admin/removed.json": STAFF_ONLY,
    "GET /admin/removed.csv": STAFF_ONLY,
    "GET /admin/speakers": STAFF_ONLY,
    "POST /admin/speakers": STAFF_ONLY,
}
"""Every route of the server. Where staff come with a link, their pages tell what is theirs through the desks' socket
(test_strangers_at_desks.py); no other door tells anybody more for it."""
FILLED_IN: dict[str, list[str]] = {
    "token": ["guess"],
    "pass": ["guess"],
    "room": ["r1"],
    "link": ["l1"],
    "need": ["n1"],
    "pseudonym": ["0123456789abcdef"],
    "hub": ["kisumu", "somebody"],
    "version": ["v"],
    "ms": ["0", "x"],
    "channel": [FLOOR, PT],
    "page": ["0-25-Abcdefgh"],
    "name": ["x.js"],
    "number": ["1"],
    "segment": ["a", "b", "none"],
    "tree": ["1"],
    "path": ["0/000.p/1", "entries/000.p/1", "000.p/1", *(f"000.p/{n}" for n in range(2, 256))],
    "language": ["es"],
    "first": ["now", "1"],
    "second": ["now"],
    "style": ["txt", "bib", "ris", "json"],
    "person": ["p1"],
    "call": [SESSION, "policy-questions"],
    "question": ["p1"],
    "secret": ["guess"],
    "hook": ["0123456789"],
    "document": ["nosuch"],
    "recipient": ["nosuch"],
}
FORMS = [form for form in TYPES if form != "pdf"]
"""PDF has the words of DOCX, as numbers of glyphs, and each takes a second to set."""


def routes_of(running: RunningServer) -> list[str]:
    return [route for route in running.served.routes if not route.startswith("HEAD ")]


def addresses(route: str, session: SessionId) -> Iterator[str]:
    """The paths that are tried at a door."""
    values: dict[str, list[str]] = {**FILLED_IN, "session": [session], "form": FORMS}
    (_, path), names = route.split(" ", 1), re.findall(r"{(\w+)}", route)
    for chosen in itertools.product(*(values[name] for name in names)):
        for query in DOORS.get(route, STAFF_ONLY).queries:
            yield path.format(**dict(zip(names, chosen, strict=True))) + query


async def answer(http: aiohttp.ClientSession, running: RunningServer, route: str, address: str) -> tuple[int, str]:
    """Status, and what comes at once: headers, where it leads, and the body."""
    method, streams = route.split(" ", maxsplit=1)[0], DOORS.get(route, STAFF_ONLY).streams
    async with http.request(method, running.address + address, allow_redirects=False) as response:
        # Of what goes on, the first piece is all that is already there.
        body = await response.content.readany() if streams else await response.read()
        return response.status, f"{sorted(response.headers.items())} {unpacked(body).decode(errors='replace')}"


async def test_every_door_is_known_here(open_hall: RunningServer) -> None:
    unknown = [route for route in routes_of(open_hall) if route not in DOORS]
    assert unknown == [], f"Say in DOORS of {Path(__file__).name} what a stranger gets there, and what is to be tried."
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
