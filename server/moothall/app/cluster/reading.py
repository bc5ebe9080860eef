"""The readers' doors of a node that stands by: whom it serves from its own copies, whom it carries to the keeper."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.cluster.forwarding import Forwarding
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.adapters.cluster.node_link_line import NodeLinkLine
from moothall.adapters.http.admission import Admission, has_begun
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.open_files import ConnectionCapacity
from moothall.adapters.http.places import share
from moothall.adapters.pages.error_pages import crowded_page
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.low_data_door import LowDataDoor
from moothall.adapters.reading.plain_door import PlainDoor
from moothall.adapters.reading.poll_door import PollDoor
from moothall.adapters.reading.reader_routes import STREAMS, Readers
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.reading.websocket import WebSocketDoor
from moothall.adapters.system.clock import SystemRandomness
from moothall.app.cluster.house import House
from moothall.core.kernel.ids import SessionId
from moothall.services.cluster.reading import NodeReading
from moothall.services.supervision.supervising import supervise


async def open_reading(
    stack: AsyncExitStack,
    house: House,
    reading: NodeReading,
    forwarding: Forwarding,
    *,
    seal: NodeSeal,
    pages: Pages,
    room: ConnectionCapacity,
    origins: frozenset[str],
    address_of: AddressOf,
) -> list[web.RouteDef]:
    """Routes of the readers' doors, which serve until the stack unwinds.

    They serve who reads a session that everybody may read. All others the keeper serves: it knows their links.
    """
    clock, randomness = house.clock, SystemRandomness()
    readers = Readers(
        find=reading.find,
        may_read=lambda _: None,  # What is found everybody may read.
        clock=clock,
        randomness=randomness,
        origins=origins,
        most=room.readers,
        each=share(room.readers, house.settings.server.address_share),
        address_of=address_of,
    )
    events, sockets, polls = EventsDoor(readers), WebSocketDoor(readers), PollDoor(readers)
    low, plain = LowDataDoor(readers), PlainDoor(readers, pages)
    line = NodeLinkLine(lambda: house.keeper, reading, seal, clock)
    tasks, started = await stack.enter_async_context(asyncio.TaskGroup()), asyncio.Event()
    stack.callback(tasks.create_task(reading.run(started)).cancel)
    await started.wait()
    for run in (line.run, events.run, sockets.run, polls.run, plain.run, low.run):
        stack.callback(tasks.create_task(supervise(run, clock)).cancel)
    for closing in (sockets, events, polls, plain, low):
        stack.push_async_callback(closing.close)

    def or_carried(handle: Handler) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            if "as" in request.query or await reading.find(SessionId(request.match_info["session"])) is None:
                has_begun(request)  # The keeper lets it in, or doesn't.
                return await forwarding.handle(request)
            return await handle(request)

        return handler

    found = [route for door in (events, sockets, polls, plain, low) for route in door.routes()]
    return [web.get(route.path, or_carried(route.handler), allow_head=False) for route in found]


def reader_gate(address_of: AddressOf, pages: Pages) -> Middleware:
    """Readers who begin to follow a text wait to be let in, by what that costs (`Admission`)."""

    @web.middleware
    async def others(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)  # The keeper has a gate for them.

    return Admission(SystemRandomness()).middleware(address_of, STREAMS, others, crowded_page(pages))
