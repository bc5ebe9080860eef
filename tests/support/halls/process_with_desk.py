"""A real server in a process of its own, which takes commands of a desk on its standard input.

    python -m support.halls.process_with_desk ARGUMENTS        as `moothall serve`, with tests/ on PYTHONPATH

Each line on standard input is a command as JSON, or `Unsaid`; the answer is a line on standard output: `done`
or the code of a refusal.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

import msgspec

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.cli.play import add_commands, settings_of, show
from moothall.cli.playing import Playback, stop_signal
from moothall.core.commands import AnyCommand, BeginNotRecorded
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.command import Command
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId
from support.halls.process import SESSION, HallProcess
from support.halls.warm import PATHS, start_program

TESTS = Path(__file__).resolve().parents[2]


class Unsaid(Command, frozen=True, kw_only=True, tag="unsaid"):
    """Begin "not recorded" at the earlier media time `since` (ms); the server's clock
    determines how far back that is.
    """

    since: int


Told = AnyCommand | Unsaid


class HallWithDesk(HallProcess):
    """`moothall serve --play`, and somebody at its desk."""

    def __init__(self, data: Path, audio: Path, model: str, port: int, temporary: Path) -> None:
        """`temporary`: the folder for temporary files of the server and its engine."""
        super().__init__(data, audio, model, port)
        self._arguments[:2] = ["-m", "support.halls.process_with_desk"]
        temporary.mkdir(exist_ok=True)
        self.temporary = temporary

    async def launch(self) -> None:
        """Start the process as `HallProcess.launch` does."""
        with self.log.open("ab") as log:
            self._process = await start_program(
                *self._arguments,
                stdin=True,
                stderr=log,
                env={
                    **os.environ,
                    **self.settings,
                    "PYTHONPATH": os.pathsep.join([str(TESTS), *PATHS]),
                    "TMPDIR": str(self.temporary),
                },
            )

    async def tell(self, command: Told) -> str:
        """Send a command; returns the answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(command) + b"\n")
        return (await self._process.stdout.readline()).decode().strip()


async def _main() -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    arguments = parser.parse_args(sys.argv[1:])
    programme = Playback(
        file=arguments.play, title="Meeting", languages=("en",), session=SESSION, exact=True, as_live=True
    )
    async with stop_signal() as stop, hall(settings_of(arguments)) as running, asyncio.TaskGroup() as group:
        desk = group.create_task(_desk(running))
        await show(running, programme, stop, close=False)
        desk.cancel()


async def _desk(running: RunningServer) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    number = 0
    while line := await lines.readline():
        number += 1
        live = await running.backend.sessions.open(SESSION)
        told: Told = msgspec.json.decode(line, type=Told)
        command: AnyCommand
        if isinstance(told, Unsaid):
            command = BeginNotRecorded(back=live.state.media_now(SystemClock().wall()) - told.since)
        else:
            command = told
        answer = await live.writer.send(SYSTEM, CommandId(f"desk:{os.getpid()}:{number}"), command)
        sys.stdout.write(f"{answer.code}\n" if isinstance(answer, Refusal) else "done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
