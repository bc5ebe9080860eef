from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.services.engines.attaching import (
    CATCH_UP_MS,
    CONTEXT_MS,
    attachment,
    end_line_before,
    first_sample,
    known_place,
)
from moothall.services.engines.stretches import Stretch
from moothall.services.log.orders import Receipt
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.testing import loop
from support.memory.hall import FLOOR, MIC, Sound, memory_hall

LINE = SegmentId("a")


def stretch(start: int, *, kept: bool = True, floor: int = 0) -> Stretch:
    return Stretch(kept=kept, start=start, stop=None, floor=floor)


def test_an_engine_gets_context_but_none_of_what_was_not_recorded() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            audio = LiveAudio(MIC, await hall.spools.open((await hall.session()).id, MIC), 0, hall.clock)
            await audio.carry(Sound(30 * RATE), as_live=False)
            assert first_sample(stretch(9_000), audio, None, None) == (9_000 - CONTEXT_MS) * 16
            assert first_sample(stretch(9_000, floor=8_000), audio, None, None) == 8_000 * 16
            # Off the record it needn't hear again what is long past.
            unkept = stretch(9_000, kept=False, floor=9_000)
            assert first_sample(unkept, audio, None, None) == (30_000 - CATCH_UP_MS) * 16
            assert first_sample(unkept, audio, None, 12_000) == 12_000 * 16
            assert first_sample(unkept, audio, None, 0) == 9_000 * 16

    loop.run(story())


def test_off_the_record_an_engine_is_told_nothing_of_the_record() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            begins = do.SegmentStart(t0=0, language="en")
            words = (ev.Word(text="Good", t0=0, t1=500),)
            say = do.CommitWords(channel=FLOOR, generation=1, segment=LINE, first=0, words=words, start=begins)
            opening: list[do.AnyCommand] = [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m")]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), opening), Receipt)
            assert isinstance(await live.writer.send(Actor(Role.ENGINE, "m"), CommandId("say"), say), Receipt)
            state, channel = live.state, live.state.channels[FLOOR]
            told = attachment(3, state, channel, stretch(500, kept=False), audio_from=700, place=None)
            assert (told.committed_through, told.last_words, told.open_segment) == (700, (), None)
            told = attachment(3, state, channel, stretch(9_000, floor=9_000), audio_from=9_000, place=None)
            assert (told.committed_through, told.last_words) == (9_000, words)
            told = attachment(3, state, channel, stretch(500), audio_from=0, place=None)
            assert told.open_segment is not None
            assert (told.committed_through, told.languages) == (500, ("en",))
            # A line doesn't go on over the span.
            await end_line_before(live.writer, stretch(500), FLOOR, "m")
            assert live.state.channels[FLOOR].open_segment == LINE
            await end_line_before(live.writer, stretch(9_000, floor=9_000), FLOOR, "m")
            await end_line_before(live.writer, stretch(9_000, floor=9_000), FLOOR, "m")
            assert live.state.channels[FLOOR].open_segment is None
            line = live.state.segments.get(LINE)
            assert line is not None
            assert line.ended

    loop.run(story())


def test_a_damaged_note_holds_no_place() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            state = (await hall.session()).state
            assert known_place(b"\xff", state.channels[FLOOR], state) is None

    loop.run(story())
