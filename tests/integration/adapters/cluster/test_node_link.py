"""The link of nodes over real WebSockets, between a keeper's door and a node's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from moothall.adapters.cluster.copies_door import NodeStateDoor
from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.node_copies import NodeCopies
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.adapters.cluster.node_link_client import NodeLinkClient
from moothall.adapters.cluster.node_link_door import NodeLinkDoor
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.events.types import SessionPaused
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId
from moothall.core.ports import Clock, LogHead
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.services.cluster.reading import NodeReading
from moothall.testing.log_memory import MemoryLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from moothall.wire.cluster.node_link import (
    BOOK_PATH,
    MOST_EVENTS,
    PATH,
    STAND_PATH,
    FollowSession,
    NodeState,
    ReadHere,
    Tick,
    WholeBook,
    encode,
)
from moothall.wire.cluster.node_proof import LINK_ADDRESS, LINK_SCHEME
from support.cluster.forwarding import KEY, keeper_of
from support.sessions.recorder import EPOCH, SESSION, Recorder

CLOCK: Clock = SystemClock()


class Heard(NodeReading):
    """What a node's line tells it."""

    def __init__(self) -> None:
        own = MemoryLog()
        super().__init__(LogFollower(MemorySharedLog(SharedLogStore(), "n2"), own, CLOCK), own, CLOCK)
        self.ups = 0
        self.changed = asyncio.Event()

    def linked(self, *, up: bool) -> None:
        super().linked(up=up)
        self.ups += up
        self.changed.set()

    async def until(self, *, up: bool, ups: int) -> None:
        while (self.source.lost, self.ups) != (not up, ups):
            self.changed.clear()
            await self.changed.wait()


def seal(key: bytes = KEY) -> NodeSeal:
    return NodeSeal("n2", key, CLOCK, SystemRandomness())


@asynccontextmanager
async def node_link(keeper: list[str | None], reading: Heard) -> AsyncIterator[None]:
    task = asyncio.ensure_future(NodeLinkClient(lambda: keeper[0], reading, seal(), CLOCK).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_node_is_linked_again_after_a_cut_and_to_whoever_keeps_the_house() -> None:
    doors = [NodeLinkDoor(ReadElsewhere(), MemoryLog(), CLOCK) for _ in range(2)]
    async with keeper_of(doors[0].routes()) as first, keeper_of(doors[1].routes()) as second:
        keeper: list[str | None] = [None]
        reading = Heard()
        async with node_link(keeper, reading):
            keeper[0] = first
            await reading.until(up=True, ups=1)
            await doors[0].close()
            await reading.until(up=True, ups=2)
            keeper[0] = second
            await reading.until(up=True, ups=3)
        assert reading.source.lost
        for door in doors:
            await door.close()


async def test_nobody_gets_in_but_a_node_that_speaks_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    door = NodeLinkDoor(ReadElsewhere(), MemoryLog(), CLOCK)
    async with keeper_of(door.routes()) as keeper, aiohttp.ClientSession() as http:

        async def status(headers: dict[str, str]) -> int:
            try:
                async with http.ws_connect(keeper + PATH, headers=headers):
                    return 101
            except aiohttp.WSServerHandshakeError as refused:
                return refused.status

        said = {"method": "GET", "target": PATH, "address": "192.0.2.1"}
        assert await status({}) == 404
        assert await status({**seal().headers(**said, scheme="https", host="moot.example")}) == 404, "a visitor's"
        assert await status({**seal(bytes(32)).headers(**said, scheme=LINK_SCHEME, host="")}) == 403
        assert await status({**seal().headers(**said, scheme=LINK_SCHEME, host="")}) == 101
        headers = seal().headers(**said, scheme=LINK_SCHEME, host="")
        for wrong in (encode(Tick()), b"\x90", "text"):
            headers = seal().headers(**said, scheme=LINK_SCHEME, host="")
            async with http.ws_connect(keeper + PATH, headers=headers) as socket:
                await (socket.send_str(wrong) if isinstance(wrong, str) else socket.send_bytes(wrong))
                while (await socket.receive()).type is aiohttp.WSMsgType.BINARY:
                    pass
        assert "node n2 is cut" in caplog.text
        await door.close()


async def test_a_node_reads_at_the_keeper_what_redis_has_given_up() -> None:
    log, recorder = MemoryLog(), Recorder()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(SessionPaused(t=1)) for _ in range(MOST_EVENTS + 3)])
    connections = KeeperConnections(None)
    await connections.open()
    async with keeper_of(NodeLinkDoor(ReadElsewhere(), log, CLOCK).routes()) as keeper, aiohttp.ClientSession() as http:
        at: list[str | None] = [keeper]
        archive = NodeCopies(lambda: at[0], connections, seal())
        assert list(await archive.read(SESSION, 0, 999)) == list(await log.read(SESSION, 0, MOST_EVENTS))
        assert list(await archive.read(SESSION, MOST_EVENTS, 2)) == list(await log.read(SESSION, MOST_EVENTS, 2))
        async with http.get(f"{keeper}/node/log/{SESSION}?after=0") as answer:
            assert answer.status == 404, "nobody else gets it"
        with pytest.raises(StorageUnavailable, match="answers 400"):
            await archive.read(SESSION, -1, 9)
        await log.close()
        with pytest.raises(StorageUnavailable, match="answers 503"):
            await archive.read(SESSION, 0, 9)
        at[0] = None
        with pytest.raises(StorageUnavailable, match="No node keeps the house"):
            await archive.read(SESSION, 0, 9)
        at[0] = "http://127.0.0.1:1"
        with pytest.raises(StorageUnavailable, match="can't be asked for /node/log/"):
            await archive.read(SESSION, 0, 9)
    await connections.close()


async def test_a_node_tells_another_one_what_it_has_and_nobody_else() -> None:
    state = NodeState(heads={SESSION: LogHead(epoch=EPOCH, term=3, offset=0, lanes={})}, change=7)
    book = WholeBook(change=7, entries={"rooms": {"hall": b"{}"}})
    away = False

    async def told() -> NodeState:
        if away:
            raise StorageUnavailable("It is closed.")
        return state

    async def whole() -> WholeBook:
        return book

    door = NodeStateDoor(told, whole)
    async with (
        keeper_of(door.routes()) as node,
        KeeperConnections(None) as connections,
        aiohttp.ClientSession() as http,
    ):
        there = NodeCopies(lambda: node, connections, seal())
        assert await there.node_state() == state
        assert await there.book() == book
        for path in (STAND_PATH, BOOK_PATH):
            async with http.get(node + path) as answer:
                assert answer.status == 404
        away = True
        with pytest.raises(StorageUnavailable, match="answers 503"):
            await there.node_state()


async def test_a_node_that_answers_nothing_any_more_counts_no_more() -> None:
    """Its machine is gone: no end of the connection comes."""
    nodes = ReadElsewhere()
    door = NodeLinkDoor(nodes, MemoryLog(), CLOCK, asked_s=0.2)
    async with keeper_of(door.routes()) as keeper, aiohttp.ClientSession() as http:
        head = seal().headers(method="GET", target=PATH, address=LINK_ADDRESS, scheme=LINK_SCHEME, host="")
        async with http.ws_connect(keeper + PATH, headers=head, autoping=False) as socket:
            await socket.send_bytes(encode(FollowSession(session=SESSION)))
            await socket.send_bytes(encode(ReadHere(session=SESSION, readers={ChannelId("floor"): 3})))
            while not nodes.readers(SESSION):
                await CLOCK.sleep(5)
            while nodes.linked:
                await CLOCK.sleep(5)
        assert not nodes.readers(SESSION)
        await door.close()
