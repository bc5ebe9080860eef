"""A socket held by another process: a server or hub stops and starts while clients connect, and none is refused."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

CLIENTS = 6
"""Each asks again and again, on a connection of its own."""
ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class Manager:
    """Holds the socket, as systemd does, and is told how the server is."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._command = command
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = int(self._listener.getsockname()[1])
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(folder / "notify"))
        self._told.setblocking(False)
        self._folder = folder
        self.words: list[bytes] = []

    async def start(self) -> asyncio.subprocess.Process:
        """A program that was handed the socket, once it says that it is ready."""
        number = self._listener.fileno()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HAND_OVER, str(number), sys.executable, "-m", "moothall", *self._command),
            cwd=self._folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(number,),
            env={
                **os.environ,
                "LISTEN_FDS": "1",
                "NOTIFY_SOCKET": str(self._folder / "notify"),
                "MOOTHALL_ENGINE__COUNT": "0",
                "MOOTHALL_TRANSLATION__TRANSLATORS": "",
            },
        )
        try:
            await self.heard(b"READY=1")
        except asyncio.CancelledError:
            if process.returncode is None:
                process.kill()
            await process.wait()
            raise
        return process

    async def heard(self, word: bytes) -> None:
        """Wait until it is told that."""
        loop = asyncio.get_running_loop()
        while (said := await loop.sock_recv(self._told, 1_000)) != word:
            self.words.append(said)
        self.words.append(said)

    def close(self) -> None:
        self._listener.close()
        self._told.close()


async def asking(port: int, over: asyncio.Event, answers: asyncio.Queue[bytes]) -> None:
    """Ask until it is over. Raises OSError when a connection is refused, and IncompleteReadError without an answer."""
    while not over.is_set():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASK)
        answers.put_nowait(await reader.readuntil(b"\r\n"))
        await reader.read()
        writer.close()


@pytest.mark.parametrize(
    ("command", "rounds"),
    [
        (("serve", "--data", "data", "--model", "none"), 1),
        pytest.param(("serve", "--data", "data", "--model", "none"), 3, marks=pytest.mark.slow),
        pytest.param(("hub", "--data", "data"), 1, marks=pytest.mark.slow),
    ],
    ids=["server", "server again and again", "hub"],
)
async def test_a_restart_refuses_nobody(tmp_path: Path, command: tuple[str, ...], rounds: int) -> None:
    manager, over, answers = Manager(tmp_path, *command), asyncio.Event(), asyncio.Queue[bytes]()

    async def all_have_been_answered() -> None:
        for _ in range(2 * CLIENTS):
            assert await answers.get() == b"HTTP/1.1 200 OK\r\n"

    server = await manager.start()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(asking(manager.port, over, answers))
            for _ in range(rounds):
                await all_have_been_answered()
                server.send_signal(signal.SIGTERM)
                assert await server.wait() == 0
                server = await manager.start()
            await all_have_been_answered()
            over.set()
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()
        manager.close()
    assert manager.words.count(b"READY=1") == rounds + 1
    if command[0] == "serve":
        assert b"STOPPING=1" in manager.words
