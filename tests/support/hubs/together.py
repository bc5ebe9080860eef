"""A centre and hubs in one process: pairing them, and acts at each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall_hub.app import RunningHub
from moothall_hub.pairing.pairing import Pairing

CLOCK = SystemClock()
SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
COORDINATOR = (Role.HUB, HALL, "Coordinator")


@asynccontextmanager
async def centre(data: Path, port: int = 0, *, translation: Translation | None = None) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=port, data=str(data)),
        engine=EngineSection(count=0),
        translation=translation or Translation(translators=()),
    )
    async with hall(settings) as running:
        yield running


class Meeting:
    """Acts at the centre."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        self._acts = 0

    async def do(self, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        self._acts += 1
        writer = (await self.running.backend.sessions.open(SESSION)).writer
        answer = await writer.send(
            by, CommandId(f"act-{self.running.backend.clock.monotonic()}-{self._acts}"), commands
        )
        assert isinstance(answer, Receipt), answer

    async def begin(self) -> None:
        made = do.CreateSession(title="Plenary", languages=("en",), access=Access.PUBLIC)
        await self.do(made, do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)), do.OpenSession())

    async def say(self, text: str) -> None:
        segment = SegmentId(f"line-{self.running.backend.clock.monotonic()}")
        await self.do(
            do.TypeSegment(channel=FLOOR, segment=segment, text=text, language="en"), by=Actor(Role.CAPTIONER, "c")
        )


async def paired(running: RunningServer, hub: RunningHub, title: str = "Kisumu") -> None:
    """Register a hub if need be, and pair it by its words."""
    if running.backend.hubs.get(title.lower()) is None:
        await running.backend.hubs.add(title, Details())
    words = await running.backend.pairing.words(title.lower())
    assert words is not None
    done = await hub.parts.pair(running.address, " ".join(words))
    assert isinstance(done, Pairing), done


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until `holds` returns something true, polling often; otherwise the test's time-out ends it."""
    while not await holds():
        await CLOCK.sleep(20)


def shows(client: ClientSession, address: str, text: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        async with client.get(address) as response:
            return text in await response.text()

    return look


async def forwarded(client: ClientSession, hub: RunningHub, desk: str) -> None:
    """Press *Pass on* at the first question of the desk."""
    act = desk.partition('value="forward:')[2].partition('"')[0]
    assert act, desk
    token = desk.partition('name="form" value="')[2].partition('"')[0]
    given = {"form": token, "session": SESSION, "act": f"forward:{act}"}
    async with client.post(f"{hub.own}/desk?ui=en", data=given, headers={"Origin": hub.own}) as response:
        assert response.status == 200, await response.text()


async def below(upper: RunningHub, lower: RunningHub, title: str) -> None:
    """Pair a hub with another hub above it."""
    words = await upper.parts.below.give(title)
    assert words is not None
    done = await lower.parts.pair(upper.own, " ".join(words))
    assert isinstance(done, Pairing), done
