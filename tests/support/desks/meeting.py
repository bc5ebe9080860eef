"""A meeting of a real server, for tests of the staff's pages in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, expect

from moothall.app.hall import RunningServer, hall
from moothall.core.commands import (
    AddChannel,
    AnyCommand,
    AttachEngine,
    CommitWords,
    CreateSession,
    EndSegment,
    IntroduceSpeaker,
    OpenSession,
    SegmentStart,
)
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation, VoicesSection
from support.halls.process import CLOCK

FLOOR = ChannelId("floor")
S = SessionId("s")


class Meeting:
    """A session of a running server."""

    def __init__(self, running: RunningServer, live: LiveSession) -> None:
        self.running = running
        self.live = live
        self._done = 0

    async def do(self, *commands: AnyCommand, by: Actor = SYSTEM) -> None:
        self._done += 1
        answer = await self.live.writer.send(by, CommandId(f"test:{self._done}"), commands)
        assert isinstance(answer, Receipt), answer

    async def reaches(self, t: int) -> None:
        """Wait until media time `t`, in ms."""
        while self.live.state.media_now(CLOCK.wall()) < t:
            await CLOCK.sleep(20)

    async def introduce(self, *names: str) -> None:
        await self.do(*(IntroduceSpeaker(speaker=SpeakerId(f"p{n}"), name=name) for n, name in enumerate(names, 1)))

    async def say(self, segment: str, text: str, *, language: str = "en", end: bool = True) -> None:
        """Write a line as the engine."""
        now = self.live.state.channels[FLOOR]
        if not now.generation or now.generation <= now.air.behind:
            await self.do(AttachEngine(channel=FLOOR, model="scripted"))
        channel = self.live.state.channels[FLOOR]
        t = channel.committed_through
        parts = [(" " if n else "") + word for n, word in enumerate(text.split())]
        words = tuple(Word(part, t + 100 * n, t + 100 * (n + 1)) for n, part in enumerate(parts))
        name, generation = SegmentId(segment), channel.generation
        start = SegmentStart(t0=t, language=language)
        said: list[AnyCommand] = [
            CommitWords(channel=FLOOR, generation=generation, segment=name, first=0, words=words, start=start)
        ]
        if end:
            said.append(
                EndSegment(
                    channel=FLOOR,
                    generation=generation,
                    segment=name,
                    t1=words[-1].t1,
                    reason=EndReason.SENTENCE,
                )
            )
        await self.do(*said, by=Actor(Role.ENGINE, "scripted"))

    def text(self, segment: str) -> str:
        line = self.live.state.segments.get(SegmentId(segment))
        return "" if line is None else line.whole

    def speaker(self, segment: str) -> str | None:
        line = self.live.state.segments.get(SegmentId(segment))
        return None if line is None else line.speaker

    async def link(self, role: Role, scope: str = "hall") -> str:
        """Return the address of a new role link."""
        _, token = await self.running.backend.links.create(role, scope, f"{role} 1")
        return f"{self.running.address}/enter/{token}"

    async def enter(self, page: Page, role: Role, scope: str = "hall") -> None:
        """Open a role link in the browser of a page, without loading the page to which it
        leads, which would cost time.
        """
        answer = await page.context.request.get(await self.link(role, scope), max_redirects=0)
        assert answer.status == 303, await answer.text()

    async def sit_down(self, page: Page, role: Role = Role.TECHNICIAN, query: str = "") -> None:
        """Open the desk of the meeting in a role, and wait until it is connected."""
        await page.bring_to_front()  # a page in the background is drawn once a second only
        await self.enter(page, role)
        await page.goto(f"{self.running.address}/desk/{S}{query}")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        await expect(page.locator("#Desk")).to_be_visible()


@asynccontextmanager
async def meeting(
    tmp_path: Path,
    *names: str,
    languages: Sequence[str] = ("en",),
    translators: Sequence[str] = (),
    port: int = 0,
    behind: str = "",
    voices: bool = False,
) -> AsyncIterator[Meeting]:
    """Run a session that has begun, on a server without engines that listen.

    `behind`: the address at which browsers reach the server; empty for its own.
    """
    settings = Settings(
        server=Server(port=port, data=str(tmp_path / "data"), public_address=behind),
        engine=EngineSection(count=0),
        translation=Translation(translators=tuple(translators)),
        voices=VoicesSection(changes=voices, recognise=voices),
    )
    async with hall(settings) as running:
        made = Meeting(running, await running.backend.sessions.open(S))
        await made.do(
            CreateSession(title="Open hall", languages=tuple(languages)),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=tuple(languages)),
            OpenSession(),
        )
        await made.introduce(*names)
        yield made
