"""A real data folder with the real door of hubs, and a hub that dials it with a WebSocket library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from moothall.adapters.http.limits import runner_options
from moothall.adapters.hubs.link_door import HubDoor
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import Backend, open_backend
from moothall.app.hubs import hub_door
from moothall.core.commands import AddChannel, AnyCommand, CreateSession, OpenSession
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.hubs.links import HubLinks
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.settings.sections import Server, Settings
from moothall.testing.hub_link import MemoryActs, MemoryRegistry, plain_pack
from moothall.wire.hubs import messages as wire
from support.hubs.side import HELLO, Model
from support.links.site import Site
from support.memory.hall import FLOOR, SESSION

KEY = "key-1"


class HubHall:
    """A running server with the door of hubs."""

    def __init__(self, backend: Backend, door: HubDoor, links: HubLinks, registry: MemoryRegistry, port: int) -> None:
        self.backend = backend
        self.door = door
        self.links = links
        self.registry = registry
        self.acts = MemoryActs()
        self.port = port
        self._acts = 0

    async def do(self, *commands: AnyCommand, session: SessionId = SESSION, actor: Actor = SYSTEM) -> None:
        """Carry out commands in a session."""
        self._acts += 1
        live = await self.backend.sessions.open(session)
        answer = await live.writer.send(actor, CommandId(f"act-{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer

    async def session(self, access: Access = Access.PUBLIC) -> None:
        """Make an open session."""
        made = CreateSession(title="Open hall", languages=("en",), access=access)
        await self.do(made, AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)), OpenSession())


class Dialled:
    """A hub's end of the link."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.closed: tuple[int, str] | None = None

    async def receive(self) -> wire.ToHub | None:
        """Return the next message; None when the link has ended."""
        try:
            return wire.decode_to_hub(await self.socket.recv(decode=False))
        except ConnectionClosed as closed:
            self.closed = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
            return None

    async def send(self, message: wire.FromHub) -> None:
        """Send a message."""
        await self.socket.send(wire.encode(message))

    async def next_of(self, *kinds: type[wire.ToHub]) -> wire.ToHub:
        """Return the next message of these kinds; others are dropped."""
        while not isinstance(message := await self.receive(), kinds):
            assert message is not None, self.closed
        return message

    async def feed(self, model: Model, events: int) -> bool:
        """Feed messages to the model until it has `events` events without a hole; returns False when the link ended."""
        while model.hole or len(model.known) < events:
            message = await self.receive()
            if message is None:
                return False
            if (answer := model.take(message)) is not None:
                await self.send(answer)
        return True

    async def ended(self) -> int:
        """Wait until the link ends; returns the close code."""
        while await self.receive() is not None:
            pass
        assert self.closed is not None
        return self.closed[0]


@asynccontextmanager
async def hub_hall(data: Path) -> AsyncIterator[HubHall]:
    """Run a server, and its door of hubs on a free port; the hub `kisumu` has the key `KEY`."""
    async with AsyncExitStack() as stack:
        house = await open_backend(stack, Settings(server=Server(data=str(data))), SystemClock())
        registry, acts = MemoryRegistry(), MemoryActs()
        catalogue = SessionCatalogue(house.log)
        house.sessions.observe(lambda _, publication: catalogue.take(publication))
        door, links = hub_door(
            house,
            registry=registry,
            acts=acts,
            catalogue=catalogue,
            pack=plain_pack,
            public="https://hall.example.org",
            address_of=lambda request: request.headers.get("X-Test-Address", "127.0.0.1"),
        )
        registry.pair("kisumu", KEY)
        app = web.Application()
        app.add_routes(door.routes())
        runner = web.AppRunner(app, **runner_options())
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(door.close)
        await Site(runner).start()
        hall = HubHall(house, door, links, registry, runner.addresses[0][1])
        hall.acts = acts
        yield hall


@asynccontextmanager
async def dialled(
    port: int, *, key: str = KEY, hello: wire.FromHub | None = HELLO, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Dialled]:
    """Dial this port as a hub, and say hello. Raises an error of `websockets` when the server refuses."""
    sent = {"Authorization": f"Bearer {key}", **(headers or {})}
    async with connect(
        f"ws://127.0.0.1:{port}{wire.PATH}",
        additional_headers=sent,
        compression=None,
        max_size=wire.MAX_FRAME_BYTES,
        ping_interval=None,
        close_timeout=2,
    ) as socket:
        hub = Dialled(socket)
        if hello is not None:
            await hub.send(hello)
        yield hub
