from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from moothall.adapters.cluster.engine_relay import MOST, EngineRelay
from moothall.core.kernel.errors import ConfigurationError
from support.halls.process import free_port

HERE, NODE = str(ip_address("127.0.0.1")), str(ip_address("127.0.0.2"))
KEEPER = f"http://{HERE}:8080"


@asynccontextmanager
async def echoes(port: int) -> AsyncIterator[None]:
    """The keeper's port of engines: what comes goes back."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, HERE, port)
    yield
    server.close()


async def test_bytes_go_both_ways_until_the_house_has_moved() -> None:
    port = free_port(400)
    at: list[str | None] = [KEEPER]
    relay = EngineRelay(lambda: at[0], port)
    async with echoes(port), relay.serving(NODE):
        reader, writer = await asyncio.open_connection(NODE, port)
        sound = bytes(range(256)) * 2_000
        sending = asyncio.ensure_future(_sent(writer, sound))
        assert await reader.readexactly(len(sound)) == sound
        await sending
        relay.house_moved()
        writer.write(b"still there")
        assert await reader.readexactly(11) == b"still there"
        at[0] = "http://192.0.2.1:8080"
        relay.house_moved()
        assert await ended(reader)
        writer.close()


async def _sent(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("keeper", [None, KEEPER])
async def test_without_a_keeper_or_its_engines_the_connection_ends_at_once(keeper: str | None) -> None:
    port = free_port(401)
    async with EngineRelay(lambda: keeper, port).serving(NODE):
        reader, writer = await asyncio.open_connection(NODE, port)
        assert await ended(reader)
        writer.close()


async def test_one_too_many_is_closed_and_all_end_with_the_node() -> None:
    port = free_port(402)
    async with echoes(port):
        async with EngineRelay(lambda: KEEPER, port).serving(NODE):
            made = [await asyncio.open_connection(NODE, port) for _ in range(MOST)]
            for reader, writer in made:
                writer.write(b"x")
                assert await reader.readexactly(1) == b"x"
            reader, writer = await asyncio.open_connection(NODE, port)
            assert await ended(reader)
            writer.close()
        for reader, writer in made:
            assert await ended(reader)
            writer.close()


async def test_a_keepers_address_that_leads_back_to_the_relay_is_told_and_not_followed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As where two nodes of one machine have an engine port each."""
    port, asked = free_port(404), 0

    def keeper() -> str:
        nonlocal asked
        asked += 1
        return KEEPER

    async with EngineRelay(keeper, port).serving(HERE):
        for _ in range(2):
            reader, writer = await asyncio.open_connection(HERE, port)
            assert await ended(reader)
            writer.close()
    assert asked < 10
    told = [each.message for each in caplog.records if each.message.startswith("cluster: ")]
    assert len(told) == 1
    assert f"port {port} at the keeper's address is this node's own" in told[0]


async def test_a_port_that_is_taken_is_told() -> None:
    port = free_port(403)
    async with EngineRelay(lambda: None, port).serving(NODE):
        with pytest.raises(ConfigurationError, match=f"Engines can't be listened for on {NODE}:{port}"):
            async with EngineRelay(lambda: None, port).serving(NODE):
                pass
