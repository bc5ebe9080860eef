"""The recogniser on a real model, the small English one, on speech of the sample session.

Two workers at once are in the quick tests too: `contract/test_recognizer.py`, on the other decoder of the same model.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tokenizers import Tokenizer

from moothall_models.ports import RATE, Samples, Window
from moothall_models.recognizers.silero import SileroVoiceActivity
from moothall_models.recognizers.whisper.whisper import WhisperRecognizer, languages_known
from moothall_models.store import open_store
from support.sound.hearing import sample_sound

pytestmark = pytest.mark.model
MODEL = "whisper-tiny.en"


@pytest.fixture(scope="module")
def recognizer() -> WhisperRecognizer:
    made = WhisperRecognizer(open_store().path(MODEL), model=MODEL)
    made.warm_up()
    return made


async def opening() -> Samples:
    """`Good afternoon, everybody, and welcome to this open session on remote participation.`"""
    pcm = np.frombuffer(await sample_sound(0, 6_400), dtype="<i2")
    return (pcm / 32_768).astype(np.float32)


async def test_a_short_window_is_read_with_times(recognizer: WhisperRecognizer) -> None:
    heard = recognizer.recognise(Window(audio=await opening(), languages=("en",)))
    text = "".join(word.text for word in heard.words).lower()
    assert "welcome to this open session on remote participation" in text
    assert (heard.language, heard.likeliest) == ("en", None)
    welcome = next(word for word in heard.words if "welcome" in word.text)
    assert welcome.t0 == pytest.approx(3_100, abs=250)
    assert welcome.t1 == pytest.approx(3_525, abs=250)
    times = [t for word in heard.words for t in (word.t0, word.t1)]
    assert times == sorted(times)
    assert all(0 < word.p <= 1 for word in heard.words)
    assert heard.words[-1].t1 <= 6_400


async def test_what_came_before_and_terms_may_be_given(recognizer: WhisperRecognizer) -> None:
    window = Window(
        audio=(await opening())[: 3 * RATE], languages=("en",), prompt="The chair speaks.", glossary=("Moothall",)
    )
    assert "afternoon" in "".join(word.text for word in recognizer.recognise(window).words)


async def test_a_constant_offset_hides_no_faint_word(recognizer: WhisperRecognizer) -> None:
    faint = (await opening())[: 4 * RATE] * np.float32(0.003)
    heard, moved = (
        recognizer.recognise(Window(audio=sound, languages=("en",))) for sound in (faint, faint + np.float32(0.5))
    )
    assert [word.text for word in moved.words] == [word.text for word in heard.words] != []


@pytest.mark.slow
async def test_two_workers_at_once_hear_what_one_hears(recognizer: WhisperRecognizer) -> None:
    audio = await opening()
    windows = [
        Window(audio=audio[first : first + length * RATE], languages=("en",))
        for first, length in ((0, 3), (0, 6), (RATE, 4), (2 * RATE, 4))
    ]
    two = WhisperRecognizer(open_store().path(MODEL), model=MODEL, workers=2)
    with ThreadPoolExecutor(2) as threads:
        heard = list(threads.map(two.recognise, windows * 3))
    assert heard == [recognizer.recognise(window) for window in windows] * 3


def test_silence_says_little_and_never_fails(recognizer: WhisperRecognizer) -> None:
    for seconds in (0.01, 1, 40):
        audio = np.zeros(int(seconds * RATE), dtype=np.float32)
        assert len(recognizer.recognise(Window(audio=audio, languages=("en",))).words) <= 3


def test_an_english_model_knows_english(recognizer: WhisperRecognizer) -> None:
    assert recognizer.languages == ("en",)
    assert recognizer.model == MODEL


def test_the_languages_are_read_from_a_real_vocabulary() -> None:
    # The English model's names the same languages as that of the others.
    vocabulary = Tokenizer.from_file(str(open_store().path(MODEL) / "tokenizer.json")).get_vocab(with_added_tokens=True)
    assert {"en", "de", "nb", "jv", "fil"} <= set(languages_known(vocabulary))
    assert languages_known(vocabulary, ("en", "nb")) == ("en", "nb", "no")


async def test_the_detector_hears_the_speech_and_the_silence_before(recognizer: WhisperRecognizer) -> None:
    samples = await opening()
    odds = SileroVoiceActivity().probabilities(samples[: len(samples) // 512 * 512])
    assert max(odds[:30]) < 0.35
    assert sum(p > 0.5 for p in odds) * 0.032 == pytest.approx(4.4, abs=0.8)
