from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from moothall_models.ports import RATE
from recordings import by_language, load, pairs_in, save, utterances


def test_sound_comes_back_as_it_was_written_and_the_bytes_are_always_the_same(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, RATE + 123).astype(np.float32)
    save(tmp_path / "a.flac", samples)
    save(tmp_path / "b.flac", samples)
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()
    again = load(tmp_path / "a.flac")
    assert len(again) == len(samples)
    assert np.abs(again - samples).max() < 2e-4


def test_what_is_too_loud_is_cut_off_and_does_not_turn_over(tmp_path: Path) -> None:
    save(tmp_path / "a.flac", np.array([1.5, -1.5] * 100, np.float32))
    assert np.abs(load(tmp_path / "a.flac")).min() > 0.99


def test_pairs_are_found_with_their_languages_in_order(tmp_path: Path) -> None:
    lines = [{"start": 3.0, "end": 4.0, "lang": "en"}, {"start": 1.0, "end": 2.0, "lang": "de"}]
    for name in ("b", "a", "without_sound"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    (tmp_path / "a.wav").touch()
    (tmp_path / "b.flac").touch()
    assert [(pair.name, pair.sound.name, pair.languages) for pair in pairs_in(tmp_path)] == [
        ("a", "a.wav", ("de", "en")),
        ("b", "b.flac", ("de", "en")),
    ]
    assert [pair.name for pair in pairs_in(tmp_path, ["b"])] == ["b"]
    assert [line["start"] for line in utterances(tmp_path / "a.jsonl")] == [1.0, 3.0]


def test_each_language_of_a_recording_stands_for_itself_with_its_pauses(tmp_path: Path) -> None:
    samples = np.repeat(np.arange(10, dtype=np.float32) / 10, RATE).astype(np.float32)
    lines: list[dict[str, object]] = [
        {"start": 1.0, "end": 2.0, "lang": "de", "text": "eins", "words": [["eins", 1.2, 1.8]]},
        {"start": 2.2, "end": 4.0, "lang": "en", "text": "two"},
        {"start": 7.0, "end": 8.0, "lang": "de", "text": "drei", "words": [["drei", 7.0, 8.0]]},
    ]
    save(tmp_path / "a.flac", samples)
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (pair,) = pairs_in(tmp_path)
    made = tmp_path / "made"
    made.mkdir()
    german, english = by_language(pair, made)
    assert [(each.name, each.languages) for each in (german, english)] == [("a-de", ("de",)), ("a-en", ("en",))]
    told = utterances(german.reference)
    assert [(line["start"], line["end"], line["words"]) for line in told] == [
        (0.5, 1.5, [["eins", 0.7, 1.3]]),
        (2.2, 3.2, [["drei", 2.2, 3.2]]),
    ]
    heard = load(german.sound)
    assert len(heard) == round(3.7 * RATE)
    assert abs(heard[round(2.7 * RATE)] - 0.7) < 1e-3
    assert utterances(english.reference)[0]["start"] == 0.2
    assert by_language(english, made) == [english]


def test_a_pair_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="does not hold any pair"):
        pairs_in(tmp_path)
    with pytest.raises(SystemExit, match="does not hold c, d: put a recording"):
        pairs_in(tmp_path, ["d", "c"])
