"""Engines that end or hang during a pass: which engine hears the channel next, and from where."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from moothall.core.commands import CommitWords, SegmentStart
from moothall.core.events.lines import SegmentEnded, Word
from moothall.core.events.types import GapNoted, GapReason
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.signals import ChannelState
from moothall.core.signals import Sound as Heard
from moothall.services.sound.live_audio import RATE
from moothall.services.supervision.pulses import NoProgress, ProcessFate
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd, PulseEnd, engine_link
from moothall.wire import engine as wire
from moothall.wire.pulse import ProcessPulse
from support.memory.hall import FLOOR, MemoryHall, Sound, assigned, attached, hello, memory_hall, next_attached


class Lives:
    """Engines of one hall, one after the other."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.tasks: list[asyncio.Task[None]] = []

    def end(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def begin(self, life: str, *, channels: int = 1) -> tuple[EngineEnd, PulseEnd]:
        assert self.hall.group is not None
        engine, pulses = self.hall.connect(life), PulseEnd(life)
        self.tasks.append(self.hall.group.create_task(self.hall.pulses.serve(pulses)))
        await hello(engine, channels=channels, life=life)
        return engine, pulses

    async def die(self, life: str, engine: EngineEnd, pulses: PulseEnd, attach: wire.Attach, heard: int) -> None:
        """It says how far it heard, begins a pass, and ends by itself."""
        state = ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=0, t=heard)
        await engine.send(wire.Tell(attachment=attach.attachment, signal=state))
        await pulses.beat(ProcessPulse(life=life, working=True, attachments=(attach.attachment,)))
        await asyncio.sleep(0.1)
        self.hall.links[-1].cut()
        await pulses.beat(None)
        self.hall.pulses.ended(life, ProcessFate.CRASHED)
        await asyncio.sleep(0.1)


def test_sound_at_which_two_engines_ended_is_a_gap_and_the_text_goes_on_behind_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        async with memory_hall() as hall:
            _, audio, task = await assigned(hall)
            await audio.carry(Sound(10 * RATE), as_live=False)
            lives = Lives(hall)
            engine, pulses = await lives.begin("one")
            attach = await attached(engine)
            words = CommitWords(
                channel=FLOOR,
                generation=1,
                segment=SegmentId("a"),
                first=0,
                words=(Word(" Yes", 200, 1_000),),
                start=SegmentStart(language="en", t0=200),
            )
            await engine.send(wire.PassAct(attachment=attach.attachment, id=CommandId("x.1"), commands=(words,)))
            await lives.die("one", engine, pulses, attach, heard=4_000)
            engine, pulses = await lives.begin("two")
            again = await attached(engine)
            assert (again.generation, again.committed_through, again.audio_from) == (2, 1_000, 0)
            await lives.die("two", engine, pulses, again, heard=5_500)
            engine, pulses = await lives.begin("three")
            behind = await attached(engine)
            assert (behind.committed_through, behind.audio_from, behind.cut) == (4_000, 4_000, 4_000)
            assert behind.open_segment is None
            events = await hall.events()
            assert [event for event in events if isinstance(event, GapNoted)] == [
                GapNoted(channel=FLOOR, t0=1_000, t1=4_000, reason=GapReason.UNHEARD)
            ]
            assert any(isinstance(event, SegmentEnded) for event in events)
            await lives.die("three", engine, pulses, behind, heard=6_000)
            engine, _ = await lives.begin("four")
            assert (await attached(engine)).committed_through == 4_000, "once more is no gap yet"
            task.cancel()
            lives.end()

    loop.run(story())
    assert caplog.text.count("disconnected with 1 attached channels") >= 3
    assert "engines crashed at the sound from 1000 to 4000 ms; it is skipped" in caplog.text


def test_whose_pass_was_not_under_way_loses_nothing() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, audio, task = await assigned(hall)
            await audio.carry(Sound(10 * RATE), as_live=False)
            lives = Lives(hall)
            for life in ("one", "two", "three"):
                engine, pulses = await lives.begin(life)
                attach = await attached(engine)
                assert attach.committed_through == 0
                await lives.die(life, engine, pulses, msgspec.structs.replace(attach, attachment=99), heard=4_000)
            assert not any(isinstance(event, GapNoted) for event in await hall.events())
            task.cancel()
            lives.end()

    loop.run(story())


def test_an_engine_that_hangs_is_given_up_and_its_channel_goes_to_another_one() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            assert hall.group is not None
            watching = hall.group.create_task(hall.pulses.run())
            _, audio, task = await assigned(hall)
            await audio.carry(Sound(10 * RATE), as_live=False)
            lives = Lives(hall)
            first, pulses = await lives.begin("first")
            attach = await attached(first)
            second = hall.connect("second")
            await hello(second)
            for second_ms in range(0, 16_000, 1_000):
                await pulses.beat(
                    ProcessPulse(life="first", working=True, busy_ms=second_ms, attachments=(attach.attachment,))
                )
                await hall.clock.sleep(1_000)
            assert (await next_attached(second)).generation == 2
            assert hall.recognising.engines == 1
            assert hall.pulses.fate("first") is ProcessFate.GIVEN_UP
            watching.cancel()
            task.cancel()
            lives.end()

    loop.run(story())


def test_one_that_still_hangs_gets_no_channels_when_it_dials_again() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            pulses = PulseEnd()
            assert hall.group is not None
            hall.group.create_task(hall.pulses.serve(pulses))
            await pulses.beat(ProcessPulse(life="a", working=True, busy_ms=60_000))
            engine, server = engine_link()
            await hello(engine, life="a")
            with pytest.raises(NoProgress):
                await hall.recognising.serve(server)
            assert hall.recognising.engines == 0
            await pulses.beat(None)

    loop.run(story())
