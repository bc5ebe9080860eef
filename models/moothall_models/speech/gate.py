"""The gate: from a detector's probabilities to utterances that begin and end."""

from __future__ import annotations

from enum import Enum, auto

from moothall_models.speech.settings import SpeechSettings


class Change(Enum):
    """What a frame did."""

    NONE = auto()
    BEGINS = auto()
    ENDS = auto()


class Gate:
    """Open while somebody speaks. Two thresholds, so that it doesn't flutter."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._silence = 0
        self.open = False

    def hear(self, p: float, ms: int) -> Change:
        """One frame of `ms` with probability `p` of speech."""
        if not self.open:
            if p < self._settings.speech_p:
                return Change.NONE
            self.open = True
            self._silence = 0
            return Change.BEGINS
        if p >= self._settings.silence_p:
            self._silence = 0
            return Change.NONE
        self._silence += ms
        if self._silence < self._settings.utterance_end:
            return Change.NONE
        self.open = False
        return Change.ENDS

    def reopen(self, silence: int) -> None:
        """Somebody is speaking already, and has paused for `silence` ms."""
        self.open = True
        self._silence = silence

    def shut(self) -> None:
        """The audio breaks off here."""
        self.open = False
