"""Hears where one voice ends and another begins, from vectors of short windows of speech.

The caller measures the windows that this module asks for, with a voice encoder, in order. A turn is known by the mean
of its windows. Windows that are unlike it are put aside, and more of them are asked for; when enough of them in a row
are unlike it, another voice has begun. Where it began is read from the windows around: their likeness to the turn falls
below their likeness to the new voice there. A pause nearby is taken for the very place.

Only the vectors of the present turn are held, and none outlives it.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import msgspec
import numpy as np

from moothall_models.ports import Floats, Samples
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame

WAITING = 6
"""Windows that may wait to be measured. Overflow: the oldest is dropped, and a change may be found late, or not."""


class VoiceWindow(msgspec.Struct, frozen=True, eq=False):
    """Speech whose voice is to be measured: frames of speech in a row, without the silence between them."""

    speech: Samples
    end: int
    """How many frames of speech the channel has heard up to its end."""


class VoiceChange(msgspec.Struct, frozen=True):
    """A turn that has ended, where another voice begins."""

    t: int
    """Media ms."""
    before: VoiceTurn
    """The turn that ended."""


class VoiceTurn:
    """What is known of a turn: the vectors of its windows. Mutable."""

    def __init__(self, t: int, settings: VoiceSettings) -> None:
        self.t = t
        """Media ms where it begins."""
        self.windows: deque[tuple[int, Floats]] = deque(maxlen=settings.remembered)
        """The newest windows: their end, as `VoiceWindow.end`, and their vector."""
        self._window = settings.window
        self._first: int | None = None

    def add(self, window: VoiceWindow, vector: Floats) -> None:
        """Add a window that is of this voice."""
        self._first = window.end - self._window if self._first is None else self._first
        self.windows.append((window.end, vector))

    @property
    def end(self) -> int:
        """Where its last window ends, as `VoiceWindow.end`; it has one."""
        return self.windows[-1][0]

    @property
    def ms(self) -> int:
        """Duration of the speech by which its voice is known."""
        return 0 if self._first is None else (self.end - self._first) * FRAME_MS

    @property
    def vector(self) -> Floats:
        """The voice, as a unit vector; it has a window."""
        total: Floats = np.sum([vector for _, vector in self.windows], axis=0)
        return total / np.linalg.norm(total)


class TurnFinder:
    """Asks for windows of a channel's speech to be measured, and finds the changes of voice."""

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        reach = settings.window + settings.step * (settings.remembered + WAITING)
        self._speech: deque[SpeechFrame] = deque(maxlen=reach)  # Overflow: older speech is past all changes.
        self._count = 0
        self._from = 0
        """Frames of speech before those that are still known; no window reaches back beyond them."""
        self._asked = 0
        """Frames of speech up to the end of the newest window."""
        self._wanted: deque[VoiceWindow] = deque(maxlen=WAITING)
        self._aside: list[tuple[VoiceWindow, Floats]] = []
        """Windows unlike the turn, since the last one that is like it; at most `remembered`."""
        self.turn: VoiceTurn | None = None
        """The present turn; None before the first window."""
        self.silence = 0
        """Silence since the last speech, ms."""

    @property
    def doubtful(self) -> bool:
        """Whether the newest windows are unlike the turn."""
        return bool(self._aside)

    def hear(self, frame: SpeechFrame) -> None:
        """Take in the next frame. A long silence ends the turn, so that its vectors go."""
        if frame.p < self._settings.speech_p:
            self.silence += FRAME_MS
            if self.silence >= self._settings.longest_pause:
                self.forget()
            return
        self.silence = 0
        self._speech.append(frame)
        self._count += 1
        window = self._settings.window
        step = self._settings.step_in_doubt if self._aside else self._settings.step
        if self._count >= max(self._from + window, self._asked + step):
            self._asked = self._count
            frames = list(self._speech)[-window:]
            self._wanted.append(VoiceWindow(np.concatenate([each.samples for each in frames]), self._count))

    def forget(self) -> None:
        """Erase the turn, and the windows that wait."""
        self.turn, self._from = None, self._count
        self._aside.clear()
        self._wanted.clear()
        self._speech.clear()

    def next_window(self) -> VoiceWindow | None:
        """Take the next window to be measured; None when none waits."""
        return self._wanted.popleft() if self._wanted else None

    def measured(self, window: VoiceWindow, vector: Floats) -> VoiceChange | None:
        """Take in the vector of a window; returns a change of voice if that proves one."""
        if window.end - self._settings.window < self._from:
            return None  # It was forgotten meanwhile.
        turn = self.turn
        if turn is None:
            turn = self.turn = VoiceTurn(self.time(window.end - self._settings.window), self._settings)
        likeness = float(vector @ turn.vector) if turn.windows else 1.0
        if likeness >= self._settings.alike:
            for each, measured in (*self._aside, (window, vector)):
                turn.add(each, measured)
            self._aside.clear()
            return None
        self._aside = [*self._aside, (window, vector)][-self._settings.remembered :]
        if len(self._aside) < self._settings.agreeing:
            return None
        position = self._place(turn, vector)
        self.turn = VoiceTurn(self.time(position), self._settings)
        for each, measured in self._aside:
            if each is window or each.end - self._settings.window >= position:
                self.turn.add(each, measured)
        self._aside.clear()
        return VoiceChange(self.turn.t, turn)

    def time(self, position: int) -> int:
        """Media ms between two frames of speech: of those before `position` the last, and the next one."""
        index = max(0, min(len(self._speech) - 1, position - (self._count - len(self._speech))))
        before = self._speech[max(0, index - 1)].t + FRAME_MS if index else self._speech[0].t
        return (before + self._speech[index].t) // 2

    def _place(self, turn: VoiceTurn, new: Floats) -> int:
        """The frame of speech with which the new voice begins."""
        old = turn.vector
        windows = [*turn.windows, *((window.end, vector) for window, vector in self._aside)]
        middles = [(end - self._settings.window / 2, float(vector @ old - vector @ new)) for end, vector in windows]
        at = middles[-1][0]
        for (a, nearer), (b, farther) in pairwise(middles):
            if nearer > 0 >= farther:
                at = a + (b - a) * nearer / (nearer - farther)
        return self._at_pause(round(at))

    def _at_pause(self, position: int) -> int:
        """The first frame of speech after a pause near a place, or that place."""
        first = self._count - len(self._speech)
        best, longest = position, 0.0
        nearest, near = position - first, self._settings.near
        for index in range(max(1, nearest - near), min(len(self._speech), nearest + near + 1)):
            silent = (self._speech[index].t - self._speech[index - 1].t) // FRAME_MS - 1
            worth = silent - abs(index - nearest) * self._settings.farther
            if silent > 1 and worth > longest:
                best, longest = first + index, worth
        return best
