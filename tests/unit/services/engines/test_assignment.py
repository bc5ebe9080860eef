from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.commands import (
    AnyCommand,
    AttachEngine,
    BeginNotRecorded,
    CommitWords,
    NoteGap,
    OpenSession,
    RewindChannel,
    SegmentStart,
)
from moothall.core.events.lines import Word
from moothall.core.events.types import ChannelKind, GapReason
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.services.engines.assignment import (
    BACKOFF,
    CATCH_UP_MS,
    Assignment,
    AudioSpan,
    EngineDeaths,
    cut_short,
    next_span,
)
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.services.supervision.pulses import ProcessFate
from moothall.testing import loop
from support.memory.hall import FLOOR, MIC, Sound, memory_hall


@pytest.mark.parametrize(("failures", "wait"), [(1, 1_000), (3, 4_000), (40, BACKOFF.last_ms)])
def test_it_waits_longer_each_time_that_nothing_was_accepted(failures: int, wait: int) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            made = Assignment(live.writer, FLOOR, LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock))
            for _ in range(failures):
                made.failed(5_000)
            assert made.not_before == 5_000 + wait
            assert made.behind == 0

    loop.run(story())


def test_after_a_restart_it_is_no_further_behind_than_its_last_word() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            await audio.carry(Sound(600 * RATE), as_live=False)
            gap = NoteGap(channel=FLOOR, t0=0, t1=597_000, reason=GapReason.STORAGE)
            commands: tuple[AnyCommand, ...] = (OpenSession(), gap)
            for number, command in enumerate(commands):
                assert isinstance(await live.writer.send(SYSTEM, CommandId(f"c{number}"), command), Receipt)
            assert Assignment(live.writer, FLOOR, audio).behind == 3_000

    loop.run(story())


def test_what_is_not_recorded_is_no_later_than_what_an_engine_catches_up_on() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            commands: tuple[AnyCommand, ...] = (OpenSession(), BeginNotRecorded())
            for number, command in enumerate(commands):
                assert isinstance(await live.writer.send(SYSTEM, CommandId(f"c{number}"), command), Receipt)
            await audio.carry(Sound(60 * RATE), as_live=False)
            made = Assignment(live.writer, FLOOR, audio)
            assert made.span is not None
            assert not made.span.kept
            assert made.behind == CATCH_UP_MS

    loop.run(story())


FATES = {"crash": ProcessFate.CRASHED, "crash2": ProcessFate.CRASHED, "stuck": ProcessFate.GIVEN_UP}
KILLED = {f"kill{number}": ProcessFate.KILLED for number in range(5)}


def fate(life: str) -> ProcessFate | None:
    return {**FATES, **KILLED}.get(life)


def test_two_that_broke_down_at_one_position_make_its_sound_a_gap_up_to_where_both_had_heard() -> None:
    deaths = EngineDeaths()
    deaths.note("crash", 5_000, 7_300)
    assert deaths.deadly(5_000, fate) is None
    deaths.note("stuck", 5_000, 9_000)
    assert deaths.deadly(5_000, fate) == (5_000, 7_300)
    assert deaths.deadly(6_000, fate) is None, "words came meanwhile"


def test_one_that_got_on_in_between_is_another_position() -> None:
    deaths = EngineDeaths()
    deaths.note("crash", 5_000, 7_000)
    deaths.note("crash2", 5_500, 7_000)
    assert deaths.deadly(5_500, fate) is None


def test_where_none_said_how_far_it_had_heard_a_second_is_stepped_over() -> None:
    deaths = EngineDeaths()
    deaths.note("crash", 5_000, 3_000)
    deaths.note("crash2", 5_000, 4_000)
    assert deaths.deadly(5_000, fate) == (5_000, 6_000)


@pytest.mark.parametrize(("lives", "deadly"), [((*KILLED,)[:4], False), ((*KILLED,), True), (("lost", "gone"), False)])
def test_those_that_somebody_killed_or_whose_link_was_cut_say_little_of_the_sound(
    lives: tuple[str, ...], deadly: bool
) -> None:
    deaths = EngineDeaths()
    for life in lives:
        deaths.note(life, 5_000, 7_000)
    assert (deaths.deadly(5_000, fate) is not None) == deadly


def test_sound_that_was_stepped_over_is_heard_once_it_is_rewound() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            await audio.carry(Sound(10 * RATE), as_live=False)
            opening: list[AnyCommand] = [OpenSession(), AttachEngine(channel=FLOOR, model="m")]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), opening), Receipt)
            made = Assignment(live.writer, FLOOR, audio)
            made.heard = 3_000
            made.engine_ended("crash")
            assert await made.begin_span(fate, "m") == span(0)
            made.engine_ended("crash2")
            assert await made.begin_span(fate, "m") == span(3_000, barrier=3_000)
            rewind = RewindChannel(channel=FLOOR, t=0)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("rewind"), rewind), Receipt)
            assert await made.begin_span(fate, "m") == span(0)

    loop.run(story())


Spans = tuple[tuple[int, int | None], ...]


def state(*spans: tuple[int, int | None]) -> State:
    return State(id=SessionId("s"), not_recorded=spans)


def channel(through: int) -> Channel:
    return Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",), committed_through=through)


def span(start: int, stop: int | None = None, *, kept: bool = True, barrier: int = 0) -> AudioSpan:
    return AudioSpan(kept=kept, start=start, stop=stop, barrier=barrier)


@pytest.mark.parametrize(
    ("spans", "committed", "through", "expected"),
    [
        ((), 500, 0, span(500)),
        ((), 500, 900, span(900)),
        # What was said before the span comes first, to its end.
        (((1_000, None),), 500, 0, span(500, 1_000)),
        (((1_000, 2_000),), 500, 0, span(500, 1_000)),
        # Then the span itself, while it lasts.
        (((1_000, None),), 500, 1_000, span(1_000, kept=False, barrier=1_000)),
        (((1_000, None),), 1_200, 0, span(1_200, kept=False, barrier=1_000)),
        # One that is over is passed, with all in it.
        (((1_000, 2_000),), 500, 1_000, span(2_000, barrier=2_000)),
        (((1_000, 2_000),), 2_500, 0, span(2_500, barrier=2_000)),
        (((1_000, 2_000), (3_000, None)), 500, 1_000, span(2_000, 3_000, barrier=2_000)),
        (((1_000, 2_000), (2_000, None)), 500, 1_000, span(2_000, kept=False, barrier=2_000)),
        # The clock was set back behind the end of the first.
        (((1_000, 9_000), (3_000, None)), 2_500, 0, span(2_500, kept=False, barrier=1_000)),
        (((1_000, 9_000), (3_000, 4_000)), 2_500, 0, span(9_000, barrier=9_000)),
    ],
)
def test_what_is_recorded_and_what_is_not_come_apart(
    spans: Spans, committed: int, through: int, expected: AudioSpan
) -> None:
    assert next_span(state(*spans), channel(committed), through) == expected


@pytest.mark.parametrize(
    ("spans", "heard", "expected"),
    [
        ((), span(500), None),
        (((1_000, None),), span(500), 1_000),
        (((100, None),), span(500), 100),
        (((100, 300),), span(500), None),
        (((1_000, None),), span(1_000, kept=False, barrier=1_000), None),
        (((1_000, 1_500),), span(1_000, kept=False, barrier=1_000), 1_500),
        # Words can reach beyond a span that lasted a moment.
        (((1_000, 1_100),), span(1_400, kept=False, barrier=1_000), 1_100),
        (((1_000, 1_000), (1_000, None)), span(1_000, kept=False, barrier=1_000), None),
        (((1_000, 9_000), (3_000, None)), span(2_500, kept=False, barrier=1_000), None),
        (((1_000, 9_000), (3_000, 4_000)), span(2_500, kept=False, barrier=1_000), 9_000),
    ],
)
def test_what_is_heard_ends_where_that_changes(spans: Spans, heard: AudioSpan, expected: int | None) -> None:
    assert cut_short(state(*spans), heard) == expected


def test_no_segment_goes_on_over_a_span_that_is_not_recorded() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            line = SegmentId("a")
            begins = SegmentStart(t0=0, language="en")
            words = (Word(text="Good", t0=0, t1=500),)
            say = CommitWords(channel=FLOOR, generation=1, segment=line, first=0, words=words, start=begins)
            opening: list[AnyCommand] = [OpenSession(), AttachEngine(channel=FLOOR, model="m")]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), opening), Receipt)
            assert isinstance(await live.writer.send(Actor(Role.ENGINE, "m"), CommandId("say"), say), Receipt)
            made = Assignment(live.writer, FLOOR, LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock))
            await made.end_segment_before(span(500), "m")
            assert made.now.open_segment == line
            await made.end_segment_before(span(9_000, barrier=9_000), "m")
            await made.end_segment_before(span(9_000, barrier=9_000), "m")
            assert made.now.open_segment is None
            ended = live.state.segments.get(line)
            assert ended is not None
            assert ended.ended

    loop.run(story())


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6),
    st.one_of(st.none(), st.integers(0, 50)),
    st.integers(0, 60),
)
def test_no_span_that_is_not_recorded_is_over_when_it_begins(
    over: list[tuple[int, int]], last: int | None, through: int
) -> None:
    """However the spans lie, or an engine would be attached again and again."""
    spans = [(min(pair), max(pair)) for pair in sorted(over)]
    now = state(*spans, *([] if last is None else [(last, None)]))
    found = next_span(now, channel(0), through)
    if found is not None and not found.kept:
        end = cut_short(now, found)
        assert end is None or end > found.start
