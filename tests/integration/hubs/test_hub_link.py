"""Hubs at the real door: real sockets, a real log on disk, and a connection that is cut."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from moothall.adapters.hubs.link_door import FENCED, TRIES, WRONG_KEY
from moothall.core.commands import TypeSegment
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.kernel.lanes import QUESTIONS, channel_lane
from moothall.core.kernel.lanes import SESSION as LIFE
from moothall.testing.hub_link import plain_unpack
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import HeadCountAct
from moothall.wire.hubs.first import FIELD, HEARD, first_fields
from support.halls.readers import until
from support.hubs.door import KEY, Dialled, HubHall, dialled, hub_hall
from support.hubs.side import HELLO, Model
from support.links.breakable_link import BreakableLink, breakable_link_to
from support.memory.hall import FLOOR, SESSION

CAPTIONER = Actor(Role.CAPTIONER, "c1")
LANES = frozenset({LIFE, QUESTIONS, channel_lane(FLOOR)})


async def say(hall: HubHall, lines: int, size: int = 200) -> None:
    """So many lines are typed."""
    first = await events(hall)
    await hall.do(
        *(
            TypeSegment(channel=FLOOR, segment=SegmentId(f"l{first}-{n}"), text="x" * size, language="en")
            for n in range(lines)
        ),
        actor=CAPTIONER,
    )


async def events(hall: HubHall) -> int:
    return len(await hall.backend.log.read(SESSION, 0, 1_000_000, LANES))


def port_of(link: BreakableLink) -> int:
    return int(link.address.rpartition(":")[2])


async def refusal(port: int, **headers: str) -> tuple[int, str]:
    """Status and sentence of a hub that is not let in."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{port}{wire.PATH}", additional_headers=headers):
            pass
    return refused.value.response.status_code, refused.value.response.body.decode()


async def test_only_a_hub_with_its_key_is_let_in(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        assert await refusal(hall.port) == (401, WRONG_KEY)
        assert await refusal(hall.port, Authorization="Bearer wrong") == (401, WRONG_KEY)
        assert await refusal(hall.port, Authorization=f"Basic {KEY}") == (401, WRONG_KEY)
        good = f"Bearer {KEY}"
        assert (await refusal(hall.port, Authorization=good, Origin="https://hall.example.org"))[0] == 403
        hall.links.most = 0
        assert (await refusal(hall.port, Authorization=good))[0] == 503
        hall.links.most = 10
        hall.registry.pair("kisumu", "key-2")
        assert await refusal(hall.port, Authorization=good) == (403, FENCED)
        assert "Another machine speaks for this hub now." in FENCED
        async with dialled(hall.port, key="key-2") as hub:
            welcome = await hub.next_of(wire.Welcome)
            assert isinstance(welcome, wire.Welcome)
            assert welcome.address == "https://hall.example.org"
            assert msgspec.json.decode(welcome.keys) == hall.backend.signer.public_document()
            assert welcome.above == (hall.backend.signer.key_id,)


async def test_a_page_that_strays_here_is_told(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall, ClientSession() as http:
        good = {"Authorization": f"Bearer {KEY}"}
        async with http.get(f"http://127.0.0.1:{hall.port}{wire.PATH}", headers=good) as answer:
            assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")


async def test_an_address_dials_so_often(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        for _ in range(TRIES.burst):
            assert (await refusal(hall.port, Authorization="Bearer wrong"))[0] == 401
        status = 0
        while status != 429:  # While it waits for its turn some are let through.
            status, _ = await refusal(hall.port, Authorization="Bearer wrong")
        other = {"X-Test-Address": "192.0.2.1"}
        async with dialled(hall.port, headers=other) as hub:
            await hub.next_of(wire.Welcome)


async def test_nothing_is_compressed_twice(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with connect(f"ws://127.0.0.1:{hall.port}{wire.PATH}", additional_headers=headers) as socket:
            assert socket.response is not None
            assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_what_comes_with_the_handshake_is_answered_behind_it(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        good = f"Bearer {KEY}"
        refused = await refusal(hall.port, Authorization=good, **{FIELD: "no base64"})
        assert refused == (400, f"The fields {FIELD} of a hub's handshake are base64url, and 4096 signs at most.\n")
        first = [(FIELD, field) for field in first_fields([wire.encode(HELLO), wire.encode(Model(FLOOR).follow())])]
        address = f"ws://127.0.0.1:{hall.port}{wire.PATH}"
        async with connect(address, additional_headers=[("Authorization", good), *first]) as socket:
            assert socket.response is not None
            assert HEARD in socket.response.headers
            hub = Dialled(socket)
            assert isinstance(await hub.receive(), wire.Welcome)
            live = await hub.next_of(wire.Live)
            assert isinstance(live, wire.Live)
            assert live.session == SESSION


async def test_what_is_said_now_comes_at_once_and_what_was_missed_behind_it(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        await say(hall, 200)
        async with dialled(hall.port) as hub:
            model = Model(FLOOR)
            await hub.send(model.follow())
            live = await hub.next_of(wire.Live)
            assert isinstance(live, wire.Live)
            assert live.missed
            model.take(live)
            await say(hall, 1)
            said = await events(hall)
            while not model.live or model.live[-1].header.offset < said:
                batch = await hub.next_of(wire.Batch)
                assert isinstance(batch, wire.Batch)
                model.take(batch)
            # No more than the window was before it, as nothing of that was acknowledged.
            assert len(model.known) < 60


async def test_a_link_that_is_cut_amid_what_was_missed_goes_on_there(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall, breakable_link_to(hall.port) as link:
        await hall.session()
        await say(hall, 300)
        model = Model(FLOOR)
        cuts = 0
        while True:
            async with dialled(port_of(link)) as hub:
                await hub.send(model.follow())
                wanted = await events(hall)
                enough = len(model.known) + 100
                if await take(hub, model, min(enough, wanted)) and not model.hole and len(model.known) >= wanted:
                    break
                link.cut()
                cuts += 1
            await say(hall, 20)
            link.mend()
        assert cuts > 3
        assert model.known == await hall.backend.log.read(SESSION, 0, 1_000_000, LANES)


async def take(hub: Dialled, model: Model, known: int) -> bool:
    """Have the model take what comes until it holds so many events from the first on."""
    while len(model.known) < known:
        message = await hub.receive()
        if message is None:
            return False
        if (answer := model.take(message)) is not None:
            await hub.send(answer)
    return True


async def test_a_hub_that_doesnt_read_holds_nobody_up(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        hall.registry.pair("nairobi", "key-n")
        async with dialled(hall.port) as stalled, dialled(hall.port, key="key-n") as hub:
            await stalled.send(Model(FLOOR).follow())
            await stalled.next_of(wire.Live)
            stalled.socket.transport.pause_reading()
            model = Model(FLOOR)
            await hub.send(model.follow())
            for _ in range(2):
                await say(hall, 120, 3_000)
                assert await hub.feed(model, await events(hall)), hub.closed
            sent = {each.hub: each.bytes_sent for each in hall.links.connected}
            # The systems of both sides hold some of it; this server, none.
            assert sent["nairobi"] > 700_000
            stalled.socket.transport.abort()


async def test_another_life_of_the_log_is_followed_from_its_first_event(tmp_path: Path) -> None:
    model = Model(FLOOR)
    async with hub_hall(tmp_path / "one") as hall:
        await hall.session()
        await say(hall, 5)
        async with dialled(hall.port) as hub:
            await hub.send(model.follow())
            assert await hub.feed(model, await events(hall))
        before = model.epoch
    async with hub_hall(tmp_path / "two") as hall:
        await hall.session()
        async with dialled(hall.port) as hub:
            await hub.send(model.follow())
            model.take(await hub.next_of(wire.Live))
            assert await hub.feed(model, await events(hall))
        assert model.epoch != before
        assert model.known == await hall.backend.log.read(SESSION, 0, 1_000_000, LANES)


async def test_a_copy_that_differs_is_stopped_where_it_does(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        await say(hall, 5)
        model = Model(FLOOR)
        async with dialled(hall.port) as hub:
            await hub.send(model.follow())
            assert await hub.feed(model, await events(hall))
        lane = channel_lane(FLOOR)
        model.heads[lane] = msgspec.structs.replace(model.heads[lane], digest="ab" * 32)
        async with dialled(hall.port) as hub:
            await hub.send(model.follow())
            stopped = await hub.next_of(wire.Stopped)
            assert isinstance(stopped, wire.Stopped)
            assert (stopped.lane, stopped.offset) == (lane, model.heads[lane].offset)
            assert str(stopped.offset) in stopped.message


@pytest.mark.parametrize("access", [Access.LINK, Access.STAFF])
async def test_what_isnt_public_is_followed_by_nobody(tmp_path: Path, access: Access) -> None:
    async with hub_hall(tmp_path) as hall:
        await hall.session(access)
        async with dialled(hall.port) as hub:
            programme = await hub.next_of(wire.HubProgramme)
            assert programme == wire.HubProgramme(sessions=())
            await hub.send(Model(FLOOR).follow())
            stopped = await hub.next_of(wire.Stopped)
            assert isinstance(stopped, wire.Stopped)
            assert "Open hall" not in stopped.message


async def test_a_newer_pairing_a_newer_link_and_a_loop_end_the_link(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall, dialled(hall.port) as first:
        await first.next_of(wire.Welcome)
        async with dialled(hall.port) as second:
            await second.next_of(wire.Welcome)
            assert await first.ended() == CloseCode.REPLACED
            hall.registry.pair("kisumu", "key-2")
            assert await second.ended() == CloseCode.FENCED
            assert second.closed == (CloseCode.FENCED, "Another machine speaks for this hub now.")
        loop = msgspec.structs.replace(HELLO, node=hall.backend.signer.key_id)
        async with dialled(hall.port, key="key-2", hello=loop) as third:
            assert await third.ended() == CloseCode.LOOP


async def test_acts_are_done_and_answered(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall, dialled(hall.port) as hub:
        act = wire.Act(id=CommandId("h:1"), session=SESSION, at=1, act=HeadCountAct(people=23))
        await hub.send(act)
        assert await hub.next_of(wire.ActDone) == wire.ActDone(id=CommandId("h:1"))
        assert hall.acts.done == [("kisumu", act, HELLO.node)]


async def test_junk_ends_its_own_link_and_nothing_else(tmp_path: Path) -> None:
    noise = random.Random(7)  # noqa: S311  # the same in every run
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        hall.registry.pair("nairobi", "key-n")
        async with dialled(hall.port, key="key-n") as good:
            await good.next_of(wire.Welcome)
            for n in range(25):
                headers = {"X-Test-Address": f"192.0.2.{n}"}
                async with dialled(hall.port, hello=HELLO if n % 2 else None, headers=headers) as hub:
                    for _ in range(40):
                        await send_quietly(hub, noise.randbytes(noise.randrange(200)))
                    assert await hub.ended() in (CloseCode.PROTOCOL_ERROR, CloseCode.ABNORMAL)
            async with dialled(hall.port) as text:
                await text.socket.send("Hello?")
                assert await text.ended() == CloseCode.PROTOCOL_ERROR
            async with dialled(hall.port) as large:
                await send_quietly(large, bytes(wire.MAX_FRAME_BYTES + 1))
                assert await large.ended() in (CloseCode.TOO_BIG, CloseCode.ABNORMAL)
            model = Model(FLOOR)
            await good.send(model.follow())
            assert await good.feed(model, await events(hall))
            assert [each.hub for each in hall.links.connected] == ["nairobi"]


async def send_quietly(hub: Dialled, frame: bytes) -> None:
    """What may come when the server has closed already."""
    with suppress(ConnectionClosed):
        await hub.socket.send(frame)


async def test_a_server_that_goes_says_so(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        async with dialled(hall.port) as hub:
            await hub.next_of(wire.Welcome)
            closing = asyncio.ensure_future(hall.door.close())
            assert await hub.ended() == CloseCode.GOING_AWAY
            await closing
        assert (await refusal(hall.port, Authorization=f"Bearer {KEY}"))[0] == 503
        assert hall.links.connected == ()


async def test_a_hub_that_hangs_up_is_seen_to_be_gone(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        async with dialled(hall.port) as hub:
            await hub.next_of(wire.Welcome)
            (connected,) = hall.links.connected
            assert connected.bytes_received > 60
        await until(lambda: not hall.links.connected)
        assert hall.registry.sightings == [("kisumu", HELLO.node, True), ("kisumu", HELLO.node, False)]


async def test_the_hub_gets_the_bytes_of_the_log(tmp_path: Path) -> None:
    async with hub_hall(tmp_path) as hall:
        await hall.session()
        async with dialled(hall.port) as hub:
            await hub.send(Model(FLOOR).follow())
            batch = await hub.next_of(wire.Batch)
            assert isinstance(batch, wire.Batch)
            assert plain_unpack(batch.data) == await hall.backend.log.read(SESSION, 0, 100, LANES)
