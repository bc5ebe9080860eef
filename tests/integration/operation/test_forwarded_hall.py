"""A whole server behind stand-by nodes: they serve everything that it serves, and count visitors rightly."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import Epoch, Position
from moothall.wire.close_codes import CloseCode
from support.cluster.forwarding import Node, node
from support.cluster.keeper_process import SESSION, KeeperProcess, Keeping, keeping
from support.halls.microphone_door import say as tell
from support.halls.microphone_door import send, told
from support.halls.process import free_port
from support.halls.readers import HANDSHAKE, talk, unread, until
from support.memory.microphone import greeting

READERS = 200


class ForwardedHall:
    """A keeper and two nodes."""

    def __init__(self, keeper: Keeping, nodes: tuple[Node, Node]) -> None:
        self.keeper = keeper
        self.nodes = nodes

    async def staff(self, http: aiohttp.ClientSession, role: Role, at: Node) -> None:
        """Somebody opens a link at a node, and has a cookie from then on."""
        _, token = await self.keeper.running.backend.links.create(role, f"session:{SESSION}", "")
        async with http.get(f"{at.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303


@asynccontextmanager
async def house(folder: Path, *, trusted: tuple[str, ...] = (), **options: Any) -> AsyncIterator[ForwardedHall]:
    async with AsyncExitStack() as stack:
        keeper = await stack.enter_async_context(keeping(folder, **options))
        there = keeper.running.address
        one, other = [await stack.enter_async_context(node(there, name=name, trusted=trusted)) for name in ("b", "c")]
        yield ForwardedHall(keeper, (one, other))


def client(address: str = "127.0.0.1", **options: Any) -> aiohttp.ClientSession:
    """A browser that keeps cookies of addresses without a name."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=0)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True), **options)


async def find(content: aiohttp.StreamReader, text: str) -> None:
    """Read up to a line with `text`."""
    while text not in (line := (await content.readline()).decode()):
        assert line, "the stream ended"


async def test_pages_and_forms_are_those_of_the_keeper(tmp_path: Path) -> None:
    async with house(tmp_path) as made, client() as http:
        one, other = made.nodes
        for at in (made.keeper.running.address, one.address, other.address):
            async with http.get(f"{at}/s/{SESSION}", headers={"Accept": "text/html"}) as page:
                assert page.status == 200
                assert "Plenary" in await page.text()
                assert page.headers["Server"] == "moothall"
        asked = {"id": "f1", "kind": "question", "text": "Why?", "language": "en"}
        for origin, by, status in (
            ("https://elsewhere.example", one, 403),
            (None, one, 403),
            (other.address, one, 403),
            (one.address, one, 303),
            (made.keeper.running.address, other, 303),
        ):
            headers = {} if origin is None else {"Origin": origin}
            asked["id"] = f"f{status}{by.name}"
            url = f"{by.address}/s/{SESSION}/ask"
            async with http.post(url, data=asked, headers=headers, allow_redirects=False) as answer:
                assert answer.status == status, origin
                if status == 303:
                    assert answer.headers["Location"].startswith(f"/s/{SESSION}/asked/")
                    assert "asker=" in answer.headers.getall("Set-Cookie", ["asker="])[0]
        async with http.get(f"{other.address}/.well-known/moothall.json") as keys:
            assert "keys" in await keys.json()


async def test_a_hall_of_readers_gets_each_line_and_one_that_stalls_holds_nobody_up(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as made,
        client(timeout=aiohttp.ClientTimeout(total=None)) as http,
        AsyncExitStack() as stack,
    ):
        one = made.nodes[0]
        request = f"GET /s/{SESSION}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        await stack.enter_async_context(unread(one.port, request))
        streams = [
            await stack.enter_async_context(http.get(f"{one.address}/s/{SESSION}/events")) for _ in range(READERS)
        ]
        assert {(each.status, each.content_type) for each in streams} == {(200, "text/event-stream")}
        assert made.keeper.readers == READERS + 1
        for _ in range(5):
            text = await made.keeper.say()
            await asyncio.gather(*(find(each.content, text) for each in streams))
        for each in streams:
            each.close()
        await until(lambda: made.keeper.readers <= 1)


async def test_a_reader_over_websocket_and_one_over_polls(tmp_path: Path) -> None:
    async with house(tmp_path) as made, client() as http:
        one, other = made.nodes
        async with http.ws_connect(f"{one.address}/s/{SESSION}/ws", origin=one.address) as socket:
            assert "snapshot" in await socket.receive_str()
            text = await made.keeper.say()
            while text not in await socket.receive_str():
                pass
            async with http.get(f"{other.address}/s/{SESSION}/poll") as answer:
                assert text in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{one.address}/s/{SESSION}/ws", origin="https://elsewhere.example")
        assert refused.value.status == 403
        await until(lambda: made.keeper.readers == 0)


async def test_a_reader_who_leaves_the_node_leaves_the_keeper(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        for door in ("events", "ws", "text", "poll?after=x"):
            lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items()) if door == "ws" else ""
            request = f"GET /s/{SESSION}/{door} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()
            async with talk(made.nodes[0].port, request) as (reader, _):
                await reader.readline()
            await until(lambda: made.keeper.readers == 0 and made.nodes[0].slots.count == 0)


class RoundRobin:
    """Hands each connection to the next of some ports."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self.turns = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._ports[self.turns % len(self._ports)]
        self.turns += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

        async def pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65_536):
                    to.write(data)
                    await to.drain()
            except ConnectionError:
                pass
            finally:
                to.close()

        await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))


@pytest.mark.parametrize(("transports", "least"), [(None, 2), (["polling"], 6), (["websocket"], 1)])
async def test_a_desk_of_a_stock_client_works_through_two_nodes_in_turn(
    tmp_path: Path, transports: list[str] | None, least: int
) -> None:
    """Each request has a connection of its own, and goes to the other node than the one before."""
    async with house(tmp_path) as made:
        turns = RoundRobin([each.port for each in made.nodes])
        front = await asyncio.start_server(turns.serve, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{front.sockets[0].getsockname()[1]}"
        connector = aiohttp.TCPConnector(force_close=True)
        jar = aiohttp.CookieJar(unsafe=True)
        async with front, aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http:
            await made.staff(http, Role.SECRETARIAT, made.nodes[0])
            desk = socketio.AsyncClient(reconnection=False, http_session=http)
            await desk.connect(address, namespaces=["/desk"], transports=transports, wait_timeout=60)
            joined = await desk.call("join", {"session": SESSION}, namespace="/desk", timeout=60)
            assert "error" not in joined, joined
            for _ in range(3):
                answer = await desk.call("join", {"session": SESSION}, namespace="/desk", timeout=60)
                assert isinstance(answer, dict)
            if transports is None:
                await until(lambda: desk.transport() == "websocket")
            assert turns.turns >= least
            await http.close()  # A poll that is under way would hold a disconnect up.
            await desk.disconnect()
            await desk.eio.http.close()  # The last packet went over another one, which the library made for it.


NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 200; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    upstream nodes {{ server 127.0.0.1:{one}; server 127.0.0.1:{other}; }}
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


async def test_a_stock_desk_works_behind_nginx_that_goes_round(tmp_path: Path) -> None:
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("nginx is not installed; on Debian: apt-get install nginx")
    async with house(tmp_path / "data", trusted=("127.0.0.1",)) as made, client() as http:
        port = free_port(31)
        path = tmp_path / "nginx.conf"
        one, other = made.nodes
        path.write_text(NGINX.format(folder=tmp_path, port=port, one=one.port, other=other.port))
        process = await asyncio.create_subprocess_exec(
            program, "-p", str(tmp_path), "-c", str(path), "-e", str(tmp_path / "error.log")
        )
        try:
            address = f"http://127.0.0.1:{port}"
            await answering(http, address)
            await made.staff(http, Role.SECRETARIAT, one)
            desk = socketio.AsyncClient(reconnection=False, http_session=http)
            await desk.connect(address, namespaces=["/desk"], wait_timeout=60)
            assert isinstance(await desk.call("join", {"session": SESSION}, namespace="/desk", timeout=60), dict)
            await until(lambda: desk.transport() == "websocket")
            await desk.disconnect()
        finally:
            process.terminate()
            await process.wait()


async def answering(http: aiohttp.ClientSession, address: str) -> None:
    """Until somebody answers there; the test's time-out ends it otherwise."""
    while True:
        try:
            async with http.get(f"{address}/.well-known/moothall.json"):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0)


async def test_a_microphone_sends_its_pieces_through_a_node(tmp_path: Path) -> None:
    async with house(tmp_path) as made, client() as http:
        one = made.nodes[0]
        await made.staff(http, Role.TECHNICIAN, one)
        url = f"{one.address}/s/{SESSION}/audio"
        async with http.ws_connect(url, origin=one.address, max_msg_size=0) as socket:
            await tell(socket, greeting())
            assert await told(socket) == {"kind": "go", "at": 0, "session": SESSION}
            await send(socket, 0, 32_000)
            while (said := await told(socket)) != {"kind": "safe", "at": 32_000}:
                assert said["kind"] == "safe", said


async def test_the_places_of_an_address_are_the_visitors_and_not_the_nodes(tmp_path: Path) -> None:
    """Of ten readers' places an address has one."""
    async with house(tmp_path, readers=10, share=10) as made, AsyncExitStack() as stack:
        statuses: list[int] = []
        for address, at in (("127.0.1.1", 0), ("127.0.1.1", 1), ("127.0.2.1", 0), ("127.0.2.1", 0)):
            http = await stack.enter_async_context(client(address))
            url = f"{made.nodes[at].address}/s/{SESSION}/events"
            headers = {"X-Forwarded-For": f"192.0.2.{len(statuses)}"}
            answer = await stack.enter_async_context(http.get(url, headers=headers))
            statuses.append(answer.status)
        assert statuses == [200, 503, 200, 503]


async def test_a_keeper_that_is_killed_breaks_its_answers_off_and_another_goes_on(tmp_path: Path) -> None:
    keepers = [KeeperProcess(tmp_path / str(number), free_port(number)) for number in (32, 33)]
    async with AsyncExitStack() as stack:
        for each in keepers:
            stack.push_async_callback(each.kill)
        first, second = keepers
        await asyncio.gather(first.start(), second.start())
        by = await stack.enter_async_context(node(first.address))
        http = await stack.enter_async_context(client(timeout=aiohttp.ClientTimeout(total=None)))
        page, events, ws = (f"{by.address}/s/{SESSION}{door}" for door in ("", "/events", "/ws"))
        stream = await stack.enter_async_context(http.get(events))
        await find(stream.content, "snapshot")
        socket = await stack.enter_async_context(http.ws_connect(ws, origin=by.address))
        assert "snapshot" in await socket.receive_str()
        await first.kill()
        with pytest.raises(aiohttp.ClientPayloadError):
            await stream.read()
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSED, 1006)
        async with http.get(page, headers={"Accept": "text/html"}) as answer:
            assert (answer.status, answer.headers["Refresh"]) == (503, "1")
        async with http.get(page) as answer:
            assert answer.status == 503, "nobody has told the node yet"
        by.keeper = second.address
        async with http.get(page) as answer:
            assert answer.status == 200


async def test_a_reader_whom_another_node_has_shown_more_comes_back_and_goes_not_back_in_time(tmp_path: Path) -> None:
    """What Redis took another node shows at once; a keeper that got no answer has yet to learn it."""
    async with keeping(tmp_path) as keeper, client() as http:
        text = await keeper.say()
        here = keeper.live.fanout.position
        ahead = Position(here.epoch, here.offset + 2)
        address = f"{keeper.running.address}/s/{SESSION}"
        for door in ("events", "text", "poll"):
            async with http.get(f"{address}/{door}?after={ahead}") as answer:
                assert (answer.status, 1 <= int(answer.headers["Retry-After"]) <= 3) == (503, True)
        async with http.ws_connect(f"{address}/ws?after={ahead}") as socket:
            assert (await socket.receive()).data == CloseCode.TRY_LATER
        other = Position(Epoch("other"), 10**6)
        for after in (here, other):
            async with http.get(f"{address}/events?after={after}") as answer:
                assert answer.status == 200
                if after is other:
                    await find(answer.content, text)
