"""HTTPS by the settings: pages, streams and WebSockets, and a sentence for each fault of a certificate."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.http.tls import YEAR_S, hsts_seconds, tls_context
from moothall.app.hall import hall
from moothall.core.commands import AddChannel, CreateSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.wire import audio
from support.links.certificate import make_certificate

MADE = (
    CreateSession(title="Plenary", languages=("en",)),
    AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),
)


async def test_everything_goes_over_https(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    server = Server(port=0, data=str(tmp_path / "data"), tls_certificate=str(certificate), tls_key=str(key))
    trust = ssl.create_default_context(cafile=str(certificate))
    async with (
        hall(
            Settings(
                server=server,
                engine=EngineSection(count=0),
                translation=Translation(translators=()),
            )
        ) as running,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http,
    ):
        assert running.address.startswith("https://127.0.0.1:")
        live = await running.backend.sessions.open(SessionId("plenary"))
        await live.writer.send(SYSTEM, CommandId("make"), MADE)
        address = f"{running.address}/s/plenary"
        async with http.get(address) as response:
            assert response.status == 200
        async with http.get(f"{address}/events") as response:
            assert b"snapshot" in await response.content.readuntil(b"\n\nid:") + await response.content.readany()
            response.close()
        async with http.ws_connect(f"{address}/ws", origin=running.address) as socket:
            assert "snapshot" in (await socket.receive_json())

        _, token = await running.backend.links.create(Role.TECHNICIAN, HALL, "Technician")
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as response:
            assert "Secure" in response.headers["Set-Cookie"]
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        headers = {"Cookie": cookie}
        async with http.ws_connect(f"{address}/audio", origin=running.address, headers=headers) as socket:
            hello = audio.TakeHello(protocol=audio.PROTOCOL, channel="floor", take="takeone1", first=0, age=0)
            await socket.send_str(audio.encode(hello))
            assert (await socket.receive_json())["kind"] == "go"


@pytest.mark.parametrize(
    ("public", "seconds"),
    [
        ("https://hall.example.org", YEAR_S),
        ("https://hall.example.org:8443", YEAR_S),
        ("http://hall.example.org", 0),
        ("https://192.168.1.5:8443", 0),
        ("https://[fd00::5]", 0),
        ("https://hall", 0),
        ("https://hall.local", 0),
        ("https://hall.home.arpa", 0),
        ("https://localhost:8080", 0),
    ],
)
def test_browsers_are_bound_to_https_where_they_can_be(public: str, seconds: int) -> None:
    assert hsts_seconds(-1, public=public, certificate="") == seconds
    assert hsts_seconds(0, public=public, certificate="") == 0
    assert hsts_seconds(300, public=public, certificate="") == 300


def test_a_certificate_that_signed_itself_binds_nobody(tmp_path: Path) -> None:
    certificate, _ = make_certificate(tmp_path)
    assert hsts_seconds(-1, public="https://hall.example.org", certificate=str(certificate)) == 0
    assert hsts_seconds(-1, public="https://hall.example.org", certificate=str(tmp_path / "none.pem")) == 0


@pytest.mark.parametrize("bound", [True, False])
async def test_only_answers_over_https_bind_a_browser(tmp_path: Path, bound: bool) -> None:
    server = Server(
        port=0,
        data=str(tmp_path / "data"),
        public_address="https://hall.example.org",
        trusted_proxies=("127.0.0.1",),
        hsts_seconds=-1 if bound else 0,
    )
    async with (
        hall(
            Settings(
                server=server,
                engine=EngineSection(count=0),
                translation=Translation(translators=()),
            )
        ) as running,
        aiohttp.ClientSession() as http,
    ):
        for headers, said in (
            ({"X-Forwarded-Proto": "https"}, f"max-age={YEAR_S}" if bound else None),
            ({"Forwarded": "for=192.0.2.1;proto=https"}, f"max-age={YEAR_S}" if bound else None),
            ({"X-Forwarded-Proto": "http"}, None),
            ({}, None),
        ):
            async with http.get(f"{running.address}/", headers=headers) as response:
                assert response.status == 200
                assert response.headers.get("Strict-Transport-Security") == said


def test_without_both_it_is_http() -> None:
    assert tls_context("", "") is None


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    certificate, key = map(str, make_certificate(tmp_path))
    _, other = map(str, make_certificate(tmp_path, "other"))
    _, locked = map(str, make_certificate(tmp_path, "locked", password=b"secret"))
    for given, sentence in {
        (certificate, ""): "names tls_certificate and no tls_key",
        ("", key): "names tls_key and no tls_certificate",
        (str(tmp_path / "none.pem"), key): "none.pem can't be read: No such file",
        (certificate, other): "they don't belong together",
        (certificate, locked): "the key has a password",
        (key, key): "one isn't PEM",
    }.items():
        with pytest.raises(ConfigurationError, match=sentence):
            tls_context(*given)
