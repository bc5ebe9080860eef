from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ConfigurationError
from moothall.testing.scripted import Script, ScriptWord, make_script, read_script, render, write_script
from moothall_models.ports import HeardWord, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity, ScriptedVoiceEncoder

SCRIPT = Script(
    words=(ScriptWord(" one", 100, 300), ScriptWord(" two", 300, 400), ScriptWord(" trois", 900, 1_000, "fr"))
)
SAMPLES = np.frombuffer(render(SCRIPT, 200), "<i2").astype(np.float32) / np.float32(32_768)


def hear(t0: int, t1: int) -> tuple[HeardWord, ...]:
    window = Window(audio=SAMPLES[t0 * 16 : t1 * 16], languages=("en", "fr"))
    return ScriptedRecognizer(SCRIPT).recognise(window).words


def test_the_recogniser_reads_what_was_rendered() -> None:
    assert len(SAMPLES) == 1_200 * 16
    assert hear(0, 1_200) == (
        HeardWord(" one", 100, 300, 0.99),
        HeardWord(" two", 300, 400, 0.99),
        HeardWord(" trois", 900, 1_000, 0.99),
    )


def test_a_word_that_the_script_wants_misheard_is_heard_right_with_a_beam() -> None:
    script = Script(words=(ScriptWord(" oil", 100, 300, misheard=" all"), ScriptWord(" two", 300, 400)))
    sound = np.frombuffer(render(script, 200), "<i2").astype(np.float32) / np.float32(32_768)
    for beam, heard in ((1, [(" all", 0.5), (" two", 0.99)]), (5, [(" oil", 0.99), (" two", 0.99)])):
        window = Window(audio=sound, languages=("en",), beam=beam)
        assert [(each.text, each.p) for each in ScriptedRecognizer(script).recognise(window).words] == heard


def test_a_made_script_mishears_one_word_of_so_many() -> None:
    script = make_script(1, 30, mishears=7)
    assert [number for number, word in enumerate(script.words) if word.misheard] == [0, 7, 14, 21, 28]
    assert script.words[7].misheard == f" x{script.words[7].text.strip()}"
    assert [word.text for word in script.words] == [word.text for word in make_script(1, 30).words]
    assert read_script(write_script(script)) == script


def test_a_word_is_heard_only_when_most_of_it_lies_in_the_window() -> None:
    assert hear(0, 219) == ()
    assert hear(0, 220) == (HeardWord(" one", 100, 220, 0.99),)
    assert hear(180, 350) == (HeardWord(" one", 0, 120, 0.99),)
    assert hear(181, 350) == ()


def test_the_language_is_the_first_words() -> None:
    recognizer = ScriptedRecognizer(SCRIPT)
    assert recognizer.recognise(Window(audio=SAMPLES, languages=("de", "en"))).language == "en"
    # One that the window can't be in is heard as another, as by a real model.
    assert recognizer.recognise(Window(audio=SAMPLES, languages=("de",))).language == "de"
    assert recognizer.recognise(Window(audio=SAMPLES[8_000:], languages=("en", "fr"))).language == "fr"
    assert recognizer.recognise(Window(audio=SAMPLES[:100], languages=("de",))).language == "de"


def test_audio_of_another_script_is_an_error() -> None:
    with pytest.raises(ValueError, match="not the script's"):
        ScriptedRecognizer(Script(words=SCRIPT.words[:1])).recognise(Window(audio=SAMPLES, languages=("en",)))


def test_words_that_are_far_apart_in_size_are_heard_though_the_sound_was_resampled_on_its_way() -> None:
    script = Script(words=SCRIPT.words, step=256)
    exact = np.frombuffer(render(script, 200), "<i2").astype(np.float64)
    kernel = np.sinc(np.arange(-8, 9) * 0.9) * np.hanning(19)[1:-1]
    rounded = np.rint(np.convolve(exact, kernel / kernel.sum(), "same")) / 32_768
    window = Window(audio=rounded.astype(np.float32), languages=("en", "fr"))
    assert np.count_nonzero(rounded != exact / 32_768) > 2_000
    heard = ScriptedRecognizer(script).recognise(window).words
    assert [word.text for word in heard] == [word.text for word in script.words]
    for word, said in zip(heard, script.words, strict=True):
        assert (word.t0, word.t1) == pytest.approx((said.t0, said.t1), abs=2)


def test_a_script_has_as_many_words_as_its_step_leaves_room_for() -> None:
    words = tuple(ScriptWord(" a", 10 * n, 10 * n + 5) for n in range(110))
    with pytest.raises(ValueError, match="at most 109 words"):
        Script(words=words, step=256)
    with pytest.raises(ValueError, match="of this step"):
        Script(words=(), step=0)


def test_it_burns_the_cpu_that_the_script_says() -> None:
    time = iter(range(0, 10_000_000_000, 100_000_000))
    recognizer = ScriptedRecognizer(Script(words=(), burn_ms=500), lambda: next(time))
    recognizer.warm_up()
    recognizer.recognise(Window(audio=SAMPLES[:100], languages=("en",)))
    assert next(time) == 600_000_000
    assert (recognizer.model, recognizer.languages) == ("scripted", ())


def test_voice_activity_is_the_share_that_sounds() -> None:
    voice = ScriptedVoiceActivity()
    assert voice.probabilities(SAMPLES[:512]) == [0.0]
    assert voice.probabilities(SAMPLES[1_600 - 256 : 1_600 + 256]) == [0.5]
    assert voice.probabilities(SAMPLES[1_600 : 1_600 + 512]) == [1.0]


@given(st.integers(0, 1_000), st.integers(1, 80))
def test_made_scripts_are_the_same_each_time_and_can_be_read_again(seed: int, words: int) -> None:
    script = make_script(seed, words)
    assert script == make_script(seed, words)
    assert len(script.words) == words
    assert script.text.endswith(".")
    assert script.text[1].isupper()
    assert read_script(write_script(script)) == script


def test_what_a_script_does_not_use_earlier_releases_need_not_know() -> None:
    assert write_script(Script(words=(ScriptWord(" Hello", 300, 700),))) == (
        b'{"words":[{"text":" Hello","t0":300,"t1":700}]}'
    )


def test_a_vocabulary_may_be_given() -> None:
    script = make_script(1, 30, vocabulary=["so", "well"], burn_ms=3)
    assert {word.text.strip(" .").lower() for word in script.words} == {"so", "well"}
    assert script.burn_ms == 3


@pytest.mark.parametrize(
    ("json", "sentence"),
    [
        (b'{"words": [{"text": " a", "t0": 5, "t1": 5}]}', "The word at 5 ms does not end after it begins"),
        (
            b'{"words": [{"text": " a", "t0": 5, "t1": 9}, {"text": " b", "t0": 8, "t1": 12}]}',
            "The word at 8 ms begins before the one at 5 ms has ended",
        ),
        (b'{"words": [{"text": " a", "t0": 5}]}', "missing required field `t1`"),
        (b"{", "The script can't be read"),
    ],
)
def test_a_bad_script_says_what_is_wrong(json: bytes, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        read_script(json)


def test_there_are_only_so_many_sizes_of_a_sample() -> None:
    words = tuple(ScriptWord(" a", t, t + 1) for t in range(28_001))
    with pytest.raises(ValueError, match="at most 28000 words"):
        Script(words=words)
    assert min(np.frombuffer(render(Script(words=words[:28_000]), 0), "<i2")) >= -32_767


def test_an_empty_script_is_silence() -> None:
    assert render(Script(words=()), 10) == bytes(320)


def test_silence_is_no_voice() -> None:
    encoder = ScriptedVoiceEncoder(SCRIPT)
    with pytest.raises(ValueError, match="with 0 of a word are no voice"):
        encoder.vector(np.zeros(16_000, dtype=np.float32))


def test_a_voice_is_the_share_of_what_it_says() -> None:
    script = Script(words=(ScriptWord(" one", 0, 300), ScriptWord(" two", 300, 700, voice=1)))
    sound = np.frombuffer(render(script, 300), "<i2").astype(np.float32) / np.float32(32_768)
    assert ScriptedVoiceEncoder(script).vector(sound) == pytest.approx([0.6, 0.8])
    assert ScriptedVoiceEncoder(script).vector(sound[:8_000]) == pytest.approx([3 / 13**0.5, 2 / 13**0.5])
