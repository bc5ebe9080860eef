"""The readers' doors of a node that stands by: it serves readers from its own copies, or carries them to the keeper."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.cached.cached_door import CachedDoor
from moothall.adapters.cluster.forwarding import Forwarding
from moothall.adapters.cluster.node_link_client import NodeLinkClient
from moothall.adapters.http.admission import Admission, has_begun
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.pages.error_pages import crowded_page
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.low_data_door import LowDataDoor
from moothall.adapters.reading.plain_door import PlainDoor
from moothall.adapters.reading.poll_door import PollDoor
from moothall.adapters.reading.reader_routes import STREAMS, Readers, position_of
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.reading.websocket import WebSocketDoor
from moothall.adapters.system.clock import SystemRandomness
from moothall.core.kernel.ids import Position, SessionId
from moothall.services.cluster.reading import CACHED_MS, CUT_OFF_MS, NodeReading
from moothall.services.supervision.supervising import supervise

GOODBYE_MS = 200
LOOK_MS = 1_000
"""Milliseconds between checks whether this node is cut off."""
CUT_OFF = "This machine has heard nothing of the others for 10 s; come back, and nothing will be missed."
"""The sentence with which readers are sent away then."""

logger = logging.getLogger(__name__)


class NodeReaders:
    """The readers' doors of a node. They serve readers of sessions that everybody may read. All other requests are
    carried to the keeper, which knows the role links.
    """

    def __init__(
        self,
        reading: NodeReading,
        forwarding: Forwarding,
        link: NodeLinkClient,
        pages: Pages,
        readers: Readers,
    ) -> None:
        self._reading, self._forwarding, self._link = reading, forwarding, link
        self.readers = readers
        self._sockets, self._events, self._polls = WebSocketDoor(readers), EventsDoor(readers), PollDoor(readers)
        self._low, self._plain = LowDataDoor(readers), PlainDoor(readers, pages)
        self._cached = CachedDoor(readers)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        doors = (self._events, self._sockets, self._polls, self._low, self._plain)
        found = [(route, CUT_OFF_MS) for door in doors for route in door.routes()]
        found += [(route, CACHED_MS) for route in self._cached.routes()]
        return [web.get(route.path, self._or_carried(route.handler, ms), allow_head=False) for route, ms in found]

    async def open(self, stack: AsyncExitStack) -> None:
        """Serve until the stack unwinds. Then readers are asked to connect again, and get `GOODBYE_MS` at most: the
        take-over of the house waits for it.
        """
        tasks, started = await stack.enter_async_context(asyncio.TaskGroup()), asyncio.Event()
        stack.callback(tasks.create_task(self._reading.run(started)).cancel)
        await started.wait()
        doors = (self._sockets, self._events, self._polls, self._plain, self._low)
        for each in (self._link, *doors, self._cached):
            stack.callback(tasks.create_task(supervise(each.run, self._reading.clock)).cancel)
        stack.callback(tasks.create_task(supervise(self._watch, self._reading.clock)).cancel)
        stack.push_async_callback(self._sockets.close, GOODBYE_MS)
        for door in (self._events, self._polls, self._plain, self._low):
            stack.push_async_callback(door.close)

    async def _watch(self) -> None:
        """Send readers away while this node is cut off, until cancelled: it may show words that were removed."""
        told = False
        while True:
            await self._reading.clock.sleep(LOOK_MS)
            if self._reading.cut_off:
                if not told:
                    logger.warning("cluster: neither Redis nor the keeper is heard; readers are sent away")
                self._sockets.send_away(CUT_OFF)
                for door in (self._events, self._polls, self._plain, self._low):
                    door.send_away()
            elif told:
                logger.info("cluster: readers are served again")
            told = self._reading.cut_off

    def _or_carried(self, handle: Handler, unheard_ms: int) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            session, unheard = SessionId(request.match_info["session"]), self._reading.unheard_for(unheard_ms)
            if "as" in request.query or unheard or not await self._reading.serves(session, _after(request)):
                has_begun(request)  # The keeper decides whether to admit it.
                return await self._forwarding.handle(request)
            return await handle(request)

        return handler


def _after(request: web.Request) -> Position | None:
    """The position that a request names; None where it names none or a wrong one, which the door reports."""
    try:
        return position_of(request)
    except ValueError:
        return None


def reader_gate(address_of: AddressOf, pages: Pages) -> Middleware:
    """Return a middleware by which readers who begin to follow a text wait for admission, by its cost (`Admission`)."""

    @web.middleware
    async def others(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)  # The keeper has a gate for all other requests.

    return Admission(SystemRandomness()).middleware(address_of, STREAMS, others, crowded_page(pages))
