"""A hall behind real nginx, Caddy and HAProxy with TLS, each set up as the page says.

test_strangers.py, test_cookies.py, and test_bodies.py and test_forwarded.py in unit/adapters/http test the server's own
part without these programs.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.halls.foreign_posts import SENTENCE
from support.halls.process import free_port
from support.links.proxies import HOST, HOSTS, PROGRAMS, browser, missing, proxy
from support.links.smuggling import HIDDEN, PROBES, Passed, answers

pytestmark = [pytest.mark.slow]

SESSION = SessionId("plenary")
TYPIST = Actor(Role.CAPTIONER, "typist")
AT_ONCE_S = 4.0
"""Sooner than the next pulse, which would push out what a proxy holds back."""


class Proxied:
    """A hall, a meeting in it, and the proxy before them."""

    def __init__(
        self, running: RunningServer, live: LiveSession, *, port: int, trust: ssl.SSLContext, passed: Passed
    ) -> None:
        self.running = running
        self.live = live
        self.own = f"https://{HOST}:{port}"
        """As browsers write it."""
        self.port = port
        self.trust = trust
        self.passed = passed
        self._said = 0

    async def say(self) -> str:
        """Have a line appear; returns its text."""
        self._said += 1
        text = f"Line {self._said} is here."
        line = SegmentId(f"l{self._said}")
        command = do.TypeSegment(channel=ChannelId("floor"), segment=line, text=text, language="en")
        answer = await self.live.writer.send(TYPIST, CommandId(f"say{self._said}"), command)
        assert not isinstance(answer, Refusal), answer
        return text


@asynccontextmanager
async def proxied(
    program: str, folder: Path, *, more: str = "", readers: int = 10_000, share: int = 60
) -> AsyncIterator[Proxied]:
    """A hall behind a proxy. The proxy comes from 127.0.0.1."""
    if why := missing(program):
        pytest.skip(why)
    port, between = free_port(1), free_port(2)
    own = f"https://{HOST}:{port}"
    server = Server(
        port=0,
        data=str(folder / "data"),
        public_address=own,
        trusted_proxies=("127.0.0.1", "::1"),
        max_readers=readers,
        address_share=share,
    )
    settings = Settings(server=server, engine=EngineSection(count=0), translation=Translation(translators=()))
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(hall(settings))
        live = await running.backend.sessions.open(SESSION)
        floor = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
        begun = (do.CreateSession(title="Plenary", languages=("en",)), floor, do.OpenSession())
        await live.writer.send(SYSTEM, CommandId("begin"), begun)
        passed = Passed(int(running.address.rpartition(":")[2]))
        await passed.start(between)
        stack.push_async_callback(passed.close)
        trust = await stack.enter_async_context(proxy(program, folder / program, port, between, more=more))
        yield Proxied(running, live, port=port, trust=trust, passed=passed)


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def until(content: aiohttp.StreamReader, text: str) -> str:
    """Read up to a line with `text`."""
    while True:
        line = (await content.readline()).decode()
        assert line, "the stream ended"
        if text in line:
            return line


async def test_streams_and_sockets_pass_at_once(tmp_path: Path, program: str) -> None:
    async with proxied(program, tmp_path) as made, browser(made.trust) as http:
        async with http.get(f"{made.own}/s/plenary/events") as events:
            assert events.status == 200
            assert events.headers["Strict-Transport-Security"] == "max-age=31536000"
            await until(events.content, "snapshot")
            for _ in range(3):
                text = await made.say()
                async with asyncio.timeout(AT_ONCE_S):
                    await until(events.content, text)
            await until(events.content, "pulse")  # later than the time-outs of bodies
            text = await made.say()
            async with asyncio.timeout(AT_ONCE_S):
                await until(events.content, text)
        async with http.ws_connect(f"{made.own}/s/plenary/ws", origin=made.own) as socket:
            assert "snapshot" in (await socket.receive_str())
            text = await made.say()
            async with asyncio.timeout(AT_ONCE_S):
                while text not in await socket.receive_str():
                    pass
        async with http.get(f"{made.own}/s/plenary/text") as plain:
            text = await made.say()
            async with asyncio.timeout(AT_ONCE_S):
                await until(plain.content, text)


@pytest.mark.parametrize("address", HOSTS)
async def test_visitors_come_by_ipv4_and_ipv6_under_their_own_addresses(
    tmp_path: Path, program: str, address: str
) -> None:
    async with proxied(program, tmp_path) as made, browser(made.trust, address) as http:
        spoofed = {"X-Forwarded-For": "192.0.2.1"}
        async with http.get(f"{made.own}/s/plenary", headers=spoofed) as page:
            assert page.status == 200
        (head,) = made.passed.heads()
        assert [line for line in _named(head) if line.startswith(b"X-Forwarded-For:")] == [
            b"X-Forwarded-For: " + address.encode()
        ]


async def test_no_log_of_a_proxy_says_who_came_or_by_which_link(tmp_path: Path, program: str) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    if why := missing(program):
        pytest.skip(why)
    port, to, folder = free_port(1), free_port(2), tmp_path / program
    server = await asyncio.start_server(answer, "127.0.0.1", to)
    asked = f"https://{HOST}:{port}/enter/secretofthelink"
    async with proxy(program, folder, port, to) as trust, browser(trust, "127.0.0.9") as http:
        async with server, http.get(asked) as found:
            assert found.status == 200
        async with http.get(asked) as found:  # nobody is there: what a proxy notes as an error
            assert found.status >= 500
    written = "".join(path.read_text(errors="replace") for path in folder.glob("*log"))
    assert "secretofthelink" not in written
    assert "127.0.0.9" not in written


async def test_a_desk_shakes_hands_over_a_websocket(tmp_path: Path, program: str) -> None:
    async with proxied(program, tmp_path) as made, browser(made.trust) as http:
        _, token = await made.running.backend.links.create(Role.CHAIR, "hall", "")
        async with http.get(f"{made.own}/enter/{token}"):
            pass
        address = f"{made.own}/socket.io/?EIO=4&transport=websocket"
        async with http.ws_connect(address, origin=made.own) as socket:
            assert (await socket.receive_str()).startswith("0{")
            await socket.send_str("40/desk,")
            assert (await socket.receive_str()).startswith("40/desk,{")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(address, origin="https://elsewhere.example")


async def test_every_cookie_says_secure(tmp_path: Path, program: str) -> None:
    async with proxied(program, tmp_path) as made, browser(made.trust) as http:
        _, token = await made.running.backend.links.create(Role.CHAIR, "hall", "")
        asked = {"id": "f1", "kind": "question", "text": "Why?", "language": "en"}
        given: list[str] = []
        async with http.get(f"{made.own}/enter/{token}", allow_redirects=False) as entered:
            given += entered.headers.getall("Set-Cookie")
        async with http.post(
            f"{made.own}/s/plenary/ask", data=asked, headers={"Origin": made.own}, allow_redirects=False
        ) as answer:
            assert answer.status == 303
            assert answer.headers["Location"].startswith("/s/plenary/asked/")
            given += answer.headers.getall("Set-Cookie", [])
        async with http.get(f"{made.own}/s/plenary/questions") as listed:
            given += listed.headers.getall("Set-Cookie", [])
        assert {each.partition("=")[0] for each in given} == {"moothall_staff", "asker"}
        assert all({"Secure", "HttpOnly", "SameSite=Lax"} <= set(each.split("; ")) for each in given), given


async def test_two_forms_of_staff_refuse_other_pages_and_keep_what_was_typed(tmp_path: Path, program: str) -> None:
    async with proxied(program, tmp_path) as made, browser(made.trust) as http:
        _, token = await made.running.backend.links.create(Role.SECRETARIAT, "hall", "")
        async with http.get(f"{made.own}/enter/{token}") as entered:
            assert entered.status == 200
        async with http.get(f"{made.own}/s/plenary/microphone") as page:
            found = re.search(r'name="form" value="([^"]+)"', await page.text())
        assert found is not None
        form = html.unescape(found[1])
        for origin in ("https://elsewhere.example", "null", f"https://{HOST}", f"http://{HOST}:{made.port}", None):
            headers = {"Accept-Language": "en"} if origin is None else {"Accept-Language": "en", "Origin": origin}
            typed = {"form": form, "language": "fr", "text": "Typed by hand"}
            async with http.post(f"{made.own}/s/plenary/microphone", data=typed, headers=headers) as answer:
                said = html.unescape(await answer.text())
                assert answer.status == 403, origin
                assert f"<h1>{SENTENCE}</h1>" in said
                assert '<p class="typed" dir="auto">Typed by hand</p>' in said
                assert '<a href="/s/plenary/microphone">Back to the page</a>' in said
            upload = aiohttp.FormData()
            upload.add_field("form", form)
            upload.add_field("file", b"title,room,start\nX,Y,2026-12-01 09:00\n", filename="p.csv")
            async with http.post(f"{made.own}/admin/programme", data=upload, headers=headers) as answer:
                said = html.unescape(await answer.text())
                assert answer.status == 403, origin
                assert f"<h1>{SENTENCE}</h1>" in said
                assert '<a href="/admin">Back to the page</a>' in said
        assert list(made.live.state.channels) == ["floor"]
        right = {"form": form, "language": "fr"}
        async with http.post(
            f"{made.own}/s/plenary/microphone", data=right, headers={"Origin": made.own}, allow_redirects=False
        ) as answer:
            assert answer.status == 303
        assert "fr" in made.live.state.channels


async def test_no_request_hides_in_another(tmp_path: Path, program: str) -> None:
    """nginx and Caddy find two requests in some. Then both are passed on as such, and their sender is answered."""
    async with proxied(program, tmp_path) as made, browser(made.trust, "127.0.0.7") as other:
        seen = 0
        for what, request in PROBES.items():
            heard, victims = await asyncio.gather(
                answers(made.port, request, made.trust),
                asyncio.gather(*(_own_answer(other, made.own) for _ in range(4))),
            )
            assert all(victims), what
            found = [head for head in made.passed.heads() if head[0].split(b" ")[1] == b"/smuggled"]
            assert all(b"X-Forwarded-Proto: https" in _named(head) for head in found), what
            assert len(heard) <= 1 + len(found) - seen, (what, heard)
            seen = len(found)
            assert all([await _own_answer(other, made.own) for _ in range(4)]), what
        paths = [head[0].split(b" ")[1] for head in made.passed.heads()]
        assert b"/.well-known/moothall.json" in paths


def _named(head: list[bytes]) -> list[bytes]:
    return [line.partition(b":")[0].title() + b":" + line.partition(b":")[2] for line in head]


async def _own_answer(http: aiohttp.ClientSession, own: str) -> bool:
    async with http.get(f"{own}/.well-known/moothall.json") as answer:
        return answer.status == 200 and "keys" in json.loads(await answer.text())


@pytest.mark.parametrize("what", PROBES)
async def test_no_request_hides_in_another_without_a_proxy(tmp_path: Path, what: str) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        heard = await answers(int(running.address.rpartition(":")[2]), PROBES[what], None)
    assert len(heard) == 1, heard


async def test_bodies_that_trickle_are_cut(tmp_path: Path) -> None:
    """nginx hands them on as they come when it is told to, and keeps them whole otherwise; the others hand them on.

    Caddy waits for the body even where it has the server's answer, so it is its own time-out that ends it.
    """
    setups: list[tuple[str, str]] = [("nginx", "proxy_request_buffering off;"), ("caddy", ""), ("haproxy", "")]
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(proxied(program, _folder(tmp_path / program), more=more))
            for program, more in setups
        ]
        found = await asyncio.gather(*(_trickle(each) for each in made))
    assert found == [b"HTTP/1.1 408 Request Timeout", b"HTTP/1.1 504 Gateway Timeout", b"HTTP/1.1 408 Request Timeout"]


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


async def _trickle(made: Proxied) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port, ssl=made.trust, server_hostname=HOST)
    lines = (
        "POST /s/plenary/ask HTTP/1.1",
        f"Host: {HOST}:{made.port}",
        f"Origin: {made.own}",
        "Content-Length: 40000",
    )
    writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())

    async def drip() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(1)  # A body that trickles in real time is what the proxy is tried with.

    dripping = asyncio.get_running_loop().create_task(drip())
    try:
        async with asyncio.timeout(60):
            return (await reader.readline()).rstrip()
    finally:
        dripping.cancel()
        writer.transport.abort()


SPOOFED: dict[str, Callable[[int], dict[str, str]]] = {
    "X-Forwarded-For": lambda n: {"X-Forwarded-For": f"192.0.2.{n}"},
    "a list": lambda n: {"X-Forwarded-For": f"192.0.2.{n}, 127.0.0.1, ::1"},
    "Forwarded": lambda n: {"Forwarded": f"for=192.0.2.{n};proto=https"},
    "both": lambda n: {"X-Forwarded-For": f"192.0.2.{n}", "Forwarded": f'for="192.0.2.{n}"'},
    "X-Real-IP": lambda n: {"X-Real-IP": f"192.0.2.{n}", "CF-Connecting-IP": f"192.0.2.{n}"},
}


async def test_nobody_chooses_the_address_that_counts(tmp_path: Path, program: str) -> None:
    """Of ten readers' places an address has one."""
    async with proxied(program, tmp_path, readers=10, share=10) as made:
        for turn, (what, spoofed) in enumerate(SPOOFED.items()):
            async with AsyncExitStack() as stack:
                one = await stack.enter_async_context(browser(made.trust, f"127.0.1.{turn + 1}"))
                other = await stack.enter_async_context(browser(made.trust, f"127.0.2.{turn + 1}"))
                statuses = []
                for http, n in ((one, 1), (one, 2), (other, 1)):
                    answer = await stack.enter_async_context(
                        http.get(f"{made.own}/s/plenary/events", headers=spoofed(10 * turn + n))
                    )
                    statuses.append(answer.status)
            assert statuses == [200, 503, 200], what


def test_the_probes_hide_what_they_are_to_hide() -> None:
    assert sum(HIDDEN in request for request in PROBES.values()) > 15
