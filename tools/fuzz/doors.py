"""Every address of a running server: hostile paths, queries, forms, JSON, cookies, and bytes that are no HTTP.

The server is a whole one, on a folder that goes with the process. Whoever asks comes from another address each time.
Two checks are taken out, which no fuzzer would get past: that a form was made for this browser, and that it is sent
once. What stands behind them is what is tried.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import re
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from functools import cache
from typing import Any

from fuzz.target import Target
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.settings.sections import Engine, Server, Settings, Translation

KINDS = (b"application/x-www-form-urlencoded", b"application/json", b"text/plain", b"multipart/form-data; boundary=b")
NAMES = {"session": b"s", "room": b"hall", "number": b"1", "hub": b"kisumu", "form": b"json", "channel": b"floor"}
"""What stands in the places of addresses, unless the input says otherwise."""
WITHIN_S = 0.4
"""How long an answer may take. None is no finding: a server may wait for the rest, or hold a stream open."""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class _Tracebacks(logging.Handler):
    """Remembers what a log would have had a traceback for."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen.append(f"{record.getMessage()} {record.exc_info[1]!r}")


class House:
    """A server with a meeting, and the cookies of a stranger, a chair and a secretary."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.asked = 0
        self.log = _Tracebacks()
        self.cookies = [b""]
        self.routes: list[tuple[bytes, str]] = []
        self.port = 0

    def run(self, what: Coroutine[Any, Any, bytes]) -> bytes:
        """What comes of it."""
        return self.loop.run_until_complete(what)

    async def open(self) -> bytes:
        """Start it."""
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        server = Server(port=0, data=folder, trusted_proxies=("127.0.0.1",), max_readers=100, address_share=100)
        settings = Settings(server=server, engine=Engine(count=0), translation=Translation(translators=()))
        running = await self.stack.enter_async_context(hall(settings))
        await _meeting(running)
        self.port = int(running.address.rpartition(":")[2])
        self.routes = [(each.partition(" ")[0].encode(), each.partition(" ")[2]) for each in running.served.routes]
        for role in (Role.CHAIR, Role.SECRETARIAT):
            _, token = await running.backend.links.create(role, "hall", "")
            said = await self.send(b"GET /enter/%b HTTP/1.1\r\nHost: x\r\n\r\n" % token.encode())
            found = re.search(rb"Set-Cookie: (moothall_staff=[^;]+)", said)
            self.cookies.append(b"" if found is None else found[1])
        logging.getLogger().addHandler(self.log)
        logging.disable(logging.NOTSET)
        return b""

    async def send(self, request: bytes) -> bytes:
        """The beginning of the answer to one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(WITHIN_S):
                    return await reader.read(4_096)
            return b""
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)

    def ask(self, request: bytes) -> None:
        """Raises AssertionError when it is answered 5xx, or the log has a traceback for it."""
        self.log.seen.clear()
        answer = self.run(self.send(request))
        status = _STATUS.match(answer)
        if status is not None and status[1] in (b"500", b"502", b"504"):
            raise AssertionError(f"It is answered {status[1].decode()}.")
        if self.log.seen:
            raise AssertionError(f"The log says: {self.log.seen[:3]}")


async def _meeting(running: RunningServer) -> None:
    live = await running.backend.sessions.open(SessionId("s"))
    floor = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
    begun = (do.CreateSession(title="Plenary", languages=("en",)), floor, do.OpenSession())
    await live.writer.send(SYSTEM, CommandId("begin"), begun)


@cache
def house() -> House:
    """The server of this process."""
    FormGuard.passes = lambda *_: True  # type: ignore[method-assign]
    FormGuard.first_time = lambda *_: True  # type: ignore[method-assign]
    made = House()
    made.run(made.open())

    def end() -> None:
        with suppress(Exception):  # the process ends in any case
            made.loop.run_until_complete(made.stack.aclose())

    atexit.register(end)
    return made


def door(data: bytes) -> None:
    """A request: route, content type, cookie; then after line feeds a place of the path, a query and the body."""
    made = house()
    if len(data) < 3:
        return
    method, route = made.routes[data[0] % len(made.routes)]
    place, _, rest = data[3:].partition(b"\n")
    query, _, body = rest.partition(b"\n")
    path = route.encode()
    for name in re.findall(r"{([a-z]+)[^}]*}", route):
        said = _quoted(place) if place and data[2] & 0x80 else NAMES.get(name, b"x")
        path = re.sub(rb"{%b[^}]*}" % name.encode(), lambda _, said=said: said, path)  # type: ignore[misc]
    made.asked += 1
    lines = [
        method + b" " + path + (b"?" + _quoted(query) if query else b"") + b" HTTP/1.1",
        b"Host: 127.0.0.1:%d" % made.port,
        b"Origin: http://127.0.0.1:%d" % made.port,
        b"X-Forwarded-For: 2001:db8:%x:%x::1" % (made.asked >> 16 & 0xFFFF, made.asked & 0xFFFF),
        b"Cookie: " + made.cookies[data[2] % len(made.cookies)],
    ]
    if method == b"POST":
        lines += [b"Content-Type: " + KINDS[data[1] % len(KINDS)], b"Content-Length: %d" % len(body)]
    made.ask(b"\r\n".join([*lines, b"", body if method == b"POST" else b""]))


def raw(data: bytes) -> None:
    """Bytes as they come over a connection, with an end so that the server needn't wait."""
    house().ask(data + b"\r\n\r\n")


def _quoted(part: bytes) -> bytes:
    return b"".join(b"%c" % each if 0x20 < each < 0x7F and each != 0x23 else b"%%%02X" % each for each in part)


def _form(**fields: str) -> bytes:
    return b"&".join(b"%b=%b" % (name.encode(), _quoted(value.encode())) for name, value in fields.items())


FORM = _form(**{FIELD: "x"}, id="f1", kind="question", text="Why?", language="en", title="T", starts="2026-12-01T09:00")
SOCKET = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x85\0\0\0\0hello"

TARGETS = (
    Target(
        name="door",
        call=door,
        seeds=tuple(
            bytes([route, kind, who]) + b"1\nui=fr&channel=floor&after=e:1&as=1\n" + body
            for route in range(0, 140, 3)
            for kind, who, body in (
                (route % 4, route % 3, FORM),
                (1, 0x80 | route % 3, b'{"text":"x","words":"y","node":"0"}'),
            )
        ),
        instrumented=("moothall",),
        most=1_500,
    ),
    Target(
        name="http",
        call=raw,
        seeds=(
            b"GET / HTTP/1.1\r\nHost: x",
            b"POST /s/s/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0",
            b"GET /s/s/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + SOCKET,
        ),
        instrumented=("moothall",),
        most=1_500,
    ),
)
