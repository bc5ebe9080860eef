"""The client of transcription services: where it sends requests, how often, and its errors."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from moothall.adapters.system.accepting import stop_accepting
from moothall.core.kernel.errors import ConfigurationError, KeyRefused, RecognitionFailed
from moothall_models.ports import Hypothesis
from moothall_models.recognizers.endpoint import (
    MOST_BYTES,
    PASS_SECONDS,
    Endpoint,
    EndpointAddress,
    Faulty,
    Unusable,
    read_address,
)
from support.links.certificate import make_certificate
from support.models.transcription_service import KEY, Service, refusal, serving

FORM = (b"hello", "multipart/form-data; boundary=x")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Clock:
    """Seconds that pass when somebody waits, and a little with each look."""

    def __init__(self, a_look: float = 0.0) -> None:
        self.now = 100.0
        self.pauses: list[float] = []
        self._a_look = a_look

    def seconds(self) -> float:
        self.now += self._a_look
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Raw:
    """A server that says exactly these bytes, one piece a request."""

    def __init__(self, *answers: bytes | None, a_connection: int = 100) -> None:
        """`None`: say nothing. After `a_connection` answers it hangs up."""
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.ends: list[tuple[asyncio.StreamWriter, asyncio.Task[None]]] = []
        self._a_connection = a_connection

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.ends.append((writer, task))
        try:
            for _ in range(self._a_connection):
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                assert length is not None
                self.requests.append(head + await reader.readexactly(int(length[1])))
                answer = self.answers.pop(0)
                if answer is None:
                    await reader.read()
                    break
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def listening(raw: Raw) -> AsyncIterator[EndpointAddress]:
    server = await asyncio.start_server(raw, "127.0.0.1", 0)
    async with server:
        yield address(server.sockets[0].getsockname()[1])
        await stop_accepting(server.sockets)
        for writer, _ in raw.ends:
            writer.transport.abort()
        await asyncio.gather(*(task for _, task in raw.ends))


def address(port: int) -> EndpointAddress:
    return EndpointAddress(model="m", secure=False, host="127.0.0.1", port=port, path="/v1")


def nothing_heard(_: object) -> Hypothesis:
    return Hypothesis(language="en", words=())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made() -> Iterator[list[Endpoint]]:
    endpoints: list[Endpoint] = []
    yield endpoints
    for endpoint in endpoints:
        endpoint.close()


async def ask(
    made: list[Endpoint], at: EndpointAddress, clock: Clock, *, key: str = KEY, form: tuple[bytes, str] = FORM
) -> bytes:
    """Ask the endpoint of this test, as a thread of the engine does."""
    if not made:
        made.append(Endpoint(at, lambda: key, seconds=clock.seconds, pause=clock.pause))
    return await asyncio.to_thread(made[0].ask, *form)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("openai:whisper-1@https://api.example.org/v1", ("whisper-1", True, "api.example.org", 443, "/v1")),
        ("openai:a/b-c@https://10.0.0.5:9000/", ("a/b-c", True, "10.0.0.5", 9000, "")),
        ("openai:m@http://localhost:8000/v1/", ("m", False, "localhost", 8000, "/v1")),
        ("openai:m@http://[::1]/v1", ("m", False, "::1", 80, "/v1")),
    ],
)
def test_an_address_is_read(name: str, read: tuple[str, bool, str, int, str]) -> None:
    found = read_address(name)
    assert (found.model, found.secure, found.host, found.port, found.path) == read


@pytest.mark.parametrize(
    "name",
    [
        "openai:whisper-1",
        "openai:@https://api.example.org/v1",
        "openai:m@api.example.org/v1",
        "openai:m@ftp://api.example.org/v1",
        "openai:m@https://api.example.org:port/v1",
        "openai:m@https://[::1/v1",
        "openai:m@https:///v1",
        "openai:m@https://api.example.org/v1?key=1",
        "openai:m@https://api.example.org/v1#here",
        "openai:m n@https://api.example.org/v1",
        "openai:m@https://api.example.org/v1\r\nX-Other: 1",
        "openai:m@https://\u00e4.example.org/v1",
    ],
)
def test_what_is_no_address(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"names no service: it looks like openai:whisper-1@https://"):
        read_address(name)


def test_a_password_has_no_place_in_an_address_and_is_not_repeated() -> None:
    for name in ("openai:m@https://who:pass@api.example.org/v1", "openai:@https://who:pass@api.example.org/v1"):
        with pytest.raises(ConfigurationError) as caught:
            read_address(name)
        assert "pass@" not in str(caught.value)
        assert "who" not in str(caught.value)


@pytest.mark.parametrize("host", ["api.example.org", "10.0.0.5", "[2001:db8::1]"])
def test_sound_goes_in_clear_to_this_machine_only(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"would get the sound in clear\. Use https://"):
        read_address(f"openai:m@http://{host}/v1")


@pytest.mark.parametrize("key", ["two\nlines", "a b", "schl\u00fcssel"])
def test_what_can_be_no_key(key: str) -> None:
    with pytest.raises(ConfigurationError, match="key has spaces or signs that no key has") as caught:
        Endpoint(address(1), lambda: key, seconds=Clock().seconds, pause=Clock().pause)
    assert key not in str(caught.value)


async def test_the_form_goes_to_the_path_with_the_key_over_a_kept_connection(
    made: list[Endpoint], clock: Clock
) -> None:
    raw = Raw(OK, OK)
    async with listening(raw) as at:
        assert await ask(made, at, clock) == b"{}"
        assert await ask(made, at, clock) == b"{}"
    head, _, body = raw.requests[1].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/audio/transcriptions HTTP/1.1"
    assert f"Authorization: Bearer {KEY}".encode() in lines
    assert b"Content-Type: multipart/form-data; boundary=x" in lines
    assert body == b"hello"
    assert len(raw.ends) == 1
    assert clock.pauses == []


async def test_without_a_key_none_is_sent(made: list[Endpoint], clock: Clock) -> None:
    raw = Raw(OK)
    async with listening(raw) as at:
        await ask(made, at, clock, key="")
    assert b"Authorization" not in raw.requests[0]


async def test_a_kept_connection_that_was_closed_is_made_again_at_once(made: list[Endpoint], clock: Clock) -> None:
    async with listening(Raw(OK, OK, a_connection=1)) as at:
        assert await ask(made, at, clock) == b"{}"
        assert await ask(made, at, clock) == b"{}"
    assert clock.pauses == []


async def test_a_connection_in_use_is_closed_with_the_others_once_it_has_its_answer(
    made: list[Endpoint], clock: Clock
) -> None:
    class Closing(list[bytes]):
        def append(self, request: bytes) -> None:
            super().append(request)
            made[0].close()

    raw = Raw(OK, OK)
    raw.requests = Closing()
    async with listening(raw) as at:
        assert await ask(made, at, clock) == b"{}"
        assert await ask(made, at, clock) == b"{}"
        assert len(raw.ends) == 2
    assert clock.pauses == []


async def test_a_busy_service_is_asked_again_after_a_while(made: list[Endpoint], clock: Clock) -> None:
    busy = [refusal(503, "busy"), refusal(429, "rate_limit", {"Retry-After": "2"}), refusal(500, "server_error")]
    service = Service(hear=nothing_heard, first=[*busy, web.json_response({"text": "here"})])
    async with serving(service) as name:
        assert b"here" in await ask(made, read_address(name), clock, form=empty_form())
    assert clock.pauses == [0.5, 2.0, 1.5]


async def test_it_gives_up_after_four_tries(made: list[Endpoint], clock: Clock) -> None:
    service = Service(hear=nothing_heard, first=[refusal(502, "bad") for _ in range(5)])
    async with serving(service) as name:
        with pytest.raises(
            RecognitionFailed, match=r"127\.0\.0\.1 gave no transcription: it answered with status 502\."
        ):
            await ask(made, read_address(name), clock, form=empty_form())
    assert len(service.first) == 1


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((500, 502, 504, 500), Faulty),
        ((503, 503, 503, 503), RecognitionFailed),
        ((500, 429, 500, 500), RecognitionFailed),
    ],
)
async def test_a_service_that_fails_itself_is_told_from_one_that_is_busy(
    made: list[Endpoint], clock: Clock, statuses: tuple[int, ...], kind: type[RecognitionFailed]
) -> None:
    service = Service(hear=nothing_heard, first=[refusal(status, "server_error") for status in statuses])
    async with serving(service) as name:
        with pytest.raises(RecognitionFailed) as caught:
            await ask(made, read_address(name), clock, form=empty_form())
    assert type(caught.value) is kind


async def test_where_once_is_enough_it_is_asked_once(made: list[Endpoint], clock: Clock) -> None:
    service = Service(hear=nothing_heard, first=[refusal(503, "busy"), refusal(500, "server_error")])
    async with serving(service) as name:
        endpoint = Endpoint(read_address(name), lambda: KEY, seconds=clock.seconds, pause=clock.pause)
        made.append(endpoint)
        with pytest.raises(RecognitionFailed, match="status 500") as caught:
            await asyncio.to_thread(endpoint.ask, *empty_form(), once=True)
    assert not isinstance(caught.value, Faulty)  # Busy before, it may be busy still.
    assert (clock.pauses, service.first) == ([0.5], [])


async def test_another_key_is_asked_with_once_it_was_read(made: list[Endpoint], clock: Clock) -> None:
    keys = iter(["sk-old", KEY, "no key"])
    service = Service(hear=nothing_heard, first=[web.json_response({})])
    async with serving(service) as name:
        made.append(Endpoint(read_address(name), keys.__next__, seconds=clock.seconds, pause=clock.pause))
        with pytest.raises(KeyRefused):
            await ask(made, read_address(name), clock, form=empty_form())
        made[0].read_key()
        assert await ask(made, read_address(name), clock, form=empty_form()) == b"{}"
        with pytest.raises(ConfigurationError, match="spaces or signs that no key has"):
            made[0].read_key()


async def test_it_does_not_wait_for_longer_than_a_pass_may_take(made: list[Endpoint], clock: Clock) -> None:
    service = Service(hear=nothing_heard, first=[refusal(429, "quota", {"Retry-After": "3600"})])
    async with serving(service) as name:
        with pytest.raises(RecognitionFailed, match="status 429"):
            await ask(made, read_address(name), clock, form=empty_form())
    assert clock.pauses == []


@pytest.mark.parametrize("when", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "0"])
async def test_other_times_to_wait_count_as_the_least(made: list[Endpoint], clock: Clock, when: str) -> None:
    first = [refusal(503, "busy", {"Retry-After": when}), web.json_response({})]
    async with serving(Service(hear=nothing_heard, first=first)) as name:
        await ask(made, read_address(name), clock, form=empty_form())
    assert clock.pauses == [0.5]


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, KeyRefused, "refused the key (status 401, some_code). Give the engine the right one."),
        (403, KeyRefused, "refused the key (status 403, some_code)."),
        (404, ConfigurationError, "knows no model whisper-1, or nothing at /v1/audio/transcriptions (status 404"),
        (307, ConfigurationError, "sends elsewhere (status 307, some_code). Write the address that it leads to."),
        (400, Unusable, "refused to transcribe (status 400, some_code). It must know verbose_json"),
        (204, Unusable, "refused to transcribe (status 204)"),
    ],
)
async def test_a_refusal_is_a_sentence_without_the_services_own(
    made: list[Endpoint], clock: Clock, status: int, kind: type[Exception], said: str
) -> None:
    elsewhere = {"Location": "http://127.0.0.1:1/other"} if status == 307 else None
    first = web.Response(status=204) if status == 204 else refusal(status, "some_code", elsewhere)
    async with serving(Service(hear=nothing_heard, first=[first])) as name:
        with pytest.raises(kind) as caught:
            await ask(made, read_address(name), clock, form=empty_form())
    assert said in str(caught.value)
    assert "what was said" not in str(caught.value)
    assert "sk-" not in str(caught.value)
    assert clock.pauses == []


@pytest.mark.parametrize("body", [b"<html>", b'{"error": "text"}', b'{"error": {"code": "What was said: \\n"}}'])
async def test_what_is_no_code_is_not_passed_on(made: list[Endpoint], clock: Clock, body: bytes) -> None:
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with listening(Raw(answer)) as at:
        with pytest.raises(Unusable, match=r"\(status 400\)"):
            await ask(made, at, clock)


async def test_nobody_there(made: list[Endpoint], clock: Clock) -> None:
    with pytest.raises(RecognitionFailed, match=r"it can't be reached \(ConnectionRefusedError\)"):
        await ask(made, address(1), clock)
    assert clock.pauses == [0.5, 1.5]


async def test_a_service_that_says_nothing(made: list[Endpoint]) -> None:
    clock = Clock(a_look=PASS_SECONDS - 0.05)
    async with listening(Raw(None)) as at:
        with pytest.raises(RecognitionFailed, match="it said nothing for too long"):
            await ask(made, at, clock)


async def test_an_answer_that_takes_too_long(made: list[Endpoint]) -> None:
    clock = Clock(a_look=PASS_SECONDS * 0.7)
    async with listening(Raw(OK)) as at:
        with pytest.raises(RecognitionFailed, match="its answer took too long"):
            await ask(made, at, clock)


async def test_an_answer_that_is_too_long(made: list[Endpoint], clock: Clock) -> None:
    much = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * MOST_BYTES) + b" " * (2 * MOST_BYTES)
    async with listening(Raw(much)) as at:
        with pytest.raises(Unusable, match=f"with more than {MOST_BYTES} bytes"):
            await ask(made, at, clock)


async def test_an_answer_that_is_cut_off_is_asked_for_again(made: list[Endpoint], clock: Clock) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"
    async with listening(Raw(cut, OK, a_connection=1)) as at:
        assert await ask(made, at, clock) == b"{}"


async def test_what_is_no_http(made: list[Endpoint], clock: Clock) -> None:
    async with listening(Raw(*[b"SSH-2.0-x\r\n"] * 4, a_connection=1)) as at:
        with pytest.raises(RecognitionFailed, match=r"can't be reached \(BadStatusLine\)"):
            await ask(made, at, clock)


async def test_a_certificate_that_nobody_trusts_gets_no_sound(
    made: list[Endpoint], clock: Clock, tmp_path: Path
) -> None:
    context = tls(*make_certificate(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        at = msgspec.structs.replace(address(listener.getsockname()[1]), secure=True)
        async with asyncio.TaskGroup() as group:
            shaking = group.create_task(asyncio.to_thread(handshake, listener, context))
            with pytest.raises(ConfigurationError, match=r"isn't trusted \(self-signed certificate\): no sound was"):
                await ask(made, at, clock)
        assert shaking.result() is False


async def test_a_certificate_is_trusted_where_the_machine_trusts_it(
    made: list[Endpoint], clock: Clock, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))
    service = Service(hear=nothing_heard, first=[web.json_response({"text": "here"})])
    async with serving(service, tls(certificate, key)) as name:
        made.append(Endpoint(read_address(name), lambda: KEY, seconds=clock.seconds, pause=clock.pause, trust=trust))
        assert b"here" in await ask(made, read_address(name), clock, form=empty_form())
        made[0].close()


def tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def handshake(listener: socket.socket, context: ssl.SSLContext) -> bool:
    """Take one connection; whether it went as far as that something could be said."""
    connection, _ = listener.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()
        return False
    return True


def empty_form() -> tuple[bytes, str]:
    """A form of one field, which the service can read."""
    body = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--x--\r\n'
    return body, "multipart/form-data; boundary=x"
