"""The engine of the proof by faults: a `moothall engine` that dials one node, whoever keeps the house."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cluster_speech import script_of
from moothall.testing.scripted import Script, write_script
from support.halls.warm import Program, start_program

LOOK_S = 0.2


class EngineProcess:
    """A scripted engine's process. One that ends is started again, as a service manager does."""

    def __init__(self, folder: Path, port: int, seed: int) -> None:
        """`port`: of the node that it dials. `seed`: of the script that it hears."""
        self.script: Script = script_of(seed)
        self.log = folder / "engine.log"
        self._folder = folder
        self._port = port
        self._process: Program | None = None
        self._down = False
        (folder / "script.json").write_bytes(write_script(self.script))

    async def start(self) -> None:
        """Start the engine."""
        with self.log.open("ab") as log:
            self._process = await start_program(
                *("-m", "moothall", "engine", "--url", f"ws://127.0.0.1:{self._port}/", "--name", "far"),
                *("--token-file", str(self._folder / "engine.token")),
                *("--model", f"scripted:{self._folder / 'script.json'}"),
                stderr=log,
                env={**os.environ, "MOOTHALL_ENGINE_TOKEN": ""},
            )
        self._down = False

    async def kill(self) -> None:
        """Kill the engine (SIGKILL)."""
        self._down = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    def freeze(self) -> None:
        """Freeze the engine (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue a frozen engine."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def watch(self) -> None:
        """Start the engine again whenever it ended by itself; runs until cancelled."""
        while True:
            if not self._down and self._process is not None and self._process.returncode is not None:
                await self.start()
            await asyncio.sleep(LOOK_S)


def tokens(folder: Path) -> Path:
    """Write the engine's token, and the list that nodes let it in by, unless they exist; returns the list's path."""
    token, listed = secrets.token_urlsafe(32), folder / "engines.tokens"
    if listed.exists():
        return listed
    for path, text in ((listed, f"far {token}\n"), (folder / "engine.token", token)):
        path.write_text(text)
        path.chmod(0o600)
    return listed


@asynccontextmanager
async def engine_at(folder: Path, port: int, seed: int) -> AsyncIterator[EngineProcess]:
    """Run an engine that dials the node whose engines' port this is."""
    engine = EngineProcess(folder, port, seed)
    await engine.start()
    watching = asyncio.ensure_future(engine.watch())
    try:
        yield engine
    finally:
        watching.cancel()
        await engine.kill()
