from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from moothall.core.commands import CommitWords, EndSegment, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.signals import ChannelState, Partial, Sound
from moothall.wire.engine import Attach, OpenSegment, TermHeard
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis, StreamHypothesis, StreamStep
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.speech.channel import Output
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.listening.streamed import StreamedChannel
from moothall_models.speech.passes import PassRequest
from support.sound.streaming import TalkStream
from support.sound.talking import FRAME, Reader, attach, probability, said, silence

WORDS = said("Welcome to this hall.", 512) + said("We begin.", 3_200)


class Room:
    """A channel in which words are said, with each step answered at once."""

    def __init__(
        self, words: tuple[Word, ...], attached: Attach | None = None, scripts: WrittenScripts = AS_HEARD
    ) -> None:
        self.words = words
        self.attached = attach() if attached is None else attached
        self.stream = TalkStream(words, self.attached.languages[0])
        self.channel = StreamedChannel(self.attached, self.stream, scripts=scripts)
        self.reader = Reader(self.attached)
        self.out: list[Output] = []
        self.steps: list[PassRequest] = []
        self.t = self.attached.audio_from

    def hear(self, until: int) -> None:
        while self.t < until:
            self.take(self.channel.hear(self.t, silence(1), [probability(self.words, self.t)]))
            self.t += FRAME
            self.answer()

    def answer(self) -> None:
        while (request := self.channel.next_pass(self.t)) is not None:
            self.steps.append(request)
            self.take(self.channel.passed(request, self.stream.hear(request), self.t))

    def end(self) -> None:
        self.take(self.channel.end_of_audio())
        self.answer()

    def take(self, outputs: list[Output]) -> None:
        self.out += outputs
        self.reader.read(outputs)


def step(request: PassRequest) -> StreamStep:
    assert isinstance(request.window, StreamStep)
    return request.window


def test_words_are_committed_as_they_are_final_and_utterances_end_lines() -> None:
    room = Room(WORDS)
    room.hear(6_400)
    room.end()
    assert room.reader.lines == ["Welcome to this hall.", "We begin."]
    assert room.channel.done
    ends = [output.reason for output in room.out if isinstance(output, EndSegment)]
    assert ends == [EndReason.SENTENCE, EndReason.SENTENCE]
    first = next(output for output in room.out if isinstance(output, CommitWords))
    assert [word.text for word in first.words] == ["Welcome"]  # and not only at the end of the utterance
    assert [word.t0 for word in room.reader.words] == [word.t0 for word in WORDS]


def test_words_are_written_in_the_script_of_their_language() -> None:
    room = Room(said("大數據 分析頭髮。", 512), attach(languages=("zh",)), load_scripts())
    room.hear(3_000)
    room.end()
    assert room.reader.lines == ["大数据 分析头发。"]


def test_each_sample_of_speech_is_heard_once_and_silence_never() -> None:
    room = Room(WORDS)
    room.hear(6_400)
    spans = [(request.start, request.edge) for request in room.steps]
    assert all(before[1] == after[0] for before, after in pairwise(spans) if after[0] != 2_848)
    assert [step(request).begins for request in room.steps].count(True) == 2
    last = [request for request in room.steps if step(request).ends]
    assert [(request.edge, request.last) for request in last] == [(2_208, True), (4_288, True)]
    assert sum(edge - start for start, edge in spans) == (2_208 - 160) + (4_288 - 2_848)
    assert all(edge - start >= 160 for start, edge in spans[:-1] if edge != 2_208)


def test_the_word_that_is_still_said_is_shown_once() -> None:
    room = Room(WORDS)
    room.hear(992)
    partials = [output.text for output in room.out if isinstance(output, Partial)]
    assert partials == ["Welcome"]
    room.hear(1_300)
    assert [output.text for output in room.out if isinstance(output, Partial)] == ["Welcome", " to"]


def test_a_click_is_not_heard_and_ends_no_line() -> None:
    room = Room((Word(text="x", t0=512, t1=544),))
    room.hear(3_000)
    room.end()
    assert room.steps == []
    assert room.channel.done
    assert not [output for output in room.out if isinstance(output, CommitWords | EndSegment)]


def test_a_gap_ends_what_was_said_and_the_utterance_is_finished() -> None:
    room = Room(said("We hold these", 512, each=400))
    room.hear(1_504)
    room.take(room.channel.hear(20_000, silence(1), [0.0]))
    room.t = 20_032
    room.answer()
    assert room.reader.lines == ["We hold"]
    with pytest.raises(ValueError, match="doesn't follow"):
        room.channel.hear(100, silence(1), [0.0])


def test_a_click_before_a_gap_is_dropped() -> None:
    room = Room((Word(text="x", t0=512, t1=544),))
    room.hear(544)
    room.take(room.channel.hear(20_000, silence(1), [0.0]))
    room.answer()
    assert (room.steps, room.channel.waiting) == ([], 0)


def test_the_end_of_the_audio_finishes_the_word() -> None:
    room = Room(said("We hold", 512, each=400))
    room.hear(1_312)
    room.end()
    assert room.steps[-1].last
    assert room.reader.lines == ["We hold"]
    assert next(output.reason for output in room.out if isinstance(output, EndSegment)) is EndReason.CLOSE


def test_a_line_left_open_ends_after_a_pause_and_at_the_close() -> None:
    opened = OpenSegment(segment="floor-1-1", language="en", t0=0, words=said("So"))  # type: ignore[arg-type]
    room = Room((), attach(generation=2, through=300, last_words=said("So"), open_segment=opened))
    room.hear(1_000)
    assert room.reader.lines == []
    room.hear(1_400)
    assert room.reader.lines == ["So"]
    room = Room((), attach(generation=2, through=300, last_words=said("So"), open_segment=opened))
    room.end()
    assert room.reader.lines == ["So"]


def test_a_backlog_is_heard_in_steps_and_holds_nobody_up() -> None:
    words = said("one two three four five six seven eight nine ten eleven twelve", 512, each=700)
    room = Room(words)
    frames = 9_600 // FRAME
    room.take(room.channel.hear(0, silence(frames), [probability(words, number * FRAME) for number in range(frames)]))
    room.t = 9_600
    assert room.channel.waiting == 9_600 - 512
    request = room.channel.next_pass(9_600)
    assert request is not None
    assert request.edge - request.start == 2_000
    assert room.channel.next_pass(9_600) is None  # one at a time
    assert room.channel.begin(request) is request
    room.take(room.channel.passed(request, room.stream.hear(request), 9_600))
    room.answer()
    room.end()
    assert [word.text.strip() for word in room.reader.words] == [word.text.strip() for word in words]
    lags = [output.lag for output in room.out if isinstance(output, ChannelState)]
    assert max(lags) > 6_000


def test_a_long_utterance_is_divided_at_a_hesitation_and_its_line_goes_on() -> None:
    words = said("one two three four five six seven eight nine ten eleven", 512, each=1_000)
    room = Room(words[:10] + tuple(msgspec.structs.replace(word, t0=word.t0 + 100) for word in words[10:]))
    room.hear(13_000)
    room.end()
    begins = [request.start for request in room.steps if step(request).begins]
    assert begins == [160, 10_592]  # 80 ms into the pause, behind which the next word comes
    assert [word.text.strip() for word in room.reader.words] == [word.text.strip() for word in words]
    assert room.reader.lines == ["one two three four five six seven eight nine ten eleven"]


def test_without_any_hesitation_it_is_divided_at_the_longest_window() -> None:
    room = Room(said(" ".join(["word"] * 40), 512, each=500))
    room.hear(20_000)
    assert [request.start for request in room.steps if step(request).begins] == [160, 15_168]


def test_another_engine_hears_the_utterance_again_and_commits_only_what_is_new() -> None:
    words = said("We hold these truths to be", 512, each=400)
    calm = Room(words)
    calm.hear(4_000)
    calm.end()
    first = Room(words)
    first.hear(1_600)
    point = first.channel.resume_point
    assert (point.begin, point.audio_from) == (160, 0)
    assert point.speaking is not None
    term = TermHeard(term="truths", heard=None, resembled=None, much=0.0)
    attached = attach(
        generation=2,
        through=first.reader.through,
        last_words=first.reader.words,
        open_segment=first.reader.open,
        resume_point=msgspec.structs.replace(point, terms=(term,)),
    )
    second = Room(words, attached)
    second.hear(4_000)
    second.end()
    assert first.reader.words + second.reader.words == calm.reader.words
    assert second.reader.lines == calm.reader.lines == ["We hold these truths to be"]
    assert step(second.steps[0]).begins
    assert second.steps[0].start == 160
    assert second.channel.resume_point.terms == (term,)
    assert second.channel.resume_point.language == "en"


def test_what_an_engine_with_windows_still_wanted_is_forgotten() -> None:
    first = Room(said("We hold these truths to be", 512, each=400))
    first.hear(1_600)
    point = first.channel.resume_point
    assert point.speaking is not None
    wanted = msgspec.structs.replace(point.speaking, redo=1_400, unconfirmed=said("hold", 900))
    second = StreamedChannel(
        attach(generation=2, resume_point=msgspec.structs.replace(point, speaking=wanted)), first.stream
    )
    second.hear(0, silence(10), [0.0] * 10)
    left = second.resume_point.speaking
    assert left is not None
    assert (left.redo, left.unconfirmed, left.covered) == (None, (), 160)


def test_half_a_word_after_a_cut_is_left_out() -> None:
    room = Room(said("half whole", 512, each=400), attach(cut=500))
    room.hear(3_000)
    room.end()
    assert [word.text for word in room.reader.words] == ["whole"]


def test_what_the_recogniser_takes_for_the_end_ends_the_line() -> None:
    room = Room(said("We hold these truths", 512, each=400))
    room.hear(1_500)
    ended = len(room.reader.lines)
    room.take(room.channel.hear(room.t, silence(5), [1.0] * 5))
    request = room.channel.next_pass(room.t + 5 * FRAME)
    assert request is not None
    answer = StreamHypothesis(language="en", words=(HeardWord(" these", 1_200, 1_400, 0.9),), final=1, endpoint=True)
    room.take(room.channel.passed(request, answer, room.t))
    assert (ended, room.reader.lines[-1]) == (0, "We hold these")


def test_only_the_answer_to_the_last_step_is_taken() -> None:
    room = Room(WORDS)
    room.take(room.channel.hear(0, silence(40), [probability(WORDS, number * FRAME) for number in range(40)]))
    request = room.channel.next_pass(1_280)
    assert request is not None
    with pytest.raises(ValueError, match="isn't answered so"):
        room.channel.passed(request, Hypothesis(language="en", words=()), 1_280)
    with pytest.raises(ValueError, match="wasn't asked for last"):
        room.channel.passed(msgspec.structs.replace(request, edge=0), room.stream.hear(request), 1_280)


def test_it_prefers_no_terms_and_expects_no_other_language() -> None:
    channel = Room(WORDS).channel
    channel.prefer(("Moothall",), 1)
    assert channel.unexpected_language is None


def test_the_state_says_speech_and_silence() -> None:
    room = Room(WORDS)
    room.hear(3_000)
    sounds = [output.sound for output in room.out if isinstance(output, ChannelState)]
    assert sounds[0] is Sound.SILENCE
    assert Sound.SPEECH in sounds
    assert sounds[-1] is Sound.SILENCE


def test_another_voice_splits_a_line_of_a_stream_too() -> None:
    first, second = said("we hold these truths", 320, 500), said("to be so now and then.", 2_320, 500)
    room = Room((*first, *second), msgspec.structs.replace(attach(), turns=True, voices=True))
    for t in range(0, 6_400, FRAME):
        voice = np.full(VAD_FRAME, 0.0 if t < 2_320 else 1.0, dtype=np.float32)
        room.take(room.channel.hear(t, voice, [probability(room.words, t)]))
        room.t = t + FRAME
        room.answer()
        while (window := room.channel.voices.next_window()) is not None:
            share = float(window.speech.mean())
            vector = np.array([1 - share, share], dtype=np.float32)
            room.take(room.channel.measured(window, vector / np.float32(np.linalg.norm(vector))))
    changed = [output for output in room.out if isinstance(output, SplitSegment)]
    assert [split.word for split in changed] == [4]
    room.take(room.channel.end_of_audio())
    assert room.channel.voices.next_window() is None
