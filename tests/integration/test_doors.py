from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp
import pytest

from doors import ORIGIN, PollClient, SseClient, WsClient, house, talk, unread, until
from meeting import LIVE, Meeting, opened, partial, words
from moothall.adapters.limits import AddressGate, keep_addresses_out_of_logs
from moothall.adapters.log_memory import MemoryLog
from moothall.adapters.sse import HEARTBEAT_S
from moothall.adapters.system_clock import SystemClock
from moothall.adapters.websocket import MAX_MESSAGE_BYTES
from moothall.core.chain import LogRecord
from moothall.core.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.ids import Lane, SessionId
from moothall.services.feed import MAX_BEHIND
from moothall.testing.clock import ManualClock
from moothall.testing.seeded import SeededRandomness
from moothall.wire.close_codes import CloseCode
from moothall.wire.event_stream import EventStream, StreamEvent
from moothall.wire.frames import decode
from moothall.wire.token_bucket import Allowance

CLIENTS = pytest.mark.parametrize("client_type", [SseClient, WsClient, PollClient])
DOORS = pytest.mark.parametrize("door", ["events", "ws", "poll", "text"])
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request_of(door: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET /s/plenary/{door} HTTP/1.1", "Host: x", *[f"{name}: {headers[name]}" for name in headers], "", ""]
    return "\r\n".join(lines).encode()


@CLIENTS
async def test_a_reader_gets_what_happens_and_everything_after_a_break(client_type: type[SseClient]) -> None:
    async with house() as made:
        client = client_type(made)
        async with client.connected() as frames:
            assert (await anext(frames)).snapshot is not None
            made.fanout.publish(await made.meeting.line())
            assert [event.offset for event in (await anext(frames)).events] == [4, 5, 6]
        made.fanout.publish(await made.meeting.line())
        await client.read_to(9)
        assert client.seen == [4, 5, 6, 7, 8, 9]
        assert client.reader.view == (await made.meeting.truth()).view


@CLIENTS
async def test_resume_at_every_offset(client_type: type[SseClient]) -> None:
    async with house() as made:
        views = [(await made.meeting.truth()).view]
        for _ in range(8):
            made.fanout.publish(await made.meeting.line())
            views.append((await made.meeting.truth()).view)
        last = made.meeting.recorder.offset
        start = SseClient(made)
        await start.read_to(last)
        for view in views[:-1]:
            assert view is not None
            client = client_type(made)
            client.reader = type(client.reader)(feed=LIVE, view=view)
            await client.read_to(last)
            assert client.seen == list(range(view.offset + 1, last + 1))
            assert client.reader.view == views[-1]


async def test_a_hundred_cut_connections_lose_and_repeat_nothing() -> None:
    chance = random.Random(20261124)  # noqa: S311  # repeatable is what it has to be
    async with house() as made:
        clients = [kind(made) for kind in (SseClient, WsClient, PollClient) for _ in range(4)]
        for client in clients:
            await client.read_to(3)
        cuts, last, progress = 0, 1 << 60, asyncio.Event()

        async def follow(client: SseClient) -> None:
            nonlocal cuts
            while client.offset < last:
                async with client.connected() as frames:
                    for _ in range(chance.randint(1, 6)):
                        await anext(frames)
                        progress.set()
                        if client.offset >= last:
                            break
                cuts += 1

        async with asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(follow(client))
            while cuts < 100:
                made.fanout.publish(await made.meeting.line())
                made.fanout.publish(await made.meeting.store(signals=[partial(" so far", segment="next")]))
                await progress.wait()
                progress.clear()
            publication = await made.meeting.line()
            last = made.meeting.recorder.offset
            made.fanout.publish(publication)
        truth = (await made.meeting.truth()).view
        for client in clients:
            assert client.seen == list(range(4, last + 1))
            assert client.reader.view is not None
            assert truth is not None
            assert client.reader.view.snapshot() == truth.snapshot()


async def test_one_stalled_reader_of_twenty_changes_nothing_for_the_others() -> None:
    request = b"GET /s/plenary/events HTTP/1.1\r\nHost: x\r\n\r\n"
    async with house(clock=SystemClock()) as made, unread(made.port, request):
        clients = [kind(made) for kind in (SseClient, WsClient) for _ in range(10)][:19]
        got = asyncio.Semaphore(0)

        async def follow(client: SseClient) -> None:
            async with client.connected() as frames:
                async for _ in frames:
                    got.release()
                    if client.offset >= 3 + 400:
                        return

        async with asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(follow(client))
            for n in range(401):  # The snapshot, then 400 texts of 8 KiB, each when everybody has the one before.
                for _ in clients:
                    await got.acquire()
                if n < 400:
                    made.fanout.publish(await made.meeting.store(words("s", n, "x" * 8_192)))
        assert all(client.seen == list(range(4, 404)) for client in clients)
        assert made.fanout.figures.cut == 1


async def test_a_commit_and_its_partial_arrive_in_one_frame() -> None:
    async with house() as made:
        client = WsClient(made)
        async with client.connected() as frames:
            await anext(frames)
            rest = partial(" mor", first=1)
            made.fanout.publish(await made.meeting.store(opened("s1"), words("s1", 0, " Good"), signals=[rest]))
            frame = await anext(frames)
        assert (len(frame.events), frame.signals) == (2, (rest,))


@CLIENTS
async def test_who_is_too_far_behind_gets_a_snapshot(client_type: type[SseClient]) -> None:
    async with house() as made:
        client = client_type(made)
        await client.read_to(3)
        made.fanout.publish(await made.meeting.store(*[opened(f"a{n}") for n in range(MAX_BEHIND + 1)]))
        await client.read_to(MAX_BEHIND + 4)
        assert client.seen == []
        truth = (await made.meeting.truth()).view
        assert truth is not None
        assert client.reader.view is not None
        assert client.reader.view.snapshot() == truth.snapshot()


async def test_the_answer_says_that_it_must_not_be_kept_or_held_back() -> None:
    async with house() as made, made.http.get(made.url + "/events?channel=floor&feed=lines") as response:
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["Server"] == "moothall"
        assert (await response.content.readuntil(b"\n\n")).startswith(b"retry: ")
        snapshot = await response.content.readuntil(b"\n\n")
        assert snapshot.startswith(b"id: k3j9x2:3\ndata: {")
        assert b'"feed":"floor.lines"' in snapshot
        response.close()


async def test_a_client_of_http_1_0_gets_the_stream_without_chunks() -> None:
    request = b"GET /s/plenary/events HTTP/1.0\r\n\r\n"
    async with house() as made, talk(made.port, request) as (reader, _):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"chunked" not in head
        stream = EventStream()
        made.fanout.publish(await made.meeting.line())
        events: list[StreamEvent] = []
        while len(events) < 2:
            events += stream.feed(await reader.read(65_536))
        assert [event.offset for event in decode(events[1].data).events] == [4, 5, 6]


async def test_last_event_id_wins_over_after() -> None:
    async with house() as made:
        made.fanout.publish(await made.meeting.line())
        headers = {"Last-Event-ID": "k3j9x2:5"}
        async with made.http.get(made.url + "/events?after=k3j9x2:2", headers=headers) as response:
            await response.content.readuntil(b"\n\n")
            frame = decode((await response.content.readuntil(b"\n\n")).split(b"data: ")[1])
            assert [event.offset for event in frame.events] == [6]
            response.close()


@pytest.mark.parametrize(
    ("query", "status", "code", "sentence"),
    [
        ("?after=12", 400, CloseCode.BAD_REQUEST, "A position looks like"),
        ("?after=k3j9x2:-1", 400, CloseCode.BAD_REQUEST, "A position looks like"),
        ("?after=%00", 400, CloseCode.BAD_REQUEST, "A position looks like"),
        ("?feed=all", 400, CloseCode.BAD_REQUEST, "The feed is"),
        ("?channel=de", 404, CloseCode.UNKNOWN_SESSION, "has no channel de."),
        ("?channel=../../x", 404, CloseCode.UNKNOWN_SESSION, "has no such channel."),
    ],
)
async def test_a_wrong_wish_is_answered_with_a_sentence(
    query: str, status: int, code: CloseCode, sentence: str
) -> None:
    async with house() as made:
        async with made.http.get(made.url + "/events" + query) as response:
            assert response.status == status
            assert sentence in await response.text()
        message = await _closed(made.http, made.url + "/ws" + query)
        assert message.data == code
        assert sentence in str(message.extra)
        await until(lambda: made.readers.count == 0)


@pytest.mark.parametrize("name", ["nowhere", "NO-NAME", "%00", "a" * 200])
async def test_an_unknown_session_is_answered_with_a_sentence(name: str) -> None:
    async with house() as made:
        url = f"http://127.0.0.1:{made.port}/s/{name}"
        async with made.http.get(url + "/events") as response:
            assert (response.status, await response.text()) == (404, "There is no such session here.\n")
        assert (await _closed(made.http, url + "/ws")).data == CloseCode.UNKNOWN_SESSION


async def test_a_session_that_is_not_open_to_the_reader_is_refused() -> None:
    refusal = Refusal(code=RefusalCode.FORBIDDEN, message="This session is for staff.")
    async with house(may_read=lambda _: refusal) as made:
        async with made.http.get(made.url + "/events") as response:
            assert (response.status, await response.text()) == (403, "This session is for staff.\n")
        assert (await _closed(made.http, made.url + "/ws")).data == CloseCode.FORBIDDEN


class Unreadable(MemoryLog):
    """A log that can't be read, for one reason or another."""

    trouble: Exception | None = None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.trouble is not None:
            raise self.trouble
        return await super().read(session, after, limit, lanes)


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (StorageUnavailable("away"), 503, CloseCode.TRY_LATER),
        (RecordBroken("Offset 4 can't be read."), 500, CloseCode.INTERNAL_ERROR),
    ],
)
async def test_a_log_that_cannot_be_read_is_said_so(trouble: Exception, status: int, code: CloseCode) -> None:
    log = Unreadable()
    meeting = Meeting(log)
    await meeting.open()
    async with house(meeting=meeting) as made:
        log.trouble = trouble
        async with made.http.get(made.url + "/events") as response:
            assert response.status == status
            assert ("Retry-After" in response.headers) == (status == 503)
            assert str(trouble) not in await response.text()
        assert (await _closed(made.http, made.url + "/ws")).data == code


WRONG_ORIGINS = [
    "https://good.example.evil.com",
    "https://evil.com/https://good.example",
    "null",
    "http://good.example",
    "https://good.example:8443",
    "https://good.example:443",
    "https://GOOD.example",
    "https://good.example/",
    "https://sub.good.example",
    " https://good.example.",
    "",
]


@DOORS
@pytest.mark.parametrize("origin", WRONG_ORIGINS)
async def test_pages_of_other_origins_are_refused(door: str, origin: str) -> None:
    async with house() as made:
        headers = {**HANDSHAKE, "Origin": origin}
        async with made.http.get(f"{made.url}/{door}", headers=headers) as response:
            assert response.status == 403
            assert "origin" in await response.text()


@pytest.mark.parametrize("headers", [{}, {"Origin": ORIGIN}])
async def test_our_own_pages_and_scripts_may_read(headers: dict[str, str]) -> None:
    async with house() as made:
        async with made.http.get(made.url + "/events", headers=headers) as response:
            assert response.status == 200
            response.close()
        async with made.http.ws_connect(made.url + "/ws", headers=headers) as socket:
            assert decode((await socket.receive()).data).snapshot is not None


@DOORS
async def test_over_its_cap_the_server_asks_readers_to_come_back(door: str) -> None:
    async with house(most=1) as made:
        client = WsClient(made)
        async with client.connected() as frames:
            await anext(frames)
            async with made.http.get(f"{made.url}/{door}", headers=HANDSHAKE) as response:
                assert response.status == 503
                assert 3 <= int(response.headers["Retry-After"]) <= 15
                assert "as many readers" in await response.text()
        await until(lambda: made.readers.count == 0)


async def test_no_compression_is_negotiated() -> None:
    offers = {
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Accept-Encoding": "gzip, deflate, br",
    }
    async with house() as made, talk(made.port, request_of("ws", HANDSHAKE | offers)) as (reader, _):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 101")
        assert b"extensions" not in head
        first = await reader.readexactly(4)
        assert first[:2] == b"\x81\x7e"  # FIN, no RSV bit, text, unmasked, 16 bits of length
        body = await reader.readexactly(int.from_bytes(first[2:], "big"))
        assert decode(body).snapshot is not None


async def test_a_plain_request_at_the_websocket_is_told_what_to_do() -> None:
    async with house() as made, made.http.get(made.url + "/ws") as response:
        assert response.status == 426
        assert "/events" in await response.text()


@DOORS
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE"])
async def test_the_doors_only_take_get(door: str, method: str) -> None:
    async with house() as made, made.http.request(method, f"{made.url}/{door}", data=b"x" * 10) as response:
        assert response.status == 405


async def test_an_oversized_message_closes_the_connection() -> None:
    async with house() as made, made.http.ws_connect(made.url + "/ws") as socket:
        await socket.receive()
        await socket.send_str("x" * MAX_MESSAGE_BYTES)
        made.fanout.publish(await made.meeting.line())
        assert decode((await socket.receive()).data).events
        await socket.send_str("x" * (MAX_MESSAGE_BYTES + 1))
        assert (await socket.receive()).data == CloseCode.TOO_BIG


async def test_a_reader_that_talks_too_much_or_in_binary_is_sent_away() -> None:
    async with house() as made:
        async with made.http.ws_connect(made.url + "/ws") as socket:
            await socket.receive()
            for _ in range(11):
                await socket.send_str("hello")
            assert (await socket.receive()).data == CloseCode.TOO_MANY
        async with made.http.ws_connect(made.url + "/ws") as socket:
            await socket.receive()
            await socket.send_bytes(b"hello")
            assert (await socket.receive()).data == CloseCode.UNSUPPORTED
        await until(lambda: made.readers.count == 0)
        assert made.fanout.figures.readers == 0


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\xc1\x80\0\0\0\0", CloseCode.PROTOCOL_ERROR),  # RSV1 without an extension
        (b"\x83\x80\0\0\0\0", CloseCode.PROTOCOL_ERROR),  # an opcode that is reserved
        (b"\x81\x81\0\0\0\0\xff", CloseCode.NOT_UTF8),
        (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", CloseCode.TOO_BIG),
    ],
)
async def test_what_is_no_websocket_frame_closes_the_connection(frame: bytes, code: CloseCode) -> None:
    async with house() as made, talk(made.port, request_of("ws", HANDSHAKE)) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        size = await reader.readexactly(4)
        await reader.readexactly(int.from_bytes(size[2:], "big"))
        writer.write(frame)
        answer = await reader.readexactly(4)
        assert answer[0] == 0x88
        assert int.from_bytes(answer[2:], "big") == code


async def test_half_open_requests_do_not_hold_up_the_others_and_are_dropped() -> None:
    async with house(idle_s=0.3) as made, AsyncExitStack() as stack:
        beginnings = [b"", b"G", b"GET /s/plenary/events HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "]
        waiting = [await stack.enter_async_context(talk(made.port, beginnings[n % 4])) for n in range(100)]
        client = SseClient(made)
        async with client.connected() as frames:
            await anext(frames)
            assert [await reader.read() for reader, _ in waiting] == [b""] * 100
            made.fanout.publish(await made.meeting.line())
            await anext(frames)
        assert client.seen == [4, 5, 6]


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /s/plenary/events?" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /s/plenary/events HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 10_000 + b"\r\n\r\n",
        b"GET /s/plenary/events HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 100 + b"\r\n",
    ],
)
async def test_oversized_requests_are_refused_and_leave_no_trace_of_what_they_held(
    request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    keep_addresses_out_of_logs()
    async with house() as made, talk(made.port, request_line) as (reader, _):
        assert (await reader.readline()).endswith(b" 400 Bad Request\r\n")
    assert "127.0.0.1" not in caplog.text
    assert "aaaa" not in caplog.text


async def test_a_quiet_stream_gets_heartbeats_and_who_has_left_is_let_go() -> None:
    async with house(clock=ManualClock()) as made:
        async with made.http.get(made.url + "/events") as response:
            await response.content.readuntil(b"\n\n")
            await response.content.readuntil(b"\n\n")
            await made.advance(HEARTBEAT_S * 1_000)
            assert await response.content.readuntil(b"\n\n") == b":\n\n"
            assert made.readers.count == 1
            response.close()
        for _ in range(1_000):
            await made.advance(1_000)
            if made.readers.count == 0:
                break
        assert made.readers.count == 0
        assert made.fanout.figures.readers == 0


async def test_a_stalled_stream_gets_no_heartbeats() -> None:
    request = b"GET /s/plenary/events HTTP/1.0\r\n\r\n"
    async with house(clock=ManualClock()) as made, unread(made.port, request) as stream:
        await until(lambda: made.fanout.figures.readers == 1)
        for n in range(24):
            made.fanout.publish(await made.meeting.store(words("s", n, "x" * 8_192)))
            await asyncio.sleep(0)
        await until(lambda: made.fanout.figures.slow == 1)
        await made.advance(2 * HEARTBEAT_S * 1_000)
        data = b""
        while b'"offset":27' not in data:
            data += await asyncio.get_running_loop().sock_recv(stream, 65_536)
            await made.advance(50)
        assert b"\n:\n" not in data


async def test_when_the_server_goes_readers_are_told_to_come_back() -> None:
    async with house() as made:
        async with made.http.ws_connect(made.url + "/ws") as socket_, made.http.get(made.url + "/events") as response:
            await socket_.receive()
            await response.content.readuntil(b"\n\n")
            await response.content.readuntil(b"\n\n")
            closing = asyncio.ensure_future(made.websocket.close())
            message = await socket_.receive()
            assert (message.data, message.extra) == (1001, "The server is restarting; nothing will be missed.")
            await closing
            await made.events.close()
            rest = await response.content.read()
            assert rest.startswith(b"retry: ")
            assert response.content.at_eof()
        await until(lambda: made.readers.count == 0)
        async with made.http.get(made.url + "/events") as response:
            assert await response.content.read() == b""
        assert (await _closed(made.http, made.url + "/ws")).data == CloseCode.GOING_AWAY


async def test_stalled_readers_do_not_hold_up_the_end() -> None:
    async with (
        house() as made,
        unread(made.port, request_of("events", {})),
        unread(made.port, request_of("ws", HANDSHAKE)),
    ):
        await until(lambda: made.fanout.figures.readers == 2)
        for n in range(200):
            made.fanout.publish(await made.meeting.store(words("s", n, "x" * 8_192)))
            await asyncio.sleep(0)
            if made.fanout.figures.slow == 2:
                break
        assert made.fanout.figures.slow == 2
        await made.websocket.close()
        await made.events.close()
        await until(lambda: made.readers.count == 0)


async def test_an_address_over_its_rate_is_slowed_and_then_refused() -> None:
    clock = ManualClock()
    gate = AddressGate(clock, SeededRandomness(), Allowance(per_second=1, burst=2), patience_ms=1_000)
    async with house(clock=clock, gate=gate) as made:
        url = made.url + "/nothing"
        statuses = [(await made.http.get(url)).status for _ in range(2)]
        asleep = clock.sleepers
        slowed = asyncio.ensure_future(made.http.get(url))
        await until(lambda: clock.sleepers == asleep + 1)
        refused = await made.http.get(url)
        assert (statuses, refused.status, refused.headers["Retry-After"]) == ([404, 404], 429, "2")
        assert not slowed.done()
        await clock.advance(1_000)
        assert (await slowed).status == 404


async def _closed(http: aiohttp.ClientSession, url: str) -> aiohttp.WSMessage:
    async with http.ws_connect(url, autoclose=False) as socket_:
        message = await socket_.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE
        return message
