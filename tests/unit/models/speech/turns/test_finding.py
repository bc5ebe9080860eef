from __future__ import annotations

import numpy as np
import pytest

from moothall_models.ports import VAD_FRAME
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.finding import WAITING, TurnFinder, VoiceChange
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame
from support.sound.numbered_voices import VOICES, shares

SETTINGS = VoiceSettings(window=16, step=4, step_in_doubt=2, near=6, longest_pause=2_048)


class Said:
    """Frames of speech whose samples are the number of the voice, and the changes that are found in them."""

    def __init__(self, settings: VoiceSettings = SETTINGS) -> None:
        self.finder = TurnFinder(settings)
        self.frames = 0
        self.changes: list[VoiceChange] = []

    def say(self, voice: int, frames: int) -> None:
        for _ in range(frames):
            samples = np.full(VAD_FRAME, voice, dtype=np.float32)
            self.finder.hear(SpeechFrame(self.frames * FRAME_MS, samples, 0.9))
            self.frames += 1
            self.measure()

    def pause(self, frames: int) -> None:
        for _ in range(frames):
            self.finder.hear(SpeechFrame(self.frames * FRAME_MS, np.zeros(VAD_FRAME, dtype=np.float32), 0.1))
            self.frames += 1

    def measure(self) -> None:
        while (window := self.finder.next_window()) is not None:
            if (change := self.finder.measured(window, shares(window))) is not None:
                self.changes.append(change)


def test_one_voice_is_one_turn_over_all_pauses() -> None:
    said = Said()
    for pause in (3, 30, 10):
        said.say(1, 40)
        said.pause(pause)
    assert said.changes == []
    assert said.finder.turn is not None
    assert said.finder.turn.t == 0
    assert said.finder.turn.ms == 120 * FRAME_MS
    assert not said.finder.doubtful


@pytest.mark.parametrize("pause", [0, 1, 4, 10])
def test_a_change_is_placed_where_the_voice_changes(pause: int) -> None:
    said = Said()
    said.say(1, 50)
    said.pause(pause)
    said.say(2, 50)
    [change] = said.changes
    begin, end = 50 * FRAME_MS, (50 + pause) * FRAME_MS
    assert begin - 64 <= change.t <= end + 64
    if pause > 1:
        assert change.t == (begin + end) // 2
    assert said.finder.turn is not None
    assert said.finder.turn.t == change.t
    assert float(change.before.vector @ np.eye(VOICES, dtype=np.float32)[1]) > 0.95


def test_each_turn_is_found() -> None:
    said = Said()
    for voice in (1, 2, 3, 1):
        said.say(voice, 60)
        said.pause(5)
    times = [(number * 65 - 2.5) * FRAME_MS for number in (1, 2, 3)]
    assert [change.t for change in said.changes] == pytest.approx(times, abs=64)


def test_a_cough_of_another_voice_is_no_turn() -> None:
    said = Said()
    said.say(1, 60)
    said.say(2, 6)
    said.say(1, 60)
    assert said.changes == []


def test_windows_that_only_the_turn_could_own_come_back_to_it() -> None:
    said = Said(VoiceSettings(window=16, step=4, step_in_doubt=4, agreeing=6))
    said.say(1, 40)
    said.say(2, 16)
    assert said.finder.doubtful
    said.say(1, 40)
    assert said.changes == []
    assert not said.finder.doubtful


def test_a_long_silence_erases_the_turn() -> None:
    said = Said()
    said.say(1, 40)
    said.pause(SETTINGS.longest_pause // FRAME_MS)
    assert said.finder.turn is None
    said.say(2, 40)
    assert said.changes == []
    assert said.finder.turn is not None
    assert said.finder.turn.t == (40 + SETTINGS.longest_pause // FRAME_MS) * FRAME_MS


def test_the_oldest_windows_are_dropped_when_nobody_measures() -> None:
    finder = TurnFinder(SETTINGS)
    for number in range(200):
        finder.hear(SpeechFrame(number * FRAME_MS, np.ones(VAD_FRAME, dtype=np.float32), 0.9))
    waiting = []
    while (window := finder.next_window()) is not None:
        waiting.append(window.end)
    assert waiting == list(range(200 - 4 * (WAITING - 1), 201, 4))
    assert finder.next_window() is None


def test_a_window_that_was_forgotten_changes_nothing() -> None:
    finder = TurnFinder(SETTINGS)
    for number in range(16):
        finder.hear(SpeechFrame(number * FRAME_MS, np.ones(VAD_FRAME, dtype=np.float32), 0.9))
    window = finder.next_window()
    assert window is not None
    finder.forget()
    for number in range(16, 48):
        finder.hear(SpeechFrame(number * FRAME_MS, np.ones(VAD_FRAME, dtype=np.float32), 0.9))
    assert finder.measured(window, shares(window)) is None
    assert finder.turn is None
