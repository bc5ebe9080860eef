"""What it hears, tests/contract/test_streaming_recognizer.py shows, on the real library with a model of tones."""

from __future__ import annotations

from pathlib import Path

from moothall_models.ports import Window
from moothall_models.recognizers.transducers.sherpa import SherpaRecognizer
from support.models.tone_models import SAID, speech, streaming_model


def test_the_first_language_that_it_knows_is_named(tmp_path: Path) -> None:
    recognizer = SherpaRecognizer(streaming_model(tmp_path), model="tones", trained=("en",))
    heard = recognizer.recognise(Window(audio=speech(), languages=("fr", "en-GB")))
    assert heard.language == "en-GB"
    assert "".join(word.text for word in heard.words) == SAID
    assert recognizer.recognise(Window(audio=speech(), languages=("fr",))).language == "fr"
