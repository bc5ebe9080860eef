from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.ids import InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.selection import (
    Cut,
    Expired,
    Interventions,
    Lines,
    SpokenSpan,
    WithCopies,
    WordsOf,
    again,
    names_in,
    not_kept,
    selected,
    times,
)
from moothall.core.retention.periods import KeptKind
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    line_of,
    opened,
    segment,
    word,
)

ANA = SpeakerId("ana")


def talk() -> State:
    """Two lines of four words each, a second apart: `a` from 0, `b` from 4000."""
    state = opened()
    for name, begin in (("a", 0), ("b", 4000)):
        spoken = [word(f" {name}{n}", begin + 1000 * n, begin + 1000 * n + 900) for n in range(4)]
        state = carry_out(state, commit(name, 0, *spoken, start=begin), end(name, begin + 3900), actor=ENGINE)
    return state


def off(state: State, t0: int, t1: int | None = None) -> State:
    state = evolve(state, ev.NotRecordedBegan(t0=t0))
    return state if t1 is None else evolve(state, ev.NotRecordedEnded(t1=t1))


def found(cuts: Sequence[Cut]) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    return [(cut.line.id, cut.stays) for cut in cuts]


def test_what_was_recorded_stays() -> None:
    assert not_kept(talk()) == ()
    assert not_kept(off(talk(), 7900)) == ()
    assert not_kept(off(talk(), 3950, 4000)) == ()


def test_lines_whose_words_begin_in_the_span_go_and_words_before_it_stay() -> None:
    assert found(not_kept(off(talk(), 2500))) == [("a", ((0, 3),)), ("b", ())]
    assert found(not_kept(off(talk(), 0))) == [("a", ()), ("b", ())]
    assert found(not_kept(off(talk(), 7000))) == [("b", ((0, 3),))]
    # A word that had begun before stays, though it reaches into the span.
    assert found(not_kept(off(talk(), 2001, 2900))) == []
    assert found(not_kept(off(talk(), 2000, 2900))) == [("a", ((0, 2), (3, 4)))]


def test_of_a_line_that_was_struck_nothing_is_said_again() -> None:
    state = evolve(talk(), le.ChannelRewound(channel=FLOOR, t=4000, segments=(segment("b"),)))
    assert found(not_kept(off(state, 6000))) == [("b", ())]


def test_a_line_without_words_goes_whole_when_it_touches_the_span() -> None:
    state = carry_out(
        talk(), do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Typed", language="en"), wall=WALL + 9000
    )
    lines = tuple(
        do.MovedSegment(
            segment=segment(f"m{t0}"), t0=t0, t1=t0 + 500, language="en", origin=le.Origin.MACHINE, text="x"
        )
        for t0 in (8400, 8500, 8800, 9999)
    )
    here = do.MoveSegmentsHere(channel=FLOOR, session=SessionId("other"), lines=lines)
    state = carry_out(state, here, wall=WALL + 60_000)
    assert found(not_kept(off(state, 9000, 9600))) == [("m8500", ()), ("m8800", ()), ("t", ())]
    assert found(not_kept(off(state, 8901, 8950))) == [("m8500", ()), ("m8800", ())]


def test_what_was_heard_before_its_sound_was_recognised_once_more_goes_along() -> None:
    state = evolve(talk(), le.ChannelRewound(channel=FLOOR, t=0, segments=(segment("a"), segment("b"))))
    for name, begin in (("c", 0), ("d", 2000), ("e", 4050)):
        spoken = [word(f" {name}{n}", begin + 900 * n, begin + 900 * n + 800) for n in range(2)]
        state = carry_out(state, commit(name, 0, *spoken, start=begin), end(name, begin + 1700), actor=ENGINE)

    def beside(name: str, *copies: str) -> list[str]:
        selection = WithCopies(Lines((segment(name),)), tuple(map(segment, copies)))
        return [cut.line.id for cut in selected(state, selection)]

    assert (beside("c"), beside("e"), beside("c", "e")) == (["c", "a"], ["e", "a", "b"], ["c", "e", "a", "b"])
    assert found(selected(state, WithCopies(SpokenSpan(2800, 2901)))) == [("d", ((0, 1),)), ("a", ())]
    # What was written was not heard in this sound.
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Typed", language="en")
    state = carry_out(state, typed, wall=WALL + 1000)
    assert beside("t") == ["t"]
    # And lines that stand elsewhere now are other words.
    moved = evolve(talk(), le.SegmentsMovedAway(channel=FLOOR, segments=(segment("a"),), session=None))
    assert found(selected(moved, WithCopies(SpokenSpan(3950, 4001)))) == [("b", ((1, 4),))]


def test_a_span_lines_and_the_words_of_a_speaker_are_found_by_request() -> None:
    state = carry_out(talk(), do.IntroduceSpeaker(speaker=ANA, name="Ana"))
    state = carry_out(state, do.AssignSpeaker(segments=(segment("b"),), speaker=ANA))
    assert found(selected(state, SpokenSpan(2000, 5000))) == [("a", ((0, 2),)), ("b", ((1, 4),))]
    assert found(selected(state, SpokenSpan(8000, 9000))) == []
    assert found(selected(state, Lines((segment("b"), segment("a"), segment("x"))))) == [("a", ()), ("b", ())]
    assert found(selected(state, WordsOf(ANA))) == [("b", ())]
    assert found(selected(state, WordsOf(SpeakerId("bo")))) == []
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Typed", language="en")
    assert found(selected(carry_out(state, typed, wall=WALL + 9000), SpokenSpan(8000, 9001))) == [("t", ())]
    assert found(selected(carry_out(state, typed, wall=WALL + 9000), SpokenSpan(8000, 9000))) == []
    assert found(selected(carry_out(state, typed, wall=WALL + 9000), SpokenSpan(9001, 9100))) == []


def test_what_somebody_asked_takes_no_lines_with_it() -> None:
    assert selected(talk(), Interventions((InterventionId("a"),))) == ()


def test_copies_go_whole_with_a_selection_that_cuts_its_own_lines() -> None:
    both = WithCopies(SpokenSpan(2000, 3000), (segment("b"), segment("a"), segment("x")), names=(ANA,))
    assert found(selected(talk(), both)) == [("a", ((0, 2), (3, 4))), ("b", ())]
    assert names_in(both) == (ANA,)
    assert names_in(WithCopies(WordsOf(ANA, name=True))) == names_in(WordsOf(ANA, name=True)) == (ANA,)
    assert names_in(WordsOf(ANA)) == names_in(SpokenSpan(0, 1)) == ()


def test_the_times_of_what_goes_are_those_of_its_words() -> None:
    assert times(selected(talk(), SpokenSpan(2000, 5000))) == ((FLOOR, 2000, 3900), (FLOOR, 4000, 4900))
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Typed", language="en")
    typed_only = carry_out(opened(), typed, wall=WALL + 700)
    assert times(selected(typed_only, Lines((segment("t"),)))) == ((FLOOR, 700, 700),)


def said_again(state: State, name: str, run: tuple[int, int]) -> list[ev.AnyEvent | UnknownEvent]:
    return list(again(line_of(state, name), run, SegmentId("kept")))


def refolded(state: State, events: Sequence[ev.AnyEvent | UnknownEvent]) -> State:
    for event in events:
        state = evolve(state, event)
    return state


def test_words_that_stay_are_said_again_as_a_whole_line() -> None:
    state = carry_out(talk(), do.IntroduceSpeaker(speaker=ANA, name="Ana"))
    state = carry_out(state, do.AssignSpeaker(segments=(segment("a"),), speaker=ANA))
    events = said_again(state, "a", (0, 2))
    assert events == [
        le.SegmentOpened(
            channel=FLOOR, segment=SegmentId("kept"), t0=0, language="en", origin=le.Origin.MACHINE, speaker=ANA
        ),
        le.WordsCommitted(
            channel=FLOOR, segment=SegmentId("kept"), first=0, words=(word(" a0", 0, 900), word(" a1", 1000, 1900))
        ),
        le.SegmentEnded(channel=FLOOR, segment=SegmentId("kept"), t1=1900, reason=le.EndReason.CLOSE, text=" a0 a1"),
    ]
    kept = line_of(refolded(opened(), events), "kept")
    assert (kept.whole, kept.ended, kept.t0, kept.t1) == (" a0 a1", True, 0, 1900)
    later = refolded(opened(), said_again(state, "b", (2, 4)))
    assert (line_of(later, "kept").t0, line_of(later, "kept").whole) == (6000, " b2 b3")


def test_a_correction_is_said_again_only_when_it_holds_nothing_that_goes() -> None:
    mended = carry_out(talk(), correct("a", 0, 2, " A"), actor=CAPTIONER)
    kept = line_of(refolded(opened(), said_again(mended, "a", (0, 3))), "kept")
    assert (kept.whole, kept.revision, kept.mended) == (" A a2", 1, True)
    assert line_of(refolded(opened(), said_again(mended, "a", (0, 1))), "kept").whole == " a0"
    assert line_of(refolded(opened(), said_again(mended, "a", (1, 3))), "kept").whole == " a1 a2"
    by_machine = carry_out(talk(), correct("a", 0, 2, " A"), actor=ENGINE)
    assert not line_of(refolded(opened(), said_again(by_machine, "a", (0, 2))), "kept").mended


def test_a_line_may_have_begun_a_little_before_its_first_word() -> None:
    early = msgspec.structs.replace(line_of(talk(), "b"), t0=3990)
    (first, *_) = again(early, (0, 1), SegmentId("kept"))
    assert isinstance(first, le.SegmentOpened)
    assert first.t0 == 3990


def test_all_lines_are_due_with_the_text_and_none_with_other_kinds() -> None:
    state = talk()
    assert found(selected(state, Expired(frozenset({KeptKind.TEXT, KeptKind.STAFF})))) == [("a", ()), ("b", ())]
    assert selected(state, Expired(frozenset({KeptKind.STAFF, KeptKind.QUESTIONS, KeptKind.SOUND}))) == ()
    assert names_in(Expired(frozenset(KeptKind))) == ()


def parted() -> State:
    """`talk`, whose first line is split into two words, one word and one word."""
    state = talk()
    for name, at, into in (("a", 2, "a-2"), ("a-2", 1, "a-3")):
        command = do.SplitSegment(
            channel=FLOOR, segment=segment(name), revision=0, word=at, into=segment(into), generation=1
        )
        state = carry_out(state, command, actor=ENGINE)
    return state


def test_with_a_part_of_a_line_goes_what_was_logged_before_it_was_split_and_its_own_words_stay() -> None:
    state = parted()
    assert found(selected(state, Lines((segment("a-3"),)))) == [("a-3", ()), ("a-2", ((0, 1),)), ("a", ((0, 2),))]
    assert found(selected(state, Lines((segment("a"),)))) == [("a", ())]
    assert found(selected(state, SpokenSpan(2_500, 3_500))) == [("a-3", ()), ("a-2", ((0, 1),)), ("a", ((0, 2),))]
    assert found(not_kept(off(state, 3_000, 3_500)))[0] == ("a-3", ())
    away = carry_out(
        state, do.MoveSegmentsAway(channel=FLOOR, segments=(segment("a"),), session=None), wall=WALL + 99_999
    )
    cuts = selected(away, Lines((segment("a-2"),)))
    assert [(cut.line.id, cut.for_parts) for cut in cuts] == [("a-2", False), ("a", True)]
    assert ("a", ()) in found(selected(away, SpokenSpan(1_000, 1_500)))


def test_no_sound_goes_of_the_words_that_stay() -> None:
    state = parted()
    assert times(selected(state, Lines((segment("a-3"),)))) == ((FLOOR, 3_000, 3_900),)


def test_the_sound_of_a_line_that_was_moved_goes_once_the_log_no_longer_says_when_it_was_said() -> None:
    away = do.MoveSegmentsAway(channel=FLOOR, segments=(segment("a"),), session=None)
    moved = carry_out(parted(), away, wall=WALL + 99_999)
    assert times(selected(moved, Lines((segment("a-3"),)))) == ((FLOOR, 3_000, 3_900), (FLOOR, 0, 1_900))


def test_a_part_whose_line_was_removed_goes_by_itself() -> None:
    state = parted()
    alone = msgspec.structs.replace(state, segments=state.segments.set(segment("a-2"), line_of(state, "b")))
    last = msgspec.structs.replace(line_of(state, "a-3"), part_of=segment("nowhere"))
    alone = msgspec.structs.replace(alone, segments=alone.segments.set(segment("a-3"), last))
    assert found(selected(alone, Lines((segment("a-3"),)))) == [("a-3", ())]


def test_what_stays_at_a_lines_end_is_still_followed_by_another_voice() -> None:
    follows = do.SplitSegment(channel=FLOOR, segment=segment("a"), revision=0, word=4, into=None)
    line = line_of(carry_out(talk(), follows, actor=CAPTIONER), "a")
    ends = [again(line, run, SegmentId("kept"))[2] for run in ((0, 2), (2, 4))]
    assert [end.reason for end in ends if isinstance(end, le.SegmentEnded)] == [
        le.EndReason.CLOSE,
        le.EndReason.SPEAKER,
    ]


def test_with_a_line_that_is_one_again_goes_the_part_that_was_split_off_for_a_while() -> None:
    state = talk()
    parts = do.SplitSegment(channel=FLOOR, segment=segment("a"), revision=0, word=2, into=segment("x"))
    joined = do.JoinSegments(channel=FLOOR, segment=segment("a"), revision=1, part=segment("x"))
    state = carry_out(state, parts, joined, actor=CAPTIONER)
    assert line_of(state, "a").words == line_of(talk(), "a").words
    whole = WithCopies(selection=Lines((segment("a"),)), segments=(segment("a"),))
    assert ("x", ()) in found(selected(state, whole))
    last = WithCopies(selection=SpokenSpan(2_500, 3_500), segments=())
    assert found(selected(state, last)) == [("a", ((0, 3),)), ("x", ())]
