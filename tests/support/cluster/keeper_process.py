"""A keeper in a process of its own, which tests kill: a server that accepts requests carried by nodes.

python -m support.cluster.keeper_process FOLDER PORT        with tests/ on PYTHONPATH
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from moothall.adapters.cluster.node_gate import NodeGate
from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.app.parts import Nodes
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.cluster.forwarding import KEY
from support.halls.warm import Program, start_program

TESTS = Path(__file__).resolve().parents[2]
SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
TYPIST = Actor(Role.CAPTIONER, "typist")


class Keeping:
    """A hall that keeps the house, and its meeting."""

    def __init__(self, running: RunningServer, live: LiveSession) -> None:
        self.running = running
        self.live = live
        self._said = 0

    @property
    def readers(self) -> int:
        return sum(self.live.fanout.readers.values())

    async def say(self) -> str:
        """Type a line; returns its text."""
        self._said += 1
        text = f"Line {self._said} is here."
        line = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"l{self._said}"), text=text, language="en")
        answer = await self.live.writer.send(TYPIST, CommandId(f"say{self._said}"), line)
        assert not isinstance(answer, Refusal), answer
        return text


@asynccontextmanager
async def keeping(folder: Path, *, port: int = 0, readers: int = 10_000, share: int = 60) -> AsyncIterator[Keeping]:
    """Run a hall that keeps the house."""
    server = Server(port=port, data=str(folder), max_readers=readers, address_share=share)
    settings = Settings(server=server, engine=EngineSection(count=0), translation=Translation(translators=()))
    async with hall(settings, nodes=Nodes(NodeGate(KEY, SystemClock()), ReadElsewhere())) as running:
        live = await running.backend.sessions.open(SESSION)
        floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
        begun = (do.CreateSession(title="Plenary", languages=("en",)), floor, do.OpenSession())
        await live.writer.send(SYSTEM, CommandId("begin"), begun)
        yield Keeping(running, live)


class KeeperProcess:
    """A keeper's process that can be killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._arguments = ("-m", "support.cluster.keeper_process", str(folder), str(port))
        self._log = folder.parent / f"{folder.name}.log"
        self._process: Program | None = None

    async def start(self) -> None:
        """Start the process; returns when it serves."""
        with self._log.open("ab") as log:
            self._process = await start_program(
                *self._arguments, stderr=log, env={**os.environ, "PYTHONPATH": str(TESTS)}
            )
        assert self._process.stdout is not None
        assert await self._process.stdout.readline() == b"ready\n"

    async def kill(self) -> None:
        """Kill the process (SIGKILL); does nothing if it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def _main(folder: str, port: str) -> None:
    async with keeping(Path(folder), port=int(port)):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
