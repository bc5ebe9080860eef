"""A server in this process whose own translators, in a process of theirs, translate a session."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from moothall.app.hall import RunningServer, hall
from moothall.core.commands import AddChannel, AnyCommand, CorrectSegment, CreateSession, OpenSession, TypeSegment
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation

S, FLOOR, ES, PT = SessionId("s"), ChannelId("floor"), ChannelId("mt-es"), ChannelId("mt-pt")
STORE = "MOOTHALL_MODELS"
CAPTIONER = Actor(Role.CAPTIONER, "c1")


class TranslatedMeeting:
    """A session that is translated by what is installed here."""

    def __init__(self, running: RunningServer, live: LiveSession) -> None:
        self.running, self.live = running, live
        self.events: list[ev.AnyEvent] = []
        """All that has been logged since."""
        live.writer.listen(lambda publication: self.events.extend(publication.events))
        self._done = 0

    async def do(self, *commands: AnyCommand, by: Actor = CAPTIONER) -> None:
        self._done += 1
        name = CommandId(f"t{self.live.writer.offset}-{self._done}")
        answer = await self.live.writer.send(by, name, commands)
        assert isinstance(answer, Receipt), answer

    async def says(self, name: str, text: str) -> None:
        await self.do(TypeSegment(channel=FLOOR, segment=SegmentId(name), text=text, language="en"))

    async def corrects(self, name: str, text: str) -> None:
        await self.do(CorrectSegment(channel=FLOOR, segment=SegmentId(name), base_revision=0, base_words=0, text=text))

    def read(self, name: str, channel: ChannelId = ES) -> str:
        line = self.live.state.segments.get(SegmentId(f"{name}-{channel}"))
        return "" if line is None else line.whole

    async def comes(self, condition: Callable[[], bool], within_ms: int = 60_000) -> int:
        """Wait for something; returns after how many ms it was there."""
        clock = self.running.backend.clock
        began = clock.monotonic()
        while not condition():
            assert clock.monotonic() - began < within_ms, "it never came"
            await clock.sleep(5)
        return clock.monotonic() - began


@contextmanager
def own_store(folder: Path) -> Iterator[Path]:
    """Have the models of servers in this process, and of the programs that they start, in a folder of their own."""
    before = os.environ.get(STORE)
    os.environ[STORE] = str(folder)
    try:
        yield folder
    finally:
        del os.environ[STORE]
        if before is not None:
            os.environ[STORE] = before


@asynccontextmanager
async def translated(data: Path, translation: Translation | None = None) -> AsyncIterator[TranslatedMeeting]:
    """A server with its translators, all of them unless `translation` says otherwise, and no engine that listens."""
    settings = Settings(
        server=Server(port=0, data=str(data)),
        engine=EngineSection(count=0),
        translation=translation or Translation(),
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.find(S) or await running.backend.sessions.open(S)
        on = TranslatedMeeting(running, live)
        if not live.state.channels:
            await on.do(
                CreateSession(title="Open hall", languages=("en",)),
                AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
                OpenSession(),
                by=SYSTEM,
            )
        yield on
