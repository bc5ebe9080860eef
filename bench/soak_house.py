"""A house of the soak: `moothall serve` on a data folder, `moothall hub` processes, and weak links between them.

Sessions, role links and hubs' pairing words are made before the server starts, as `moothall conference import` and the
secretariat make them; from then on all traffic uses the public doors.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp

from footprint import on_disk, processes
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.sessions.staff import HALL, hub_name
from moothall.settings.sections import Server, Settings
from soak_memory import Held, held
from support.halls.process import free_port
from support.hubs.processes import HubProcess
from support.links.weak_link import Quality, WeakLink, weak_link_to

LINK = Quality(bits_per_s=256_000, delay_ms=100)
"""The quality of the hubs' links."""
OPEN_S = 120.0
"""Seconds within which a server's doors must open: reading the log takes longer on a busy machine."""
STOP_S = 60.0
COUNTED = ("moothall_connections", "moothall_sessions", "moothall_outboxes", "moothall_readers")
"""Metrics that a sample keeps; series with labels are summed."""
BAD = (" ERROR ", " CRITICAL ", "Traceback (most recent call last)")
"""Signs of an error in a log: nothing in a soak should cause an error of the program."""
NAMES = ("Kisumu", "Recife", "Chiang Mai")


class ServerProcess:
    """`moothall serve` with a settings file, and a data folder that outlives the process."""

    def __init__(self, data: Path, sections: str, limits: str = "") -> None:
        """`sections`: of its settings, in TOML, besides where it is and its metrics; `limits`: more of `[server]`."""
        self.data = data
        self.port, self.metrics = free_port(60), free_port(61)
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}.log"
        """The file of its standard error, of all starts."""
        self._config = data.parent / f"{data.name}.toml"
        self._config.write_text(
            f'[server]\nport = {self.port}\ndata = "{data}"\n{limits}\n{sections}\n[metrics]\nport = {self.metrics}\n',
            encoding="utf-8",
        )
        self._process: asyncio.subprocess.Process | None = None
        self._said: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Start the server; returns once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "moothall", "serve", "--config", str(self._config)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C goes to the soak, which ends the server.
            )
        output = self._process.stdout
        assert output is not None
        async with asyncio.timeout(OPEN_S):
            while line := await output.readline():
                if b"Moothall is at" in line:
                    self._said = asyncio.ensure_future(_passed_over(output))
                    return
        raise AssertionError(f"The server did not start; see {self.log}.")

    async def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Stop the server as a service manager does; returns its exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: int) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        async with asyncio.timeout(STOP_S):
            await process.wait()
        if self._said is not None:
            await self._said
        return process.returncode or 0

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the server's process runs."""
        return self._process is not None and self._process.returncode is None

    async def figures(self, http: aiohttp.ClientSession) -> dict[str, float]:
        """Return the metrics of `COUNTED`; none while the server is away."""
        found: dict[str, float] = {}
        try:
            async with http.get(f"http://127.0.0.1:{self.metrics}/metrics") as answer:
                text = await answer.text()
        except (aiohttp.ClientError, OSError):
            return found
        for line in text.splitlines():
            name, _, rest = line.partition("{") if "{" in line else line.partition(" ")
            if name in COUNTED:
                found[name] = found.get(name, 0.0) + float(rest.rpartition(" ")[2])
        return found


async def _passed_over(output: asyncio.StreamReader) -> None:
    while await output.read(65_536):
        pass


class LinkedHub(NamedTuple):
    """A hub, and its link to the server."""

    process: HubProcess
    link: WeakLink


class Made(NamedTuple):
    """The contents of the data folder before the server starts."""

    sessions: dict[str, tuple[SessionId, ...]]
    """Sessions by room, in the order of the programme."""
    token: str
    """The token of a technician's role link."""
    words: dict[str, str]
    """Pairing words of the hubs, by their titles."""


class House:
    """A server and its hubs."""

    def __init__(self, name: str, server: ServerProcess, hubs: Sequence[LinkedHub], made: Made) -> None:
        self.name = name
        self.server = server
        self.hubs = hubs
        self.made = made

    def held(self) -> dict[str, Held]:
        """Return the resources of each running process, by part."""
        pids = processes(self.server.pid)
        pids |= {f"hub {hub.process.data.name}": hub.process.pid for hub in self.hubs}
        return {part: each for part, pid in pids.items() if (each := held(pid)) is not None}

    async def figures(self, http: aiohttp.ClientSession) -> dict[str, float]:
        """Return the server's metrics, and the MB on its disk."""
        disk = {"log_mb": on_disk(self.server.data, "*.sqlite*"), "spool_mb": on_disk(self.server.data, "spool/**/*")}
        return {f"{self.name}.{key}": value for key, value in (await self.server.figures(http) | disk).items()}

    def complaints(self) -> list[str]:
        """Return for each log with errors a sentence: their number, and the first line."""
        found = []
        for log in (self.server.log, *(hub.process.log for hub in self.hubs)):
            wrong = [line for line in log.read_text(errors="replace").splitlines() if any(each in line for each in BAD)]
            if wrong:
                found.append(f"{log.name} has {len(wrong)} lines of errors; the first: {wrong[0][:300]}")
        return found

    async def cut(self, hub: LinkedHub, seconds: float, chance: random.Random) -> None:
        """Disturb a hub's link for `seconds`: it is cut, or it stalls without a sign."""
        if chance.random() < 0.5:
            hub.link.cut()
            try:
                await asyncio.sleep(seconds)
            finally:
                hub.link.mend()
        else:
            hub.link.stall()
            try:
                await asyncio.sleep(seconds)
            finally:
                hub.link.go_on()


async def prepared(data: Path, rooms: Sequence[str], sessions: int, minutes: float, hubs: Sequence[str]) -> Made:
    """Make `sessions` sessions of `minutes` each in each room, a technician's link, and hubs with their words."""
    settings = Settings(server=Server(data=str(data)))
    async with quiet_backend(settings, SystemClock()) as backend:
        wall, length = backend.clock.wall(), round(60_000 * minutes)
        await backend.programme.keep(rooms=[Room(id=RoomId(room), title=room.capitalize()) for room in rooms])
        named: dict[str, tuple[SessionId, ...]] = {}
        for room in rooms:
            named[room] = tuple(SessionId(f"{room}-{n + 1:03}") for n in range(sessions))
            for n, session in enumerate(named[room]):
                begins = wall + n * length
                planned = Planned(
                    session=session,
                    room=RoomId(room),
                    title=f"{room.capitalize()}, part {n + 1}",
                    starts=begins,
                    ends=begins + length,
                )
                made = await backend.programme.make(planned)
                assert not isinstance(made, Refusal), made
        _, token = await backend.links.create(Role.TECHNICIAN, HALL, "Soak")
        words: dict[str, str] = {}
        for title in hubs:
            added = await backend.hubs.add(title, Details())
            assert not isinstance(added, Refusal), added
            words[title] = " ".join(await backend.pairing.words(hub_name(title)) or ())
        return Made(named, token, words)


@asynccontextmanager
async def house(
    folder: Path, script: Path, *, rooms: Sequence[str], sessions: int, minutes: float, hubs: int
) -> AsyncIterator[House]:
    """Start everything, pair and link the hubs; stop it at the end of the context."""
    made = await prepared(folder / "server", rooms, sessions, minutes, NAMES[:hubs])
    sections = f'[engine]\nmodel = "scripted:{script}"\nworkers = 1\n\n[translation]\ntranslators = []\n'
    server = ServerProcess(folder / "server", sections)
    async with _links(server.port, hubs) as links:
        beside = [
            LinkedHub(HubProcess(folder / hub_name(title), free_port(70 + n), apart=True), link)
            for n, (title, link) in enumerate(zip(NAMES[:hubs], links, strict=True))
        ]
        started: list[LinkedHub] = []
        try:
            await server.start()
            for title, hub in zip(NAMES, beside, strict=False):
                await hub.process.pair(hub.link.address, made.words[title])
                await hub.process.start()
                started.append(hub)
            yield House(folder.name, server, beside, made)
        finally:
            for hub in started:
                await hub.process.stop()
            await server.stop()


@asynccontextmanager
async def _links(port: int, number: int) -> AsyncIterator[list[WeakLink]]:
    if number == 0:
        yield []
        return
    async with weak_link_to(port, LINK) as link, _links(port, number - 1) as others:
        yield [link, *others]
