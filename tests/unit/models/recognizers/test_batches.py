from __future__ import annotations

import numpy as np

from moothall.testing.scripted import Script, ScriptWord, render
from moothall_models.ports import VAD_FRAME, Window
from moothall_models.recognizers.batches import EachFrame, OneByOne
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

SCRIPT = Script(words=(ScriptWord(" one", 0, 320), ScriptWord(" two", 640, 960)))
AUDIO = np.frombuffer(render(SCRIPT, 64), dtype="<i2").astype(np.float32) / np.float32(32_768)


def test_windows_are_heard_one_by_one_in_their_order() -> None:
    recognizer = OneByOne(ScriptedRecognizer(SCRIPT))
    windows = [Window(audio=AUDIO[at : at + 5_120], languages=("en",)) for at in (10_240, 0)]
    assert [each.words[0].text for each in recognizer.recognise_all(windows)] == [" two", " one"]


def test_frames_are_judged_one_by_one() -> None:
    odds = EachFrame(ScriptedVoiceActivity()).probabilities(AUDIO[: 20 * VAD_FRAME])
    assert odds == [1.0] * 10 + [0.0] * 10
