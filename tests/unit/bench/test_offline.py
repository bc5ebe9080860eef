from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import offline
from moothall_models.ports import RATE, Samples
from recordings import Pair, pairs_in, save


class Segment(NamedTuple):
    start: float
    end: float
    text: str


class Model:
    """Hears two segments in whatever it is given, and keeps how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, dict[str, Any]]] = []

    def transcribe(self, sound: Samples, **how: Any) -> tuple[list[Segment], None]:
        self.asked.append((len(sound), how))
        return [Segment(0.0, 0.5, " So"), Segment(0.5, 0.75, f" {how['language']}. ")], None


def made(folder: Path, *languages: str) -> Pair:
    save(folder / "talk.flac", np.zeros(10 * RATE, np.float32))
    lines = [{"start": 4.0 * n, "end": 4.0 * n + 3, "lang": lang} for n, lang in enumerate(languages)]
    (folder / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return pairs_in(folder)[0]


def heard(pair: Pair, model: Model, folder: Path) -> list[dict[str, Any]]:
    offline.recognise(pair, model, folder / "out.jsonl")
    return [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_recording_in_one_language_goes_in_whole(tmp_path: Path) -> None:
    model = Model()
    lines = heard(made(tmp_path, "en-GB", "en-GB"), model, tmp_path)
    assert model.asked == [(10 * RATE, {"language": "en", "beam_size": 5, "vad_filter": True})]
    assert [line["text"] for line in lines[:-1]] == ["So", "en."]
    assert (lines[1]["t0"], lines[1]["t1"], lines[1]["lang"], lines[1]["at"]) == (0.5, 0.75, "en-GB", 10.0)
    assert (lines[-1]["kind"], lines[-1]["audio_seconds"]) == ("usage", 10.0)


def test_one_in_several_goes_in_by_utterance_each_in_its_own(tmp_path: Path) -> None:
    model = Model()
    lines = heard(made(tmp_path, "en", "de"), model, tmp_path)
    margin = offline.MARGIN
    assert [how["language"] for _, how in model.asked] == ["en", "de"]
    assert [samples / RATE for samples, _ in model.asked] == pytest.approx([3 + margin, 3 + 2 * margin])
    assert [(line["segment"], line["lang"], line["t0"]) for line in lines[:-1]] == [
        ("0000", "en", 0.0),
        ("0001", "en", 0.5),
        ("0002", "de", pytest.approx(4 - margin)),
        ("0003", "de", pytest.approx(4.5 - margin)),
    ]
