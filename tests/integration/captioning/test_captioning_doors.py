"""Other people's captioning software at a real server: readers get what it sends."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.captioning.bridge import Bridge, target_of
from moothall.adapters.captioning.tcp_door import LONGEST_LINE, MOST_CONNECTIONS, MOST_EACH
from moothall.adapters.captioning.zoom_client import ZoomClient
from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.cli.caption_bridge import carry
from moothall.core import commands as do
from moothall.core.captioning.outgoing import OutgoingLine
from moothall.core.events.lines import AirSource
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.sessions.state import Status
from moothall.services.captioning.caption_streams import MOST_BYTES
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.link_terms import LinkTerms
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import actor_of, session_scope
from moothall.settings.sections import Captioning, EngineSection, Metrics, Server, Settings, Translation
from moothall.testing.translator_link import EchoEnd
from moothall.wire.close_codes import CloseCode
from support.captioning.plover import PloverWorker
from support.halls.process import free_port
from support.halls.readers import until
from support.links.certificate import make_certificate

PLENARY = SessionId("plenary")
FLOOR = ChannelId("floor")


class CaptioningDoors:
    def __init__(self, running: RunningServer, live: LiveSession, link: str, key: str) -> None:
        self.running, self.live, self.link, self.key = running, live, link, key

    def address(self, path: str, key: str | None = None) -> str:
        return f"{self.running.address}{path}?session={PLENARY}&key={self.key if key is None else key}"

    async def do(self, name: str, *commands: do.AnyCommand) -> None:
        await self.live.writer.send(SYSTEM, CommandId(name), commands)

    async def close(self) -> None:
        closing = self.running.backend.closing
        await closing.send(self.live.writer, SYSTEM, CommandId("close"), [do.CloseSession()])

    @property
    def lines(self) -> list[str]:
        found = sorted((line.t0, name, line.whole) for name, line in self.live.state.segments.items() if line.whole)
        return [text for _, _, text in found]


@asynccontextmanager
async def serving(
    folder: Path, *, port: int = 0, tcp_port: int = 0, tls: tuple[Path, Path] | None = None
) -> AsyncIterator[CaptioningDoors]:
    certificate, key = ("", "") if tls is None else map(str, tls)
    settings = Settings(
        server=Server(port=port, data=str(folder), tls_certificate=certificate, tls_key=key),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        captioning=Captioning(tcp_port=tcp_port),
        metrics=Metrics(host=""),
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.open(PLENARY)
        made: list[do.AnyCommand] = [
            do.CreateSession(title="Plenary", languages=("en",)),
            do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        ]
        links = running.backend.links
        if live.state.status is Status.ABSENT:
            await live.writer.send(SYSTEM, CommandId("create"), made)
            await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
            await links.create(Role.CAPTIONER, session_scope(PLENARY), "Stenographer")
        (staff,) = links.list()
        yield CaptioningDoors(running, live, staff.link, links.captions_key(staff.link) or "")


@asynccontextmanager
async def connected(
    port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[CaptioningDoors]:
    async with serving(tmp_path) as made:
        yield made


@pytest.mark.parametrize("rolling", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "We open the meeting of the forum here. All of you are welcome, also from far away. Three rows and more stand.",
        "Abrimos a sessão do fórum aqui. Sejam bem-vindos à reunião, também de São Paulo. Ação já, señoras y señores.",
    ],
)
async def test_what_plover2cat_s_own_worker_posts_for_zoom_stands_once(
    house: CaptioningDoors, text: str, *, rolling: bool
) -> None:
    first, second = text[: text.index(".") + 1], text[text.index(".") + 1 :]

    def writes() -> list[str]:
        worker = PloverWorker(house.address("/closedcaption"), rolling=rolling)
        worker.write(first)
        worker.end_paragraph()
        again = PloverWorker(house.address("/closedcaption"), rolling=rolling)  # Its user starts it anew.
        again.write(second)
        again.end_paragraph()
        return worker.complaints + again.complaints

    assert await asyncio.to_thread(writes) == []
    await house.close()
    assert " ".join(house.lines) == text


async def test_streamtext_s_published_post_is_taken_by_curl_with_its_delete(
    house: CaptioningDoors, tmp_path: Path
) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"This is a test\nWith 2 lins\x08es and a delete character\n")
    sent = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--request", "POST", f"{house.address('/captions')}&seq=1&lang=en"),
        *("--header", "Content-Type: text/plain; charset=utf-8", "--header", "Content-Language: en-US"),
        *("--header", "X-Timestamp: 2020-06-20T16:43:29.0960224Z", "--data-binary", f"@{body}"),
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await sent.communicate()
    assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer)
    assert house.lines == ["This is a test", "With 2 lines and a delete character"]


async def test_what_can_t_be_taken_gets_the_answers_of_zoom(house: CaptioningDoors) -> None:
    zoom, plain = house.address("/closedcaption"), {"Content-Type": "text/plain"}
    tried: Sequence[tuple[str, str, object, int]] = [
        ("POST", f"{zoom}&seq=1", b"One\n", 200),
        ("POST", f"{zoom}&seq=1", b"One\n", 200),
        ("POST", f"{zoom}&seq=1&lang=en-US", "Gr\xfc\xdfe\n".encode("cp1252"), 400),
        ("POST", zoom, b"no number", 400),
        ("POST", f"{zoom}&seq=x", b"no number", 400),
        ("POST", f"{house.address('/captions')}&seq=-1", b"no number", 400),
        ("POST", f"{zoom}&seq=2", b"x" * (MOST_BYTES + 1), 413),
        ("POST", f"{zoom}&seq=2", bytes(range(8)) * 9, 400),
        ("POST", f"{house.address('/closedcaption', 'wrong')}&seq=2", b"a", 403),
        ("POST", f"{house.address('/closedcaption', house.link + '.0')}&seq=2", b"a", 403),
        ("POST", f"{zoom.replace(PLENARY, 'other')}&seq=2", b"a", 403),
        ("POST", f"{zoom}&seq=2&channel=none", b"a", 404),
        ("PUT", zoom, b"a", 405),
        ("GET", zoom, None, 405),
        ("POST", f"{zoom}&seq=7", b"Two\n", 200),
        ("POST", f"{zoom}&seq=3", b"Three\n", 403),
        ("GET", house.address("/closedcaption/seq"), None, 200),
    ]
    async with aiohttp.ClientSession() as http:
        for method, address, body, status in tried:
            async with http.request(method, address, data=body, headers=plain) as answer:
                text = await answer.text()
                assert answer.status == status, (method, body, text)
                assert house.key not in text
        assert text == "7"
        links = house.running.backend.links
        for role, status in ((Role.TOOL, 200), (Role.CAPTIONER, 403)):
            _, token = await links.create(role, "hall", "Other")
            async with http.get(house.address("/closedcaption/seq", token)) as answer:
                assert answer.status == status, role
        koi = {"Content-Type": "text/plain; charset=koi8-r"}
        async with http.post(f"{zoom}&seq=8", data=b"a", headers=koi) as answer:
            assert (answer.status, (await answer.text())[:34]) == (415, "This charset is not read here. Sen")
        assert house.lines == ["One", "Two"]
        await house.do("break", do.PauseSession())
        async with http.post(f"{zoom}&seq=8", data=b"Secret\n", headers=plain) as answer:
            assert (answer.status, answer.headers["Caption-Notice"][:23]) == (200, "Nothing of this is kept")
        await house.do("on", do.ResumeSession())
        await house.close()
        async with http.post(f"{zoom}&seq=9", data=b"Late\n", headers=plain) as answer:
            assert (answer.status, await answer.text()) == (400, "The session is closed and takes no lines now.\n")
        await house.running.backend.links.replace(house.link)
        async with http.get(house.address("/closedcaption/seq")) as answer:
            assert answer.status == 403
    assert house.lines == ["One", "Two"]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_raw_text_over_tcp_with_backspaces_is_taken_by_a_plain_socket(tmp_path: Path, *, encrypted: bool) -> None:
    port = free_port(1)
    tls = make_certificate(tmp_path) if encrypted else None
    believes = None if tls is None else ssl.create_default_context(cafile=str(tls[0]))
    async with serving(tmp_path, tcp_port=port, tls=tls) as house:
        async with connected(port, believes) as (reader, writer):
            writer.write(b"\xff\xfb\x01" + f"{house.key} lang=en\r\n".encode())
            assert await reader.readline() == b"Ready.\r\n"
            for byte in b"One Gr\xfc\xdfe, Gr\xc3\xbc\xc3\x9fe.\r\nTwi\x08o\r\n":
                writer.write(bytes([byte]))
                await writer.drain()
            await until(lambda: house.lines == ["One Grüße, Grüße.", "Two"])
            writer.write(b"\x08\x08\x08\x08hree\r\n")
            await until(lambda: house.lines == ["One Grüße, Grüße.", "Three"])
            await house.close()
            writer.write(b"Late")
            assert await reader.readline() == b"The session is closed and takes no lines now.\r\n"
            await house.running.backend.links.revoke(house.link)
            writer.write(b"Later")
            assert (await reader.readline())[:29] == b"The key in the address is wro"
            assert await reader.read() == b""
        for first, answer in (
            (b"wrong\n", b"The key in the address is wro"),
            (b"x" * (LONGEST_LINE + 9), b"The first line is too long: i"),
            (f"{house.key} charset=utf-16\n".encode(), b"This charset is not read here"),
        ):
            async with connected(port, believes) as (reader, writer):
                writer.write(first)
                assert (await reader.readline())[:29] == answer


async def test_what_is_no_text_over_tcp_gets_a_sentence_and_none_of_it_is_shown(tmp_path: Path) -> None:
    port = free_port(1)
    async with serving(tmp_path, tcp_port=port) as house:
        async with connected(port) as (reader, writer):
            writer.write(f"{house.key} lang=en\r\n".encode())
            assert await reader.readline() == b"Ready.\r\n"
            writer.write(b"One.\r\n")
            await until(lambda: house.lines == ["One."])
            writer.write(bytes(range(256)) * 3 + b"\r\n")
            assert await reader.read() == b"This is no text: send plain text.\r\n"
        async with connected(port) as (reader, writer):
            writer.write(f"{house.key} lang=en\r\n".encode())
            assert await reader.readline() == b"Ready.\r\n"
            writer.write(b"Two.\r\n")
            await until(lambda: house.lines == ["One.", "Two."])


async def test_a_flood_over_tcp_is_read_as_fast_as_it_is_taken_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    port, lines = free_port(1), [f"Line number {number}." for number in range(600)]
    async with serving(tmp_path, tcp_port=port) as house, connected(port) as (reader, writer):
        writer.write(f"{house.key} lang=en\r\n".encode())
        assert await reader.readline() == b"Ready.\r\n"
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await until(lambda: len(house.lines) == len(lines))
        stand = sorted((int(name.rpartition("-")[2]), line.whole) for name, line in house.live.state.segments.items())
        assert [text for _, text in stand if text] == lines


async def test_a_flood_of_connections_over_tcp_is_told_so_and_disturbs_nobody_who_is_there(tmp_path: Path) -> None:
    port = free_port(1)
    async with (
        serving(tmp_path, tcp_port=port) as house,
        connected(port) as (reader, writer),
        AsyncExitStack() as stack,
    ):
        writer.write(f"{house.key} lang=en\r\n".encode())
        assert await reader.readline() == b"Ready.\r\n"

        async def more(address: str) -> asyncio.StreamReader:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            stack.callback(writer.close)
            return reader

        for _ in range(MOST_EACH - 1):
            await more("127.0.0.1")
        full = b"Too many connections are open. Try again later.\r\n"
        assert await (await more("127.0.0.1")).read() == full
        for number in range(MOST_CONNECTIONS - MOST_EACH):
            await more(f"127.0.0.{2 + number // MOST_EACH}")
        assert await (await more("127.0.0.9")).read() == full
        writer.write(b"One.\r\n")
        await until(lambda: house.lines == ["One."])


async def test_what_is_typed_at_the_local_port_comes_over_the_bridge_through_a_restart(tmp_path: Path) -> None:
    port, told, listening = free_port(1), list[str](), asyncio.Event()
    ports: list[int] = []

    def listens(port: int) -> None:
        ports.append(port)
        listening.set()

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        async with serving(tmp_path, port=port) as house:
            bridge = Bridge(target_of(house.address("/captions")), http, SystemClock(), told.append, pace_ms=1)
            carrying = group.create_task(bridge.run(port=0, listening=listens))
            await listening.wait()
            _, writer = await stack.enter_async_context(connected(ports[0]))
            writer.write(b"Onn\x08e\r\nTwp")
            await until(lambda: house.lines == ["One"] and bridge.unsent.size == 0)
        writer.write(b"\x08o\r\n")
        await until(lambda: bridge.unsent.waiting == "\x08o\r\n")
        async with serving(tmp_path, port=port) as house:
            await until(lambda: house.lines == ["One", "Two"])
            writer.write(b"Three\r\n")
            await until(lambda: house.lines == ["One", "Two", "Three"])
            async with http.get(house.address("/captions/link")) as answer:
                assert answer.status == 403
            bearer = {"Authorization": f"Bearer {house.key}"}
            async with http.get(house.address("/captions/link", ""), headers=bearer) as answer:
                assert answer.status == 426
        carrying.cancel()
    assert told[0] == "The captioning software is connected." or told[0].startswith("Connected")
    assert "Connected: text goes to “Plenary”." in told
    assert any(sentence.startswith("No connection to the server.") for sentence in told)


async def test_a_program_that_sends_no_text_to_the_bridge_is_left_and_none_of_it_goes_on(
    house: CaptioningDoors,
) -> None:
    told, ports = list[str](), asyncio.Queue[int]()
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        bridge = Bridge(target_of(house.address("/captions")), http, SystemClock(), told.append, pace_ms=1)
        carrying = group.create_task(bridge.run(port=0, listening=ports.put_nowait))
        async with connected(await ports.get()) as (reader, writer):
            writer.write(bytes(range(256)))
            assert await reader.read() == b""
        assert "What the captioning software sends is no text. Set it to send plain text by TCP." in told
        assert (bridge.unsent.size, house.lines) == (0, [])
        carrying.cancel()


async def test_the_bridge_takes_the_link_of_a_captioner_itself(house: CaptioningDoors) -> None:
    links, told, ports = house.running.backend.links, list[str](), asyncio.Queue[int]()
    _, token = await links.create(Role.CAPTIONER, session_scope(PLENARY), "Ann")
    _, hall = await links.create(Role.CAPTIONER, "hall", "Ben")
    _, bound = await links.create(Role.CAPTIONER, session_scope(PLENARY), "Eve", LinkTerms(one_browser=True))
    _, reader = await links.create(Role.SECRETARIAT, "hall", "Office")
    entrance = f"{house.running.address}/enter"
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        for wrong in (hall, bound, reader):
            bridge = Bridge(target_of(f"{entrance}/{wrong}"), http, SystemClock(), told.append)
            with pytest.raises(ConfigurationError, match="The server refuses the link"):
                await bridge.run(port=0)
        for link, text in ((f"{entrance}/{token}", "One"), (f"{entrance}/{hall}?session={PLENARY}", "Two")):
            assert token not in repr(target_of(link))
            bridge = Bridge(target_of(link), http, SystemClock(), told.append, pace_ms=1)
            carrying = group.create_task(bridge.run(port=0, listening=ports.put_nowait))
            async with connected(await ports.get()) as (_, writer):
                writer.write(f"{text}\r\n".encode())
                await until(lambda text=text, bridge=bridge: text in house.lines and bridge.unsent.size == 0)
            carrying.cancel()


async def test_what_waits_at_the_bridge_goes_on_behind_what_another_program_of_the_link_posts(
    house: CaptioningDoors,
) -> None:
    told, ports = list[str](), asyncio.Queue[int]()
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        bridge = Bridge(target_of(house.address("/captions")), http, SystemClock(), told.append, pace_ms=1)
        carrying = group.create_task(bridge.run(port=0, listening=ports.put_nowait))
        async with connected(await ports.get()) as (_, writer):
            writer.write(b"One\r\n")
            await until(lambda: house.lines == ["One"] and bridge.unsent.size == 0)
            for seq in (1_000, 2_000):
                async with http.post(f"{house.address('/captions')}&seq={seq}", data=f"By {seq}\n".encode()) as answer:
                    assert answer.status == 200
                writer.write(f"Before {seq}\r\n".encode())
                await until(lambda seq=seq: f"Before {seq}" in house.lines and bridge.unsent.size == 0)
                assert bridge.unsent.seq == seq + 1
            assert sorted(house.lines) == ["Before 1000", "Before 2000", "By 1000", "By 2000", "One"]
        carrying.cancel()


async def test_what_waits_at_the_bridge_when_its_link_is_replaced_is_written_down(
    house: CaptioningDoors, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, port = tmp_path / "stenographer", free_port(3)
    folder.mkdir()
    carrying = asyncio.ensure_future(carry(target_of(house.address("/captions")), port, folder))
    said = ""

    def says(sentence: str) -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return sentence in said

    await until(lambda: says("Connected: text goes to “Plenary”."))
    await house.running.backend.links.replace(house.link)
    async with connected(port) as (_, writer):
        writer.write(b"Nobody has twp\x08o\r\n")
        with pytest.raises(ConfigurationError, match="The server refuses the link"):
            await carrying
    (written,) = folder.iterdir()
    assert says(f"16 characters were not sent. They are in {written}")
    assert written.read_bytes() == b"Nobody has two\r\n"
    assert written.stat().st_mode & 0o077 == 0
    assert house.lines == []


async def test_a_message_that_is_none_ends_a_bridges_link(house: CaptioningDoors) -> None:
    bearer = {"Authorization": f"Bearer {house.key}"}
    async with aiohttp.ClientSession() as http:
        for bad in ("Hello.", '{"type":"text","seq":1,"text":"x","more":' + "[" * 3_000):
            async with http.ws_connect(house.address("/captions/link", ""), headers=bearer) as link:
                await link.receive()
                await link.send_str(bad)
                await link.receive()
                assert link.close_code == CloseCode.BAD_REQUEST
    assert house.lines == []


async def test_a_bridge_whose_link_is_refused_ends_with_a_sentence(house: CaptioningDoors) -> None:
    async with aiohttp.ClientSession() as http:
        bridge = Bridge(target_of(house.address("/captions", "wrong")), http, SystemClock(), lambda _: None)
        with pytest.raises(ConfigurationError, match="The server refuses the link"):
            await bridge.run(port=0)
    for none in ("https://text.example.org/captions", "https://text.example.org/enter/", "ftp://a/enter/token"):
        with pytest.raises(ConfigurationError, match="The link is the captioner's"):
            target_of(none)
    assert house.key not in repr(target_of(house.address("/captions")))


async def test_captions_are_given_out_a_piece_at_a_time_and_as_subtitles_of_hls(house: CaptioningDoors) -> None:
    say = house.address("/captions")
    pull, hls = f"{house.running.address}/captions?event={PLENARY}", f"{house.running.address}/s/{PLENARY}/captions"
    async with aiohttp.ClientSession() as http:

        async def ask(last: object, more: str = "") -> dict[str, object]:
            async with http.get(f"{pull}&last={last}{more}") as answer:
                assert answer.status == 200, await answer.text()
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                found: dict[str, object] = await answer.json()
                return found

        assert await ask(-1) == {"content": "", "lastPosition": 0, "languageCode": "en"}
        async with http.post(say, data=b"Five score years ago, a great American\nWe see <him> here\nnot yet") as answer:
            assert answer.status == 200
        first = await ask(0)
        said = {"languageCode": "en", "source": "Written by a person"}
        amid = first["lastPosition"]
        assert isinstance(amid, int)
        assert first == {"content": "Five score years ago, a great ", "lastPosition": amid, **said}
        behind = amid - 30 + 10_000
        assert await ask(amid, "&language=en-US") == {"content": "American ", "lastPosition": behind, **said}
        second = await ask(behind)
        assert second["content"] == "We see <him> here "
        before = f"{house.running.address}/text-data.ashx?event={PLENARY}"
        async with http.get(f"{before}&last=0") as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            given = await answer.json()
        assert given == {
            "lastPosition": behind,
            "i": [{"format": "basic", "d": "Five%20score%20years%20ago%2C%20a%20great%20American%20"}],
        }
        async with http.get(f"{before}&last={given['lastPosition']}") as answer:
            assert (await answer.json())["i"][0]["d"] == "We%20see%20%3Chim%3E%20here%20"
        async with http.get(before.replace(PLENARY, "none")) as answer:
            assert answer.status == 404
        end = await ask(-1)
        assert end == {"content": "", "lastPosition": second["lastPosition"], "languageCode": "en"}
        assert (await ask(second["lastPosition"]))["content"] == ""
        for wrong, status in (("last=x", 400), ("length=0", 400), ("language=sw", 404), ("event=none", 404)):
            async with http.get(
                f"{pull}&{wrong}" if "event" not in wrong else f"{pull.partition('?')[0]}?{wrong}"
            ) as answer:
                assert answer.status == status, wrong
        async with http.get(f"{hls}.m3u8") as answer:
            assert (answer.status, answer.content_type) == (200, "application/vnd.apple.mpegurl")
            assert answer.headers["Cache-Control"] == "public, max-age=1"
            before = await answer.text()
            assert before.count("#EXTINF") == 3, "a player needs some to begin with"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        (*_, empty) = re.findall(r"^captions/.+$", before, re.MULTILINE)
        async with http.get(f"{house.running.address}/s/{PLENARY}/{empty}") as answer:
            assert (await answer.text()).splitlines() == ["WEBVTT", "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0"]
        async with http.get(f"{hls}/999999999.vtt") as answer:
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (404, "*")
        async with http.get(f"{hls}.m3u8?offset=x") as answer:
            assert answer.status == 400
        async with http.get(f"{hls}.m3u8?whole=1") as answer:
            assert answer.status == 404
        await house.close()
        async with http.get(f"{hls}.m3u8?offset=500") as answer:
            text = await answer.text()
        assert text.splitlines()[-1] == "#EXT-X-ENDLIST"
        async with http.get(f"{hls}.m3u8?offset=500&whole=1") as answer:
            named = re.findall(r"^captions/.+$", await answer.text(), re.MULTILINE)
        assert set(named) <= set(re.findall(r"^captions/.+$", text, re.MULTILINE))
        assert re.fullmatch(r"captions/\d+\.vtt\?channel=floor&offset=500", named[0])
        pieces = ""
        for name in named:
            async with http.get(f"{house.running.address}/s/{PLENARY}/{name}") as answer:
                piece = await answer.text()
            assert piece.startswith("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:45000\n")
            pieces += piece
        assert "We see &lt;him&gt; here" in pieces
        assert "\n\nNOTE\nWritten by a person\n\n" in pieces
        async with http.get(f"{house.running.address}/s/{PLENARY}/text?all=1&sources=1&ui=en") as answer:
            how, what, *_ = (await answer.text()).splitlines()
        assert (how[8:], what[8:]) == (" (Written by a person)", " Five score years ago, a great American")
    heard = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-i", f"{hls}.m3u8", "-f", "webvtt", "-"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    text_of, wrong_of = await heard.communicate()
    assert (b"American" in text_of, wrong_of) == (True, b"")


async def test_captions_go_to_a_door_that_keeps_to_zoom_s_description(house: CaptioningDoors) -> None:
    client = ZoomClient(private=True)
    line = OutgoingLine(SegmentId("a"), "Good morning", "en", 0)
    try:
        assert await client.last(house.address("/closedcaption")) == 0
        assert await client.post(house.address("/closedcaption"), 1, line)
        assert await client.last(house.address("/closedcaption")) == 1
        assert house.lines == ["Good morning"]
        assert not await client.post(house.address("/closedcaption", "wrong"), 2, line)
        assert await client.last(house.address("/closedcaption", "wrong")) is None
        strict = ZoomClient()
        assert (await strict.last(house.address("/closedcaption")), await strict.post("", 1, line)) == (None, False)
        await strict.close()
        nobody = f"http://127.0.0.1:{free_port(2)}/closedcaption?key=a"
        assert (await client.last(nobody), await client.post(nobody, 1, line)) == (None, False)
    finally:
        await client.close()


async def test_the_secretariat_says_where_captions_go_and_is_not_shown_the_secret(house: CaptioningDoors) -> None:
    links, zoom = house.running.backend.links, house.running.backend.zoom
    _, token = await links.create(Role.SECRETARIAT, "hall", "Office")
    page = f"{house.running.address}/admin/meetings/{PLENARY}/zoom"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:

        async def send(address: str) -> int:
            async with http.get(page) as answer:
                form = re.search(r'name="form" value="([^"]+)"', await answer.text())
            assert form is not None
            headers = {"Origin": house.running.address}
            given = {"form": form[1], "address": address}
            async with http.post(page, data=given, headers=headers, allow_redirects=False) as answer:
                return answer.status

        async with http.get(f"{house.running.address}/enter/{token}"):
            pass
        assert await send("https://10.0.0.1/closedcaption") == 400
        assert await send("https://wmcc.zoom.us/closedcaption?signature=secret") == 303
        async with http.get(page) as answer:
            text = await answer.text()
        assert "wmcc.zoom.us" in text
        assert re.search(r'href="/admin/meetings/plenary" aria-current="page"', text), "it is a page of the meeting"
        assert 'href="/figures/plenary"' in text
        assert "secret" not in text
        assert zoom.target(PLENARY) is not None
        assert await send("") == 303
        assert zoom.target(PLENARY) is None


async def test_a_line_of_an_outside_tool_is_translated_and_both_texts_say_how_it_came_about(
    house: CaptioningDoors,
) -> None:
    links, translation, echo = house.running.backend.links, house.running.translation, EchoEnd()
    _, token = await links.create(Role.TOOL, "hall", "StenoCo")
    tool = links.of_token(token)
    assert tool is not None
    on_air = do.PutOnAir(channel=FLOOR, source=AirSource.TOOL)
    assert isinstance(await house.live.writer.send(actor_of(tool), CommandId("air"), on_air), Receipt)
    serving_it = [asyncio.ensure_future(each) for each in (translation.translators.serve(echo.server), echo.run())]
    try:
        await until(lambda: translation.reach().connected)
        into = await translation.want(PLENARY, "pt")
        assert into == ChannelId("mt-pt")
        async with aiohttp.ClientSession() as http:
            async with http.post(house.address("/captions", token), data=b"We see him here.\n") as answer:
                assert answer.status == 200
            await until(lambda: "[pt] We see him here." in house.lines)
            for address, source in (
                ("?ui=en", "Sent by an outside tool: StenoCo"),
                ("?ui=pt", "Enviado por uma ferramenta externa: StenoCo"),
                (f"?channel={into}&ui=en", "Translated by a machine from English · Sent by an outside tool: StenoCo"),
                (
                    f"?channel={into}&ui=pt",
                    "Traduzido por uma máquina. Original: inglês · Enviado por uma ferramenta externa: StenoCo",
                ),
            ):
                async with http.get(f"{house.running.address}/s/{PLENARY}{address}") as answer:
                    assert f'<span class="source">{source}</span>' in await answer.text(), address
    finally:
        echo.cut()
        await asyncio.gather(*serving_it)
