"""A proxy to a server that can withhold its answers, so that an act is done and the sender doesn't learn of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from moothall.adapters.cluster.address import RedisAddress
from moothall.adapters.cluster.server import RedisServer
from support.cluster.process import patient


class AnswerProxy:
    """Forwards connections to a port; drops answers while `kept_back` is set."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self.kept_back = False
        self.asked = asyncio.Event()
        """Set when something is sent to the server; tests clear it."""
        self.answered = asyncio.Event()
        """Set when the server answers, whether the answer is dropped or not; tests clear it."""
        self.port = 0

    def reached(self) -> RedisServer:
        """Return a client of the server through this proxy."""
        return patient(RedisAddress("127.0.0.1", self.port))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection."""
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
async def answers_of(port: int) -> AsyncIterator[AnswerProxy]:
    """Run a proxy to a server on this machine."""
    proxy = AnswerProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
