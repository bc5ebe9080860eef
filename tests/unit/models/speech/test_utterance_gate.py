from __future__ import annotations

from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FrameEffect, Gate


def changes(gate: Gate, *odds: float) -> list[FrameEffect]:
    return [gate.hear(p, 32) for p in odds]


def test_speech_opens_it_and_silence_of_the_set_length_shuts_it() -> None:
    gate = Gate(SpeechSettings(utterance_end=64))
    assert changes(gate, 0.4, 0.5, 0.36, 0.34, 0.34) == [
        FrameEffect.NONE,
        FrameEffect.BEGINS,
        FrameEffect.NONE,
        FrameEffect.NONE,
        FrameEffect.ENDS,
    ]
    assert not gate.open


def test_a_short_silence_is_forgotten_when_speech_goes_on() -> None:
    gate = Gate(SpeechSettings(utterance_end=64))
    assert FrameEffect.ENDS not in changes(gate, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1)
    assert gate.open


def test_shut_by_a_gap() -> None:
    gate = Gate(SpeechSettings())
    gate.hear(0.9, 32)
    gate.shut()
    assert not gate.open
    assert gate.hear(0.9, 32) is FrameEffect.BEGINS


def test_reopened_it_knows_how_long_the_speaker_has_paused() -> None:
    gate = Gate(SpeechSettings(utterance_end=96))
    gate.reopen(32)
    assert gate.open
    assert changes(gate, 0.1, 0.1) == [FrameEffect.NONE, FrameEffect.ENDS]
