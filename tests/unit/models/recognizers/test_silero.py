from __future__ import annotations

import numpy as np
import pytest

from moothall_models.ports import VAD_FRAME
from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity


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
