from __future__ import annotations

import numpy as np

from moothall.core.events.types import Word
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.speech.hearing import heard_words
from moothall_models.speech.utterance import FRAME_MS, Frame, Utterance

START = 5_000


def utterance(speech: int, quiet: int) -> Utterance:
    odds = [0.9] * speech + [0.1] * quiet
    frames = [Frame(START + n * FRAME_MS, np.zeros(VAD_FRAME, dtype=np.float32), p) for n, p in enumerate(odds)]
    spoken = Utterance(1, frames[:1], 0.35)
    for frame in frames[1:]:
        spoken.add(frame)
    return spoken


def heard(*words: HeardWord) -> list[Word]:
    return heard_words(utterance(10, 10), Hypothesis(language="en", words=words), START + 640)


def test_times_are_media_time_and_lie_in_the_window() -> None:
    assert heard(HeardWord(" a", 0, 200, 0.9), HeardWord(" b", 200, 300, 0.8)) == [
        Word(" a", 5_000, 5_200, 0.9),
        Word(" b", 5_200, 5_300, 0.8),
    ]


def test_a_stretched_word_ends_with_the_speech() -> None:
    assert heard(HeardWord(" a", 100, 900, 0.9)) == [Word(" a", 5_100, 5_320, 0.9)]
    assert heard(HeardWord(" a", 400, 600, 0.9)) == [Word(" a", 5_400, 5_600, 0.9)], "all of it in silence"


def test_words_without_time_at_the_edge_are_made_up() -> None:
    words = heard(HeardWord(" a", 0, 0, 0.9), HeardWord(" b", 0, 300, 0.9), *[HeardWord(" c", 630, 630, 0.9)] * 3)
    assert [word.text for word in words] == [" a", " b"]
    assert heard(HeardWord(" c", 700, 650, 0.9)) == []
