"""A session with live sound and an engine that the test controls: what is sent to engines, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Unrecorded
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.consent import follow_consent
from moothall.services.sound.live_audio import RATE, LiveAudio, to_ms
from moothall.testing.engine_link import EngineEnd
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MIC, MemoryHall, Sound, attached, hello, memory_hall, shown


class Live:
    """A session with live sound, whose channel is attached to engines that the test controls."""

    def __init__(self, hall: MemoryHall, live: LiveSession, audio: LiveAudio, engine: EngineEnd) -> None:
        self.hall = hall
        self.live = live
        self.audio = audio
        self.engine = engine
        self.outlet = MemoryOutlet()

    async def command(self, name: str, command: do.AnyCommand) -> None:
        assert isinstance(await self.live.writer.send(SYSTEM, CommandId(name), command), Receipt)

    async def off_the_record(self, at: int) -> wire.Attach:
        """Take the first attachment, and begin "not recorded" after `at` ms of sound; returns the attachment."""
        before = await attached(self.engine)
        await self.hall.clock.sleep(at)
        await self.command("off", do.BeginNotRecorded())
        return before

    async def drained(self, attach: wire.Attach) -> wire.Attach:
        """Report that all of an attachment's sound was heard; returns the next attachment."""
        await self.engine.send(wire.Drained(attachment=attach.attachment))
        return await attached(self.engine)

    async def until_it_ends(self) -> tuple[int, wire.ToEngine]:
        """Read audio up to its end; returns that end in media ms, and the message after it."""
        end = -1
        while isinstance(message := await self.engine.receive(), wire.Audio):
            end = message.t + to_ms(len(message.pcm) // 2)
        assert message is not None
        return end, message

    async def act(self, attach: wire.Attach, name: str, *commands: wire.AttachmentCommand) -> wire.ToEngine:
        await self.engine.send(wire.PassAct(attachment=attach.attachment, id=CommandId(name), commands=commands))
        return (await self.until_it_ends())[1]

    def commit(self, attach: wire.Attach, text: str, t0: int, first: int = 0) -> do.CommitWords:
        return do.CommitWords(
            channel=FLOOR,
            generation=attach.generation,
            segment=SegmentId(f"l{attach.generation}"),
            first=first,
            words=(le.Word(text=text, t0=t0, t1=t0 + 200),),
            start=do.SegmentStart(t0=t0, language="en") if first == 0 else None,
        )

    async def logged(self) -> list[str]:
        events = await self.hall.events()
        return [word.text for event in events if isinstance(event, le.WordsCommitted) for word in event.words]

    def unrecorded(self) -> list[str]:
        return [signal.text for signal in shown(self.outlet) if isinstance(signal, Unrecorded)]


@asynccontextmanager
async def live_scene() -> AsyncIterator[Live]:
    """Run a minute of sound that arrives as it is spoken, and an engine."""
    async with memory_hall() as hall:
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
        audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
        made = Live(hall, live, audio, hall.connect())
        await live.fanout.subscribe(made.outlet, Feed(FLOOR), Format.SSE, None)
        assert hall.group is not None
        tasks = [
            hall.group.create_task(follow_consent(live.writer, audio)),
            hall.group.create_task(audio.carry(Sound(60 * RATE), as_live=True)),
            hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio)),
        ]
        await hello(made.engine, channels=2)
        yield made
        for task in tasks:
            task.cancel()
