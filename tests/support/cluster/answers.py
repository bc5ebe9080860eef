"""A line to a server whose answers can be kept back, so that an act is done and nobody hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from moothall.adapters.cluster.address import RedisAddress
from moothall.adapters.cluster.server import RedisServer
from support.cluster.process import patient


class AnswerLine:
    """Forwards connections to a port; answers only as long as none is kept back."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self.kept_back = False
        self.asked = asyncio.Event()
        """Something was sent to the server since it was last cleared."""
        self.answered = asyncio.Event()
        """The server answered since then, whether that was kept back or not."""
        self.port = 0

    def reached(self) -> RedisServer:
        """The server at the other end."""
        return patient(RedisAddress("127.0.0.1", self.port))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer, answers=False))
                group.create_task(self._pass_on(far_reader, writer, answers=True))
        finally:
            self._open -= {writer, far_writer}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not (answers and self.kept_back):
                    writer.write(data)
                    await writer.drain()
                (self.answered if answers else self.asked).set()
        writer.close()

    async def end(self) -> None:
        """Break every connection."""
        for writer in list(self._open):
            writer.transport.abort()
        while self._serving:
            await asyncio.wait(self._serving)


@asynccontextmanager
async def answers_of(port: int) -> AsyncIterator[AnswerLine]:
    """A line to a server on this machine."""
    line = AnswerLine(port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.end()
