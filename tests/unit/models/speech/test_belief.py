from __future__ import annotations

import numpy as np
import pytest

from moothall.core.events import Word
from moothall_models.ports import VAD_FRAME
from moothall_models.speech.belief import believed, doubtful, longest_window
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, Frame, Utterance

SETTINGS = SpeechSettings(
    believed_p=0.15,
    believed_mean=0.6,
    unbelieved_window=6_000,
    longest_window=26_000,
    doubtful_speech=320,
    doubtful_p=0.4,
)


def utterance(frames: int = 20) -> Utterance:
    heard = [Frame(number * FRAME_MS, np.zeros(VAD_FRAME, np.float32), 1.0) for number in range(frames)]
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
    assert believed(utterance(), words(*odds), SETTINGS) is so


def test_what_follows_words_that_stay_is_believed() -> None:
    one = utterance()
    one.language = "en"
    assert believed(one, words(0.03), SETTINGS)


def test_a_window_in_which_nothing_is_believed_is_short() -> None:
    one = utterance()
    assert longest_window(one, SETTINGS) == 6_000
    one.unconfirmed = words(0.9)
    assert longest_window(one, SETTINGS) == 26_000
    one.unconfirmed, one.language = (), "en"
    assert longest_window(one, SETTINGS) == 26_000


def test_little_speech_has_to_be_probable() -> None:
    short, long = utterance(5), utterance(20)
    short.unconfirmed = long.unconfirmed = words(0.3)
    assert doubtful(short, SETTINGS)
    assert not doubtful(long, SETTINGS)
    short.unconfirmed = words(0.5)
    assert not doubtful(short, SETTINGS)
