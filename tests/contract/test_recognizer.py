"""The contract of every Recognizer: scripted ones, Whisper with two decoders, a service, sherpa-onnx, onnx-asr."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from moothall.testing.scripted import make_script, render
from moothall_models.ports import RATE, Hypothesis, Recognizer, Samples, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer
from moothall_models.recognizers.scripted_streams import ScriptedStreams
from moothall_models.recognizers.transducers.onnx_windows import OnnxWindows
from moothall_models.recognizers.transducers.sherpa import SherpaRecognizer
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.recognizers.whisper.whisper import WhisperRecognizer
from moothall_models.store import open_store
from support.models.tone_models import SAID, speech, streaming_model, windowed_model
from support.models.transcription_service import Service, Style, asker, serving
from support.sound.hearing import sample_sound

SCRIPT = make_script(7, 24)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")


class Subject(msgspec.Struct, frozen=True):
    """A recogniser with speech of its own."""

    recognizer: Recognizer
    speech: Samples
    said: str
    """Words of it, as the recogniser writes them."""

    async def hear(
        self, audio: Samples, *languages: str, prompt: str = "", glossary: tuple[str, ...] = (), draft: str = ""
    ) -> Hypothesis:
        """A pass, in a thread, as the engine runs it."""
        window = Window(audio=audio, languages=languages or ("en",), prompt=prompt, glossary=glossary, draft=draft)
        return await asyncio.to_thread(self.recognizer.recognise, window)


WEIGHTS = ("drafting whisper", "whisper")
WITHOUT_WEIGHTS = ("scripted", "scripted stream", "sherpa-onnx", "onnx-asr", *(f"service, {style}" for style in Style))
SUBJECTS = [
    *WITHOUT_WEIGHTS,
    pytest.param("drafting whisper", marks=pytest.mark.model),
    pytest.param("whisper", marks=[pytest.mark.model, pytest.mark.slow]),
]


@pytest.fixture(params=SUBJECTS)
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    name = str(request.param)
    if name in ("sherpa-onnx", "onnx-asr"):
        yield Subject(tones(name, tmp_path), speech(), SAID)
        return
    if name.endswith("whisper"):
        welcome = samples(await sample_sound(0, 6_400))
        yield Subject(whisper(name), welcome, "welcome to this open session on remote participation")
        return
    scripted = ScriptedRecognizer(SCRIPT)
    spoken = samples(render(SCRIPT))[: 9 * RATE]
    said = "".join(word.text for word in scripted.recognise(Window(audio=spoken, languages=("en",))).words)
    if name.startswith("scripted"):
        yield Subject(scripted if name == "scripted" else ScriptedStreams(SCRIPT), spoken, said)
        return
    service = Service(hear=scripted.recognise, style=Style(name.removeprefix("service, ")))
    async with serving(service) as address:
        asking = asker(address)
        yield Subject(asking, spoken, said)
        asking.close()


def tones(name: str, folder: Path) -> Recognizer:
    if name == "onnx-asr":
        return OnnxWindows(windowed_model(folder), model="tones")
    return SherpaRecognizer(streaming_model(folder), model="tones")


@functools.cache
def whisper(name: str) -> WhisperRecognizer:
    """Loaded once: it holds nothing of a pass."""
    kind = DraftingWhisper if name == "drafting whisper" else WhisperRecognizer
    return kind(open_store().path("whisper-tiny.en"), model="whisper-tiny.en", workers=2)


def samples(pcm: bytes) -> Samples:
    return (np.frombuffer(pcm, dtype="<i2") / 32_768).astype(np.float32)


def text(hypothesis: Hypothesis) -> str:
    return "".join(word.text for word in hypothesis.words)


def test_it_says_what_it_is_and_knows(subject: Subject) -> None:
    model = subject.recognizer.model
    assert model.isprintable()
    assert 0 < len(model) <= 200
    assert all(LANGUAGE.match(language) for language in subject.recognizer.languages)
    assert len(set(subject.recognizer.languages)) == len(subject.recognizer.languages)


# Warm-up takes seconds with weights; integration/models/test_drafting_whisper.py does it once.
@pytest.mark.parametrize(
    "subject",
    [*WITHOUT_WEIGHTS, *(pytest.param(name, marks=(pytest.mark.model, pytest.mark.slow)) for name in WEIGHTS)],
    indirect=True,
)
async def test_it_may_be_warmed_up_more_than_once(subject: Subject) -> None:
    for _ in range(2):
        await asyncio.to_thread(subject.recognizer.warm_up)


async def test_speech_becomes_words_in_order_with_times_inside_the_window(subject: Subject) -> None:
    before = subject.speech.copy()
    heard = await subject.hear(subject.speech)
    assert subject.said.strip() in text(heard)
    times = [t for word in heard.words for t in (word.t0, word.t1)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= len(subject.speech) * 1000 // RATE
    assert all(0 < word.p <= 1 for word in heard.words)
    assert all(word.text.strip() for word in heard.words)
    assert all(word.text.startswith(" ") for word in heard.words[1:])
    assert (subject.speech == before).all()


async def test_the_same_window_is_heard_in_the_same_way(subject: Subject) -> None:
    assert await subject.hear(subject.speech) == await subject.hear(subject.speech)


async def test_a_draft_changes_no_word(subject: Subject) -> None:
    alone = text(await subject.hear(subject.speech))
    for draft in (alone, alone[len(alone) // 2 :], " of something else altogether"):
        assert text(await subject.hear(subject.speech, draft=draft)) == alone


async def test_it_scores_rival_texts_or_returns_words(subject: Subject) -> None:
    alone = await subject.hear(subject.speech)
    rivals = (text(alone), " of something else altogether", f"{text(alone)} and on")
    windows = [Window(audio=subject.speech, languages=("en",), draft=text(alone), rivals=each) for each in (rivals, ())]
    judged, heard = await asyncio.to_thread(subject.recognizer.recognise_all, windows)
    assert text(heard) == text(alone)
    assert heard.scores == ()
    if judged.scores:
        first, *others = judged.scores
        assert (len(others), judged.words) == (2, ())
        assert 0 > first > max(others)
    else:
        assert text(judged) == text(alone)


async def test_another_view_of_the_sound_is_scored_and_heard(subject: Subject) -> None:
    rivals = (text(await subject.hear(subject.speech)), " of something else altogether")
    window = Window(audio=subject.speech, languages=("en",), rivals=rivals, beam=5, wider=True)
    usual = msgspec.structs.replace(window, wider=False)
    viewed, judged = await asyncio.to_thread(subject.recognizer.recognise_all, [window, usual])
    assert viewed.words
    assert len(viewed.scores) == len(judged.scores)
    if viewed.scores:
        assert viewed.scores[0] > viewed.scores[1]


async def test_with_one_language_nothing_is_detected(subject: Subject) -> None:
    heard = await subject.hear(subject.speech)
    assert (heard.language, heard.likeliest) == ("en", None)


async def test_of_several_languages_it_takes_one_of_them(subject: Subject) -> None:
    heard = await subject.hear(subject.speech, "fr", "en")
    assert heard.language in ("fr", "en")
    assert heard.likeliest in ("fr", "en", None)
    regional = await subject.hear(subject.speech, "en-GB")
    assert regional.language == "en-GB"


async def test_silence_has_no_words_whatever_came_before(subject: Subject) -> None:
    heard = await subject.hear(np.zeros(3 * RATE, dtype=np.float32), prompt="The chair speaks.", glossary=("Moothall",))
    assert heard.words == ()


@pytest.mark.parametrize("count", [0, 1, RATE // 100, 40 * RATE])
async def test_no_length_is_too_short_or_too_long(subject: Subject, count: int) -> None:
    audio = np.zeros(count, dtype=np.float32)
    audio[: min(count, len(subject.speech))] = subject.speech[:count]
    heard = await subject.hear(audio)
    assert all(word.t1 <= max(1, count * 1000 // RATE) for word in heard.words)


async def test_passes_of_two_channels_may_run_at_a_time(subject: Subject) -> None:
    alone = await subject.hear(subject.speech)
    async with asyncio.TaskGroup() as group:
        passes = [group.create_task(subject.hear(subject.speech)) for _ in range(2)]
    assert [task.result() for task in passes] == [alone, alone]


async def test_several_windows_are_heard_in_their_order(subject: Subject) -> None:
    third = len(subject.speech) // 3
    parts = [subject.speech, subject.speech[:third], subject.speech[third:], np.zeros(RATE, dtype=np.float32)]
    windows = [Window(audio=part, languages=("en",)) for part in parts]
    alone = [text(await subject.hear(part)) for part in parts]
    for count in range(len(windows) + 1):
        heard = await asyncio.to_thread(subject.recognizer.recognise_all, windows[:count])
        assert [text(each) for each in heard] == alone[:count]
    assert subject.recognizer.at_once >= 1
