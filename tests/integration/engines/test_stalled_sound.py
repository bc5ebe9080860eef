"""A microphone that is muted in the middle of a word and sends nothing any more: the engine recognises what was said,
without a message that tells it so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from moothall.core.commands import OpenSession
from moothall.core.events.lines import WordsCommitted
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing.loop import run
from moothall.testing.scripted import make_script, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall

SCRIPT = make_script(41, 30)


class MutedMicrophone:
    """Sends its sound, and then nothing until it is stopped."""

    def __init__(self, pcm: bytes) -> None:
        self._left = pcm
        self.stopped = asyncio.Event()

    async def __aenter__(self) -> MutedMicrophone:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self, samples: int) -> bytes:
        piece, self._left = self._left[: 2 * samples], self._left[2 * samples :]
        if not piece:
            await self.stopped.wait()
        return piece


async def engine(hall: MemoryHall) -> None:
    recognizer, clock = ScriptedRecognizer(SCRIPT), EngineClock()

    async def recognise(windows: Sequence[Window]) -> Sequence[Hypothesis]:
        await asyncio.sleep(0.1)
        return recognizer.recognise_all(windows)

    session = LinkSession(
        wire.EngineHello(protocol=wire.PROTOCOL, name="e", model="scripted", languages=(), channels=4),
        voice=ScriptedVoiceActivity,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=clock.cpu_ms,
    )
    await run_live(session, hall.connect("e"), recognise, clock)


async def committed(hall: MemoryHall) -> list[str]:
    events = await hall.events()
    return [word.text.strip() for event in events if isinstance(event, WordsCommitted) for word in event.words]


def test_what_was_said_before_a_microphone_was_muted_is_recognised_within_two_seconds() -> None:
    async def main() -> None:
        async with memory_hall() as hall:
            assert hall.group is not None
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            working = hall.group.create_task(engine(hall))
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            last = SCRIPT.words[-1]
            ends_ms = last.t1 - 40
            microphone = MutedMicrophone(render(SCRIPT)[: 32 * ends_ms])
            async with asyncio.TaskGroup() as group:
                group.create_task(audio.carry(microphone, as_live=True))
                group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
                await asyncio.sleep(ends_ms / 1_000 + 2)
                words = [word.text.strip() for word in SCRIPT.words]
                assert await committed(hall) == words[:-1]
                microphone.stopped.set()
            hall.links[0].cut()
            await working
            assert await committed(hall) == words

    run(main())
