"""`moothall demo-cluster` with real processes: it kills its keeper as announced, and the text continues."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.testing.scripted import Script, make_script, render, write_script
from support.halls.process import CLOCK, FLOOR, free_port, write_wave

PATIENCE_S = 60.0


class Demo:
    """The command, and what it says."""

    def __init__(self, folder: Path, script: Script) -> None:
        (folder / "script.json").write_bytes(write_script(script))
        write_wave(folder / "talk.wav", render(script))
        self.folder, self.port = folder, free_port(40)
        self.said = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        folder = self.folder
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moothall", "demo-cluster", "--file", str(folder / "talk.wav")),
            *(
                "--port",
                str(self.port),
                "--data",
                str(folder / "house"),
                "--model",
                f"scripted:{folder / 'script.json'}",
            ),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    async def says(self, pattern: str) -> str:
        """The group of the next line like this."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self._process.stdout.readline()).decode():
                self.said += line
                if found := re.search(pattern, line):
                    return found[1]
        raise AssertionError(self.said)

    async def stop(self) -> int:
        """Ctrl-C."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        return await self._process.wait()


async def words_until(address: str, enough: Callable[[list[str]], bool]) -> None:
    """Read until the committed words are enough."""
    words: list[str] = []
    async for frame, _ in follow(address, FLOOR, CLOCK, tries=200):
        for event in frame.events:
            assert event.original is not None
            if isinstance(said := decode_event(event.original), le.WordsCommitted):
                words += [word.text.strip() for word in said.words]
        if enough(words):
            return


@pytest.mark.slow  # What it starts is proved by test_two_nodes.py and integration/adapters/sound/test_sender.py.
async def test_a_person_kills_the_keeper_and_reads_on(tmp_path: Path) -> None:
    if not (shutil.which("valkey-server") or shutil.which("redis-server")):
        pytest.skip("Neither valkey-server nor redis-server is installed: `make test` does it as root, or says how.")
    script = make_script(3, 60)
    demo = Demo(tmp_path, script)
    try:
        await demo.start()
        address = await demo.says(r"Read it at (\S+/s/demo)")
        first = int(await demo.says(r"kill -9 (\d+)"))
        spoken = [word.text.strip() for word in script.words]
        async with asyncio.timeout(PATIENCE_S):
            await words_until(address, lambda words: words[:5] == spoken[:5])
        os.kill(first, signal.SIGKILL)
        second = int(await demo.says(r"kill -9 (\d+)"))
        assert second != first
        async with asyncio.timeout(PATIENCE_S):
            await words_until(address, lambda words: spoken[30] in words)
        assert await demo.stop() == 0
    finally:
        await demo.stop()
    for port in range(demo.port, demo.port + 4):
        socket.create_server(("127.0.0.1", port)).close()  # Nothing that it has started is left.
