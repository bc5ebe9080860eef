"""The composition root: it turns settings into a running server. Read `hall` from top to bottom for start and stop."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path

import msgspec

from moothall.adapters.engines.child import EngineChild
from moothall.adapters.engines.link import EngineTokens, Holder, serve_engines
from moothall.adapters.http.limits import keep_addresses_out_of_logs
from moothall.adapters.http.open_files import watch_open_files
from moothall.adapters.operation.service_manager import ServiceManager, open_listener
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.adapters.system.core_dumps import refuse_core_dumps
from moothall.adapters.system.interpreter import collect, prepared_interpreter
from moothall.app.admin import open_local_door
from moothall.app.backend import (
    DOORS,
    ENGINE_LINK,
    SPOOL_FOLDER,
    Stores,
    open_backend,
    open_glossaries,
    watch_rehearsals,
)
from moothall.app.hubs import open_presence
from moothall.app.metrics import open_metrics
from moothall.app.operation import operations
from moothall.app.parts import Nodes, ServerAddress, Services
from moothall.app.record.proof import ProofParts
from moothall.app.reloading import Reloading, remote_holders
from moothall.app.sound import open_live, open_recordings, open_streams, spool_quota
from moothall.app.translation import OWN, open_translating, start_translators
from moothall.app.web import open_doors
from moothall.core.ports import Clock
from moothall.services.capture.ingest import Ingest
from moothall.services.engines.recognising import Recognising
from moothall.services.operation.draining import Draining
from moothall.services.programme.office import Office
from moothall.services.supervision.pulses import Pulses
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)


class RunningServer(Services, frozen=True, kw_only=True):
    """A running server, for the code that started it: the services, and what starting them gave.

    It extends `Services` rather than holding one, so that commands and tests reach its parts by the names that they
    have inside the server.
    """

    served: ServerAddress
    proof: ProofParts
    """The public tree and its witnesses."""
    engines: tuple[EngineChild, ...]
    translator: EngineChild | None
    """The child process of the server's own translators; None where it has none."""
    reloading: Reloading
    metrics_port: int | None = None
    """The port on which it serves its metrics; None when it serves none."""

    @property
    def address(self) -> str:
        """The address of its pages, such as `http://127.0.0.1:8080`."""
        return self.served.own

    @property
    def office(self) -> Office:
        """The handler of the operator's commands."""
        return self.backend.office(self.served.public)


@asynccontextmanager
async def hall(
    settings: Settings,
    *,
    clock: Clock | None = None,
    read: Callable[[], Settings] | None = None,
    house: Stores | None = None,
    listener: socket.socket | None = None,
    nodes: Nodes | None = None,
) -> AsyncIterator[RunningServer]:
    """Run a server while inside the context.

    `read` reads the settings again for a reload; None: they stay those of the start. `house` is given where several
    nodes run the house; `nodes` then lets in the requests that other nodes carry here. `listener` is the socket to
    serve at, in place of the one that the settings name.

    Raises ConfigurationError with a sentence, alone or in a group, when the server cannot start.
    """
    clock = clock or SystemClock()
    keep_addresses_out_of_logs()
    refuse_core_dumps()
    async with AsyncExitStack() as stack:
        backend = await open_backend(stack, settings, clock, house)
        web = Path(settings.server.web) if settings.server.web else find_web_folder()
        pages = Pages(web, zone=backend.programme.zone)
        pages.show_look(lambda: backend.look.shown)
        pages.cards = can_typeset()
        manager = ServiceManager(os.environ, clock, os.getpid())
        listener = stack.enter_context(closing(listener or listen(settings)))
        recordings, sound_folder = open_recordings(stack, backend, nodes=house is not None)
        glossaries = await open_glossaries(stack, backend)
        pulses = Pulses(clock)
        recognising = Recognising(
            clock,
            recordings.record,
            glossaries.preferred,
            pulses,
            backend.measures,
            loaded=lambda: (live.writer for live in backend.sessions.all_loaded),
        )
        spools = DiskSpools(backend.data / SPOOL_FOLDER, quota=spool_quota(settings))
        if house is not None and house.sound is not None:
            await house.sound.save(spools)
        live = await open_live(stack, backend, spools, recognising)
        streams = await open_streams(stack, backend, live)
        translation = open_translating(stack, backend, glossaries, pulses)
        presence, hub_acts = open_presence(stack, backend)
        backend.keep(stack, (draining := Draining(backend.sessions, clock)).run)
        services = Services(
            backend=backend,
            pages=pages,
            pulses=pulses,
            recognising=recognising,
            translation=translation,
            ingest=Ingest(spools=spools, recognising=recognising, clock=clock, closing=backend.closing),
            live=live,
            streams=streams,
            glossaries=glossaries,
            recordings=recordings,
            sound_folder=sound_folder,
            presence=presence,
            hub_acts=hub_acts,
            draining=draining,
            one_copy=(lambda: False) if nodes is None else nodes.one_copy,
            stuck_removals=dict if nodes is None else nodes.stuck,
        )
        room = watch_open_files(stack, settings.server.max_readers, "max_readers")
        doors = await open_doors(stack, services, listener, room, nodes)
        backend.readiness.opened(DOORS)
        tokens = EngineTokens(
            SystemRandomness().bytes(24).hex(), Holder(OWN, own=True, translates=True), remote_holders(settings)
        )
        reloading = Reloading(
            backend,
            read=read or (lambda: settings),
            glossaries=glossaries,
            tokens=tokens,
            tls=doors.tls,
            readers=doors.readers.resize,
            connections=doors.connections,
        )
        office = partial(backend.office, doors.address.public)
        asked = operations(services, doors, reloading, nodes)
        await open_local_door(stack, backend.data, office, backend.randomness, asked)
        watch_rehearsals(stack, backend)
        engines, translator = await _start_engines(stack, services, tokens)
        children = engines if translator is None else (*engines, translator)
        metrics = await open_metrics(stack, services, doors, children, nodes)
        stack.enter_context(prepared_interpreter())
        backend.keep(stack, manager.run, partial(collect, clock))
        stack.callback(manager.tell, "STOPPING=1")
        manager.tell("READY=1")
        stack.callback(backend.readiness.drain)  # It is drained before any other part ends.
        yield RunningServer(
            **msgspec.structs.asdict(services),
            served=doors.address,
            proof=doors.proof,
            engines=engines,
            translator=translator,
            reloading=reloading,
            metrics_port=metrics,
        )


def listen(settings: Settings) -> socket.socket:
    """The listener for visitors: handed over by a service manager, or a new socket. Raises ConfigurationError."""
    return open_listener("server", settings.server.host, settings.server.port)


async def _start_engines(
    stack: AsyncExitStack, services: Services, tokens: EngineTokens
) -> tuple[tuple[EngineChild, ...], EngineChild | None]:
    """Listen for engines, and start the server's own engines and translators as child processes."""
    backend, pulses, translators = services.backend, services.pulses, services.translation.translators
    settings = backend.settings
    own = tokens.own
    host = settings.engine.listen_host
    handle, translate = services.recognising.serve, translators.serve
    port = await stack.enter_async_context(
        serve_engines(
            host,
            settings.engine.listen_port,
            tokens,
            handle,
            translate,
            feel=pulses.serve,
            admitted=tokens.admitted,
        )
    )
    backend.readiness.opened(ENGINE_LINK)
    backend.keep(stack, pulses.run)
    dialled = f"ws://{'[' + host + ']' if ':' in host else host}:{port}/"
    common = ["--url", dialled, "--model", settings.engine.model, "--threads", str(settings.engine.threads)]
    common += ["--device", settings.engine.device, "--compute-type", settings.engine.compute_type]
    common += ["--key-file", settings.engine.key_file] if settings.engine.key_file else []
    common += ["--memory-mb", str(settings.engine.memory_mb)] if settings.engine.memory_mb else []
    common += ["--log-level", settings.logging.level, "--log-format", settings.logging.format]
    if settings.tracing.endpoint:
        traced = settings.tracing
        common += ["--trace-endpoint", traced.endpoint, "--trace-percent", str(traced.percent)]
    common += ["--workers", str(settings.engine.workers_each(os.cpu_count() or 1))]
    children = []
    for number in range(1, settings.engine.count + 1):
        child = EngineChild(
            [*common, "--name", f"child-{number}"],
            token=own,
            threads=settings.engine.threads,
            clock=backend.clock,
            name=f"engine child {number}",
            watched=(pulses, backend.randomness),
        )
        stack.callback(backend.tasks.create_task(child.run()).cancel)
        children.append(child)
    translator = start_translators(stack, backend, translators, url=dialled, token=own, pulses=pulses)
    return tuple(children), translator
