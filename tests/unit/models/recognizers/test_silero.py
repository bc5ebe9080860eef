from __future__ import annotations

import numpy as np
import pytest

from conditions import band
from moothall_models.ports import RATE, VAD_FRAME, Samples
from moothall_models.recognizers.silero import PITCH, SileroNetwork, SileroVoiceActivity
from recordings import SAMPLE, load


def noise(frames: int, size: float = 0.001) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(1).normal(0.0, size, frames * VAD_FRAME).astype(np.float32)


def test_faint_noise_is_no_speech() -> None:
    assert max(SileroVoiceActivity().probabilities(noise(30))) < 0.35


def test_frames_one_by_one_or_together_are_judged_alike() -> None:
    network = SileroNetwork()
    one, all_at_once = SileroVoiceActivity(network), SileroVoiceActivity(network)
    samples = noise(8, 0.2)
    single = [one.probabilities(samples[n * VAD_FRAME : (n + 1) * VAD_FRAME])[0] for n in range(8)]
    assert single == pytest.approx(all_at_once.probabilities(samples), abs=1e-5)
    assert SileroVoiceActivity(network).probabilities(samples[-VAD_FRAME:])[0] != pytest.approx(single[-1], abs=1e-5)


def test_half_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        SileroVoiceActivity().probabilities(np.zeros(500, dtype=np.float32))
    assert SileroVoiceActivity().probabilities(np.zeros(0, dtype=np.float32)) == []


def test_it_goes_on_from_a_state() -> None:
    network = SileroNetwork()
    one, other = SileroVoiceActivity(network), SileroVoiceActivity(network)
    samples = noise(40)
    one.probabilities(samples[: 20 * VAD_FRAME])
    other.resume(b"of another detector")
    other.resume(one.state())
    rest = samples[20 * VAD_FRAME :]
    assert other.probabilities(rest) == one.probabilities(rest)
    assert other.state() == one.state()


def test_a_division_into_other_calls_changes_nothing() -> None:
    network = SileroNetwork()
    one, other = SileroVoiceActivity(network), SileroVoiceActivity(network)
    samples = noise(12, 0.2)
    pieces = np.split(samples, [VAD_FRAME, 4 * VAD_FRAME, 4 * VAD_FRAME, 9 * VAD_FRAME])
    assert [p for piece in pieces for p in one.probabilities(piece)] == other.probabilities(samples)
    assert one.state() == other.state()


def test_a_voice_on_a_telephone_line_is_a_voice() -> None:
    voice = load(SAMPLE / "session.opus")[: 1000 * VAD_FRAME]
    line = (band(voice, 300.0, 3400.0) + noise(1000)).astype(np.float32)

    def spoken(samples: Samples) -> int:
        return sum(p >= 0.5 for p in SileroVoiceActivity().probabilities(samples))

    assert spoken(line) > 0.7 * spoken(voice)


def test_the_pitch_is_made_from_the_harmonics_and_of_a_constant_nothing() -> None:
    seconds = np.arange(RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 150 * number * seconds) for number in range(3, 12))
    made = np.abs(np.fft.rfft(np.convolve(np.abs(voice), PITCH, "valid")))
    hertz = np.fft.rfftfreq(RATE - len(PITCH) + 1, 1 / RATE)
    assert hertz[np.argmax(made)] == pytest.approx(150, abs=2)
    assert np.abs(np.convolve(np.full(RATE, 0.1), PITCH, "valid")).max() < 1e-6
