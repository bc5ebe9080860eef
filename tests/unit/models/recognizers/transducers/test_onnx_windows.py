"""What it hears, tests/contract/test_recognizer.py shows, on the real library with a model of tones."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.ports import Window
from moothall_models.recognizers.transducers.onnx_windows import OnnxWindows
from support.models.tone_models import SAID, speech, windowed_model


def test_the_first_language_that_it_knows_is_named(tmp_path: Path) -> None:
    recognizer = OnnxWindows(windowed_model(tmp_path), model="tones", trained=("en",))
    heard = recognizer.recognise(Window(audio=speech(), languages=("fr", "en-GB")))
    assert heard.language == "en-GB"
    assert "".join(word.text for word in heard.words) == SAID
    assert not heard.vague


def test_files_with_small_numbers_are_taken(tmp_path: Path) -> None:
    folder = windowed_model(tmp_path)
    for name in ("encoder-model", "decoder_joint-model"):
        (folder / f"{name}.onnx").rename(folder / f"{name}.int8.onnx")
    heard = OnnxWindows(folder, model="tones").recognise(Window(audio=speech(), languages=("en",)))
    assert "".join(word.text for word in heard.words) == SAID


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    folder = windowed_model(tmp_path)
    (folder / "vocab.txt").unlink()
    with pytest.raises(ConfigurationError, match=r"can't be loaded: .*vocab\.txt"):
        OnnxWindows(folder, model="tones")
