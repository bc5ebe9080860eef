"""The reading client: against the real door over a connection that is cut, and against a server that answers oddly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.adapters.reading.reader_client import FIRST_TRIES, RETRY_MS, follow
from moothall.core.kernel.errors import ProtocolError, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Unsaved
from moothall.core.views.captions import CaptionsView
from moothall.services.reading.feed import RING_BYTES
from moothall.wire.frames import Received, snapshot_frame
from moothall.wire.reader import Outcome, Reader
from support.halls.readers import House, house
from support.links.breakable_link import breakable_link_to
from support.sessions.meeting import LINES, LIVE, opened

FRAME = b'data: {"sent":1,"signals":[{"kind":"unsaved","channel":"floor","text":"not lost"}]}\n\n'
EVENT = b'data: {"sent":1,"prev":0,"events":[{"offset":1,"at":1,"by":"system","type":"x","body":null}]}\n\n'
SNAPSHOT = b"data: %b\n\n" % snapshot_frame(CaptionsView.empty(SessionId("s"), Epoch("k1"), LIVE).snapshot(), 1).json
PULSE = b'event: pulse\ndata: {"sent":1,"pulse":{"head":%d,"age":0,"every":%d}}\n\n'
TOO_MANY = RING_BYTES // 50
"""More events than are kept: each is longer than 50 bytes, with what surrounds it."""
NOWHERE = "http://127.0.0.1:9/s/plenary"


class Impatient:
    """A clock that only notes how long it was to wait."""

    def __init__(self) -> None:
        self.waited: list[int] = []

    def wall(self) -> int:
        return sum(self.waited)

    def monotonic(self) -> int:
        return sum(self.waited)

    async def sleep(self, ms: int) -> None:
        self.waited.append(ms)
        await asyncio.sleep(0)


class Following:
    """Takes frames as they come, and remembers the offsets of events."""

    def __init__(self, address: str, feed: Feed = LIVE, tries: int = 1_000) -> None:
        self.clock = Impatient()
        self.frames = follow(address, feed, self.clock, tries)
        self.reader = Reader(feed=feed)
        self.seen: list[int] = []
        self.snapshots = 0

    async def next(self) -> Received:
        frame, at = await anext(self.frames)
        assert at == self.clock.wall()
        self.reader, outcome = self.reader.take(frame)
        assert outcome is not Outcome.LOSS
        self.snapshots += frame.snapshot is not None
        self.seen += [event.offset for event in frame.events]
        return frame

    async def to(self, offset: int) -> None:
        while self.reader.position is None or self.reader.position.offset < offset:
            await self.next()


@asynccontextmanager
async def following(address: str, feed: Feed = LIVE, tries: int = 1_000) -> AsyncIterator[Following]:
    made = Following(address, feed, tries)
    async with aclosing(made.frames):
        yield made


async def refused(address: str, feed: Feed = LIVE) -> str:
    """The sentence with which following ends at once."""
    async with following(address, feed) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.next()
    return str(caught.value)


async def one_line(it: House) -> None:
    it.fanout.publish(await it.meeting.line())


async def test_it_begins_with_a_snapshot_and_gets_what_happens() -> None:
    async with house() as it, following(it.url) as client:
        assert (await client.next()).snapshot is not None
        await one_line(it)
        await client.to(6)
        assert client.seen == [4, 5, 6]
        assert client.reader.view == (await it.meeting.truth()).view


async def test_it_follows_the_feed_that_it_was_asked_for() -> None:
    async with house() as it, following(it.url, LINES) as client:
        await client.next()
        await one_line(it)
        await client.to(6)
        assert client.seen == [4, 6]


async def test_after_each_cut_it_goes_on_without_loss_or_repeat() -> None:
    cuts = 24  # More than tries: each time it begins to count anew.
    async with (
        house() as it,
        breakable_link_to(it.port) as link,
        following(f"{link.address}/s/plenary", tries=20) as client,
    ):
        await client.next()
        for cut in range(cuts):
            await one_line(it)
            if cut % 2:  # Else it is cut before the line has come.
                await client.to(it.meeting.recorder.offset)
            link.cut()
            await one_line(it)
            link.mend()
            await client.to(it.meeting.recorder.offset)
        assert client.seen == list(range(4, it.meeting.recorder.offset + 1))
        assert client.snapshots == 1
        assert client.reader.view == (await it.meeting.truth()).view
        assert len(client.clock.waited) >= cuts
        assert set(client.clock.waited) == {RETRY_MS}


async def test_who_was_away_for_too_long_gets_a_snapshot_and_goes_on() -> None:
    async with house() as it, breakable_link_to(it.port) as link, following(f"{link.address}/s/plenary") as client:
        await client.next()
        link.cut()
        it.fanout.publish(await it.meeting.store(*[opened(f"a{n}") for n in range(TOO_MANY + 1)]))
        link.mend()
        await client.to(it.meeting.recorder.offset)
        assert (client.snapshots, client.seen) == (2, [])
        await one_line(it)
        await client.to(it.meeting.recorder.offset)
        assert client.seen == list(range(TOO_MANY + 5, TOO_MANY + 8))


async def test_a_link_that_stays_cut_is_given_up_with_a_sentence() -> None:
    async with (
        house() as it,
        breakable_link_to(it.port) as link,
        following(f"{link.address}/s/plenary", tries=7) as client,
    ):
        await client.next()
        link.cut()
        with pytest.raises(ProtocolError, match=r"The server at http://127.0.0.1:\d+/s/plenary can't be reached"):
            await client.next()
        assert client.clock.waited == [RETRY_MS] * 7


async def test_a_link_that_freezes_and_a_head_that_runs_ahead_are_left_for_a_new_link() -> None:
    """What it reads from is silent for ever, without an end: neither side's system says anything of that."""
    asked: list[str | None] = []
    frozen = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.query.get("after"))
        response = web.StreamResponse()
        await response.prepare(request)
        snapshot = SNAPSHOT if len(asked) == 1 else b""
        events = EVENT if len(asked) == 3 else b""
        every, head = (1, 0) if len(asked) == 1 else (60_000, 1)
        await response.write(snapshot + events + PULSE % (head, every))
        await frozen.wait()
        return response

    app = web.Application()
    app.router.add_get("/s/s/events", answer)
    async with TestServer(app) as server, following(str(server.make_url("/s/s"))) as client:
        await client.next()
        await client.to(1)
        frozen.set()
    assert asked == [None, "k1:0", "k1:0"], "the first was frozen, the second had lost an event"
    assert client.clock.waited == [RETRY_MS] * 2


async def test_where_nobody_answers_it_gives_up_soon() -> None:
    client = Following(NOWHERE)
    with pytest.raises(ProtocolError, match="can't be reached: ClientConnectorError"):
        await client.next()
    assert len(client.clock.waited) == FIRST_TRIES


@pytest.mark.parametrize(("code", "status"), [(RefusalCode.FORBIDDEN, 403), (RefusalCode.UNKNOWN, 404)])
async def test_a_refusal_is_a_sentence_and_not_asked_for_again(code: RefusalCode, status: int) -> None:
    def no(_: object) -> Refusal:
        return Refusal(code=code, message="This session is not for everybody.")

    async with house(may_read=no) as it:
        sentence = await refused(it.url)
    assert sentence.startswith(f"The server answered {status}: ")
    assert "This session is not for everybody." in sentence


async def test_an_unknown_channel_is_refused() -> None:
    async with house() as it:
        sentence = await refused(it.url, Feed(ChannelId("fr")))
    assert sentence.startswith("The server answered 404: ")
    assert "no channel fr" in sentence


async def test_a_server_that_stays_full_is_given_up_with_a_sentence() -> None:
    async with house(most=1) as it, following(it.url) as first:
        await first.next()
        assert "can't serve the session now" in await refused(it.url)


def server_that_answers(statuses: list[int], body: bytes = FRAME) -> TestServer:
    """The next of `statuses` each time; with 200 comes `body`."""

    async def answer(_: web.Request) -> web.Response:
        status = statuses.pop(0)
        return web.Response(status=status, body=body if status == 200 else b"Not now.")

    app = web.Application()
    app.router.add_get("/s/s/events", answer)
    return TestServer(app)


async def test_a_server_whose_store_is_away_is_asked_again() -> None:
    async with server_that_answers([503, 503, 200]) as server, following(str(server.make_url("/s/s"))) as client:
        frame = await client.next()
    assert frame.signals == (Unsaved(channel=ChannelId("floor"), text="not lost"),)
    assert client.clock.waited == [RETRY_MS] * 2


@pytest.mark.parametrize(
    ("statuses", "said"),
    [([503] * (FIRST_TRIES + 1), "can't serve the session now"), ([404], "The server answered 404: Not now.")],
)
async def test_a_server_that_goes_on_refusing_is_given_up_with_a_sentence(statuses: list[int], said: str) -> None:
    async with server_that_answers(statuses) as server:
        assert said in await refused(str(server.make_url("/s/s")))
    assert not statuses


async def test_what_can_not_be_read_is_said() -> None:
    async with server_that_answers([200], b"data: {nonsense\n\n") as server:
        assert "can't be read" in await refused(str(server.make_url("/s/s")))


async def test_events_without_a_beginning_give_no_position_to_go_on_from() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query_string)
        return web.Response(body=EVENT)

    app = web.Application()
    app.router.add_get("/s/s/events", answer)
    async with TestServer(app) as server, following(str(server.make_url("/s/s"))) as client:
        for _ in range(2):
            await anext(client.frames)
    assert asked == ["channel=floor&feed=live"] * 2
