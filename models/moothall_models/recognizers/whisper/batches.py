"""What recognising a recording asks for, and how a detector serves it that judges one frame at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from moothall_models.ports import VAD_FRAME, Hypothesis, Samples, VoiceActivity, Window


class BatchRecognizer(Protocol):
    """Turns windows of audio into words, several at once."""

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """One hypothesis a window, in their order. Raises ValueError for a language that it doesn't know."""
        ...


class FrameJudge(Protocol):
    """Judges a stream of audio, many frames at once."""

    def probabilities(self, samples: Samples) -> list[float]:
        """Probability of speech in each of the next frames; `samples` is a whole number of them."""
        ...


class EachFrame:
    """A `FrameJudge` of any detector."""

    def __init__(self, voice: VoiceActivity) -> None:
        self._voice = voice

    def probabilities(self, samples: Samples) -> list[float]:
        """Probability of speech in each of the next frames; `samples` is a whole number of them (`FrameJudge`)."""
        return [self._voice.probability(each) for each in samples.reshape(-1, VAD_FRAME)]
