"""A server that is one of several nodes: it stands by and forwards, or keeps the house (docs/adr/0036, 0037).

The same process does both in turn, with the same data folder and listener. While it changes, visitors wait in the
listener's queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing, contextmanager
from functools import partial

from moothall.adapters.system.collector import calm_collector
from moothall.app.backend import Backend
from moothall.app.cluster.house import AGAIN_MS, House, joined
from moothall.app.cluster.standing_by import standing_by
from moothall.app.hall import RunningServer, hall, listen
from moothall.core.commands import NoteWriter
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import StorageError
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.ports import Clock
from moothall.core.rules.keeping import taken_over
from moothall.core.sessions.state import ON
from moothall.services.cluster.archiving import Archiving
from moothall.services.sessions.live_session import LiveSession
from moothall.services.supervision.supervising import supervise
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)


async def live_as_node(
    settings: Settings,
    stop: asyncio.Event,
    *,
    clock: Clock,
    read: Callable[[], Settings] | None = None,
    serving: Callable[[RunningServer], AbstractAsyncContextManager[None]],
    told: Callable[[str], None],
) -> None:
    """Run as a node until `stop` is set. `serving` is entered while the node keeps the house; `told` is called with
    what it does.

    Raises ConfigurationError.
    """
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(closing(listen(settings)))
        house = await stack.enter_async_context(joined(settings, clock))
        keeping = house.keeping
        # This is done now and not in a take-over, for which everybody waits.
        stack.enter_context(calm_collector())
        while not stop.is_set():
            async with standing_by(house, listener.dup()):
                told("stands by")
                await _first_of(stop.wait(), keeping.taken())
            if stop.is_set():
                break
            try:
                async with (
                    hall(
                        settings, clock=clock, read=read, house=house, nodes=house.nodes, listener=listener.dup()
                    ) as running,
                    serving(running),
                ):
                    told("keeps the house")
                    noted = writer_noted(running.backend, settings.cluster.node, house.passed)
                    with noted, archiving(house, running.backend):
                        await _first_of(stop.wait(), keeping.lost())
            except* StorageError as errors:  # Redis or the disk refuses, or another node has the house by now.
                logger.warning("cluster: the house can't be opened here (%s)", type(errors.exceptions[0]).__name__)
                await keeping.give_up()
                await clock.sleep(AGAIN_MS)
        await keeping.give_up()


@contextmanager
def writer_noted(backend: Backend, node: str, passed: Callable[[SessionId, int], int | None]) -> Iterator[None]:
    """Record in the log of each session that is on that this node writes it now, and continue its media time.

    `passed` gives the ms since an event, where this node knows it. An event that is not stored when the house is given
    up is not waited for: the session writers end then.
    """
    # Bounded by the sessions that are on.
    noting: set[asyncio.Task[None]] = set()
    over = False

    async def note(live: LiveSession) -> None:
        writer = live.writer
        t = taken_over(live.state, writer.at, passed(live.id, writer.offset), backend.clock.wall())
        await writer.insist(SYSTEM, CommandId(f"writer:{writer.term}"), NoteWriter(node=node, t=t))

    def loaded(live: LiveSession) -> None:
        if not over and live.state.status in ON and live.state.writer != node:
            task = backend.tasks.create_task(supervise(partial(note, live), backend.clock))
            noting.add(task)
            task.add_done_callback(noting.discard)

    backend.sessions.tell_loaded(loaded)
    try:
        yield
    finally:
        over = True
        for task in tuple(noting):
            task.cancel()


@contextmanager
def archiving(house: House, backend: Backend) -> Iterator[None]:
    """Have Redis give up logs that enough nodes have archived, and fill again what it has lost, while inside the
    context.
    """
    made = Archiving(
        house.log,
        backend.log,
        house.clock,
        copies=house.settings.cluster.archive_copies,
        archives=house.nodes.elsewhere.archives,
        loaded=lambda session: backend.sessions.loaded(session) is not None,
    )
    runs = [made.run] if house.refilling is None else [made.run, house.refilling.run]
    tasks = [backend.tasks.create_task(supervise(run, house.clock)) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _first_of(*waits: Coroutine[object, object, object]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
