"""Nodes that stand by before a keeper: a web server each, which carries every request to it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from moothall.adapters.cluster.forwarding import Forwarding
from moothall.adapters.cluster.keeper_connections import CONNECT_S, KeeperConnections
from moothall.adapters.cluster.node_gate import NodeGate, NodeSeal
from moothall.adapters.http.connections import unshared_connections
from moothall.adapters.http.forwarded import came_by_https, trusted_networks, visitor_address
from moothall.adapters.http.limits import runner_options
from moothall.adapters.http.slots import Slots
from moothall.adapters.http.taking import serve
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.ports import Clock
from moothall.testing.clock import SeededRandomness

KEY = bytes(range(32))
PAGES = Pages(find_web_folder())


class Node:
    """A node that stands by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.keeper: str | None = None
        self.forwarding: Forwarding
        self.slots: Slots
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def node(
    keeper: str | None = None,
    *,
    name: str = "b",
    key: bytes = KEY,
    clock: Clock | None = None,
    trusted: Sequence[str] = (),
    most: int = 4_000,
    trust: ssl.SSLContext | None = None,
    connect_s: float = CONNECT_S,
    tls: ssl.SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[Node]:
    """Run a node that carries to `keeper`, whose certificate `trust` checks; `options` are those of `Forwarding`."""
    made, clock = Node(name), clock or SystemClock()
    made.keeper = keeper
    made.slots = Slots(SeededRandomness(), most=most)
    networks = trusted_networks(trusted)
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        made.port = listener.getsockname()[1]
        made.forwarding = Forwarding(
            lambda: made.keeper,
            KeeperConnections(trust, connect_s=connect_s),
            NodeSeal(name, key, clock, SystemRandomness()),
            PAGES,
            clock,
            address_of=visitor_address(networks),
            over_https=came_by_https(networks),
            origins=frozenset({made.address}),
            slots=made.slots,
            **options,
        )
        await made.forwarding.open()
        stack.push_async_callback(made.forwarding.close)
        gate = NodeGate(key, clock, lambda: False).middleware()
        await serving(stack, listener, made.forwarding.routes(), (gate,), tls=tls)
        yield made


async def serving(
    stack: AsyncExitStack,
    listener: socket.socket,
    routes: Sequence[web.RouteDef],
    middlewares: Sequence[Middleware] = (),
    *,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve routes at a listener as the server does, until the stack unwinds."""
    connections = unshared_connections(SeededRandomness(), most=2_000)
    address_of = visitor_address(())
    app = web.Application(middlewares=[*middlewares, connections.middleware(address_of)])
    app.add_routes(routes)
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await serve(stack, runner, listener, connections=connections, tls=tls)


@asynccontextmanager
async def keeper_of(
    routes: Sequence[web.RouteDef],
    *middlewares: Middleware,
    key: bytes = KEY,
    clock: Clock | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    """Run a keeper with these routes, and with middlewares after the one that lets nodes in; yields its address."""
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        gate = NodeGate(key, clock or SystemClock()).middleware()
        await serving(stack, listener, routes, (gate, *middlewares), tls=tls)
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{listener.getsockname()[1]}"
