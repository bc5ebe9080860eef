"""Lines that hold one voice each, over the engine link: what an engine hears of turns, in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from moothall.core.commands import OpenSession
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing.loop import run
from moothall.testing.scripted import Script, ScriptWord, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import EngineLink, run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Floats, Hypothesis, Samples, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity, ScriptedVoiceEncoder
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall
from support.sound.pcm import Pcm

TURNS = 5
WORDS = [(turn % 2, f"v{turn % 2}w{turn}x{number}") for turn in range(TURNS) for number in range(12)]
SCRIPT = Script(
    words=tuple(
        ScriptWord(f" {text}", 320 + 300 * n, 620 + 300 * n, voice=voice) for n, (voice, text) in enumerate(WORDS)
    )
)


class AsksForTurns:
    """The engine's end of a link whose server wants lines split at a change of voice."""

    def __init__(self, link: EngineLink) -> None:
        self._link = link

    async def receive(self) -> wire.ToEngine | None:
        message = await self._link.receive()
        return msgspec.structs.replace(message, turns=True) if isinstance(message, wire.Attach) else message

    async def send(self, message: wire.ToServer) -> None:
        await self._link.send(message)


async def engine(hall: MemoryHall) -> None:
    recognizer, encoder, clock = ScriptedRecognizer(SCRIPT), ScriptedVoiceEncoder(SCRIPT), EngineClock()

    async def recognise(windows: Sequence[Window]) -> Sequence[Hypothesis]:
        await asyncio.sleep(0.12)
        return recognizer.recognise_all(windows)

    async def measure(speech: Samples) -> Floats:
        await asyncio.sleep(0.04)
        return encoder.vector(speech)

    hello = wire.EngineHello(
        protocol=wire.PROTOCOL, name="e", model="scripted", languages=(), channels=4, tells_turns=True
    )
    session = LinkSession(
        hello, voice=ScriptedVoiceActivity, media=lambda attach: ArrivalTime(attach.audio_from), cpu_ms=clock.cpu_ms
    )
    await run_live(session, AsksForTurns(hall.connect("e")), recognise, clock, measure=measure)


def test_each_line_holds_one_voice_and_no_word_is_lost() -> None:
    async def scenario() -> None:
        async with memory_hall() as hall:
            assert hall.group is not None
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            working = hall.group.create_task(engine(hall))
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            async with asyncio.TaskGroup() as group:
                group.create_task(audio.carry(Pcm(render(SCRIPT)), as_live=True))
                group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            hall.links[0].cut()
            await working
            records = await hall.log.read(live.id, 0, 100_000)
            events = [decode_event(record.body) for record in records if record.body is not None]
            state = live.writer.state
            lines = sorted((line for _, line in state.segments.items()), key=lambda line: line.t0)
            assert " ".join(line.whole.strip() for line in lines) == SCRIPT.text.strip()
            voices = [{word[:2] for word in line.whole.split()} for line in lines]
            assert all(len(each) == 1 for each in voices), voices
            split = [event for event in events if isinstance(event, le.SegmentSplit)]
            ended = [
                event for event in events if isinstance(event, le.SegmentEnded) and event.reason is le.EndReason.SPEAKER
            ]
            assert len(split) + len(ended) >= TURNS - 1

    run(scenario())
