#!/usr/bin/env python3
"""Run one recording through the whole live path on the CPU clock (docs/reference/replay.md).

    python bench/replay.py FILE --jsonl OUT [--language en[,de…]] [--model NAME] [--data FOLDER]

The server is the product's, with three parts of the bench: its clock, its engine (`cpu_engine.py`) and that engine's
link. `moothall replay` does the same on the wall clock, without these parts.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from cpu_clock import Receipt, ServerCpuClock, Stamped
from moothall.adapters.engines.child import EngineChild
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.system.clock import SystemRandomness
from moothall.adapters.system.programs import start_logging
from moothall.app.hall import RunningServer, hall
from moothall.cli.play import quiet, settings_of
from moothall.cli.playing import (
    MOST_FAILURES,
    Playback,
    languages_of,
    require_model,
    require_sound,
)
from moothall.cli.replay import play_to_reader
from moothall.core.chain import GENESIS, SALT_BYTES, Header, seal
from moothall.core.events.types import SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.core.kernel.ids import CommandId, Epoch, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.services.engines.recognising import Recognising
from moothall.settings.sections import Settings
from moothall.wire import engine as wire
from moothall_models.engine.dialling import first_of

BENCH = Path(__file__).resolve().parent
ENGINE = (sys.executable, str(BENCH / "cpu_engine.py"))
READER = (sys.executable, str(BENCH / "cpu_reader.py"))
ROUNDS = 61
BODY = b'{"type":"words.committed","text":"' + b"x" * 270 + b'"}'
"""About the size of a commit of a few words."""
SCRATCH = "append-time.sqlite"
LOOK_MS = 50
INBOX = 1_024
"""Messages that may wait for their turn. Overflow: the link isn't read until one has been handed out."""
TURNS = 4
"""Turns of the event loop until a signal that was handed out is a frame: the attachment takes it, then the fan-out."""


class TimedSocket:
    """The engine's link as the server sees it (`EngineConnection`): hands out one message at a time.

    The next message is handed out only when the one before has had its effect; then the clock continues from the
    engine's time of that message. CPU time used while a message waited counts from its arrival on.
    """

    name = "bench"

    def __init__(self, socket: ServerConnection, clock: ServerCpuClock) -> None:
        self._socket = socket
        self._clock = clock
        self._arrived: asyncio.Queue[tuple[wire.ToServer, Receipt | None] | None] = asyncio.Queue(INBOX)
        self._answered = asyncio.Event()
        """Set while the last act has its answer, which is sent once the act is in the log."""
        self._answered.set()

    async def read(self) -> None:
        """Note when each message arrives, until the link ends."""
        async for frame in self._socket:
            assert isinstance(frame, bytes)
            stamped = msgspec.msgpack.decode(frame, type=Stamped)
            receipt = None if stamped.at is None else self._clock.receipt(stamped.at)
            await self._arrived.put((wire.decode_to_server(bytes(stamped.message)), receipt))
        await self._arrived.put(None)

    async def receive(self) -> wire.ToServer | None:
        await self._answered.wait()
        if not self._arrived.empty():
            for _ in range(TURNS):
                await asyncio.sleep(0)
        arrived = await self._arrived.get()
        if arrived is None:
            return None
        message, receipt = arrived
        if receipt is not None:
            self._clock.begin(receipt)
        if isinstance(message, wire.PassAct):
            self._answered.clear()
        return message

    async def send(self, message: wire.ToEngine) -> None:
        if isinstance(message, wire.Accepted | wire.Refused | wire.Detach):
            self._answered.set()
        try:
            await self._socket.send(wire.encode(message))
        except ConnectionClosed:
            return

    def abort(self) -> None:
        self._socket.transport.abort()


@asynccontextmanager
async def listen(recognising: Recognising, clock: ServerCpuClock, token: str) -> AsyncIterator[int]:
    """Serve the engine that has `token`; yields the port."""

    def admit(socket: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") == f"Bearer {token}":
            return None
        return socket.respond(HTTPStatus.UNAUTHORIZED, "This is the link of a benchmark's own engine.\n")

    async def serve_one(socket: ServerConnection) -> None:
        link = TimedSocket(socket, clock)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(link.read())
            await recognising.serve(link)
            reading.cancel()

    async with serve(
        serve_one, "127.0.0.1", 0, process_request=admit, compression=None, max_size=2 * wire.MAX_FRAME_BYTES
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def measure(settings: Settings, programme: Playback, out: Path) -> None:
    """Play with one engine and one reader; writes the reader's rows and the costs to `out`."""
    await require_sound(programme)
    clock = ServerCpuClock(await measure_append_us(Path(settings.server.data)))
    token = SystemRandomness().bytes(24).hex()
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(hall(alone(settings), clock=clock))
        port = await stack.enter_async_context(listen(running.recognising, clock, token))
        arguments = ["--url", f"ws://127.0.0.1:{port}/", "--model", settings.engine.model]
        arguments += ["--threads", str(settings.engine.threads), "--log-level", settings.logging.level]
        child = EngineChild(
            arguments, token=token, threads=settings.engine.threads, clock=clock, program=ENGINE, name="the engine"
        )
        stack.callback(running.backend.tasks.create_task(child.run()).cancel)
        await engine_ready(running, child)
        await play_to_reader(running, programme, out, READER)


def alone(settings: Settings) -> Settings:
    """Return settings without engines and translators of the server's own, so that only the
    bench's engine is measured.
    """
    return msgspec.structs.replace(
        settings,
        engine=msgspec.structs.replace(settings.engine, count=0),
        translation=msgspec.structs.replace(settings.translation, translators=(), service=""),
    )


async def engine_ready(running: RunningServer, child: EngineChild) -> None:
    """Wait until the engine is connected; raises ConfigurationError when it doesn't start."""
    while not running.recognising.engines:
        if child.failures >= MOST_FAILURES:
            raise ConfigurationError("The engine does not start; see its message above.")
        await running.backend.clock.sleep(LOOK_MS)


async def measure_append_us(folder: Path) -> int:
    """Return the median time of a durable append to a log in `folder`, in µs: the constant that the clock adds.

    The scratch log is removed.
    """
    path, session = folder / SCRATCH, SessionId("bench")
    log = await SqliteLog.open(path)
    try:
        head = await log.acquire(session, Epoch("0"))
        times, digest = [], GENESIS
        for offset in range(1, ROUNDS + 1):
            header = Header(
                session=session,
                epoch=head.epoch,
                offset=offset,
                lane=SESSION,
                prev=offset - 1,
                type="words.committed",
                at=0,
                role=Role.ENGINE,
                actor="bench",
                cause=CommandId(str(offset)),
                n=0,
            )
            record = seal(digest, header, bytes(SALT_BYTES), BODY)
            digest = record.digest
            began = time.perf_counter_ns()
            await log.append(session, head.term, offset - 1, [record])
            times.append(time.perf_counter_ns() - began)
        return round(statistics.median(times) / 1000)
    finally:
        await log.close()
        await asyncio.to_thread(_remove, folder)


def _remove(folder: Path) -> None:
    for left in folder.glob(f"{Path(SCRATCH).stem}.*"):
        left.unlink(missing_ok=True)


def main() -> int:
    """Replay one recording; returns 1 after printing a sentence when that fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("file", help="a recording")
    parser.add_argument("--jsonl", required=True, type=Path, metavar="OUT", help="write what a reader receives here")
    parser.add_argument("--language", default="en", help="what is spoken: en, or several: en,de")
    parser.add_argument("--model", help="recogniser; see moothall models list")
    parser.add_argument("--data", help="folder of the log; a temporary one by default")
    args = parser.parse_args()
    status = 0
    try:
        with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
            args.data, args.port = args.data or folder, 0
            settings = quiet(settings_of(args))
            start_logging(settings.logging.level)
            require_model(settings.engine.model)
            programme = Playback(
                file=args.file,
                title=Path(args.file).stem,
                languages=languages_of(args.language),
                session=SessionId("replay"),
                exact=False,
                as_live=False,
                sound_kept=SoundKept.NONE,
            )
            asyncio.run(measure(settings, programme, args.jsonl))
    except* MoothallError as failed:
        print(first_of(failed), file=sys.stderr)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
