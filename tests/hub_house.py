"""A centre and hubs as real processes, paired by words, with lines between them: what their tests and benches share."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import spoken_hall

STOP_S = 20.0


class CentreProcess:
    """`bench/spoken_hall.py` with a data folder that outlives it."""

    def __init__(self, data: Path, port: int, back_s: float = 0.0) -> None:
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = data.parent / f"{data.name}.log"
        """What it wrote on standard error, all starts together."""
        self._back_s = back_s
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Comes back once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, spoken_hall.__file__, str(self.data), str(self.port), str(self._back_s)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        await self._answer()

    async def order(self, **told: object) -> dict[str, Any]:
        """As `bench/spoken_hall.py` says."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        return await self._answer()

    async def kill(self) -> None:
        """kill -9."""
        await _kill(self._process)

    async def stop(self) -> None:
        """End it orderly."""
        if self._process is not None and self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), STOP_S)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    async def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, self.log.read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer


class HubProcess:
    """`moothall hub` with a data folder that outlives it."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = data.parent / f"{data.name}.log"
        self.link = ""
        """The coordinator's, which the first start prints."""
        self._process: asyncio.subprocess.Process | None = None

    async def pair(self, address: str, words: str) -> str:
        """Pair it with the server at an address; what it said. It must not run."""
        pairing = await asyncio.create_subprocess_exec(
            *self._command("pair", address, *words.split()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await pairing.communicate()
        assert pairing.returncode == 0, said.decode()
        return said.decode()

    async def start(self) -> None:
        """Comes back once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self._process.stdout is not None
        while line := (await self._process.stdout.readline()).decode():
            if "/enter/" in line:
                self.link = line.split()[-1]
            if line.startswith(("It speaks for", "It is not connected")):
                return
        raise AssertionError(self.log.read_text())

    async def kill(self) -> None:
        """kill -9."""
        await _kill(self._process)

    async def stop(self) -> int:
        """Ctrl-C, and its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), STOP_S)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def _command(self, *arguments: str) -> list[str]:
        where = ["--data", str(self.data), "--port", str(self.port)]
        return [sys.executable, "-m", "moothall", "hub", *where, *arguments]


async def _kill(process: asyncio.subprocess.Process | None) -> None:
    assert process is not None
    process.kill()
    await process.wait()
