"""A server that is one of several nodes: it stands by and forwards, or keeps the house (docs/adr/0036, 0037).

The same process does both in turn, with the same data folder and listener. While it changes, visitors wait in the
listener's queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from moothall.adapters.system.interpreter import prepared_interpreter
from moothall.app.backend import Backend, touch_disk
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
from moothall.services.cluster.own_disk import OwnDisk
from moothall.services.sessions.live_session import LiveSession
from moothall.services.supervision.supervising import failure_of, supervise
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)

LEAVE_MS = 30_000
"""Milliseconds within which a node has to have closed its files, be it that it stops or that another turn begins."""
HUNG_MS = 2_000
"""The same while its disk is known to hang: visitors wait in its listener's queue meanwhile."""
LOOK_MS = 250
TOUCH_MS = 1_000
"""Milliseconds between two writes to the disk while files are opened or closed."""


async def live_as_node(
    settings: Settings,
    stop: asyncio.Event,
    *,
    clock: Clock,
    read: Callable[[], Settings] | None = None,
    serving: Callable[[RunningServer], AbstractAsyncContextManager[None]],
    told: Callable[[str], None],
    hung: Callable[[], None],
) -> None:
    """Run as a node until `stop` is set. `serving` is entered while the node keeps the house; `told` is called with
    what it does. `hung` has to end the process: it is called where the node can't go on, since files can't be closed.

    Raises ConfigurationError.
    """
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(closing(listen(settings)))
        house = await stack.enter_async_context(joined(settings, clock))
        keeping = house.keeping

        async def end() -> None:
            listener.close()  # Whoever waits in its queue tries another node.
            await keeping.give_up()
            hung()

        turning = Turning(house.disk, clock, partial(asyncio.to_thread, touch_disk, Path(settings.server.data)), end)
        stack.callback(turning.over)
        # This is done now and not in a take-over, for which everybody waits.
        stack.enter_context(prepared_interpreter())
        while not stop.is_set():
            turning.begin(None)
            async with standing_by(house, listener.dup()):
                turning.over()
                told("stands by")
                await _first_of(stop.wait(), keeping.taken())
                turning.begin(LEAVE_MS)
            turning.over()
            if stop.is_set():
                break
            turning.begin(None)
            try:
                async with (
                    hall(
                        settings, clock=clock, read=read, house=house, nodes=house.nodes, listener=listener.dup()
                    ) as running,
                    serving(running),
                ):
                    turning.over()
                    told("keeps the house")
                    noted = writer_noted(running.backend, settings.cluster.node, house.passed)
                    with noted, archiving(house, running.backend):
                        await _first_of(stop.wait(), keeping.lost())
                        turning.begin(LEAVE_MS)
                turning.over()
            except* StorageError as errors:  # Redis or the disk refuses, or another node has the house by now.
                turning.over()
                logger.warning("cluster: the house can't be opened here (%s)", type(errors.exceptions[0]).__name__)
                await keeping.give_up()
                await clock.sleep(AGAIN_MS)
        await keeping.give_up()


class Turning:
    """Ends a process that can't open or close its files, since its disk hangs: a thread that waits for a disk can't be
    ended otherwise. Whoever started the process starts it again.
    """

    def __init__(
        self,
        disk: OwnDisk,
        clock: Clock,
        touch: Callable[[], Coroutine[Any, Any, None]],
        end: Callable[[], Awaitable[None]],
    ) -> None:
        """`touch`: writes something to the disk; `end`: ends the process."""
        self._disk, self._clock, self._touch, self._end = disk, clock, touch, end
        self._watching: asyncio.Task[None] | None = None

    def begin(self, most_ms: int | None) -> None:
        """Watch until `over`: call `end` once the disk is known to hang for `HUNG_MS`, and after `most_ms` in any case
        unless that is None.
        """
        self.over()
        self._watching = asyncio.ensure_future(self._watch(most_ms))

    def over(self) -> None:
        """Note that the files are open, or closed."""
        if self._watching is not None:
            self._watching.cancel()
        self._watching = None

    async def _watch(self, most_ms: int | None) -> None:
        touching = asyncio.ensure_future(self._touching())
        began = answered = now = self._clock.monotonic()
        try:
            while now - answered < HUNG_MS and (most_ms is None or now - began < most_ms):
                await self._clock.sleep(LOOK_MS)
                now = self._clock.monotonic()
                answered = answered if self._disk.hangs else now
        finally:
            touching.cancel()
        logger.error("cluster: this node's disk does not answer, so files can't be opened or closed; this process ends")
        await self._end()

    async def _touching(self) -> None:
        while True:
            await failure_of(lambda: self._disk.watch(self._touch()))  # A disk that refuses answers.
            await self._clock.sleep(TOUCH_MS)


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
        writer, wall = live.writer, backend.clock.wall()
        t = taken_over(live.state, writer.at, passed(live.id, writer.offset), wall)
        await writer.insist(SYSTEM, CommandId(f"writer:{writer.term}"), NoteWriter(node=node, t=t, at=wall))

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
