"""Batches of windows on a real model, the small English one, on speech of the sample session."""

from __future__ import annotations

import numpy as np
import pytest

from moothall_models.ports import RATE, Samples, Window
from moothall_models.recognizers.whisper.batch import WhisperBatches
from moothall_models.store import open_store
from support.sound.hearing import sample_sound

pytestmark = pytest.mark.model
MODEL = "whisper-tiny.en"


@pytest.fixture(scope="module")
def recognizer() -> WhisperBatches:
    return WhisperBatches(open_store().path(MODEL), model=MODEL)


async def sound(first_ms: int, last_ms: int) -> Samples:
    pcm = np.frombuffer(await sample_sound(first_ms, last_ms), dtype="<i2")
    return (pcm / 32_768).astype(np.float32)


def text(words: object) -> str:
    return "".join(word.text for word in words).lower()  # type: ignore[attr-defined]  # words of a hypothesis


async def test_a_batch_hears_what_each_window_says_alone(recognizer: WhisperBatches) -> None:
    audio = await sound(0, 6_400)
    windows = [Window(audio=each, languages=("en",), beam=5) for each in (audio, audio[: 3 * RATE], audio[3 * RATE :])]
    together = recognizer.recognise_all(windows)
    assert "welcome to this open session on remote participation" in text(together[0].words)
    assert "afternoon" in text(together[1].words)
    assert "remote participation" in text(together[2].words)
    # Padding to the longest window changes nothing of the words' times.
    (alone,) = recognizer.recognise_all(windows[:1])
    assert [word.text for word in alone.words] == [word.text for word in together[0].words]
    assert recognizer.recognise_all([]) == []


@pytest.mark.slow  # `contract/test_recognizer.py` gives longer sound to the other decoders.
async def test_a_piece_may_be_as_long_as_the_model_takes(recognizer: WhisperBatches) -> None:
    (heard,) = recognizer.recognise_all([Window(audio=await sound(0, 28_000), languages=("en",), beam=2)])
    assert len(heard.words) > 40
    assert heard.words[-1].t1 <= 28_000


async def test_a_decoder_that_runs_in_circles_is_asked_again(recognizer: WhisperBatches) -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.05, 10 * RATE).astype(np.float32)
    first, other = (recognizer.recognise_all([Window(audio=noise, languages=("en",), beam=1)]) for _ in range(2))
    assert first == other  # also where it is drawn
    assert len(first[0].words) < 70
