"""A command whose output is a terminal, as when a person starts it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class TerminalCommand:
    """A running command, and what it prints."""

    def __init__(self, process: asyncio.subprocess.Process, output: asyncio.StreamReader) -> None:
        self.process = process
        self.said = ""
        """The output that was read so far."""
        self._output = output

    async def until(self, text: str) -> str:
        """Read the output up to the row that contains `text`; return that row. Fails where the output ends before."""
        with suppress(OSError):  # Linux answers EIO once nothing has the terminal open any more.
            while row := (await self._output.readline()).decode():
                self.said += row
                if text in row:
                    return row
        raise AssertionError(self.said)

    async def stop(self, number: int) -> int:
        """Send a signal to the command and its children; return the exit code."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        return await self.process.wait()


@asynccontextmanager
async def in_terminal(
    *command: str, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> AsyncIterator[TerminalCommand]:
    """Run a command in a session of its own, with a terminal as its output; kill it at the end if it still runs."""
    primary, secondary = os.openpty()
    output = asyncio.StreamReader()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=secondary,
            start_new_session=True,
        )
    finally:
        os.close(secondary)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(primary, "rb", 0)
    )
    try:
        yield TerminalCommand(process, output)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
        transport.close()
