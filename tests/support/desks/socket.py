"""The staff's pages on a real server on this machine, with sessions in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import aiohttp
import msgspec
import socketio
from aiohttp import web

from moothall.adapters.desks.desk_socket import DeskSocket
from moothall.adapters.desks.staff_socket import PING_S, StaffSocket
from moothall.adapters.http.limits import runner_options
from moothall.adapters.http.security_headers import secure
from moothall.core.commands import (
    AnyCommand,
    AttachEngine,
    CommitWords,
    EndSegment,
    OpenSession,
    SegmentStart,
)
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.core.ports import Clock
from moothall.services.desks.desks import Desks, NewsOf
from moothall.services.desks.requests import Extra
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff
from support.links.site import Site
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

ENGINE = Actor(Role.ENGINE, "scripted")
STAFF = {
    "tech": Staff(link="link-t", role=Role.TECHNICIAN, scope="hall", label="Ann's laptop"),
    "cap": Staff(link="link-c", role=Role.CAPTIONER, scope="session:s", label="Captioner 1"),
    "chair": Staff(link="link-x", role=Role.CHAIR, scope="session:other", label="Chair elsewhere"),
}
"""The staff whom the cookie `who` may name."""

ANSWER_S = 60
"""How long an answer or a message may take, on a machine that does much else."""


class House:
    """A server, and the session that tests use."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self.hall = hall
        self.live = live
        self.staff = dict(STAFF)
        self.news: dict[str, object] = {}
        self.desks: Desks
        self.socket: StaffSocket
        self.url = ""
        self._said = 0

    def of(self, request: web.Request) -> tuple[Staff, ...]:
        """Return the staff named by a request's cookie."""
        names = request.cookies.get("who", "").split("+")
        return tuple(self.staff[name] for name in names if name in self.staff)

    @staticmethod
    def may_act(staff: Staff, session: SessionId) -> bool:
        return staff.scope in ("hall", f"session:{session}")

    async def do(self, *commands: AnyCommand, by: Actor = SYSTEM) -> Receipt:
        """Carry out commands; asserts that they were not refused."""
        self._said += 1
        answer = await self.live.writer.send(by, CommandId(f"test:{self._said}"), commands)
        assert isinstance(answer, Receipt), answer
        return answer

    async def open(self) -> None:
        """Open the session."""
        await self.do(OpenSession())

    async def say(self, segment: str, *texts: str, end: bool = True, language: str = "en") -> None:
        """Write a line as the engine, which attaches to the channel first if none has."""
        if not self.live.state.channels[FLOOR].generation:
            await self.do(AttachEngine(channel=FLOOR, model="scripted"))
        channel = self.live.state.channels[FLOOR]
        t = channel.committed_through
        words = tuple(Word(text, t + 200 * n, t + 200 * (n + 1), 0.9 - 0.5 * (n == 1)) for n, text in enumerate(texts))
        name = SegmentId(segment)
        commands: list[AnyCommand] = [
            CommitWords(
                channel=FLOOR,
                generation=channel.generation,
                segment=name,
                first=0,
                words=words,
                start=SegmentStart(t0=t, language=language),
            )
        ]
        if end:
            commands.append(
                EndSegment(
                    channel=FLOOR,
                    generation=channel.generation,
                    segment=name,
                    t1=words[-1].t1,
                    reason=EndReason.SENTENCE,
                )
            )
        await self.do(*commands, by=ENGINE)


@asynccontextmanager
async def desk_house(
    *,
    extras: Callable[[House], dict[str, Extra]] = lambda _: {},
    routes: Callable[[House], Sequence[web.RouteDef]] = lambda _: (),
    name: SessionId = SESSION,
    ping_s: float = PING_S,
    clock: Clock | None = None,
    end_s: float = 5.0,
) -> AsyncIterator[House]:
    """Run the server; `routes` adds doors to it. `clock`: of the socket; None for the house's. `end_s`: how long its
    end waits for what is still being answered.
    """
    async with AsyncExitStack() as stack:
        hall = await stack.enter_async_context(memory_hall())
        house = House(hall, await hall.session(name))
        origins: set[str] = set()
        house.socket = StaffSocket(
            staff=house.of,
            origins=origins,  # type: ignore[arg-type]  # grows
            clock=clock or hall.clock,
            ping_s=ping_s,
        )
        look: dict[str, NewsOf] = {
            kind: lambda _, kind=kind: house.news.get(kind)  # type: ignore[misc]
            for kind in ("reports", "alarm", "overrun")
        }
        house.desks = hall.desks(look, may_act=house.may_act, links={staff.link: staff for staff in STAFF.values()})
        DeskSocket(house.socket, house.desks, may_act=house.may_act, extras=extras(house))
        app = web.Application()
        secure(app)
        app.add_routes([*house.socket.routes(), *routes(house)])
        runner = web.AppRunner(app, **runner_options() | {"shutdown_timeout": end_s})
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(house.socket.close)
        await Site(runner).start()
        house.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        origins.add(house.url)
        tasks = [asyncio.ensure_future(house.socket.run()), asyncio.ensure_future(house.desks.run())]
        try:
            yield house
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Desk:
    """A stock Socket.IO client at a desk, and the messages that it received."""

    def __init__(self, house: House, who: str, namespace: str = "/desk") -> None:
        self.house = house
        self.namespace = namespace
        jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address too
        self._http = aiohttp.ClientSession(cookies={"who": who}, cookie_jar=jar)
        self.client = socketio.AsyncClient(reconnection=False, http_session=self._http)
        self.told: list[tuple[str, Any]] = []
        self._news = asyncio.Condition()
        self.client.on("*", self._heard, namespace=namespace)

    async def _heard(self, event: str, *data: Any) -> None:
        async with self._news:
            self.told.append((event, data[0] if data else None))
            self._news.notify_all()

    async def connect(self, *transports: str, origin: str | None = None) -> None:
        """Connect; raises socketio's ConnectionError when refused."""
        await self.client.connect(
            self.house.url,
            headers={"Origin": origin} if origin else {},
            namespaces=[self.namespace],
            transports=list(transports) or ["websocket"],
            wait_timeout=60,
        )

    async def ask(self, event: str, data: object = None) -> Any:
        """Send a message; returns its acknowledgement."""
        return await self.client.call(event, data, namespace=self.namespace, timeout=ANSWER_S)

    async def until(self, event: str, holds: Callable[[Any], object] = lambda _: True) -> Any:
        """Wait for the first message of the kind for which `holds` is true; returns its body."""
        async with asyncio.timeout(ANSWER_S), self._news:
            while not (found := [body for kind, body in self.told if kind == event and holds(body)]):
                await self._news.wait()
        return found[0]

    def bodies(self) -> list[dict[str, Any]]:
        """Return the events of all frames, in order."""
        return [event["body"] for kind, frame in self.told if kind == "frame" for event in frame.get("events", ())]

    async def close(self) -> None:
        """Disconnect."""
        leaving = asyncio.ensure_future(self.client.disconnect())
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):  # Without a WebSocket the client waits until its last poll is over.
                await asyncio.shield(leaving)
        await self._http.close()
        await leaving


@asynccontextmanager
async def desk(house: House, who: str = "tech", *transports: str, join: bool = True) -> AsyncIterator[Desk]:
    """Connect a desk, and join the house's session."""
    made = Desk(house, who)
    await made.connect(*transports)
    try:
        if join:
            answer = await made.ask("join", {"session": house.live.id})
            assert "refusal" not in answer, answer
        yield made
    finally:
        await made.close()


def plain(commands: Sequence[AnyCommand]) -> list[dict[str, Any]]:
    """Return commands in the form in which a page sends them."""
    return [msgspec.to_builtins(command) for command in commands]
