"""The doors lose and repeat nothing, and describe themselves. Refusals: test_doors_refusing.py."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import aiohttp
import pytest

from moothall.adapters.reading.reader_routes import PAIR_MS
from moothall.adapters.reading.websocket import CLOSE_MS, PING_MS, PONG_MS
from moothall.adapters.system.clock import SystemClock
from moothall.services.reading.feed import RING_BYTES
from moothall.testing.clock import ManualClock
from moothall.wire.close_codes import CloseCode
from moothall.wire.event_stream import EventStream, StreamEvent
from moothall.wire.frames import PULSE_MS, decode
from support.halls.readers import (
    HANDSHAKE,
    PollClient,
    SseClient,
    WsClient,
    closed,
    house,
    joined,
    request_of,
    talk,
    unread,
    until,
)
from support.sessions.meeting import FLOOR, LIVE, opened, partial, words

TOO_MANY = RING_BYTES // 50
"""More events than are kept: each is longer than 50 bytes, with what surrounds it."""
CLIENTS = pytest.mark.parametrize("client_type", [SseClient, WsClient, PollClient])


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
        assert made.measures.cut["slow"] == 1


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
        made.fanout.publish(await made.meeting.store(*[opened(f"a{n}") for n in range(TOO_MANY + 1)]))
        await client.read_to(TOO_MANY + 4)
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
            events += [event for event in stream.feed(await reader.read(65_536)) if not event.name]
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


async def test_a_quiet_stream_has_a_pulse_and_who_has_left_is_let_go() -> None:
    async with house(clock=ManualClock()) as made:
        async with made.http.get(made.url + "/events") as response:
            await response.content.readuntil(b"\n\n")
            await response.content.readuntil(b"\n\n")
            for _ in range(2):  # one at once, one after the first interval
                assert (await response.content.readuntil(b"\n\n")).startswith(b"event: pulse\ndata: {")
                await made.advance(PULSE_MS)
            assert made.readers.count == 1
            response.close()
        for _ in range(1_000):
            await made.advance(1_000)
            if made.readers.count == 0:
                break
        assert made.readers.count == 0
        assert made.fanout.figures.readers == 0


async def test_a_reader_who_has_left_before_the_answer_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async with house(each=1) as made:
        for door in ("/events", "/ws"):
            with pytest.raises(aiohttp.ClientConnectionError):
                await made.http.get(made.url + door, headers={**HANDSHAKE, "X-Leaves": "yes"})
        await until(lambda: made.readers.count == 0)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_one_who_tries_a_new_connection_beside_the_old_one_is_one_reader() -> None:
    async with house(most=1) as made, made.http.get(made.url + "/events?reader=r1") as old:
        async with made.http.get(made.url + "/events?reader=r1") as new:
            assert (old.status, new.status, made.readers.count) == (200, 200, 1)
            assert made.fanout.readers == {FLOOR: 1}
        async with made.http.get(made.url + "/events?reader=r2") as other:
            assert other.status == 503


async def test_two_connections_have_one_place_for_a_while_and_then_the_older_one_ends() -> None:
    async with house(most=1, clock=ManualClock()) as made, made.http.get(made.url + "/events?reader=r1") as old:
        async with made.http.get(made.url + "/events?reader=r1") as new:
            await made.advance(PAIR_MS - 1_000)
            assert old.content.exception() is None
            await made.advance(1_000)
            with pytest.raises(aiohttp.ClientPayloadError):
                await old.content.read()
            await made.advance(1_000)
            assert (made.fanout.figures.readers, made.readers.count) == (1, 1)
            made.fanout.publish(await made.meeting.line())
            while b"segment.ended" not in await new.content.readuntil(b"\n\n"):
                pass
        await until(lambda: made.readers.count == 0)


def frame(opcode: int, payload: bytes) -> bytes:
    """Of a client, masked with zeros (RFC 6455 §5.2)."""
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload


async def test_a_silent_socket_is_asked_and_cut_when_it_does_not_answer() -> None:
    async with house(clock=ManualClock()) as made:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(request_of("ws", HANDSHAKE))
        await reader.readuntil(b"\r\n\r\n")
        await until(lambda: made.fanout.figures.readers == 1)
        for _ in range(2):
            await made.advance(PING_MS - 1_000)
            await made.advance(1_000)
            await reader.readuntil(b"\x89\x00")
            writer.write(frame(0xA, b"") + frame(0x9, b"there?"))
            await reader.readuntil(b"\x8a\x06there?")  # By now the answer was read, too.
        await made.advance(PING_MS)
        await reader.readuntil(b"\x89\x00")
        await made.advance(PONG_MS - 1_000)
        assert made.readers.count == 1
        await made.advance(1_000)
        with suppress(ConnectionError):
            await reader.read()
        await until(lambda: made.readers.count == 0)
        writer.close()


async def test_a_close_that_is_not_answered_is_waited_for_two_seconds() -> None:
    async with house(clock=ManualClock()) as made:
        socket_ = await made.http.ws_connect(made.url + "/ws", autoclose=False)
        await joined(socket_)
        await socket_.send_bytes(b"x")
        message = await socket_.receive()
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket_.receive()
        assert message.data == CloseCode.UNSUPPORTED
        made.fanout.publish(await made.meeting.line())
        await made.advance(CLOSE_MS - 1_000)
        assert made.readers.count == 1
        await made.advance(1_000)
        await until(lambda: made.readers.count == 0)
        await socket_.close()


async def test_a_stalled_stream_gets_no_pulses() -> None:
    request = b"GET /s/plenary/events HTTP/1.0\r\n\r\n"
    async with house(clock=ManualClock()) as made, unread(made.port, request) as stream:
        await until(lambda: made.fanout.figures.readers == 1)
        for n in range(24):
            made.fanout.publish(await made.meeting.store(words("s", n, "x" * 8_192)))
            await asyncio.sleep(0)  # Each is handed out by itself.
        await until(lambda: made.fanout.figures.slow == 1)
        await made.advance(4 * PULSE_MS)
        data = b""
        while b'"offset":27' not in data:
            data += await asyncio.get_running_loop().sock_recv(stream, 65_536)
            await made.advance(50)
        assert b"event: pulse" not in data.partition(b"event: pulse")[2], "but for the one at its beginning"


async def test_when_the_server_goes_readers_are_told_to_come_back() -> None:
    async with house() as made:
        async with made.http.ws_connect(made.url + "/ws") as socket_, made.http.get(made.url + "/events") as response:
            await joined(socket_)
            for _ in range(3):
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
        assert (await closed(made.http, made.url + "/ws")).data == CloseCode.GOING_AWAY


async def test_stalled_readers_do_not_hold_up_the_end() -> None:
    async with (
        house() as made,
        unread(made.port, request_of("events", {})),
        unread(made.port, request_of("ws", HANDSHAKE)),
    ):
        await until(lambda: made.fanout.figures.readers == 2)
        for n in range(200):
            made.fanout.publish(await made.meeting.store(words("s", n, "x" * 8_192)))
            await asyncio.sleep(0)  # Each is handed out by itself.
            if made.fanout.figures.slow == 2:
                break
        assert made.fanout.figures.slow == 2
        await made.websocket.close()
        await made.events.close()
        await until(lambda: made.readers.count == 0)
