"""The machine's first words after a person's: held back, renumbered, and none of them lost."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import USUAL_LAG_MS, Join
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.signals import Partial
from moothall.services.engines.joining import MOST_HELD, Joining
from moothall.wire import engine as wire

FLOOR = ChannelId("floor")
TYPED = "We thank the delegation of Kenya."
SENT = 20_000
POINT = wire.ResumePoint(
    committed_through=1,
    segment=None,
    words=1,
    audio_from=0,
    begin=0,
    language=None,
    suspect=None,
    speaking=None,
)


def commit(segment: str, first: int, *texts: str, t0: int = 10_000) -> do.CommitWords:
    words = tuple(le.Word(text=text, t0=t0 + 100 * n, t1=t0 + 100 * n + 90) for n, text in enumerate(texts))
    start = None if first else do.SegmentStart(t0=t0, language="en")
    return do.CommitWords(
        channel=FLOOR, generation=2, segment=SegmentId(segment), first=first, words=words, start=start
    )


def end(segment: str, t1: int = 12_000) -> do.EndSegment:
    return do.EndSegment(channel=FLOOR, generation=2, segment=SegmentId(segment), t1=t1, reason=le.EndReason.SENTENCE)


def revise(segment: str, words: int) -> do.ReviseSegment:
    return do.ReviseSegment(channel=FLOOR, generation=2, segment=SegmentId(segment), base_words=words, text="Better")


def act(
    name: str, *commands: wire.AttachmentCommand, show: Partial | None = None, point: str | None = None
) -> wire.PassAct:
    resume = None if point is None else msgspec.structs.replace(POINT, segment=SegmentId(point))
    return wire.PassAct(attachment=1, id=CommandId(name), commands=commands, show=show, resume_point=resume)


def partial(segment: str, first: int) -> Partial:
    return Partial(channel=FLOOR, segment=SegmentId(segment), first=first, text=" and", language="en")


def test_words_that_were_typed_are_left_out_and_the_counts_are_the_logs() -> None:
    joining = Joining(Join(TYPED, SENT))
    assert joining.take(act("1", commit("a", 0, " We", " thank", " the"), show=partial("a", 3))).commands == ()
    assert joining.shown(partial("a", 3)) is None
    last = act("2", commit("a", 3, " delegation", " of", " Kenya,", " and"), show=partial("a", 7), point="a")
    taken = joining.take(last)
    (said,) = taken.commands
    assert isinstance(said, do.CommitWords)
    assert said.start is not None
    assert (said.first, [word.text for word in said.words], said.start.t0) == (0, ["and"], SENT)
    assert (taken.show, taken.resume_point) == (partial("a", 1), None)
    assert joining.take(last) == taken  # It comes again where the log could not take it.
    (more,) = joining.take(act("3", commit("a", 7, " so", t0=21_000))).commands
    assert isinstance(more, do.CommitWords)
    assert (more.first, more.start) == (1, None)
    assert joining.shown(partial("a", 8)) == partial("a", 2)
    assert joining.take(act("4", revise("a", 8), revise("b", 1))).commands == (revise("b", 1),)
    whole = joining.take(act("5", commit("b", 0, " Then", t0=30_000), end("b", 31_000), point="b"))
    assert whole.commands == (commit("b", 0, " Then", t0=30_000), end("b", 31_000))
    assert whole.resume_point is not None


def test_a_line_of_which_nothing_stays_is_not_opened() -> None:
    joining = Joining(Join(TYPED, SENT))
    joining.take(act("1", commit("a", 0, " We", " thank", " the", " delegation")))
    joining.take(act("2", end("a")))
    taken = joining.take(act("3", commit("b", 0, " of", " Kenya."), end("b")))
    assert taken.commands == ()
    assert joining.take(act("4", commit("c", 0, " Now", t0=21_000))).commands == (commit("c", 0, " Now", t0=21_000),)


def test_where_no_word_tells_none_is_lost() -> None:
    joining = Joining(Join(TYPED, SENT))
    before = SENT - USUAL_LAG_MS - 100
    assert joining.take(act("1", commit("a", 0, " Something", " else", t0=before))).commands == ()
    gap = do.NoteGap(channel=FLOOR, t0=1, t1=2, reason=ev.GapReason.OVERLOAD)
    assert joining.take(act("2", gap)).commands == ()
    kept = joining.take(act("3", commit("a", 2, " entirely", t0=SENT))).commands
    assert kept[1] == gap
    words = [word.text for each in kept if isinstance(each, do.CommitWords) for word in each.words]
    assert words == [" Something", " else", " entirely"]


def test_what_is_held_back_at_the_end_is_given_and_no_more_than_so_much_is_held() -> None:
    joining = Joining(Join(TYPED, SENT))
    assert joining.rest() is None
    joining.take(act("1", commit("a", 0, " Something", t0=SENT - 1_000)))
    rest = joining.rest()
    assert rest is not None
    assert len(rest.commands) == 1
    assert joining.rest() is None
    full = Joining(Join(TYPED, SENT))
    given_at = next(n for n in range(2 * MOST_HELD) if full.take(act(f"{n}", end("z"))).commands)
    assert given_at == MOST_HELD


said = st.lists(st.sampled_from([" one", " two", " three", " delegation", " of", " Kenya", ""]), max_size=4)


@given(st.lists(said, max_size=12))
def test_every_word_is_given_once_or_left_out_and_counts_fit(parts: list[list[str]]) -> None:
    joining, count, stored, all_words = Joining(Join(TYPED, SENT)), 0, 0, 0
    acts = []
    for n, texts in enumerate(each for each in parts if each):
        acts.append(act(f"{n}", commit("a", count, *texts, t0=14_000 + 1_000 * n)))
        count += len(texts)
    given_acts = [joining.take(each) for each in acts]
    rest = joining.rest()
    for each in [*given_acts, *([rest] if rest else [])]:
        for command in each.commands:
            assert isinstance(command, do.CommitWords)
            assert command.first == stored
            assert (command.start is not None) == (stored == 0)
            stored += len(command.words)
    all_words = sum(len(each) for each in parts)
    assert stored <= all_words
