from __future__ import annotations

import logging
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve

from moothall.core.kernel.errors import RecognitionFailed
from moothall_models.engine.dialling import EngineServer, JitteredBackoff, first_of
from support.links.certificate import make_certificate


def test_the_wait_doubles_from_a_fifth_of_a_second_to_five() -> None:
    backoff = JitteredBackoff(lambda: 1.0)
    assert [backoff.next_ms() for _ in range(7)] == [200, 400, 800, 1_600, 3_200, 5_000, 5_000]
    backoff.reset()
    assert backoff.next_ms() == 200


def test_jitter_takes_up_to_half_of_it_away() -> None:
    backoff = JitteredBackoff(iter([0.0, 0.5]).__next__)
    assert [backoff.next_ms(), backoff.next_ms()] == [100, 300]


def test_what_ended_a_link_is_found_in_its_groups() -> None:
    failed = RecognitionFailed("It said nothing.")
    assert first_of(failed) is failed
    assert first_of(ExceptionGroup("link", [ExceptionGroup("passes", [failed]), ValueError()])) is failed


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ws://10.0.0.5:8081/", True),
        ("ws://hall.example/translate", True),
        ("wss://hall.example/", False),
        ("ws://127.0.0.1:8090/", False),
        ("ws://[::1]:8090/", False),
        ("ws://localhost:8090/", False),
        ("no address", False),
    ],
)
def test_a_link_to_another_machine_without_tls_is_told(url: str, told: bool, caplog: pytest.LogCaptureFixture) -> None:
    EngineServer(url, "t0ken", "big")
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * told
    assert ("engine big: the link has no TLS" in caplog.text) is told
    assert "t0ken" not in caplog.text


async def test_a_server_whose_certificate_nobody_trusts_gets_no_token(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    async def answer(link: ServerConnection) -> None:
        asked.append(link.request.path if link.request is not None else "")

    async def talk(_: ClientConnection) -> None:
        asked.append("talked")

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*make_certificate(tmp_path))
    async with serve(answer, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        await EngineServer(f"wss://127.0.0.1:{port}/", "t0ken", "big").talk(talk)
    assert asked == []
    assert "no server answers (SSLCertVerificationError)" in caplog.text
