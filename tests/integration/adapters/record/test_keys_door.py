"""The published document is enough to check a record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from moothall.adapters.http.security_headers import secure
from moothall.adapters.record.record_door import KeysDoor
from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.adapters.system.clock import SystemRandomness
from moothall.cli.verifying import read_keys
from moothall.core.chain import LogRecord
from moothall.core.commands import AddChannel, AnyCommand, CloseSession, CreateSession, OpenSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.record.verify import RecordVerdict, verify
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from support.links.site import Site

SESSION = SessionId("plenary")
FLOOR = ChannelId("floor")


async def session(signer: Ed25519Signer) -> list[LogRecord]:
    """The records of a session that was held and closed."""
    log = MemoryLog()
    writer = SessionWriter(SESSION, log=log, clock=ManualClock(), randomness=SystemRandomness(), signer=signer)
    await writer.load()
    running = asyncio.ensure_future(writer.run())
    commands: tuple[AnyCommand, ...] = (
        CreateSession(title="Plenary", languages=("en",)),
        AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        OpenSession(),
        CloseSession(),
    )
    for n, command in enumerate(commands):
        assert isinstance(await writer.send(SYSTEM, CommandId(f"c{n}"), command), Receipt)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return list(await log.read(SESSION, 0, 100))


@pytest.fixture
def signer(tmp_path: Path) -> Ed25519Signer:
    return Ed25519Signer.open(tmp_path / "signing.key")


@pytest.fixture
async def response(signer: Ed25519Signer) -> AsyncIterator[aiohttp.ClientResponse]:
    """What the door of a server with this key answers."""
    app = web.Application()
    secure(app)
    app.add_routes(KeysDoor(signer.public_document()).routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await Site(runner).start()
    try:
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/.well-known/moothall.json"
        async with aiohttp.ClientSession() as http, http.get(address) as answer:
            yield answer
    finally:
        await runner.cleanup()


async def test_the_document_verifies_the_checkpoint_of_a_session(
    signer: Ed25519Signer, response: aiohttp.ClientResponse
) -> None:
    records = await session(signer)
    found = verify(records, signed=verifier(await response.json()))
    assert (found.verdict, found.checkpoints) == (RecordVerdict.INTACT, 1)


async def test_a_record_that_another_server_signed_does_not_verify(
    tmp_path: Path, response: aiohttp.ClientResponse
) -> None:
    records = await session(Ed25519Signer.open(tmp_path / "another.key"))
    assert verify(records, signed=verifier(await response.json())).verdict is RecordVerdict.BROKEN


async def test_a_record_that_was_altered_does_not_verify(
    signer: Ed25519Signer, response: aiohttp.ClientResponse
) -> None:
    first, *rest = await session(signer)
    assert first.body is not None
    altered = msgspec.structs.replace(first, body=first.body.replace(b"Plenary", b"Pleasant"))
    assert verify([altered, *rest], signed=verifier(await response.json())).verdict is RecordVerdict.BROKEN


async def test_pages_from_everywhere_may_read_it(response: aiohttp.ClientResponse) -> None:
    assert response.status == 200
    assert response.content_type == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["", "/", "/.well-known/moothall.json"])
async def test_verify_reads_it_from_the_servers_address(
    signer: Ed25519Signer, response: aiohttp.ClientResponse, path: str
) -> None:
    address = str(response.url.origin()) + path
    assert await asyncio.to_thread(read_keys, address) == signer.public_document()


async def test_what_is_no_such_document_is_said(response: aiohttp.ClientResponse, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html>")
    for source in (str(response.url.origin() / "nothing"), str(tmp_path / "page.html"), str(tmp_path)):
        with pytest.raises(ConfigurationError, match="can't be read from"):
            await asyncio.to_thread(read_keys, source)
