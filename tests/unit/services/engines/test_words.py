from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.rules.corrections import REVISED_WITHIN
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.core.signals import Partial, Unrecorded
from moothall.services.engines.words import SHOWN, ShownWords, StoredWords, kept_part
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing import loop
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall, shown

LINE, NEXT = SegmentId("a"), SegmentId("b")


def said(*starts: int) -> tuple[le.Word, ...]:
    return tuple(le.Word(text=f" w{t0}", t0=t0, t1=t0 + 300) for t0 in starts)


def commit(*starts: int, segment: SegmentId = LINE, first: int = 0, rest: str = "") -> do.CommitWords:
    begins = do.SegmentStart(t0=starts[0], language="en") if first == 0 else None
    return do.CommitWords(
        channel=FLOOR, generation=1, segment=segment, first=first, words=said(*starts), start=begins, rest=rest
    )


def end(t1: int, segment: SegmentId = LINE) -> do.EndSegment:
    return do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t1, reason=le.EndReason.SENTENCE)


def state(*spans: tuple[int, int | None], opened: SegmentId | None = None) -> State:
    channel = Channel(id=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",), open_segment=opened)
    return State(id=SessionId("s"), not_recorded=spans, channels={FLOOR: channel})


def test_all_of_an_act_is_kept_where_everything_is_recorded() -> None:
    act = (commit(0, 400), end(700), commit(900, segment=NEXT, rest=" and"))
    assert kept_part(state(), FLOOR, act) == act
    assert kept_part(state((5_000, 6_000)), FLOOR, act) == act


def test_words_of_a_span_are_left_out_and_what_hangs_on_them_too() -> None:
    act = (
        commit(100, 900, 1_000, 1_100),
        end(1_400),
        commit(1_500, segment=NEXT, rest=" more"),
        end(1_800, segment=NEXT),
    )
    words, ended = kept_part(state((1_000, None)), FLOOR, act)
    assert isinstance(words, do.CommitWords)
    assert [word.t0 for word in words.words] == [100]
    assert ended == end(0)


@pytest.mark.parametrize(
    ("began", "kept"), [(1_300, 3), (1_299, 2), (1_000, 2), (950, 2), (949, 1), (701, 1), (700, 1)]
)
def test_a_word_that_ends_where_the_span_begins_is_left_out(began: int, kept: int) -> None:
    act = (commit(100, 350, 700),)  # ends: 400, 650, 1,000
    (words,) = kept_part(state((began, None)), FLOOR, act)
    assert isinstance(words, do.CommitWords)
    assert len(words.words) == kept


@pytest.mark.parametrize(("t1", "kept"), [(700, 700), (701, 0), (999, 0), (1_000, 0), (2_000, 2_000)])
def test_a_line_ends_with_its_last_word_where_the_span_begins(t1: int, kept: int) -> None:
    assert kept_part(state((1_000, 1_500), opened=LINE), FLOOR, (end(t1),)) == (end(kept),)


def test_what_may_come_next_is_not_shown_while_nothing_is_recorded() -> None:
    (words,) = kept_part(state((1_000, None)), FLOOR, (commit(100, rest=" hush"),))
    assert isinstance(words, do.CommitWords)
    assert words.rest == ""


def test_an_open_line_can_be_ended_and_a_correction_waits_for_the_record() -> None:
    correction = do.ReviseSegment(channel=FLOOR, generation=1, segment=LINE, base_words=1, text="x")
    gap = do.NoteGap(channel=FLOOR, t0=0, t1=5, reason=ev.GapReason.STORAGE)
    act = (commit(1_500, first=3), correction, end(1_800), gap)
    assert kept_part(state((1_000, None), opened=LINE), FLOOR, act) == (end(0), gap)
    assert kept_part(state((1_000, 1_200)), FLOOR, (correction,)) == (correction,)


async def made(hall: MemoryHall) -> tuple[LiveSession, StoredWords, MemoryOutlet, LiveAudio]:
    live = await hall.session()
    commands: list[do.AnyCommand] = [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m")]
    assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), commands), Receipt)
    audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
    outlet = MemoryOutlet()
    await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
    acts = StoredWords(live.writer, FLOOR, audio, model="m", generation=1, resume_point=None)
    return live, acts, outlet, audio


def act(
    name: str, *commands: wire.AttachmentCommand, show: Partial | None = None, with_point: bool = False
) -> wire.PassAct:
    point = wire.ResumePoint(
        committed_through=700,
        segment=LINE,
        words=2,
        audio_from=0,
        begin=0,
        language="en",
        suspect=None,
        speaking=None,
    )
    return wire.PassAct(
        attachment=1, id=CommandId(name), commands=commands, show=show, resume_point=point if with_point else None
    )


def test_an_act_of_which_nothing_is_kept_counts_as_stored() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, acts, outlet, audio = await made(hall)
            await hall.clock.sleep(1_000)
            await live.writer.send(SYSTEM, CommandId("off"), do.BeginNotRecorded())
            before = live.writer.offset
            partial = Partial(channel=FLOOR, segment=LINE, first=0, text="hush", language="en")
            assert await acts.carry_out(act("1", commit(1_200), show=partial, with_point=True)) == Receipt(
                before, before
            )
            acts.tell(partial)
            # Said before, but an engine knows more than that by now.
            answer = await acts.carry_out(act("2", commit(100, 400), show=partial, with_point=True))
            assert isinstance(answer, Receipt)
            await hall.clock.sleep(10)
            assert live.writer.offset == before + 2
            assert audio.note == b""
            assert [signal for signal in shown(outlet) if isinstance(signal, Partial) and signal.text] == []

    loop.run(story())


def test_places_are_kept_while_all_is_recorded() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, acts, _, audio = await made(hall)
            await acts.carry_out(act("1", commit(100, 400), with_point=True))
            assert [point.words for point in wire.decode_resume_points(audio.note)] == [2]
            refused = await acts.carry_out(act("2"))
            assert not isinstance(refused, Receipt)
            assert refused.code is RefusalCode.FORBIDDEN
            acts.close()

    loop.run(story())


def better(text: str, words: int = 2, generation: int = 1) -> do.ReviseSegment:
    return do.ReviseSegment(channel=FLOOR, generation=generation, segment=LINE, base_words=words, text=text)


def test_a_better_text_leaves_the_place_and_a_refused_one_holds_nothing_up() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, acts, _, audio = await made(hall)
            assert isinstance(await acts.carry_out(act("1", commit(100, 400), end(700), with_point=True)), Receipt)
            assert isinstance(await acts.carry_out(act("2", better("W100 w400."))), Receipt)
            line = live.state.segments.get(LINE)
            assert line is not None
            assert (line.whole, line.mended) == ("W100 w400.", False)
            again = await acts.carry_out(act("3", better("W100, w400.")))
            assert not isinstance(again, Receipt)
            assert again.code is RefusalCode.STALE
            assert isinstance(await acts.carry_out(act("4", commit(1_000, segment=NEXT), with_point=True)), Receipt)
            # Of the two that are kept, the older one is of the state before the better text.
            assert len(wire.decode_resume_points(audio.note)) == 2

    loop.run(story())


def test_a_better_text_of_a_generation_that_never_was_is_forbidden() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, acts, _, _ = await made(hall)
            answer = await acts.carry_out(act("1", better("x", generation=2)))
            assert not isinstance(answer, Receipt)
            assert answer.code is RefusalCode.FORBIDDEN

    loop.run(story())


def test_some_seconds_after_the_end_of_a_line_it_is_too_late() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, acts, _, _ = await made(hall)
            await acts.carry_out(act("1", commit(100, 400), end(700)))
            await hall.clock.sleep(REVISED_WITHIN + 1)
            answer = await acts.carry_out(act("2", better("W100 w400.")))
            assert not isinstance(answer, Receipt)
            line = live.state.segments.get(LINE)
            assert line is not None
            assert line.revision == 0

    loop.run(story())


def test_off_the_record_words_are_shown_stored_nowhere_and_wiped() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, outlet, _ = await made(hall)
            acts, offset = ShownWords(live.writer, FLOOR), live.writer.offset
            assert await acts.carry_out(act("1", commit(100, 400, rest=" soft"))) == Receipt(offset, offset)
            await hall.clock.sleep(10)
            assert shown(outlet)[-1] == Unrecorded(channel=FLOOR, text="w100 w400 soft", language="en")
            acts.tell(Partial(channel=FLOOR, segment=LINE, first=2, text=" softly", language="en"))
            await hall.clock.sleep(10)
            assert shown(outlet)[-1] == Unrecorded(channel=FLOOR, text="w100 w400 softly", language="en")
            rest = Partial(channel=FLOOR, segment=NEXT, first=0, text="Then", language="en")
            await acts.carry_out(act("2", commit(700, first=2), end(1_000), show=rest))
            await hall.clock.sleep(10)
            assert shown(outlet)[-1] == Unrecorded(channel=FLOOR, text="w100 w400 w700 Then", language="en")
            acts.close()
            acts.wipe()
            acts.wipe()
            await hall.clock.sleep(10)
            assert shown(outlet)[-1] == Unrecorded(channel=FLOOR, text="", language="")
            assert live.writer.offset == offset

    loop.run(story())


@pytest.mark.parametrize("lines", [1, 100])
def test_only_the_newest_of_it_is_held(lines: int) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, outlet, _ = await made(hall)
            acts = ShownWords(live.writer, FLOOR)
            for number in range(lines):
                await acts.carry_out(act(str(number), commit(1_000 * number, segment=SegmentId(f"l{number}"))))
            await hall.clock.sleep(10)
            signal = shown(outlet)[-1]
            assert isinstance(signal, Unrecorded)
            assert len(signal.text) <= SHOWN
            assert signal.text.endswith(f"w{1_000 * (lines - 1)}")

    loop.run(story())


def test_a_channel_that_nobody_knows_has_no_open_line() -> None:
    assert kept_part(state((0, None)), ChannelId("pt"), (end(5),)) == ()
