"""The strangers' test: every event type, every role, every door. What isn't meant for somebody reaches nobody else.

The log holds an event of every type and, in lanes that later releases fill, notes with a secret word. Whoever reads
through any door gets exactly the types of the lanes of the feed, and the secret nowhere.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.log_sqlite import SqliteLog
from moothall.adapters.sqlite_file import FILE_NAME
from moothall.app import Hall, hall
from moothall.core import events as ev
from moothall.core.actors import Role
from moothall.core.authority import STAFF_ROLES, may_follow
from moothall.core.chain import GENESIS, Header, LogRecord, seal
from moothall.core.event_codec import EVENT_TYPES, encode_event, type_name
from moothall.core.ids import ChannelId, CommandId, Epoch, Lane, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.lanes import STAFF, Feed, hub_lane
from moothall.settings import Engine as EngineSettings
from moothall.settings import Server, Settings
from moothall.wire.event_stream import EventStream

SESSION = SessionId("open")
HIDDEN = SessionId("backstage")
FLOOR, PT = ChannelId("floor"), ChannelId("pt")
A, B = SegmentId("a"), SegmentId("b")
WORD = "rhubarb"
WALL = 1_764_000_000_000


def events(access: ev.Access) -> list[ev.AnyEvent]:
    """One of every type, and a second channel that readers of the first don't follow."""
    return [
        # First, since whoever stands before a removal gets a snapshot instead of the events.
        ev.BodyRemoved(offsets=(), reason="request", by="t1"),
        ev.SessionCreated(title="Open hall", languages=("en",), access=access),
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.ChannelAdded(channel=PT, kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)),
        ev.SessionOpened(wall=WALL),
        ev.SourceAttached(source=SourceId("mic"), channel=FLOOR, t=0, rate=16_000),
        ev.ClockMapped(t=0, wall=WALL),
        ev.EngineAttached(channel=FLOOR, generation=1, model="scripted"),
        ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"),
        ev.SegmentOpened(channel=FLOOR, segment=A, t0=0, language="en", origin=ev.Origin.MACHINE),
        ev.WordsCommitted(channel=FLOOR, segment=A, first=0, words=(ev.Word("Good", 0, 9), ev.Word(" day.", 9, 20))),
        ev.SegmentEnded(channel=FLOOR, segment=A, t1=20, reason=ev.EndReason.SENTENCE, text="Good day."),
        ev.SegmentCorrected(channel=FLOOR, segment=A, base_revision=0, base_words=2, text="Good evening.", tail=""),
        ev.SegmentOpened(channel=PT, segment=B, t0=0, language="pt", origin=ev.Origin.INTERPRETER),
        ev.WordsCommitted(channel=PT, segment=B, first=0, words=(ev.Word("Boa", 0, 9),)),
        ev.SpeakerAssigned(segments=(A,), speaker=SpeakerId("ana")),
        ev.GapNoted(channel=FLOOR, t0=20, t1=40, reason=ev.GapReason.SOURCE_LOST),
        ev.SessionPaused(t=50),
        ev.SessionResumed(t=60),
        ev.SourceEnded(source=SourceId("mic"), t=70),
        ev.SessionClosed(t=80),
        ev.SessionReopened(t=90),
        ev.RecordSealed(version=ev.SealVersion.RAW, n=1),
        ev.RecordCheckpoint(lanes={}, key="0" * 16, signature=base64.b64encode(bytes(64)).decode()),
    ]


def notes() -> list[tuple[Lane, str, bytes]]:
    """What the desks and hubs of later releases write."""
    body = json.dumps({"type": "note.posted", "v": 1, "text": WORD, "name": WORD}).encode()
    return [
        (lane, "note.posted", body) for lane in (STAFF, hub_lane("kisumu"), Lane("later"), Lane("w"), Lane("channel"))
    ]


async def write(path: Path, session: SessionId, access: ev.Access) -> None:
    log = await SqliteLog.open(path)
    try:
        head = await log.acquire(session, Epoch("e1"))
        rows = [(event.lane(), type_name(event), encode_event(event)) for event in events(access)]
        rows = [row for index, own in enumerate(rows) for row in (own, notes()[index % len(notes())])]
        heads: dict[Lane, tuple[int, bytes]] = {}
        records: list[LogRecord] = []
        for offset, (lane, kind, body) in enumerate(rows, 1):
            prev, digest = heads.get(lane, (0, GENESIS))
            header = Header(
                session=session,
                epoch=head.epoch,
                offset=offset,
                lane=lane,
                prev=prev,
                type=kind,
                at=WALL,
                role=Role.MODERATOR,
                actor=WORD if "note" in kind else "server",
                cause=CommandId(f"c{offset}"),
                n=0,
            )
            records.append(seal(digest, header, bytes(16), body))
            heads[lane] = (offset, records[-1].digest)
        await log.append(session, head.term, 0, records)
    finally:
        await log.close()


@pytest.fixture
async def open_hall(tmp_path: Path) -> AsyncIterator[Hall]:
    await write(tmp_path / FILE_NAME, SESSION, ev.Access.PUBLIC)
    await write(tmp_path / FILE_NAME, HIDDEN, ev.Access.STAFF)
    settings = Settings(server=Server(port=0, data=str(tmp_path)), engine=EngineSettings(count=0))
    async with hall(settings) as running:
        yield running


def types_of(feed: Feed) -> list[str]:
    """The types that readers of the feed get, in order."""
    return [type_name(event) for event in events(ev.Access.PUBLIC)[1:] if event.lane() in feed.lanes]


def types_in(frames: list[str]) -> list[str]:
    decoded = [json.loads(text) for text in frames]
    return [str(event["body"]["type"]) for frame in decoded for event in frame.get("events", ())]


FEEDS = [Feed(channel, live) for channel in (FLOOR, PT) for live in (True, False)]


async def read_sse(running: Hall, feed: Feed, after: str) -> list[str]:
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
            frames += [event.data.decode() for event in stream.feed(data)]
            if len(types_in(frames)) >= wanted or '"snapshot"' in "".join(frames):
                return frames
    return frames


async def read_ws(running: Hall, feed: Feed, after: str) -> list[str]:
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


def test_the_log_holds_every_type() -> None:
    assert {type_name(event) for event in events(ev.Access.PUBLIC)} == set(EVENT_TYPES)


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
async def test_readers_get_the_events_of_their_feed_and_no_others(open_hall: Hall, feed: Feed) -> None:
    for read in (read_sse, read_ws):
        assert types_in(await read(open_hall, feed, "e1:1")) == types_of(feed)
        assert len(await read(open_hall, feed, "")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/",
        f"/s/{SESSION}",
        f"/s/{SESSION}?feed=lines",
        f"/s/{SESSION}?channel=pt&ui=ar",
        f"/s/{SESSION}?before=1",
        f"/s/{SESSION}/lines?before=9",
        "/.well-known/moothall.json",
    ],
)
async def test_no_page_shows_what_is_not_public(open_hall: Hall, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{open_hall.address}{path}") as response:
        text = await response.text()
        assert response.status == 200
        assert WORD not in text
        assert str(HIDDEN) not in text


@pytest.mark.parametrize("path", ["", "/events", "/ws", "/lines", "?before=1"])
async def test_a_session_that_is_not_public_is_as_good_as_none(open_hall: Hall, path: str) -> None:
    answers = []
    async with aiohttp.ClientSession() as http:
        for name in (HIDDEN, SessionId("nothing")):
            async with http.get(f"{open_hall.address}/s/{name}{path}") as response:
                answers.append((response.status, (await response.text()).replace(name, "…")))
    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 426)


def test_every_role_and_lane_is_decided() -> None:
    lanes = {event.lane() for event in events(ev.Access.PUBLIC)} | {lane for lane, _, _ in notes()}
    for role in Role:
        allowed = {lane for lane in lanes if may_follow(role, lane)}
        public = {event.lane() for event in events(ev.Access.PUBLIC)}
        if role is Role.ENGINE:
            assert allowed == set()
        elif role is Role.SYSTEM:
            assert allowed == lanes
        elif role in STAFF_ROLES:
            assert allowed == public | {STAFF}
        else:
            assert allowed == public
