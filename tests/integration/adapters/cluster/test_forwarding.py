"""A request that a node carries reaches the keeper unchanged, and the answer returns unchanged or not at all."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from moothall.adapters.http.forwarded import CARRIED, own_origins, visitor_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.slots import Slot
from moothall.adapters.system.clock import SystemClock
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.wire.cluster.node_proof import REFUSED, TIME, WINDOW_MS, Doubt
from moothall.wire.token_bucket import Allowance
from support.cluster.carried import NOTHING_OF_USE, Keeper, pair
from support.cluster.forwarding import Node, keeper_of, node, serving
from support.halls.readers import HANDSHAKE, talk, unread, until
from support.links.certificate import make_certificate

ENDED = (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE)
MANY = 32 << 20
"""More than all buffers on the way together."""


async def settled(value: Callable[[], int]) -> None:
    """Until a number has stayed the same for many turns of the loop: nobody takes anything any more."""
    before, turns = value(), 0
    while turns < 1_000:
        await asyncio.sleep(0)
        turns = turns + 1 if value() == before else 0
        before = value()


def free_address() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def test_what_is_asked_arrives_but_for_what_is_of_the_connection() -> None:
    async with pair() as made:
        headers = {
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "TE": "trailers",
            "Keep-Alive": "timeout=5",
            "X-Kept": "2",
            "Cookie": "a=b",
            "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=192.0.2.1",
            "Accept-Language": "fr",
        }
        async with made.http.post(made.url("/a%2Fb?x=%20y&x=é"), data=b"body", headers=headers) as answer:
            assert (answer.status, answer.reason, await answer.text()) == (200, "Quite So", "heard: é\n")
            assert answer.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=1; Path=/"]
            assert answer.headers["X-Kept"] == "for you"
            assert "X-Hop" not in answer.headers
        (asked,) = made.keeper.asked
        assert (asked.method, asked.raw_path, made.keeper.bodies) == ("POST", "/a%2Fb?x=%20y&x=%C3%A9", [b"body"])
        for name in ("X-Hop", "TE", "Keep-Alive", "Forwarded"):
            assert name not in asked.headers
        assert (asked.headers["X-Kept"], asked.headers["Cookie"], asked.headers["Accept-Language"]) == (
            "2",
            "a=b",
            "fr",
        )
        said = asked[CARRIED]
        assert (said.node, said.address, said.scheme) == ("b", "127.0.0.1", "http")
        assert f"http://{said.host}" == made.node.address, "its Host is the node's own"
        assert own_origins(asked, frozenset({"x"})) == {"x", made.node.address}


@pytest.mark.parametrize("path", ["//evil.example/x?y", "/a/../b/./c", "/a?", "/a#b", "http://evil.example/x?y"])
async def test_whatever_a_visitor_asks_for_is_asked_of_the_keeper(path: str) -> None:
    async with pair() as made, talk(made.node.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) as (reader, _):
        assert (await reader.readline()).split()[1] == b"200"
        asked = made.keeper.asked[0].raw_path
        assert asked == {"/a?": "/a", "/a#b": "/a", "http://evil.example/x?y": "/x?y"}.get(path, path)


async def test_nothing_is_added_that_was_not_asked() -> None:
    async with pair() as made, talk(made.node.port, b"GET /?a HTTP/1.1\r\nHost: other.example\r\n\r\n") as (reader, _):
        assert await reader.readline() == b"HTTP/1.1 200 Quite So\r\n"
        (asked,) = made.keeper.asked
        own = {"Host", "Moothall-Node", "Moothall-Node-Proof", "X-Forwarded-For", "X-Forwarded-Proto"}
        assert set(asked.headers) == own | {"X-Forwarded-Host"}
        assert asked[CARRIED].host == "", "the node vouches for its own name alone"
        assert own_origins(asked, frozenset({"x"})) == {"x"}


@pytest.mark.parametrize("kind", ["moved", "same", "none", "packed", ""])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_answers_of_each_kind_are_the_same_as_without_a_node(kind: str, method: str) -> None:
    async with pair() as made:
        found = []
        for at in (made.there, made.node.address):
            async with made.http.request(method, f"{at}/?kind={kind}", allow_redirects=False) as answer:
                head = {(name, value) for name, value in answer.headers.items() if name not in ("Date", "X-Hop")}
                head -= {("Connection", "keep-alive, X-Hop")}
                found.append((answer.status, head, await answer.read()))
        assert found[0] == found[1]


@pytest.mark.parametrize("wanted", ["bytes=0-99", "bytes=100-", "bytes=-7", "bytes=9999999-", ""])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_part_of_a_recording_is_that_part(wanted: str, method: str) -> None:
    async with pair() as made:
        found = []
        for at in (made.there, made.node.address):
            headers = {"Range": wanted} if wanted else {}
            async with made.http.request(method, f"{at}/recording", headers=headers) as answer:
                said = [
                    answer.headers.get(name) for name in ("Content-Range", "Content-Length", "ETag", "Accept-Ranges")
                ]
                found.append((answer.status, said, await answer.read()))
        assert found[0] == found[1]
        assert found[0][0] == (416 if "9999999" in wanted else 206 if wanted else 200)


async def test_a_proxy_before_the_node_says_who_the_visitor_is() -> None:
    async with pair(trusted=("127.0.0.1",)) as made:
        headers = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}
        async with made.http.get(made.url("/"), headers=headers):
            pass
        said = made.keeper.asked[0][CARRIED]
        assert (said.address, said.scheme) == ("192.0.2.9", "https")


async def test_an_upload_goes_at_the_pace_of_the_keeper_and_is_never_held_whole() -> None:
    async with pair() as made:
        given = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal given
            for _ in range(MANY >> 16):
                yield bytes(64 << 10)
                given += 64 << 10

        sending = asyncio.ensure_future(made.http.post(made.url("/upload"), data=pieces()))
        await until(lambda: made.keeper.asked)
        await settled(lambda: given)
        assert given < MANY / 2
        made.keeper.go.set()
        async with await sending as answer:
            assert await answer.text() == str(MANY)


async def test_an_upload_of_known_length_keeps_it() -> None:
    async with pair() as made:
        async with made.http.post(made.url("/"), data=b"x" * 9):
            pass
        assert made.keeper.asked[0].headers["Content-Length"] == "9"
        assert "Transfer-Encoding" not in made.keeper.asked[0].headers


async def test_an_answer_before_the_end_of_the_body_reaches_the_visitor() -> None:
    async with pair() as made:
        request = b"POST /upload?early HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nbegun"
        async with talk(made.node.port, request) as (reader, _):
            assert (await reader.readline()).split()[1] == b"413"
        await made.calm()


async def test_an_upload_that_breaks_off_breaks_off_at_the_keeper() -> None:
    async with pair() as made:
        made.keeper.go.set()
        request = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nbegun"
        async with talk(made.node.port, request):
            await until(lambda: made.keeper.took)
        await made.keeper.left.wait()
        await made.calm()


async def test_a_reader_that_stalls_holds_the_keeper_back_and_leaves_it_when_gone() -> None:
    async with pair() as made:
        async with unread(made.node.port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"):
            await until(lambda: made.keeper.sent)
            await settled(lambda: made.keeper.sent)
            assert made.keeper.sent < 1 << 9
        await made.keeper.left.wait()
        await made.calm()


@pytest.mark.parametrize("path", ["/slow", "/long?waits"])
async def test_who_leaves_ends_what_was_asked_at_once(path: str) -> None:
    async with pair() as made:
        gone = asyncio.Event()
        async with talk(made.node.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()):
            await until(lambda: made.keeper.asked)
            asked = made.keeper.asked[0]
        await until(lambda: asked.transport is None)
        gone.set()
        await made.calm()


@pytest.mark.parametrize("path", ["/long?waits", "/long?waits&length"])
async def test_an_answer_that_breaks_off_is_not_whole_for_the_visitor(path: str) -> None:
    async with pair() as made, made.http.get(made.url(path)) as answer:
        assert answer.status == 200
        assert len(await answer.content.readexactly(64 << 10)) == 64 << 10
        made.keeper.go.set()
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


@pytest.mark.parametrize("what", NOTHING_OF_USE)
async def test_a_keeper_that_answers_nothing_of_use_is_away(what: str) -> None:
    async with pair() as made, made.http.get(made.url("/odd"), params={"with": what}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


async def test_what_changes_something_is_sent_once_and_what_reads_at_most_twice() -> None:
    arrived: list[str] = []

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers once, and breaks off then."""
        arrived.append((await reader.readuntil(b"\r\n\r\n")).split()[0].decode())
        writer.transport.abort()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, node(f"http://127.0.0.1:{port}") as by, aiohttp.ClientSession() as http:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "GET"):
            async with http.request(method, f"{by.address}/x") as answer:
                assert answer.status == 503
    assert [each for each in arrived if each != "GET"] == ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
    assert arrived.count("GET") <= 2


@asynccontextmanager
async def unreachable(how: str) -> AsyncIterator[Node]:
    """A node whose keeper isn't known, doesn't listen, takes connections and says nothing, or takes none."""
    if how in ("unknown", "away"):
        async with node(None if how == "unknown" else free_address()) as by:
            yield by
        return
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100 if how == "silent" else 0)
        if how == "deaf":  # The system answers nobody any more.
            for each in (first, second):
                each.setblocking(False)
                each.connect_ex(listener.getsockname())
        there = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options = {"head_s": 0.05} if how == "silent" else {"connect_s": 0.05}
        async with node(there, **options) as by:  # type: ignore[arg-type]
            yield by


@pytest.mark.parametrize("how", ["unknown", "away", "silent", "deaf"])
async def test_without_a_keeper_each_is_told_in_its_way_when_to_come_back(how: str) -> None:
    async with unreachable(how) as by, aiohttp.ClientSession() as http:
        kinds: list[tuple[str, str, str, str | None]] = [
            ("GET", "text/html", "This page opens by itself in 1 s.", "1"),
            ("POST", "text/html", "Please try again in a minute.", None),
            ("GET", "application/json", '{"error": "', None),
            ("GET", "*/*", "The text can't be reached at the moment. Please try again in a minute.\n", None),
        ]
        for method, accept, sentence, refresh in kinds:
            headers = {"Accept": accept, "Accept-Language": "en"}
            async with http.request(method, f"{by.address}/s/x", headers=headers) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
                assert sentence in (await answer.text()).replace("\xa0", " ")
                assert answer.headers.get("Refresh") == refresh
                assert answer.headers["Cache-Control"] == "no-store"


async def test_the_next_request_goes_to_whoever_keeps_the_house_then() -> None:
    async with pair() as made, pair() as other:
        for there, which in ((made.there, made), (other.there, other), (None, None), (made.there, made)):
            made.node.keeper = there
            before = [len(each.keeper.asked) for each in (made, other)]
            async with made.http.get(made.url("/")) as answer:
                assert answer.status == (503 if which is None else 200)
            after = [len(each.keeper.asked) for each in (made, other)]
            assert after == [n + (each is which) for n, each in zip(before, (made, other), strict=True)]


async def test_when_the_house_has_moved_what_the_former_keeper_holds_is_ended() -> None:
    async with pair() as made:
        slow = asyncio.ensure_future(made.http.get(made.url("/slow")))
        answer = await made.http.get(made.url("/long?waits"))
        socket = await made.http.ws_connect(made.url("/ws"))
        await until(lambda: len(made.keeper.asked) == 2)
        made.node.forwarding.house_moved()  # It is the same.
        await socket.send_str("still there")
        assert await socket.receive_str() == "still there"
        made.node.keeper = "http://127.0.0.1:1"
        made.node.forwarding.house_moved()
        assert (await slow).status == 503
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
        assert (await socket.receive()).type in ENDED
        await made.calm()


async def test_a_node_that_takes_the_house_over_ends_what_the_former_keeper_holds_and_carries_nothing_more() -> None:
    async with pair() as made:
        slow = asyncio.ensure_future(made.http.get(made.url("/slow")))
        answer = await made.http.get(made.url("/long?waits"))
        socket = await made.http.ws_connect(made.url("/ws"))
        await until(lambda: len(made.keeper.asked) == 2)
        made.node.forwarding.end()
        assert (await slow).status == 503
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
        assert (await socket.receive()).type in (
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
            aiohttp.WSMsgType.CLOSE,
        )
        async with made.http.get(made.url("/")) as refused:
            assert refused.status == 503
        await made.calm()


async def test_one_too_many_is_told_to_come_back_and_others_have_their_places_again() -> None:
    async with pair(most=1) as made:
        async with talk(made.node.port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"):
            await until(lambda: made.keeper.asked)
            async with made.http.get(made.url("/")) as answer:
                assert answer.status == 503
        await made.calm()
        async with made.http.get(made.url("/")) as answer:
            assert answer.status == 200
        async with made.http.ws_connect(made.url("/ws")), made.http.get(made.url("/")) as answer:
            assert answer.status == 503, "a WebSocket has its place for as long as it lasts"
        await made.calm()
        slot = made.node.slots.take("192.0.2.1")
        assert isinstance(slot, Slot)


async def test_heads_that_the_keeper_would_not_take_are_refused_at_the_node() -> None:
    async with pair() as made:
        async with made.http.get(made.url("/"), headers={f"X-{n}": "1" for n in range(56)}) as answer:
            assert answer.status == 431
        async with made.http.get(made.url("/"), headers={f"X-{n}": "1" for n in range(50)}) as answer:
            assert answer.status == 200
        async with talk(made.node.port, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") as (reader, _):
            assert (await reader.readline()).split()[1] in (b"400", b"404")
        request = b"GET / HTTP/1.1\r\nHost: x\r\nX-Bytes: \xe9\r\n\r\n"
        async with talk(made.node.port, request) as (reader, _):
            assert (await reader.readline()).split()[1] == b"200"
        assert made.keeper.asked[-1].headers["X-Bytes"] == "\ufffd"


# What a node says, and who else says it.


async def test_a_stranger_says_nothing_in_a_nodes_name() -> None:
    async with pair() as made:
        for at in (made.there, made.node.address):
            for headers in (
                {"Moothall-Node": "b"},
                {"Moothall-Node-Proof": "1.a.b"},
                {"Moothall-Node": "b", "Moothall-Node-Proof": "1.a.b", "X-Forwarded-For": "192.0.2.1"},
            ):
                async with made.http.get(f"{at}/", headers=headers) as answer:
                    assert answer.status == 403
        assert made.keeper.asked == []


async def test_what_a_node_has_carried_is_carried_no_further_and_comes_once() -> None:
    async with pair() as made, node(None) as other:
        other.keeper = made.there
        made.node.keeper = other.address  # It believes another one that stands by.
        async with made.http.get(made.url("/")) as answer:
            assert answer.status == 503
        made.node.keeper = made.there
        async with made.http.get(made.url("/")) as answer:
            assert answer.status == 200
        sent = {
            name: value
            for name, value in made.keeper.asked[0].headers.items()
            if name.startswith(("Moothall-Node", "X-Forwarded-"))
        }
        async with made.http.get(f"{made.there}/", headers=sent) as answer:
            assert (answer.status, answer.headers["Moothall-Node-Refused"]) == (403, "repeated")
        async with made.http.get(f"{other.address}/", headers=sent) as answer:
            assert (answer.status, answer.headers["Moothall-Node-Refused"]) == (503, "away")
        assert len(made.keeper.asked) == 1


async def test_rates_count_by_visitor_whichever_node_it_comes_to() -> None:
    gate = AddressGate(ManualClock(), SeededRandomness(), Allowance(per_second=1, burst=2), 0)
    keeper = Keeper()
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(keeper_of(keeper.routes(), gate.middleware(visitor_address(()))))
        nodes = [await stack.enter_async_context(node(there, name=name)) for name in ("b", "c")]
        statuses = []
        for visitor in ("127.0.1.1", "127.0.2.1"):
            connector = aiohttp.TCPConnector(local_addr=(visitor, 0))
            http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            for by in (*nodes, *nodes):
                async with http.get(f"{by.address}/") as answer:
                    statuses.append(answer.status)
    assert statuses == [200, 200, 429, 429] * 2


@pytest.mark.parametrize("apart_ms", [-4_000, 4_000, -WINDOW_MS - 5_000, 3_600_000])
@pytest.mark.parametrize("body", [None, b"0123456789"])
async def test_clocks_may_differ_as_far_as_they_like(
    caplog: pytest.LogCaptureFixture, apart_ms: int, body: bytes | None
) -> None:
    """The keeper says its time with what it refuses. A request with a body isn't sent twice: the first is told to come
    back, and nothing of it was done.
    """
    keeper = Keeper()
    clock = ManualClock(wall=SystemClock().wall() + apart_ms)
    async with keeper_of(keeper.routes()) as there, node(there, clock=clock) as by, aiohttp.ClientSession() as http:
        statuses = []
        for _ in range(3):
            async with http.post(f"{by.address}/", data=body) as answer:
                statuses.append(answer.status)
                assert not {"Moothall-Node-Refused", "Moothall-Node-Time"} & answer.headers.keys()
    refused = body is not None and abs(apart_ms) > WINDOW_MS
    assert statuses == [503 if refused else 200, 200, 200]
    assert len(keeper.asked) == 3 - refused
    assert "127.0.0.1" not in caplog.text


async def test_a_keeper_that_does_not_say_its_time_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """One of an older release."""

    @web.middleware
    async def older(request: web.Request, handler: Handler) -> web.StreamResponse:  # it answers itself
        return web.Response(status=403, headers={REFUSED: Doubt.CLOCK, TIME: f"{SystemClock().wall()}.{'A' * 43}"})

    async with AsyncExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        await serving(stack, listener, Keeper().routes(), (older,))
        there = f"http://127.0.0.1:{listener.getsockname()[1]}"
        by = await stack.enter_async_context(node(there))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for _ in range(2):
            async with http.get(f"{by.address}/") as answer:
                assert answer.status == 503
    assert caplog.text.count("clocks of the nodes differ") == 1


async def test_a_node_with_another_key_carries_nothing(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with (
        keeper_of(keeper.routes()) as there,
        node(there, key=bytes(32)) as by,
        aiohttp.ClientSession() as http,
        http.get(f"{by.address}/") as answer,
    ):
        assert answer.status == 503
    assert keeper.asked == []
    assert "copy the file of the key" in caplog.text


# WebSockets.


async def test_a_websocket_passes_both_ways_as_it_is() -> None:
    async with pair() as made:
        async with made.http.ws_connect(made.url("/ws?first"), protocols=("x",), compress=15) as socket:
            assert socket.protocol == "x"
            assert socket.compress == 15
            assert await socket.receive_str() == "first"
            for size in (0, 1, 70_000, 1 << 20):
                await socket.send_bytes(bytes(size))
                assert await socket.receive_bytes() == bytes(size)
        await made.keeper.left.wait()
        await made.calm()


async def test_a_handshake_that_is_refused_is_answered_as_the_keeper_says() -> None:
    async with pair() as made:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await made.http.ws_connect(made.url("/ws?refused"))
        assert refused.value.status == 403
        made.node.keeper = None
        with pytest.raises(aiohttp.WSServerHandshakeError) as nobody:
            await made.http.ws_connect(made.url("/ws"))
        assert nobody.value.status == 503
        await made.calm()


async def test_when_one_side_of_a_websocket_ends_the_other_does() -> None:
    async with pair() as made:
        lines = [f"{name}: {value}\r\n" for name, value in HANDSHAKE.items()]
        request = f"GET /ws HTTP/1.1\r\nHost: x\r\n{''.join(lines)}\r\n".encode()
        for ends in ("visitor aborts", "visitor sends no more", "keeper aborts"):
            made.keeper.left.clear()
            async with talk(made.node.port, request) as (reader, writer):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
                await until(lambda: made.node.slots.count)
                if ends == "visitor aborts":
                    writer.transport.abort()
                elif ends == "visitor sends no more":
                    writer.write_eof()
                    await reader.read()
                else:
                    transport = made.keeper.sockets[-1].get_extra_info("socket")
                    transport.shutdown(socket.SHUT_RDWR)
                    await reader.read()
                await made.keeper.left.wait()
            await made.calm()


async def test_a_websocket_goes_at_the_pace_of_who_reads_it() -> None:
    """Nobody reads at the keeper, and then it sends all back to a visitor who doesn't read either."""
    async with pair() as made:
        async with made.http.ws_connect(made.url("/ws?waits"), max_msg_size=0) as ws:
            sent = 0

            async def send() -> None:
                nonlocal sent
                for _ in range(MANY >> 16):
                    await ws.send_bytes(bytes(64 << 10))
                    sent += 1

            sending = asyncio.ensure_future(send())
            await settled(lambda: sent)
            assert sent < MANY >> 17
            made.keeper.go.set()
            for _ in range(MANY >> 16):
                assert len(await ws.receive_bytes()) == 64 << 10
            await sending
        await made.calm()


async def test_a_node_that_ends_ends_what_it_carries() -> None:
    keeper = Keeper()
    async with keeper_of(keeper.routes()) as there, aiohttp.ClientSession() as http:
        async with node(there) as by:
            ws = await http.ws_connect(f"{by.address}/ws")
            slow = asyncio.ensure_future(http.get(f"{by.address}/slow"))
            await until(lambda: keeper.asked and keeper.sockets)
        assert (await ws.receive()).type in ENDED
        with pytest.raises(aiohttp.ClientError):
            await slow
        await keeper.left.wait()
        await until(lambda: keeper.asked[0].transport is None)
        keeper.go.set()


async def test_the_same_over_tls_on_both_sides(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, host="localhost")
    trust = ssl.create_default_context(cafile=certificate[0])
    trust.check_hostname = False  # The address has no name.
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    keeper = Keeper()
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(keeper_of(keeper.routes(), tls=tls))
        by = await stack.enter_async_context(node(there, trust=trust, tls=tls))
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)))
        at = by.address.replace("http:", "https:")
        async with http.post(f"{at}/", data=b"body") as answer:
            assert (answer.status, keeper.asked[0][CARRIED].scheme, keeper.bodies) == (200, "https", [b"body"])
        for ends in ("visitor", "keeper"):
            keeper.left.clear()
            ws = await http.ws_connect(f"{at}/ws?first", max_msg_size=0)
            assert await ws.receive_str() == "first"
            await ws.send_bytes(bytes(1 << 20))
            assert await ws.receive_bytes() == bytes(1 << 20)
            if ends == "visitor":
                await ws.close()
            else:
                await keeper.sockets[-1].close()
                assert (await ws.receive()).type in ENDED
            await keeper.left.wait()
            await until(lambda: by.slots.count == 0)
    async with keeper_of(keeper.routes(), tls=tls) as there, node(there) as by, aiohttp.ClientSession() as http:
        async with http.get(f"{by.address}/") as answer:
            assert answer.status == 503, "nobody it knows has signed the certificate"
        keeper.go.set()
