"""Voices that are known again: whose lines the present turn's are, of those whose owners agreed to be known.

A voice is learnt from the turn in which a line was said that a person has named, and only while that turn is on. All
vectors are held in memory, and nothing here is written or sent but the number of a voice.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from moothall.core.kernel.ids import SegmentId
from moothall.wire.engine import LEAST_VOICE_MS
from moothall_models.ports import Floats
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.finding import VoiceTurn
from moothall_models.speech.turns.lines import SaidLine


class HeardVoice(msgspec.Struct, frozen=True):
    """A line was said by a voice that was learnt."""

    segment: SegmentId
    voice: int
    """The number that the server gave to the voice."""
    ms: int
    """Duration of the speech by which the voice was known again."""


class KnownVoices:
    """The voices that were learnt in this session, and the lines of the present turn that were told of already."""

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._voices: dict[int, tuple[Floats, int]] = {}  # Bound: the numbers that the server may give.
        self._told: set[SegmentId] = set()  # Bound: the lines that are remembered (`told` keeps to them).

    def learn(self, voice: int, turn: VoiceTurn) -> int:
        """Learn a voice from a turn, or more of it; returns the ms of speech by which it is known now.

        With less than `LEAST_VOICE_MS` nothing is kept of the turn.
        """
        before, ms = self._voices.get(voice, (None, 0))
        if turn.ms < LEAST_VOICE_MS:
            return ms or turn.ms
        new = turn.vector
        self._voices[voice] = (new if before is None else _unit(before * ms + new * turn.ms), ms + turn.ms)
        return ms + turn.ms

    def forget(self, voice: int) -> None:
        """Erase a voice: its vector is overwritten."""
        if voice in self._voices:
            vector, _ = self._voices.pop(voice)
            vector.fill(0)

    def erase(self) -> None:
        """Erase all voices."""
        for voice in tuple(self._voices):
            self.forget(voice)

    def nearest(self, vector: Floats) -> int | None:
        """The voice of a vector; None when it is like none, or like two."""
        likeness = sorted(((float(vector @ known), voice) for voice, (known, _) in self._voices.items()), reverse=True)
        if not likeness or likeness[0][0] < self._settings.known:
            return None
        if len(likeness) > 1 and likeness[0][0] - likeness[1][0] < self._settings.apart:
            return None
        return likeness[0][1]

    def told(self, turn: VoiceTurn, lines: Iterable[SaidLine], until: int) -> list[HeardVoice]:
        """Tell of the turn's lines that ended by media ms `until`, once each, when the turn's voice is known."""
        known = list(lines)
        self._told &= {line.segment for line in known}
        begin = turn.t - self._settings.margin
        new = [line for line in known if line.t0 >= begin and line.t1 <= until and line.segment not in self._told]
        if not new or not self._voices or turn.ms < LEAST_VOICE_MS or (voice := self.nearest(turn.vector)) is None:
            return []
        self._told |= {line.segment for line in new}
        return [HeardVoice(line.segment, voice, turn.ms) for line in new]


def _unit(vector: Floats) -> Floats:
    return vector / np.float32(np.linalg.norm(vector))
