from __future__ import annotations

import numpy as np
import pytest

from moothall.core.events.lines import Word
from moothall_models.ports import VAD_FRAME
from moothall_models.speech.confidence import believed, doubtful, even, kept, longest_window
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame, Utterance

SETTINGS = SpeechSettings(
    even_range=8.0,
    even_mean=0.7,
    even_words=3,
    even_p=0.85,
    believed_p=0.15,
    believed_mean=0.6,
    believed_voice=80,
    unbelieved_window=6_000,
    unbelieved_kept=1_000,
    longest_window=26_000,
    doubtful_speech=320,
    doubtful_p=0.4,
)


CROWD, VOICE = 5.0, 20.0
"""dB between the softest frames and the loudest."""


TONE = np.resize([1, -1], VAD_FRAME).astype(np.float32)


def utterance(frames: int = 20, apart: float = VOICE, offset: float = 0.0) -> Utterance:
    """Of so many frames that are speech, each second one softer, all with a constant added."""
    loud, soft = 0.1, 0.1 * 10 ** (-apart / 20)
    heard = [
        SpeechFrame(number * FRAME_MS, offset + (soft if number % 2 else loud) * TONE, 1.0) for number in range(frames)
    ]
    one = Utterance(1, heard[:1], 0.35)
    for frame in heard[1:]:
        one.add(frame)
    return one


def words(*odds: float) -> tuple[Word, ...]:
    return tuple(Word(" word", 100 * number, 100 * number + 90, p) for number, p in enumerate(odds))


@pytest.mark.parametrize(
    ("odds", "so"),
    [
        ((0.29, 0.3), True),
        ((), True),
        ((0.03, 0.69), False),
        ((0.09, 0.76, 0.24, 0.14, 0.56, 0.52), False),
        ((0.04, 0.95, 0.9, 0.9), True),
    ],
)
def test_an_utterance_is_believed_by_its_first_word_or_all_of_them(odds: tuple[float, ...], so: bool) -> None:
    assert believed(utterance(), words(*odds), 20 * FRAME_MS, SETTINGS) is so


def test_a_burst_is_too_short_for_many_words() -> None:
    burst = utterance(frames=5)
    assert not believed(burst, words(0.39, 0.36, 0.63), burst.heard, SETTINGS), "three words in 160 ms"
    assert believed(burst, words(0.39, 0.36), burst.heard, SETTINGS)
    assert not believed(burst, words(0.99, 0.99), burst.heard - FRAME_MS, SETTINGS), "only what the pass heard counts"


def test_what_follows_words_that_stay_is_believed() -> None:
    one = utterance()
    one.language = "en"
    assert believed(one, words(0.03), one.heard, SETTINGS)


@pytest.mark.parametrize(
    ("odds", "so"),
    [((0.84,), False), ((0.86,), True), ((0.6, 0.95), False), ((0.5, 0.8, 0.75), False), ((0.6, 0.8, 0.75), True)],
)
def test_in_a_sound_that_is_even_more_proof_is_needed(odds: tuple[float, ...], so: bool) -> None:
    one = utterance(apart=CROWD)
    assert believed(one, words(*odds), one.heard, SETTINGS) is so


def test_of_a_recogniser_that_does_not_say_how_sure_it_is_no_more_proof_can_be_asked() -> None:
    one = utterance(apart=CROWD)
    assert believed(one, words(0.65, 0.65), one.heard, SETTINGS, vague=True)
    assert not believed(one, words(0.1, 0.3), one.heard, SETTINGS, vague=True)


def test_a_sound_is_even_while_the_softest_frames_are_nearly_as_loud() -> None:
    assert even(utterance(apart=7.9), 20 * FRAME_MS, SETTINGS)
    assert not even(utterance(apart=8.1), 20 * FRAME_MS, SETTINGS)
    assert not even(utterance(apart=VOICE, offset=0.3), 20 * FRAME_MS, SETTINGS)


def test_how_a_sound_begins_and_what_comes_after_it_does_not_count() -> None:
    one = utterance(apart=CROWD)
    for number in range(20, 40):
        one.add(SpeechFrame(number * FRAME_MS, np.zeros(VAD_FRAME, np.float32), 0.0))
    assert even(one, one.heard, SETTINGS)
    one.add(SpeechFrame(one.heard, np.full(VAD_FRAME, 0.1, np.float32), 1.0))  # Speech again: that was a pause.
    assert not even(one, one.heard, SETTINGS)
    assert even(one, 20 * FRAME_MS + 10, SETTINGS)
    one.trim(30 * FRAME_MS)
    assert not even(one, one.heard, SETTINGS)


def test_of_a_moment_nobody_can_say_how_even_it_is() -> None:
    assert not even(utterance(10, CROWD), 10 * FRAME_MS, SETTINGS)
    assert even(utterance(11, CROWD), 11 * FRAME_MS, SETTINGS)
    silent = utterance(1, CROWD)
    assert not even(silent, silent.start, SETTINGS)


def test_a_window_in_which_nothing_is_believed_is_short() -> None:
    one = utterance()
    assert longest_window(one, SETTINGS) == 6_000
    assert kept(one, SETTINGS) == 1_000
    one.unconfirmed = words(0.9)
    assert longest_window(one, SETTINGS) == 26_000
    one.unconfirmed, one.language = (), "en"
    assert longest_window(one, SETTINGS) == 26_000
    assert kept(one, SETTINGS) == SETTINGS.settled


def test_little_speech_has_to_be_probable() -> None:
    short, long = utterance(5), utterance(20)
    short.unconfirmed = long.unconfirmed = words(0.3)
    assert doubtful(short, SETTINGS)
    assert not doubtful(long, SETTINGS)
    short.unconfirmed = words(0.5)
    assert not doubtful(short, SETTINGS)
