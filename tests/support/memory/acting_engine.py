"""An engine whose acts the test writes, over an engine link in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events.lines import AirSource, EndReason, Word
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.ports import Clock
from moothall.services.engines.recognising import Recognising
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing.engine_link import EngineEnd, engine_link
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, MIC, MemoryHall, Sound


class Engine:
    """An engine whose acts the test writes."""

    def __init__(self, link: EngineEnd) -> None:
        self.link, self.acts = link, 0
        self.voices: list[wire.LearnVoice | wire.ForgetVoice] = []
        """All orders about voices so far."""

    async def begin(self) -> None:
        await self.link.send(
            wire.EngineHello(
                protocol=wire.PROTOCOL,
                name="e",
                model="scripted",
                languages=(),
                channels=4,
                tells_turns=True,
                knows_voices=True,
            )
        )
        while not isinstance(message := await self.link.receive(), wire.Attach):
            assert message is not None
        self.attach = message

    async def act(self, *commands: wire.AttachmentCommand) -> wire.Accepted | wire.Refused:
        self.acts += 1
        act = wire.PassAct(
            attachment=self.attach.attachment, id=CommandId(f"e{self.attach.generation}:{self.acts}"), commands=commands
        )
        await self.link.send(act)
        while not isinstance(message := await self.link.receive(), wire.Accepted | wire.Refused):
            assert message is not None
            self._keep(message)
        return message

    def _keep(self, message: wire.ToEngine) -> None:
        if isinstance(message, wire.LearnVoice | wire.ForgetVoice):
            self.voices.append(message)

    async def told(self, count: int) -> list[wire.LearnVoice | wire.ForgetVoice]:
        """The first `count` orders about voices."""
        while len(self.voices) < count:
            message = await self.link.receive()
            assert message is not None
            self._keep(message)
        return self.voices

    async def attached_anew(self) -> None:
        """Wait until the server has ended the attachment and begun another."""
        while not isinstance(message := await self.link.receive(), wire.Attach):
            assert message is not None
            self._keep(message)
        self.attach = message

    async def say(self, name: str, text: str, t0: int, reason: EndReason = EndReason.SENTENCE) -> None:
        """Commit and end a line of words of 1 s each."""
        channel, generation, segment = FLOOR, self.attach.generation, SegmentId(name)
        words = tuple(Word(f" {each}", t0 + 1_000 * n, t0 + 1_000 * n + 900) for n, each in enumerate(text.split()))
        start = do.SegmentStart(t0=t0, language="en")
        answer = await self.act(
            do.CommitWords(channel=channel, generation=generation, segment=segment, first=0, words=words, start=start),
            do.EndSegment(channel=channel, generation=generation, segment=segment, t1=words[-1].t1, reason=reason),
        )
        assert isinstance(answer, wire.Accepted)

    async def hears(self, name: str, voice: int, ms: int) -> None:
        """Tell that a voice was heard in a line."""
        heard = wire.VoiceHeard(attachment=self.attach.attachment, segment=SegmentId(name), voice=voice, ms=ms)
        await self.link.send(heard)

    async def learnt(self, voice: int, ms: int) -> None:
        """Tell by how much speech a voice is known."""
        await self.link.send(wire.VoiceLearnt(attachment=self.attach.attachment, voice=voice, ms=ms))


async def with_engine(
    hall: MemoryHall, *channels: do.AddChannel, young_people: bool = False, respoken: bool = False
) -> tuple[LiveSession, Engine, asyncio.Task[None]]:
    """An open session, the engine that hears it, and the task that has it heard for a minute. `respoken`: what it hears
    is a respeaker's sound.
    """
    live = await hall.session(young_people=young_people)
    opening: list[do.AnyCommand] = [*channels, do.OpenSession()]
    await live.writer.send(SYSTEM, CommandId("open"), opening)
    if respoken:
        on_air = do.PutOnAir(channel=FLOOR, source=AirSource.RESPEAKER)
        await live.writer.send(Actor(Role.CAPTIONER, "r"), CommandId("air"), [on_air])
    engine = Engine(hall.connect("e"))
    audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock, respoken=respoken)
    assert hall.group is not None

    async def heard() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(audio.carry(Sound(16_000 * 60), as_live=True))
            group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))

    working = hall.group.create_task(heard())
    await engine.begin()
    return live, engine, working


@asynccontextmanager
async def engine_at(recognising: Recognising, live: LiveSession, clock: Clock) -> AsyncIterator[Engine]:
    """An engine that hears the floor of an open session of a running server, until the context is left."""
    ours, theirs = engine_link("e")
    audio = LiveAudio(MIC, await MemorySpools().open(live.id, MIC), 0, clock)
    working = (
        recognising.serve(theirs),
        audio.carry(Sound(16_000 * 60), as_live=True),
        recognising.recognise(live.writer, FLOOR, audio),
    )
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in working]
        engine = Engine(ours)
        await engine.begin()
        yield engine
        for each in tasks:
            each.cancel()
