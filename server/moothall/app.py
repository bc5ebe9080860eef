"""The composition root: settings in, a running server out. Start and stop read top to bottom in `hall`."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import msgspec
from aiohttp import web

from moothall.adapters import signing, sqlite_file
from moothall.adapters.audio_spool import DiskSpools
from moothall.adapters.data_folder import hold_folder
from moothall.adapters.engine_child import EngineChild
from moothall.adapters.engine_link import EngineSocket, serve_engines
from moothall.adapters.limits import (
    MAX_BODY_BYTES,
    AddressGate,
    keep_addresses_out_of_logs,
    runner_options,
    secure,
)
from moothall.adapters.log_sqlite import SqliteLog
from moothall.adapters.page_door import PageDoor
from moothall.adapters.page_files import find_web_folder
from moothall.adapters.pages import Pages
from moothall.adapters.reading import Readers
from moothall.adapters.signing import Ed25519Signer
from moothall.adapters.sse import EventsDoor
from moothall.adapters.system_clock import SystemClock, SystemRandomness
from moothall.adapters.websocket import WebSocketDoor
from moothall.adapters.well_known import KeysDoor
from moothall.core.errors import ConfigurationError
from moothall.core.ports import Clock
from moothall.services.engine_streams import BenchClock
from moothall.services.ingest import Ingest
from moothall.services.reader_access import ReaderAccess
from moothall.services.recognising import Recognising
from moothall.services.sessions import Sessions
from moothall.settings import Settings, engine_tokens

logger = logging.getLogger(__name__)

SPOOL_FOLDER = "spool"
GC_THRESHOLDS = (50_000, 20, 100)
"""A server holds some 100,000 long-lived objects; walking them at each of CPython's default 700 allocations costs
two thirds of a fan-out."""


class Hall(msgspec.Struct, frozen=True, kw_only=True):
    """A running server, for whoever started it."""

    address: str
    """Where its pages are, such as `http://127.0.0.1:8080`."""
    sessions: Sessions
    recognising: Recognising
    ingest: Ingest
    clock: Clock
    engines: tuple[EngineChild, ...]


@asynccontextmanager
async def hall(
    settings: Settings,
    *,
    clock: Clock | None = None,
    bench: BenchClock | None = None,
    engine_arguments: Sequence[str] = (),
) -> AsyncIterator[Hall]:
    """Run a server while inside. Raises ConfigurationError with a sentence, alone or in a group, when it can't start.

    `bench` and the engine's extra arguments are for runs on the CPU clock.
    """
    clock, randomness = clock or SystemClock(), SystemRandomness()
    data = Path(settings.server.data)
    keep_addresses_out_of_logs()
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_folder(data))
        pages = Pages(Path(settings.server.web) if settings.server.web else find_web_folder())
        listener = stack.enter_context(closing(_listen(settings)))
        log = await SqliteLog.open(data / sqlite_file.FILE_NAME)
        stack.push_async_callback(log.close)
        signer = Ed25519Signer.open(data / signing.FILE_NAME)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        sessions = Sessions(log=log, clock=clock, randomness=randomness, signer=signer)
        started = asyncio.Event()
        owner = tasks.create_task(sessions.run(started))
        stack.callback(owner.cancel)
        await started.wait()
        recognising = Recognising(clock, bench)
        ingest = Ingest(spools=DiskSpools(data / SPOOL_FOLDER), recognising=recognising, clock=clock)
        address = await _open_doors(
            stack,
            tasks,
            settings,
            listener=listener,
            pages=pages,
            sessions=sessions,
            clock=clock,
            keys=signer.public_document(),
        )
        engines = await _start_engines(
            stack, tasks, settings, recognising=recognising, clock=clock, arguments=engine_arguments
        )
        _calm_collector(stack)
        yield Hall(
            address=address,
            sessions=sessions,
            recognising=recognising,
            ingest=ingest,
            clock=clock,
            engines=engines,
        )


async def _open_doors(
    stack: AsyncExitStack,
    tasks: asyncio.TaskGroup,
    settings: Settings,
    *,
    listener: socket.socket,
    pages: Pages,
    sessions: Sessions,
    clock: Clock,
    keys: Mapping[str, object],
) -> str:
    """Serve readers; returns the address."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    randomness, access = SystemRandomness(), ReaderAccess(sessions)
    readers = Readers(
        find=access.find,
        may_read=access.may_read,
        clock=clock,
        randomness=randomness,
        origins=frozenset(settings.server.origins) or _own_origins(address, port),
        most=settings.server.max_readers,
    )
    events, sockets = EventsDoor(readers), WebSocketDoor(readers)
    page = PageDoor(
        pages,
        clock=clock,
        snapshot_of=access.snapshot,
        page_of=access.page,
        public_sessions=access.listed,
    )
    gate = AddressGate(clock, randomness)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[gate.middleware(), page.error_pages()])
    secure(app)
    for door in (page, events, sockets, KeysDoor(keys)):
        app.add_routes(door.routes())
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(sockets.close)
    stack.push_async_callback(events.close)
    stack.callback(tasks.create_task(events.run()).cancel)
    await web.SockSite(runner, listener).start()
    return address


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.server.host, settings.server.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        # create_server adds the address to what the system says.
        why = (error.strerror or type(error).__name__).partition(" (while")[0]
        msg = f"The server can't listen on {host}:{port}: {why}. Is another one running? --port chooses."
        raise ConfigurationError(msg) from error


def _calm_collector(stack: AsyncExitStack) -> None:
    """Spare the garbage collector what lives as long as the server, until the stack unwinds."""
    stack.callback(gc.set_threshold, *gc.get_threshold())
    stack.callback(gc.unfreeze)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _own_origins(address: str, port: int) -> frozenset[str]:
    return frozenset({address, f"http://localhost:{port}"})


async def _start_engines(
    stack: AsyncExitStack,
    tasks: asyncio.TaskGroup,
    settings: Settings,
    *,
    recognising: Recognising,
    clock: Clock,
    arguments: Sequence[str],
) -> tuple[EngineChild, ...]:
    """Listen for engines, and start the server's own."""
    own = SystemRandomness().bytes(24).hex()
    remote = engine_tokens(Path(settings.engine.tokens)) if settings.engine.tokens else {}
    tokens = {secret.value: name for name, secret in remote.items()} | {own: "child"}

    async def handle(link: EngineSocket) -> None:
        await recognising.serve(link)

    host = settings.engine.listen_host
    port = await stack.enter_async_context(serve_engines(host, settings.engine.listen_port, lambda: tokens, handle))
    dialled = f"ws://{'[' + host + ']' if ':' in host else host}:{port}/"
    common = ["--url", dialled, "--model", settings.engine.model, "--threads", str(settings.engine.threads)]
    children = []
    for number in range(1, settings.engine.count + 1):
        child = EngineChild(
            [*common, "--name", f"child-{number}", "--log-level", settings.logging.level, *arguments],
            token=own,
            threads=settings.engine.threads,
            clock=clock,
        )
        stack.callback(tasks.create_task(child.run()).cancel)
        children.append(child)
    return tuple(children)
