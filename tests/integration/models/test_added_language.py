"""A language comes into the store while the translators' process runs."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_sockets
from websockets.exceptions import ConnectionClosed

from moothall.wire import translation as wire
from moothall_models.store import firefox_folder, languages_command
from support.models.firefox_registry import served, weights


async def test_a_language_that_is_added_is_translated_into_without_a_restart(tmp_path: Path) -> None:
    answers, connections = asyncio.Queue[wire.FromTranslators](), asyncio.Queue[ServerConnection]()

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        if socket.request.path == wire.PATH:  # and not that of pulses
            connections.put_nowait(socket)
            with suppress(ConnectionClosed):
                while message := await socket.recv(decode=False):
                    answers.put_nowait(wire.decode_from_translators(message))
        await socket.wait_closed()

    environment = {**os.environ, "MOOTHALL_MODELS": str(tmp_path), "MOOTHALL_ENGINE_TOKEN": "t"}
    async with serve_sockets(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        arguments = ("--url", f"ws://127.0.0.1:{port}/", "--only", "firefox", "--name", "t")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moothall_models.translator_cli"), *arguments, env=environment
        )
        try:
            await connections.get()
            hello = await answers.get()
            assert isinstance(hello, wire.TranslatorHello)
            assert hello.directions == ()

            def add() -> int:
                with served() as shelf:
                    shelf.put("en", "pt", weights("en", "pt"))
                    argv = ["add", "pt", "--registry", shelf.registry]
                    return languages_command(argv, folder=firefox_folder(tmp_path))

            assert await asyncio.to_thread(add) == 0
            socket, hello = await connections.get(), await answers.get()
            assert isinstance(hello, wire.TranslatorHello)
            assert [(each.engine, each.source, each.target) for each in hello.directions] == [("firefox", "en", "pt")]
            await socket.send(wire.encode(wire.Translate(id=1, direction=0, text="The meeting is open.")))
            assert await answers.get() == wire.Translated(id=1, text="A reunião está aberta.")
        finally:
            process.terminate()
            await process.wait()
