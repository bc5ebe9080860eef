"""The composition root: it starts whole, stops whole, and names what keeps it from starting."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import socket
from contextlib import aclosing, suppress
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.signing import verifier
from moothall.app.backend import hold_folder
from moothall.app.hall import hall
from moothall.core.commands import AddChannel, CreateSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.scripted import make_script, write_script

SESSION = SessionId("plenary")
FLOOR = ChannelId("floor")
MADE = (
    CreateSession(title="Plenary", languages=("en",)),
    AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
)


def settings(folder: Path, *, port: int = 0, web: str = "", host: str = "127.0.0.1", engine_port: int = 0) -> Settings:
    """A server without engines of its own."""
    return Settings(
        server=Server(host=host, port=port, data=str(folder / "data"), web=web),
        engine=EngineSection(count=0, listen_port=engine_port),
        translation=Translation(translators=()),
    )


def sentences(error: BaseException) -> list[str]:
    """What a person would be told."""
    if isinstance(error, BaseExceptionGroup):
        return [sentence for each in error.exceptions for sentence in sentences(each)]
    assert isinstance(error, ConfigurationError), error
    return [str(error)]


async def failure(wrong: Settings) -> str:
    """The one sentence with which it doesn't start; nothing of it may be left."""
    with pytest.raises((ConfigurationError, BaseExceptionGroup)) as caught:
        async with hall(wrong):
            pass
    (sentence,) = sentences(caught.value)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    with hold_folder(Path(wrong.server.data)):
        return sentence


async def test_it_serves_pages_streams_and_keys_and_stops_without_a_trace(tmp_path: Path) -> None:
    gc.unfreeze()  # What other tests of this process have left.
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    async with hall(settings(tmp_path)) as running:
        live = await running.backend.sessions.open(SESSION)
        assert isinstance(await live.writer.send(SYSTEM, CommandId("c"), MADE), Receipt)
        async with aiohttp.ClientSession(running.address) as http:
            async with http.get("/") as home:
                assert home.status == 200
                assert "Plenary" in await home.text()
            async with aclosing(follow(f"{running.address}/s/plenary", Feed(FLOOR), running.backend.clock)) as frames:
                frame, _ = await anext(frames)
                assert frame.snapshot is not None
                assert frame.snapshot.session.title == "Plenary"
            async with http.get("/.well-known/moothall.json") as keys:
                verifier(await keys.json())
            async with http.get("/s/none") as unknown:
                assert unknown.status == 404
    port = int(running.address.rpartition(":")[2])
    with pytest.raises(OSError, match=re.escape(f"('127.0.0.1', {port})")):
        await asyncio.open_connection("127.0.0.1", port)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert (gc.get_threshold(), gc.get_freeze_count()) == (thresholds, frozen)


async def test_what_was_recorded_is_there_when_it_is_started_again(tmp_path: Path) -> None:
    for _ in range(3):
        async with hall(settings(tmp_path)) as running:
            live = await running.backend.sessions.open(SESSION)
            assert await live.writer.send(SYSTEM, CommandId("c"), MADE) == Receipt(1, 2)
            assert live.state.title == "Plenary"
    names = sorted(os.listdir(tmp_path / "data"))
    assert names == ["book.sqlite3", "lock", "moothall.acknowledged", "moothall.sqlite", "search", "signing.key"]


async def test_readers_who_are_there_when_it_stops_are_let_go(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        async with hall(settings(tmp_path)) as running:
            live = await running.backend.sessions.open(SESSION)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("c"), MADE), Receipt)
            stream = await http.get(f"{running.address}/s/plenary/events?channel=floor")
            idle, writer = await asyncio.open_connection(*running.address.removeprefix("http://").split(":"))
            writer.write(b"GET /.well-known/moothall.json HTTP/1.1\r\nHost: x\r\n\r\n")
            await idle.readuntil(b"}]}")
            web_socket = await http.ws_connect(f"{running.address}/s/plenary/ws?channel=floor")
            assert await stream.content.readuntil(b"\n\n")
            assert (await web_socket.receive()).type is aiohttp.WSMsgType.TEXT
        with suppress(aiohttp.ClientError):  # Cut or closed, it is over.
            await stream.content.read()
        while (await web_socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert web_socket.closed
        assert await idle.read() == b""
        writer.close()


async def test_its_own_engine_comes_and_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_bytes(write_script(make_script(1, 3)))
    wanted = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=1, model=f"scripted:{tmp_path / 'script.json'}"),
        translation=Translation(translators=()),
    )
    async with hall(wanted) as running:
        while not running.recognising.engines:
            await running.backend.clock.sleep(10)
        (child,) = running.engines
        pid = child.pid
        assert pid is not None
    assert child.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = await failure(settings(tmp_path, port=port))
    assert sentence.startswith(f"The server can't listen on 127.0.0.1:{port}: Address already in use.")


async def test_an_engine_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = await failure(settings(tmp_path, engine_port=port))
    assert str(port) in sentence


async def test_an_address_that_is_none_of_this_machines_is_a_sentence(tmp_path: Path) -> None:
    assert "can't listen on 192.0.2.1:0" in await failure(settings(tmp_path, host="192.0.2.1"))


async def test_a_web_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    for web in (tmp_path / "none", tmp_path / "web"):
        sentence = await failure(settings(tmp_path, web=str(web)))
        assert str(web) in sentence


async def test_a_second_server_on_the_same_folder_is_a_sentence(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)):
        with pytest.raises(ConfigurationError, match="Another server is using the data folder"):
            async with hall(settings(tmp_path)):
                pass


async def test_a_log_that_is_none_is_a_sentence_and_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "data" / "moothall.sqlite"
    log.parent.mkdir()
    log.write_bytes(b"The minutes. " * 1_000)
    assert "no database at all" in await failure(settings(tmp_path))
    assert log.read_bytes() == b"The minutes. " * 1_000
