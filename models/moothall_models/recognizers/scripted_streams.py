"""A recogniser of scripted audio that streams: the fake for what streaming recognisers are asked and answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moothall_models.ports import (
    RATE,
    Hypothesis,
    RecognitionStream,
    Samples,
    StreamHypothesis,
    StreamStep,
    Window,
)
from moothall_models.recognizers.scripted import ScriptedRecognizer

ENDPOINT_MS = 1_200
"""Silence after a word that this recogniser takes for the end of what the speaker says, ms."""


class _Stream(RecognitionStream):
    """All sound of the utterance, and how many of its words were given as final."""

    def __init__(self) -> None:
        self.audio: Samples = np.zeros(0, dtype=np.float32)
        self.final = 0


class ScriptedStreams(ScriptedRecognizer):
    """A streaming recogniser: the last word is tentative while it may still be going on."""

    def open(self) -> RecognitionStream:
        """Make the stream of a channel."""
        return _Stream()

    def recognise(self, window: Window) -> Hypothesis:
        """Answer a step by its stream; any other window is heard whole. Raises ValueError for a foreign stream."""
        if not isinstance(window, StreamStep):
            return super().recognise(window)
        stream = window.stream
        if not isinstance(stream, _Stream):
            raise ValueError("The stream belongs to another recogniser.")
        if window.begins:
            stream.audio, stream.final = window.audio, 0
        else:
            stream.audio = np.concatenate([stream.audio, window.audio])
        heard = super().recognise(Window(audio=stream.audio, languages=window.languages))
        silent = len(stream.audio) * 1000 // RATE - (heard.words[-1].t1 if heard.words else 0)
        words = heard.words[stream.final :]
        going_on = not window.ends and bool(words) and silent == 0
        final = len(words) - going_on
        stream.final += final
        return StreamHypothesis(
            language=heard.language,
            words=words,
            final=final,
            endpoint=bool(heard.words) and silent >= ENDPOINT_MS,
        )

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """Recognise the windows and steps one after the other, in order."""
        return [self.recognise(window) for window in windows]
