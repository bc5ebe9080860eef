"""What it hears, tests/contract/test_recognizer.py shows, on the real library with a model of tones."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.ports import Window
from moothall_models.recognizers.transducers.onnx_windows import OnnxWindows
from support.models.tone_models import SAID, kaldi_model, speech, windowed_model


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


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("kind", ["kaldi-rnnt", "vosk"])
def test_files_of_kaldi_and_vosk_are_one_folder_below(tmp_path: Path, kind: str, *, small: bool) -> None:
    folder = kaldi_model(tmp_path, kind)
    for part in folder.glob("*/*.onnx") if small else ():
        part.rename(part.with_suffix(".int8.onnx"))
    heard = OnnxWindows(folder, model="tones").recognise(Window(audio=speech(), languages=("en",)))
    assert "".join(word.text for word in heard.words) == SAID


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("encoder-model.onnx", b""),
        ("encoder-model.onnx", b"\0\1\2"),
        ("decoder_joint-model.onnx", b"<"),
        ("vocab.txt", b"a"),
    ],
)
def test_a_file_that_is_damaged_is_said(tmp_path: Path, name: str, data: bytes) -> None:
    folder = windowed_model(tmp_path)
    (folder / name).write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"model tones in .* can't be loaded: .*get its files again\."):
        OnnxWindows(folder, model="tones")


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    folder = windowed_model(tmp_path)
    (folder / "vocab.txt").unlink()
    with pytest.raises(ConfigurationError, match=r"can't be loaded: .*vocab\.txt"):
        OnnxWindows(folder, model="tones")
