"""What a pass hears in a channel whose engine can't keep up: all sound that came until it begins, over pauses, once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import EndReason, Word
from moothall_models.ports import RATE, HeardWord, Hypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.schedule import Stage
from support.sound.talking import FRAME, Reader, attach, hear, probability, said, silence

LATE = 60_000
"""Media ms at which passes are done that take far too long."""
FIRST = (*said("We hold", 512), *said("these truths", 1_712), *said("to be", 2_912))
"""Of three utterances, in which windows become wider."""
BETWEEN = 4_800
THEN = (*said("All are equal.", 5_000), *said("And free.", 6_800), *said("So they say it and do it", 9_000))
WORDS = (*FIRST, *THEN)


def unsure(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=0.3) for word in words)


class Room:
    """A channel whose passes are slow, with the words that it hears."""

    def __init__(self, words: tuple[Word, ...] = WORDS, languages: tuple[str, ...] = ("en",)) -> None:
        self.channel = SpeechChannel(attach(languages=languages))
        self.words = words
        self.reader = Reader(attach())
        self.t = 0
        while self.channel.stage < Stage.WIDER_WINDOWS:
            self.heard(self._next())
            self._frames(self.t + FRAME)

    def _frames(self, until: int) -> list[Output]:
        out: list[Output] = []
        while self.t < until:
            out += self.channel.hear(self.t, silence(1), [probability(self.words, self.t)])
            self.t += FRAME
        self.reader.read(out)
        return out

    def _next(self) -> PassRequest:
        request = self.channel.next_pass(LATE)
        while request is None:
            self._frames(self.t + FRAME)
            request = self.channel.next_pass(LATE)
        return request

    def heard(self, request: PassRequest, hypothesis: Hypothesis | None = None) -> list[Output]:
        """The pass is done, much too late."""
        out = self.channel.passed(request, hypothesis or hear(self.words, request), LATE)
        self.reader.read(out)
        return out

    def wide(self, until: int) -> PassRequest:
        """The pass that begins after all sound before media ms `until` has come, the next after the first utterance."""
        while self.t < BETWEEN:
            request = self.channel.next_pass(LATE)
            if request is None:
                self._frames(self.t + FRAME)
            else:
                self.heard(request)
        request = self._next()
        self._frames(until)
        return self.channel.begin(request)

    @property
    def text(self) -> str:
        return " ".join(word.text.strip() for word in self.reader.words)


def ends(outputs: list[Output]) -> list[EndReason]:
    return [output.reason for output in outputs if isinstance(output, EndSegment)]


def test_one_pass_hears_all_that_came_and_each_pause_still_ends_its_line() -> None:
    room = Room()
    request = room.wide(8_500)
    assert request.utterances == 2
    assert request.once
    assert request.start <= 5_000
    assert 7_400 <= request.edge <= 8_000
    assert len(request.window.audio) == (request.edge - request.start) * RATE // 1_000
    out = room.heard(request)
    assert room.text.endswith("All are equal. And free.")
    assert len(ends(out)) == 2
    assert room.channel.waiting == 0


def test_a_window_that_ends_while_somebody_speaks_keeps_the_words_at_its_end() -> None:
    room = Room(unsure(WORDS))
    request = room.wide(10_700)
    assert request.utterances == 3
    room.heard(request)
    assert room.text.endswith("And free. So they"), "improbable, heard once, and a second before the edge"
    room.heard(room._next())
    assert room.text.endswith("And free. So they say it and do"), "the last word of a pause waits for its end"


def test_where_several_languages_are_spoken_each_utterance_is_heard_by_itself() -> None:
    request = Room(languages=("en", "de")).wide(8_500)
    assert request.utterances == 1
    assert request.edge < 6_800


def test_an_utterance_of_which_the_decoder_says_nothing_is_heard_by_itself() -> None:
    long = (*FIRST, *said("All are equal.", 5_000), *said("And free to say so", 6_800))
    room = Room(long)
    request = room.wide(9_500)
    assert request.utterances == 2
    stopped = Hypothesis(language="en", words=tuple(word for word in hear(long, request).words if word.t1 < 1_700))
    room.heard(request, stopped)
    assert room.text.endswith("All are equal.")
    again = room._next()
    assert 6_000 < again.start <= 6_800
    room.heard(room.channel.begin(again))
    assert room.text.endswith("All are equal. And free to say so")


def test_a_sound_between_two_utterances_of_which_nothing_is_said_is_over() -> None:
    room = Room()
    request = room.wide(8_500)
    words = tuple(word for word in hear(WORDS, request).words if word.t1 < 1_700)
    assert len(words) == 3
    out = room.heard(request, Hypothesis(language="en", words=words))
    assert room.text.endswith("All are equal."), "the second utterance has less speech than a decoder may miss"
    assert room.channel.waiting == 0
    assert EndReason.PAUSE in ends(out) or ends(out) == [EndReason.SENTENCE]


def test_a_click_between_two_utterances_is_left_out() -> None:
    click = Word(text=" tick", t0=6_912, t1=6_976, p=1.0)
    room = Room((*FIRST, *said("All are equal.", 5_000), click, *said("So they say it", 8_500)))
    request = room.wide(10_700)
    assert request.utterances == 2
    room.heard(request)
    assert room.text.endswith("All are equal. So they say it")


def test_a_pass_without_an_answer_passes_over_the_oldest_utterance_alone() -> None:
    room = Room()
    request = room.wide(8_500)
    assert request.utterances == 2
    out = room.heard(request, Hypothesis(language="en", words=(), passed_over=True))
    assert not [output for output in out if isinstance(output, CommitWords)]
    later = room.channel.begin(room._next())
    room.heard(later)
    assert room.text.endswith("And free.")


def test_languages_are_told_once_a_window() -> None:
    room = Room()
    request = room.wide(8_500)
    words = tuple(HeardWord(word.text, word.t0, word.t1, word.p) for word in hear(WORDS, request).words)
    evidence = Hypothesis(language="en", words=words, odds=(("pt", 0.99),))
    room.heard(request, evidence)
    assert room.channel.expected._evidence["pt"] <= 3.0


@pytest.mark.parametrize("reviewed", [False, True])
def test_in_time_a_pass_hears_what_it_was_requested_for(reviewed: bool) -> None:
    words = unsure(said("We hold these truths.", 512))
    channel = SpeechChannel(attach())
    for t in range(0, 6_400, FRAME):
        channel.hear(t, silence(1), [probability(words, t)])
        while (request := channel.next_pass(t + FRAME)) is not None:
            if (request.review is not None) is reviewed:
                assert channel.begin(request) is request
            channel.passed(request, hear(words, request), t + FRAME)


def test_a_window_that_is_heard_in_two_languages_is_the_same_in_both() -> None:
    room = Room(languages=("en", "de"))
    request = room.wide(5_800)
    found = hear(room.words, request)
    unsure_words = tuple(replace(word, p=0.3) for word in found.words)
    room.heard(request, replace(found, language="de", likeliest="de", words=unsure_words))
    again = room.channel.next_pass(LATE)
    assert again is not None
    room._frames(8_000)
    assert room.channel.begin(again) is again, "more has come meanwhile, which the first of the two didn't hear"
    assert (again.start, again.edge, again.window.languages) == (request.start, request.edge, ("en",))
    before = len(room.reader.words)
    room.heard(again)
    assert "All are" in room.text
    assert len(room.reader.words) > before
