"""A server with an engine, translators and a hub as if on other machines, each of a chosen release."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from moothall.testing.scripted import Script, render, write_script
from support.halls.process import HallProcess, Witness, free_port, write_wave
from support.hubs.processes import HubProcess
from support.models.translation_service import Chat, chatting
from support.releases.release import Release

LANGUAGE = "ru"
"""The language into which everything is translated."""
TOKENS = {"recognise": "a-token-of-an-engine-that-is-long", "translate": "a-token-of-translators-as-long"}
STOP_S = 60.0
BAD = (" ERROR ", " CRITICAL ", "Traceback (most recent call last)")
"""Signs of an error in a log's line."""
_PREPARED = """
import asyncio, sys
import moothall
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import Role
from moothall.services.sessions.role_links import HALL
from moothall.settings.sections import Server, Settings

async def prepare():
    async with quiet_backend(Settings(server=Server(data=sys.argv[1])), SystemClock()) as backend:
        _, token = await backend.links.create(Role.TECHNICIAN, HALL, "Ann")
        await backend.hubs.add("Kisumu", Details())
        print(moothall.__file__, token, *(await backend.pairing.words("kisumu") or ()))

asyncio.run(prepare())
"""
"""A program that prepares the data folder as the secretariat does: a technician's link, and pairing words for a hub."""


Between = Callable[[int], AbstractAsyncContextManager[int]]
"""Takes a port, and provides another port that leads to it."""


@asynccontextmanager
async def straight(port: int) -> AsyncIterator[int]:
    """Yield the port itself, with nothing in between."""
    yield port


class Dialling:
    """A process that dials the server: an engine, or translators."""

    def __init__(self, command: str, release: Release, folder: Path, port: int, kind: str, *options: str) -> None:
        self.log = folder / f"{command}.log"
        self._release = release
        token = folder / f"{command}.token"
        token.write_text(TOKENS[kind])
        where = ["--url", f"ws://127.0.0.1:{port}/", "--token-file", str(token), "--name", command]
        self._arguments = ["-m", "moothall", command, *where, *options]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it dials until the server answers."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self._arguments), stderr=log, env={**os.environ, **self._release.environment}
            )

    async def kill(self) -> None:
        """Kill the process (SIGKILL)."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Stop the process as a service manager does."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), STOP_S)


class ServerHall(HallProcess):
    """`moothall serve --play` with no engine of its own, and a technician's link (`support.desks.process.DeskHall`)."""

    token = ""


class TwoReleases(NamedTuple):
    """Processes of two releases that run together."""

    server: ServerHall
    engine: Dialling
    translators: Dialling
    hub: HubProcess
    witness: Witness
    """A reader at the server, from before the first word."""

    def complaints(self) -> dict[str, list[str]]:
        """Return the lines with errors of each log that has any."""
        found = {}
        for each in (self.server, self.engine, self.translators, self.hub):
            lines = each.log.read_text(errors="replace").splitlines()
            if wrong := [line for line in lines if any(bad in line for bad in BAD)]:
                found[each.log.name] = wrong
        return found


async def _prepared(release: Release, data: Path) -> tuple[str, str]:
    """Prepare the data folder; returns a technician's token, and the words for the hub."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PREPARED, str(data)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **release.environment},
    )
    said, _ = await process.communicate()
    module, _, rest = said.decode().partition("__init__.py ")
    assert module == f"{release.tree / 'server' / 'moothall'}{os.sep}", "It runs the program of that release."
    token, _, words = rest.strip().partition(" ")
    return token, words


@asynccontextmanager
async def two_releases(
    folder: Path, script: Script, *, server: Release, peers: Release, number: int, between: Between = straight
) -> AsyncIterator[TwoReleases]:
    """Run everything, with the hub paired; `number` and the two after it are numbers for `free_port`.

    `between` is put between the server's ports and its peers.
    """
    (folder / "script.json").write_bytes(write_script(script))
    write_wave(folder / "talk.wav", render(script))
    (folder / "tokens").write_text("".join(f"{kind} {token} {kind}\n" for kind, token in TOKENS.items()))
    port, link, hub_port = (free_port(number + n) for n in range(3))
    (folder / "settings.toml").write_text(
        f'[engine]\ncount = 0\nlisten_port = {link}\ntokens = "{folder / "tokens"}"\n\n'
        f'[translation]\ntranslators = []\nlanguages = ["{LANGUAGE}"]\n',
        encoding="utf-8",
    )
    token, words = await _prepared(server, folder / "data")
    model = f"scripted:{folder / 'script.json'}"
    options = ("--config", str(folder / "settings.toml"))
    hall = ServerHall(folder / "data", folder / "talk.wav", model, port, *options)
    hall.settings, hall.without, hall.token = server.environment, server.unknown_settings, token
    async with chatting(Chat(key="")) as service, between(link) as to_link, between(port) as to_hubs:
        asked = ("--service", service, "--language", "en", "--language", LANGUAGE)
        made = TwoReleases(
            server=hall,
            engine=Dialling("engine", peers, folder, to_link, "recognise", "--model", model),
            translators=Dialling("translator", peers, folder, to_link, "translate", *asked),
            hub=HubProcess(folder / "hub", hub_port, environment=peers.environment),
            witness=Witness(),
        )
        await made.server.start()
        reading = asyncio.ensure_future(made.witness.watch(hall.address))
        try:
            await made.witness.until(lambda: made.witness.snapshots)
            await asyncio.gather(made.engine.start(), made.translators.start())
            await made.hub.pair(f"http://127.0.0.1:{to_hubs}", words)
            await made.hub.start()
            await made.hub.until_uplink("good")
            yield made
        finally:
            reading.cancel()
            await asyncio.gather(made.hub.stop(), made.engine.stop(), made.translators.stop())
            await made.server.stop()
