"""Targets for every address of a running server and of a hub: hostile paths, queries, forms, JSON, cookies,
and bytes that are no HTTP.

Both are complete, on folders that are deleted with the process. Each connection comes from another address. Two checks
are taken out, which no fuzzer would get past: that a form was made for this browser, and that it is sent only once; the
code behind them is what is fuzzed. A hub is paired before fuzzing begins, and never again: it dials no address that an
input names.
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
from pathlib import Path
from typing import Any

from fuzz.target import Target
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Translation
from moothall_hub import app as hub_app
from moothall_hub.pairing.pairing import PairingFailure
from moothall_hub.running import coordinators_link
from moothall_hub.settings import HubSettings

KINDS = (b"application/x-www-form-urlencoded", b"application/json", b"text/plain", b"multipart/form-data; boundary=b")
NAMES = {"session": b"s", "room": b"hall", "number": b"1", "hub": b"kisumu", "form": b"json", "channel": b"floor"}
"""The values of the variables in paths, unless the input gives another one."""
WITHIN_S = 0.4
"""The longest wait for an answer, in seconds. No answer is no finding: a server may wait for the
rest, or hold a stream open.
"""
PATIENCE_S = 3
"""The longest time that a house may take to end, in seconds. After a finding libFuzzer's alarm comes soon,
and would lose the input.
"""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_COOKIE = re.compile(rb"Set-Cookie: ((?:moothall_staff|moothall_hub)=[^;]+)")


class _Tracebacks(logging.Handler):
    """Remembers each log record that has a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen.append(f"{record.getMessage()} {record.exc_info[1]!r}")


class House:
    """A server with a meeting, and the cookies of a stranger, a chair and a secretary."""

    from_anywhere = False
    """Whether each connection comes from another local address; if not, a header names the
    address, as a proxy's does.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.asked = 0
        self.log = _Tracebacks()
        self.cookies = [b""]
        self.routes: list[tuple[bytes, str]] = []
        self.port = 0

    def run(self, what: Coroutine[Any, Any, bytes]) -> bytes:
        """Run a coroutine to its end; returns its result."""
        return self.loop.run_until_complete(what)

    async def open(self) -> bytes:
        """Start the server, and enter as a chair and as a secretary."""
        running = await self.serve()
        self.meets(running.address, running.served.routes)
        for role in (Role.CHAIR, Role.SECRETARIAT):
            _, token = await running.backend.links.create(role, "hall", "")
            await self.enter(token)
        return b""

    async def serve(self) -> RunningServer:
        """Start a server with a meeting."""
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        server = Server(port=0, data=folder, trusted_proxies=("127.0.0.1",), max_readers=100, address_share=100)
        settings = Settings(
            server=server,
            engine=EngineSection(count=0),
            translation=Translation(translators=()),
            metrics=Metrics(host=""),
        )
        running = await self.stack.enter_async_context(hall(settings))
        await _meeting(running)
        return running

    def meets(self, address: str, routes: tuple[str, ...]) -> None:
        """Send the requests to this address from now on, and to these routes."""
        self.port = int(address.rpartition(":")[2])
        self.routes = [(each.partition(" ")[0].encode(), each.partition(" ")[2]) for each in routes]
        logging.getLogger().addHandler(self.log)
        logging.disable(logging.NOTSET)

    async def enter(self, token: str) -> None:
        """Follow a role link, and keep the cookie."""
        said = await self.send(b"GET /enter/%b HTTP/1.1\r\nHost: x\r\n\r\n" % token.encode())
        found = _COOKIE.search(said)
        self.cookies.append(b"" if found is None else found[1])

    async def send(self, request: bytes) -> bytes:
        """Send a request on a new connection; returns the answer's beginning, empty if none comes within WITHIN_S."""
        self.asked += 1
        last = self.asked % 62_500
        own = f"127.1.{last // 250}.{last % 250 + 1}" if self.from_anywhere else "127.0.0.1"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(own, 0))
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
        """Send a request. Raises AssertionError when the answer is 500, 502 or 504, or the log has a traceback."""
        self.log.seen.clear()
        answer = self.run(self.send(request))
        status = _STATUS.match(answer)
        if status is not None and status[1] in (b"500", b"502", b"504"):
            raise AssertionError(f"It is answered {status[1].decode()}.")
        if self.log.seen:
            raise AssertionError(f"The log says: {self.log.seen[:3]}")


class HubHouse(House):
    """A hub with a copy of a server's meeting, and the cookies of a stranger and of the coordinator."""

    from_anywhere = True

    async def open(self) -> bytes:
        """Start the server and the hub, pair them, and enter as the coordinator."""
        above = await self.serve()
        await above.backend.hubs.add("Kisumu", Details())
        words = await above.backend.pairing.words("kisumu")
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        settings = HubSettings(host="127.0.0.1", port=0, data=str(Path(folder)), readers=100)
        below = await self.stack.enter_async_context(hub_app.hub(settings))
        await below.parts.pair(above.address, " ".join(words or ()))
        hub_app.pair = _nowhere  # type: ignore[assignment,attr-defined]
        while not await below.parts.catalogue.listed():
            await SystemClock().sleep(20)
        self.meets(below.own, below.served.routes)
        await self.enter(await coordinators_link(below.parts.links, new=True) or "")
        return b""


async def _nowhere(*_: object) -> PairingFailure:
    return PairingFailure.NOBODY


async def _meeting(running: RunningServer) -> None:
    live = await running.backend.sessions.open(SessionId("s"))
    floor = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
    made = do.CreateSession(title="Plenary", languages=("en",), access=Access.PUBLIC)
    await live.writer.send(SYSTEM, CommandId("begin"), (made, floor, do.OpenSession()))


@cache
def house(kind: type[House] = House) -> House:
    """Return this process's server or hub; the first call starts it."""
    FormGuard.passes = lambda *_: True  # type: ignore[method-assign]
    FormGuard.first_time = lambda *_: True  # type: ignore[method-assign]
    made = kind()
    made.run(made.open())

    def end() -> None:
        with suppress(Exception):  # the process ends in any case
            made.loop.run_until_complete(asyncio.wait_for(made.stack.aclose(), PATIENCE_S))

    atexit.register(end)
    return made


def door(data: bytes, made: House | None = None) -> None:
    """Try a request: bytes for route, content type and cookie; then, separated by line feeds, a path
    variable, a query and the body.
    """
    made = made or house()
    if len(data) < 3:
        return
    method, route = made.routes[data[0] % len(made.routes)]
    place, _, rest = data[3:].partition(b"\n")
    query, _, body = rest.partition(b"\n")
    path = route.encode()
    for name in re.findall(r"{([a-z]+)[^}]*}", route):
        said = _quoted(place) if place and data[2] & 0x80 else NAMES.get(name, b"x")
        path = re.sub(rb"{%b[^}]*}" % name.encode(), lambda _, said=said: said, path)  # type: ignore[misc]
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
    """Try raw bytes as one connection, with an end added so that the server needn't wait."""
    house().ask(data + b"\r\n\r\n")


def hub_door(data: bytes) -> None:
    """Try a request as `door` does, at a hub."""
    door(data, house(HubHouse))


def hub_raw(data: bytes) -> None:
    """Try raw bytes as `raw` does, at a hub."""
    house(HubHouse).ask(data + b"\r\n\r\n")


def _quoted(part: bytes) -> bytes:
    return b"".join(b"%c" % each if 0x20 < each < 0x7F and each != 0x23 else b"%%%02X" % each for each in part)


def _form(**fields: str) -> bytes:
    return b"&".join(b"%b=%b" % (name.encode(), _quoted(value.encode())) for name, value in fields.items())


FORM = _form(**{FIELD: "x"}, id="f1", kind="question", text="Why?", language="en", title="T", starts="2026-12-01T09:00")
SOCKET = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x85\0\0\0\0hello"

FORMS = tuple(
    bytes([route, kind, who]) + b"1\nui=fr&channel=floor&after=e:1&as=1\n" + body
    for route in range(0, 140, 3)
    for kind, who, body in (
        (route % 4, route % 3, FORM),
        (1, 0x80 | route % 3, b'{"text":"x","words":"y","node":"0"}'),
    )
)
RAW = (
    b"GET / HTTP/1.1\r\nHost: x",
    b"GET http://[::1]@/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /s/s/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0",
    b"GET /s/s/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + SOCKET,
)

TARGETS = tuple(
    Target(name=name, call=call, seeds=seeds, instrumented=("moothall", "moothall_hub"), most=1_500)
    for name, call, seeds in (
        ("door", door, FORMS),
        ("http", raw, RAW),
        ("hub-door", hub_door, FORMS),
        ("hub-http", hub_raw, RAW),
    )
)
