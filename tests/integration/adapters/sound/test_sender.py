"""A sender at a real server's microphone door: it resumes after a cut, and ends with its session."""

from __future__ import annotations

import asyncio
from pathlib import Path

from moothall.adapters.sound.sender import RATE, Sender
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.halls.process import free_port
from support.halls.readers import until

FLOOR = ChannelId("floor")
NOWHERE = "http://127.0.0.1:9"
"""Nothing listens there."""


async def made(running: RunningServer) -> tuple[LiveSession, str]:
    """A session that nobody has opened, and a technician's link."""
    live = await running.backend.sessions.open(SessionId("plenary"))
    floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
    answer = await live.writer.send(
        SYSTEM, CommandId("make"), (do.CreateSession(title="Plenary", languages=("en",)), floor)
    )
    assert not isinstance(answer, Refusal)
    _, token = await running.backend.links.create(Role.TECHNICIAN, "hall", "")
    return live, token


async def test_one_take_outlives_a_restart_and_ends_with_its_session(tmp_path: Path) -> None:
    settings = Settings(
        server=Server(port=free_port(41), data=str(tmp_path)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        live, token = await made(running)
        addresses = [NOWHERE, running.address]
        sender = Sender(addresses, token, "/s/plenary/audio", bytes(RATE))
        sending = asyncio.ensure_future(sender.run())
        await until(lambda: live.state.sources and running.live.growing(live.id))
    async with hall(settings) as running:
        live = await running.backend.sessions.open(live.id)
        before = len(live.state.sources)
        await until(lambda: running.live.loudness(live.id))
        assert len(live.state.sources) == before == 1
        assert not sending.done()
        await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession())
        async with asyncio.timeout(60):
            await sending
    assert sender.takes == 1
