from __future__ import annotations

import pytest

from moothall.core.commands import CommitWords, EndSegment, ReviseSegment, SegmentStart, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest, expected
from moothall_models.speech.review import BEAM, LINES, Reviewer
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import SpeechFrame, Utterance
from support.sound.talking import CHANNEL, FRAME, attach, hear, said, silence

SETTINGS = SpeechSettings()
HEARD_WRONG = said("So feel free to downplay it.", 0)
SPOKEN = said("So feel free to download it.", 0)


def probably(words: tuple[Word, ...], p: float) -> tuple[Word, ...]:
    return tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=p) for word in words)


class Meeting:
    """A channel in which the truth of some words is played, and whose live passes are done at once."""

    def __init__(self) -> None:
        self.channel = SpeechChannel(attach())
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
                self.out += self.channel.passed(request, hear(words, request), self.t + took)
        return None

    @property
    def text(self) -> str:
        return "".join(word.text for output in self.out if isinstance(output, CommitWords) for word in output.words)

    @property
    def ended(self) -> list[SegmentId]:
        return [output.segment for output in self.out if isinstance(output, EndSegment)]


def test_a_line_is_heard_once_more_when_its_speaker_pauses() -> None:
    meeting = Meeting()
    request = meeting.play(probably(HEARD_WRONG, 0.5), 4_000)
    assert request is not None
    assert (request.start, request.window.beam, request.window.languages) == (0, BEAM, ("en",))
    assert request.window.draft == f" {meeting.text}" == " So feel free to downplay it."
    assert meeting.channel.passed(request, hear(SPOKEN, request), meeting.t) == [
        ReviseSegment(
            channel=CHANNEL,
            generation=1,
            segment=meeting.ended[0],
            base_words=6,
            text="So feel free to download it.",
        )
    ]
    assert meeting.channel.next_pass(meeting.t) is None


def test_lines_that_one_breath_holds_are_heard_together_and_each_has_its_text() -> None:
    meeting = Meeting()
    wrong = (*probably(HEARD_WRONG, 0.5), *probably(said(" Then resort it out.", 1_800), 0.5))
    right = (*SPOKEN, *said(" Then reason it out.", 1_800))
    request = meeting.play(wrong, 6_000)
    assert request is not None
    texts = meeting.channel.passed(request, hear(right, request), meeting.t)
    assert [(text.segment, text.text) for text in texts if isinstance(text, ReviseSegment)] == [
        (meeting.ended[0], "So feel free to download it."),
        (meeting.ended[1], "Then reason it out."),
    ]


def test_where_nothing_else_is_heard_a_line_stays() -> None:
    meeting = Meeting()
    words = probably(HEARD_WRONG, 0.5)
    request = meeting.play(words, 4_000)
    assert request is not None
    assert meeting.channel.passed(request, hear(words, request), meeting.t) == []


def test_a_live_pass_takes_the_place_of_one_over_lines_which_wait_for_the_next_pause() -> None:
    meeting = Meeting()
    words = probably(HEARD_WRONG, 0.5)
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
    assert [line.segment for line in again.review.lines][: again.review.waiting] == meeting.ended


def test_after_the_end_of_the_audio_no_line_is_heard_once_more() -> None:
    meeting = Meeting()
    request = meeting.play(probably(HEARD_WRONG, 0.5), 4_000)
    assert request is not None
    meeting.channel.passed(request, hear(SPOKEN, request), meeting.t)
    meeting.play(probably(said("And so on it goes.", meeting.t), 0.5), meeting.t + 1_568)
    meeting.channel.end_of_audio()
    live = meeting.channel.next_pass(meeting.t)
    assert live is None or live.review is None


def test_a_line_is_heard_once_more_where_the_engine_has_time_however_slow_its_passes_are() -> None:
    words = probably(said("one two three four five six seven eight nine ten eleven.", 0), 0.5)
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


def reviewer(*, begin: int = 0, end: int = 3_200, through: int = 0) -> Reviewer:
    made = Reviewer(SETTINGS, through)
    for t in range(begin, end, FRAME):
        made.hear(SpeechFrame(t, silence(1), 1.0))
    return made


DOUBTED = probably(HEARD_WRONG, 0.5)


def lines_of(made: Reviewer, now: int) -> list[str] | None:
    found = made.next(now)
    return None if found is None else [each.segment for each in found.lines]


def test_a_line_is_let_go_that_is_old_sure_or_not_wholly_heard() -> None:
    fresh, old = reviewer(), reviewer()
    for made in (fresh, old):
        made.note(line(DOUBTED), 2_000)
    assert lines_of(fresh, 2_000 + SETTINGS.review_within) == ["s1"]
    assert lines_of(old, 2_001 + SETTINGS.review_within) is None
    sure = reviewer()
    sure.note(line(HEARD_WRONG), 2_000)
    assert lines_of(sure, 2_000) is None
    cut = reviewer(begin=640)
    cut.note(line(DOUBTED), 2_000)
    assert lines_of(cut, 2_000) is None
    gap = reviewer()
    gap.hear(SpeechFrame(60_000, silence(1), 1.0))
    gap.note(line(DOUBTED), 2_000)
    assert lines_of(gap, 2_000) is None


def test_a_line_that_another_engine_began_is_left_alone() -> None:
    made = reviewer()
    made.note([*line(DOUBTED, language=""), *line(DOUBTED, "s2")], 2_000)
    assert lines_of(made, 2_000) == ["s2"]


def test_the_neighbours_before_are_heard_too_as_far_as_the_window_reaches() -> None:
    made = reviewer(end=30_000)
    for number in range(6):
        made.note(line(probably(said("we hold these truths.", number * 5_000), 0.5), f"s{number}"), 26_500)
    assert lines_of(made, 27_000) == ["s3", "s4", "s5"]


def test_a_line_that_was_split_keeps_its_text() -> None:
    made = reviewer()
    made.note(line(DOUBTED), 2_000)
    found = made.next(2_000)
    assert found is not None
    split = SplitSegment(
        channel=CHANNEL, generation=1, segment=SegmentId("s1"), revision=0, word=2, into=SegmentId("s1.2")
    )
    made.note([split], 2_000)
    words = tuple(HeardWord(f" {word.text.strip()}", word.t0, word.t1, 1.0) for word in SPOKEN)
    assert made.heard(found, Hypothesis(language="en", words=words)) == []


def test_lines_in_another_language_are_no_neighbours() -> None:
    made = reviewer(end=5_000)
    made.note([*line(DOUBTED, "s1", language="de"), *line(probably(said("yes it is", 2_000), 0.5), "s2")], 3_000)
    assert lines_of(made, 3_000) == ["s2"]


def test_a_line_is_heard_once_and_is_context_from_then_on() -> None:
    made = reviewer(end=8_000)
    made.note(line(DOUBTED), 2_000)
    first = made.next(2_000)
    assert first is not None
    words = tuple(HeardWord(f" {word.text.strip()}", word.t0, word.t1, 1.0) for word in SPOKEN)
    heard = Hypothesis(language="en", words=words)
    assert [text for _, text in made.heard(first, heard)] == ["So feel free to download it."]
    assert made.next(2_000) is None
    made.note(line(probably(said("yes it is", 3_000), 0.5), "s2"), 4_000)
    second = made.next(4_000)
    assert second is not None
    assert ([each.segment for each in second.lines], second.waiting) == (["s1", "s2"], 1)
    window = made.window(second, ())
    assert window.draft[: window.committed_chars] == " So feel free to downplay it."
    assert made.heard(second, heard) == []


def test_many_lines_are_forgotten() -> None:
    made = reviewer()
    for number in range(LINES + 2):
        made.note(line(DOUBTED, f"s{number}"), 2_000)
    found = made.next(2_000)
    assert found is not None
    assert (found.waiting, found.lines[0].segment) == (LINES, "s2")


def test_the_window_holds_what_was_said() -> None:
    made = reviewer()
    made.note(line(probably(said("and then it goes", 1_000, each=200), 0.5)), 2_000)
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


END = DOUBTED[-1].t1
NEXT = line(probably(said("yes it is", END + 100), 0.5), "s2")


def again(made: Reviewer, before: str, at: int) -> list[str]:
    """The better texts of the lines that wait, when words are heard before what was said."""
    found = made.next(5_000)
    assert found is not None
    heard = [*said(before, at, 100), *found.lines[0].words]
    assert found.start <= at, "the window has their sound"
    words = tuple(
        HeardWord(f" {each.text.strip()}", each.t0 - found.start, each.t1 - found.start, 1.0) for each in heard
    )
    return [text for _, text in made.heard(found, Hypothesis(language="en", words=words))]


def test_the_last_words_of_the_line_before_are_not_said_again() -> None:
    for language in ("de", ""):
        made = reviewer(end=5_000)
        made.note([*line(DOUBTED, language=language), *NEXT], 4_500)
        assert again(made, "download it", END - 190) == []
    made = reviewer(end=5_000, through=END)
    made.note(NEXT, 4_500)
    assert again(made, "download it", END - 190) == []
    made = reviewer(end=5_000)
    made.note(NEXT, 4_500)
    assert again(made, "I think", END - 190) == ["I think yes it is"], "nobody had committed them"
