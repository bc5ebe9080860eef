"""Several meetings on two engines with the real policy: the engines share them, and meetings
move when an engine dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core.commands import OpenSession
from moothall.core.events.lines import WordsCommitted
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing.loop import run
from moothall.testing.scripted import Script, make_script, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.speech.overload import Load
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall
from support.sound.pcm import Pcm

PASS_S = 0.12


class Machine:
    """An engine of which it is counted how many passes run at a time."""

    def __init__(self, script: Script, workers: int, pass_s: float = PASS_S) -> None:
        self.recognizer = ScriptedRecognizer(script)
        self.workers = workers
        self.pass_s = pass_s
        self.running = self.most = 0

    async def recognise(self, windows: Sequence[Window]) -> Sequence[Hypothesis]:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.pass_s)
        self.running -= 1
        return self.recognizer.recognise_all(windows)

    async def serve(self, hall: MemoryHall, name: str) -> None:
        """Dial, and work until the link ends."""
        load, clock = Load(self.workers), EngineClock()
        room = load.room((), 0)
        hello = wire.EngineHello(
            protocol=wire.PROTOCOL,
            name=name,
            model="scripted",
            languages=(),
            channels=room.channels,
            most=room.most,
        )
        session = LinkSession(
            hello,
            voice=ScriptedVoiceActivity,
            media=lambda attach: ArrivalTime(attach.audio_from),
            cpu_ms=clock.cpu_ms,
            load=load,
        )
        await run_live(session, hall.connect(name), self.recognise, clock, workers=self.workers)


async def meeting(hall: MemoryHall, name: str, script: Script) -> None:
    """One session from its first word to its last, as live."""
    live = await hall.session(SessionId(name))
    await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
    audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(audio.carry(Pcm(render(script)), as_live=True))
        group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))


async def words(hall: MemoryHall, name: str) -> list[str]:
    commits = [event for event in await hall.events(SessionId(name)) if isinstance(event, WordsCommitted)]
    return [word.text.strip() for event in commits for word in event.words]


@pytest.mark.parametrize("workers", [1, 2])
def test_meetings_move_to_the_engine_that_is_left(workers: int) -> None:
    script = make_script(31, 60)
    machines = [Machine(script, workers), Machine(script, workers)]
    names = [f"s{number}" for number in range(4)]

    async def story() -> None:
        async with memory_hall() as hall:
            assert hall.group is not None
            for number, machine in enumerate(machines):
                hall.group.create_task(machine.serve(hall, f"engine-{number}"))
            await asyncio.sleep(1)
            async with asyncio.TaskGroup() as meetings:
                for name in names:
                    meetings.create_task(meeting(hall, name, script))
                    await asyncio.sleep(0.5)
                assert [machine.most for machine in machines] != [0, 0]
                await asyncio.sleep(5)
                hall.links[0].cut()
            for name in names:
                assert await words(hall, name) == [word.text.strip() for word in script.words]

    run(story())
    assert all(machine.most for machine in machines)
    assert max(machine.most for machine in machines) == workers


def test_beyond_its_measure_an_engine_loses_nothing_and_says_that_it_is_full() -> None:
    script = make_script(32, 120)
    machine = Machine(script, 1, pass_s=0.35)
    names = [f"s{number}" for number in range(5)]
    left: list[int | None] = []

    async def story() -> None:
        async with memory_hall() as hall:
            assert hall.group is not None
            hall.group.create_task(machine.serve(hall, "engine"))
            await asyncio.sleep(1)
            async with asyncio.TaskGroup() as meetings:
                for name in names:
                    meetings.create_task(meeting(hall, name, script))
                    await asyncio.sleep(0.5)
                await asyncio.sleep(20)
                left.append(hall.recognising.room_left)
            for name in names:
                assert await words(hall, name) == [word.text.strip() for word in script.words]

    run(story())
    assert left[0] is not None
    assert machine.most == 1
