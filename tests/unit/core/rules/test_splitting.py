# ruff: noqa: RUF001  # signs of other scripts are meant as such
from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId, SpeakerId
from moothall.core.kernel.written_words import written_words
from moothall.core.rules.corrections import REVISED_WITHIN, shown_words
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State
from moothall.core.translation.lines import all_due
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    events,
    line_of,
    refused,
    revise,
    segment,
    speaking,
    word,
)

ANA, BEN = SpeakerId("ana"), SpeakerId("ben")
CHAIR = Actor(Role.CHAIR, "c")


def split(
    word: int, revision: int = 0, into: str = "x", name: str = "a", generation: int | None = 1
) -> do.SplitSegment:
    return do.SplitSegment(
        channel=FLOOR,
        segment=segment(name),
        revision=revision,
        word=word,
        into=segment(into),
        generation=generation,
    )


def follows(word: int = 3, name: str = "a") -> do.SplitSegment:
    return msgspec.structs.replace(split(word, name=name), into=None)


def test_another_voice_may_begin_after_a_line_that_keeps_all_its_words() -> None:
    said = [le.SegmentSplit(channel=FLOOR, segment=segment("a"), revision=0, word=3, into=None, t1=1000)]
    assert events(speaking(), follows(), actor=ENGINE) == said
    state = carry_out(speaking(), follows(), actor=ENGINE, wall=WALL)
    assert line_of(state, "a").reason is le.EndReason.SPEAKER
    assert line_of(state, "a").revision == 0
    assert refused(state, follows(), actor=ENGINE).code is RefusalCode.CONFLICT
    assert refused(speaking(), follows(2), actor=ENGINE).code is RefusalCode.INVALID


def texts(state: State, *names: str) -> list[str]:
    return [line_of(state, name).whole for name in names]


def test_an_engine_splits_a_line_of_which_no_word_is_changed() -> None:
    assert events(speaking(), split(2), actor=ENGINE) == [
        le.SegmentSplit(channel=FLOOR, segment=segment("a"), revision=0, word=2, into=segment("x"), t1=700),
        le.SegmentCorrected(
            channel=FLOOR,
            segment=segment("a"),
            base_revision=0,
            base_words=0,
            text="",
            tail="Good morning",
            machine=True,
        ),
        le.SegmentOpened(
            channel=FLOOR,
            segment=segment("x"),
            t0=700,
            language="en",
            origin=le.Origin.MACHINE,
            part_of=segment("a"),
        ),
        le.WordsCommitted(channel=FLOOR, segment=segment("x"), first=0, words=(word(" all.", 700, 1000),)),
        le.SegmentEnded(channel=FLOOR, segment=segment("x"), t1=1000, reason=le.EndReason.SENTENCE, text=" all."),
    ]


def test_after_a_split_the_open_line_goes_on_and_the_channel_knows_the_same_words() -> None:
    before = speaking()
    state = carry_out(before, split(2), actor=ENGINE)
    assert texts(state, "a", "x") == ["Good morning", " all."]
    first, second = line_of(state, "a"), line_of(state, "x")
    assert (first.t1, first.reason, first.revision, first.mended) == (700, le.EndReason.SPEAKER, 1, False)
    assert (second.part_of, second.t0, second.t1, second.revision) == (segment("a"), 700, 1000, 0)
    assert state.channels[FLOOR] == before.channels[FLOOR]
    assert (
        line_of(carry_out(state, commit("b", 1, word(" back", 1500, 1700)), actor=ENGINE), "b").whole == "Welcome back"
    )


def test_a_second_part_can_be_split_again_and_the_first_cannot() -> None:
    state = carry_out(speaking(), split(1), actor=ENGINE)
    state = carry_out(state, split(1, name="x", into="y"), actor=ENGINE)
    assert texts(state, "a", "x", "y") == ["Good", " morning", " all."]
    assert line_of(state, "x").reason is le.EndReason.SPEAKER
    late = refused(state, split(1, revision=1, into="z"), actor=ENGINE)
    assert (late.code, late.message) == (RefusalCode.STALE, "The line was corrected already.")


def test_whoever_has_the_floor_now_speaks_in_the_second_part_that_an_engine_hears() -> None:
    state = carry_out(
        speaking(),
        do.IntroduceSpeaker(speaker=ANA, name="Ana"),
        do.IntroduceSpeaker(speaker=BEN, name="Ben"),
        do.AssignSpeaker(segments=(segment("a"),), speaker=ANA),
        do.SetSpeaker(channel=FLOOR, speaker=BEN),
    )
    assert line_of(carry_out(state, split(1), actor=ENGINE), "x").speaker == BEN


def test_the_second_part_has_not_the_name_of_the_first() -> None:
    state = carry_out(
        speaking(),
        do.IntroduceSpeaker(speaker=ANA, name="Ana"),
        do.AssignSpeaker(segments=(segment("a"),), speaker=ANA),
        do.SetSpeaker(channel=FLOOR, speaker=ANA),
    )
    for parts in (
        carry_out(state, split(1), actor=ENGINE),
        carry_out(state, split(1, generation=None), actor=CAPTIONER),
    ):
        assert (line_of(parts, "a").speaker, line_of(parts, "x").speaker) == (ANA, None)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (split(1, name="nothing"), RefusalCode.UNKNOWN, "The channel has no such segment."),
        (msgspec.structs.replace(split(1), channel=ChannelId("pt")), RefusalCode.UNKNOWN, "The channel has no such"),
        (split(1, into="b"), RefusalCode.INVALID, "The second part of a line needs an id of its own."),
        (split(1, into="not a name"), RefusalCode.INVALID, "The second part of a line needs an id of its own."),
        (split(1, revision=1), RefusalCode.STALE, "The line was corrected in the meantime."),
        (split(1, name="b"), RefusalCode.STALE, "The line has not ended: split it when it has."),
        (split(1, generation=2), RefusalCode.STALE, "Another engine has taken over the channel."),
        (split(1, generation=None), RefusalCode.STALE, "Another engine has taken over the channel."),
        (split(0), RefusalCode.INVALID, "The line has 3 words: split it between two, or name"),
        (split(3), RefusalCode.INVALID, "The line has 3 words: split it between two, or name"),
    ],
)
def test_what_is_refused(command: do.SplitSegment, code: RefusalCode, message: str) -> None:
    refusal = refused(speaking(), command, actor=ENGINE)
    assert refusal.code is code
    assert refusal.message.startswith(message)


def test_an_engine_splits_no_line_that_has_been_read_nor_one_of_a_closed_session() -> None:
    late = refused(speaking(), split(1), actor=ENGINE, wall=WALL + REVISED_WITHIN + 1)
    assert late.message == "The line ended too long ago: it has been read."
    closed = carry_out(speaking(), do.CloseSession())
    assert refused(closed, split(1), actor=ENGINE).code is RefusalCode.CONFLICT
    by_person = carry_out(closed, split(1, generation=None), actor=CAPTIONER, wall=WALL + REVISED_WITHIN + 1)
    assert texts(by_person, "a", "x") == ["Good", " morning all."]


def test_no_line_from_a_span_that_is_not_recorded_is_split() -> None:
    state = carry_out(speaking(), do.MapClock(t=1_100), do.BeginNotRecorded(back=200))
    assert refused(state, split(1), actor=CAPTIONER).code is RefusalCode.CONFLICT


def test_a_translated_line_is_split_with_its_original_only() -> None:
    mt = ChannelId("mt-pt")
    state = carry_out(
        speaking(),
        do.AddChannel(channel=mt, kind=ev.ChannelKind.TRANSLATION, languages=("pt",)),
        do.SetTranslation(channel=mt, source=le.SourceSegment(segment("a"), 0), text="Bom dia a todos.", route="x"),
    )
    line = next(line for _, line in state.segments.items() if line.channel == mt)
    command = do.SplitSegment(channel=mt, segment=line.id, revision=0, word=1, into=segment("x"))
    assert refused(state, command, actor=CAPTIONER).code is RefusalCode.INVALID
    state = carry_out(state, split(2), actor=ENGINE)
    state = carry_out(
        state,
        do.SetTranslation(channel=mt, source=le.SourceSegment(segment("x"), 0), text="a todos.", route="x"),
    )
    assert line_of(state, "x-mt-pt").part_of == line.id
    # Taken back, the part's translation is struck with it, and the whole line is to be translated again.
    joined = carry_out(state, JOIN, actor=CAPTIONER)
    assert line_of(joined, "x-mt-pt").gone
    due = all_due(joined, joined.channels[mt])
    assert [each.source for each in due] == [le.SourceSegment(segment("a"), line_of(joined, "a").revision)]


@pytest.mark.parametrize(
    ("words", "text", "at", "parts"),
    [
        # Behind the corrected words.
        (1, "Fine", 1, ("Fine", " morning all.")),
        (1, "Fine", 2, ("Fine morning", " all.")),
        # Within them: as many as before, fewer, more.
        (3, "Fine evening both.", 1, ("Fine", " evening both.")),
        (3, "Fine evening both.", 2, ("Fine evening", " both.")),
        (3, "Hello all.", 1, ("Hello", " all.")),
        (3, "A very fine evening to all.", 5, ("A very fine evening to", " all.")),
        (2, "To all a good evening", 4, ("To all a good", " evening all.")),
        (2, "To all a good evening ", 4, ("To all a good", " evening  all.")),
    ],
)
def test_a_corrected_line_is_split_between_the_words_that_are_shown(
    words: int, text: str, at: int, parts: tuple[str, str]
) -> None:
    state = carry_out(speaking(), correct("a", 0, words, text), actor=CAPTIONER)
    whole = line_of(state, "a")
    assert "".join(shown_words(whole)) == whole.whole
    state = carry_out(state, split(at, revision=1, generation=None), actor=CAPTIONER)
    assert tuple(texts(state, "a", "x")) == parts
    first, second = line_of(state, "a"), line_of(state, "x")
    assert first.words + second.words == whole.words
    assert first.words
    assert second.words
    assert first.mended
    assert second.mended is bool(second.text)


def spoken(*tokens: str) -> State:
    """A line `z` that ended: each token took 100 ms, from 2,000 on. Its language doesn't matter."""
    said = [word(token, 2_000 + 100 * n, 2_100 + 100 * n) for n, token in enumerate(tokens)]
    start = do.SegmentStart(t0=2_000, language="en")
    whole = do.CommitWords(channel=FLOOR, generation=1, segment=segment("z"), first=0, words=tuple(said), start=start)
    return carry_out(speaking(), end("b", 1_500), whole, end("z", said[-1].t1), actor=ENGINE)


@pytest.mark.parametrize(
    ("tokens", "text", "second", "t0"),
    [
        # Words that the correction left alone keep their times, whatever stands before or behind them.
        (("大家", "早上", "号", "我们", "开始"), "大家早上好，我们开始", "我们开始", 2_300),
        (("早上", "号", "我们", "开始"), "各位代表，大家早上好，我们开始", "我们开始", 2_200),
        (
            ("我们", "开始", "吗", "好", "的", "谢谢"),
            "我们现在就开始第一项议题吗？好的，谢谢大家",
            "好的，谢谢大家",
            2_300,
        ),
        # Characters between them are evenly long: a voice that changes within a word begins at its nearer end.
        (("一", "二", "三", "四", "五", "六"), "一二甲乙丙丁五六", "丙丁五六", 2_300),
        (("一二三", "四五六"), "一二三四五七", "五七", 2_100),
        # Rewritten throughout.
        (("は", "い", "、", "わ", "か", "り"), "ええと承知しま", "知しま", 2_300),
        (("สวัส", "ดี", "ค่ะ", "น้ำ", "ใจ"), "สวัสดีครับ น้ำใจ", " น้ำใจ", 2_300),
    ],
)
def test_corrected_text_without_spaces_is_split_where_the_voice_changed(
    tokens: tuple[str, ...], text: str, second: str, t0: int
) -> None:
    state = carry_out(spoken(*tokens), correct("z", 0, len(tokens), text), actor=CAPTIONER)
    at = len(written_words(text.removesuffix(second)))
    state = carry_out(state, split(at, revision=1, name="z", generation=None), actor=CAPTIONER)
    assert texts(state, "z", "x") == [text.removesuffix(second), second]
    assert (line_of(state, "z").t1, line_of(state, "x").t0) == (t0, t0)


def test_a_word_that_is_in_two_sentences_by_chance_is_not_the_same_word() -> None:
    tokens, text = tuple("的一二三四五六七"), "甲乙丙丁戊己的庚"
    state = carry_out(spoken(*tokens), correct("z", 0, 8, text), actor=CAPTIONER)
    state = carry_out(state, split(7, revision=1, name="z", generation=None), actor=CAPTIONER)
    assert line_of(state, "x").t0 == 2_700


def test_what_follows_a_correction_is_split_between_recognised_words() -> None:
    tokens = ("大家", "早上", "号", "我们", "开始")
    state = carry_out(spoken(*tokens), correct("z", 0, 3, "大家早上好，"), actor=CAPTIONER)
    assert shown_words(line_of(state, "z")) == [*"大家早上", "好，", *"我们开始"]
    by_word = carry_out(state, split(7, revision=1, name="z", generation=None), actor=CAPTIONER)
    assert texts(by_word, "z", "x") == ["大家早上好，我们", "开始"]
    for at, parts in ((6, ["大家早上好，", "我们开始"]), (8, ["大家早上好，我们", "开始"])):
        near = carry_out(state, split(at, revision=1, name="z", generation=None), actor=CAPTIONER)
        assert texts(near, "z", "x") == parts, "no word is changed, and none is torn"
    # What is left of a line that was split can be split again, though nobody corrected it.
    twice = carry_out(spoken(*tokens), split(4, name="z", generation=None), actor=CAPTIONER)
    for at, parts in ((1, ["大家", "早上号我们"]), (4, ["大家早上", "号我们"]), (6, ["大家早上号", "我们"])):
        again = carry_out(twice, split(at, revision=1, name="z", into="y", generation=None), actor=CAPTIONER)
        assert texts(again, "z", "y") == parts


def test_a_second_pass_corrects_no_part_as_a_person() -> None:
    state = carry_out(speaking(), revise("a", 3, "Fine morning, all."), actor=ENGINE)
    state = carry_out(state, split(2, revision=1, generation=None), actor=CAPTIONER)
    assert texts(state, "a", "x") == ["Fine morning,", " all."]
    assert [line_of(state, name).mended for name in ("a", "x")] == [False, False]


@pytest.mark.parametrize(("words", "text"), [(0, "Oh, "), (1, "Fine")])
def test_a_part_without_recognised_words_is_refused(words: int, text: str) -> None:
    state = carry_out(speaking(), end("b", 1_500), actor=ENGINE)
    state = carry_out(state, correct("b", 0, words, text + "my"), actor=CAPTIONER)
    refusal = refused(state, split(1, revision=1, name="b", generation=None), actor=CAPTIONER)
    assert refusal.code is RefusalCode.INVALID


def test_a_typed_line_is_not_split() -> None:
    typed = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Typed by hand", language="en")
    state = carry_out(speaking(), typed, actor=CAPTIONER)
    refusal = refused(state, split(1, name="t", generation=None), actor=CAPTIONER)
    assert refusal.message.startswith("A line can be split only between words that were recognised")


def test_words_that_a_person_put_before_all_others_stay_with_them() -> None:
    state = carry_out(speaking(), correct("a", 0, 0, "Oh, a "), actor=CAPTIONER)
    assert refused(state, split(1, revision=1, generation=None), actor=CAPTIONER).code is RefusalCode.INVALID
    state = carry_out(state, split(3, revision=1, generation=None), actor=CAPTIONER)
    assert texts(state, "a", "x") == ["Oh, a Good", " morning all."]


def test_the_tags_of_a_line_are_those_of_both_parts() -> None:
    state = carry_out(speaking(), do.TagSegment(segment=segment("a"), tag=Tag.AGREED), actor=CHAIR)
    state = carry_out(state, split(2), actor=ENGINE)
    assert [state.notes_and_tags.tag(segment(name), None) for name in ("a", "x")] == [Tag.AGREED, Tag.AGREED]


def test_a_split_is_one_act_that_one_act_undoes() -> None:
    state = carry_out(speaking(), correct("a", 0, 3, "Fine evening both."), actor=CAPTIONER)
    command = split(1, revision=1, generation=None)
    done = events(state, command, actor=CAPTIONER)
    reading = read_act(state, done)
    assert (reading.commands, reading.undoing) == ((command,), (msgspec.structs.replace(JOIN, revision=2),))


def test_the_second_part_of_a_line_from_before_a_turn_is_no_line_of_the_turn() -> None:
    name = InterventionId("q")
    ask = do.Ask(intervention=name, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="x")
    state = carry_out(
        speaking(),
        ask,
        *(
            do.SetStatus(interventions=(name,), status=status)
            for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED)
        ),
        actor=Actor(Role.TECHNICIAN, "t"),
    )
    state = carry_out(state, commit("b", 1, word(" back", 1500, 1700)), end("b", 1_700), actor=ENGINE)
    state = carry_out(
        state, commit("c", 0, word("I", 1_800, 1_900), word(" do.", 1_900, 2_000), start=1_800), actor=ENGINE
    )
    state = carry_out(state, end("c", 2_000), split(1, name="b", into="x"), split(1, name="c", into="y"), actor=ENGINE)
    assert state.turn_lines == ("c", "y")


def undone(before: State, *commands: do.AnyCommand) -> State:
    """The state after an act of a desk and its undoing."""
    act = read_act(before, [event for each in commands for event in events(before, each, actor=CAPTIONER)])
    assert act.commands == commands
    return carry_out(carry_out(before, *commands, actor=CAPTIONER), *act.undoing, actor=CAPTIONER)


def test_a_split_is_undone_and_the_open_line_goes_on() -> None:
    before = speaking()
    state = undone(before, split(2, generation=None))
    line, was = line_of(state, "a"), line_of(before, "a")
    assert (line.whole, line.words, line.t1, line.reason) == (was.whole, was.words, was.t1, was.reason)
    assert (line.mended, line.accepted, line_of(state, "x").gone) == (False, False, True)
    assert state.channels[FLOOR].open_segment == segment("b")
    assert line_of(carry_out(state, commit("b", 1, word(" back", 1500, 1700)), actor=ENGINE), "b").words[1:]
    undoing = read_act(carry_out(before, split(2), actor=ENGINE), events(carry_out(before, split(2)), JOIN))
    assert undoing.undoing == ()


JOIN = do.JoinSegments(channel=FLOOR, segment=segment("a"), revision=1, part=segment("x"))


def test_what_was_corrected_before_or_after_stays_in_the_line_that_is_one_again() -> None:
    before = carry_out(speaking(), correct("a", 0, 3, "Good evening all."), actor=CAPTIONER)
    state = undone(before, split(2, revision=1, generation=None))
    assert (line_of(state, "a").whole, line_of(state, "a").mended) == ("Good evening all.", True)
    state = carry_out(speaking(), split(2, generation=None), correct("x", 0, 1, " you."), actor=CAPTIONER)
    state = carry_out(state, JOIN, actor=CAPTIONER)
    assert (line_of(state, "a").whole, line_of(state, "a").mended) == ("Good morning you.", True)


def test_a_proposal_that_was_accepted_in_a_part_is_accepted_in_the_line_that_is_one_again() -> None:
    accepted = msgspec.structs.replace(correct("a", 0, 3, "Fine morning, all."), accepted=True)
    whole = undone(carry_out(speaking(), accepted, actor=CAPTIONER), split(2, revision=1, generation=None))
    assert (line_of(whole, "a").mended, line_of(whole, "a").accepted) == (True, True)
    of_part = msgspec.structs.replace(correct("x", 0, 1, " you."), accepted=True)
    for corrections, by_machine in (((of_part,), True), ((of_part, correct("x", 1, 1, " both.")), False)):
        state = carry_out(speaking(), split(2, generation=None), *corrections, JOIN, actor=CAPTIONER)
        assert (line_of(state, "a").mended, line_of(state, "a").accepted) == (True, by_machine)


def test_that_another_voice_follows_is_undone() -> None:
    state = undone(speaking(), msgspec.structs.replace(follows(), generation=None))
    assert line_of(state, "a").reason is le.EndReason.SENTENCE
    nothing = msgspec.structs.replace(JOIN, revision=0, part=None)
    assert refused(state, nothing, actor=CAPTIONER).code is RefusalCode.CONFLICT


def test_only_the_part_that_comes_next_goes_back_into_a_line_that_nobody_changed_since() -> None:
    state = carry_out(speaking(), split(2, generation=None), actor=CAPTIONER)
    twice = carry_out(state, split(1, revision=1, into="y", generation=None), actor=CAPTIONER)
    late = msgspec.structs.replace(JOIN, revision=2)
    for there, command, code in (
        (state, msgspec.structs.replace(JOIN, segment=segment("none")), RefusalCode.UNKNOWN),
        (state, msgspec.structs.replace(JOIN, revision=0), RefusalCode.STALE),
        (state, msgspec.structs.replace(JOIN, part=segment("b")), RefusalCode.CONFLICT),
        (speaking(), msgspec.structs.replace(JOIN, revision=0), RefusalCode.CONFLICT),
        (twice, late, RefusalCode.CONFLICT),
        (carry_out(state, do.MapClock(t=1_100), do.BeginNotRecorded(back=200)), JOIN, RefusalCode.CONFLICT),
    ):
        assert refused(there, command, actor=CAPTIONER).code is code
