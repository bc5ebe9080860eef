"""Listens to the voices of one channel: finds the changes between them, and tells whose lines are whose, as far as the
meeting wants it.
"""

from __future__ import annotations

from moothall.core.kernel.ids import SegmentId
from moothall.wire.engine import Attach
from moothall_models.ports import Floats
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.finding import TurnFinder, VoiceWindow
from moothall_models.speech.turns.known import HeardVoice, KnownVoices
from moothall_models.speech.turns.lines import LineSplit, LineTurns
from moothall_models.speech.utterance import SpeechFrame


class VoiceListener:
    """The voices of a channel. It measures nothing unless `Attach.turns` or `Attach.voices` asks for it."""

    def __init__(self, attach: Attach, settings: VoiceSettings) -> None:
        self._settings = settings
        self._measures = attach.turns or attach.voices
        self._splits = attach.turns
        self._known = KnownVoices(settings) if attach.voices else None
        self._finder = TurnFinder(settings)
        self.lines = LineTurns(settings)

    def hear(self, frame: SpeechFrame) -> None:
        """Take in the next frame of the channel's sound."""
        self.lines.now = frame.t
        if self._measures:
            self._finder.hear(frame)

    def next_window(self) -> VoiceWindow | None:
        """Take the next window whose voice is to be measured; None when none waits."""
        return self._finder.next_window()

    def measured(self, window: VoiceWindow, vector: Floats) -> tuple[LineSplit | None, list[HeardVoice]]:
        """Take in the vector of a window; returns where an ended line is to be split, and whose lines are known."""
        change = self._finder.measured(window, vector)
        if change is None:
            return None, self.told()
        split = self.lines.changed(change.t) if self._splits else None
        heard: list[HeardVoice] = []
        if self._known is not None:
            other = None if split is None else split.into  # The second part is the other voice's, however short it is.
            lines = (line for line in self.lines.lines if line.segment != other)
            heard = self._known.told(change.before, lines, change.t + self._settings.margin)
        return split, heard

    def told(self) -> list[HeardVoice]:
        """Whose lines are known by now and were not told before."""
        turn = self._finder.turn
        if self._known is None or turn is None or self._finder.doubtful or not turn.windows:
            return []
        middle = turn.end if self._finder.silence >= self._settings.settled else turn.end - self._settings.window // 2
        return self._known.told(turn, self.lines.lines, self._finder.time(middle) + self._settings.margin)

    def learn(self, voice: int, segment: SegmentId) -> int:
        """Learn a voice from the present turn, if a line belongs to it; returns the ms by which the voice is known."""
        turn = self._finder.turn
        line = next((line for line in self.lines.lines if line.segment == segment), None)
        if self._known is None or turn is None or line is None or line.t0 < turn.t - self._settings.margin:
            return 0
        return self._known.learn(voice, turn)

    def forget(self, voice: int) -> None:
        """Erase a voice that was learnt."""
        if self._known is not None:
            self._known.forget(voice)

    def break_off(self) -> None:
        """Take in a gap in the sound: it ends the turn, whose vectors go."""
        self._finder.forget()

    def erase(self) -> None:
        """Erase all that is known of voices."""
        if self._known is not None:
            self._known.erase()
        self._finder.forget()
