from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import noise
from moothall_models.ports import RATE, Samples
from recordings import Pair, load, pairs_in, save

SPOKEN: list[dict[str, Any]] = [
    {"start": 1.0, "end": 4.0, "speaker": "a", "text": "one"},
    {"start": 5.0, "end": 8.0, "speaker": "b", "text": "two"},
    {"start": 8.5, "end": 9.5, "speaker": "a", "text": "three"},
    {"start": 10.5, "end": 12.0, "speaker": "c", "text": "four"},
]
PITCH = {"a": 300, "b": 700, "c": 1500}


def speech(spoken: list[dict[str, Any]]) -> Samples:
    """A tone for each speaker, 0.6 s on and 0.4 s off, over faint noise: 13 s."""
    samples = np.random.default_rng(5).normal(0, 1e-4, 13 * RATE)
    time = np.arange(len(samples)) / RATE
    for line in spoken:
        now = (time >= line["start"]) & (time < line["end"]) & ((time - line["start"]) % 1.0 < 0.6)
        samples[now] += 0.1 * np.sin(2 * np.pi * PITCH[line["speaker"]] * time[now])
    return samples.astype(np.float32)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    folder = tmp_path / "set"
    folder.mkdir()
    save(folder / "talk.flac", speech(SPOKEN))
    (folder / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in SPOKEN), encoding="utf-8")
    return pairs_in(folder)[0]


def decibels(of: float, over: float) -> float:
    return float(20 * np.log10(of / over))


@pytest.mark.parametrize("snr", [10.0, 3.0])
def test_the_ratio_is_that_of_active_speech_on_the_file_that_was_written(
    pair: Pair, tmp_path: Path, snr: float
) -> None:
    clean, noisy = load(pair.sound), load(noise.make_noisy(pair, tmp_path / "out", snr=snr).sound)
    # By hand: the tones' RMS while they sound, and whatever was added, over all of the recording.
    assert decibels(0.1 / np.sqrt(2), noise.rms(noisy - clean)) == pytest.approx(snr, abs=0.2)


def test_pauses_and_what_nobody_said_are_no_active_speech() -> None:
    samples = speech(SPOKEN)
    samples[4 * RATE + 3200 : 4 * RATE + 9600] = 0.5  # A bang between two utterances.
    active = noise.active(samples, SPOKEN)
    assert len(active) == len(samples)
    assert noise.rms(samples[active]) == pytest.approx(0.1 / np.sqrt(2), rel=0.02)
    assert active.sum() / RATE == pytest.approx(1.8 + 1.8 + 0.6 + 1.1, abs=0.1)
    assert not noise.active(samples, []).any()


def test_the_same_seed_makes_the_same_bytes_and_another_one_others(pair: Pair, tmp_path: Path) -> None:
    made = [noise.make_noisy(pair, tmp_path / name, seed=seed).sound for name, seed in (("x", 1), ("y", 1), ("z", 2))]
    first, second, other = (path.read_bytes() for path in made)
    assert first == second
    assert first != other


def test_the_reference_goes_along_as_it_is_and_the_result_is_a_pair(pair: Pair, tmp_path: Path) -> None:
    made = noise.make_noisy(pair, tmp_path / "out")
    assert pairs_in(tmp_path / "out") == [made]
    assert (made.name, made.languages) == ("talk_noise", ("en",))
    assert made.reference.read_bytes() == pair.reference.read_bytes()
    assert len(load(made.sound)) == len(load(pair.sound))


def test_the_babble_while_somebody_speaks_is_of_the_others(pair: Pair) -> None:
    babble = noise.babble(speech(SPOKEN), SPOKEN, np.random.default_rng(1))
    assert noise.rms(babble) == pytest.approx(1, abs=1e-3)
    for line in SPOKEN:
        part = babble[round((line["start"] + 0.2) * RATE) : round((line["end"] - 0.2) * RATE)]
        power = np.abs(np.fft.rfft(part)) ** 2
        hertz = np.fft.rfftfreq(len(part), 1 / RATE)
        share = {name: power[np.abs(hertz - pitch) < 40].sum() / power.sum() for name, pitch in PITCH.items()}
        own = share.pop(str(line["speaker"]))
        assert own < 0.01
        assert all(other > 0.05 for other in share.values())


def test_half_of_the_power_is_pink(pair: Pair) -> None:
    pink = noise.pink(20 * RATE, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(pink)) ** 2
    hertz = np.fft.rfftfreq(len(pink), 1 / RATE)
    octaves = [power[(hertz >= low) & (hertz < 2 * low)].sum() for low in (100, 200, 400, 800, 1600, 3200)]
    assert max(octaves) / min(octaves) < 1.2  # The same in each octave is what pink means.
    assert power[hertz < 50].sum() < 0.001 * power.sum()
    assert noise.rms(pink) == pytest.approx(1, abs=1e-3)


def test_a_sum_that_would_clip_is_made_quieter_as_a_whole(tmp_path: Path) -> None:
    save(tmp_path / "loud.flac", speech(SPOKEN) * 9)
    (tmp_path / "loud.jsonl").write_text("".join(json.dumps(line) + "\n" for line in SPOKEN), encoding="utf-8")
    made = noise.make_noisy(pairs_in(tmp_path)[0], tmp_path / "out", snr=0.0)
    samples = load(made.sound)
    assert np.abs(samples).max() == pytest.approx(1, abs=1e-3)
    assert np.count_nonzero(np.abs(samples) > 0.999) < 4


def test_a_single_voice_has_no_babble_of_others() -> None:
    alone = [line for line in SPOKEN if line["speaker"] == "b"]
    with pytest.raises(SystemExit, match="Only b speaks in this recording"):
        noise.noise_for(speech(alone), alone)
