from __future__ import annotations

import pytest

from moothall.core.commands import CommitWords, EndSegment, ReviseSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest, expected
from moothall_models.speech.review import BEAM, WAITING, Reviewer, better
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import SpeechFrame, Utterance
from support.sound.talking import CHANNEL, FRAME, attach, hear, said, silence

FREELY = SpeechSettings(review_share=1.0)
HEARD_WRONG = said("So fear free to download it.", 0)
SPOKEN = said("So feel free to download it.", 0)


def probably(words: tuple[Word, ...], p: float) -> tuple[Word, ...]:
    return tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=p) for word in words)


class Meeting:
    """A channel in which the truth of some words is played, and whose live passes are done at once."""

    def __init__(self, settings: SpeechSettings = FREELY) -> None:
        self.channel = SpeechChannel(attach(), settings)
        self.t = 0
        self.out: list[Output] = []

    def play(self, words: tuple[Word, ...], until: int) -> PassRequest | None:
        """Until media ms `until`, or until a line is to be heard once more."""
        while self.t < until:
            speech = any(word.t0 < self.t + FRAME and self.t < word.t1 for word in words)
            self.out += self.channel.hear(self.t, silence(1), [1.0 if speech else 0.0])
            self.t += FRAME
            request = self.channel.next_pass(self.t)
            if request is not None and request.line is not None:
                return request
            if request is not None:
                self.out += self.channel.passed(request, hear(words, request), self.t)
        return None

    @property
    def text(self) -> str:
        return "".join(word.text for output in self.out if isinstance(output, CommitWords) for word in output.words)


def test_a_line_that_has_ended_is_heard_once_more_as_a_whole() -> None:
    meeting = Meeting()
    request = meeting.play(probably(HEARD_WRONG, 0.5), 4_000)
    assert request is not None
    assert (request.start, request.window.beam, request.window.languages) == (0, BEAM, ("en",))
    assert request.window.draft == meeting.text == "So fear free to download it."
    ended = next(output for output in meeting.out if isinstance(output, EndSegment))
    assert meeting.channel.passed(request, hear(SPOKEN, request), meeting.t) == [
        ReviseSegment(
            channel=CHANNEL, generation=1, segment=ended.segment, base_words=6, text="So feel free to download it."
        )
    ]
    assert meeting.channel.next_pass(meeting.t) is None


def test_where_nothing_is_surer_a_line_stays() -> None:
    meeting = Meeting()
    words = probably(HEARD_WRONG, 0.5)
    request = meeting.play(words, 4_000)
    assert request is not None
    assert meeting.channel.passed(request, hear(words, request), meeting.t) == []


def test_a_live_pass_takes_the_place_of_one_over_a_line() -> None:
    meeting = Meeting()
    words = probably(HEARD_WRONG, 0.5)
    waiting = meeting.play(words, 4_000)
    assert waiting is not None
    assert meeting.channel.next_pass(meeting.t) is None
    more = said("And more of it", meeting.t)
    for _ in range(50):
        meeting.channel.hear(meeting.t, silence(1), [1.0])
        meeting.t += FRAME
    live = meeting.channel.next_pass(meeting.t)
    assert live is not None
    assert live.line is None
    with pytest.raises(ValueError, match="isn't the one"):
        meeting.channel.passed(waiting, hear(words, waiting), meeting.t)
    assert meeting.channel.passed(live, hear((*words, *more), live), meeting.t)


def test_after_the_end_of_the_audio_no_line_is_heard_once_more() -> None:
    meeting = Meeting()
    request = meeting.play(probably(HEARD_WRONG, 0.5), 4_000)
    assert request is not None
    meeting.channel.passed(request, hear(SPOKEN, request), meeting.t)
    meeting.play(probably(said("And so on it goes.", meeting.t), 0.5), meeting.t + 1_568)
    meeting.channel.end_of_audio()
    live = meeting.channel.next_pass(meeting.t)
    assert live is None or live.line is None


def test_when_passes_are_slow_no_line_is_heard_once_more() -> None:
    meeting = Meeting()
    words = probably(said("one two three four five six seven eight nine ten eleven.", 0), 0.5)
    for _ in range(170):
        speech = any(word.t0 < meeting.t + FRAME and meeting.t < word.t1 for word in words)
        meeting.out += meeting.channel.hear(meeting.t, silence(1), [1.0 if speech else 0.0])
        meeting.t += FRAME
        request = meeting.channel.next_pass(meeting.t)
        if request is not None:
            assert request.line is None
            meeting.out += meeting.channel.passed(request, hear(words, request), meeting.t + 2_000)
    assert meeting.text.endswith("eleven.")


def line(words: tuple[Word, ...], name: str = "s1", *, start: bool = True) -> list[CommitWords | EndSegment]:
    from moothall.core.commands import SegmentStart

    segment = SegmentId(name)
    begin = SegmentStart(t0=words[0].t0, language="en") if start else None
    return [
        CommitWords(channel=CHANNEL, generation=1, segment=segment, first=0, words=words, start=begin, rest=""),
        EndSegment(channel=CHANNEL, generation=1, segment=segment, t1=words[-1].t1, reason=EndReason.SENTENCE),
    ]


def reviewer(settings: SpeechSettings = FREELY, *, begin: int = 0, end: int = 3_200) -> Reviewer:
    made = Reviewer(settings)
    for t in range(begin, end, FRAME):
        made.hear(SpeechFrame(t, silence(1), 1.0))
    return made


DOUBTED = probably(HEARD_WRONG, 0.5)


def test_a_line_is_let_go_that_is_old_sure_short_or_not_wholly_heard() -> None:
    fresh, old = reviewer(), reviewer()
    for made in (fresh, old):
        made.note(line(DOUBTED), 2_000)
    found = fresh.next(2_000 + FREELY.review_within)
    assert found is not None
    assert found.text == "So fear free to download it."
    assert old.next(2_001 + FREELY.review_within) is None
    for words in (HEARD_WRONG, DOUBTED[:2]):
        made = reviewer()
        made.note(line(words), 2_000)
        assert made.next(2_000) is None
    cut = reviewer(begin=640)
    cut.note(line(DOUBTED), 2_000)
    assert cut.next(2_000) is None
    gap = reviewer()
    gap.hear(SpeechFrame(60_000, silence(1), 1.0))
    gap.note(line(DOUBTED), 2_000)
    assert gap.next(2_000) is None
    nothing = Reviewer(FREELY)
    nothing.note(line(DOUBTED), 2_000)
    assert nothing.next(2_000) is None


def test_a_line_that_another_engine_began_is_left_alone() -> None:
    made = reviewer()
    made.note([*line(DOUBTED, start=False), *line(DOUBTED, "s2")], 2_000)
    found = made.next(2_000)
    assert found is not None
    assert found.segment == "s2"
    assert made.next(2_000) is None


def test_of_many_lines_the_newest_wait() -> None:
    made = reviewer()
    for number in range(WAITING + 2):
        made.note(line(DOUBTED, f"s{number}"), 2_000)
    names = []
    while (found := made.next(2_000)) is not None:
        names.append(found.segment)
    assert names == [f"s{number}" for number in range(2, WAITING + 2)]


def test_words_of_other_lines_stay_out() -> None:
    made = reviewer()
    made.note(line(DOUBTED), 2_000)
    found = made.next(2_000)
    assert found is not None
    start, _ = made.span(found)
    behind = HeardWord(" And", found.words[-1].t1 + 200, found.words[-1].t1 + 400, 1.0)
    words = [HeardWord(f" {word.text.strip()}", word.t0 - start, word.t1 - start, 1.0) for word in SPOKEN]
    heard = Hypothesis(language="en", words=(*words, behind))
    assert made.heard(found, heard, start) == "So feel free to download it."


def test_few_words_are_changed_altogether() -> None:
    made = reviewer(SpeechSettings(review_share=0.2))
    made.note(line(DOUBTED), 2_000)
    found = made.next(2_000)
    assert found is not None
    assert made.heard(found, Hypothesis(language="en", words=()), 0) is None
    words = tuple(HeardWord(f" {word.text.strip()}", word.t0, word.t1, 1.0) for word in SPOKEN)
    assert made.heard(found, Hypothesis(language="en", words=words), 0) is not None
    made.note(line(probably(said("yes it is", 2_000), 0.5), "s2"), 3_000)
    assert made.next(3_000) is None


def test_the_window_holds_what_was_said() -> None:
    made = reviewer()
    words = probably(said("and then it goes", 1_000, each=200), 0.5)
    made.note(line(words), 2_000)
    found = made.next(2_000)
    assert found is not None
    start, edge = made.span(found)
    assert (start, edge) == (672, 2_100)
    assert len(made.window(found, ("Kisumu",)).audio) == 45 * 512
    assert made.window(found, ("Kisumu",)).glossary == ("Kisumu",)


@pytest.mark.parametrize(
    ("old", "new", "most", "text", "changed"),
    [
        ("we hold these truths", "We hold, these truths!", 9, "we hold these truths", 0),
        ("this tool becomes", "the stool becomes", 9, "the stool becomes", 2),
        ("this tool becomes", "the stool becomes", 1, "this tool becomes", 0),
        ("a b c d e", "a x c y e", 1, "a b c y e", 1),
        ("on get up and so", "on GitHub and so", 9, "on GitHub and so", 2),
        ("truths to be", "hold truths to be", 9, "truths to be", 0),
        ("truths to be", "truths to be self", 9, "truths to be", 0),
        ("we hold truths", "we hold these truths", 9, "we hold these truths", 1),
        ("a second or two", "a 2nd or two", 9, "a second or two", 0),
        ("in 1961 at noon", "in 1960 at noon", 9, "in 1960 at noon", 1),
    ],
)
def test_what_is_surer_is_taken(old: str, new: str, most: int, text: str, changed: int) -> None:
    assert better(probably(said(old), 0.5), said(new), most, FREELY) == (text, changed)


def test_of_several_changes_the_surest_is_made() -> None:
    new = (*said("a x c"), *probably(said(" y e", 900), 0.8))
    assert better(probably(said("a b c d e"), 0.5), new, 1, FREELY) == ("a x c d e", 1)


def test_a_word_that_was_hardly_heard_falls_when_it_isnt_heard_again() -> None:
    assert better(probably(said("so be it the case"), 0.1), said("so be it case"), 9, FREELY)[0] == "so be it case"
    assert better(said("so be it the case"), said("so be it case"), 9, FREELY)[1] == 0


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
