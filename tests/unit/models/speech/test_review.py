from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from moothall.core.commands import CommitWords, EndSegment, ReviseSegment, SegmentStart, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.passes import PassRequest, expected
from moothall_models.speech.review import BEAM, LINES, Review, Reviewer
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import SpeechFrame, Utterance
from support.sound.talking import CHANNEL, FRAME, attach, hear, said, silence

SETTINGS = SpeechSettings()
HEARD_WRONG = said("So feel free to downplay it.", 0)
SPOKEN = said("So feel free to download it.", 0)


class Meeting:
    """A channel in which the truth of some words is played, and whose live passes are done at once."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.channel = SpeechChannel(attach(languages=(language,)), scripts=load_scripts())
        self.t = 0
        self.out: list[Output] = []

    def play(self, words: tuple[Word, ...], until: int, took: int = 0, *, spare: bool = True) -> PassRequest | None:
        """Until media ms `until`, or until lines are to be heard once more. A live pass takes `took` ms. `spare` as in
        `next_pass`.
        """
        while self.t < until:
            speech = any(word.t0 < self.t + FRAME and self.t < word.t1 for word in words)
            self.out += self.channel.hear(self.t, silence(1), [1.0 if speech else 0.0])
            self.t += FRAME
            request = self.channel.next_pass(self.t, spare=spare)
            if request is not None and request.review is not None:
                return request
            if request is not None:
                heard = hear(words, request, language=self.language)
                self.out += self.channel.passed(request, heard, self.t + took)
        return None

    @property
    def text(self) -> str:
        return "".join(word.text for output in self.out if isinstance(output, CommitWords) for word in output.words)

    @property
    def ended(self) -> list[SegmentId]:
        return [output.segment for output in self.out if isinstance(output, EndSegment)]


def test_a_line_is_heard_with_its_neighbours_and_by_itself_when_its_speaker_pauses() -> None:
    meeting = Meeting()
    begin = said("We begin.", 0)
    request = meeting.play(begin, 2_000)
    assert request is not None
    meeting.channel.passed(request, hear(begin, request), meeting.t)
    start = meeting.t
    wrong, right = (said(f"So feel free to {word} it.", start, 250) for word in ("downplay", "download"))
    first = meeting.play(wrong, start + 4_000)
    assert first is not None
    assert (first.start, first.window.beam, first.window.languages) == (0, BEAM, ("en",))
    assert first.window.draft == " We begin. So feel free to downplay it."
    heard = (*begin, *right)
    assert meeting.channel.passed(first, hear(heard, first), meeting.t) == []
    second = meeting.channel.next_pass(meeting.t)
    assert second is not None
    assert second.start > start - 400
    assert second.window.draft == " So feel free to downplay it."
    assert meeting.channel.passed(second, hear(heard, second), meeting.t) == [
        ReviseSegment(
            channel=CHANNEL,
            generation=1,
            segment=meeting.ended[1],
            base_words=6,
            text="So feel free to download it.",
        )
    ]
    assert meeting.channel.next_pass(meeting.t) is None


def all_passes(meeting: Meeting, request: PassRequest, words: tuple[Word, ...]) -> list[Output]:
    out = meeting.channel.passed(request, hear(words, request), meeting.t)
    assert out == []
    while (again := meeting.channel.next_pass(meeting.t)) is not None:
        assert again.review is not None
        out += meeting.channel.passed(again, hear(words, again), meeting.t)
    return out


def test_lines_that_one_breath_holds_are_heard_together_and_each_has_its_text() -> None:
    meeting = Meeting()
    wrong = (*HEARD_WRONG, *said(" Then resort it out.", 1_800), *said(" And so on.", 3_000))
    right = (*SPOKEN, *said(" Then reason it out.", 1_800), *said(" And so on.", 3_000))
    request = meeting.play(wrong, 6_000)
    assert request is not None
    texts = all_passes(meeting, request, right)
    assert [(text.segment, text.text) for text in texts if isinstance(text, ReviseSegment)] == [
        (meeting.ended[0], "So feel free to download it."),
        (meeting.ended[1], "Then reason it out."),
    ]


def test_where_nothing_else_is_heard_a_line_stays_and_is_not_heard_again() -> None:
    meeting = Meeting()
    request = meeting.play(HEARD_WRONG, 4_000)
    assert request is not None
    assert meeting.channel.passed(request, hear(HEARD_WRONG, request), meeting.t) == []
    assert meeting.channel.next_pass(meeting.t) is None


def test_a_line_in_chinese_is_not_corrected_to_the_other_script() -> None:
    meeting = Meeting("zh")
    request = meeting.play(said("大數據 分析 能力", 0), 4_000)
    assert request is not None
    assert meeting.text == "大数据 分析 能力"
    same = hear(said("大數據 分析 能力", 0), request, language="zh")
    assert meeting.channel.passed(request, same, meeting.t) == []
    assert meeting.channel.next_pass(meeting.t) is None


def test_a_live_pass_takes_the_place_of_one_over_lines_which_wait_for_the_next_pause() -> None:
    meeting = Meeting()
    words = HEARD_WRONG
    waiting = meeting.play(words, 4_000)
    assert waiting is not None
    assert waiting.deadline == meeting.t + SETTINGS.review_within
    assert meeting.channel.next_pass(meeting.t) is None
    more = said("And more of it", meeting.t)
    live = None
    while live is None:
        meeting.out += meeting.channel.hear(meeting.t, silence(1), [1.0])
        meeting.t += FRAME
        live = meeting.channel.next_pass(meeting.t)
    assert live.review is None
    with pytest.raises(ValueError, match="isn't the one"):
        meeting.channel.passed(waiting, hear(words, waiting), meeting.t)
    meeting.out += meeting.channel.passed(live, hear((*words, *more), live), meeting.t)
    again = meeting.play((*words, *more), meeting.t + 2_000)
    assert again is not None
    assert again.review is not None
    assert [line.segment for line in again.review.lines] == meeting.ended


def test_after_the_end_of_the_audio_no_line_is_heard_once_more() -> None:
    meeting = Meeting()
    request = meeting.play(HEARD_WRONG, 4_000)
    assert request is not None
    meeting.channel.passed(request, hear(HEARD_WRONG, request), meeting.t)
    meeting.play(said("And so on it goes.", meeting.t), meeting.t + 1_568)
    meeting.channel.end_of_audio()
    live = meeting.channel.next_pass(meeting.t)
    assert live is None or live.review is None


def test_a_line_is_heard_once_more_where_the_engine_has_time_however_slow_its_passes_are() -> None:
    words = said("one two three four five six seven eight nine ten eleven.", 0)
    busy, slow = Meeting(), Meeting()
    assert busy.play(words, 6_400, took=2_000, spare=False) is None
    assert busy.text.endswith("eleven.")
    assert busy.channel.next_pass(busy.t) is not None, "it has time again"
    assert slow.play(words, 6_400, took=2_000) is not None


def line(words: tuple[Word, ...], name: str = "s1", *, language: str = "en") -> list[CommitWords | EndSegment]:
    segment = SegmentId(name)
    begin = SegmentStart(t0=words[0].t0, language=language) if language else None
    return [
        CommitWords(channel=CHANNEL, generation=1, segment=segment, first=0, words=words, start=begin, rest=""),
        EndSegment(channel=CHANNEL, generation=1, segment=segment, t1=words[-1].t1, reason=EndReason.SENTENCE),
    ]


def reviewer(*, begin: int = 0, end: int = 3_200, through: int = 0, terms: tuple[str, ...] = ()) -> Reviewer:
    made = Reviewer(SETTINGS, through, ChannelGlossary(terms))
    for t in range(begin, end, FRAME):
        made.hear(SpeechFrame(t, silence(1), 1.0))
    return made


def lines_of(made: Reviewer, now: int) -> list[str] | None:
    found = made.next(now)
    return None if found is None else [each.segment for each in found.lines]


def test_a_line_is_let_go_that_is_old_or_not_wholly_heard() -> None:
    fresh, old = reviewer(), reviewer()
    for made in (fresh, old):
        made.note(line(HEARD_WRONG), 2_000)
    assert lines_of(fresh, 2_000 + SETTINGS.review_within) == ["s1"]
    assert lines_of(old, 2_001 + SETTINGS.review_within) is None
    cut = reviewer(begin=640)
    cut.note(line(HEARD_WRONG), 2_000)
    assert lines_of(cut, 2_000) is None
    gap = reviewer()
    gap.hear(SpeechFrame(60_000, silence(1), 1.0))
    gap.note(line(HEARD_WRONG), 2_000)
    assert lines_of(gap, 2_000) is None


def test_a_line_that_another_engine_began_is_left_alone() -> None:
    made = reviewer()
    made.note([*line(HEARD_WRONG, language=""), *line(HEARD_WRONG, "s2")], 2_000)
    assert lines_of(made, 2_000) == ["s2"]


def test_the_neighbours_before_are_heard_too_as_far_as_the_window_reaches() -> None:
    made = reviewer(end=30_000)
    for number in range(6):
        made.note(line(said("we hold these truths.", number * 5_000), f"s{number}"), 26_500)
    assert lines_of(made, 27_000) == ["s3", "s4", "s5"]


def test_a_line_that_was_split_keeps_its_text() -> None:
    made = reviewer()
    made.note(line(HEARD_WRONG), 2_000)
    found = made.next(2_000)
    assert found is not None
    split = SplitSegment(
        channel=CHANNEL, generation=1, segment=SegmentId("s1"), revision=0, word=2, into=SegmentId("s1.2")
    )
    made.note([split], 2_000)
    assert both(made, SPOKEN) == []


def test_lines_in_another_language_are_no_neighbours() -> None:
    made = reviewer(end=5_000)
    made.note([*line(HEARD_WRONG, "s1", language="de"), *line(said("yes it is", 2_000), "s2")], 3_000)
    assert lines_of(made, 3_000) == ["s2"]


def both(made: Reviewer, words: tuple[Word, ...], now: int = 2_000) -> list[str]:
    """The better texts when all better passes hear `words`."""
    texts: list[str] = []
    while (found := made.next(now)) is not None:
        texts += [text for _, text in made.heard(found, hypothesis(found, words))]
    return texts


def hypothesis(found: Review, words: tuple[Word, ...]) -> Hypothesis:
    within = [word for word in words if found.start <= word.t0 and word.t1 <= found.edge]
    heard = (HeardWord(f" {word.text.strip()}", word.t0 - found.start, word.t1 - found.start, 1.0) for word in within)
    return Hypothesis(language="en", words=tuple(heard))


def test_a_line_is_corrected_once_and_is_context_from_then_on() -> None:
    made = reviewer(end=8_000)
    heard = (*SPOKEN, *said("yes it is", 2_200), *said("it is", 4_000))
    made.note([*line(HEARD_WRONG), *line(said("yes it is", 2_200), "s2")], 3_500)
    assert both(made, heard, 3_500) == ["So feel free to download it."]
    assert made.next(3_500) is None
    made.note(line(said("it his", 4_000), "s3"), 5_000)
    third = made.next(5_000)
    assert third is not None
    assert made.window(third, ()).draft == " So feel free to downplay it. yes it is it his"
    assert both(made, heard, 5_000) == ["it is"]


def test_a_line_stays_where_the_second_pass_hears_something_else() -> None:
    made = reviewer(end=8_000)
    made.note([*line(HEARD_WRONG), *line(said("yes it is", 2_200), "s2")], 3_500)
    first = made.next(3_500)
    assert first is not None
    assert made.heard(first, hypothesis(first, (*SPOKEN, *said("yes it is", 2_200)))) == []
    second = made.next(3_500)
    assert second is not None
    assert made.heard(second, hypothesis(second, HEARD_WRONG)) == []
    assert made.next(3_500) is None


def judged(made: Reviewer, words: tuple[Word, ...], *scores: float, own: tuple[Word, ...] = ()) -> list[str]:
    """The better texts when the first pass hears `words`, and the second window `own`, and gives its texts these
    scores.
    """
    first = made.next(3_500)
    assert first is not None
    assert (first.proposals, made.window(first, ()).rivals, made.window(first, ()).wider) == ((), (), False)
    assert made.heard(first, hypothesis(first, words)) == []
    second = made.next(3_500)
    assert second is not None
    assert [line.segment for line in second.lines] == ["s1"]
    assert made.window(second, ()).wider
    assert made.window(second, ()).rivals == (
        " So feel free to downplay it.",
        " So fill free to downplay it.",
        " So feel free to download it.",
    )
    return scored(made, second, *scores, words=own)


def scored(made: Reviewer, found: Review, *scores: float, words: tuple[Word, ...] = ()) -> list[str]:
    """The better texts when this window gives its texts these scores, and hears `words`."""
    heard = msgspec.structs.replace(hypothesis(found, words), scores=scores)
    return [text for _, text in made.heard(found, heard)]


@pytest.mark.parametrize(
    ("scores", "texts"),
    [
        ((-20.0, -17.7, -20.1), ["So fill free to downplay it."]),
        ((-20.0, -20.1, -17.7), ["So feel free to download it."]),
        ((-20.0, -17.7, -17.7), ["So fill free to download it."]),
        ((-20.0, -20.0, -20.0), []),
    ],
)
def test_a_change_is_taken_that_makes_the_second_window_more_probable(
    scores: tuple[float, ...], texts: list[str]
) -> None:
    made = reviewer(end=8_000)
    made.note([*line(HEARD_WRONG), *line(said("yes it is", 2_200), "s2")], 3_500)
    words = (*said("So fill free to download it.", 0), *said("yes it is", 2_200))
    assert judged(made, words, *scores) == texts


@pytest.mark.parametrize(
    ("committed", "changed", "taken"),
    [(-7.0, -6.7, True), (-7.0, -6.8, False), (-40.0, -31.0, True), (-40.0, -31.2, False), (0.0, 0.0, False)],
)
def test_a_change_has_to_gain_more_where_the_line_is_badly_heard(committed: float, changed: float, taken: bool) -> None:
    made = reviewer(end=8_000)
    made.note([*line(HEARD_WRONG), *line(said("yes it is", 2_200), "s2")], 3_500)
    texts = judged(made, FILLED, committed, changed, committed)
    assert texts == (["So fill free to downplay it."] if taken else [])


FILLED = (*said("So fill free to download it.", 0), *said("yes it is", 2_200))
"""What the first pass hears in place of what is committed."""


def proposing(own: str, *scores: float) -> tuple[Reviewer, list[str]]:
    """A reviewer whose second window hears `own` and gives its texts these scores, and the better texts after it."""
    made = reviewer(end=8_000)
    made.note([*line(HEARD_WRONG), *line(said("yes it is", 2_200), "s2")], 3_500)
    return made, judged(made, FILLED, *scores, own=said(own, 0))


@pytest.mark.parametrize(
    ("scores", "texts"),
    [
        ((-20.0, -17.7), ["Go feel free to download it."]),
        ((-20.0, -20.0), ["So feel free to download it."]),
    ],
)
def test_what_the_second_window_proposes_is_judged_by_a_third(scores: tuple[float, ...], texts: list[str]) -> None:
    made, found = proposing("Go feel free to download it.", -20.0, -20.1, -17.7)
    assert found == []
    third = made.next(3_500)
    assert third is not None
    window = made.window(third, ())
    assert (window.rivals, window.wider) == (
        (" So feel free to downplay it.", " Go feel free to downplay it."),
        False,
    )
    assert scored(made, third, *scores) == texts
    assert made.next(3_500) is None


@pytest.mark.parametrize(
    "own",
    [
        "So feel free to download it.",  # It was taken.
        "So fill free to download it.",  # It was refused.
        "So feel free two download it.",  # One of these words was replaced.
        "So feel free to download that.",  # It stands beside a word that was replaced.
        "So feel free to download it now.",  # Nothing is committed there.
    ],
)
def test_what_is_decided_on_is_not_proposed_once_more(own: str) -> None:
    made, texts = proposing(own, -20.0, -20.1, -17.7)
    assert texts == ["So feel free to download it."]
    assert made.next(3_500) is None


def test_where_the_third_pass_comes_too_late_a_line_has_what_is_decided_on() -> None:
    late = 3_501 + SETTINGS.review_within
    made, _ = proposing("Go feel free to download it.", -20.0, -20.1, -17.7)
    assert made.overdue(late - 1) == []
    assert made.next(late) is None
    assert [text for _, text in made.overdue(late)] == ["So feel free to download it."]
    assert made.overdue(late) == []
    refused, _ = proposing("Go feel free to download it.", -20.0, -20.1, -20.1)
    assert refused.overdue(late) == []


def test_a_line_that_waits_for_its_judge_is_only_a_neighbour_of_later_ones() -> None:
    made, _ = proposing("Go feel free to download it.", -20.0, -20.1, -17.7)
    late = 3_501 + SETTINGS.review_within
    made.note(line(said("so it his", 4_000), "s3"), late)
    found = made.next(late)
    assert found is not None
    assert [each.segment for each in found.lines] == ["s1", "s2", "s3"]
    heard = (*said("So feel three to download it.", 0), *said("yes it is", 2_200), *said("so it his", 4_000))
    assert made.heard(found, hypothesis(found, heard)) == []
    assert [text for _, text in made.overdue(late)] == ["So feel free to download it."]


def judged_twice() -> tuple[Meeting, PassRequest]:
    """A channel whose line had one change taken, and the pass that is to judge another one, just requested."""
    meeting = Meeting()
    first = meeting.play(HEARD_WRONG, 4_000)
    assert first is not None
    assert meeting.channel.passed(first, hear(SPOKEN, first), meeting.t) == []
    second = meeting.channel.next_pass(meeting.t)
    assert second is not None
    own = msgspec.structs.replace(hear(said("Go feel free to download it.", 0), second), scores=(-20.0, -17.7))
    assert meeting.channel.passed(second, own, meeting.t) == []
    third = meeting.channel.next_pass(meeting.t)
    assert third is not None
    return meeting, third


def corrected(outputs: Sequence[Output]) -> list[str]:
    return [output.text for output in outputs if isinstance(output, ReviseSegment)]


def test_a_channel_corrects_a_line_whose_last_pass_does_not_begin() -> None:
    meeting, _ = judged_twice()
    before = len(meeting.out)
    meeting.play((), meeting.t + SETTINGS.review_within - 1_000)
    assert corrected(meeting.out[before:]) == []
    meeting.play((), meeting.t + 1_000)
    assert corrected(meeting.out[before:]) == ["So feel free to download it."]


def test_a_channel_awaits_the_last_pass_of_a_line_that_has_begun() -> None:
    meeting, third = judged_twice()
    before = len(meeting.out)
    assert meeting.channel.begin(third) is third
    meeting.play((), meeting.t + SETTINGS.review_within + 1_000)
    assert corrected(meeting.out[before:]) == []
    answer = Hypothesis(language="en", words=(), scores=(-20.0, -17.7))
    assert corrected(meeting.channel.passed(third, answer, meeting.t)) == ["Go feel free to download it."]


def test_a_line_to_which_words_are_only_added_needs_no_second_window() -> None:
    made = reviewer(end=8_000)
    made.note(line(said("we hold truths", 0)), 3_500)
    first = made.next(3_500)
    assert first is not None
    whole = Word(text=" these", t0=said("we hold truths", 0)[1].t1, t1=said("we hold truths", 0)[2].t0)
    words = (*said("we hold", 0), whole, said("we hold truths", 0)[2])
    assert [text for _, text in made.heard(first, hypothesis(first, words))] == ["we hold these truths"]
    assert made.next(3_500) is None


def test_each_line_that_may_be_better_is_judged_by_itself_before_others_are_recognised() -> None:
    made = reviewer(end=8_000)
    made.note([*line(HEARD_WRONG), *line(said("yes it his", 2_200), "s2")], 3_500)
    first = made.next(3_500)
    assert first is not None
    heard = (*SPOKEN, *said("yes it is", 2_200), *said("so it is", 4_000))
    assert made.heard(first, hypothesis(first, heard)) == []
    made.note(line(said("so it was", 4_000), "s3"), 5_500)
    for segment, text in (("s1", "So feel free to download it."), ("s2", "yes it is")):
        judge = made.next(5_500)
        assert judge is not None
        assert [(each.segment, len(judge.proposals)) for each in judge.lines] == [(segment, 1)]
        assert [found for _, found in made.heard(judge, hypothesis(judge, heard))] == [text]
    assert lines_of(made, 5_500) == ["s1", "s2", "s3"]


def test_a_term_of_the_glossary_stays() -> None:
    made = reviewer(end=8_000, terms=("downplay it",))
    made.note([*line(HEARD_WRONG), *line(said("yes it his", 2_200), "s2")], 3_500)
    assert both(made, (*SPOKEN, *said("yes it is", 2_200)), 3_500) == ["yes it is"]


def test_a_term_that_the_channel_prefers_since_then_stays_too() -> None:
    meeting = Meeting()
    request = meeting.play(HEARD_WRONG, 4_000)
    assert request is not None
    meeting.channel.prefer(("downplay it",), 0)
    assert all_passes(meeting, request, SPOKEN) == []


def test_a_line_that_ends_while_a_better_pass_runs_gets_its_own() -> None:
    made = reviewer(end=8_000)
    made.note(line(HEARD_WRONG), 2_000)
    first = made.next(2_000)
    assert first is not None
    made.note(line(said("yes it is", 3_000), "s2"), 4_000)
    made.heard(first, hypothesis(first, HEARD_WRONG))
    assert lines_of(made, 4_000) == ["s1", "s2"]


def test_a_line_that_the_window_does_not_reach_keeps_its_text() -> None:
    made = reviewer(end=30_000)
    lines = [said(f"the first word is word {number}", number * 6_000, 500) for number in range(4)]
    for number, words in enumerate(lines):
        made.note(line(words, f"s{number}"), 26_500)
    found = made.next(27_000)
    assert found is not None
    assert [each.segment for each in found.lines] == ["s2", "s3"]
    assert made.heard(found, hypothesis(found, (*lines[2], *lines[3]))) == []
    assert made.next(27_000) is None


def test_a_line_whose_sound_is_forgotten_before_it_is_judged_keeps_its_text() -> None:
    made = reviewer(end=8_000)
    made.note([*line(HEARD_WRONG), *line(said("yes it his", 2_200), "s2")], 3_500)
    first = made.next(3_500)
    assert first is not None
    assert made.heard(first, hypothesis(first, (*SPOKEN, *said("yes it is", 2_200)))) == []
    made.hear(SpeechFrame(60_000, silence(1), 1.0))
    assert made.next(5_000) is None


def test_many_lines_are_forgotten() -> None:
    made = reviewer()
    for number in range(LINES + 2):
        made.note(line(HEARD_WRONG, f"s{number}"), 2_000)
    found = made.next(2_000)
    assert found is not None
    assert (len(found.lines), found.lines[0].segment) == (LINES, "s2")


def test_the_window_holds_what_was_said() -> None:
    made = reviewer()
    made.note(line(said("and then it goes", 1_000, each=200)), 2_000)
    found = made.next(2_000)
    assert found is not None
    assert (found.start, found.edge) == (672, 2_100)
    assert len(made.window(found, ("Kisumu",)).audio) == 45 * 512
    assert made.window(found, ("Kisumu",)).glossary == ("Kisumu",)


def test_what_will_be_heard_again_is_what_stands_in_the_window() -> None:
    utterance = Utterance(1, [SpeechFrame(1_024, silence(1), 1.0)], 0.35)
    committed = (
        *said("We hold. ", 0),
        Word(text="These", t0=1_000, t1=1_200),
        Word(text=" truths.", t0=1_200, t1=1_500),
    )
    again = (*committed, Word(text="To", t0=1_500, t1=1_700))
    utterance.unconfirmed = (Word(text=" be", t0=1_700, t1=1_800),)
    assert expected(again, utterance) == (" These truths. To be", 17)
    utterance.unconfirmed = ()
    assert expected((Word(text="今日", t0=2_000, t1=2_100), Word(text="は", t0=2_100, t1=2_200)), utterance) == (
        " 今日は",
        4,
    )


END = HEARD_WRONG[-1].t1
NEXT = line(said("yes it is", END + 100), "s2")


LATER = line(said("so it is", END + 1_500), "s3")


def again(made: Reviewer, before: str, at: int) -> list[str]:
    """The better texts when the next two passes hear words before what was said in s2."""
    made.note([*NEXT, *LATER], 5_000)
    words = (*said(before, at, 100), *said("yes it is", END + 100), *said("so it is", END + 1_500))
    return both(made, words, 5_000)


def test_the_last_words_of_the_line_before_are_not_said_again() -> None:
    for language in ("de", ""):
        made = reviewer(end=5_000)
        made.note(line(HEARD_WRONG, language=language), 4_500)
        assert again(made, "download it", END - 190) == []
    assert again(reviewer(end=5_000, through=END), "download it", END - 190) == []
    assert again(reviewer(end=5_000), "I think", END - 190) == ["I think yes it is"], "nobody had committed them"


def test_the_first_words_of_the_line_behind_are_not_said_before_it() -> None:
    made, behind = reviewer(end=5_000), said("yes it is", END + 60, 100)
    made.note([*line(HEARD_WRONG), *line(behind, "s2")], 5_000)
    assert both(made, (*said("So feel free to download him", 0), *behind), 5_000) == ["So feel free to download him"]
