"""The contract of every VoiceEncoder: the scripted one, and CAM++ with random and with real weights."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from moothall.testing.scripted import Script, ScriptWord, render
from moothall_models.cli import load_encoder
from moothall_models.ports import LONGEST_VOICE, SHORTEST_VOICE, Samples, VoiceEncoder
from moothall_models.recognizers.scripted import ScriptedVoiceEncoder
from moothall_models.recognizers.voices.campplus import WEIGHTS, CampPlusEncoder
from support.models.torch_files import random_campplus, write_tensors

SCRIPT = Script(words=(ScriptWord(" one", 0, 2_500, voice=1), ScriptWord(" two", 2_500, 5_000, voice=2)))


class Subject(msgspec.Struct, frozen=True):
    """An encoder with speech of its own, of two voices one after the other, 2.5 s each."""

    encoder: VoiceEncoder
    speech: Samples


@pytest.fixture(params=["scripted", "random", pytest.param("campplus", marks=[pytest.mark.model, pytest.mark.slow])])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    if request.param == "scripted":
        samples = np.frombuffer(render(SCRIPT, 0), "<i2").astype(np.float32) / np.float32(32_768)
        return Subject(ScriptedVoiceEncoder(SCRIPT), samples)
    t = np.arange(40_000) / 16_000
    hums = [sum(np.sin(2 * np.pi * pitch * n * t) / n for n in range(1, 20)) * 0.05 for pitch in (110, 230)]
    speech = np.concatenate([hum * (1 + np.sin(2 * np.pi * 4 * t)) for hum in hums]).astype(np.float32)
    if request.param == "random":
        write_tensors(tmp_path / WEIGHTS, random_campplus())
        return Subject(CampPlusEncoder(tmp_path), speech)
    encoder = load_encoder(None)
    if encoder is None:
        pytest.skip("the weights are not fetched: moothall models fetch campplus")
    return Subject(encoder, speech)


def test_a_vector_has_the_length_1_and_is_the_same_again(subject: Subject) -> None:
    vector = subject.encoder.vector(subject.speech[:LONGEST_VOICE])
    assert vector.ndim == 1
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(vector, subject.encoder.vector(subject.speech[:LONGEST_VOICE].copy()))


def test_one_voice_is_more_like_itself_than_like_another(subject: Subject) -> None:
    first, again, other = (subject.encoder.vector(subject.speech[t : t + 16_000]) for t in (0, 20_000, 60_000))
    assert float(first @ again) > float(first @ other)


def test_the_shortest_and_the_longest_speech_are_measured(subject: Subject) -> None:
    sizes = {subject.encoder.vector(subject.speech[:count]).shape for count in (SHORTEST_VOICE, LONGEST_VOICE)}
    assert len(sizes) == 1


@pytest.mark.parametrize("count", [0, SHORTEST_VOICE - 1, LONGEST_VOICE + 1])
def test_speech_of_another_length_is_refused(subject: Subject, count: int) -> None:
    with pytest.raises(ValueError, match="voice"):
        subject.encoder.vector(subject.speech[:count])
