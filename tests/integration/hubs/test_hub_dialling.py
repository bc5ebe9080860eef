"""A hub's uplink over real sockets: its first messages, the effect of a cut, who stops it, and what it counts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.errors import ConfigurationError, ProtocolError, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, SessionId
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run as on_a_jumping_loop
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import HeadCountAct
from moothall.wire.kinds import passed_over
from moothall_hub.uplink.budget import BudgetStep, DailyUsage, Meter
from moothall_hub.uplink.centre_clock import CentreClock
from moothall_hub.uplink.counted_connection import TLS_RECEIVED_BYTES, TLS_SENT_BYTES
from moothall_hub.uplink.dialling import WAITING_FRAMES, BudgetStepped, CentreAddress, Dialling, UplinkEvent
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import (
    BROKEN,
    FENCED,
    LOOP,
    NOBODY,
    SILENT,
    UNKNOWN_KEY,
    Down,
    FollowAgain,
    OfferActs,
    Quiet,
)
from support.hubs.server import WELCOME, HubServer, Visit, hub_server
from support.links.breakable_link import BreakableLink, breakable_link_to
from support.links.certificate import make_certificate

PLENARY = SessionId("plenary")
FOLLOW = wire.Follow(session=PLENARY, channels=(ChannelId("floor"),))
LIVE = wire.Live(session=PLENARY, epoch=Epoch("k3"), channels=FOLLOW.channels, begin=0, heads={}, missed=False)
BATCH = wire.Batch(session=PLENARY, part=wire.FeedPart.LIVE, data=b"events")
ACT = wire.Act(id=CommandId("heads:1"), session=PLENARY, at=5, act=HeadCountAct(people=23))


class Hub:
    """A line, and what it told."""

    def __init__(self, where: CentreAddress | None, **more: Any) -> None:
        self.news: asyncio.Queue[UplinkEvent] = asyncio.Queue()
        self.raises: dict[type[Any], Exception] = {}
        self.follows: list[wire.Follow] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.clock = CentreClock(more.pop("own", SystemClock()))
        self.meter = more.pop("meter", Meter(None))
        link = Link("a" * 16, "0.1.0", more.pop("random", lambda: 0.0))
        self.dialling = Dialling(link, self.clock, self.meter, self._told, where=where, **more)

    async def _told(self, news: UplinkEvent) -> None:
        self.news.put_nowait(news)
        for follow in self.follows if isinstance(news, FollowAgain) else ():
            self.dialling.follow(follow)
        await self.goes_on.wait()
        if type(news) in self.raises:
            raise self.raises.pop(type(news))

    async def until(self, kind: type[Any]) -> Any:
        """The next news of a kind; what else comes is passed over."""
        while not isinstance(news := await self.news.get(), kind):
            pass
        return news


@asynccontextmanager
async def dialling(address: str | None, **more: Any) -> AsyncIterator[Hub]:
    hub = Hub(None if address is None else CentreAddress(address=address, key="k" * 52), **more)
    task = asyncio.ensure_future(hub.dialling.run())
    try:
        yield hub
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def talking(**more: Any) -> AsyncIterator[tuple[Hub, HubServer, Visit]]:
    """A line that is up."""
    async with hub_server() as server, dialling(server.address, **more) as hub:
        visit = await server.visits.get()
        await visit.greet()
        await hub.until(wire.Welcome)
        yield hub, server, visit


async def test_it_comes_with_its_key_and_no_more_than_it_needs_and_hears_what_it_follows() -> None:
    async with talking() as (hub, server, visit):
        (request,) = server.requests
        assert request.path == wire.PATH
        assert request.headers["Authorization"] == "Bearer " + "k" * 52
        assert not {"Origin", "User-Agent", "Sec-WebSocket-Extensions"} & set(request.headers)
        hub.dialling.follow(FOLLOW)
        assert await visit.hear() == FOLLOW
        await visit.say(LIVE, BATCH)
        assert await hub.until(wire.Live) == LIVE
        assert await hub.until(wire.Batch) == BATCH
        hub.dialling.say(wire.Taken(session=PLENARY, number=1))
        hub.dialling.offer([ACT])
        hub.dialling.leave(PLENARY)
        assert [await visit.hear() for _ in range(3)] == [
            wire.Taken(session=PLENARY, number=1), ACT, wire.Leave(session=PLENARY),
        ]  # fmt: skip
        await visit.say(wire.ActDone(id=ACT.id))
        assert await hub.until(wire.ActDone) == wire.ActDone(id=ACT.id)
        assert await hub.until(OfferActs) == OfferActs()
        assert abs(hub.clock.wall() - WELCOME.wall) < 60_000


@pytest.mark.parametrize("hears", [True, False])
async def test_what_is_wanted_goes_with_the_dial_and_is_said_once(hears: bool) -> None:
    async with hub_server(hears=hears) as server, dialling(server.address) as hub:
        hub.follows = [FOLLOW]
        visit = await server.visits.get()
        assert len(visit.first) == (2 if hears else 0)
        assert isinstance(await visit.greet(), wire.HubHello)
        assert await visit.hear() == FOLLOW
        await visit.say(LIVE)
        assert await hub.until(wire.Live) == LIVE
        hub.dialling.leave(PLENARY)
        assert await visit.hear() == wire.Leave(session=PLENARY)


async def test_a_cut_link_is_dialled_again_and_what_has_no_answer_goes_again() -> None:
    async with hub_server() as server, breakable_link_to(server.port) as link, dialling(link.address) as hub:
        visit = await server.visits.get()
        await visit.greet()
        await hub.until(wire.Welcome)
        hub.dialling.offer([ACT])
        assert await visit.hear() == ACT
        link.cut()
        assert await hub.until(Down) == Down(BROKEN, for_good=False)
        link.mend()
        visit = await server.visits.get()
        await visit.greet()
        assert await visit.hear() == ACT


async def test_while_nobody_answers_it_waits_and_tries_again() -> None:
    async with hub_server() as server:
        nobody = server.address
    async with dialling(nobody) as hub:
        assert [await hub.until(Down) for _ in range(3)] == [Down(NOBODY, for_good=False)] * 3


def turned(status: HTTPStatus, body: str, **headers: str) -> Callable[[ServerConnection, Request], Response | None]:
    def admit(socket: ServerConnection, request: Request) -> Response | None:
        if request.headers["Authorization"] == "Bearer new":
            return None
        response = socket.respond(status, body)
        response.headers.update(headers)
        return response

    return admit


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [(HTTPStatus.FORBIDDEN, FENCED, FENCED), (HTTPStatus.UNAUTHORIZED, wire.KEY_NOT_KNOWN, UNKNOWN_KEY)],
)
async def test_who_is_turned_away_stops_until_it_is_paired_again(status: HTTPStatus, body: str, sentence: str) -> None:
    async with hub_server(turned(status, f"{body}\n")) as server, dialling(server.address) as hub:
        assert await hub.until(Down) == Down(sentence, for_good=True)
        hub.dialling.pair(CentreAddress(address=server.address, key="new"))
        visit = await server.visits.get()
        await visit.greet()
        await hub.until(wire.Welcome)
        assert len(server.requests) == 2
        hub.dialling.pair(CentreAddress(address=server.address, key="new"))
        assert await visit.end() == CloseCode.NORMAL
        await (await server.visits.get()).greet()
        await hub.until(wire.Welcome)


async def test_a_captive_portal_is_no_end_and_gets_no_key_elsewhere() -> None:
    async with hub_server() as elsewhere:
        portal = turned(HTTPStatus.FOUND, "", Location=f"{elsewhere.address}/login")
        async with hub_server(portal) as server, dialling(server.address) as hub:
            down = Down("The server above answers with status 302.", for_good=False)
            assert [await hub.until(Down) for _ in range(2)] == [down, down]
        assert elsewhere.requests == []


async def test_a_hub_that_isnt_paired_dials_nobody_until_it_is() -> None:
    async with hub_server() as server, dialling(None) as hub:
        hub.dialling.follow(FOLLOW)
        hub.dialling.pair(CentreAddress(address=server.address, key="new"))
        await (await server.visits.get()).greet()
        await hub.until(wire.Welcome)


async def test_a_loop_is_refused_and_the_server_hears_why() -> None:
    async with hub_server() as server, dialling(server.address) as hub:
        visit = await server.visits.get()
        await visit.greet(msgspec.structs.replace(WELCOME, above=("a" * 16,)))
        assert await visit.end() == CloseCode.LOOP
        assert await hub.until(Down) == Down(LOOP, for_good=True)


async def test_what_cant_be_read_ends_the_connection_and_not_the_hub() -> None:
    async with talking() as (hub, server, first):
        await first.socket.send(b"junk")
        assert await first.end() == CloseCode.PROTOCOL_ERROR
        assert "can't be read" in (first.socket.close_reason or "")
        assert await hub.until(Down) == Down(BROKEN, for_good=False)
        hub.raises[wire.Welcome] = ProtocolError("The batch after event 7 can't be read.")
        visit = await server.visits.get()
        await visit.greet()
        assert await visit.end() == CloseCode.PROTOCOL_ERROR
        assert await server.visits.get()


async def test_an_error_of_its_user_ends_it() -> None:
    async with hub_server() as server:
        hub = Hub(CentreAddress(address=server.address, key="k"))
        hub.raises[wire.Welcome] = StorageUnavailable("The disk is full.")
        task = asyncio.ensure_future(hub.dialling.run())
        visit = await server.visits.get()
        await visit.greet()
        with pytest.raises(StorageUnavailable, match="The disk is full"):
            await task
        # Begun again it knows that there is no connection, and dials at once.
        again = asyncio.ensure_future(hub.dialling.run())
        assert await hub.until(Down) == Down(BROKEN, for_good=False)
        await (await server.visits.get()).greet()
        await hub.until(wire.Welcome)
        again.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await again


async def test_what_is_no_address_ends_it_with_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match="'nowhere' is no address of a server"):
        await Hub(CentreAddress(address="nowhere", key="k")).dialling.run()


async def test_a_server_that_takes_nothing_is_given_up() -> None:
    async with talking() as (hub, server, _):
        for _ in range(WAITING_FRAMES + 1):
            hub.dialling.say(wire.Taken(session=PLENARY, number=1))
        assert await hub.until(Down) == Down(BROKEN, for_good=False)
        assert await server.visits.get()


def test_a_silent_link_is_quiet_and_then_dead() -> None:
    async def story() -> None:
        async with hub_server() as server, dialling(server.address, own=LoopClock()) as hub:
            visit = await server.visits.get()
            await visit.greet()
            await hub.until(wire.Welcome)
            began = hub.clock.monotonic()
            assert await hub.until(Quiet) == Quiet(True)
            assert hub.clock.monotonic() - began == pytest.approx(wire.ANSWER_MS, abs=10)
            assert await hub.until(Down) == Down(SILENT, for_good=False)
            assert hub.clock.monotonic() - began == pytest.approx(wire.SILENT_MS, abs=10)
            assert await server.visits.get()

    on_a_jumping_loop(story())


def test_news_come_one_after_the_other_however_long_one_takes() -> None:
    async def story() -> None:
        async with hub_server() as server, dialling(server.address, own=LoopClock()) as hub:
            await hub.until(FollowAgain)
            hub.goes_on.clear()
            await (await server.visits.get()).greet()
            await hub.until(wire.Welcome)
            await hub.clock.sleep(100_000)
            assert hub.news.empty(), "the line is dead, and its user has the disk to wait for"
            hub.goes_on.set()
            found = {await hub.news.get() for _ in range(3)}
            assert found == {Quiet(True), Down(SILENT, for_good=False), OfferActs()}

    on_a_jumping_loop(story())


class CountingLink(BreakableLink):
    """Counts what passes on, both ways."""

    up = down = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)

        async def pass_on(come: asyncio.StreamReader, go: asyncio.StreamWriter, upwards: bool) -> None:
            while data := await come.read(65_536):
                if upwards:
                    self.up += len(data)
                else:
                    self.down += len(data)
                go.write(data)
            go.close()

        passing: list[Coroutine[Any, Any, None]] = [
            pass_on(reader, far_writer, True), pass_on(far_reader, writer, False),
        ]  # fmt: skip
        await asyncio.gather(*passing)


@asynccontextmanager
async def counting_link_to(port: int) -> AsyncIterator[tuple[CountingLink, int]]:
    link = CountingLink(port)
    async with await asyncio.start_server(link.serve, "127.0.0.1", 0) as server:
        yield link, server.sockets[0].getsockname()[1]


async def test_every_byte_is_counted_the_handshake_too() -> None:
    async with hub_server() as server, counting_link_to(server.port) as (link, port):
        async with dialling(f"http://127.0.0.1:{port}") as hub:
            visit = await server.visits.get()
            await visit.greet()
            await hub.until(wire.Welcome)
            hub.dialling.follow(FOLLOW)
            await visit.hear()
            await visit.say(LIVE, BATCH)
            await hub.until(wire.Batch)
        await visit.socket.wait_closed()
        assert (hub.meter.usage.sent, hub.meter.usage.received) == (link.up, link.down)
        assert 0 < link.up < 600
        assert 0 < link.down < 600


async def test_with_tls_about_as_much_is_counted_as_goes_over_the_link(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with hub_server(tls=serving) as server, counting_link_to(server.port) as (link, port):
        async with dialling(f"https://127.0.0.1:{port}", tls=trusting) as hub:
            visit = await server.visits.get()
            await visit.greet()
            await hub.until(wire.Welcome)
            for _ in range(50):
                await visit.say(wire.HubProgramme(sessions=()))
                await hub.until(wire.HubProgramme)
        await visit.socket.wait_closed()
        usage = hub.meter.usage
        assert abs(usage.sent - link.up) < TLS_SENT_BYTES
        assert abs(usage.received - link.down) < TLS_RECEIVED_BYTES


async def test_each_step_of_the_days_budget_is_told_once() -> None:
    meter = Meter(10_000, DailyUsage(day="2999-01-01", received=4_700))
    async with talking(meter=meter) as (hub, _, visit):
        await visit.say(*[wire.HubProgramme(sessions=())] * 3)
        assert await hub.until(BudgetStepped) == BudgetStepped(BudgetStep.LINES)
        await visit.say(*[wire.Stopped(session=PLENARY, message="x" * 3_000)])
        assert await hub.until(BudgetStepped) == BudgetStepped(BudgetStep.ONE_LANGUAGE)


async def test_what_a_later_server_says_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with talking() as (hub, _, visit):
            for told in ({"m": "mood", "of": "Hedgerow"}, [9, "Hedgerow"]):
                await visit.socket.send(msgspec.msgpack.encode(told))
            await visit.say(wire.Above(above=("c" * 16,)))
            assert await hub.until(wire.Above) == wire.Above(above=("c" * 16,))
            await visit.socket.close()
            await hub.until(Down)
    assert [each.getMessage() for each in caplog.records if "passed over" in each.getMessage()] == [
        f"hub link: {passed_over(2)}"
    ]
    assert "Hedgerow" not in caplog.text
