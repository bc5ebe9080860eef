"""Nodes of a house as processes: `moothall serve` with [cluster], which tests kill, stop and freeze."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from moothall.adapters.store import signing
from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.core.chain import LogRecord
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.sessions.staff import HALL, hub_name
from moothall.settings.sections import Server, Settings
from support.halls.process import free_port
from support.halls.warm import Program, start_program

STARTED_S = 200.0
HOUR_MS = 3_600_000
HUB = "Kisumu"


class Prepared(NamedTuple):
    """The contents of the first node's folder before anything runs."""

    session: SessionId
    token: str
    """The token of a technician's link."""
    words: str
    """Pairing words for a hub."""


async def prepared(data: Path, session: str = "plenary") -> Prepared:
    """Plan a session in the folder of a single server, and make a technician's link and pairing words."""
    async with quiet_backend(Settings(server=Server(data=str(data))), SystemClock()) as backend:
        now = backend.clock.wall()
        await backend.programme.keep(rooms=[Room(id=RoomId("hall"), title="Hall")])
        made = await backend.programme.make(
            Planned(session=SessionId(session), room=RoomId("hall"), title="Plenary", starts=now, ends=now + HOUR_MS)
        )
        assert not isinstance(made, Refusal), made
        _, token = await backend.links.create(Role.TECHNICIAN, HALL, "Test")
        added = await backend.hubs.add(HUB, Details())
        assert not isinstance(added, Refusal), added
        words = " ".join(await backend.pairing.words(hub_name(HUB)) or ())
        return Prepared(SessionId(session), token, words)


class NodeProcess:
    """The process of one node. Its data folder outlives it."""

    def __init__(
        self,
        folder: Path,
        number: int,
        redis_port: int,
        *,
        port: int = 0,
        known_at: str = "",
        model: str = "",
        engines: str = "",
        more: str = "",
    ) -> None:
        """`known_at`: the address that it announces to the other nodes; empty for its own. `model`: of its engine;
        without one it has no engine. `engines`: more settings of `[engine]`, as in a file. `more`: further sections.
        """
        self.name = f"n{number}"
        self.data = folder / self.name
        self.port = port or free_port(200 + number)
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{self.name}.log"
        self.environment: dict[str, str] = {}
        """Environment variables of its process in addition to this process's."""
        self._process: Program | None = None
        self._reading: asyncio.Task[None] | None = None
        self._said: list[str] = []
        self._news = asyncio.Event()
        key = folder / "nodes.key"
        if not key.exists():
            key.write_text(urlsafe_b64encode(secrets.token_bytes(32)).decode())
            key.chmod(0o600)
        engine = (f'model = "{model}"' if model else "count = 0") + f"\n{engines}"
        self.config = folder / f"{self.name}.toml"
        self.config.write_text(
            f'[server]\nport = {self.port}\ndata = "{self.data}"\n\n[engine]\n{engine}\n\n'
            f'[translation]\ntranslators = []\n\n[metrics]\nhost = ""\n\n'
            f'[cluster]\nredis = "redis://127.0.0.1:{redis_port}"\nnode = "{self.name}"\nnumber = {number}\n'
            f'address = "{known_at or self.address}"\nkey_file = "{key}"\n{more}',
            encoding="utf-8",
        )

    def sign_like(self, other: NodeProcess) -> None:
        """Copy the house's signing key, as an operator does."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(other.data / signing.FILE_NAME, self.data / signing.FILE_NAME)

    async def start(self) -> None:
        """Start the node; returns when it stands by."""
        self._said = []
        with self.log.open("ab") as log:
            self._process = await start_program(
                *("-m", "moothall", "serve", "--config", str(self.config)),
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            )
        self._reading = asyncio.ensure_future(self._read(self._process))
        await self.until("stands by")

    async def _read(self, process: Program) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._said.append(line.decode())
            self._news.set()
        self._said.append("ended")
        self._news.set()

    @property
    def keeps(self) -> bool:
        """Whether its last message says that it keeps the house."""
        told = [each for each in self._said if each.startswith("Node ") or each == "ended"]
        return bool(told) and "keeps the house" in told[-1]

    @property
    def ended(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process is not None and self._process.returncode is not None

    @property
    def pid(self) -> int:
        """The id of its process, which must have been started."""
        assert self._process is not None
        return self._process.pid

    async def until(self, what: str) -> None:
        """Wait until the last line of its output contains `what`."""
        async with asyncio.timeout(STARTED_S):
            while not any(what in each for each in self._said[-1:]):
                assert "ended" not in self._said, self.log.read_text()
                self._news.clear()
                await self._news.wait()

    async def status(self) -> int:
        """Wait until the process ends by itself; returns its exit status."""
        assert self._process is not None
        return await self._process.wait()

    def reload(self) -> None:
        """Make the node read its settings again (SIGHUP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    async def kill(self) -> None:
        """Kill the node (SIGKILL)."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Stop the node as a service manager does; returns its exit status."""
        return await self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Freeze the node (SIGSTOP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue a frozen node."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
        status = await process.wait()
        assert self._reading is not None
        await self._reading
        return status

    def records(self, session: SessionId) -> Sequence[LogRecord]:
        """Return the records of a session in the node's own log."""
        reader = LogReader(open_for_reading(self.data / FILE_NAME))
        try:
            return reader.read(session, 0, 1_000_000)
        finally:
            reader.close()
