from __future__ import annotations

import numpy as np

from moothall.testing.scripted import Script, ScriptWord, render
from moothall_models.ports import VAD_FRAME
from moothall_models.recognizers.scripted import ScriptedVoiceActivity
from moothall_models.recognizers.whisper.batches import EachFrame

SCRIPT = Script(words=(ScriptWord(" one", 0, 320), ScriptWord(" two", 640, 960)))
AUDIO = np.frombuffer(render(SCRIPT, 64), dtype="<i2").astype(np.float32) / np.float32(32_768)


def test_frames_are_judged_one_by_one() -> None:
    odds = EachFrame(ScriptedVoiceActivity()).probabilities(AUDIO[: 20 * VAD_FRAME])
    assert odds == [1.0] * 10 + [0.0] * 10
