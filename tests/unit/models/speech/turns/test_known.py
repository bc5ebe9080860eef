from __future__ import annotations

import numpy as np

from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import Floats
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.finding import VoiceTurn, VoiceWindow
from moothall_models.speech.turns.known import HeardVoice, KnownVoices
from moothall_models.speech.turns.lines import SaidLine
from support.sound.talking import said

SETTINGS = VoiceSettings(window=32, step=16, known=0.6, apart=0.1)
SILENT = np.zeros(0, dtype=np.float32)


def unit(*sizes: float) -> Floats:
    vector = np.array(sizes, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def turn(vector: Floats, windows: int = 4, t: int = 0) -> VoiceTurn:
    made = VoiceTurn(t, SETTINGS)
    for number in range(windows):
        made.add(VoiceWindow(SILENT, 32 + 16 * number), vector)
    return made


def line(number: int, t: int) -> SaidLine:
    return SaidLine(SegmentId(f"floor-1-{number}"), said("we hold these", t), t + 900)


def test_lines_of_a_learnt_voice_are_told_once() -> None:
    known = KnownVoices(SETTINGS)
    assert known.learn(7, turn(unit(1, 0))) == 2_560
    again = turn(unit(0.9, 0.1), t=10_000)
    before, lines = line(1, 8_000), [line(2, 10_000), line(3, 11_000)]
    assert known.told(again, [before, *lines], 11_000) == [HeardVoice(lines[0].segment, 7, 2_560)]
    assert known.told(again, [before, *lines], 12_000) == [HeardVoice(lines[1].segment, 7, 2_560)]
    assert known.told(again, lines, 12_000) == []


def test_less_than_two_seconds_are_neither_learnt_nor_told() -> None:
    known = KnownVoices(SETTINGS)
    assert known.learn(7, turn(unit(1, 0), windows=2)) == 1_536
    assert known.nearest(unit(1, 0)) is None
    known.learn(7, turn(unit(1, 0)))
    assert known.told(turn(unit(1, 0), windows=2), [line(1, 0)], 9_000) == []
    assert known.learn(7, turn(unit(0, 1), windows=1)) == 2_560, "what is known stays"


def test_a_voice_is_learnt_better_from_a_second_turn() -> None:
    known = KnownVoices(SETTINGS)
    known.learn(7, turn(unit(1, 0, 0)))
    assert known.nearest(unit(0.5, 0.9, 0)) is None
    assert known.learn(7, turn(unit(0, 1, 0))) == 5_120
    assert known.nearest(unit(0.5, 0.9, 0)) == 7


def test_a_stranger_and_somebody_between_two_voices_are_nobody() -> None:
    known = KnownVoices(SETTINGS)
    known.learn(1, turn(unit(1, 0, 0)))
    known.learn(2, turn(unit(0, 1, 0)))
    assert known.nearest(unit(0, 0, 1)) is None
    assert known.nearest(unit(1, 1, 0)) is None
    assert known.nearest(unit(1, 0.1, 0)) == 1
    assert known.told(turn(unit(0, 0, 1)), [line(1, 0)], 9_000) == []


def test_a_voice_that_was_forgotten_is_a_stranger() -> None:
    known = KnownVoices(SETTINGS)
    known.learn(1, turn(unit(1, 0)))
    known.forget(1)
    known.forget(2)
    assert known.nearest(unit(1, 0)) is None
    known.learn(1, turn(unit(1, 0)))
    known.learn(2, turn(unit(0, 1)))
    known.erase()
    assert known.nearest(unit(1, 0)) is None
    assert VoiceTurn(0, SETTINGS).ms == 0
