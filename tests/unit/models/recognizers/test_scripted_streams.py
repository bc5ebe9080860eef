"""What it does as a stream, tests/contract/test_streaming_recognizer.py shows."""

from __future__ import annotations

import numpy as np

from moothall.testing.scripted import Script, ScriptWord, render
from moothall_models.ports import Samples, StreamHypothesis, StreamStep
from moothall_models.recognizers.scripted_streams import ScriptedStreams

SCRIPT = Script(words=(ScriptWord(" Good", 400, 700), ScriptWord(" morning.", 710, 1_200)))


def test_a_word_is_tentative_while_it_goes_on() -> None:
    recognizer = ScriptedStreams(SCRIPT)
    stream, pcm = recognizer.open(), np.frombuffer(render(SCRIPT), dtype="<i2")

    def hear(first: int, last: int) -> StreamHypothesis:
        audio: Samples = pcm[first * 16 : last * 16].astype(np.float32) / np.float32(32_768)
        step = StreamStep(audio=audio, languages=("en",), stream=stream, begins=first == 0)
        answer = recognizer.recognise(step)
        assert isinstance(answer, StreamHypothesis)
        return answer

    first = hear(0, 650)
    assert ([word.text for word in first.words], first.final) == ([" Good"], 0)
    second = hear(650, 900)
    assert ([word.text for word in second.words], second.final) == ([" Good"], 1)
    third = hear(900, 1_150)
    assert ([word.text for word in third.words], third.final) == ([" morning."], 0)
