"""What it hears, tests/contract/test_streaming_recognizer.py shows, on the real library with a model of tones."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.ports import Window
from moothall_models.recognizers.transducers.sherpa import SherpaRecognizer
from support.models.tone_models import SAID, speech, streaming_model


def test_the_first_language_that_it_knows_is_named(tmp_path: Path) -> None:
    recognizer = SherpaRecognizer(streaming_model(tmp_path), model="tones", trained=("en",))
    heard = recognizer.recognise(Window(audio=speech(), languages=("fr", "en-GB")))
    assert heard.language == "en-GB"
    assert "".join(word.text for word in heard.words) == SAID
    assert recognizer.recognise(Window(audio=speech(), languages=("fr",))).language == "fr"


@pytest.mark.parametrize(("name", "data"), [("decoder.onnx", b"\0\1\2"), ("joiner.onnx", b""), ("tokens.txt", b"\xff")])
def test_a_file_that_is_damaged_is_said(tmp_path: Path, name: str, data: bytes) -> None:
    folder = streaming_model(tmp_path)
    (folder / name).write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"model tones in .* can't be loaded: .*get its files again\."):
        SherpaRecognizer(folder, model="tones")
