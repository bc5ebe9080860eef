"""The contract of every StreamingRecognizer: the scripted one, and sherpa-onnx with a model of tones.

onnx-asr hears whole windows, and is held to the contract of `test_recognizer.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from moothall.testing.scripted import make_script, render
from moothall_models.ports import (
    RATE,
    HeardWord,
    RecognitionStream,
    Recognizer,
    Samples,
    StreamHypothesis,
    StreamingRecognizer,
    StreamStep,
    Window,
)
from moothall_models.recognizers.scripted import ScriptedRecognizer
from moothall_models.recognizers.scripted_streams import ScriptedStreams
from moothall_models.recognizers.transducers.sherpa import SherpaRecognizer
from support.models.tone_models import sound, speech, streaming_model

SCRIPT = make_script(7, 24)


class Subject(msgspec.Struct, frozen=True):
    """A streaming recogniser with speech of its own."""

    recognizer: StreamingRecognizer
    speech: Samples

    def step(
        self, stream: RecognitionStream, audio: Samples, *, begins: bool = False, ends: bool = False
    ) -> StreamHypothesis:
        answer = self.recognizer.recognise(
            StreamStep(audio=audio, languages=("en",), stream=stream, begins=begins, ends=ends)
        )
        assert isinstance(answer, StreamHypothesis)
        return answer

    def utterance(
        self, audio: Samples, sizes: Sequence[int] = (160,), stream: RecognitionStream | None = None
    ) -> list[StreamHypothesis]:
        """The answers to an utterance in steps of some sizes in turn, ms."""
        stream = self.recognizer.open() if stream is None else stream
        answers: list[StreamHypothesis] = []
        at = number = 0
        while not answers or at < len(audio):
            size = sizes[number % len(sizes)] * RATE // 1000
            part, begins = audio[at : at + size], at == 0
            at, number = at + size, number + 1
            answers.append(self.step(stream, part, begins=begins, ends=at >= len(audio)))
        return answers


@pytest.fixture(params=["scripted", "sherpa-onnx"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    if request.param == "scripted":
        pcm = np.frombuffer(render(SCRIPT), dtype="<i2")
        return Subject(ScriptedStreams(SCRIPT), (pcm / 32_768).astype(np.float32)[: 9 * RATE])
    return Subject(SherpaRecognizer(streaming_model(tmp_path), model="tones", trained=("en",)), speech())


def final(answers: Sequence[StreamHypothesis]) -> list[HeardWord]:
    return [word for answer in answers for word in answer.words[: answer.final]]


def texts(answers: Sequence[StreamHypothesis]) -> list[str]:
    return [word.text for word in final(answers)]


def test_it_is_told_from_a_recogniser_of_windows(subject: Subject) -> None:
    windows: Recognizer = ScriptedRecognizer(SCRIPT)
    assert isinstance(subject.recognizer, StreamingRecognizer)
    assert not isinstance(windows, StreamingRecognizer)


def test_what_is_final_is_the_same_as_of_the_whole_window(subject: Subject) -> None:
    whole = subject.recognizer.recognise(Window(audio=subject.speech, languages=("en",)))
    assert not isinstance(whole, StreamHypothesis)
    assert texts(subject.utterance(subject.speech)) == [word.text for word in whole.words]
    assert len(whole.words) > 3


def test_words_are_final_long_before_the_end(subject: Subject) -> None:
    answers = subject.utterance(subject.speech)
    early = final(answers[: len(answers) * 2 // 3])
    assert early
    assert [word.text for word in early] == texts(answers)[: len(early)]


@pytest.mark.parametrize("sizes", [(32,), (1_000,), (100_000,), (32, 700, 96), (480, 10)])
def test_how_it_is_divided_into_steps_changes_no_word(subject: Subject, sizes: tuple[int, ...]) -> None:
    assert texts(subject.utterance(subject.speech, sizes)) == texts(subject.utterance(subject.speech))


def test_times_are_in_order_within_the_sound_and_after_what_was_final(subject: Subject) -> None:
    heard = through = 0
    for answer in subject.utterance(subject.speech, (192,)):
        heard = min(heard + 192, len(subject.speech) * 1000 // RATE)
        end = through
        for word in answer.words:
            assert end <= word.t0 < word.t1 <= heard
            assert 0 < word.p <= 1
            end = word.t1
        assert 0 <= answer.final <= len(answer.words)
        through = answer.words[answer.final - 1].t1 if answer.final else through


def test_after_the_last_step_all_is_final_even_if_it_is_empty(subject: Subject) -> None:
    stream = subject.recognizer.open()
    half = len(subject.speech) // 2
    first = subject.step(stream, subject.speech[:half], begins=True)
    last = subject.step(stream, subject.speech[:0], ends=True)
    assert last.final == len(last.words)
    assert texts([first, last]) == texts(subject.utterance(subject.speech[:half], (100_000,)))


def test_a_new_utterance_knows_nothing_of_the_one_before(subject: Subject) -> None:
    stream = subject.recognizer.open()
    alone = subject.utterance(subject.speech)
    subject.step(stream, subject.speech[: len(subject.speech) // 2], begins=True)
    assert subject.utterance(subject.speech, stream=stream) == alone
    assert subject.utterance(subject.speech, stream=stream) == alone


def test_streams_that_are_heard_together_are_heard_as_alone(subject: Subject) -> None:
    alone = texts(subject.utterance(subject.speech, (320,)))
    streams = [subject.recognizer.open() for _ in range(3)]
    heard: list[list[StreamHypothesis]] = [[], [], []]
    size = 320 * RATE // 1000
    steps = -(-len(subject.speech) // size)
    for number in range(steps + 2):
        # The second begins a step later than the first, and the third two.
        turns = [(index, number - index) for index in range(3) if 0 <= number - index < steps]
        answers = subject.recognizer.recognise_all(
            [
                StreamStep(
                    audio=subject.speech[at * size : (at + 1) * size],
                    languages=("en",),
                    stream=streams[index],
                    begins=at == 0,
                    ends=at == steps - 1,
                )
                for index, at in turns
            ]
        )
        for (index, _), answer in zip(turns, answers, strict=True):
            assert isinstance(answer, StreamHypothesis)
            heard[index].append(answer)
    assert [texts(each) for each in heard] == [alone] * 3


def test_windows_and_steps_may_be_heard_together(subject: Subject) -> None:
    step = StreamStep(audio=subject.speech, languages=("en",), stream=subject.recognizer.open(), begins=True, ends=True)
    window = Window(audio=subject.speech, languages=("en",))
    first, second = subject.recognizer.recognise_all([step, window])
    assert isinstance(first, StreamHypothesis)
    assert not isinstance(second, StreamHypothesis)
    assert first.words == second.words


def test_silence_has_no_words(subject: Subject) -> None:
    assert final(subject.utterance(np.zeros(5 * RATE, dtype=np.float32))) == []


def test_an_endpoint_leaves_nothing_open_and_later_words_follow(subject: Subject) -> None:
    half = len(subject.speech) // 2
    silence = np.zeros(3 * RATE, dtype=np.float32)
    answers = subject.utterance(np.concatenate([subject.speech[:half], silence, subject.speech[half:]]))
    ends = [answer for answer in answers if answer.endpoint]
    assert ends
    assert all(answer.final == len(answer.words) for answer in ends)
    assert texts(answers)[-1] == texts(subject.utterance(subject.speech))[-1]
    times = [t for word in final(answers) for t in (word.t0, word.t1)]
    assert times == sorted(times)
    assert times[-1] > (half + len(silence)) * 1000 // RATE


def test_the_language_is_one_that_was_asked_for(subject: Subject) -> None:
    stream = subject.recognizer.open()
    step = StreamStep(audio=subject.speech, languages=("fr", "en-GB"), stream=stream, begins=True, ends=True)
    assert subject.recognizer.recognise(step).language in ("fr", "en-GB")


def test_the_stream_of_another_recogniser_is_refused(subject: Subject) -> None:
    with pytest.raises(ValueError, match="belongs to another"):
        subject.step(RecognitionStream(), sound(0), begins=True)
