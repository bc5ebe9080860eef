from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import conditions
from conditions import CONDITIONS, judged_part, put_in
from folds import LAST, fold_of
from moothall_models.ports import RATE, Samples
from noise import active, rms
from recordings import Pair, load, pairs_in, save, utterances

SPOKEN = [
    {"start": 0.5, "end": 1.5, "speaker": "a", "clip": "to_1", "lang": "en", "text": "one"},
    {"start": 2.0, "end": 3.5, "speaker": "b", "clip": "to_2", "lang": "en", "text": "two"},
]


def sweep() -> Samples:
    """Tones of 60 Hz to 7 kHz, 4 s, loud in the utterances and silent between them."""
    seconds = np.arange(4 * RATE) / RATE
    tones = sum(np.sin(2 * np.pi * hertz * seconds + hertz) for hertz in (60, 440, 1000, 2500, 5000, 7000))
    loud = np.zeros(len(seconds))
    for line in SPOKEN:
        loud[round(float(str(line["start"])) * RATE) : round(float(str(line["end"])) * RATE)] = 0.05
    return (loud * tones).astype(np.float32)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    folder = tmp_path / "set"
    folder.mkdir()
    save(folder / "talk.flac", sweep())
    (folder / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in SPOKEN), encoding="utf-8")
    return pairs_in(folder)[0]


def heard_in(pair: Pair, condition: str, out: Path) -> tuple[Samples, Samples]:
    """The recording as it was, and as it is written in a condition."""
    return load(pair.sound), load(put_in(pair, condition, out).sound)


def power(samples: Samples, low: float, high: float) -> float:
    spectrum, hertz = np.abs(np.fft.rfft(samples)) ** 2, np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(spectrum[(hertz >= low) & (hertz < high)].sum())


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_result_is_a_pair_of_the_same_length_and_the_same_bytes_each_time(
    pair: Pair, tmp_path: Path, condition: str
) -> None:
    made, again = (put_in(pair, condition, tmp_path / name) for name in ("x", "y"))
    assert pairs_in(tmp_path / "x") == [made]
    assert made.name == f"talk_{condition}"
    assert made.reference.read_bytes() == pair.reference.read_bytes()
    assert len(load(made.sound)) == 4 * RATE
    assert made.sound.read_bytes() == again.sound.read_bytes()


def test_a_telephone_line_carries_300_to_3400_hz_nearly_as_it_is(pair: Pair, tmp_path: Path) -> None:
    before, heard = heard_in(pair, "telephone", tmp_path / "out")
    assert power(heard, 0, 250) < 0.01 * power(before, 0, 250)
    assert power(heard, 4100, 8000) < 1e-3 * power(before, 4100, 8000)
    assert rms(heard - conditions.band(before, 300, 3400)) < 0.05 * rms(heard)


def test_mu_law_is_that_of_the_standard() -> None:
    # By G.711's table of decision values: 0, the smallest step (2 of 8159), the largest output 8031.
    assert conditions.mu_law(np.array([0.0, 2 / 8192, 1.0, -1.0], np.float32)) * 8192 == pytest.approx(
        [0, 2, 8031, -8031]
    )
    loud = np.linspace(-0.9, 0.9, 999, dtype=np.float32)
    assert np.abs(conditions.mu_law(loud) - loud).max() < 0.9 / 32


def test_an_mp3_is_in_time_and_not_the_same(pair: Pair, tmp_path: Path) -> None:
    before, heard = heard_in(pair, "mp3", tmp_path / "out")
    alike = np.fft.irfft(np.fft.rfft(heard) * np.conj(np.fft.rfft(before)))
    assert int(np.argmax(alike)) == 0
    assert 0.01 * rms(before) < rms(heard - before) < 0.7 * rms(before)


def shares(samples: Samples, heard: Samples) -> Sequence[float]:
    spoken = active(samples, SPOKEN)
    return rms(heard[spoken]), rms((heard - samples)[spoken]) / rms(samples[spoken])


def test_levels_offset_and_hum_are_those_that_are_promised(pair: Pair, tmp_path: Path) -> None:
    before, quiet = heard_in(pair, "quiet", tmp_path / "out")
    assert 20 * np.log10(shares(before, quiet)[0]) == pytest.approx(-50, abs=0.1)
    clipped = heard_in(pair, "clipped", tmp_path / "out")[1]
    assert np.count_nonzero(np.abs(clipped) > 0.999) > 0.2 * RATE
    moved = heard_in(pair, "offset", tmp_path / "out")[1]
    assert float(np.mean(moved - before)) == pytest.approx(0.1, abs=1e-3)
    humming = heard_in(pair, "hum", tmp_path / "out")[1]
    assert 20 * np.log10(rms(humming - before) / rms(before[active(before, SPOKEN)])) == pytest.approx(-10, abs=0.2)


def test_a_far_microphone_hears_each_voice_for_longer_and_no_louder(pair: Pair, tmp_path: Path) -> None:
    before, heard = heard_in(pair, "far", tmp_path / "out")
    assert rms(heard) == pytest.approx(rms(before), rel=0.01)
    pause = slice(round(1.55 * RATE), round(1.65 * RATE))
    assert rms(before[pause]) < 1e-4
    assert rms(heard[pause]) > 0.1 * rms(heard)


def test_the_judged_part_has_no_voice_of_the_last_fold(tmp_path: Path) -> None:
    last = next(name for name in map(str, range(99)) if fold_of(name) == LAST)
    other = next(name for name in map(str, range(99)) if fold_of(name) != LAST)
    told = [
        {"start": n * 2.0, "end": n * 2.0 + 1, "speaker": speaker, "clip": clip, "lang": "en", "text": str(n)}
        for n, (speaker, clip) in enumerate([(last, "to_1"), (other, "to_2"), (other, "ibm_3"), (other, "to_4")])
    ]
    save(tmp_path / "talk.flac", np.zeros(9 * RATE, np.float32))
    (tmp_path / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told), encoding="utf-8")
    (pair,) = pairs_in(tmp_path)
    assert [line["text"] for line in utterances(judged_part(pair, tmp_path, 60.0).reference)] == ["1", "3"]
    assert [line["text"] for line in utterances(judged_part(pair, tmp_path, 3.0).reference)] == ["1"]
