"""What the doors refuse, and with which sentence; a client that breaks the rules doesn't harm others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp
import pytest

from moothall.adapters.http.admission import Admission, AdmissionTicket, ComeBack
from moothall.adapters.http.limits import CROWD_S, AddressGate, keep_addresses_out_of_logs
from moothall.adapters.http.slots import share
from moothall.adapters.reading.websocket import MAX_MESSAGE_BYTES
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.log_memory import MemoryLog
from moothall.wire.close_codes import CloseCode
from moothall.wire.frames import decode
from moothall.wire.token_bucket import Allowance
from support.halls.readers import HANDSHAKE, ORIGIN, SseClient, WsClient, closed, house, joined, request_of, talk, until
from support.sessions.meeting import Meeting

DOORS = pytest.mark.parametrize("door", ["events", "ws", "poll", "text"])


class Unreadable(MemoryLog):
    """A log that can't be read, for one reason or another."""

    trouble: Exception | None = None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.trouble is not None:
            raise self.trouble
        return await super().read(session, after, limit, lanes)


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
        message = await closed(made.http, made.url + "/ws" + query)
        assert message.data == code
        assert sentence in str(message.extra)
        await until(lambda: made.readers.count == 0)


@pytest.mark.parametrize("name", ["nowhere", "NO-NAME", "%00", "a" * 200])
async def test_an_unknown_session_is_answered_with_a_sentence(name: str) -> None:
    async with house() as made:
        url = f"http://127.0.0.1:{made.port}/s/{name}"
        async with made.http.get(url + "/events") as response:
            assert (response.status, await response.text()) == (404, "There is no such session here.\n")
        assert (await closed(made.http, url + "/ws")).data == CloseCode.UNKNOWN_SESSION


async def test_a_session_that_is_not_open_to_the_reader_is_refused() -> None:
    refusal = Refusal(code=RefusalCode.FORBIDDEN, message="This session is for staff.")
    async with house(may_read=lambda _: refusal) as made:
        async with made.http.get(made.url + "/events") as response:
            assert (response.status, await response.text()) == (403, "This session is for staff.\n")
        assert (await closed(made.http, made.url + "/ws")).data == CloseCode.FORBIDDEN


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (StorageUnavailable("away"), 503, CloseCode.TRY_LATER),
        (RecordBroken("Offset 4 can't be read."), 500, CloseCode.INTERNAL_ERROR),
    ],
)
async def test_a_log_that_cannot_be_read_is_said_so(
    trouble: Exception, status: int, code: CloseCode, caplog: pytest.LogCaptureFixture
) -> None:
    log = Unreadable()
    meeting = Meeting(log)
    await meeting.open()
    async with house(meeting=meeting) as made:
        log.trouble = trouble
        async with made.http.get(made.url + "/events") as response:
            assert response.status == status
            assert ("Retry-After" in response.headers) == (status == 503)
            assert str(trouble) not in await response.text()
        assert (await closed(made.http, made.url + "/ws")).data == code
    # The message may quote what was said.
    assert str(trouble) not in caplog.text
    assert ("the log can't be read: RecordBroken" in caplog.text) == (status == 500)


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
            assert made.measures.readers_refused == {"full": 1}
            assert sum(made.measures.readers.values()) == 1
        await until(lambda: made.readers.count == 0)


@DOORS
async def test_a_hall_behind_one_address_reads_and_keeps_nobody_else_out(door: str) -> None:
    async with house(most=50, each=share(50, 60)) as made, AsyncExitStack() as hall:
        for _ in range(30):
            await hall.enter_async_context(WsClient(made).connected())
        async with made.http.get(f"{made.url}/{door}", headers=HANDSHAKE) as response:
            assert response.status == 503
            assert 3 <= int(response.headers["Retry-After"]) <= 15
            assert "Your address" in await response.text()
        assert made.measures.readers_refused == {"address": 1}
        async with made.http.get(f"{made.url}/events", headers={"X-From": "192.0.2.7"}) as other:
            assert other.status == 200
            other.close()


async def test_a_plain_request_at_the_websocket_is_told_what_to_do() -> None:
    async with house() as made, made.http.get(made.url + "/ws") as response:
        assert response.status == 426
        assert "/events" in await response.text()


@pytest.mark.parametrize(("header", "status"), [("Sec-WebSocket-Key", 426), ("User-Agent", 101)])
async def test_a_handshake_may_have_any_header_but_its_own_that_is_not_ascii(header: str, status: int) -> None:
    async with house() as made:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        request = request_of("ws", {name: value for name, value in HANDSHAKE.items() if name != header})
        writer.write(request.replace(b"\r\n\r\n", b"\r\n" + header.encode() + b": A\x83\xff\r\n\r\n"))
        assert int((await reader.readline()).split()[1]) == status
        writer.close()


@DOORS
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE"])
async def test_the_doors_only_take_get(door: str, method: str) -> None:
    async with house() as made, made.http.request(method, f"{made.url}/{door}", data=b"x" * 10) as response:
        assert response.status == 405


async def test_an_oversized_message_closes_the_connection() -> None:
    async with house() as made, made.http.ws_connect(made.url + "/ws") as socket:
        await joined(socket)
        await socket.send_str("x" * MAX_MESSAGE_BYTES)
        made.fanout.publish(await made.meeting.line())
        assert decode((await socket.receive()).data).events
        await socket.send_str("x" * (MAX_MESSAGE_BYTES + 1))
        assert (await socket.receive()).data == CloseCode.TOO_BIG


async def test_a_reader_that_talks_too_much_or_in_binary_is_sent_away() -> None:
    async with house() as made:
        async with made.http.ws_connect(made.url + "/ws") as socket:
            await joined(socket)
            for _ in range(11):
                await socket.send_str("hello")
            assert (await socket.receive()).data == CloseCode.TOO_MANY
        async with made.http.ws_connect(made.url + "/ws") as socket:
            await joined(socket)
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
        _, length = await reader.readexactly(2)
        assert b'"pulse"' in await reader.readexactly(length)
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


@pytest.mark.parametrize(
    "said",
    [
        b"GET /enter/aaaaaaaa HTTP/9.9x\r\n\r\n",
        b"GE(T /enter/aaaaaaaa HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie moothall_staff=aaaaaaaa\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: moothall_staff=aaaaaaaa\x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: aaaaaaaa\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\naaaaaaaaz\r\n",
    ],
)
async def test_what_is_no_request_leaves_no_trace_of_what_it_held(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    keep_addresses_out_of_logs()
    caplog.set_level(logging.DEBUG)
    async with house() as made, talk(made.port, said) as (reader, _):
        assert (await reader.readline()).split()[1] in (b"400", b"404", b"405")
    assert "127.0.0.1" not in caplog.text
    assert "aaaa" not in caplog.text
    assert "Traceback" not in caplog.text


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
        assert gate.refused == {"rate": 1}
        assert not slowed.done()
        await clock.advance(1_000)
        assert (await slowed).status == 404


async def test_a_page_that_is_not_served_yet_comes_back_by_itself() -> None:
    clock = ManualClock()
    gate = AddressGate(clock, SeededRandomness(), Allowance(per_second=1, burst=1), patience_ms=0)
    async with house(clock=clock, gate=gate) as made:
        url, wanted = made.url + "/nothing", {"Accept": "text/html", "Accept-Language": "es"}
        await made.http.get(url)
        page = await made.http.get(url, headers=wanted)
        assert (page.status, page.headers["Cache-Control"]) == (503, "no-store")
        seconds = int(page.headers["Refresh"])
        assert page.headers["Retry-After"] == str(seconds)
        assert 1 <= seconds <= 1 + CROWD_S
        assert f"Se abrirá sola en {seconds}" in await page.text()
        script = await made.http.get(url)
        form = await made.http.post(url, headers=wanted)
        assert (script.status, form.status) == (429, 429)


@DOORS
async def test_readers_who_begin_wait_to_be_let_in(door: str) -> None:
    admission = Admission(SeededRandomness())
    ahead = [admission.ask("", "stream", asyncio.get_running_loop().time()) for _ in range(100)]
    async with house(admission=admission) as made:
        waits = asyncio.ensure_future(made.http.get(f"{made.url}/{door}", headers=HANDSHAKE))
        left = asyncio.ensure_future(made.http.get(f"{made.url}/{door}", headers={**HANDSHAKE, "X-Leaves": "1"}))
        await until(lambda: admission.waiting == 100 - 20 + 2)
        for one in ahead:
            assert isinstance(one, AdmissionTicket)
            one.done()
        async with await waits as answer:
            assert answer.status in (101, 200)
        with pytest.raises(aiohttp.ClientError):
            await left
        await until(lambda: admission.waiting == 0)
        assert isinstance(admission.ask("", "stream", 0), AdmissionTicket)


class Full(Admission):
    """There is no room."""

    def ask(self, address: str, kind: str, now: float) -> AdmissionTicket | ComeBack:
        return ComeBack(7)


async def test_who_comes_when_there_is_no_room_is_told_when_to_come_back() -> None:
    async with house(admission=Full(SeededRandomness())) as made:
        for door in ("events", "text", "poll", "ws"):
            async with made.http.get(f"{made.url}/{door}") as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
                assert await answer.text() == "The server is busy. Try again in a few seconds.\n"
        async with made.http.get(made.url + "/text", headers={"Accept": "text/html"}) as page:
            assert (page.status, page.headers["Refresh"]) == (503, "7")
        assert (await made.http.get(made.url + "/nothing")).status == 404
        assert (await made.http.post(made.url + "/events")).status == 405
